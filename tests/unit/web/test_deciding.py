# SPDX-License-Identifier: Apache-2.0
"""The decision on each person, as the officer of the origin side writes it question by question."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from exchange.ids import AgencyCode, CaseCode, OfficerNumber
from exchange.interfaces.web.desk import House
from exchange.service.access import CasePlace, StopRow
from exchange.service.ports import UnitOfWork
from tests.journeys.test_handover_desk import proposed
from tests.support.notices import small_notice
from tests.support.staff import BORDER, Desks
from tests.support.visitors import Shown, Visitor, acts, give_account, open_house
from tests.support.world import START, World
from tests.support.writers import ANSWERS, Writer
from tests.support.writers import play as play_writing

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


def test_each_question_says_whom_it_is_about(tmp_path: Path) -> None:
    """Refusing the wrong person is one slip: name in every script, sex, birth, child and code stand there."""

    async def story(desk: Deciding) -> None:
        for name in ("outcome", "valid_until", "reception", "refusal_reason", "child_receiver"):
            child, adult = await desk.ask(name), await desk.ask(name, 1)

            assert child.says("NGUYEN Thi Mai / ង្វៀន ធី ម៉ៃ Female, born 11 February 2016 · child")
            assert adult.says("TRAN Van Binh Female, born 14 May 2003")
            assert (desk.codes[0] in child.text, desk.codes[1] in child.text) == (True, False)
            assert (desk.codes[0] in adult.text, desk.codes[1] in adult.text) == (False, True)
            assert not adult.says("NGUYEN")

    play(tmp_path, story)


def test_a_question_shown_again_with_a_fault_still_says_whom_it_is_about(tmp_path: Path) -> None:
    async def story(desk: Deciding) -> None:
        shown = await desk.answer("reception", "KH-PTC", 1)

        assert (shown.status, shown.says("TRAN Van Binh")) == (400, True)

    play(tmp_path, story)


def test_the_whole_says_over_each_decision_whom_it_is_about(tmp_path: Path) -> None:
    async def story(desk: Deciding) -> None:
        await desk.answer("outcome", "accepted")
        await desk.answer("outcome", "refused", 1)
        whole = (await desk.check()).words

        assert re.search(r"Person 1 NGUYEN Thi Mai / \S.{5,30} Female, born 11 February 2016", whole)
        assert re.search(r"Person 2 TRAN Van Binh Female, born 14 May 2003", whole)
        assert "Decision, person 2: TRAN Van Binh" in whole

    play(tmp_path, story)


def test_a_list_of_many_persons_names_them_on_the_whole(tmp_path: Path) -> None:
    async def story(desk: Deciding) -> None:
        whole = await desk.check()

        assert whole.says("5 persons")
        assert whole.says("2. TRAN Van Binh")
        assert not whole.says("Name not known here")

    play(tmp_path, story, persons=5)


def test_who_is_seen_beside_a_question_was_opened_by_the_officer(tmp_path: Path) -> None:
    async def story(desk: Deciding) -> None:
        before = [row for row in await acts(desk.house) if row.act == "message_opened"]
        await desk.ask("outcome")
        after = [row for row in await acts(desk.house) if row.act == "message_opened"]

        assert len(after) == len(before) + 1
        assert (after[-1].actor, after[-1].object, after[-1].result) == ("P-0001", before[-1].object, "form")

    play(tmp_path, story)


def test_a_case_at_another_desk_is_a_code_beside_a_question(tmp_path: Path) -> None:
    async def story(desk: Deciding) -> None:
        def give(uow: UnitOfWork) -> None:
            (link,) = uow.links.all()
            place = CasePlace(link.link, CaseCode(desk.codes[1]))
            uow.access.give_to_desk(place, AgencyCode("VN-WU"), OfficerNumber("P-0002"), START)

        await desk.house.node.store.write(give)
        adult, child = await desk.ask("outcome", 1), await desk.ask("outcome")
        whole = await desk.check()

        assert (adult.says("TRAN Van Binh"), desk.codes[1] in adult.text) == (False, True)
        assert child.says("NGUYEN Thi Mai")
        assert not whole.says("TRAN Van Binh")

    play(tmp_path, story)


def test_who_is_stopped_from_reading_sees_the_code_and_goes_on_writing(tmp_path: Path) -> None:
    async def story(desk: Deciding) -> None:
        def stop(uow: UnitOfWork) -> None:
            uow.access.stop(StopRow(OfficerNumber("P-0001"), START, 60))

        await desk.house.node.store.write(stop)
        asked, taken = await desk.ask("outcome"), await desk.answer("outcome", "refused")

        assert (asked.says("NGUYEN"), desk.codes[0] in asked.text) == (False, True)
        assert taken.status == 303

    play(tmp_path, story)


def test_a_first_message_says_whom_it_is_about_as_soon_as_it_knows(tmp_path: Path) -> None:
    async def story(writer: Writer) -> None:
        form = await writer.begin()
        unknown = await writer.visitor.get(f"/form/{form}/persons/0/names")
        await writer.step(f"/form/{form}/persons/0/names", ANSWERS["names"])
        known = await writer.visitor.get(f"/form/{form}/persons/0/sex")

        assert not unknown.says("Name not known here")
        assert known.says("TRAN Thi Hoa")

    play_writing(tmp_path, story)


def test_an_office_that_has_ended_gets_no_new_officer(tmp_path: Path) -> None:
    async def story(desk: Deciding) -> None:
        await give_account(desk.house, "P-0007", "administrator")
        administrator = Visitor(desk.house)
        await administrator.sign_in("P-0007")

        offered = OPTIONS.findall((await administrator.get("/accounts")).text)

        assert "VN-MOH" in offered
        assert {code[:2] for code in offered} == {"VN"}
        assert "VN-MOLISA" not in offered

    play(tmp_path, story)
