# SPDX-License-Identifier: Apache-2.0
"""Rules of the handover: what the examples do not show, and the order of the steps."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from exchange.messages.earlier import Announced, OpenCrossing
from exchange.messages.people import Birth
from exchange.messages.validation import KnownFacts, check_form, check_rules
from exchange.messages.wording import SENTENCES
from tests.support.documents import GONE, changed, example
from tests.support.examples import context, facts

MOTHER, CHILD, MAN = "P5HJ-2CYK-6GSM", "3FWN-8RTA-Q0ZV", "XB41-T7ME-9DRW"
BASES = {
    "HPR": "two-persons-by-bus",
    "HRP": "confirmed",
    "HDP": "three-persons",
    "HRC": "first-record-two-handed-over",
    "RCV": "two-persons-arrived",
    "RFN": "mother-and-child",
    "FUP": "second-report-stable",
    "CLO": "reintegrated",
}


def made(code: str, **changes: Any) -> dict[str, Any]:
    return changed(example(code.lower(), BASES[code]), changes)


def rules(document: dict[str, Any], known: KnownFacts | None = None, **act: Any) -> list[tuple[str, str]]:
    """Return code and rule of every fault; the document must be of good form."""
    assert check_form(document) == ()
    found = check_rules(document, context(document, **act), facts() if known is None else known)
    assert all(fault.rule in SENTENCES for fault in found)
    return [(fault.code, fault.rule) for fault in found]


def notice_of(case: str, **about: Any) -> KnownFacts:
    """Return the facts of the examples with something else in the notice of one case."""
    known = facts()
    changed_notice = replace(known.notices.get(case, Announced()), **about)
    return replace(known, notices={**known.notices, case: changed_notice})


def test_steps_of_a_record_are_in_the_agreed_order() -> None:
    document = made(
        "HRC",
        header__acting_agency="TH-MFA",
        header__purpose="follow_up",
        header__sensitivity="S2",
        content__checkpoint="KH-VN-BAVET",
        content__totals={"handed_over": 5},
        content__ended_at="2027-09-17T08:00+07:00",
        content__paper_scan=1,
        content__signatory__side="origin",
        persons__1__custody=GONE,
    )

    codes = [code for code, _ in rules(document, types_allowed={})]

    assert codes == [
        "type_not_agreed",
        "signer_not_authorised",
        "signer_not_authorised",
        "form_invalid",
        "date_invalid",
        "count_invalid",
        "attachment_mismatch",
        "form_invalid",
        "purpose_missing",
        "safeguard_missing",
    ]


@pytest.mark.parametrize("code", sorted(BASES))
def test_type_must_be_agreed_for_the_sender(code: str) -> None:
    assert rules(made(code), types_allowed={code: []})[0] == ("type_not_agreed", "type.agreed")


@pytest.mark.parametrize("code", sorted(BASES))
def test_officer_needs_a_function_of_the_type(code: str) -> None:
    assert rules(made(code), officer_functions=("audit",))[0] == ("signer_not_authorised", "office.officer")


def test_record_needs_an_officer_who_may_sign_at_the_border() -> None:
    found = rules(made("HRC"), officer_functions=("central_authority", "reception"))

    assert found == [("signer_not_authorised", "office.officer")]
    assert rules(made("HRC"), officer_functions=("border_handover",)) == []


def test_paper_may_have_been_signed_by_another_officer() -> None:
    assert rules(example("hrc", "first-record-signed-on-paper")) == []


# --- proposal and response


@pytest.mark.parametrize(
    ("own", "found"),
    [
        (frozenset({"P-0007", "P-0031", "P-0033", "P-0112"}), []),
        (frozenset({"P-9999"}), [("reference_unknown", "reference.officer")]),
        (frozenset(), [("reference_unknown", "reference.officer")]),
        (None, []),
    ],
    ids=["in the directory", "others only", "an empty directory", "not to be seen, at the recipient"],
)
@pytest.mark.parametrize("code", ["HPR", "HRP"])
def test_the_own_officers_of_an_appointment_are_in_the_directory(
    code: str, own: frozenset[str] | None, found: list[tuple[str, str]]
) -> None:
    """Who may stop it, and who will sign: of the other side nobody here can say that a number is wrong."""
    assert rules(made(code), replace(facts(), officers=own)) == found


def test_a_proposal_with_an_own_officer_who_does_not_exist_is_not_confirmed() -> None:
    known, response = facts(), made("HRP")
    movement, signs = response["header"]["movement_code"], response["content"]["receiving_officers"]
    standing = known.appointments[movement]
    stops = [{"side": side, "officer": "P-9999"} for side in ("host", "origin")]
    proposed = replace(standing, terms={**standing.terms, "stop_officers": stops})
    known = replace(known, officers=frozenset(signs), appointments={**known.appointments, movement: proposed})

    found = check_rules(response, context(response), known)

    assert [(one.rule, one.pointer) for one in found] == [("reference.officer", "/content/confirms")]


@pytest.mark.parametrize(
    ("first", "last", "stop", "rule"),
    [
        ("2027-09-24T09:00+07:00", "2027-09-24T09:00+07:00", "2027-09-24T06:00+07:00", "date.order"),
        ("2027-09-24T09:00+07:00", "2027-09-24T03:00+00:00", "2027-09-24T06:00+07:00", None),
        ("2027-09-24T09:00+07:00", "2027-09-24T02:00Z", "2027-09-24T06:00+07:00", "date.order"),
        ("2027-09-24T09:00+07:00", "2027-09-24T11:00+07:00", "2027-09-24T02:00Z", "date.order"),
        ("2027-09-24T09:00+07:00", "2027-09-24T11:00+07:00", "2027-02-30T02:00Z", "date.impossible"),
        ("2027-12-10T23:00+07:00", "2027-12-10T23:30+07:00", "2027-12-10T20:00+07:00", None),
        ("2027-12-10T23:00+07:00", "2027-12-11T00:30+07:00", "2027-12-10T20:00+07:00", "date.acceptance"),
    ],
)
def test_window_is_judged_as_moments_and_the_acceptance_by_the_local_day(
    first: str, last: str, stop: str, rule: str | None
) -> None:
    document = made("HPR", content__window_from=first, content__window_to=last, content__go_no_go_at=stop)

    assert rules(document) == ([("date_invalid", rule)] if rule else [])


def test_acceptance_that_ended_before_is_left_to_the_state_of_the_case() -> None:
    late = context(made("HPR")).numbered_at + timedelta(days=120)
    document = made(
        "HPR",
        content__window_from="2028-02-01T09:00+07:00",
        content__window_to="2028-02-01T10:00+07:00",
        content__go_no_go_at="2028-02-01T06:00+07:00",
    )

    assert rules(document, numbered_at=late) == []


@pytest.mark.parametrize("place", ["checkpoint", "alternative"])
def test_crossing_with_an_accepted_transit_state_can_be_proposed(place: str) -> None:
    document = made("HPR", **{f"content__{place}": "KH-LA-TRAPEANGKRIEL"})

    assert rules(document, checkpoints=None) == [("form_invalid", "reference.crossing")]
    agreed = replace(facts(), transit={document["header"]["movement_code"]: frozenset({"LA"})})
    assert rules(document, agreed, checkpoints=None) == []
    assert rules(document, replace(facts(), transit={}), checkpoints=None) == [
        ("form_invalid", "reference.crossing")
    ]


def test_where_a_transit_decision_cannot_be_seen_the_agreement_must_name_the_crossing() -> None:
    document = made("HPR", content__checkpoint="KH-LA-TRAPEANGKRIEL")
    blind = replace(facts(), transit=None)

    assert rules(document, blind, checkpoints=frozenset({"KH-LA-TRAPEANGKRIEL", "KH-AIR-KTI"})) == []
    assert rules(document, blind, checkpoints=frozenset({"KH-TH-POIPET", "KH-AIR-KTI"})) == [
        ("form_invalid", "reference.crossing")
    ]


def test_airport_of_the_host_side_is_no_way_home() -> None:
    document = made("HPR", content__checkpoint="KH-AIR-KTI", content__group_size=2)
    to_thailand = replace(facts(), hosts={MOTHER: "KH-MOSVY-DAHT", CHILD: "KH-MOSVY-DAHT"})

    assert rules(document) == []
    assert rules(document, to_thailand)[0] == ("form_invalid", "reference.crossing")


def test_closed_crossing_is_a_conflict_of_state_and_comes_last() -> None:
    closed = replace(facts(), crossings={"KH-TH-POIPET": OpenCrossing(is_closed=True)})

    assert rules(made("HPR"), closed) == [("state_conflict", "state.crossing")]
    assert rules(made("HRP"), closed) == [("state_conflict", "state.crossing")]
    assert rules(made("HPR", header__purpose="follow_up"), closed)[0][0] == "purpose_missing"


def test_counter_to_a_closed_crossing_is_refused() -> None:
    closed = replace(facts(), crossings={"KH-AIR-KTI": OpenCrossing(is_closed=True)})

    assert rules(example("hrp", "other-crossing-proposed"), closed) == [("state_conflict", "state.crossing")]


@pytest.mark.parametrize(("limit", "found"), [(1, [("count_invalid", "count.session")]), (2, []), (None, [])])
def test_session_takes_so_many_persons(limit: int | None, found: list[tuple[str, str]]) -> None:
    known = replace(facts(), crossings={"KH-TH-POIPET": OpenCrossing(per_session=limit)})

    assert rules(made("HPR"), known) == found


@pytest.mark.parametrize(
    ("kind", "flags", "decision", "alone"),
    [
        ("travels_with", [], "accepted", False),
        ("sibling", ["keep_group_together"], "accepted", False),
        ("sibling", [], "accepted", True),
        ("travels_with", [], "refused", True),
        ("earlier_case", ["keep_group_together"], "accepted", True),
    ],
)
def test_who_must_stay_together_is_not_separated_if_the_other_may_travel(
    kind: str, flags: list[str], decision: str, alone: bool
) -> None:
    known = notice_of(MOTHER, flags=frozenset(flags), links=((kind, CHILD),))
    known = replace(known, decisions={**known.decisions, CHILD: decision})
    document = made("HPR", content__case_list=[MOTHER], header__case_codes=[MOTHER], content__group_size=1)

    assert rules(document, known) == ([] if alone else [("safeguard_missing", "safeguard.together")])


def test_unaccompanied_child_has_an_escort() -> None:
    known = notice_of(CHILD, flags=frozenset({"unaccompanied_child"}))

    assert rules(made("HPR"), known) == []
    assert rules(made("HPR", content__escorts=[]), known) == [("safeguard_missing", "safeguard.escort")]


def test_interpreter_follows_from_the_notice() -> None:
    known = notice_of(MOTHER, flags=frozenset({"needs_interpreter"}))

    assert rules(made("HPR"), known) == [("form_invalid", "reference.interpreter")]
    assert rules(made("HPR", content__interpreter=["km"]), known) == []


@pytest.mark.parametrize("response", ["one-hour-later", "declined"])
def test_only_a_confirmation_asks_who_pays(response: str) -> None:
    known = notice_of(MOTHER, funding="not_settled")

    assert rules(example("hrp", response), known) == []
    assert rules(made("HRP"), known) == [("form_invalid", "reference.funding")]


def test_counter_is_laid_over_the_terms_that_stand() -> None:
    ends_too_early = {"window_to": "2027-09-24T08:59+07:00"}
    both_moved = ends_too_early | {
        "window_from": "2027-09-24T08:00+07:00",
        "go_no_go_at": "2027-09-24T05:00+07:00",
    }
    content = {"response": "counter", "reasons": "earlier", "changes": ends_too_early}

    assert rules(made("HRP", content=content)) == [("date_invalid", "date.order")]
    assert rules(made("HRP", content=content | {"changes": both_moved})) == []


# --- departure and record


@pytest.mark.parametrize(
    ("closed", "found"),
    [
        (("KH-TH-POIPET",), []),
        (("KH-TH-PRUM",), []),
        (("KH-TH-POIPET", "KH-TH-PRUM"), [("state_conflict", "state.crossing")]),
    ],
)
def test_group_leaves_only_while_the_crossing_or_its_alternative_is_open(
    closed: tuple[str, ...], found: list[tuple[str, str]]
) -> None:
    known = facts()
    terms = {"checkpoint": "KH-TH-POIPET", "alternative": "KH-TH-PRUM"}
    agreed = {code: replace(one, terms={**one.terms, **terms}) for code, one in known.appointments.items()}
    news = {code: OpenCrossing(is_closed=True) for code in closed}

    assert rules(made("HDP"), replace(known, appointments=agreed, crossings=news)) == found


def test_person_who_is_off_the_list_is_named_once() -> None:
    document = example("hdp", "one-taken-off")
    stranger = changed(document, {"content__taken_off__0__case_code": MOTHER})

    assert rules(document) == []
    assert ("count_invalid", "count.taken_off") in rules(stranger)
    assert ("count_invalid", "count.listed") in rules(stranger)


def test_infant_who_is_added_gives_no_assent_but_an_older_child_does() -> None:
    infant = example("hrc", "first-record-infant-added")
    older = changed(infant, {"persons__2__flags": ["child"]})

    assert rules(infant) == []
    assert rules(older) == [("consent_missing", "consent.assent")]


@pytest.mark.parametrize("relationship", ["mother", "father"])
def test_parent_who_may_be_a_danger_cannot_agree_for_an_added_child(relationship: str) -> None:
    document = example("hrc", "first-record-child-added-with-custody")
    guardian = {"kind": "person", "name": "KEO Vanna", "relationship": relationship, "from": "2027-09-01"}
    document["persons"][2] |= {"flags": ["child", "threat_from_family"], "guardian": guardian}
    document["header"]["sensitivity"] = "S4"

    assert rules(document) == [("consent_missing", "consent.threat")]


@pytest.mark.parametrize("outcome", ["not_taken_over", "returned_to_host", "diverted_medical"])
def test_every_outcome_has_its_total(outcome: str) -> None:
    document = made(
        "HRC",
        persons__0__outcome=outcome,
        persons__0__reason="refused_by_origin_border",
        content__totals={"handed_over": 1, outcome: 1},
    )

    assert rules(document) == []
    assert (
        rules(changed(document, {"content__totals": {"handed_over": 2}}))
        == [("count_invalid", "count.totals")] * 2
    )


def test_total_of_nought_may_be_left_out_or_written() -> None:
    assert rules(made("HRC", content__totals={"handed_over": 2, "added": 0})) == []


@pytest.mark.parametrize("name", ["countersignature-agreed", "countersignature-with-reservation"])
def test_own_record_is_not_countersigned(name: str) -> None:
    known = facts()
    document = example("hrc", name)
    number = document["content"]["countersigns"]["id"]
    ours = replace(known.messages[number], sender=document["header"]["sender"])

    found = rules(document, replace(known, messages={**known.messages, number: ours}))

    assert found == [("signer_not_authorised", "office.own_change")]


def test_countersignature_of_a_countersignature_is_refused() -> None:
    known = facts()
    document = example("hrc", "countersignature-agreed")
    number = document["content"]["countersigns"]["id"]
    signed = replace(known.messages[number], signs=True)

    found = rules(document, replace(known, messages={**known.messages, number: signed}))

    assert found == [("reference_unknown", "reference.signs")]


def test_attachment_of_a_message_without_parts_of_persons_follows_the_content() -> None:
    document = example("hrc", "supplement-with-the-scan")
    late = changed(document, {"header__attachments__0__part": 4})

    assert document["header"]["attachments"][0]["part"] == 2
    assert rules(document) == rules(late) == []


# --- afterwards


@pytest.mark.parametrize("code", ["RFN", "FUP"])
def test_scopes_of_the_catalogue_are_asked(code: str) -> None:
    scopes = ("feedback_host",) if code == "RFN" else ("feedback_host", "contact_after_return")
    document = made(code, persons__0__consents=[])

    assert rules(document) == [("consent_missing", "consent.scope")] * len(scopes)


def test_turned_eighteen_as_the_notice_shows_agrees_in_person() -> None:
    known = facts()
    report = example("fup", "child-without-naming-the-guardian")

    assert rules(report, known) == []
    assert (
        rules(report, notice_of(CHILD, birth=_born("2009-01-02"))) == [("consent_missing", "consent.own")] * 2
    )


def test_small_child_of_the_notice_gives_no_assent() -> None:
    report = example("fup", "child-without-naming-the-guardian")
    for consent in list(report["persons"][0]["consents"]):
        if consent["giver"] == "child_assent":
            report["persons"][0]["consents"].remove(consent)

    assert rules(report)[0] == ("consent_missing", "consent.assent")
    assert rules(report, notice_of(CHILD, birth=_born("2023-01-02"))) == []


def _born(day: str) -> Birth:
    return Birth(value=day, precision="day", basis="document", calendar="gregorian")


def test_case_closed_as_re_trafficked_may_name_a_case_of_another_link() -> None:
    assert rules(example("clo", "exploited-again-case-elsewhere")) == []


@pytest.mark.parametrize("code", ["HPR", "HRP", "HDP", "HRC", "RFN", "FUP", "CLO"])
def test_nothing_is_known_of_the_cases(code: str) -> None:
    assert rules(made(code), KnownFacts())[0][0] in {"reference_unknown", "count_invalid"}


def test_persons_recognised_at_reception_are_new_and_need_no_record() -> None:
    document = example("rcv", "recognised-at-reception")

    assert rules(document, KnownFacts()) == []
