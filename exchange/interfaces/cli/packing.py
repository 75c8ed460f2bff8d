# SPDX-License-Identifier: Apache-2.0
"""Writes an evidence pack of a link, page by page, as the running service gives it.

A pack is written beside its place and gets its name when it is whole and durable: a file with the name is
never half a pack. It holds no content of a message. Its form stands in `exchange.verifier.pack`.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

from exchange.errors import UsageError
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.output import Answer
from exchange.verifier.pack import FIRST_LINE

DIRECTIONS: Final = ("out", "in")


def write_pack(
    service: Service, path: Path | None, *, partner: str, officer: str, ledger: int = 0
) -> tuple[Path, int]:
    """Write the pack of a link; return where it is and how many lines it has.

    Raises:
        UsageError: the file exists, or cannot be written.
        ExchangeError: what the service answered.
    """
    start = service.ask("evidence.begin", partner=partner, officer=officer, ledger=ledger)
    header = start["header"]
    place = path or Path(f"evidence-{header['partner']}-{header['at'][:10]}.pack")
    return place, write_records(place, _records(service, start))


def _records(service: Service, start: Answer) -> Iterator[tuple[str, str]]:
    """Yield the records of a pack in their order."""
    link = start["header"]["link"]
    yield "header", _text(start["header"])
    for version in start["agreements"]:
        yield "agreement", _text(version)
    for card in start["cards"]:
        yield "card", card
    for log in start["logs"]:
        yield "log", _text(log)
        yield from (("signed", signed) for signed in _signed(service, link, log))
        yield from (("stamp", stamp) for stamp in _stamps(service, link, log))
        yield from (("witness", line) for line in _witnessed(service, link, log))
        yield from (("leaf", leaf) for leaf in _leaves(service, link, log))
    for direction in DIRECTIONS:
        first, last = start["first"][direction], start["last"][direction]
        for envelope in _envelopes(service, link, direction, first - 1, last):
            yield "envelope", envelope


def _signed(service: Service, link: str, log: Answer) -> Iterator[str]:
    """Yield the second signatures over heads of a log, by size."""
    after = 0
    while True:
        page = service.ask(
            "evidence.signed", link=link, log=log["by"], ledger=log["ep"], after=after, size=log["size"]
        )["signed"]
        if not page:
            return
        for row in page:
            yield _text(row)
            after = row["size"]


def _stamps(service: Service, link: str, log: Answer) -> Iterator[str]:
    """Yield the time stamps over heads of a log, by size and authority."""
    after, tsa = 0, ""
    members = {"link": link, "log": log["by"], "ledger": log["ep"], "size": log["size"]}
    while rows := service.ask("evidence.stamps", after=after, tsa=tsa, **members)["stamps"]:
        for row in rows:
            yield _text(row)
            after, tsa = row["size"], row["tsa"]


def _witnessed(service: Service, link: str, log: Answer) -> Iterator[str]:
    """Yield the lines of witnesses over heads of a log; a few of each, so there is one page."""
    members = {"link": link, "log": log["by"], "ledger": log["ep"], "size": log["size"]}
    for row in service.ask("evidence.witnessed", **members)["witnessed"]:
        yield _text(row)


def _leaves(service: Service, link: str, log: Answer) -> Iterator[str]:
    place, end = 0, log["size"]
    while place < end:
        page = service.ask(
            "evidence.leaves", link=link, log=log["by"], start=place, end=end, ledger=log["ep"]
        )["leaves"]
        yield from page
        place += len(page)


def _envelopes(service: Service, link: str, direction: str, place: int, last: int) -> Iterator[str]:
    while place < last:
        page = service.ask("evidence.envelopes", link=link, direction=direction, after=place, last=last)
        if not page["envelopes"]:
            return
        for number, envelope in page["envelopes"]:
            yield envelope
            place = number


def write_records(path: Path, records: Iterable[tuple[str, str]], *, first_line: bytes = FIRST_LINE) -> int:
    """Write a pack, or a file like it, and return how many lines it has.

    Raises:
        UsageError: the file exists, or cannot be written.
    """
    half = path.with_name(f".{path.name}.part")
    if path.exists():
        raise UsageError(f"{path} exists", hint="choose another name with -o")
    try:
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            lines = _write_lines(file, records, first_line)
            file.flush()
            os.fsync(file.fileno())
        os.link(half, path)
    except FileExistsError as error:
        raise UsageError(f"{path} exists", hint="choose another name with -o") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}", hint="check the folder") from error
    finally:
        half.unlink(missing_ok=True)
    return lines


def _write_lines(file: BinaryIO, records: Iterable[tuple[str, str]], first_line: bytes) -> int:
    hashed, lines = hashlib.sha256(first_line), 1
    file.write(first_line)
    for word, value in records:
        line = f"{word} {value}\n".encode("ascii")
        hashed.update(line)
        file.write(line)
        lines += 1
    file.write(f"end {_text({'lines': lines, 'sha256': hashed.hexdigest()})}\n".encode("ascii"))
    return lines + 1


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
