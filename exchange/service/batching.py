# SPDX-License-Identifier: Apache-2.0
"""Does in one unit of work what became ready together: a batcher for each link, and its queue of things.

1. What joins the queue waits for the next turn of the loop, so that what is ready at once goes together.
2. One run of a batcher is under way at a time, of at most `RUN` things; what joins meanwhile is the next run.
3. Each thing has its own outcome. If the run itself fails, all of its things get that error.
4. Whoever stops waiting before the thing was taken leaves the queue with it; what was taken is done.

What a run does is the business of its caller.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")
R = TypeVar("R")

RUN = 64
"""Things in one run: as many as the store commits together."""


@dataclass(frozen=True)
class Failed:
    """The outcome of a thing that could not be done."""

    error: BaseException


Run: TypeAlias = Callable[[Sequence[T]], Awaitable[Sequence[R | Failed]]]
"""Does things in one unit of work and returns the outcome of each, in their order."""


@dataclass(frozen=True)
class _Place(Generic[T, R]):
    thing: T
    future: asyncio.Future[R]

    def settle(self, outcome: R | Failed) -> None:
        if self.future.done():
            return
        if isinstance(outcome, Failed):
            self.future.set_exception(outcome.error)
        else:
            self.future.set_result(outcome)


async def each_does_this_step() -> None:
    """Let whatever else is at the same step do it before any of them goes on.

    The same code many times in a row takes half its time, because it stays in the caches of the processor.
    """
    await asyncio.sleep(0)


class Batcher(Generic[T, R]):
    """Things that wait for their run; every one of them is given the same `run`."""

    def __init__(self) -> None:
        self._waiting: deque[_Place[T, R]] = deque()
        self._is_busy = False

    def join(self, thing: T, run: Run[T, R]) -> asyncio.Future[R]:
        """Put a thing at the end of the queue and return its outcome to come."""
        loop = asyncio.get_running_loop()
        place: _Place[T, R] = _Place(thing, loop.create_future())
        self._waiting.append(place)
        if not self._is_busy:
            self._is_busy = True
            loop.call_soon(self._begin, run)
        return place.future

    def _begin(self, run: Run[T, R]) -> None:
        taken = self._take()
        self._is_busy = bool(taken)
        if taken:
            done = asyncio.ensure_future(run([place.thing for place in taken]))
            done.add_done_callback(partial(self._end, run, taken))

    def _take(self) -> list[_Place[T, R]]:
        taken: list[_Place[T, R]] = []
        while self._waiting and len(taken) < RUN:
            place = self._waiting.popleft()
            if not place.future.done():
                taken.append(place)
        return taken

    def _end(
        self,
        run: Run[T, R],
        taken: Sequence[_Place[T, R]],
        done: "asyncio.Future[Sequence[R | Failed]]",
    ) -> None:
        if done.cancelled():
            for place in taken:
                place.future.cancel()
        elif (error := done.exception()) is not None:
            for place in taken:
                place.settle(Failed(error))
        else:
            for place, outcome in zip(taken, done.result(), strict=True):
                place.settle(outcome)
        self._begin(run)
