# SPDX-License-Identifier: Apache-2.0
"""The long form of the planted differences: `python -m tests.differences --seeds 200 [--first 0]`.

With `--ledgers 10000` as many histories are written without nodes, some milliseconds each, with up to three
differences in each. With `--messages 1000000` one comparison of ledgers of that many messages with 100
planted differences is timed instead; what it costs to make the entries is not counted.

Each history plants one or two differences into the ledgers of two real nodes over a bad network, and both
sides must name exactly these. Prints how often each class was planted, and the seed of each history that was
named wrongly.
"""

import argparse
import sys
import time
from collections import Counter

from exchange.ledger.compare import Comparison
from exchange.ledger.differences import Difference
from exchange.service.comparing import GRACE, PAGE_LEAVES, PAGE_NAMED
from tests.support.ledger_histories import LedgerHistory
from tests.support.logs import HOST, ORIGIN
from tests.support.million import Ledgers
from tests.support.planting import Planted, WrongNamesError

PLANTED = 100
"""Differences planted into ledgers of many messages."""


def main() -> int:
    """Play the histories and print what came of them."""
    parser = argparse.ArgumentParser(description="random differences in the ledgers of two nodes, from seeds")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--ledgers", type=int, default=0)
    parser.add_argument("--messages", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.messages:
        return compare_many(arguments.messages)
    make = LedgerHistory if arguments.ledgers else Planted
    return play_many(make, arguments.first, arguments.ledgers or arguments.seeds)


def play_many(make: type[Planted] | type[LedgerHistory], first: int, count: int) -> int:
    """Play histories, and print what was planted and which of them was named wrongly."""
    began, planted, wrong = time.monotonic(), Counter[str](), 0
    for seed in range(first, first + count):
        history = make(seed)
        try:
            history.play()
        except WrongNamesError as error:
            wrong += 1
            print(error, flush=True)
        planted.update(history.plants)
    counts = ", ".join(f"{name} {times}" for name, times in sorted(planted.items()))
    took = time.monotonic() - began
    print(
        f"{count} histories from seed {first}: {counts}; {wrong} wrong, {took:.0f} s,"
        f" {1000 * took / count:.1f} ms each"
    )
    return 1 if wrong else 0


def compare_many(messages: int) -> int:
    """Compare large ledgers, and print what it took and whether exactly the planted ones were named."""
    ledgers = Ledgers.planted(messages, PLANTED)
    views = [ledgers.view(by) for by in (HOST, ORIGIN)]
    comparison = Comparison(*views, now=ledgers.now, grace=GRACE)
    steps: list[float] = []
    for view in views:
        for start in range(0, messages, PAGE_LEAVES):
            page = ledgers.page(view.by, start, start + PAGE_LEAVES)
            began = time.process_time()
            comparison.take(view.by, page)
            steps.append(time.process_time() - began)
    began = time.process_time()
    for _ in comparison.joined():
        steps.append(time.process_time() - began)
        began = time.process_time()
    found: list[Difference] = []
    for start in range(0, comparison.count, PAGE_NAMED):
        began = time.process_time()
        found += comparison.named(start, start + PAGE_NAMED, lambda by, i: ledgers.page(by, i, i + 1)[0])
        steps.append(time.process_time() - began)
    named, expected = {one.key for one in found}, ledgers.expected()
    print(
        f"{messages} messages, {len(ledgers.plants)} planted, {len(expected)} to be named:"
        f" {len(named & expected)} named, {len(named - expected)} invented, {sum(steps):.1f} s of one core"
        f" in {len(steps)} steps, the longest {1000 * max(steps):.0f} ms"
    )
    return 0 if named == expected else 1


if __name__ == "__main__":
    sys.exit(main())
