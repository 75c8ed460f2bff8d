# SPDX-License-Identifier: Apache-2.0
"""A message that names an earlier one offers what can be named; nobody types a number."""

import html
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from exchange.ids import AgencyCode, CaseCode, OfficerNumber
from exchange.interfaces.web.desk import House
from exchange.service.access import CasePlace
from exchange.service.accounts import set_language
from exchange.service.forms import Form, forms_of, open_form
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, OfficerRow
from tests.journeys.test_handover_desk import BORDER, accepted, departed, proposed, signed
from tests.support.notices import small_notice
from tests.support.staff import Desks
from tests.support.visitors import Shown, Visitor, give_account, open_house
from tests.support.world import OFFICER, START, World

ELSEWHERE = OfficerNumber("P-0040")
_CHOICE = re.compile(r'<input [^>]*type="radio"[^>]*value="([^"]*)"')
_TARGET, _HOLD = "content/0/target", "content/0/hold"
_SUPPLEMENTS = "content/0/supplements"


@dataclass
class Desk:
    """An officer before the case of the first person whom the partner has accepted."""

    world: World
    house: House
    desks: Desks
    officer: Visitor
    cases: list[str]
    notice: str

    async def begin(self, type_code: str, after: str = "", *cases: str) -> str:
        """Begin a message at the case, and return its form."""
        await self.officer.get("/write")
        named = cases or (self.cases[0],)
        begun = await self.officer.post("/write", type=type_code, after=after or self.notice, case=named)
        assert begun.status == 303, begun.words
        return begun.to

    async def ask(self, form: str, place: str = _TARGET) -> Shown:
        return await self.officer.get(f"{form}/{place}")

    async def choose(self, form: str, number: str, place: str = _TARGET) -> Shown:
        hidden = (await self.ask(form, place)).hidden
        return await self.officer.post(f"{form}/{place}", version=hidden["version"], back="", f=number)

    async def send(self, form: str, **answers: dict[str, str]) -> Shown:
        """Answer what is still asked, and send the message."""
        shown = await self.answer(form, **answers)
        return await self.officer.post(f"{form}/send", version=shown.hidden["version"])

    async def answer(self, form: str, **answers: dict[str, str]) -> Shown:
        """Answer what is still asked, and return the whole, which can be sent."""
        while not (step := (await self.officer.get(form)).to).endswith("/check"):
            hidden = (await self.officer.get(step)).hidden
            answer = answers.get(step.rpartition("/")[2], {})
            taken = await self.officer.post(step, version=hidden["version"], back="", **answer)
            assert taken.status == 303, taken.words
        shown = await self.officer.get(step)
        assert "version" in shown.hidden, shown.words
        return shown

    async def kept(self, form: str) -> Form:
        id: Any = form.removeprefix("/form/")
        return await open_form(self.house.node, id, OFFICER)

    async def state(self, case: str) -> str:
        """Return the state of a case as the partner has it."""
        found = (await self.desks.vn("case.list"))["cases"]
        return str({row["code"]: row["state"] for row in found}[case])

    async def hold(self, *cases: str) -> str:
        """Return the number of a hold of our side."""
        lines = [{"case_code": case, "reason": "safety_review"} for case in cases or self.cases]
        hold = {
            "type": "HLD",
            "effect": "all_steps",
            "review_on": "2027-10-20",
            "persons": lines,
            "purpose": "handover",
        }
        return await self.desks.sent(await self.desks.kh("message.send", document=hold))

    async def cancelled(self, target: str) -> None:
        """Cancel a message in another window."""
        document = {"type": "CAN", "target": target, "reason": "security", "case_codes": self.cases}
        document["purpose"] = "handover"
        await self.desks.sent(await self.desks.kh("message.send", document=document))


def play(folder: Path, story: Callable[[Desk], Awaitable[None]], *, persons: int = 2) -> None:
    async def opened(world: World) -> None:
        desks = Desks(world, folder)
        await desks.open()
        house = await open_house(world.kh, folder)
        await give_account(house, OFFICER, "officer")
        officer = Visitor(house)
        await officer.sign_in(OFFICER)
        cases = await accepted(desks, persons=persons)
        await story(Desk(world, house, desks, officer, cases, await _number(house, "RPN")))

    World(seed=11).run(opened)


async def _number(house: House, type_code: str) -> str:
    rows = await house.node.store.read(lambda uow: uow.messages.list(limit=100))
    return next(row.id for row in rows if row.type == type_code)


