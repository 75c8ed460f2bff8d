# SPDX-License-Identifier: Apache-2.0
"""The class of a member stands in the schema; the highest class inside is computed from what is there."""

import pytest
from exchange.messages.codelists import codelist
from exchange.messages.form_tree import lists_in
from exchange.messages.sensitivity import Sensitivity, class_of, flag_class, highest_class
from tests.support.documents import child_notice, decision, example, notice


@pytest.mark.parametrize(
    ("type_code", "pointer", "expected"),
    [
        ("RPN", "/header/sender", "S0"),
        ("RPN", "/header/case_codes/0", "S2"),
        ("RPN", "/header/remark", "S3"),
        ("RPN", "/content/funding", "S1"),
        ("RPN", "/persons/0/names/0/full", "S2"),
        ("RPN", "/persons/3/best_interests/summary", "S4"),
        ("RPN", "/persons/0/consents/1/state", "S3"),
        ("RPN", "/persons/0/tracing_result", "S3"),
        ("RPD", "/persons/0/case_code", "S2"),
        ("RPD", "/persons/0/valid_until", "S1"),
        ("ACK", "/content/heads", "S4"),
    ],
)
def test_class_of_a_member(type_code: str, pointer: str, expected: str) -> None:
    assert str(class_of(type_code, pointer)) == expected


def test_notice_of_an_adult_is_protected() -> None:
    assert highest_class(notice()) is Sensitivity.S3


@pytest.mark.parametrize("least", list(Sensitivity))
def test_highest_class_is_never_below_the_one_that_is_stated(least: Sensitivity) -> None:
    assert highest_class(notice(), least) is max(Sensitivity.S3, least)
    assert highest_class({}, least) is Sensitivity.S4


def test_best_interests_decision_makes_a_notice_restricted() -> None:
    assert highest_class(child_notice()) is Sensitivity.S4


@pytest.mark.parametrize("flag", sorted(codelist("vulnerability-flags").codes))
def test_flag_counts_with_its_own_class(flag: str) -> None:
    assert highest_class(notice(persons__0__flags=[flag])) == max(Sensitivity.S3, flag_class(flag))


def test_unknown_flag_counts_as_restricted() -> None:
    assert highest_class(notice(persons__0__flags=["other"])) is Sensitivity.S4


def test_attachment_counts_with_the_class_it_states() -> None:
    document = example("rpn", "adult-with-photograph")
    document["header"]["attachments"][0]["class"] = "S4"

    assert highest_class(document) is Sensitivity.S4


@pytest.mark.parametrize("stated", ["S5", 4, None, ["S1"]])
def test_attachment_without_a_known_class_counts_as_restricted(stated: object) -> None:
    document = example("rpn", "adult-with-photograph")
    document["header"]["attachments"][0]["class"] = stated

    assert highest_class(document) is Sensitivity.S4


def test_document_without_form_is_restricted() -> None:
    assert highest_class({"header": {"type": "ACK"}}) is Sensitivity.S4
    assert highest_class({}) is Sensitivity.S4


def test_lists_of_a_document_are_those_whose_codes_stand_in_it() -> None:
    lists = lists_in(decision())

    assert "decision-outcomes" in lists
    assert "refusal-reasons" not in lists
    assert lists_in({"header": {"type": "XXX"}}) == frozenset()
