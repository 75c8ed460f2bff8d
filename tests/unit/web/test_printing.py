# SPDX-License-Identifier: Apache-2.0
"""Papers from the pages: a button makes the file, the print is recorded, its name says nothing."""

from pathlib import Path

import pytest
from exchange.interfaces.web.desk import House
from exchange.service.rows import AuditRow, Direction
from tests.journeys.test_handover_desk import accepted, departed, proposed
from tests.support.staff import BORDER, Desks
from tests.support.visitors import Visitor, acts, give_account
from tests.support.world import World
from tests.unit.web.test_handover_pages import at_the_crossing, play

CHOSEN = {"first": "km", "second": "en", "purpose": "handover"}


async def prints(house: House) -> list[AuditRow]:
    return [row for row in await acts(house) if row.act in ("message_printed", "handover_printed")]


async def notice_at(house: House) -> tuple[Visitor, str]:
    """Return an officer who has opened the notice, and its number."""
    rows = await house.node.store.read(lambda uow: uow.messages.list(direction=Direction.OUT, limit=100))
    number = next(row.id for row in rows if row.type == "RPN")
    visitor = Visitor(house)
    await visitor.sign_in("P-0001")
    await visitor.get(f"/message/{number}")
    return visitor, number


@pytest.mark.parametrize(
    ("paper", "words"), [("list", "At the crossing"), ("minutes", "to be filled in by hand")]
)
def test_the_officer_at_the_crossing_gets_both_papers_of_a_departure(
    tmp_path: Path, paper: str, words: str
) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        movement, _ = await departed(desks)
        border = await at_the_crossing(house)
        await border.get(f"/handover/{movement}")

        made = await border.post(f"/handover/{movement}/print", paper=paper, **CHOSEN)

        assert (made.status, words in made.text) == (200, True)
        assert [(row.actor, row.object, row.purpose) for row in await prints(house)] == [
            (BORDER, movement, "handover")
        ]

    play(tmp_path, story)


def test_a_message_is_printed_under_a_name_that_says_nothing_of_a_person(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        await accepted(desks)
        officer, number = await notice_at(house)

        made = await officer.post(f"/message/{number}/print", **CHOSEN)

        assert made.fields["Content-Disposition"] == f'attachment; filename="rpn-{number}.pdf"'
        assert made.fields["Content-Type"] == "application/pdf"
        assert made.fields["Cache-Control"] == "no-store"
        assert made.fields["Content-Security-Policy"].startswith("sandbox;")

    play(tmp_path, story)


@pytest.mark.parametrize(
    "changes",
    [
        {"purpose": ""},
        {"purpose": "curiosity"},
        {"purpose": "reconciliation"},
        {"first": "xx"},
        {"first": ""},
    ],
    ids=[
        "no purpose",
        "a purpose of no list",
        "a purpose without persons",
        "a language without texts",
        "no language",
    ],
)
def test_what_is_not_said_rightly_is_neither_printed_nor_recorded(
    tmp_path: Path, changes: dict[str, str]
) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        await accepted(desks)
        officer, number = await notice_at(house)

        refused = await officer.post(f"/message/{number}/print", **{**CHOSEN, "second": "", **changes})

        assert refused.status == 400
        assert await prints(house) == []

    play(tmp_path, story)


def test_a_link_that_is_followed_prints_nothing(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        await accepted(desks)
        officer, number = await notice_at(house)

        assert (await officer.get(f"/message/{number}/print")).status == 404
        assert await prints(house) == []

    play(tmp_path, story)


def test_minutes_to_fill_in_are_offered_as_soon_as_the_handover_is_confirmed(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        proposal, movement = await proposed(desks, await accepted(desks))
        border = await at_the_crossing(house)
        before = await border.get(f"/handover/{movement}")
        answer = {"as": "HRP", "document": {"response": "confirm"}}
        await desks.sent(await desks.vn("message.answer", id=proposal, **answer))
        shown = await border.get(f"/handover/{movement}")

        made = await border.post(f"/handover/{movement}/print", paper="minutes", **CHOSEN)

        assert f"/handover/{movement}/print" not in before.text
        assert shown.says("Joint minutes to fill in, as PDF")
        assert not shown.says("Final list as PDF")
        assert (made.status, "to be filled in by hand" in made.text) == (200, True)
        assert [row.act for row in await prints(house)] == ["handover_printed"]

    play(tmp_path, story)


def test_a_movement_that_is_not_near_is_not_printed_at_the_crossing(tmp_path: Path) -> None:
    async def story(world: World, house: House, desks: Desks) -> None:
        from datetime import timedelta

        _, movement = await proposed(desks, await accepted(desks))
        house.node.clock.jump(timedelta(hours=-30))  # type: ignore[attr-defined]
        border = Visitor(house)
        await give_account(house, "P-0099", "handover")
        await border.sign_in("P-0099")

        refused = await border.post(f"/handover/{movement}/print", paper="list", **CHOSEN)

        assert (refused.status, await prints(house)) == (403, [])

    play(tmp_path, story)
