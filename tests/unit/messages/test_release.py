# SPDX-License-Identifier: Apache-2.0
"""Five header members are filled at release; the approved digest stays the same."""

import json
from typing import Any

import pytest
from exchange.errors import InputError
from exchange.ids import AgencyCode, LinkId, MessageId, OfficerNumber, sha256
from exchange.messages.document import Document, digest
from exchange.messages.filling import fill, release_digest, released
from exchange.messages.validation import KnownFacts, check_form, check_rules
from tests.support.documents import changed, small_notice, sources
from tests.support.examples import context


def draft() -> Any:
    return fill(small_notice(), sources()).document


def message(document: Document, **changes: Any) -> Any:
    given: dict[str, Any] = {
        "message_id": MessageId("0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60"),
        "sender": AgencyCode("KH-MOSVY-DAHT"),
        "recipient": AgencyCode("VN-MPS-IMM"),
        "link": LinkId("s3F0c-Zb1mT8qWn5xYdE2g"),
        "agreement": 3,
    }
    return released(document, **(given | changes))


def test_released_draft_is_a_message_without_fault() -> None:
    document = message(draft(), officer=OfficerNumber("P-0007"), released_by=OfficerNumber("P-0011"))

    assert check_form(document) == ()
    assert check_rules(document, context(document), KnownFacts()) == ()
    assert document["header"]["agreement"] == 3
    assert document["header"]["released_by"] == "P-0011"


def test_draft_itself_is_not_changed() -> None:
    document = draft()
    before = release_digest(document), list(document["header"])

    message(document)

    assert (release_digest(document), list(document["header"])) == before


def test_digest_of_draft_and_message_are_equal() -> None:
    document = draft()

    assert release_digest(message(document, released_by=OfficerNumber("P-0011"))) == release_digest(document)


@pytest.mark.parametrize("text", ["Sok", "សុខ", 'say "a\\b"', "a\n\x01\x7f", "\u2028 \U0001f64f", "é"])
def test_digest_is_that_of_sorted_ascii_json(text: str) -> None:
    document: Document = {"persons": [], "header": {"z": text, "a": 2**53 - 1, text: True}, "content": {}}

    plain = json.dumps(document, sort_keys=True, separators=(",", ":")).encode("ascii")

    assert digest(document) == sha256(plain)


def test_digest_does_not_depend_on_the_order_of_members() -> None:
    document = draft()
    turned = {name: document[name] for name in reversed(document)}
    turned["header"] = {name: document["header"][name] for name in reversed(document["header"])}

    assert release_digest(turned) == release_digest(document)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("persons__0__sex", "M"),
        ("content__proposed_to", "2027-10-09"),
        ("header__officer", "P-0008"),
        ("header__urgency", "priority"),
        ("header__remark", "x"),
    ],
)
def test_any_other_change_changes_the_digest(path: str, value: str) -> None:
    assert release_digest(changed(draft(), {path: value})) != release_digest(draft())


@pytest.mark.parametrize(
    "changes",
    [{"officer": OfficerNumber("P-0008")}],
)
def test_another_officer_than_the_draft_names_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        message(draft(), **changes)

    assert caught.value.faults[0].pointer == "/header/officer"


@pytest.mark.parametrize("name", ["message_id", "sender", "recipient", "link"])
def test_value_that_contradicts_the_release_is_refused(name: str) -> None:
    document = changed(draft(), {f"header__{name}": "another"})

    with pytest.raises(InputError, match=name):
        message(document)


def test_releasing_the_same_message_again_gives_the_same_document() -> None:
    once = message(draft())

    assert message(once) == once
