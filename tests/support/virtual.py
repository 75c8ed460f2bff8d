# SPDX-License-Identifier: Apache-2.0
"""An event loop whose time is simulated: waiting costs nothing and everything happens in one order.

`select` never waits for a file: when nothing is ready, the time of the loop jumps to the next timer. A
loop that has nothing to do and nothing to wait for is stuck, and says so.
"""

import asyncio
import selectors
from collections.abc import Coroutine, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from exchange.clock import cut

T = TypeVar("T")


class StuckError(AssertionError):
    """Everybody waits for somebody else."""


class _NoFiles(selectors.BaseSelector):
    """A selector that lets time pass instead of waiting."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._keys: dict[Any, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = selectors.SelectorKey(fileobj, 0, events, data)
        self._keys[fileobj] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise StuckError("nothing is ready and nothing will ever be")
        self.now_s += max(0.0, timeout)
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop on simulated time; `time()` starts at 0."""

    def __init__(self) -> None:
        self._virtual = _NoFiles()
        super().__init__(self._virtual)
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._virtual.now_s


class SimulatedClock:
    """A node's wall clock over the time of the loop; `jump` moves it as an administrator would."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: datetime) -> None:
        self._loop = loop
        self._start = start
        self._moved = timedelta()

    def now(self) -> datetime:
        return cut(self._start + timedelta(seconds=self._loop.time()) + self._moved)

    def monotonic_s(self) -> float:
        return self._loop.time()

    def set_right(self) -> None:
        self._moved = timedelta()

    def jump(self, by: timedelta) -> None:
        self._moved += by


def run_virtual(make: Coroutine[Any, Any, T], loop: VirtualLoop) -> T:
    """Run a coroutine to its end on simulated time."""
    try:
        return loop.run_until_complete(make)
    finally:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.close()
