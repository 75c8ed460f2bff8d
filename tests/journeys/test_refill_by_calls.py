# SPDX-License-Identifier: Apache-2.0
"""A store is put back whose partner only calls: what is missing comes with the partner's own calls."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from exchange.errors import FrameInvalidError, TransportError
from exchange.protocol.strictjson import JsonValue
from exchange.service import gate
from exchange.service.gatetalk import ask, ask_report
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import LinkState
from exchange.service.wishes import UNTIL_ASKED_S, UNTIL_GIVEN_S
from tests.support.checks import demand_whole, exchange_all
from tests.support.restoring import picture, restore, talk
from tests.support.world import KH, SimulatedCrashError, World

Patch = pytest.MonkeyPatch
MANY = 26
"""Notices and as many decisions: more than one page of a refill."""
LONG_S = 900.0
"""Longer than a refill waits for a call, and than a partner waits between two."""


def pull_world(seed: int) -> World:
    world = World(seed)
    world.vn.only_calls = True
    return world


async def lose(world: World, count: int) -> dict[str, Any]:
    """Exchange messages and put KH back to before them; return what has to come back."""
    await world.open()
    await talk(world, 2)
    old = world.kh.store.snapshot()
    await talk(world, count)
    before = await picture(world.kh)
    restore(world.kh, old)
    return before


async def demand_back(world: World, before: Mapping[str, Any]) -> None:
    await world.open()
    await exchange_all(world.kh)
    after = await picture(world.kh)
    for name, value in before.items():
        assert after[name] == value, name
    await talk(world, 1)
    await demand_whole(world)


def gate_of(world: World) -> tuple[LinkState, str]:
    presence = world.kh.node.presence.of(world.link)
    return presence.gate, presence.reason


@pytest.mark.parametrize("count", [1, MANY])
def test_everything_comes_back_with_the_calls_of_the_partner(count: int) -> None:
    async def story(world: World) -> None:
        before = await lose(world, count)

        await demand_back(world, before)

        assert [event for event, _ in world.kh.noted.events].count("refill_ends") == 1

    pull_world(21).run(story)


def test_the_empty_store_of_a_new_enrolment_comes_back_whole() -> None:
    async def story(world: World) -> None:
        await world.open()
        await talk(world, 3)
        before = await picture(world.kh)
        restore(world.kh, world.snapshots[KH])

        await demand_back(world, before)

    pull_world(22).run(story)


@pytest.mark.parametrize("seed", range(6))
def test_a_bad_road_loses_and_doubles_nothing(seed: int) -> None:
    """Answers with a question in them are lost, and words that give come late or twice."""

    async def story(world: World) -> None:
        before = await lose(world, MANY)
        world.weather.lose = world.weather.double = 0.3
        await asyncio.sleep(LONG_S)
        world.weather.lose = world.weather.double = 0.0

        await demand_back(world, before)

    pull_world(30 + seed).run(story)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("commits", [0, 1, 3, 5])
def test_a_node_that_is_killed_while_it_is_refilled_goes_on(moment: str, commits: int) -> None:
    async def story(world: World) -> None:
        before = await lose(world, MANY)
        left = commits

        def die() -> None:
            nonlocal left
            left -= 1
            if left < 0:
                world.kh.store.on_commit(before=lambda: None, after=lambda: None)
                world.loop.call_soon(world.kh.crash)
                raise SimulatedCrashError

        calm: Callable[[], None] = lambda: None  # noqa: E731
        world.kh.store.on_commit(**({"before": calm, "after": calm} | {moment: die}))
        await world.until(lambda: _is_down(world))
        world.kh.start()

        await demand_back(world, before)

    pull_world(40).run(story)


async def _is_down(world: World) -> bool:
    return world.kh.crashes > 1


def test_a_partner_that_is_killed_while_it_gives_goes_on(monkeypatch: Patch) -> None:
    async def story(world: World) -> None:
        before = await lose(world, MANY)
        with monkeypatch.context() as patch:
            await _until_asked(patch, world)
            world.vn.crash()
        await asyncio.sleep(2 * UNTIL_GIVEN_S)
        world.vn.start()

        await demand_back(world, before)

    pull_world(41).run(story)


async def _until_asked(patch: Patch, world: World) -> None:
    """Wait until KH asks VN for something, which VN does not get round to give."""

    async def give(node: Node, link: Any, wish: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        await asyncio.Event().wait()
        return {}

    async def is_asking() -> bool:
        return world.kh.node.presence.is_asking(world.link)

    patch.setattr(gate, "_give", give)
    await world.until(is_asking)


def _gives(patch: Patch, change: Callable[[dict[str, JsonValue]], dict[str, JsonValue]]) -> None:
    """Let the partner change what it gives."""
    right: Callable[..., Awaitable[dict[str, JsonValue]]] = gate._give

    async def give(node: Node, link: Any, wish: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        return change(await right(node, link, wish))

    patch.setattr(gate, "_give", give)


def _without_one(gives: dict[str, JsonValue]) -> dict[str, JsonValue]:
    leaves = gives.get("leaves")
    return gives | {"leaves": leaves[1:]} if isinstance(leaves, list) and leaves else gives


def _changed(gives: dict[str, JsonValue]) -> dict[str, JsonValue]:
    leaves = gives.get("leaves")
    if not isinstance(leaves, list) or not leaves:
        return gives
    return gives | {"leaves": [str(leaves[0]).replace('"k":"accepted"', '"k":"held"'), *leaves[1:]]}


@pytest.mark.parametrize("change", [_without_one, _changed, lambda gives: {}, lambda gives: {"leaves": [7]}])
def test_a_partner_that_gives_something_else_opens_nothing_and_nothing_of_it_is_kept(
    monkeypatch: Patch, change: Callable[[dict[str, JsonValue]], dict[str, JsonValue]]
) -> None:
    async def story(world: World) -> None:
        before = await lose(world, 2)
        old = await picture(world.kh)
        with monkeypatch.context() as patch:
            _gives(patch, change)
            await asyncio.sleep(LONG_S)
            assert gate_of(world)[0] is LinkState.CLOSED
            assert await picture(world.kh) == old

        await demand_back(world, before)

    pull_world(42).run(story)


def test_a_partner_that_gives_nothing_back_is_named(monkeypatch: Patch) -> None:
    """A partner that was built before this stands as it did; people see what is missing."""

    async def story(world: World) -> None:
        before = await lose(world, 2)
        with monkeypatch.context() as patch:
            patch.setattr(gate, "_show_again", _only_report)
            await asyncio.sleep(LONG_S)
            assert gate_of(world)[0] is LinkState.CLOSED
            assert gate_of(world)[1] in {"refill_unanswered", "refill_by_calls"}

        await demand_back(world, before)

    pull_world(43).run(story)


async def _only_report(node: Node, link: Any, report: Any) -> None:
    await ask_report(node, link, to_nonce=report.nonce)


@pytest.mark.parametrize("to_nonce", ["", "A" * 22])
def test_what_is_given_without_the_nonce_of_the_last_answer_has_no_effect(
    monkeypatch: Patch, to_nonce: str
) -> None:
    async def story(world: World) -> None:
        await lose(world, 2)
        with monkeypatch.context() as patch:
            await _until_asked(patch, world)
        node = world.vn.node
        asked = dict(world.kh.node.presence.of(world.link).wishes._asks)

        gives: dict[str, JsonValue] = {"from": asked["from"], "leaves": [], "note": ""}
        word = await ask(
            node, world.link, op="leaves", asks={} if to_nonce else asked, gives=gives, to_nonce=to_nonce
        )

        assert world.kh.node.presence.is_asking(world.link)
        assert word.asks == (asked if to_nonce else {})

    pull_world(44).run(story)


def test_what_nobody_asked_for_is_not_taken() -> None:
    async def story(world: World) -> None:
        await world.open()
        first = await ask_report(world.vn.node, world.link)

        word = await ask(
            world.vn.node, world.link, op="lines", asks={}, gives={"lines": []}, to_nonce=first.nonce
        )

        assert (word.asks, word.gives) == ({}, {})
        assert gate_of(world)[0] is LinkState.OPEN

    pull_world(45).run(story)


@pytest.mark.parametrize(
    "wish", [{"op": "report"}, {"op": "keys"}, {}, {"op": "leaves"}, {"op": "lines", "of": "XX"}]
)
def test_a_caller_gives_only_what_the_gate_gives(wish: dict[str, JsonValue]) -> None:
    async def story(world: World) -> None:
        await world.open()
        with pytest.raises(FrameInvalidError):
            await gate._give(world.vn.node, world.link, wish)

    pull_world(46).run(story)


def test_a_node_that_stops_does_not_wait_for_a_call(monkeypatch: Patch) -> None:
    async def story(world: World) -> None:
        await lose(world, 2)
        await _until_asked(monkeypatch, world)
        wishes = world.kh.node.presence.of(world.link).wishes
        asked = asyncio.ensure_future(wishes.ask("leaves", {}))
        await asyncio.sleep(0)
        began_s = world.loop.time()

        world.kh.node.presence.drain()

        with pytest.raises(TransportError):
            await asked
        assert world.loop.time() - began_s < 1
        assert await wishes.next() == {}

    pull_world(47).run(story)


def test_a_caller_that_stops_gives_nothing_more_however_much_is_asked(monkeypatch: Patch) -> None:
    async def story(world: World) -> None:
        await world.open()
        node, asked = world.vn.node, 0
        report = await ask_report(node, world.link)

        async def more(*_: Any, **__: Any) -> Any:
            nonlocal asked
            asked += 1
            assert asked < 9, "it goes on for ever"
            if asked == 3:
                node.presence.drain()
            return replace(report, asks={"op": "leaves", "of": KH, "ep": 1, "from": asked})

        monkeypatch.setattr(gate, "ask", more)
        monkeypatch.setattr(gate, "ask_report", more)
        await gate._show_again(node, world.link, report)
        assert asked == 4  # the last one is its own report

    pull_world(49).run(story)


def test_an_answer_does_not_wait_for_ever_for_what_is_wanted() -> None:
    async def story(world: World) -> None:
        await world.open()
        wishes = world.kh.node.presence.of(world.link).wishes
        wishes.begin(await ask_report(world.vn.node, world.link))
        began_s = world.loop.time()
        busy = world.kh.store.write(_nothing)

        assert await wishes.next() in ({}, dict(wishes._asks))
        assert world.loop.time() - began_s <= UNTIL_ASKED_S + 1
        await busy

    pull_world(48).run(story)


def _nothing(uow: UnitOfWork) -> None:
    return None
