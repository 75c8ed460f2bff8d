# SPDX-License-Identifier: Apache-2.0
"""Rules of IDN, VRQ, VRS, TRQ, TRS, TDQ and TDS that the examples do not show."""

from datetime import date
from typing import Any

import pytest
from exchange.ids import AgencyCode
from exchange.messages.catalog import message_types
from exchange.messages.codelists import codelist
from exchange.messages.sensitivity import class_of, highest_class
from exchange.messages.validation import KnownFacts, check_form, check_rules
from exchange.messages.wording import SENTENCES
from tests.support.documents import GONE, changed, example
from tests.support.examples import context, facts

TYPES = ("IDN", "VRQ", "VRS", "TRQ", "TRS", "TDQ", "TDS")
FIRST = {
    "IDN": "adult-found",
    "VRQ": "adult-with-declaration",
    "VRS": "national",
    "TRQ": "adult-looks-for-her-mother",
    "TRS": "relatives-found",
    "TDQ": "two-adults",
    "TDS": "issued-and-pending",
}
REPLIES = {"VRS": "VRQ", "TRS": "TRQ", "TDS": "TDQ"}


def made(code: str, name: str = "", **changes: Any) -> dict[str, Any]:
    return changed(example(code.lower(), name or FIRST[code]), changes)


def rules(document: dict[str, Any], known: KnownFacts | None = None, **act: Any) -> list[tuple[str, str]]:
    assert check_form(document) == ()
    found = check_rules(document, context(document, **act), facts() if known is None else known)
    assert all(fault.rule in SENTENCES for fault in found)
    return [(fault.code, fault.rule) for fault in found]


def refused(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(fault.rule, fault.pointer) for fault in check_form(document)]


@pytest.mark.parametrize("code", TYPES)
def test_type_that_is_not_agreed_is_the_first_fault(code: str) -> None:
    assert rules(made(code), types_allowed={})[0] == ("type_not_agreed", "type.agreed")


@pytest.mark.parametrize("code", ["IDN", "VRQ", "TRQ", "TDQ"])
def test_host_side_sends_it(code: str) -> None:
    document = made(code)
    cases = document["header"]["case_codes"]
    other = KnownFacts(hosts=dict.fromkeys(cases, AgencyCode(document["header"]["recipient"])))

    assert ("signer_not_authorised", "office.side") in rules(document, other)


@pytest.mark.parametrize("code", ["VRS", "TRS", "TDS"])
def test_origin_side_sends_it(code: str) -> None:
    document = made(code)
    cases = document["header"]["case_codes"]
    other = KnownFacts(hosts=dict.fromkeys(cases, AgencyCode(document["header"]["sender"])))

    assert ("signer_not_authorised", "office.side") in rules(document, other)


@pytest.mark.parametrize("code", ["IDN", "VRQ"])
def test_first_message_of_a_case_makes_the_sender_its_host(code: str) -> None:
    assert rules(made(code), KnownFacts()) == []


@pytest.mark.parametrize("code", REPLIES)
def test_reply_to_an_unknown_request_is_refused(code: str) -> None:
    assert ("reference_unknown", "reference.message") in rules(made(code), KnownFacts())


@pytest.mark.parametrize("code", REPLIES)
@pytest.mark.parametrize("kind", ["RPN", "RPD", "IDN", "INQ", "VRQ", "TRQ", "TDQ"])
def test_reply_answers_a_request_of_its_own_type(code: str, kind: str) -> None:
    document = made(code)
    asked, cases = document["header"]["in_reply_to"], document["header"]["case_codes"]
    hosts = dict.fromkeys(cases, AgencyCode(document["header"]["recipient"]))
    found = rules(document, KnownFacts(hosts=hosts, types={asked: kind}, cases={asked: cases}))

    assert found == ([] if kind == REPLIES[code] else [("reference_unknown", "reference.kind")])


