# SPDX-License-Identifier: Apache-2.0
"""What is measured with much in it: a thousand persons, many open cases, a long pack, long ledgers.

Each is measured at one size and at ten times that size, so that the growth shows.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.documents import group_notice
from tests.bench.evidence import VerifiedPack, measure_evidence
from tests.bench.ledgers import Appended, Compared, compare_ledgers, measure_append
from tests.bench.open_cases import OpenCases, measure_due
from tests.bench.product import Load, one_notice
from tests.bench.rebuilt import Rebuilt, measure_rebuild
from tests.support.pair import RealPair


@dataclass(frozen=True)
class ScalePlan:
    """Sizes, each with one that is ten times as large."""

    persons: tuple[int, ...]
    open_cases: tuple[tuple[int, int], ...]
    """Open cases, and messages that were answered long ago."""
    rebuilt: tuple[int, ...]
    pack: tuple[int, ...]
    append: int
    """Entries."""
    compared: tuple[int, ...]


@dataclass(frozen=True)
class Scale:
    """What was found; `notices` hold the persons of each notice and what it took."""

    notices: tuple[tuple[int, Load], ...]
    open_cases: tuple[OpenCases, ...]
    rebuilt: tuple[Rebuilt, ...]
    packs: tuple[VerifiedPack, ...]
    appended: Appended
    compared: tuple[Compared, ...]

    def lines(self) -> Iterator[str]:
        """Yield a line for people for each measurement."""
        for persons, load in self.notices:
            cpu_s = " and ".join(f"{each:.2f} s" for each in load.cpu_s)
            yield f"notice about {persons:,} persons, file to verdict: {load.wall_s:.2f} s, CPU {cpu_s}"
        for one in self.open_cases:
            yield (
                f"due with {one.cases:,} open cases and {one.messages:,} messages: "
                f"{one.due_ms:.0f} ms (count {one.count_ms:.0f}, page {one.first_page_ms:.0f}, "
                f"a later one {one.later_page_ms:.0f}); "
                f"all ends computed anew {one.settle_s:.1f} s"
            )
        for each in self.rebuilt:
            yield f"states of {each.cases:,} cases computed from messages: {each.took_s:.1f} s"
        for pack in self.packs:
            yield (
                f"evidence pack of {pack.messages:,} messages verified: {pack.wall_s:.1f} s, "
                f"CPU {pack.cpu_s:.1f} s, {pack.most_mib:.0f} MiB"
            )
        yield self.appended.words
        yield from (one.words for one in self.compared)


def measure_scale(pair: RealPair, folder: Path, plan: ScalePlan) -> Scale:
    """Run a plan: the notices between two real nodes, the rest in this process."""
    notices = tuple((count, one_notice(pair, group_notice(pair.kh, count))) for count in plan.persons)
    due = tuple(
        asyncio.run(measure_due(folder / f"due-{number}", cases, answered=answered))
        for number, (cases, answered) in enumerate(plan.open_cases)
    )
    rebuilt = tuple(asyncio.run(measure_rebuild(folder / f"cases-{size}", size)) for size in plan.rebuilt)
    packs = tuple(measure_evidence(folder, size) for size in plan.pack)
    appended = measure_append(folder / "appended", plan.append)
    return Scale(notices, due, rebuilt, packs, appended, tuple(map(compare_ledgers, plan.compared)))
