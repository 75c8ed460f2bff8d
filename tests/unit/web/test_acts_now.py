# SPDX-License-Identifier: Apache-2.0
"""What a case and a message offer to write now: the same on both pages, also a question and a second look."""

import html
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from exchange.ids import AgencyCode, CaseCode
from exchange.interfaces.web.desk import House
from exchange.service.access import CasePlace
from exchange.service.ports import UnitOfWork
from exchange.service.rows import MessageState
from tests.journeys.test_handover_desk import left, proposed
from tests.support.notices import NAMES, small_notice
from tests.support.staff import Desks
from tests.support.visitors import Shown, Visitor, give_account, open_house
from tests.support.world import OFFICER, START, World

_FORM = re.compile(r'<form method="post" action="/write">(.*?)</form>', re.S)
_INPUT = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_BUTTON = re.compile(r"<button[^>]*>(.*?)</button>", re.S)
_ASKED, _AGAIN = "Ask a question", "Ask for a second look at the refusal"
_LATER = "Change the decision"
_PURPOSE = {"f": "return_arrangement"}
_REFUSED = {
    "outcome": "refused",
    "reason": "nationality_not_established",
    "reasons": "The register has another person of this name.",
}


@dataclass
class Desk:
    """One side of a link: its officer at the pages, and what is typed there."""

    house: House
    officer: Visitor

    async def buttons(self, path: str) -> dict[str, dict[str, Any]]:
        """Return what a page offers to write, by the words of the button."""
        return offered(await self.officer.get(path))

    async def press(self, path: str, words: str) -> str:
        """Press a button of a page, and return the form that it begins."""
        values = (await self.buttons(path))[words]
        begun = await self.officer.post("/write", **values)
        assert begun.status == 303, begun.words
        return begun.to

    async def answer(self, form: str, **answers: dict[str, str]) -> tuple[Shown, list[str]]:
        """Answer what is asked; return the whole and which questions were asked."""
        asked = []
        while not (step := (await self.officer.get(form)).to).endswith("/check"):
            name = step.rpartition("/")[2]
            asked.append(name)
            version = (await self.officer.get(step)).hidden["version"]
            taken = await self.officer.post(step, version=version, back="", **answers.get(name, {}))
            assert taken.status == 303, taken.words
        return await self.officer.get(step), asked

    async def send(self, form: str, **answers: dict[str, str]) -> list[str]:
        """Answer what is asked, send the message, and return which questions were asked."""
        whole, asked = await self.answer(form, **answers)
        sent = await self.officer.post(f"{form}/send", version=whole.hidden["version"])
        assert sent.to.startswith("/sent/"), sent.words
        return asked


@dataclass
class Pair:
    """Both sides after the host side announced persons."""

    world: World
    desks: Desks
    kh: Desk
    vn: Desk
    notice: str
    cases: list[str]

    async def decided(self, **decision: Any) -> str:
        return await self.desks.sent(await self.desks.vn("message.answer", id=self.notice, **decision))

    async def newest(self, type_code: str, *, at: str = "vn") -> dict[str, Any]:
        """Return the newest message of a type as one side has it."""
        ask = getattr(self.desks, at)
        rows = (await ask("message.list"))["messages"]
        row = next(one for one in rows if one["type"] == type_code)
        shown: dict[str, Any] = await ask("message.show", id=row["id"])
        return shown

    async def state(self, case: str = "") -> str:
        rows = (await self.desks.kh("case.list"))["cases"]
        return str({row["code"]: row["state"] for row in rows}[case or self.cases[0]])


def offered(shown: Shown) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for form in _FORM.findall(shown.text):
        values: dict[str, Any] = {}
        for name, value in _INPUT.findall(form):
            values.setdefault(name, []).append(html.unescape(value))
        words = _BUTTON.findall(form)
        values.pop("token")
        if words and "type" in values:
            found[html.unescape(re.sub(r"<[^>]+>", "", words[0])).strip()] = values
    return found


def play(folder: Path, story: Callable[[Pair], Awaitable[None]], *, persons: int = 1) -> None:
    async def opened(world: World) -> None:
        desks = Desks(world, folder)
        await desks.open()
        sides = []
        for agency in (world.kh, world.vn):
            house = await open_house(agency, folder)
            await give_account(house, OFFICER, "officer")
            officer = Visitor(house)
            await officer.sign_in(OFFICER)
            sides.append(Desk(house, officer))
        notice = await desks.sent(await desks.kh("message.send", document=small_notice("VN", persons)))
        shown = await desks.vn("message.show", id=notice)
        await story(Pair(world, desks, *sides, notice, list(shown["document"]["header"]["case_codes"])))

    World(seed=13).run(opened)


