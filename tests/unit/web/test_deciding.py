# SPDX-License-Identifier: Apache-2.0
"""The decision on each person, as the officer of the origin side writes it question by question."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from exchange.interfaces.web.desk import House
from tests.journeys.test_handover_desk import proposed
from tests.support.notices import small_notice
from tests.support.staff import BORDER, Desks
from tests.support.visitors import Shown, Visitor, give_account, open_house
from tests.support.world import World

OPTIONS = re.compile(r'<(?:input|option)[^>]* value="([A-Z]{2,3}-[A-Z0-9-]+)"')


NAMES = [
    {"full": "NGUYEN Thi Mai", "script": "Latn"},
    {"full": "ង្វៀន ធី ម៉ៃ", "script": "Khmr", "language": "km", "kind": "as_heard"},
]
"""Of the first person; the language of the second name stands in the message."""
CHILD: dict[str, Any] = {
    "names": NAMES,
    "birth": {"value": "2016-02-11"},
    "is_child": True,
    "flags": ["child"],
    "return_mode": "child_best_interests",
    "consents": [
        {"scope": "return", "state": "given", "giver": giver, "on": "2027-09-08"}
        for giver in ("guardian", "child_assent")
    ],
    "guardian": {"kind": "agency", "agency": "KH-MOSVY-DAHT", "from": "2027-08-20"},
    "best_interests": {
        "decision": "return_to_relatives",
        "body": "multidisciplinary_team",
        "on": "2027-09-10",
        "summary": "The child wants to live with the grandmother.",
    },
}


async def announced(desks: Desks, persons: int) -> str:
    """Announce a child, and adults with it; return the number of the notice."""
    document = small_notice("VN", persons)
    document["persons"][0] |= CHILD
    kept = await desks.kh("message.send", document=document)
    released = await desks.kh("message.release", id=kept["id"], officer="P-0002")
    return await desks.sent(released)


class Deciding:
    """An officer in Viet Nam at the form of a decision on a notice of Cambodia."""

    def __init__(self, house: House, visitor: Visitor, form: str, codes: list[str]) -> None:
        self.house, self.visitor, self.form, self.codes = house, visitor, form, codes

    async def ask(self, name: str, person: int = 0) -> Shown:
        return await self.visitor.get(f"/form/{self.form}/persons/{person}/{name}")

    async def answer(self, name: str, value: Any = None, person: int = 0, **inputs: Any) -> Shown:
        """Answer one question, and return what comes next."""
        await self.ask(name, person)
        hidden = self.visitor.last.hidden
        said = {"f": value, **inputs} if value is not None else inputs
        return await self.visitor.post(
            f"/form/{self.form}/persons/{person}/{name}",
            version=hidden["version"],
            back="",
            **{place.replace("__", "-"): one for place, one in said.items()},
        )

    async def check(self) -> Shown:
        return await self.visitor.get(f"/form/{self.form}/check")


Story = Callable[[Deciding], Awaitable[None]]


def play(folder: Path, story: Story, *, persons: int = 2) -> None:
    """Play a story at the decision on a child and on adults."""

    async def opened(world: World) -> None:
        desks = Desks(world, folder)
        await desks.open()
        number = await announced(desks, persons)
        shown = await desks.vn("message.show", id=number)
        house = await open_house(world.vn, folder)
        await give_account(house, "P-0001", "officer")
        visitor = Visitor(house)
        await visitor.sign_in("P-0001")
        await visitor.get(f"/message/{number}/answer")
        begun = await visitor.post("/write", type="RPD", after=number)
        form = begun.to.removeprefix("/form/")
        await story(Deciding(house, visitor, form, shown["document"]["header"]["case_codes"]))

    World(seed=11).run(opened)


def test_only_own_offices_for_reception_are_offered(tmp_path: Path) -> None:
    async def story(desk: Deciding) -> None:
        asked = await desk.ask("reception")

        assert OPTIONS.findall(asked.text) == ["VN-MOH"]

    play(tmp_path, story)


def test_an_office_that_is_not_offered_is_not_taken(tmp_path: Path) -> None:
    async def story(desk: Deciding) -> None:
        for code in ("KH-PTC", "VN-MOLISA", "VN-MPS-IMM", "XX-NOBODY"):
            shown = await desk.answer("reception", code)

            assert (shown.status, shown.says("choose one of the list")) == (400, True)

    play(tmp_path, story)


def test_who_takes_a_child_is_chosen_from_the_same_offices(tmp_path: Path) -> None:
    async def story(desk: Deciding) -> None:
        asked = await desk.ask("child_receiver")

        assert OPTIONS.findall(asked.text) == ["VN-MOH"]

    play(tmp_path, story)


async def on_the_way(desks: Desks) -> str:
    """Let a child leave for the crossing; return the movement."""
    notice = await announced(desks, 1)
    taker = {"kind": "agency", "agency": "VN-MOH"}
    accepted = {"outcome": "accepted", "valid_until": "2027-12-20", "child_receiver": taker}
    await desks.sent(await desks.vn("message.answer", id=notice, reception="VN-MOH", **accepted))
    shown = await desks.vn("message.show", id=notice)
    proposal, movement = await proposed(desks, shown["document"]["header"]["case_codes"])
    answer = {"as": "HRP", "document": {"response": "confirm"}}
    confirmed = await desks.sent(await desks.vn("message.answer", id=proposal, **answer))
    times = {"departed_at": "2027-10-04T08:50+07:00", "expected_at": "2027-10-04T12:50+07:00"}
    left = {"as": "HDP", "document": {**times, "escort_contact": "+855 23 000 000"}}
    await desks.sent(await desks.kh("message.answer", id=confirmed, **left))
    return movement


def test_custody_after_a_handover_is_offered_to_existing_offices_of_both_sides(tmp_path: Path) -> None:
    """Those of the origin side come first."""

    async def opened(world: World) -> None:
        desks = Desks(world, tmp_path)
        await desks.open()
        movement = await on_the_way(desks)
        house = await open_house(world.kh, tmp_path)
        await give_account(house, BORDER, "handover")
        border = Visitor(house)
        await border.sign_in(BORDER)

        asked = await border.get(f"/handover/{movement}/sign")

        offered = OPTIONS.findall(asked.text)
        assert offered[0] == "VN-MOH"
        assert {code[:2] for code in offered} == {"VN", "KH"}
        assert not {"VN-MOLISA", "VN-AUDIT", "VN-BG"}.intersection(offered)
        assert asked.says("Ministry of Health and provincial departments of health (Vietnam)")

    World(seed=11).run(opened)
