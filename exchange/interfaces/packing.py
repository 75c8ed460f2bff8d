# SPDX-License-Identifier: Apache-2.0
"""The lines of an evidence pack of a link, page by page, as the commands of the running service give them.

Whoever writes the file, the command line or the pages, gets the same bytes. A pack holds no content of a
message. Its form stands in `exchange.verifier.pack`.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Iterable
from typing import Any, Final, Protocol

from exchange.verifier.pack import FIRST_LINE

Answer = dict[str, Any]
Record = tuple[str, str]
"""Word and value of a line."""
DIRECTIONS: Final = ("out", "in")


class Asking(Protocol):
    """Runs a command of the service."""

    def __call__(self, command: str, /, **members: Any) -> Awaitable[Answer]: ...


class Lines:
    """Turns records into lines, and at the end says how many there were and their hash."""

    def __init__(self, first_line: bytes = FIRST_LINE) -> None:
        self._hash, self.count = hashlib.sha256(first_line), 1

    def of(self, records: Iterable[Record]) -> bytes:
        lines = [f"{word} {value}\n".encode("ascii") for word, value in records]
        self.count += len(lines)
        raw = b"".join(lines)
        self._hash.update(raw)
        return raw

    def end(self) -> bytes:
        last = record_text({"lines": self.count, "sha256": self._hash.hexdigest()})
        self.count += 1
        return f"end {last}\n".encode("ascii")


async def pack_records(ask: Asking, start: Answer) -> AsyncIterator[list[Record]]:
    """Yield the records of a pack in their order, some at once; `start` is the answer of `evidence.begin`."""
    link = start["header"]["link"]
    yield [
        ("header", record_text(start["header"])),
        *(("agreement", record_text(version)) for version in start["agreements"]),
        *(("card", card) for card in start["cards"]),
    ]
    for log in start["logs"]:
        yield [("log", record_text(log))]
        async for records in _of_log(ask, link, log):
            yield records
    for direction in DIRECTIONS:
        first, last = start["first"][direction], start["last"][direction]
        async for records in _envelopes(ask, link, direction, first - 1, last):
            yield records


async def _of_log(ask: Asking, link: str, log: Answer) -> AsyncIterator[list[Record]]:
    """Yield the second signatures over heads of a log, time stamps, lines of witnesses, and its entries."""
    members = {"link": link, "log": log["by"], "ledger": log["ep"], "size": log["size"]}
    after = 0
    while rows := (await ask("evidence.signed", after=after, **members))["signed"]:
        yield [("signed", record_text(row)) for row in rows]
        after = rows[-1]["size"]
    after, tsa = 0, ""
    while rows := (await ask("evidence.stamps", after=after, tsa=tsa, **members))["stamps"]:
        yield [("stamp", record_text(row)) for row in rows]
        after, tsa = rows[-1]["size"], rows[-1]["tsa"]
    rows = (await ask("evidence.witnessed", **members))["witnessed"]
    yield [("witness", record_text(row)) for row in rows]
    place, end = 0, log["size"]
    named = {"link": link, "log": log["by"], "ledger": log["ep"]}
    while place < end:
        page = (await ask("evidence.leaves", start=place, end=end, **named))["leaves"]
        yield [("leaf", leaf) for leaf in page]
        place += len(page)


async def _envelopes(
    ask: Asking, link: str, direction: str, place: int, last: int
) -> AsyncIterator[list[Record]]:
    while place < last:
        members = {"link": link, "direction": direction, "after": place, "last": last}
        page = (await ask("evidence.envelopes", **members))["envelopes"]
        if not page:
            return
        yield [("envelope", envelope) for _, envelope in page]
        place = page[-1][0]


def record_text(value: Answer) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