@pytest.mark.parametrize("code", TYPES)
@pytest.mark.parametrize("member", ["movement_code", "event_at"])
def test_header_has_nothing_of_a_movement_or_an_event(code: str, member: str) -> None:
    value = "3FWN-8RTA-Q0ZV" if member == "movement_code" else "2027-09-16T10:00:00+07:00"

    assert refused(made(code, **{f"header__{member}": value})) == [("form.not_here", f"/header/{member}")]


@pytest.mark.parametrize("code", ["IDN", "VRQ", "VRS", "TRQ", "TRS"])
def test_message_about_one_person_names_one_person(code: str) -> None:
    person = made(code)["persons"][0]

    assert refused(made(code, persons=[person, person])) == [("form.items", "/persons")]


@pytest.mark.parametrize("code", TYPES)
def test_message_without_a_person_is_no_message(code: str) -> None:
    assert refused(made(code, persons=[])) == [("form.items", "/persons")]


@pytest.mark.parametrize("code", TYPES)
def test_draft_needs_no_members_of_the_release(code: str) -> None:
    document = made(code)
    for name in ("message_id", "sender", "recipient", "link", "agreement"):
        del document["header"][name]

    assert check_form(document, draft=True) == ()
    assert check_form(document) != ()


@pytest.mark.parametrize("code", TYPES)
def test_example_states_the_class_it_has(code: str) -> None:
    document = made(code)

    assert highest_class(document).name == document["header"]["sensitivity"]
    assert highest_class(document).name <= message_types()[code].max_sensitivity


@pytest.mark.parametrize(
    ("code", "pointer", "expected"),
    [
        ("IDN", "/persons/0/care", "S3"),
        ("VRQ", "/persons/0/fingerprints", "S4"),
        ("VRQ", "/persons/0/declaration", "S3"),
        ("VRQ", "/content/reply_by", "S1"),
        ("VRS", "/persons/0/registered_identity/names/0/full", "S2"),
        ("VRS", "/persons/0/checked_by", "S1"),
        ("TRQ", "/persons/0/not_to_contact/0/name", "S4"),
        ("TRQ", "/persons/0/whom/0/name", "S3"),
        ("TRQ", "/persons/0/assess/0", "S1"),
        ("TRS", "/persons/0/risks", "S4"),
        ("TRS", "/persons/0/found/0/names/0", "S3"),
        ("TRS", "/persons/0/done_on", "S1"),
        ("TDQ", "/content/needed_by", "S1"),
        ("TDS", "/persons/0/document/number", "S2"),
    ],
)
def test_class_of_a_member(code: str, pointer: str, expected: str) -> None:
    assert str(class_of(code, pointer)) == expected


@pytest.mark.parametrize("result", sorted(codelist("verification-results").codes))
@pytest.mark.parametrize("member", ["registered_identity", "missing", "other_case"])
def test_result_carries_only_what_belongs_to_it(result: str, member: str) -> None:
    allowed = {
        "registered_identity": {"national", "permanent_resident", "identity_other"},
        "missing": {"more_information"},
        "other_case": {"duplicate_case"},
    }
    whole: dict[str, Any] = {
        "registered_identity": {
            "birth": {"precision": "unknown", "basis": "document", "calendar": "unknown"}
        },
        "missing": "the name of the commune",
        "other_case": "M4QD-71ZR-K8VA",
    }
    kept = {name: value for name, value in whole.items() if result in allowed[name] or name == member}
    document = made("VRS", persons__0__result=result)
    document["persons"][0] |= kept | {"reasons": "none"}

    found = refused(document)

    assert found == ([] if result in allowed[member] else [("form.not_here", f"/persons/0/{member}")])


@pytest.mark.parametrize("result", sorted(codelist("tracing-results").codes))
def test_who_was_found_is_named_when_somebody_was_found(result: str) -> None:
    found = result.startswith("found_") or result == "relatives_found"
    bare = made("TRS", persons__0__result=result, persons__0__found=GONE, persons__0__assessment=GONE)
    named = made("TRS", persons__0__result=result)

    assert (refused(bare) == []) is not found
    assert (refused(named) == []) is (found or result == "in_progress")


