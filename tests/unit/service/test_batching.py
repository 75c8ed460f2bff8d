# SPDX-License-Identifier: Apache-2.0
"""Things that are ready together are done in one run, each with its own outcome."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from exchange.errors import BusyError, InputError
from exchange.service.batching import RUN, Batcher, Failed


class Bench:
    """Runs that double numbers and refuse negative ones, each when the test lets it."""

    def __init__(self) -> None:
        self.batcher: Batcher[int, int] = Batcher()
        self.runs: list[list[int]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.trouble: Exception | None = None

    async def run(self, things: Sequence[int]) -> list[int | Failed]:
        self.runs.append(list(things))
        await self.open.wait()
        if self.trouble is not None:
            raise self.trouble
        return [2 * thing if thing >= 0 else Failed(InputError("below zero")) for thing in things]

    async def join(self, thing: int) -> int:
        return await self.batcher.join(thing, self.run)


def play(story: Callable[[Bench], Awaitable[None]]) -> None:
    async def begin() -> None:
        await story(Bench())

    asyncio.run(begin())


async def begun(bench: Bench) -> None:
    """Let the loop turn until a run is under way."""
    while not bench.runs:
        await asyncio.sleep(0)


def test_what_is_ready_together_is_one_run_in_its_order() -> None:
    async def story(bench: Bench) -> None:
        assert await asyncio.gather(*map(bench.join, (1, 2, 3))) == [2, 4, 6]
        assert bench.runs == [[1, 2, 3]]

    play(story)


def test_what_joins_while_a_run_is_under_way_is_the_next_run() -> None:
    async def story(bench: Bench) -> None:
        bench.open.clear()
        first = asyncio.create_task(bench.join(1))
        await begun(bench)
        rest = [asyncio.create_task(bench.join(thing)) for thing in (2, 3)]
        await asyncio.sleep(0)
        assert bench.runs == [[1]]

        bench.open.set()

        assert await asyncio.gather(first, *rest) == [2, 4, 6]
        assert bench.runs == [[1], [2, 3]]

    play(story)


def test_a_run_has_a_limit() -> None:
    async def story(bench: Bench) -> None:
        await asyncio.gather(*map(bench.join, range(2 * RUN + 1)))

        assert [len(run) for run in bench.runs] == [RUN, RUN, 1]

    play(story)


def test_a_thing_that_fails_stops_no_other() -> None:
    async def story(bench: Bench) -> None:
        first, second, third = await asyncio.gather(*map(bench.join, (1, -1, 3)), return_exceptions=True)

        assert (first, third) == (2, 6)
        assert isinstance(second, InputError)

    play(story)


def test_a_run_that_fails_fails_for_all_of_its_things_and_the_line_goes_on() -> None:
    async def story(bench: Bench) -> None:
        bench.trouble = BusyError("no room")
        outcomes = await asyncio.gather(*map(bench.join, (1, 2)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [BusyError, BusyError]

        bench.trouble = None

        assert await bench.join(3) == 6

    play(story)


def test_who_stops_waiting_before_the_run_takes_the_thing_out_of_the_line() -> None:
    async def story(bench: Bench) -> None:
        bench.open.clear()
        first = asyncio.create_task(bench.join(1))
        await begun(bench)
        gone, last = asyncio.create_task(bench.join(2)), asyncio.create_task(bench.join(3))
        await asyncio.sleep(0)

        gone.cancel()
        bench.open.set()

        assert await asyncio.gather(first, last) == [2, 6]
        assert bench.runs == [[1], [3]]

    play(story)


def test_what_was_taken_is_done_though_nobody_waits_for_it_any_more() -> None:
    async def story(bench: Bench) -> None:
        bench.open.clear()
        gone, other = asyncio.create_task(bench.join(1)), asyncio.create_task(bench.join(2))
        await begun(bench)

        gone.cancel()
        bench.open.set()

        assert await other == 4
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert bench.runs == [[1, 2]]

    play(story)
