# SPDX-License-Identifier: Apache-2.0
"""Class S4 and the salts of the parts never stand on paper; what was left out is counted."""

import json
from typing import Any

import pytest
from exchange.messages.on_paper import on_paper
from tests.support.papers import example, examples

CHILD = "rpn/child-with-guardian-and-best-interests"


def said(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False)


def test_the_best_interests_decision_of_a_child_is_left_out() -> None:
    found = on_paper(example(CHILD))

    assert '"best_interests":' not in said(found.document)
    assert found.left_out == 1


def test_a_flag_of_class_s4_is_left_out_and_the_others_stay() -> None:
    document = example("rpn/adult-with-passport")
    document["persons"][0]["flags"] = ["witness", "pregnant", "threat_from_official"]

    found = on_paper(document)

    kept = found.document["persons"][0]["flags"]  # type: ignore[index, call-overload]
    assert kept == ["witness"]
    assert found.left_out == 2


def test_what_the_officer_at_the_gate_must_do_stays() -> None:
    document = example("rpn/adult-with-passport")
    document["persons"][0]["flags"] = ["keep_apart"]

    assert on_paper(document).left_out == 0


FAMILY = "trq/child-with-a-threat-in-the-family"


def test_a_list_that_lost_all_its_entries_is_told_apart_from_an_empty_one() -> None:
    """On paper "none" would say that everybody may learn of it."""
    threatened, empty = on_paper(example(FAMILY)), on_paper(example("trq/adult-looks-for-her-mother"))

    assert threatened.document["persons"][0]["not_to_contact"] == []  # type: ignore[index, call-overload]
    assert threatened.cut == {"/persons/0/not_to_contact": 2, "/persons/0/flags": 1}
    assert "/persons/0/not_to_contact" not in empty.cut


def test_a_correction_that_is_left_out_is_told_without_its_place() -> None:
    found = on_paper(example(CORRECTION), changed="RPN")

    assert found.cut == {"/persons/0/changes": 1}


def test_an_attachment_of_class_s4_is_not_named() -> None:
    document = example("rpn/adult-with-photograph")
    document["header"]["attachments"][0]["class"] = "S4"

    found = on_paper(document)

    assert found.document["header"]["attachments"] == []  # type: ignore[index, call-overload]
    assert found.left_out == 1


@pytest.mark.parametrize("name", examples())
def test_the_header_of_every_type_stays_and_no_salt_does(name: str) -> None:
    document = example(name)
    salted = {**document, "header": {**document["header"], "salt": "A" * 43}}
    salted["persons"] = [{**person, "salt": "B" * 43} for person in document["persons"]]

    found = on_paper(salted).document

    assert "salt" not in said(found)
    assert found["header"]["type"] == document["header"]["type"]  # type: ignore[index, call-overload]


def test_a_member_of_a_newer_form_stays() -> None:
    document = example("rpn/adult-with-passport")
    document["content"]["of_tomorrow"] = "kept"

    assert "of_tomorrow" in said(on_paper(document).document)


def test_a_type_without_a_form_gives_nothing_but_its_header() -> None:
    found = on_paper({"header": {"type": "XXX"}, "content": {"name": "SOK"}, "persons": []})

    assert found.document == {"header": {"type": "XXX"}}


def test_the_document_itself_is_not_changed() -> None:
    document = example(CHILD)
    before = said(document)

    on_paper(document)

    assert said(document) == before


CORRECTION, AMENDMENT = "cor/flag-that-does-not-hold", "amd/name-of-a-person-spelled-again"


def amended(*changes: dict[str, Any]) -> dict[str, Any]:
    document = example(AMENDMENT)
    document["persons"][0]["changes"] = list(changes)
    return document


def test_a_corrected_flag_of_class_s4_leaves_no_trace() -> None:
    found = on_paper(example(CORRECTION), changed="RPN")

    assert "threat_from_family" not in said(found.document)
    assert "the person said so" not in said(found.document)
    assert found.left_out == 1


@pytest.mark.parametrize(
    "change",
    [
        {"pointer": "/flags", "old": ["witness"], "new": ["witness", "threat_from_official"]},
        {"pointer": "/flags/0", "new": "threat_from_official"},
        {"pointer": "/flags/0", "old": "threat_from_official"},
        {"pointer": "/best_interests", "new": {"decision": "return_to_care"}},
        {"pointer": "/best_interests/summary", "old": "hidden", "new": "hidden, too"},
        {"pointer": "/fingerprints", "new": "hidden"},
        {"pointer": "/of_tomorrow", "new": "hidden"},
        {"pointer": "/outcome", "old": "confirmed", "new": "not_confirmed"},
        {"pointer": "", "new": "hidden"},
        {"new": "hidden"},
    ],
)
@pytest.mark.parametrize("changed", ["", "RPN"])
def test_a_change_of_class_s4_or_of_no_known_place_is_left_out(change: dict[str, Any], changed: str) -> None:
    kept = {"pointer": "/names/0/full", "old": "TEST Mai", "new": "TEST My"}

    found = on_paper(amended(change, kept), changed=changed)

    assert found.document["persons"][0]["changes"] == [kept]  # type: ignore[index, call-overload]
    assert found.left_out == 1


def test_a_change_of_a_flag_that_may_be_printed_stays() -> None:
    change = {"pointer": "/flags", "old": ["witness"], "new": ["witness", "keep_apart"]}

    found = on_paper(amended(change), changed="RPN")

    assert found.document["persons"][0]["changes"] == [change]  # type: ignore[index, call-overload]
    assert found.left_out == 0


def test_what_is_changed_in_another_type_has_the_form_of_that_type() -> None:
    change = {"pointer": "/outcome", "old": "confirmed", "new": "not_confirmed"}

    assert on_paper(amended(change), changed="RPD").left_out == 0
    assert on_paper(amended({"pointer": "/assessment", "new": "hidden"}), changed="TRS").left_out == 1
