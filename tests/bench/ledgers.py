# SPDX-License-Identifier: Apache-2.0
"""Ledgers alone: entries appended under signed heads, and two long ledgers compared.

Appended is by the product's own log on a real store, every commit durable: a hundred entries a commit, one
signed head over them. Compared are two ledgers with planted differences of mixed classes; what it costs to
make their entries is not counted. The comparison never works longer at a stretch than the longest step. As in
a node that runs, what was there before is left out of collections.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from exchange.interfaces.memory import set_apart
from exchange.ledger.compare import Comparison
from exchange.ledger.differences import Difference
from exchange.ledger.entries import Entry, beat
from exchange.service import logbook
from exchange.service.comparing import GRACE, PAGE_LEAVES, PAGE_NAMED
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from tests.bench.office import Office, office
from tests.support.logs import HOST, ORIGIN
from tests.support.million import Ledgers

A_HEAD: Final = 100
"""Entries under one signed head."""
PLANTED: Final = 100
"""Differences planted into two ledgers, if they are long enough for so many."""


@dataclass(frozen=True)
class Appended:
    """What appending so many entries took."""

    entries: int
    wall_s: float
    cpu_s: float

    @property
    def words(self) -> str:
        return (
            f"{self.entries:,} entries appended, a signed head every {A_HEAD}: "
            f"{self.entries / self.wall_s:,.0f} entries/s, "
            f"CPU {self.cpu_s / self.entries * 1e6:.0f} µs an entry"
        )


@dataclass(frozen=True)
class Compared:
    """What comparing two ledgers took, and what it named."""

    messages: int
    planted: int
    expected: int
    named: int
    invented: int
    cpu_s: float
    steps: int
    longest_ms: float

    @property
    def is_right(self) -> bool:
        return (self.named, self.invented) == (self.expected, 0)

    @property
    def words(self) -> str:
        return (
            f"ledgers of {self.messages:,} messages compared: {self.planted} planted, "
            f"{self.expected} to be named, {self.named} named, {self.invented} invented, "
            f"{self.cpu_s:.1f} s of one core in {self.steps:,} steps, the longest {self.longest_ms:.0f} ms"
        )


def measure_append(folder: Path, entries: int) -> Appended:
    """Return what appending so many entries to the log of a new node takes."""
    return asyncio.run(_append(folder, entries))


async def _append(folder: Path, entries: int) -> Appended:
    made: list[Entry] = [beat()] * A_HEAD
    async with office(folder) as here:
        began_s, cpu_s = time.monotonic(), time.process_time()
        for _ in range(entries // A_HEAD):
            await here.store.write(lambda uow: _write(uow, here, made))
        return Appended(entries, time.monotonic() - began_s, time.process_time() - cpu_s)


def _write(uow: UnitOfWork, here: Office, entries: list[Entry]) -> None:
    logbook.write(uow, here.node, pairing_of(uow, here.node, here.link).link, entries)


def compare_ledgers(messages: int) -> Compared:
    """Compare two ledgers of so many messages; requires at least 40."""
    ledgers = Ledgers.planted(messages, min(PLANTED, messages // 20))
    set_apart()
    steps = _Steps()
    comparison = Comparison(ledgers.view(HOST), ledgers.view(ORIGIN), now=ledgers.now, grace=GRACE)
    for by in (HOST, ORIGIN):
        for start in range(0, messages, PAGE_LEAVES):
            page = ledgers.page(by, start, start + PAGE_LEAVES)
            with steps:
                comparison.take(by, page)
    _join(comparison.joined(), steps)
    found: list[Difference] = []
    for start in range(0, comparison.count, PAGE_NAMED):
        with steps:
            found += comparison.named(start, start + PAGE_NAMED, lambda by, i: ledgers.page(by, i, i + 1)[0])
    named, expected = {one.key for one in found}, ledgers.expected()
    return Compared(
        messages,
        len(ledgers.plants),
        len(expected),
        len(named & expected),
        len(named - expected),
        sum(steps.took),
        len(steps.took),
        1000 * max(steps.took),
    )


class _Steps:
    """Times the stretches of work between which others have their turn."""

    def __init__(self) -> None:
        self.took: list[float] = []
        self._began_s = 0.0

    def __enter__(self) -> None:
        self._began_s = time.process_time()

    def __exit__(self, *_: object) -> None:
        self.took.append(time.process_time() - self._began_s)


def _join(stretches: Iterator[None], steps: _Steps) -> None:
    done = object()
    while True:
        with steps:
            if next(stretches, done) is done:
                return
