# SPDX-License-Identifier: Apache-2.0
"""The long forms of the simulations: `python -m tests.simulate --seeds 2000 [--first 0] [--plant FAULT]`.

Prints what was played, and the seed of each history that ended broken. With `--plant` the product is given
a fault on purpose and the run succeeds when the fault is found. With `--crossing` the histories are those
of two casework nodes without keys and frames (`tests.support.crossing`), some 25 in a second.

With `--ages MESSAGES [--every N]` one history of so many messages is written for each seed, and every backup
of it, one for N messages, is put back: of one side, of both, with and without its high-water file. With
`--unsettled` the backups are made while messages are under way and frames are lost; with `--calls` one side
has no address.
"""

import argparse
import sys
import time
from dataclasses import dataclass, field

from tests.support.ages import Ages
from tests.support.crossing import BrokenCrossingError, CrossingHistory
from tests.support.history import BrokenInvariantError, History

PROGRESS = 1_000
"""Histories between two lines that say how far it is."""
PLANTS = ("answer_before_commit",)


@dataclass
class Played:
    """What a run of histories came to."""

    histories: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    broken: list[int] = field(default_factory=list)

    def count(self, **numbers: int) -> None:
        self.histories += 1
        for name, number in numbers.items():
            self.counts[name] = self.counts.get(name, 0) + number

    def told(self, first: int, seconds: float) -> str:
        counts = "".join(f"{number} {name.replace('_', ' ')}, " for name, number in self.counts.items())
        return (
            f"{self.histories} histories from seed {first}: {counts}"
            f"{len(self.broken)} broken, {seconds:.0f} s"
        )


def main() -> int:
    arguments = _arguments()
    if arguments.ages:
        return _play_ages(arguments)
    began, played = time.monotonic(), Played()
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        if arguments.crossing:
            _play_crossing(seed, played)
        else:
            _play(seed, arguments.plant, played)
        if arguments.plant and played.broken:
            break
        if played.histories % PROGRESS == 0:
            print(f"{played.histories} of {arguments.seeds} histories", file=sys.stderr, flush=True)
    print(played.told(arguments.first, time.monotonic() - began))
    if arguments.plant:
        print(f"planted fault {arguments.plant}: {'found' if played.broken else 'NOT found'} by seed {seed}")
        return 0 if played.broken else 1
    return 1 if played.broken else 0


def _play(seed: int, plant: str, played: Played) -> None:
    history = History(seed, plant=plant)
    try:
        history.play()
    except BrokenInvariantError as error:
        print(error, flush=True)
        played.broken.append(seed)
    played.count(messages_released=len(history.released), crashes=history.crashes)


def _play_crossing(seed: int, played: Played) -> None:
    history = CrossingHistory(seed)
    try:
        history.play()
    except BrokenCrossingError as error:
        print(error, flush=True)
        played.broken.append(seed)
    played.count(messages=history.written, rejected=history.rejected, stops_that_overtook=history.overtook)


def _play_ages(arguments: argparse.Namespace) -> int:
    began, broken = time.monotonic(), 0
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        outcomes = Ages(
            seed,
            arguments.ages,
            arguments.every,
            calls=arguments.calls,
            unsettled=arguments.unsettled,
        ).play()
        counts = ", ".join(f"{number} {name}" for name, number in sorted(outcomes.counts.items()))
        print(
            f"seed {seed}, {arguments.ages} messages, a backup each {arguments.every},"
            f" {outcomes.under_way} messages under way in them: {counts}",
            flush=True,
        )
        for words in outcomes.broken:
            print(words, flush=True)
        broken += len(outcomes.broken)
    print(f"{broken} broken, {time.monotonic() - began:.0f} s")
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="random histories of two agencies, from seeds")
    parser.add_argument("--seeds", type=int, default=2_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--ages", type=int, default=0, help="messages of a history that is put back")
    parser.add_argument("--every", type=int, default=100, help="messages between two of its backups")
    parser.add_argument("--calls", action="store_true", help="one side has no address and only calls")
    parser.add_argument("--unsettled", action="store_true", help="backups while messages are under way")
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--plant", choices=PLANTS, default="")
    forms.add_argument("--crossing", action="store_true", help="cases and movements, without keys and frames")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
