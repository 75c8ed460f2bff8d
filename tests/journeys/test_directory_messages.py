# SPDX-License-Identifier: Apache-2.0
"""Directory updates and card notices between two real nodes: what they change, and for whom."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from exchange.errors import InputError
from exchange.messages.filling import fill
from exchange.service.facts import StoreFacts
from exchange.service.pairing import pairing_of
from exchange.service.rows import Direction, MessageRow, MessageState
from tests.support.careless import send, send_anyway
from tests.support.notices import notice, sources
from tests.support.world import KH, START, Agency, World

OFFICE = "KH-DOSVY-SVR"
TODAY = START.date()


def play(story: Callable[[World], Awaitable[None]]) -> None:
    world = World(8)

    async def told(world: World) -> None:
        await world.open()
        await story(world)

    world.run(told)


async def taken(world: World, row: MessageRow) -> MessageRow:
    """Return a message of the first side as the other has judged it."""
    found: list[MessageRow] = []

    async def reached() -> bool:
        there = await world.vn.store.read(lambda uow: uow.messages.by_seq(world.link, Direction.IN, row.seq))
        found[:] = [there] if there else []
        return bool(found)

    await world.until(reached)
    return found[0]


def update(agency: Agency, world: World, **entry: Any) -> Any:
    small = {"type": "DIR", "entry": {"agency": OFFICE, "valid_from": TODAY.isoformat(), **entry}}
    return fill(small, sources(agency.node, world.other(agency).code)).document


def notice_by(agency: Agency, world: World) -> Any:
    document: Any = notice(agency.node, world.other(agency).code)
    document["header"]["acting_agency"] = OFFICE
    return document


async def functions(world: World, agency: Agency, *, days: int = 0) -> frozenset[str]:
    def unit(uow: Any) -> frozenset[str]:
        facts = StoreFacts(uow, pairing_of(uow, agency.node, world.link), agency.code)
        office = facts.office(OFFICE, TODAY + timedelta(days=days))
        return office.functions if office else frozenset()

    return await agency.store.read(unit)


def test_an_office_may_do_what_the_update_of_its_country_says_from_its_day_on() -> None:
    async def story(world: World) -> None:
        before = await functions(world, world.vn)
        row = await send(world.kh, update(world.kh, world, functions=["central_authority"]))
        assert (await taken(world, row)).state is MessageState.ACCEPTED

        for agency in world.agencies:
            assert await functions(world, agency) == {"central_authority"}
            assert await functions(world, agency, days=-1) == before
        row = await send(world.kh, notice_by(world.kh, world))
        assert (await taken(world, row)).state is MessageState.ACCEPTED

    play(story)


def test_without_the_update_both_ends_refuse_the_office() -> None:
    async def story(world: World) -> None:
        document = notice_by(world.kh, world)

        with pytest.raises(InputError) as refused:
            await send(world.kh, document)
        row = await taken(world, await send_anyway(world.kh, document))

        assert refused.value.faults[0].code == "signer_not_authorised"
        assert (row.state, row.code) == (MessageState.REJECTED, "signer_not_authorised")

    play(story)


def test_an_update_about_an_officer_or_a_telephone_changes_no_function() -> None:
    async def story(world: World) -> None:
        before = await functions(world, world.vn)
        officer = {"number": "P-0031", "name": "Test Officer", "functions": ["border_handover"]}
        for entry in ({"officer": officer}, {"duty_telephone": "+855 44 000 000"}):
            row = await send(world.kh, update(world.kh, world, **entry))
            assert (await taken(world, row)).state is MessageState.ACCEPTED

        assert await functions(world, world.vn) == before

    play(story)


def test_a_card_notice_names_the_card_that_is_here_and_no_other() -> None:
    async def story(world: World) -> None:
        card = world.kh.identity.card
        content = {"card_serial": card.serial, "card_digest": card.digest, "reason": "yearly change"}
        document = fill({"type": "KEY", **content}, sources(world.kh.node, world.vn.code)).document
        assert (await taken(world, await send(world.kh, document))).state is MessageState.ACCEPTED

        document["content"]["card_digest"] = "A" * 43  # type: ignore[index, call-overload]
        row = await taken(world, await send_anyway(world.kh, document))
        assert (row.state, row.code) == (MessageState.REJECTED, "reference_unknown")
        assert world.kh.code == KH

    play(story)
