# SPDX-License-Identifier: Apache-2.0
"""Which lines of a link are on their way: offered to the partner, and without a verdict yet.

A line is offered once and then counts as on its way for `in_flight_s`. Its verdict leaf or our `void` ends it
before that, and a result of the partner says when to offer it again. Numbers below the first queued one have
ended; they are forgotten, so that what is remembered never grows beyond the partner's window.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Offered:
    """Numbers that were offered, and until which monotonic second each counts as on its way.

    The event loop alone changes it; the thread of the store may read it.
    """

    _until_s: dict[int, float] = field(default_factory=dict)

    def add(self, numbers: Iterable[int], *, until_s: float) -> None:
        """Remember lines of a frame that is about to be carried."""
        self._until_s |= dict.fromkeys(numbers, until_s)

    def drop(self, numbers: Iterable[int]) -> None:
        """Forget lines that may be offered again."""
        for number in numbers:
            self._until_s.pop(number, None)

    def clear(self) -> None:
        """Forget all of them: the log that they stand in has ended."""
        self._until_s.clear()

    def drop_ended(self, *, first: int, now_s: float) -> None:
        """Forget what is below the first queued number, and what waited too long for its verdict."""
        kept = self.numbers(first=first, now_s=now_s)
        self._until_s = {number: self._until_s[number] for number in kept}

    def numbers(self, *, first: int, now_s: float) -> list[int]:
        """Return the numbers on their way, when `first` is the first queued one, or the next if none is."""
        offered = list(self._until_s.items())
        return [number for number, until_s in offered if number >= first and until_s > now_s]
