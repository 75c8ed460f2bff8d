# SPDX-License-Identifier: Apache-2.0
"""A small handover message becomes a whole draft; what happened and who decided is never added."""

from copy import deepcopy
from typing import Any

import pytest
from exchange.messages.filling import Filled, fill
from exchange.messages.validation import check_form
from tests.support.documents import example, sources

MOTHER, CHILD = "P5HJ-2CYK-6GSM", "3FWN-8RTA-Q0ZV"
PARTIES = ("message_id", "sender", "recipient", "link", "agreement")


def draft_of(kind: str, name: str) -> dict[str, Any]:
    document = example(kind, name)
    for member in PARTIES:
        del document["header"][member]
    return document


def added(filled: Filled) -> dict[str, Any]:
    return {entry.pointer: entry.value for entry in filled.added}


def small_proposal() -> dict[str, Any]:
    content = draft_of("hpr", "two-persons-by-bus")["content"]
    for name in ("group_size", "escorts", "photography", "checkpoint"):
        del content[name]
    return {"type": "handover-proposal", **content}


def test_proposal_gets_a_new_movement_code_and_the_size_of_its_list() -> None:
    filled = fill(small_proposal(), sources())
    header: Any = filled.document["header"]

    assert check_form(filled.document, draft=True) == ()
    assert header["movement_code"] == "0123-4567-89AB"
    assert header["case_codes"] == [MOTHER, CHILD]
    assert filled.document["content"]["group_size"] == 2  # type: ignore[index, call-overload]
    assert added(filled)["/content/photography"] is False
    assert added(filled)["/content/checkpoint"] == "KH-VN-BAVET"


def test_given_movement_code_and_size_are_kept() -> None:
    small = small_proposal() | {"movement_code": "K4WD-9XQT-2BMH", "group_size": 9, "photography": True}

    document: Any = fill(small, sources()).document

    assert document["header"]["movement_code"] == "K4WD-9XQT-2BMH"
    assert (document["content"]["group_size"], document["content"]["photography"]) == (9, True)


@pytest.mark.parametrize(
    "member", ["window_from", "window_to", "go_no_go_at", "stop_officers", "transport", "record_form"]
)
def test_arrangements_are_never_added(member: str) -> None:
    small = small_proposal()
    del small[member]

    faults = check_form(fill(small, sources()).document, draft=True)

    assert [fault.pointer for fault in faults] == [f"/content/{member}"]


def test_cases_may_be_named_in_the_header_only() -> None:
    small = small_proposal()
    small["case_codes"] = small.pop("case_list")

    document: Any = fill(small, sources()).document

    assert document["content"]["case_list"] == [MOTHER, CHILD]


@pytest.mark.parametrize(("kind", "name", "member"), [
    ("hrp", "confirmed", "confirms"), ("hrc", "countersignature-agreed", "countersigns"),
])  # fmt: skip
def test_answer_names_in_its_header_what_it_names_in_its_content(kind: str, name: str, member: str) -> None:
    whole = draft_of(kind, name)
    del whole["header"]["in_reply_to"]

    document: Any = fill(whole, sources()).document

    assert document["header"]["in_reply_to"] == document["content"][member]["id"]
    assert check_form(document, draft=True) == ()


def test_response_is_never_added() -> None:
    whole = draft_of("hrp", "confirmed")
    del whole["content"]["response"]

    faults = check_form(fill(whole, sources()).document, draft=True)

    assert [fault.pointer for fault in faults] == ["/content/response"]


def test_totals_are_counted_from_the_lines() -> None:
    whole = draft_of("hrc", "first-record-with-an-added-person")
    del whole["content"]["totals"]

    filled = fill(whole, sources())

    assert added(filled) == {"/content/totals": {"added": 1, "handed_over": 2}}


def test_contradicting_totals_are_kept_for_the_rules() -> None:
    whole = draft_of("hrc", "first-record-two-handed-over")
    whole["content"]["totals"] = {"handed_over": 7}

    assert fill(whole, sources()).document == whole


@pytest.mark.parametrize(
    "member", ["outcome", "condition", "custody", "identity_check", "is_child", "names", "guardian"]
)
def test_what_people_saw_at_the_crossing_is_never_added(member: str) -> None:
    whole = draft_of("hrc", "first-record-two-handed-over")
    del whole["persons"][1][member]

    document: Any = fill(whole, sources()).document

    assert member not in document["persons"][1]


def test_empty_lists_of_a_line_are_added() -> None:
    whole = draft_of("hrc", "first-record-two-handed-over")
    for name in ("documents", "flags", "links", "belongings", "papers"):
        del whole["persons"][0][name]

    document: Any = fill(whole, sources()).document

    assert document["persons"][0]["papers"] == document["persons"][0]["belongings"] == []
    assert check_form(document, draft=True) == ()


def test_countersignature_is_not_agreed_by_the_program() -> None:
    whole = draft_of("hrc", "countersignature-agreed")
    del whole["content"]["agreed"]

    document: Any = fill(whole, sources()).document

    assert "agreed" not in document["content"]
    assert "totals" not in document["content"]


def test_departure_without_flags_gets_empty_ones_and_no_child() -> None:
    whole = draft_of("hdp", "three-persons")
    for name in ("flags", "links", "languages", "is_child"):
        del whole["persons"][2][name]
    del whole["content"]["papers_with_escort"]

    filled = fill(whole, sources())

    assert sorted(added(filled)) == [
        "/content/papers_with_escort",
        "/persons/2/flags",
        "/persons/2/languages",
        "/persons/2/links",
    ]
    assert [fault.pointer for fault in check_form(filled.document, draft=True)] == ["/persons/2/is_child"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [("fup", "second-report-stable"), ("clo", "reintegrated")],
)
def test_message_about_one_person_may_be_written_flat(kind: str, name: str) -> None:
    whole = draft_of(kind, name)
    flat = {"type": kind.upper(), **whole["persons"][0], "case_codes": whole["header"]["case_codes"]}
    flat["event_at"] = whole["header"].get("event_at")
    flat = {member: value for member, value in flat.items() if value is not None}
    del flat["case_code"]

    document: Any = fill(deepcopy(flat), sources()).document

    assert document["persons"] == whole["persons"]
    assert check_form(document, draft=True) == ()


def test_consents_of_a_referral_are_never_added() -> None:
    whole = draft_of("rfn", "mother-and-child")
    del whole["persons"][0]["consents"]

    document: Any = fill(whole, sources()).document

    assert "consents" not in document["persons"][0]