@pytest.mark.parametrize("status", sorted(codelist("document-request-outcomes").codes))
def test_paper_goes_with_the_status_of_one_that_exists(status: str) -> None:
    with_paper = made("TDS", persons__0__status=status, persons__0__reasons="none")
    without = made("TDS", persons__0__status=status, persons__0__reasons="none", persons__0__document=GONE)

    assert (refused(with_paper) == []) is (status in {"issued", "collected"})
    assert (refused(without) == []) is (status != "issued")


@pytest.mark.parametrize("paper", sorted(codelist("id-document-types").codes))
def test_paper_is_a_travel_document_of_the_origin_state(paper: str) -> None:
    wanted = {"passport", "emergency_travel_document", "refugee_travel_document", "border_pass"}

    assert (rules(made("TDQ", content__document_wanted=paper)) == []) is (paper in wanted)
    assert (rules(made("TDS", persons__0__document__type=paper)) == []) is (paper in wanted)


def test_return_certificate_is_issued_by_viet_nam_only() -> None:
    document = made("TDQ", "lost-and-expired-passport", content__document_wanted="return_certificate")

    assert rules(document) == []


@pytest.mark.parametrize("expires", ["2027-10-08", "2027-10-09", "2031-01-01"])
def test_paper_that_lasts_to_the_end_of_the_period_is_good(expires: str) -> None:
    assert rules(made("TDS", persons__0__document__expires=expires)) == []


@pytest.mark.parametrize("expires", ["2027-09-17", "2027-10-07"])
def test_paper_that_ends_within_the_period_is_not(expires: str) -> None:
    assert rules(made("TDS", persons__0__document__expires=expires)) == [("date_invalid", "date.period")]


def test_paper_before_any_notice_only_has_to_be_valid() -> None:
    known = facts()
    without = KnownFacts(hosts=known.hosts, types=known.types, cases=known.cases)

    assert rules(made("TDS", persons__0__document__expires="2027-09-17"), without) == []


def test_paper_is_judged_by_the_period_of_its_own_case() -> None:
    known = facts()
    ends = {"E5GZ-Q39K-B2RT": date(2030, 1, 1)}
    other = KnownFacts(hosts=known.hosts, types=known.types, cases=known.cases, period_ends=ends)

    assert rules(made("TDS"), other) == []


def test_paper_cannot_end_before_it_was_issued() -> None:
    document = made(
        "TDS", persons__0__document__issued="2027-09-18", persons__0__document__expires="2027-09-17"
    )

    assert ("date_invalid", "date.order") in rules(document)


@pytest.mark.parametrize("result", sorted(codelist("verification-results").codes))
def test_request_after_a_result_that_ends_the_check_names_it(result: str) -> None:
    document = made("VRQ")
    known = KnownFacts(verifications={document["persons"][0]["case_code"]: result})
    names_it = result in {"not_national", "not_found", "identity_other", "registered_deceased"}

    assert rules(document, known) == ([("form_invalid", "reference.reexamination")] if names_it else [])


def test_same_name_in_both_lists_under_other_numbers_is_not_compared() -> None:
    both = {"relationship": "cousin", "name": "DAO Van Minh"}
    document = made(
        "TRQ", persons__0__whom=[{"ref": "A1", **both}], persons__0__not_to_contact=[{"ref": "A2", **both}]
    )
    document["header"]["sensitivity"] = "S4"

    assert rules(document) == []


def test_every_number_of_both_lists_is_named() -> None:
    person = made("TRQ")["persons"][0]
    person["whom"] = [{"ref": ref, "relationship": "cousin"} for ref in ("A1", "A2", "A3")]
    person["not_to_contact"] = [{"ref": ref, "relationship": "cousin"} for ref in ("A3", "A1")]
    document = made("TRQ", persons__0=person, header__sensitivity="S4")

    found = check_rules(document, context(document), facts())

    assert [fault.pointer for fault in found] == ["/persons/0/whom/0/ref", "/persons/0/whom/2/ref"]


