# SPDX-License-Identifier: Apache-2.0
"""The page after sending says what the message does now: a stop counts, a notice has decided nothing."""

from dataclasses import replace
from pathlib import Path

import pytest
from exchange.interfaces.web.pages.after_sending import sentences
from exchange.messages.catalog import message_types
from exchange.service.effects import Effect
from tests.journeys.test_handover_desk import BORDER, WINDOW, proposed, signed
from tests.unit.web.test_naming import Desk, play

_UNDECIDED = "nothing is decided"
_NOTHING = Effect(awaits=False, changed_case=False, changed_movement=False, on_hold=False)
_WAITS = Effect(awaits=True, changed_case=True, changed_movement=False, on_hold=False)
_PURPOSE = {"f": "return_arrangement"}


def said(type_code: str, effect: Effect) -> str:
    return " ".join(sentences(type_code, effect))


@pytest.mark.parametrize("type_code", ["RPN", "HPR", "TRA"])
def test_only_what_asks_for_a_decision_is_said_to_be_undecided(type_code: str) -> None:
    assert _UNDECIDED in said(type_code, _WAITS)


@pytest.mark.parametrize(
    "type_code", sorted(set(message_types()) - {"RPN", "HPR", "TRA"})
)  # fmt: skip
def test_no_other_type_is_said_to_be_undecided(type_code: str) -> None:
    for effect in (_NOTHING, _WAITS):
        assert _UNDECIDED not in said(type_code, effect)


@pytest.mark.parametrize("type_code", ["CWD", "HLD", "CAN", "INC"])
def test_after_a_stop_somebody_on_the_way_has_to_be_called(type_code: str) -> None:
    assert "call the partner as well" in said(type_code, _NOTHING)


@pytest.mark.parametrize("type_code", ["CWD", "HLD", "CAN", "INC"])
def test_a_stop_that_changed_nothing_is_not_said_to_have_stopped_the_return(type_code: str) -> None:
    words = said(type_code, _NOTHING)

    assert "is stopped" not in words
    assert "is called off" not in words
    assert "is on hold" not in words


def test_a_signature_that_changed_nothing_is_not_said_to_complete_the_record() -> None:
    assert said("HRC", _NOTHING).startswith("If one side signed with a reservation, nothing is agreed yet")


def test_a_countersignature_that_completes_the_record_says_so() -> None:
    complete = Effect(awaits=False, changed_case=True, changed_movement=True, on_hold=False)

    assert said("HRC", complete) == "Both sides have signed: the record is complete."


def test_an_incident_report_is_said_to_stop_nothing() -> None:
    assert "A report alone stops nothing" in said("INC", _WAITS)


@pytest.mark.parametrize("type_code", ["RPD", "HRP", "RSM", "CLO", "ROP"])
def test_what_changed_no_state_is_not_said_to_count(type_code: str) -> None:
    """For example a decision that waits for the end of a hold."""
    assert said(type_code, _NOTHING) == "The partner has it, and need not answer it."


def test_a_record_is_complete_only_when_both_sides_have_signed_without_a_reservation(
    tmp_path: Path,
) -> None:
    async def story(desk: Desk) -> None:
        movement = await _departed(desk)
        first = await signed(desk.desks, movement)
        waits = await desk.officer.get(f"/sent/{first['id']}")
        doubt = {"agreed": False, "reservations": "The child has no paper."}
        second = await desk.desks.vn("handover.sign", movement=movement, officer=BORDER, document=doubt)
        await desk.desks.sent(second)
        reserved = await desk.officer.get(f"/sent/{first['id']}")

        assert waits.says("The record is complete only when an officer of the partner has signed it, too.")
        assert not reserved.says("the record is complete")
        assert not reserved.says("need not answer it")

    play(tmp_path, story)


def test_a_withdrawn_consent_to_the_return_is_said_to_stop_it_on_both_sides(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin("CWD")
        moment = {"f_d": "1", "f_m": "9", "f_y": "2027", "f_t": "08:00"}
        sent = await desk.send(form, scope={"f": "return"}, withdrawn_at=moment, purpose=_PURPOSE)
        await desk.desks.quiet()

        shown = await desk.officer.get(sent.to)

        assert shown.says("The return is stopped on both sides."), shown.words
        assert shown.says("call the partner as well")
        assert not shown.says(_UNDECIDED)
        assert await desk.state(desk.cases[0]) == "withdrawn"

    play(tmp_path, story)


def test_a_cancelled_notice_is_not_said_to_wait_for_anybody(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        form = await desk.begin("CAN", "", *desk.cases)
        sent = await desk.send(form, reason={"f": "security"}, purpose=_PURPOSE)
        await desk.desks.quiet()

        shown = await desk.officer.get(sent.to)

        assert shown.says("What you cancelled does not count any more, on both sides."), shown.words
        assert not shown.says(_UNDECIDED)

    play(tmp_path, story)


def test_a_notice_is_undecided_until_it_is_answered(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        proposal = await desk.desks.kh("message.send", document=_proposal(desk.cases))
        await desk.desks.quiet()
        before = await desk.officer.get(f"/sent/{proposal['id']}")

        answer = {"id": proposal["id"], "as": "HRP", "document": {"response": "confirm"}}
        await desk.desks.sent(await desk.desks.vn("message.answer", **answer))
        after = await desk.officer.get(f"/sent/{proposal['id']}")

        assert before.says(_UNDECIDED)
        assert not after.says(_UNDECIDED)

    play(tmp_path, story)


def test_what_the_machine_of_the_partner_said_does_not_look_like_a_decision(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        pages = [
            await desk.officer.get(f"/message/{desk.notice}"),
            await desk.officer.get(f"/case/{desk.cases[0]}"),
        ]

        for shown in pages:
            assert shown.says("received, its form is right"), shown.words
            assert " accepted " not in shown.words.replace("Return accepted", "")
            assert "govuk-tag--green" not in shown.text

    play(tmp_path, story)


async def _departed(desk: Desk) -> str:
    """Let the group of the desk leave, and return its movement."""
    proposal, movement = await proposed(desk.desks, desk.cases)
    answer = {"id": proposal, "as": "HRP", "document": {"response": "confirm"}}
    number = await desk.desks.sent(await desk.desks.vn("message.answer", **answer))
    left = {"departed_at": "2027-10-04T08:50+07:00", "expected_at": "2027-10-04T12:50+07:00"}
    leaving = {"id": number, "as": "HDP", "document": {**left, "escort_contact": "+855 23 000 000"}}
    await desk.desks.sent(await desk.desks.kh("message.answer", **leaving))
    return movement


def _proposal(cases: list[str]) -> dict[str, object]:
    return {
        "type": "HPR", "case_codes": cases, "alternative": "KH-VN-PREYVOR", "place_detail": "reception hall",
        "stop_officers": [{"side": "host", "officer": "P-0001"}, {"side": "origin", "officer": "P-0002"}],
        "transport": ["bus"], "record_form": "electronic", **WINDOW,
    }  # fmt: skip


@pytest.mark.parametrize("type_code", ["RPN", "HPR", "TRA", "INQ", "VRQ", "TDQ"])
def test_what_was_answered_is_not_said_to_need_no_answer(type_code: str) -> None:
    """The page after sending is opened again, with *Back* or from a list, when the answer is here."""
    for effect in (_NOTHING, replace(_WAITS, awaits=False)):
        words = said(type_code, effect)

        assert "need not answer" not in words
        assert "No answer of the partner is open any more" in words
