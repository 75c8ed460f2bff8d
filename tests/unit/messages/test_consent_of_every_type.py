# SPDX-License-Identifier: Apache-2.0
"""Every type that needs a consent asks for its own scopes: given, by the right person, and not ended.

Types without a person block (RFN, FUP) rest on what earlier messages brought; the case judges them
(`tests/unit/cases/test_case_consents.py`).
"""

import copy
import json
from typing import Any

import pytest
from exchange.messages.catalog import message_types
from exchange.messages.codelists import schema_root
from exchange.messages.validation import check_rules
from tests.support.examples import context, facts

CARRIED = ("IDN", "VRQ", "TRQ", "RPN")


def examples(code: str) -> list[dict[str, Any]]:
    folder = schema_root() / "examples" / code.lower() / "valid"
    documents = [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))]
    return [one for one in documents if states(one) == {"given"}]


def states(document: dict[str, Any]) -> set[str]:
    return {entry["state"] for person in document["persons"] for entry in person.get("consents", [])}


def faults(document: dict[str, Any]) -> set[str]:
    return {fault.rule for fault in check_rules(document, context(document), facts())}


def changed(document: dict[str, Any], scope: str, /, **members: Any) -> dict[str, Any]:
    """Return the document with every consent of a scope changed."""
    new = copy.deepcopy(document)
    for person in new["persons"]:
        for consent in person.get("consents", []):
            if consent["scope"] == scope:
                consent.update(members)
    return new


CASES = [(code, scope) for code in CARRIED for scope in message_types()[code].consents]


def test_the_types_that_need_a_consent_are_these() -> None:
    needing = {code for code, row in message_types().items() if row.consents}

    assert needing == {*CARRIED, "RFN", "FUP"}


@pytest.mark.parametrize(("code", "scope"), CASES)
@pytest.mark.parametrize(
    "members",
    [{"state": "refused"}, {"state": "withdrawn"}, {"state": "expired"}, {"valid_until": "2020-01-01"}],
    ids=str,
)
def test_a_consent_that_does_not_hold_stops_the_message(
    code: str, scope: str, members: dict[str, Any]
) -> None:
    for document in examples(code):
        assert faults(document) == set()
        assert "consent.ended" in faults(changed(document, scope, **members))


@pytest.mark.parametrize(("code", "scope"), CASES)
def test_a_consent_to_something_else_is_none(code: str, scope: str) -> None:
    other = "statistics"

    for document in examples(code):
        assert faults(changed(document, scope, scope=other)) & {"consent.scope", "consent.return"}


@pytest.mark.parametrize(("code", "scope"), CASES)
def test_an_adult_agrees_in_person(code: str, scope: str) -> None:
    for document in examples(code):
        if not any(person["is_child"] for person in document["persons"]):
            assert "consent.own" in faults(changed(document, scope, giver="guardian"))


@pytest.mark.parametrize(("code", "scope"), CASES)
def test_a_child_needs_one_who_may_speak_for_it(code: str, scope: str) -> None:
    for document in examples(code):
        if all(person["is_child"] for person in document["persons"]):
            assert "consent.child" in faults(changed(document, scope, giver="child_assent"))