def test_flag_of_an_empty_list_of_threats_is_no_threat() -> None:
    assert rules(made("TRQ", persons__0__flags=["witness"])) == []


@pytest.mark.parametrize("code", ["VRQ", "TRQ"])
def test_recipient_refuses_what_names_a_person_under_a_protection_claim(code: str) -> None:
    document = made(code, persons__0__flags=["protection_claim"], header__sensitivity="S4")

    assert rules(document) == [("safeguard_missing", "safeguard.protection")]


def test_fingerprints_in_an_emergency_do_not_wait_for_the_second_person() -> None:
    document = made("VRQ", "adult-with-fingerprints", header__released_by=GONE)

    assert rules(document)[0] == ("signer_not_authorised", "office.second_person")
    assert rules(changed(document, {"header__urgency": "emergency"})) == []


def test_draft_with_fingerprints_is_not_asked_for_the_second_person_yet() -> None:
    document = made("VRQ", "adult-with-fingerprints", header__released_by=GONE, header__message_id=GONE)

    assert check_rules(document, context(document), facts()) == ()


@pytest.mark.parametrize("code", ["IDN", "VRQ", "TRQ"])
@pytest.mark.parametrize("state", sorted(codelist("consent-states").codes))
def test_only_a_given_or_overridden_consent_lets_it_leave(code: str, state: str) -> None:
    scope = message_types()[code].consents[0]
    entry = {"scope": scope, "state": state, "giver": "person", "on": "2027-09-08"}
    if state == "overridden":
        entry |= {"officer": "P-0011", "reason": "not able to answer"}
    document = made(code, persons__0__consents=[entry], header__released_by="P-0011")

    found = rules(document)

    assert found == ([] if state in {"given", "overridden"} else [("consent_missing", "consent.ended")])


@pytest.mark.parametrize("code", ["IDN", "VRQ", "TRQ"])
@pytest.mark.parametrize("state", ["refused", "withdrawn"])
def test_override_does_not_replace_a_no_of_the_person(code: str, state: str) -> None:
    scope = message_types()[code].consents[0]
    no = {"scope": scope, "state": state, "giver": "person", "on": "2027-09-08"}
    override = {"scope": scope, "state": "overridden", "giver": "not_obtained", "on": "2027-09-10"}
    override |= {"officer": "P-0011", "reason": "needed"}
    document = made(code, persons__0__consents=[no, override], header__released_by="P-0011")

    assert rules(document) == [("consent_missing", "consent.ended")]


@pytest.mark.parametrize("code", ["IDN", "VRQ", "TRQ"])
def test_consent_of_another_type_is_no_consent(code: str) -> None:
    needed = message_types()[code].consents[0]
    others = sorted(set(codelist("consent-scopes").codes) - {needed})
    entries = [{"scope": scope, "state": "given", "giver": "person", "on": "2027-09-08"} for scope in others]

    assert rules(made(code, persons__0__consents=entries)) == [("consent_missing", "consent.scope")]


def test_notice_without_birth_asks_the_child_or_the_person() -> None:
    guardian = {"scope": "notify_origin", "state": "given", "giver": "guardian", "on": "2027-09-08"}
    document = made("IDN", "child-of-a-batch", persons__0__birth=GONE, persons__0__consents=[guardian])

    assert rules(document) == [("consent_missing", "consent.assent")]


def test_notice_of_a_child_may_leave_before_there_is_a_guardian() -> None:
    assert rules(made("IDN", "child-of-a-batch", persons__0__guardian=GONE)) == []


@pytest.mark.parametrize("office", ["VN-MFA-CONS", "VN-MPS-IMM"])
def test_office_with_a_function_of_the_type_may_answer(office: str) -> None:
    assert rules(made("VRS", header__acting_agency=office)) == []


@pytest.mark.parametrize("office", ["KH-MFAIC", "KH-MOSVY"])
def test_embassy_or_ministry_of_the_origin_side_may_issue(office: str) -> None:
    assert rules(made("TDS", header__acting_agency=office)) == []
