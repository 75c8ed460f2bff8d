# SPDX-License-Identifier: Apache-2.0
"""Writes an evidence pack of a link into a file, page by page, as the running service gives it.

A pack is written beside its place and gets its name when it is whole and durable: a file with the name is
never half a pack. What its lines are: `interfaces.packing`.
"""

import os
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any

from exchange.errors import UsageError
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.output import Answer
from exchange.interfaces.packing import Lines, Record, pack_records
from exchange.verifier.pack import FIRST_LINE


def write_pack(
    service: Service, path: Path | None, *, partner: str, officer: str, ledger: int = 0
) -> tuple[Path, int]:
    """Write the pack of a link; return where it is and how many lines it has.

    Raises:
        UsageError: the file exists, or cannot be written.
        ExchangeError: what the service answered.
    """
    start = service.ask("evidence.begin", partner=partner, officer=officer, ledger=ledger)

    async def ask(command: str, /, **members: Any) -> Answer:
        return service.ask(command, **members)

    header = start["header"]
    place = path or Path(f"evidence-{header['partner']}-{header['at'][:10]}.pack")
    return place, _write(place, _each(pack_records(ask, start)), FIRST_LINE)


def _each(pages: AsyncIterator[list[Record]]) -> Iterator[list[Record]]:
    """Yield pages one after the other; asking the service blocks, so no event loop is needed."""
    while True:
        try:
            pages.__anext__().__await__().__next__()
        except StopIteration as page:
            yield page.value
        except StopAsyncIteration:
            return


def write_records(path: Path, records: Iterable[Record], *, first_line: bytes = FIRST_LINE) -> int:
    """Write a file like a pack, and return how many lines it has.

    Raises:
        UsageError: the file exists, or cannot be written.
    """
    return _write(path, [list(records)], first_line)


def _write(path: Path, pages: Iterable[list[Record]], first_line: bytes) -> int:
    half = path.with_name(f".{path.name}.part")
    if path.exists():
        raise UsageError(f"{path} exists", hint="choose another name with -o")
    lines = Lines(first_line)
    try:
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(first_line)
            for page in pages:
                file.write(lines.of(page))
            file.write(lines.end())
            file.flush()
            os.fsync(file.fileno())
        os.link(half, path)
    except FileExistsError as error:
        raise UsageError(f"{path} exists", hint="choose another name with -o") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", hint="check the folder") from error
    finally:
        half.unlink(missing_ok=True)
    return lines.count
