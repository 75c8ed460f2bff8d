# SPDX-License-Identifier: Apache-2.0
"""The long form of the planted differences: `python -m tests.differences --seeds 200 --workers 2`.

Each history plants one or two differences into the ledgers of two real nodes over a carrier that loses,
doubles, delays and reorders, and both sides must name exactly these. Prints how often each class and each
pair was planted, what the carrier did, and the seed of each history that was named wrongly.

With `--ledgers 10000` as many histories are written without nodes and carrier, some milliseconds each, with
up to three differences in each. With `--messages 1000000` one comparison of ledgers of that many messages
with 100 planted differences is timed instead; what it costs to make the entries is not counted.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

from tests.bench.ledgers import compare_ledgers
from tests.support.ledger_histories import LedgerHistory
from tests.support.planting import Planted, WrongNamesError

PROGRESS = 500
"""Histories between two lines that say how far it is."""
AT_ONCE = 10
"""Seeds that a worker takes at a time."""


@dataclass(frozen=True)
class Played:
    """What one history came to."""

    seed: int
    plants: tuple[str, ...]
    carried: Counter[str]
    wrong: str = ""
    """What was named instead; empty if it was named right."""


@dataclass
class Tally:
    """What many histories came to."""

    planted: Counter[str] = field(default_factory=Counter)
    pairs: Counter[str] = field(default_factory=Counter)
    carried: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    """In how many histories the carrier did what."""
    wrong: list[int] = field(default_factory=list)
    histories: int = 0

    def count(self, one: Played) -> None:
        self.histories += 1
        self.planted.update(one.plants)
        if len(one.plants) > 1:
            self.pairs[" + ".join(sorted(one.plants))] += 1
        self.carried.update(one.carried)
        self.met.update(name for name, times in one.carried.items() if times)
        if one.wrong:
            self.wrong.append(one.seed)

    def told(self) -> Iterator[str]:
        yield f"planted: {_listed(self.planted)}"
        if self.pairs:
            rarest, commonest = min(self.pairs.values()), max(self.pairs.values())
            yield f"together: {len(self.pairs)} different sets, each {rarest} to {commonest} times"
            yield f"  {_listed(self.pairs)}"
        if self.carried:
            yield f"the carrier: {_listed(self.carried)}"
            yield f"  in histories: {_listed(self.met)}"
        yield f"wrong seeds: {', '.join(map(str, sorted(self.wrong))) or 'none'}"


def main() -> int:
    """Play the histories and print what came of them."""
    parser = argparse.ArgumentParser(description="random differences in the ledgers of two nodes, from seeds")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1, help="processes that play at the same time")
    parser.add_argument("--minutes", type=float, default=0, help="stop after so long; default: play all")
    parser.add_argument("--ledgers", type=int, default=0)
    parser.add_argument("--messages", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.messages:
        return compare_many(arguments.messages)
    play = play_ledgers if arguments.ledgers else play_nodes
    seeds = range(arguments.first, arguments.first + (arguments.ledgers or arguments.seeds))
    limit_s = 60 * arguments.minutes or float("inf")
    if arguments.workers == 1:
        return tell(map(play, seeds), seeds, limit_s)
    with ProcessPoolExecutor(arguments.workers, mp_context=get_context("spawn")) as workers:
        return tell(workers.map(play, seeds, chunksize=AT_ONCE), seeds, limit_s)


def play_nodes(seed: int) -> Played:
    """Play one history of two nodes."""
    history = Planted(seed)
    wrong = _outcome(history)
    return Played(seed, history.plants, history.carried, wrong)


def play_ledgers(seed: int) -> Played:
    """Write one history of two ledgers."""
    history = LedgerHistory(seed)
    wrong = _outcome(history)
    return Played(seed, history.plants, Counter(), wrong)


def _outcome(history: Planted | LedgerHistory) -> str:
    try:
        history.play()
    except WrongNamesError as error:
        return str(error)
    return ""


def tell(played: Iterable[Played], seeds: range, limit_s: float) -> int:
    """Print what was planted, what the carrier did, and which histories were named wrongly."""
    began, tally = time.monotonic(), Tally()
    for one in played:
        tally.count(one)
        if one.wrong:
            print(one.wrong, flush=True)
        if tally.histories % PROGRESS == 0:
            print(f"{tally.histories} of {len(seeds)}, {len(tally.wrong)} wrong", file=sys.stderr, flush=True)
        if time.monotonic() - began > limit_s:
            break
    print(*tally.told(), sep="\n")
    took = time.monotonic() - began
    print(
        f"{tally.histories} histories from seed {seeds.start}: {len(tally.wrong)} wrong, {took:.0f} s,"
        f" {1000 * took / tally.histories:.1f} ms each"
    )
    return 1 if tally.wrong else 0


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {times}" for name, times in sorted(counts.items()))


def compare_many(messages: int) -> int:
    """Compare large ledgers, and print what it took and whether exactly the planted ones were named."""
    compared = compare_ledgers(messages)
    print(compared.words)
    return 0 if compared.is_right else 1


if __name__ == "__main__":
    sys.exit(main())