def test_a_message_and_its_case_offer_the_same(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        async def same(side: Desk, message: str) -> list[str]:
            of_case = await side.buttons(f"/case/{pair.cases[0]}")
            of_message = await side.buttons(f"/message/{message}")
            apart = {"Amendment", "Data correction", "Write the stop"}
            assert of_case.keys() - apart == of_message.keys() - apart
            return [words for words in of_case if words not in apart]

        pending = await same(pair.vn, pair.notice)
        decision = await pair.decided(outcome="accepted", valid_until="2027-12-20")
        after = await same(pair.vn, pair.notice), await same(pair.vn, decision)

        assert pending[0] == "Repatriation decision"
        assert _LATER not in pending
        assert all(_LATER in words and "Repatriation decision" not in words for words in after)

    play(tmp_path, story)


@pytest.mark.parametrize("at", ["case", "message"])
def test_a_pending_notice_can_be_asked_about_and_the_other_side_is_offered_the_answer(
    tmp_path: Path, at: str
) -> None:
    async def story(pair: Pair) -> None:
        page = f"/case/{pair.cases[0]}" if at == "case" else f"/message/{pair.notice}"
        form = await pair.vn.press(page, _ASKED)
        asked = await pair.vn.send(form, question={"f": "How is the name spelled?"}, purpose=_PURPOSE)
        await pair.desks.quiet()
        question = await pair.newest("INQ", at="kh")

        reply = await pair.kh.press(f"/case/{pair.cases[0]}", "Answer to: Question")
        await pair.kh.send(reply, answer={"f": "As in the passport"}, purpose=_PURPOSE)
        await pair.desks.quiet()

        assert "target" not in asked
        assert question["document"]["content"]["target"] == (pair.cases[0] if at == "case" else pair.notice)
        assert question["document"]["content"]["asks_second_look"] is False
        answer = await pair.newest("INR")
        assert answer["document"]["header"]["in_reply_to"] == question["message"]["id"]
        assert "Answer to: Question" not in await pair.kh.buttons(f"/case/{pair.cases[0]}")

    play(tmp_path, story)


def test_a_decision_is_still_written_from_the_case_after_a_question_came_last(tmp_path: Path) -> None:
    """The answer is written after what it answers, not after whatever came last."""

    async def story(pair: Pair) -> None:
        form = await pair.vn.press(f"/case/{pair.cases[0]}", _ASKED)
        await pair.vn.send(form, question={"f": "How is the name spelled?"}, purpose=_PURPOSE)
        await pair.desks.quiet()

        begun = await pair.vn.press(f"/case/{pair.cases[0]}", "Repatriation decision")
        answers = {"outcome": {"f": "refused"}, "refusal_reason": {"f": "nationality_not_established"}}
        answers["reasons"] = {"f": "The register has nobody of this name."}
        whole, _ = await pair.vn.answer(begun, **answers)

        assert whole.says("Refused")

    play(tmp_path, story)


@pytest.mark.parametrize("at", ["case", "decision"])
def test_a_refusal_can_be_looked_at_again_and_the_decision_changed(tmp_path: Path, at: str) -> None:
    """Source: domain procedure 8.2."""

    async def story(pair: Pair) -> None:
        refusal = await pair.decided(**_REFUSED)
        page = f"/case/{pair.cases[0]}" if at == "case" else f"/message/{refusal}"
        shown = await pair.kh.officer.get(page)
        form = await pair.kh.press(page, _AGAIN)
        asked = await pair.kh.send(form, question={"f": "Please look again"}, purpose=_PURPOSE)
        await pair.desks.quiet()
        question = await pair.newest("INQ")

        later = await pair.vn.press(f"/message/{question['message']['id']}", _LATER)
        answers = {"outcome": {"f": "accepted"}, "valid_until": {"f_d": "20", "f_m": "12", "f_y": "2027"}}
        answers["reception"] = {"f": "VN-MOH"}
        whole, _ = await pair.vn.answer(later, **answers)
        await pair.vn.officer.post(f"{later}/send", version=whole.hidden["version"])
        await pair.desks.quiet()

        assert shown.says("A second look at the refusal can be asked until"), shown.words
        assert "target" not in asked
        content = question["document"]["content"]
        assert (content["target"], content["asks_second_look"]) == (refusal, True)
        assert await pair.state() == "accepted"
        decision = await pair.newest("RPD", at="kh")
        assert decision["document"]["content"]["revises"] == refusal

    play(tmp_path, story)


def test_a_second_look_is_offered_for_who_was_refused_only(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        accepted = {"outcome": "accepted", "valid_until": "2027-12-20"}
        persons = [{"case_code": pair.cases[0], **accepted}, {"case_code": pair.cases[1], **_REFUSED}]
        decision = await pair.decided(**{"as": "RPD", "persons": persons})

        first = await pair.kh.buttons(f"/case/{pair.cases[0]}")
        of_message = await pair.kh.buttons(f"/message/{decision}")

        assert _AGAIN not in first
        assert of_message[f"{_AGAIN} · {NAMES[1]}"]["case"] == [pair.cases[1]]
        assert of_message[f"Handover proposal · {NAMES[0]}"]["case"] == [pair.cases[0]]
        assert _AGAIN not in await pair.vn.buttons(f"/case/{pair.cases[1]}")

    play(tmp_path, story, persons=2)


def test_a_button_for_one_of_many_says_for_whom(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        accepted = {"outcome": "accepted", "valid_until": "2027-12-20"}
        lines = [{"case_code": code, **(accepted if at else _REFUSED)} for at, code in enumerate(pair.cases)]
        decision = await pair.decided(**{"as": "RPD", "persons": lines})

        for message in (decision, pair.notice):
            found = await pair.kh.buttons(f"/message/{message}")

            assert found[f"{_AGAIN} · {NAMES[0]}"]["case"] == [pair.cases[0]]
            assert found["Handover proposal · 4 persons"]["case"] == pair.cases[1:]
            assert "case" not in found[_ASKED]

    play(tmp_path, story, persons=5)


def test_after_the_day_of_the_agreement_the_page_says_that_the_time_has_ended(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        await pair.decided(**_REFUSED)
        pair.world.kh.clock.jump(timedelta(days=40))
        await pair.kh.officer.sign_in(OFFICER)

        shown = await pair.kh.officer.get(f"/case/{pair.cases[0]}")

        assert shown.says("The time for a second look ended on"), shown.words
        assert _AGAIN in offered(shown)

    play(tmp_path, story)


def test_nobody_is_offered_to_answer_the_own_correction(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        change = {"pointer": "/sex", "wrong": "F", "right": "M", "basis": "passport"}
        line = {"case_code": pair.cases[0], "changes": [change], "passed_on_to": []}
        document = {"type": "COR", "persons": [line], "purpose": "data_subject_request"}
        number = await pair.desks.sent(await pair.desks.kh("message.send", document=document))

        own = await pair.kh.buttons(f"/message/{number}")
        asked = await pair.kh.officer.get(f"/message/{number}/answer")
        theirs = await pair.vn.buttons(f"/message/{number}")
        at_once = await pair.desks.kh("message.offer", id=number)

        assert not [words for words in (*own, *offered(asked)) if words.startswith("Answer")]
        assert [words for words in theirs if words.startswith("Answer")] == ["Answer to: Data correction"]
        assert "INR" not in [one["type"] for one in at_once["answers"]]

    play(tmp_path, story)


def test_after_a_withdrawal_no_acceptance_and_no_answer_stands_on_the_page(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        await pair.decided(outcome="accepted", valid_until="2027-12-20")
        before = await pair.kh.officer.get(f"/case/{pair.cases[0]}")
        document = {
            "type": "CWD", "scope": ["return"], "withdrawn_at": "2027-09-10T08:00+07:00",
            "case_codes": pair.cases, "purpose": "return_arrangement",
        }  # fmt: skip
        await pair.desks.sent(await pair.desks.kh("message.send", document=document))

        shown = await pair.kh.officer.get(f"/case/{pair.cases[0]}")
        theirs = await pair.vn.buttons(f"/case/{pair.cases[0]}")

        assert before.says("The acceptance holds until 20 December 2027.")
        assert not shown.says("The acceptance holds until")
        assert not theirs.keys() & {"Verification result", "Repatriation decision", _LATER}

    play(tmp_path, story)


def test_a_received_decision_says_of_whom_it_is(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        accepted = {"outcome": "accepted", "valid_until": "2027-12-20"}
        persons = [{"case_code": pair.cases[0], **accepted}, {"case_code": pair.cases[1], **_REFUSED}]
        decision = await pair.decided(**{"as": "RPD", "persons": persons})

        shown = await pair.kh.officer.get(f"/message/{decision}")

        refused = shown.words.partition("Person 2")[2]
        assert refused.startswith(f" Names › Full form {NAMES[1]} "), shown.words
        assert "14 May 2003" in refused.partition("Decision")[0]
        for name, case in zip(NAMES, pair.cases, strict=False):
            assert shown.says(name)
            assert f'href="/case/{case}"' in shown.text

    play(tmp_path, story, persons=2)


def test_a_person_is_named_as_corrected_since(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        decision = await pair.decided(outcome="accepted", valid_until="2027-12-20")
        change = {"pointer": "/names/0/full", "wrong": NAMES[0], "right": "TEST Anh", "basis": "passport"}
        line = {"case_code": pair.cases[0], "changes": [change], "passed_on_to": []}
        document = {"type": "COR", "persons": [line], "purpose": "data_subject_request"}
        await pair.desks.sent(await pair.desks.kh("message.send", document=document))

        shown = await pair.vn.officer.get(f"/message/{decision}")

        assert shown.says("Person 1 Names › Full form TEST Anh"), shown.words
        assert not shown.says(NAMES[0])

    play(tmp_path, story)


def test_a_person_whose_case_lies_at_another_office_is_not_named_with_the_decision(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        decision = await pair.decided(**_REFUSED)
        place = CasePlace(pair.world.link, CaseCode(pair.cases[1]))

        def give(uow: UnitOfWork) -> None:
            uow.access.give_to_desk(place, AgencyCode("KH-DOSVY-SVR"), OFFICER, START)

        await pair.kh.house.node.store.write(give)
        shown = await pair.kh.officer.get(f"/message/{decision}")

        assert shown.says(NAMES[0])
        assert NAMES[1] not in shown.text
        assert pair.cases[1] not in shown.words.partition("Numbers of this message")[0]
        assert offered(shown)[f"{_AGAIN} · {NAMES[0]}"]["case"] == [pair.cases[0]]

    play(tmp_path, story, persons=2)


def test_a_message_says_until_when_it_has_to_be_answered_and_from_which_country_it_is(
    tmp_path: Path,
) -> None:
    async def story(pair: Pair) -> None:
        received = await pair.vn.officer.get(f"/message/{pair.notice}")
        sent = await pair.kh.officer.get(f"/message/{pair.notice}")
        await pair.decided(outcome="accepted", valid_until="2027-12-20")
        answered = await pair.vn.officer.get(f"/message/{pair.notice}")

        assert received.says("To be answered by us until:")
        assert received.says("(Cambodia), ")
        assert sent.says("To be answered by the partner until:")
        assert not answered.says("To be answered")

    play(tmp_path, story)


def test_a_message_without_effect_offers_nothing(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        await pair.decided(outcome="accepted", valid_until="2027-12-20")
        number, _ = await proposed(pair.desks, pair.cases)

        def voided(uow: UnitOfWork) -> None:
            (row,) = uow.messages.find(number)
            uow.messages.update(replace(row, state=MessageState.REJECTED))

        await pair.kh.house.node.store.write(voided)

        assert await pair.kh.buttons(f"/message/{number}") == {}

    play(tmp_path, story)


def test_a_decision_about_many_lists_them_by_name_with_a_way_to_each_case(tmp_path: Path) -> None:
    async def story(pair: Pair) -> None:
        decision = await pair.decided(outcome="accepted", valid_until="2027-12-20")

        listed = await pair.kh.officer.get(f"/message/{decision}")
        fifth = await pair.kh.officer.get(f"/message/{decision}?person=5")

        assert not listed.says("Name not known here")
        assert [f'href="/case/{case}"' in listed.text for case in pair.cases] == [True] * 5
        assert fifth.says(f"Person 5 Names › Full form {NAMES[4 % len(NAMES)]}")
        assert len(listed.text.encode()) < 30_000

    play(tmp_path, story, persons=5)


def test_a_message_about_very_many_can_still_be_answered(tmp_path: Path) -> None:
    """Their cases are not looked at one by one; the next steps are offered for everybody."""

    async def story(pair: Pair) -> None:
        offered_now = await pair.vn.buttons(f"/message/{pair.notice}")
        shown = await pair.vn.officer.get(f"/message/{pair.notice}")

        assert next(iter(offered_now)) == "Repatriation decision"
        assert offered_now["Repatriation decision"]["after"] == [pair.notice]
        assert _ASKED in offered_now
        assert all("case" not in values for values in offered_now.values())
        assert len(shown.text.encode()) < 30_000

    play(tmp_path, story, persons=25)


def test_the_way_to_a_handover_that_is_due_is_the_first_thing_to_see(tmp_path: Path) -> None:
    """All other ways of the page look alike; the record at the crossing is what is asked."""

    async def story(pair: Pair) -> None:
        await pair.decided(outcome="accepted", valid_until="2027-12-20")
        movement = await left(pair.desks, pair.cases)
        (leaving,) = [
            row["id"]
            for row in (await pair.desks.vn("message.list", direction="in"))["messages"]
            if row["type"] == "HDP"
        ]

        for place in (f"/message/{leaving}", f"/message/{leaving}/answer"):
            shown = await pair.vn.officer.get(place)
            (look,) = re.findall(rf'<a class="([^"]+)" href="/handover/{movement}">', shown.text)
            assert look == "govuk-button"
            assert shown.text.count('class="govuk-button"') == 1

    play(tmp_path, story)
