# SPDX-License-Identifier: Apache-2.0
"""Rules of amendments, reminders, resumes and stops that the examples do not show."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from exchange.ids import AgencyCode
from exchange.messages.catalog import message_types
from exchange.messages.context import KnownFacts, RuleContext
from exchange.messages.filling import fill
from exchange.messages.stops_rules import HOLD_DAYS
from exchange.messages.validation import check_form, check_rules
from tests.support.documents import changed, example, sources
from tests.support.examples import context, facts

CASE = "7KQ2-M9XD-4TBE"
STOPS = sorted(code for code, row in message_types().items() if row.is_stop)
CONTROL = ("AMD", "RMD", "RSM", *STOPS)
FIRST_OF = {
    "AMD": "notice-with-a-longer-period",
    "RMD": "second-reminder",
    "RSM": "host-ends-its-hold",
    "CWD": "return-withdrawn-at-the-crossing",
    "HLD": "witness-for-thirty-days",
    "CAN": "own-notice",
    "INC": "person-missing",
    "CKS": "closed-without-a-date",
}
ELSEWHERE = "0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4bff"


def control(code: str, **changes: Any) -> dict[str, Any]:
    return changed(example(code.lower(), FIRST_OF[code]), changes)


def rules(
    document: dict[str, Any], known: KnownFacts | None = None, act: RuleContext | None = None
) -> list[tuple[str, str]]:
    assert check_form(document) == ()
    found = check_rules(document, act or context(document), facts() if known is None else known)
    return [(fault.code, fault.rule) for fault in found]


# What holds for all


@pytest.mark.parametrize("code", CONTROL)
def test_type_must_be_agreed(code: str) -> None:
    document = control(code)

    assert rules(document, act=context(document, types_allowed={}))[0][1] == "type.agreed"


@pytest.mark.parametrize("code", CONTROL)
def test_office_without_the_function_may_not_send(code: str) -> None:
    assert rules(control(code, header__acting_agency="KH-AUDIT"))[0] == (
        "signer_not_authorised",
        "office.function",
    )


@pytest.mark.parametrize("code", STOPS)
def test_stop_names_no_second_person_and_answers_nothing(code: str) -> None:
    for name, value in (("released_by", "P-0011"), ("in_reply_to", ELSEWHERE)):
        (fault,) = check_form(control(code, **{f"header__{name}": value}))
        assert (fault.code, fault.pointer) == ("form_invalid", f"/header/{name}")


@pytest.mark.parametrize("code", sorted(set(STOPS) - {"CKS", "CAN"}))
def test_stop_may_overtake_the_message_that_opens_its_case(code: str) -> None:
    assert rules(control(code), KnownFacts()) == []


@pytest.mark.parametrize("code", sorted({"HLD", "CWD", "INC", "CKS"}))
def test_either_side_may_send_a_stop(code: str) -> None:
    party = {"header__sender": "VN-MPS-IMM", "header__recipient": "KH-MOSVY-DAHT"}

    assert rules(control(code, **party, header__acting_agency="VN-MPS-IMM")) == []


@pytest.mark.parametrize("code", CONTROL)
def test_remark_of_a_class_that_the_type_may_not_carry_is_refused(code: str) -> None:
    allowed = code not in ("RMD", "CKS")

    found = rules(control(code, header__remark="A short remark."))

    assert found == ([] if allowed else [("over_disclosure", "disclosure.class"), *found[1:]])


# Filled by the program


def small(code: str, **content: Any) -> dict[str, Any]:
    return {"type": code, "case_codes": [CASE], "purpose": "return_arrangement", **content}


@pytest.mark.parametrize(
    "written",
    [
        small("AMD", target=ELSEWHERE, reason="x"),
        small("RMD", target=ELSEWHERE, level="first", due_on="2027-09-10"),
        small("RSM", hold=ELSEWHERE),
        small("CWD", scope=["return"], withdrawn_at="2027-09-17T08:00+07:00"),
        small("CAN", target=ELSEWHERE, reason="other"),
        small("INC", incident="missing", known_at="2027-09-17T08:00+07:00", measures="x"),
        {"type": "HLD", "effect": "all_steps", "review_on": "2027-10-01", "purpose": "return_arrangement",
         "persons": [{"case_code": CASE, "reason": "medical"}]},
        {"type": "checkpoint-status", "checkpoint": "KH-VN-BAVET", "status": "open",
         "from": "2027-09-17T08:00+07:00"},
    ],
    ids=lambda written: str(written["type"]),
)  # fmt: skip
def test_few_words_of_an_officer_become_a_draft_of_good_form(written: dict[str, Any]) -> None:
    filled = fill(written, sources())

    assert check_form(filled.document, draft=True) == ()


def test_moment_of_an_incident_is_the_one_it_happened() -> None:
    written = small("INC", incident="missing", known_at="2027-09-17T08:00Z", happened_at="2027-09-17T07:00Z")

    assert fill(written, sources()).document["header"]["event_at"] == "2027-09-17T07:00Z"  # type: ignore[index, call-overload]


# Stops


@pytest.mark.parametrize(
    ("days", "rule"), [(-1, "date.past"), (0, None), (HOLD_DAYS, None), (32, "date.late")]
)
def test_hold_is_looked_at_within_thirty_days(days: int, rule: str | None) -> None:
    document = control("HLD")
    day = context(document).day + timedelta(days=days)

    found = rules(changed(document, {"content__review_on": day.isoformat()}))

    assert found == ([("date_invalid", rule)] if rule else [])


def test_cancellation_may_overtake_the_message_it_cancels() -> None:
    document = control("CAN", content__target=ELSEWHERE)

    assert rules(document) == [("reference_unknown", "reference.message")]
    assert rules(document, replace(facts(), on_their_way=frozenset({ELSEWHERE}))) == []


def test_cancellation_of_a_movement_names_it_in_the_header() -> None:
    document = example("can", "movement-of-the-other-side")

    other = changed(document, {"header__movement_code": "9C3D-5WQK-7RB0"})

    assert rules(document) == []
    assert rules(other) == [("form_invalid", "reference.movement")]


def test_movement_is_never_looked_up_as_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """A store finds messages by their number only, and a code of a movement is none."""

    def strict(_: KnownFacts, message: str) -> None:
        raise AssertionError(f"{message} is no number of a message")

    for name in ("author_of", "message_type", "cases_of_message", "is_on_its_way"):
        monkeypatch.setattr(KnownFacts, name, strict)

    assert rules(example("can", "movement-of-the-other-side")) == []


def test_threat_by_an_official_is_known_from_the_flags_of_the_person() -> None:
    document = example("inc", "threat-by-somebody-else")

    assert rules(document, replace(facts(), flags={CASE: ["pregnant"]})) == []
    assert rules(document, replace(facts(), flags={CASE: ["threat_from_official"]})) == [
        ("safeguard_missing", "safeguard.readers")
    ]


def test_crossing_of_one_s_own_country_needs_no_agreement() -> None:
    document = control("CKS", content__checkpoint="KH-LA-TRAPEANGKRIEL")

    assert rules(document) == []


def test_crossing_that_is_closed_and_opened_at_the_same_moment_is_refused() -> None:
    moment = "2027-09-20T00:00+07:00"
    document = changed(
        example("cks", "three-sessions-a-day"),
        {"content__from": moment, "content__until": "2027-09-19T17:00Z"},
    )

    assert rules(document) == [("date_invalid", "date.order")]


# Reminders, resumes


def test_reminder_counts_the_levels_that_were_sent() -> None:
    document = control("RMD", content__level="escalation")

    assert rules(document) == [("state_conflict", "state.level")]


@pytest.mark.parametrize(("hours", "rule"), [(20, "state.due"), (21, None)])
def test_deadline_is_over_on_the_next_day_in_utc(hours: int, rule: str | None) -> None:
    document = control("RMD", content__due_on="2027-09-17")
    act = context(document)
    late = replace(act, numbered_at=act.numbered_at + timedelta(hours=hours))

    assert rules(document, act=late) == ([("state_conflict", rule)] if rule else [])


def test_resume_of_an_unknown_hold_is_refused_without_more() -> None:
    assert rules(control("RSM", content__hold=ELSEWHERE)) == [("reference_unknown", "reference.message")]


def test_hold_of_a_record_is_ended_by_the_host_of_every_person() -> None:
    document = example("rsm", "host-ends-the-stay-in-hospital")
    other_host = replace(facts(), hosts={CASE: AgencyCode("VN-MPS-IMM")})

    assert rules(document, other_host) == [("signer_not_authorised", "office.author")]


# Amendments


def test_amendment_sees_the_amendments_before_it() -> None:
    first = control("AMD")
    known = replace(facts(), documents={**facts().documents, ELSEWHERE: first})
    second = control("AMD", content__changes__0__old="2027-10-12", content__changes__0__new="2027-10-14")

    assert rules(second) == [("state_conflict", "state.changed")]
    assert rules(second, known) == []
    assert rules(first, known) == [("state_conflict", "state.changed")]


def test_fault_of_the_changed_message_is_told_with_its_place() -> None:
    document = control("AMD", content__changes__0__new="2027-10-01")

    (fault,) = check_rules(document, context(document), facts())

    assert (fault.rule, fault.pointer) == ("date.order", "/content/changes")
    assert "/content/proposed_to" in fault.hint


def test_fault_that_the_message_had_before_is_not_told_again() -> None:
    """A passport that expired since then does not forbid to move the period."""
    document = control("AMD")
    late = replace(context(document), numbered_at=context(document).numbered_at + timedelta(days=20))

    assert rules(document, act=late) == []


def test_child_made_by_an_amendment_needs_the_second_person_and_the_safeguards() -> None:
    document = control("AMD", content__changes=[{"pointer": "/children_count", "old": 0, "new": 1}])
    document["persons"][0]["changes"] = [{"pointer": "/is_child", "old": False, "new": True}]

    codes = {code for code, _ in rules(document)}
    seconded = {code for code, _ in rules(changed(document, {"header__released_by": "P-0011"}))}

    assert codes >= {"signer_not_authorised", "safeguard_missing"}
    assert "signer_not_authorised" not in seconded


def test_class_of_the_amendment_covers_what_it_brings() -> None:
    change = {"pointer": "/flags/0", "new": "pregnant"}
    document = control("AMD", content__changes=[])
    document["persons"][0]["changes"] = [change]

    assert rules(document) == [("form_invalid", "sensitivity.low")]
    assert rules(changed(document, {"header__sensitivity": "S4"})) == []


def test_member_inside_an_amendment_that_may_never_travel_is_refused() -> None:
    document = control("AMD", content__changes=[{"pointer": "/offence", "new": "x"}])

    assert rules(document) == [("over_disclosure", "disclosure.reserved")]


@pytest.mark.parametrize(
    ("changes", "effect"),
    [
        ([{"pointer": "/transport/0", "old": "bus", "new": "ministry_vehicle"}], "details_changed"),
        ([{"pointer": "/place_detail", "old": "The gate for buses.", "new": "x"}], "time_or_place_changed"),
        ([{"pointer": "/case_list", "old": [CASE, "K7QM-2XWB-9TDF"], "new": [CASE]}], "person_taken_off"),
        (
            [{"pointer": "/case_list", "old": [CASE, "K7QM-2XWB-9TDF"], "new": [CASE, "XB41-T7ME-9DRW"]}],
            "person_added",
        ),
    ],
)
def test_effect_must_be_that_of_the_changes(changes: list[dict[str, Any]], effect: str) -> None:
    document = changed(example("amd", "appointment-one-day-later"), {"content__changes": changes})
    effects = ("time_or_place_changed", "person_added", "person_taken_off", "details_changed")

    wrong = [
        stated
        for stated in effects
        if ("form_invalid", "change.effect") in rules(changed(document, {"content__effect": stated}))
    ]

    assert set(effects) - set(wrong) == {effect}


def test_list_of_the_movement_is_changed_as_a_whole() -> None:
    change = {"pointer": "/case_list/1", "old": "K7QM-2XWB-9TDF", "new": "XB41-T7ME-9DRW"}
    document = changed(example("amd", "appointment-one-day-later"), {"content__changes": [change]})

    assert ("form_invalid", "change.code") in rules(document)


def test_message_without_content_any_more_cannot_be_amended() -> None:
    known = replace(facts(), documents={})

    assert rules(control("AMD"), known) == [("reference_unknown", "reference.kind")]
