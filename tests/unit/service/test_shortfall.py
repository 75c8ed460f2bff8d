# SPDX-License-Identifier: Apache-2.0
"""A store that is known to hold less of our log than was written is never taken for the whole of it."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from exchange.ids import LinkId
from exchange.service import gate
from exchange.service.filegate import AHEAD
from exchange.service.gatetalk import SEEN, ask_report, note_what_partner_holds
from exchange.service.node import Node
from exchange.service.refill import REFILL
from exchange.service.rows import LinkState
from exchange.service.shortfall import Shortfall, shortfall
from tests.support.restoring import restore, talk
from tests.support.world import Agency, World


async def lacking(agency: Agency) -> Shortfall | None:
    return await agency.store.read(lambda uow: shortfall(uow, agency.node, agency.world.link))


async def tell(agency: Agency, seen: str) -> None:
    """Let the partner's last report have said how much of our log it has seen."""
    await agency.store.write(lambda uow: uow.settings.put(SEEN + agency.world.link, seen))


async def size(agency: Agency) -> int:
    return await agency.store.read(lambda uow: uow.logs.position(agency.world.link, agency.code).size)


@pytest.mark.parametrize("told", ["", "1:1", "0:10000"])
def test_what_the_partner_has_seen_and_is_here_is_no_shortfall(told: str) -> None:
    async def story(world: World) -> None:
        await world.open()
        await talk(world, 1)
        await tell(world.kh, told)

        assert await lacking(world.kh) is None

    World(seed=51).run(story)


def test_more_than_is_here_and_a_later_epoch_are_a_shortfall() -> None:
    async def story(world: World) -> None:
        await world.open()
        held = await size(world.kh)

        await tell(world.kh, f"1:{held + 1}")
        assert await lacking(world.kh) == Shortfall(held, held + 1, "entries_missing")
        await tell(world.kh, "2:1")
        assert await lacking(world.kh) == Shortfall(held, 0, "entries_missing")

    World(seed=52).run(story)


@pytest.mark.parametrize(("setting", "value"), [(AHEAD, "10000"), (REFILL, "0")])
def test_what_was_proved_before_a_restart_still_counts(setting: str, value: str) -> None:
    async def story(world: World) -> None:
        await world.open()
        held = await size(world.kh)

        await world.kh.store.write(lambda uow: uow.settings.put(setting + world.link, value))

        seen = int(value)
        assert await lacking(world.kh) == Shortfall(held, seen, "entries_missing")

    World(seed=53).run(story)


@pytest.mark.parametrize(
    ("state", "reason", "lacks"),
    [
        (LinkState.CLOSED, "not_asked_yet", False),
        (LinkState.CLOSED, "unreachable", False),
        (LinkState.CLOSED, "high_water_missing", False),
        (LinkState.CLOSED, "high_water_ahead", True),
        (LinkState.CLOSED, "epoch_lost", True),
        (LinkState.FROZEN, "log_forked", True),
        (LinkState.OPEN, "log_forked", False),
    ],
)
def test_a_gate_that_is_closed_for_it_is_a_shortfall(state: LinkState, reason: str, lacks: bool) -> None:
    async def story(world: World) -> None:
        await world.open()
        presence, held = world.kh.node.presence.of(world.link), await size(world.kh)
        presence.gate, presence.reason = state, reason

        assert await lacking(world.kh) == (Shortfall(held, 0, reason) if lacks else None)

    World(seed=54).run(story)


def test_a_restored_store_whose_partner_gives_nothing_back_lacks_entries_until_it_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both ledgers agree as far as they are here; nothing but the report says that it is not the whole."""

    async def only_report(node: Node, link: LinkId, report: Any) -> None:
        await ask_report(node, link, to_nonce=report.nonce)

    async def story(world: World) -> None:
        await world.open()
        await talk(world, 2)
        old = world.kh.store.snapshot()
        held = await size(world.kh)
        await talk(world, 2)
        written = await size(world.kh)
        restore(world.kh, old)
        with monkeypatch.context() as patch:
            patch.setattr(gate, "_show_again", only_report)
            await asyncio.sleep(60)
            lacks = await lacking(world.kh)
            assert lacks == Shortfall(held, written, "refill_by_calls")
            world.vn.crash()
            world.kh.crash()
            world.kh.start()
            lacks = await lacking(world.kh)
            assert lacks == Shortfall(held, written, "entries_missing")
            world.vn.start()

        await world.open()
        await asyncio.sleep(60)
        assert await lacking(world.kh) is None

    world = World(seed=55)
    world.vn.only_calls = True
    world.run(story)


@pytest.mark.parametrize("note", ["", "exchange/v1/no head of ours\n"])
def test_a_partner_that_claims_more_without_a_head_of_ours_says_nothing(note: str) -> None:
    async def story(world: World) -> None:
        await world.open()
        report = await ask_report(world.kh.node, world.link)
        claimed = replace(report, seen_size=10**6, seen_note=note)

        await note_what_partner_holds(world.kh.node, world.link, claimed)

        assert await lacking(world.kh) is None

    World(12).run(story)
