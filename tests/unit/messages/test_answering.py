# SPDX-License-Identifier: Apache-2.0
"""A decision answers each person of a notice; nobody is accepted by silence."""

from typing import Any

import pytest
from exchange.errors import InputError
from exchange.ids import AgencyCode, CaseCode, MessageId, OfficerNumber
from exchange.messages.answering import PersonDecision, answer, same_for_all
from exchange.messages.filling import Sources
from exchange.messages.validation import KnownFacts, check_form, check_rules
from tests.support.documents import example, sources
from tests.support.examples import context

KH, TH = AgencyCode("KH-MOSVY-DAHT"), AgencyCode("TH-MSDHS-DATIP")
ACCEPTED = PersonDecision("accepted", valid_until="2027-12-17", reception="KH-PP-CENTRE")
REFUSED = PersonDecision(
    "refused", refusal_reason="identity_mismatch", reasons="another person is registered"
)
DEFERRED = PersonDecision("deferred", new_date="2027-09-24")
MOTHER, INFANT = CaseCode("P5HJ-2CYK-6GSM"), CaseCode("3FWN-8RTA-Q0ZV")


def family() -> Any:
    return example("rpn", "family-of-two-with-infant")


def ours(**changes: Any) -> Sources:
    given: dict[str, Any] = {"sender": KH, "partner": TH, "office": KH, "officer": OfficerNumber("K-0001")}
    return sources(**(given | changes))


def known(notice: Any) -> KnownFacts:
    id = notice["header"]["message_id"]
    return KnownFacts(
        hosts=dict.fromkeys(notice["header"]["case_codes"], TH),
        children=frozenset({INFANT}),
        types={id: "RPN"},
        cases={id: notice["header"]["case_codes"]},
    )


def faults(document: Any, facts: KnownFacts) -> list[str]:
    act = context({"header": {"sender": KH, "recipient": TH}})
    found = check_form(document, draft=True) or check_rules(document, act, facts)
    return [fault.rule for fault in found]


def test_answer_has_one_line_for_each_person_in_the_order_of_the_notice() -> None:
    notice = family()
    child = PersonDecision(
        "accepted_with_conditions",
        conditions=("escort_required",),
        valid_until="2027-12-17",
        reception="KH-PP-CENTRE",
        child_receiver={"kind": "agency", "agency": "KH-PP-CENTRE"},
    )

    document: Any = answer(notice, {INFANT: child, MOTHER: ACCEPTED}, sources=ours()).document

    assert [line["case_code"] for line in document["persons"]] == [MOTHER, INFANT]
    assert document["header"]["case_codes"] == [MOTHER, INFANT]
    assert document["header"]["in_reply_to"] == notice["header"]["message_id"]
    assert faults(document, known(notice)) == []


@pytest.mark.parametrize("decision", [REFUSED, DEFERRED])
def test_same_decision_for_all(decision: PersonDecision) -> None:
    notice = family()

    document = answer(notice, same_for_all(notice, decision), sources=ours()).document

    assert faults(document, known(notice)) == []


def test_accepted_child_without_a_receiver_is_told() -> None:
    notice = family()

    document = answer(notice, same_for_all(notice, ACCEPTED), sources=ours()).document

    assert faults(document, known(notice)) == ["safeguard.receiver"]


@pytest.mark.parametrize(
    "decisions",
    [{}, {MOTHER: ACCEPTED}, {MOTHER: ACCEPTED, INFANT: ACCEPTED, CaseCode("7KQ2-M9XD-4TBE"): ACCEPTED}],
)
def test_person_left_out_or_too_many_is_refused(decisions: dict[CaseCode, PersonDecision]) -> None:
    with pytest.raises(InputError) as caught:
        answer(family(), decisions, sources=ours())

    assert caught.value.faults[0].rule == "count.decided"


def test_later_decision_carries_only_the_persons_it_changes() -> None:
    earlier = MessageId("0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b65")

    document: Any = answer(family(), {MOTHER: REFUSED}, sources=ours(), revises=earlier).document

    assert document["content"] == {"revises": earlier}
    assert [line["case_code"] for line in document["persons"]] == [MOTHER]


@pytest.mark.parametrize(
    ("decision", "pointer"),
    [
        (PersonDecision("accepted", reception="KH-PP-CENTRE"), "/persons/0/valid_until"),
        (PersonDecision("accepted", valid_until="2027-12-17"), "/persons/0/reception"),
        (PersonDecision("refused", refusal_reason="other"), "/persons/0/reasons"),
        (PersonDecision("refused", reasons="no record"), "/persons/0/refusal_reason"),
        (PersonDecision("deferred"), "/persons/0/new_date"),
    ],
)
def test_incomplete_decision_is_a_fault_and_not_completed(decision: PersonDecision, pointer: str) -> None:
    notice = family()

    document = answer(notice, same_for_all(notice, decision), sources=ours()).document

    assert pointer in {fault.pointer for fault in check_form(document, draft=True)}