def choices(shown: Shown) -> list[str]:
    return [html.unescape(value) for value in _CHOICE.findall(shown.text)]


def test_a_cancellation_that_has_one_target_only_does_not_ask_for_it(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin("CAN", "", *desk.cases)

        asked = (await desk.officer.get(form)).to
        sent = await desk.send(form, reason={"f": "security"}, purpose={"f": "return_arrangement"})
        await desk.desks.quiet()

        assert asked.endswith("/content/0/reason")
        assert sent.to.startswith("/sent/"), sent.words
        assert [await desk.state(case) for case in desk.cases] == ["return_prepared"] * 2

    play(tmp_path, story)


def test_a_cancellation_for_one_of_two_persons_leaves_the_other(tmp_path: Path) -> None:
    """Rule: `persons` names whom it takes off if it does not concern everybody; the program says it."""

    async def story(desk: Desk) -> None:
        form = await desk.begin("CAN")

        shown = await desk.ask(form)
        sent = await desk.send(form, reason={"f": "security"}, purpose={"f": "return_arrangement"})
        await desk.desks.quiet()

        assert shown.says("It also concerns 1 other person, for whom nothing changes.")
        assert sent.to.startswith("/sent/"), sent.words
        assert [await desk.state(case) for case in desk.cases] == ["return_prepared", "accepted"]

    play(tmp_path, story)


def test_a_cancellation_offers_the_handover_and_own_messages_in_words(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        _, movement = await proposed(desk.desks, desk.cases)
        form = await desk.begin("CAN", "", *desk.cases)

        shown = await desk.ask(form)

        assert (await desk.officer.get(form)).to.endswith(_TARGET)
        assert choices(shown) == [movement, desk.notice]
        assert shown.says("The handover at Bavet / Moc Bai Mon 4 Oct 2027, 13:00")
        assert shown.says("Repatriation notice Sent to")
        assert desk.notice not in shown.words

    play(tmp_path, story)


def test_a_handover_that_is_chosen_is_called_off(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        _, movement = await proposed(desk.desks, desk.cases)
        form = await desk.begin("CAN", "", *desk.cases)

        await desk.choose(form, desk.notice)
        await desk.choose(form, movement)
        sent = await desk.send(form, reason={"f": "security"}, purpose={"f": "handover"})
        await desk.desks.quiet()

        assert sent.to.startswith("/sent/"), sent.words
        (row,) = (await desk.desks.vn("handover.list"))["handovers"]
        assert row["state"] == "cancelled"

    play(tmp_path, story)


def test_a_message_chosen_after_the_handover_names_no_movement(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        _, movement = await proposed(desk.desks, desk.cases)
        form = await desk.begin("CAN")

        await desk.choose(form, movement)
        first = (await desk.kept(form)).given
        await desk.choose(form, desk.notice)
        second = (await desk.kept(form)).given
        whole = await desk.officer.get(f"{form}/check")

        assert first["header"]["movement_code"] == first["content"]["target"] == movement
        assert whole.says("What is cancelled Repatriation notice Sent to")
        assert desk.notice not in whole.words
        assert "movement_code" not in second["header"]
        assert second["content"] == {"target": desk.notice, "persons": desk.cases[:1]}

    play(tmp_path, story)


@pytest.mark.parametrize("what", ["theirs", "nonsense", "other case", "nothing"])
def test_what_is_not_offered_is_not_taken(tmp_path: Path, what: str) -> None:
    async def story(desk: Desk) -> None:
        _, movement = await proposed(desk.desks, desk.cases)
        other = await desk.desks.sent(await desk.desks.kh("message.send", document=small_notice("VN")))
        numbers = {
            "theirs": await _number(desk.house, "RPD"),
            "nonsense": "<b>",
            "other case": other,
            "nothing": "",
        }
        form = await desk.begin("CAN")

        shown = await desk.choose(form, numbers[what])

        words = (
            "Enter: What is cancelled" if what == "nothing" else "What is cancelled: choose one of the list"
        )
        assert (shown.status, shown.words.count(words)) == (400, 2), shown.words
        assert choices(shown) == [movement, desk.notice]
        assert "target" not in (await desk.kept(form)).given["content"]

    play(tmp_path, story)


def test_what_was_cancelled_meanwhile_is_told_and_not_sent(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin("CAN", "", *desk.cases)
        before = await desk.answer(form, reason={"f": "security"}, purpose={"f": "return_arrangement"})
        await desk.cancelled(desk.notice)

        sent = await desk.officer.post(f"{form}/send", version=before.hidden["version"])
        asked = await desk.officer.get(f"{form}/{_TARGET}?back=check")
        chosen = await desk.choose(form, desk.notice)

        assert sent.status == 400
        assert sent.says("What is cancelled: This was cancelled, answered or ended meanwhile.")
        assert asked.says("Nothing of this case can be chosen here now.")
        assert choices(asked) == []
        assert chosen.status == 400
        rows = await desk.house.node.store.read(
            lambda uow: uow.messages.list(direction=Direction.OUT, limit=100)
        )
        assert [row.type for row in rows].count("CAN") == 1

    play(tmp_path, story)


def test_a_handover_that_was_called_off_meanwhile_is_offered_no_more(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        _, movement = await proposed(desk.desks, desk.cases)
        form = await desk.begin("CAN", "", *desk.cases)
        await desk.choose(form, movement)
        document = {"type": "CAN", "target": movement, "movement_code": movement, "reason": "security"}
        members = {**document, "case_codes": desk.cases, "purpose": "handover"}
        await desk.desks.sent(await desk.desks.vn("message.send", document=members))

        shown = await desk.officer.get(f"{form}/check")

        assert shown.says("What is cancelled: This was cancelled, answered or ended meanwhile.")
        assert choices(await desk.ask(form)) == [desk.notice]

    play(tmp_path, story)


def test_nothing_of_a_case_of_another_office_is_listed(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin("INQ")
        await _give_away(desk)

        asked = await desk.ask(form)
        chosen = await desk.officer.post(f"{form}/{_TARGET}", version="1", back="", f=desk.notice)
        begun = await desk.officer.post("/write", type="CAN", after=desk.notice, case=desk.cases[0])

        for shown in (asked, chosen, begun):
            assert shown.says("The case lies at another office"), shown.words
            assert not shown.says("Repatriation notice")
        assert len(await forms_of(desk.house.node, OFFICER)) == 1

    play(tmp_path, story)


async def _give_away(desk: Desk) -> None:
    """Give every case to another office of our side."""
    office = AgencyCode("KH-DOSVY-SVR")

    def unit(uow: UnitOfWork) -> None:
        uow.officers.add(OfficerRow(ELSEWHERE, "Officer", office, (), START, None))
        for case in desk.cases:
            uow.access.give_to_desk(CasePlace(desk.world.link, CaseCode(case)), office, ELSEWHERE, START)

    await desk.house.node.store.write(unit)


@pytest.mark.parametrize(
    ("type_code", "place", "expected"),
    [
        ("AMD", _TARGET, ["proposal", "notice"]),
        ("INQ", _TARGET, ["case", "proposal", "decision", "notice", ""]),
        ("RMD", _TARGET, ["proposal"]),
        ("RSM", _HOLD, []),
        ("ROP", "persons/0/earlier_closure", []),
    ],
)
def test_each_type_offers_what_it_may_name(
    tmp_path: Path, type_code: str, place: str, expected: list[str]
) -> None:
    async def story(desk: Desk) -> None:
        proposal, _ = await proposed(desk.desks, desk.cases)
        numbers = {
            "proposal": proposal,
            "notice": desk.notice,
            "decision": await _number(desk.house, "RPD"),
            "case": desk.cases[0],
        }
        form = await desk.begin(type_code, proposal)

        shown = await desk.ask(form, place)

        assert shown.status == 200
        assert choices(shown) == [numbers.get(one, one) for one in expected]
        assert shown.says("Nothing of this case can be chosen here now.") is (not expected)

    play(tmp_path, story)


def test_an_amendment_of_a_proposal_names_its_movement(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        proposal, movement = await proposed(desk.desks, desk.cases)
        form = await desk.begin("AMD", proposal)

        await desk.choose(form, proposal)
        of_movement = (await desk.kept(form)).given["header"]
        await desk.choose(form, desk.notice)

        assert of_movement["movement_code"] == movement
        assert "movement_code" not in (await desk.kept(form)).given["header"]

    play(tmp_path, story)


def test_a_resume_names_the_hold_by_itself_and_of_two_asks_which(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        first = await desk.hold()
        alone = await desk.kept(await desk.begin("RSM", first, *desk.cases))
        second = await desk.hold(desk.cases[0])

        for_both = await desk.begin("RSM", first, *desk.cases)
        for_one = await desk.begin("RSM", first)

        assert alone.given["content"]["hold"] == first
        assert choices(await desk.ask(for_both, _HOLD)) == [first]
        assert choices(await desk.ask(for_one, _HOLD)) == [second, first]

    play(tmp_path, story)


def test_a_hold_that_has_ended_cannot_be_ended_again(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        hold = await desk.hold()
        form = await desk.begin("RSM", hold, *desk.cases)
        resume = {"type": "RSM", "hold": hold, "case_codes": desk.cases, "purpose": "handover"}
        await desk.desks.sent(await desk.desks.kh("message.send", document=resume))

        shown = await desk.officer.get(f"{form}/check")

        assert shown.says("Not ready to be sent")
        assert choices(await desk.ask(form, _HOLD)) == []

    play(tmp_path, story)


def test_the_supplement_of_a_record_names_it_with_its_exact_content(tmp_path: Path) -> None:
    """Rule: a supplement names number and commitment; both and the movement follow from the choice."""

    async def story(desk: Desk) -> None:
        movement, codes = await departed(desk.desks, persons=1)
        record = await desk.desks.sent(await signed(desk.desks, movement))
        row = (await desk.house.node.store.read(lambda uow: uow.messages.find(record)))[0]
        agreed = {"movement": movement, "officer": BORDER, "document": {"agreed": True}}
        after = await desk.desks.sent(await desk.desks.vn("handover.sign", **agreed))
        form = await desk.begin("HRC", after, *codes)

        shown = await desk.ask(form, _SUPPLEMENTS)
        await desk.choose(form, record, _SUPPLEMENTS)
        again, whole = await desk.ask(form, _SUPPLEMENTS), await desk.officer.get(f"{form}/check")
        given = (await desk.kept(form)).given
        await desk.choose(form, "", _SUPPLEMENTS)

        assert choices(shown) == [record, ""]
        assert shown.says("Record it adds to")
        assert shown.says("Handover record Sent to")
        assert given["content"]["supplements"] == {"id": record, "pc": row.commitment}
        assert given["header"]["movement_code"] == movement
        assert re.search(rf'value="{record}"[^>]* checked', again.text)
        assert row.commitment not in whole.text
        assert "supplements" not in (await desk.kept(form)).given["content"]

    play(tmp_path, story)


def test_a_reopening_names_the_closure_of_its_person(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        closures = [await _closed(desk, case) for case in desk.cases]

        form = await desk.begin("ROP", closures[0])

        (given,) = (await desk.kept(form)).given["persons"]
        assert (given["case_code"], given["earlier_closure"]) == (desk.cases[0], closures[0])

    play(tmp_path, story)


async def _closed(desk: Desk, case: str) -> str:
    """Return the number of the closure of a case."""
    closing = {
        "type": "CLO",
        "case_codes": [case],
        "reason": "left_country",
        "other_side_must_close": True,
        "event_at": "2027-10-04T08:00+07:00",
        "purpose": "return_arrangement",
    }
    return await desk.desks.sent(await desk.desks.kh("message.send", document=closing))


def test_a_stop_is_begun_at_the_page_of_the_case(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        shown = await desk.officer.get(f"/case/{desk.cases[0]}")
        form = (await desk.officer.post("/write", type="CAN", **_hidden(shown))).to

        assert shown.says("What has happened?")
        assert choices(shown) == ["CAN", "INC", "HLD", "CWD"]
        assert (await desk.kept(form)).given["content"]["target"] == desk.notice

    play(tmp_path, story)


def _hidden(shown: Shown) -> dict[str, str]:
    """Return the hidden fields of the form for a stop, which are the last ones of the page."""
    form = shown.text.partition("desk-stop")[2].partition("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="(after|case)" value="([^"]*)"', form))


@pytest.mark.parametrize(
    ("language", "words"),
    [("km", "ការប្រគល់ទទួលនៅ"), ("th", "การส่งมอบที่"), ("vi", "Cuộc bàn giao tại")],
)
def test_what_is_offered_is_said_in_the_language_of_the_page(
    tmp_path: Path, language: str, words: str
) -> None:
    async def story(desk: Desk) -> None:
        await proposed(desk.desks, desk.cases)
        form = await desk.begin("CAN")
        await set_language(desk.house.staff, OFFICER, language)
        again = Visitor(desk.house)
        await again.sign_in(OFFICER)

        shown = await again.get(f"{form}/{_TARGET}")

        assert words in shown.words
        assert not re.search(r"handover|Sent to|person,", shown.words)

    play(tmp_path, story)
