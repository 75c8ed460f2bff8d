# SPDX-License-Identifier: Apache-2.0
"""How a node ends: by a signal, or by the first error that is no transient one."""

import asyncio

import pytest
from exchange.errors import StoreDamagedError, StoreError
from exchange.interfaces.running import _until_stopped, first_known


class _Loops:
    """Stands for the supervisor: works until it is cancelled, or fails inside its task group."""

    def __init__(self, error: Exception | None = None, *, heeds: bool = False) -> None:
        self._error = error
        self.cancelled = False
        self.ended = False
        self._stop = asyncio.Event()
        self._heeds = heeds

    def stop(self) -> None:
        self._stop.set()

    async def run(self) -> None:
        if self._heeds:
            await self._stop.wait()
            self.ended = True
            return
        async with asyncio.TaskGroup() as group:
            group.create_task(self._work())
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled = True

    async def _work(self) -> None:
        if self._error is not None:
            raise self._error
        await asyncio.Event().wait()


async def test_a_signal_lets_the_loops_come_to_their_end() -> None:
    loops, stop = _Loops(heeds=True), asyncio.Event()
    ended = asyncio.create_task(_until_stopped(loops, stop))  # type: ignore[arg-type]
    await asyncio.sleep(0)

    stop.set()
    await ended

    assert loops.ended


async def test_loops_that_do_not_end_in_time_are_cut_off_and_that_is_no_error() -> None:
    loops, stop = _Loops(), asyncio.Event()
    ended = asyncio.create_task(_until_stopped(loops, stop, drain_s=0))  # type: ignore[arg-type]
    await asyncio.sleep(0)

    stop.set()
    await ended

    assert loops.cancelled


async def test_a_failed_store_ends_the_node_with_its_own_error() -> None:
    with pytest.raises(StoreDamagedError, match="page 7"):
        await _until_stopped(_Loops(StoreDamagedError("page 7")), asyncio.Event())  # type: ignore[arg-type]


async def test_an_unknown_error_is_not_swallowed() -> None:
    with pytest.raises(ExceptionGroup) as raised:
        await _until_stopped(_Loops(KeyError("x")), asyncio.Event())  # type: ignore[arg-type]

    assert raised.group_contains(KeyError)


def test_the_first_known_error_is_found_in_groups_of_groups() -> None:
    inner = ExceptionGroup("b", [KeyError("x"), StoreError("full")])

    assert str(first_known(ExceptionGroup("a", [ValueError("y"), inner]))) == "full"
    assert first_known(ExceptionGroup("a", [ValueError("y")])) is None
