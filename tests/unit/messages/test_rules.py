# SPDX-License-Identifier: Apache-2.0
"""Catalogue rules: what the examples do not show, and the order of the steps (message-fields section 11)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from exchange.ids import AgencyCode
from exchange.messages.catalog import message_types
from exchange.messages.codelists import codelist
from exchange.messages.validation import KnownFacts, check_form, check_rules
from exchange.messages.wording import SENTENCES
from hypothesis import given
from hypothesis import strategies as st
from tests.support.documents import GONE, child_notice, decision, example, notice
from tests.support.examples import WORLD, context, facts, files, load

CASE = "7KQ2-M9XD-4TBE"


def rules(document: dict[str, Any], known: KnownFacts | None = None, **act: Any) -> list[tuple[str, str]]:
    """Return code and rule of every fault; the document must be of good form."""
    assert check_form(document) == ()
    found = check_rules(document, context(document, **act), facts() if known is None else known)
    assert all(fault.rule in SENTENCES for fault in found)
    return [(fault.code, fault.rule) for fault in found]


def test_steps_are_in_the_agreed_order() -> None:
    """One fault for each step of a notice, all in one document."""
    document = example("rpn", "adult-with-photograph")
    document["header"] |= {"acting_agency": "KH-GDI", "purpose": "handover", "sensitivity": "S2"}
    document["header"]["attachments"][0]["number"] = 2
    document["content"] |= {
        "persons_count": 3,
        "proposed_to": "2027-10-01",
        "proposed_checkpoint": "KH-TH-POIPET",
    }
    person = document["persons"][0]
    person |= {"flags": ["separated_child"], "consents": []}
    person["place_of_origin"] = {"country": "VN", "units": ["Tay Ninh", "Ben Cau"]}

    codes = [code for code, _ in rules(document, types_allowed={})]

    expected = [
        "type_not_agreed",
        "signer_not_authorised",
        "form_invalid",
        "date_invalid",
        "count_invalid",
        "attachment_mismatch",
        "over_disclosure",
        "form_invalid",
        "purpose_missing",
        "safeguard_missing",
        "consent_missing",
    ]
    assert list(dict.fromkeys(codes)) == list(dict.fromkeys(expected))
    assert [codes.index(code) for code in expected if code != "form_invalid"] == sorted(
        codes.index(code) for code in expected if code != "form_invalid"
    )


def test_catalogue_rules_of_the_list_are_the_steps() -> None:
    assert codelist("ack-rejections").notes["catalogue_rules"] == [
        "type agreed",
        "direction and office",
        "references",
        "dates",
        "counts",
        "attachments",
        "disclosure",
        "purpose",
        "safeguards",
    ]


@pytest.mark.parametrize("allowed", [{}, {"RPN": []}, {"RPN": ["VN-MPS-IMM"]}, {"RPD": ["KH-MOSVY-DAHT"]}])
def test_type_must_be_agreed_for_the_sender(allowed: Mapping[str, list[str]]) -> None:
    assert rules(notice(), types_allowed=allowed) == [("type_not_agreed", "type.agreed")]


def test_office_must_exist_on_the_day_of_numbering() -> None:
    known = facts()
    document = decision(header__acting_agency="VN-MOLISA")

    assert rules(document, known)[0] == ("signer_not_authorised", "office.ended")


@pytest.mark.parametrize("functions", [(), ("audit",), ("border_handover", "reception")])
def test_officer_needs_a_function_of_the_type_where_it_can_be_seen(functions: tuple[str, ...]) -> None:
    assert rules(notice(), officer_functions=functions) == [("signer_not_authorised", "office.officer")]


@pytest.mark.parametrize("functions", [None, ("central_authority",), ("audit", "central_authority")])
def test_officer_with_the_function_may_send(functions: tuple[str, ...] | None) -> None:
    assert rules(notice(), officer_functions=functions) == []


def test_draft_of_a_child_is_not_asked_for_the_second_person_yet() -> None:
    document = child_notice(header__released_by=GONE, header__message_id=GONE)

    found = check_rules(document, context(document), facts())

    assert found == ()


def test_embassy_with_the_function_may_act_for_the_contact_point() -> None:
    assert rules(decision(header__acting_agency="VN-MFA-CONS")) == []


def test_new_case_makes_the_sender_its_host() -> None:
    assert rules(notice(), KnownFacts()) == []


def test_case_of_the_other_side_cannot_be_announced() -> None:
    known = KnownFacts(hosts={CASE: AgencyCode("VN-MPS-IMM")})

    assert rules(notice(), known) == [("signer_not_authorised", "office.side")]


@pytest.mark.parametrize(
    ("checkpoint", "act", "rule"),
    [
        ("KH-VN-BAVET", {"checkpoints": None}, None),
        ("KH-VN-OYADAV", {"checkpoints": None}, None),
        ("KH-VN-OYADAV", {}, "reference.crossing_agreed"),
        ("KH-TH-POIPET", {"checkpoints": None}, "reference.crossing"),
        ("KH-LA-TRAPEANGKRIEL", {"checkpoints": None}, "reference.crossing"),
        ("KH-AIR-KTI", {"checkpoints": None}, "reference.crossing"),
    ],
)
def test_crossing_connects_host_and_origin(checkpoint: str, act: dict[str, Any], rule: str | None) -> None:
    found = rules(notice(content__proposed_checkpoint=checkpoint), **act)

    assert found == ([("form_invalid", rule)] if rule else [])


def test_airport_of_the_origin_side_can_be_proposed() -> None:
    assert rules(child_notice(content__proposed_checkpoint="KH-AIR-KTI")) == []


def test_notice_proposes_no_crossing_with_a_third_state() -> None:
    """A decision of a third state is on a movement, and there is none yet."""
    document = child_notice(content__proposed_checkpoint="KH-VN-BAVET")

    assert rules(document) == [("form_invalid", "reference.crossing")]


def test_other_crossing_with_a_name_can_be_proposed() -> None:
    document = notice(content__proposed_checkpoint="OTHER", content__checkpoint_name="Da Nang airport")

    assert rules(document) == []


def test_date_of_tomorrow_is_no_future_because_it_may_have_begun_in_the_east() -> None:
    assert rules(notice(persons__0__documents__0__issued="2027-09-18")) == []
    assert rules(notice(persons__0__documents__0__issued="2027-09-19")) == [("date_invalid", "date.future")]


def test_what_was_decided_lies_before_the_end_of_the_period_whatever_the_clock_says() -> None:
    assert rules(notice(persons__0__consents__0__on="2027-10-08")) == []
    assert rules(notice(persons__0__consents__0__on="2027-10-09")) == [("date_invalid", "date.future")]


def test_day_of_numbering_counts_in_utc() -> None:
    document = notice(persons__0__documents__0__expires="2027-09-17")
    late = context(document).numbered_at + timedelta(hours=21)

    assert rules(document) == []
    assert rules(document, numbered_at=late) == [("date_invalid", "date.expired")]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("persons__0__documents__0__issued", "2027-10-01"),
        ("persons__0__guardian__from", "2027-11-01"),
        ("persons__0__best_interests__on", "2027-11-01"),
        (
            "persons__0__identification__other_side",
            {"status": "presumed", "body": "police", "on": "2570-01-01"},
        ),
        ("persons__0__place_of_origin", {"country": "KH", "units": ["Kampot"], "valid_on": "2570-01-01"}),
        ("persons__0__consents__0__valid_until", "2027-02-30"),
        ("header__official_reference", {"number": "12", "on": "2570-01-01"}),
        ("header__entered_at", "2030-01-01T00:00Z"),
    ],
)
def test_every_date_of_a_notice_is_read(path: str, value: Any) -> None:
    document = child_notice(**{"persons__0__documents": [{"type": "birth_certificate"}], path: value})

    assert rules(document)[0][0] == "date_invalid"


def test_second_person_with_the_same_case_is_counted_once() -> None:
    document = notice()
    document["persons"] *= 2
    document["content"]["persons_count"] = 2
    document["header"]["case_codes"] *= 2

    assert rules(document) == [("count_invalid", "count.twice")]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"media_type": "text/plain"}, "attachment.inline"),
        ({"part": 2}, "attachment.part"),
        ({"blob": "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg"}, "attachment.carried"),
        ({"class": "S4"}, "attachment.readers"),
        ({"type": "guardian_order", "class": "S3"}, "attachment.missing"),
        ({"case_code": "3FWN-8RTA-Q0ZV"}, "attachment.case"),
    ],
)
def test_attachment_list_is_complete_in_itself(changes: dict[str, Any], rule: str) -> None:
    document = example("rpn", "adult-with-photograph")
    document["header"]["attachments"][0] |= changes
    document["header"]["sensitivity"] = "S4"

    assert ("attachment_mismatch", rule) in rules(document)


def test_blob_with_its_key_carries_an_attachment() -> None:
    document = example("rpn", "adult-with-photograph")
    entry = document["header"]["attachments"][0]
    del entry["part"]
    entry |= {"size": 9_000_000, "blob": entry["hash"], "blob_key": entry["hash"]}

    assert rules(document) == []


def test_six_attachments_do_not_fit_into_the_body() -> None:
    document = example("rpn", "adult-with-photograph")
    first = document["header"]["attachments"][0]
    document["header"]["attachments"] = [{**first, "number": n, "part": 2 + n} for n in range(1, 7)]

    assert rules(document) == [("attachment_mismatch", "attachment.inline")]


@pytest.mark.parametrize("kind", ["medical_record", "identification_interview"])
def test_type_that_is_not_exchanged_is_over_disclosure(kind: str) -> None:
    document = example("rpn", "adult-with-photograph")
    entry = document["header"]["attachments"][0]
    document["header"]["attachments"].append({**entry, "number": 2, "part": 4, "type": kind, "class": "S4"})
    document["header"]["attachments"][1]["readers"] = ["P-0007"]
    document["header"]["sensitivity"] = "S4"

    assert rules(document) == [("over_disclosure", "attachment.forbidden")]


def test_overstated_class_is_allowed() -> None:
    assert rules(notice(header__sensitivity="S4")) == []


@pytest.mark.parametrize("flag", ["pregnant", "threat_from_official", "self_harm_risk"])
def test_restricted_flag_makes_the_notice_restricted(flag: str) -> None:
    assert rules(notice(persons__0__flags=[flag])) == [("form_invalid", "sensitivity.low")]
    assert rules(notice(persons__0__flags=[flag], header__sensitivity="S4")) == []


@pytest.mark.parametrize("decided", ["return_later", "no_return_now", "needs_more_tracing"])
def test_best_interests_decision_must_support_a_return_now(decided: str) -> None:
    document = child_notice(persons__0__best_interests__decision=decided)

    assert rules(document) == [("safeguard_missing", "safeguard.decision")]


def test_unknown_age_of_a_person_called_adult_is_left_to_people() -> None:
    birth = {"precision": "unknown", "basis": "official_estimate", "calendar": "unknown"}

    assert rules(notice(persons__0__birth=birth)) == []


def test_decision_of_a_third_agency_is_refused() -> None:
    known = replace(facts(), hosts={CASE: AgencyCode("TH-MSDHS-DATIP")})

    assert rules(decision(), known) == [("signer_not_authorised", "office.side")]


def test_decision_on_a_notice_nobody_knows_names_the_reference_first() -> None:
    assert rules(decision(), KnownFacts())[0] == ("reference_unknown", "reference.message")


def test_deferral_may_be_ended_by_a_refusal() -> None:
    assert rules(load_rpd("revoked-acceptance")) == []


def load_rpd(name: str) -> dict[str, Any]:
    return example("rpd", name)


def test_document_that_no_model_reads_is_a_fault_and_no_exception() -> None:
    document = notice(content__persons_count=1.0)

    found = check_rules(document, context(document), facts())

    assert [(fault.code, fault.rule) for fault in found] == [("form_invalid", "form.model")]


def test_document_without_form_is_a_fault_and_no_exception() -> None:
    document = notice()
    found = check_rules({"header": {"type": "ACK"}}, context(document), facts())

    assert [fault.code for fault in found] == ["version_unsupported"]


@given(st.sampled_from(files("valid")), st.sampled_from(files("valid")), st.integers(0, 40))
def test_members_taken_from_another_example_never_break_the_checks(one: Any, other: Any, pick: int) -> None:
    document, donor = load(one), load(other)
    names = [(part, name) for part in ("header", "content") for name in donor[part] if name != "type"]
    if document["persons"] and donor["persons"]:
        names += [("persons", name) for name in donor["persons"][0]]
    part, name = names[pick % len(names)]
    if part == "persons":
        document["persons"][0][name] = donor["persons"][0][name]
    else:
        document[part][name] = donor[part][name]

    if not check_form(document):
        codes = {fault.code for fault in check_rules(document, context(document), facts())}
        assert codes <= set(codelist("ack-rejections").codes)


def test_world_of_the_examples_names_known_types() -> None:
    assert {message["type"] for message in WORLD["messages"]} <= set(message_types())
