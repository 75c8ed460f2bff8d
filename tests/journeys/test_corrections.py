# SPDX-License-Identifier: Apache-2.0
"""A data correction reaches everybody who got the data, and what is repeated afterwards is right."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from exchange.errors import InputError
from exchange.ids import AgencyCode, CaseCode, LinkId
from exchange.messages.filling import fill
from exchange.service.facts import StoreFacts
from exchange.service.following import known_of
from exchange.service.pairing import pairing_of
from exchange.service.rows import MessageState
from exchange.service.same_person import others_told
from tests.support.careless import send
from tests.support.journey_stage import Stage
from tests.support.notices import notice, sources
from tests.support.world import KH, VN, Agency, Pair, World

LA = AgencyCode("LA-MPS-ATD")
FIRST, SECOND = CaseCode("4M7Q-2KXD-9TBE"), CaseCode("8W3R-6HPZ-1CJN")


def request(agency: Agency, partner: AgencyCode, case: CaseCode, **more: Any) -> Any:
    small = {
        "type": "VRQ", "case_code": case, "sex": "F", "question": ["nationality"],
        "names": [{"full": "TEST Mai", "script": "Latn", "kind": "as_heard"}],
        "birth": {"value": "1996", "precision": "year", "basis": "self_reported", "calendar": "gregorian"},
        "nationality": [{"country": partner[:2]}],
        "place_of_origin": {"country": partner[:2], "units": ["Northern Province"]},
        "consents": [
            {"scope": "verify_nationality", "state": "given", "giver": "person", "on": "2027-09-08"}
        ],
        **more,
    }  # fmt: skip
    return fill(small, sources(agency.node, partner)).document


def correction(agency: Agency, partner: AgencyCode, case: CaseCode, *told: str) -> Any:
    change = {"pointer": "/birth/value", "wrong": "1996", "right": "1997", "basis": "the register"}
    small = {"type": "COR", "case_code": case, "changes": [change], "passed_on_to": list(told)}
    return fill(small, sources(agency.node, partner)).document


def play(story: Callable[[World, LinkId], Awaitable[None]]) -> None:
    """Play with one person who has a case with two partners, joined by the link `earlier_case`."""
    world = World(9, pair=Pair(one=KH, other=VN, third=LA))
    third = world.third_link
    assert third is not None

    async def told(world: World) -> None:
        await Stage.open_of(world)
        await send(world.kh, request(world.kh, VN, FIRST))
        links = [{"kind": "earlier_case", "case_code": FIRST}]
        await send(world.kh, request(world.kh, LA, SECOND, links=links), link=third)
        await story(world, third)

    world.run(told)


def test_the_partner_of_the_other_case_of_the_person_has_to_be_told() -> None:
    async def story(world: World, third: LinkId) -> None:
        found = await world.kh.store.read(lambda uow: others_told(uow, third, SECOND))
        assert found == {VN}

        with pytest.raises(InputError) as refused:
            await send(world.kh, correction(world.kh, LA, SECOND), link=third)
        assert refused.value.faults[0].code == "safeguard_missing"

        row = await send(world.kh, correction(world.kh, LA, SECOND, VN), link=third)
        assert row.state is MessageState.QUEUED

    play(story)


def test_who_has_one_case_only_has_nobody_else_to_tell() -> None:
    async def story(world: World, third: LinkId) -> None:
        found = await world.kh.store.read(lambda uow: others_told(uow, world.link, FIRST))

        assert found == frozenset()

    play(story)


def test_what_is_repeated_after_a_correction_is_the_right_value() -> None:
    async def story(world: World, third: LinkId) -> None:
        kh, link = world.kh, world.link
        document = notice(kh.node, VN)
        case = CaseCode(document["persons"][0]["case_code"])  # type: ignore[index, call-overload, arg-type]
        await send(kh, document)
        change = {
            "pointer": "/birth/value",
            "wrong": "2003-05-14",
            "right": "2003-05-15",
            "basis": "passport",
        }
        small = {"type": "COR", "case_code": case, "changes": [change], "passed_on_to": []}
        await send(kh, fill(small, sources(kh.node, VN)).document)

        def unit(uow: Any) -> Any:
            facts = StoreFacts(uow, pairing_of(uow, kh.node, link), kh.code)
            return known_of(facts, case)["birth"], facts.line_of(case, "RPN")

        repeated, sent = await kh.store.read(unit)
        assert repeated["value"] == "2003-05-15"
        assert sent["birth"]["value"] == "2003-05-14"

    play(story)
