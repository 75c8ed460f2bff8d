# SPDX-License-Identifier: Apache-2.0
"""Changes are applied where their pointers say, all or none, and only if the old value still stands."""

from copy import deepcopy
from typing import Any

import pytest
from exchange.ids import AgencyCode, MessageId
from exchange.messages.amending import Moved, apply_amendment, persons_moved, same_value, standing_document
from exchange.messages.context import KnownFacts
from hypothesis import given
from hypothesis import strategies as st

ID = MessageId("0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60")
FIRST, SECOND, THIRD = "7KQ2-M9XD-4TBE", "3FWN-8RTA-Q0ZV", "P5HJ-2CYK-6GSM"


def message() -> dict[str, Any]:
    return {
        "header": {"type": "RPN", "case_codes": [FIRST, SECOND]},
        "content": {"count": 2, "flag": True, "list": ["a", "b"], "a/b": {"~": 1}},
        "persons": [{"case_code": FIRST, "names": [{"full": "A"}]}, {"case_code": SECOND}],
    }


def amendment(*changes: dict[str, Any], of: dict[str, list[dict[str, Any]]] | None = None) -> dict[str, Any]:
    lines = [{"case_code": case, "changes": items} for case, items in (of or {}).items()]
    return {
        "header": {"type": "AMD"},
        "content": {"target": ID, "changes": list(changes)},
        "persons": lines,
    }


def content_after(*changes: dict[str, Any]) -> Any:
    edited = apply_amendment(message(), amendment(*changes))
    return edited.document["content"] if edited.document else edited


def test_value_is_replaced() -> None:
    assert content_after({"pointer": "/count", "old": 2, "new": 3})["count"] == 3


def test_message_that_is_changed_stays_as_it_was() -> None:
    before = message()

    apply_amendment(before, amendment({"pointer": "/list/0", "old": "a", "new": "c"}))

    assert before == message()


def test_member_without_old_is_added_and_without_new_taken_out() -> None:
    content = content_after({"pointer": "/more", "new": {"x": 1}}, {"pointer": "/flag", "old": True})

    assert content["more"] == {"x": 1}
    assert "flag" not in content


def test_entry_is_added_at_the_end_of_a_list_and_taken_out_anywhere() -> None:
    content = content_after({"pointer": "/list/2", "new": "c"}, {"pointer": "/list/0", "old": "a"})

    assert content["list"] == ["b", "c"]


def test_pointer_may_name_members_with_a_slash_or_a_tilde() -> None:
    assert content_after({"pointer": "/a~1b/~0", "old": 1, "new": 2})["a/b"] == {"~": 2}


def test_changes_follow_each_other() -> None:
    content = content_after(
        {"pointer": "/count", "old": 2, "new": 3}, {"pointer": "/count", "old": 3, "new": 4}
    )

    assert content["count"] == 4


def test_change_of_a_person_begins_at_its_part() -> None:
    edited = apply_amendment(
        message(), amendment(of={SECOND: [{"pointer": "/sex", "new": "F"}], FIRST: [
            {"pointer": "/names/0/full", "old": "A", "new": "B"}]})
    )  # fmt: skip

    assert edited.document is not None
    assert edited.document["persons"] == [
        {"case_code": FIRST, "names": [{"full": "B"}]},
        {"case_code": SECOND, "sex": "F"},
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"pointer": "/absent", "old": 1, "new": 2},
        {"pointer": "/absent/deeper", "new": 2},
        {"pointer": "/count/deeper", "new": 2},
        {"pointer": "/list/5", "new": "x"},
        {"pointer": "/list/-", "new": "x"},
        {"pointer": "/list/00", "old": "a", "new": "x"},
        {"pointer": "/list/+1", "old": "b", "new": "x"},
        {"pointer": "/list/9/x", "new": "x"},
        {"pointer": "/list/x", "new": "x"},
    ],
)
def test_pointer_to_nothing_is_told_and_nothing_is_changed(change: dict[str, Any]) -> None:
    edited = apply_amendment(message(), amendment({"pointer": "/count", "old": 2, "new": 3}, change))

    assert edited.document is None
    assert edited.points_at_nothing
    assert edited.pointer == "/content/changes/1"


@pytest.mark.parametrize(
    "change",
    [
        {"pointer": "/count", "old": 3, "new": 4},
        {"pointer": "/count", "old": True, "new": 4},
        {"pointer": "/count", "old": "2", "new": 4},
        {"pointer": "/flag", "old": 1, "new": 2},
        {"pointer": "/count", "new": 4},
        {"pointer": "/list", "old": ["b", "a"], "new": []},
        {"pointer": "/list/0", "new": "x"},
    ],
)
def test_old_value_must_be_the_one_that_stands(change: dict[str, Any]) -> None:
    edited = apply_amendment(message(), amendment(change))

    assert edited.document is None
    assert not edited.points_at_nothing


def test_person_that_is_not_in_the_message_has_no_place() -> None:
    edited = apply_amendment(message(), amendment(of={THIRD: [{"pointer": "/sex", "new": "F"}]}))

    assert (edited.pointer, edited.points_at_nothing) == ("/persons/0/changes/0", True)


def test_list_of_a_movement_says_who_is_added_and_who_is_taken_off() -> None:
    change = {"pointer": "/case_list", "old": [FIRST, SECOND], "new": [SECOND, THIRD]}

    assert persons_moved(amendment(change)) == Moved((THIRD,), (FIRST,))
    assert persons_moved(amendment({"pointer": "/count", "old": 2, "new": 3})) == Moved((), ())


def test_header_follows_the_list_of_the_movement() -> None:
    appointment = message()
    appointment["content"]["case_list"] = [FIRST, SECOND]
    change = {"pointer": "/case_list", "old": [FIRST, SECOND], "new": [FIRST]}

    edited = apply_amendment(appointment, amendment(change))

    assert edited.document is not None
    assert edited.document["header"] == {"type": "RPN", "case_codes": [FIRST]}


def known(*later: dict[str, Any]) -> KnownFacts:
    documents = {f"later {number}": document for number, document in enumerate(later)}
    return KnownFacts(documents={ID: message(), **documents}, authors={ID: AgencyCode("KH-MOSVY-DAHT")})


def test_standing_message_has_all_amendments_in_their_order() -> None:
    facts = known(
        amendment({"pointer": "/count", "old": 2, "new": 3}),
        amendment({"pointer": "/count", "old": 2, "new": 9}),
        amendment({"pointer": "/count", "old": 3, "new": 4}),
    )

    standing = standing_document(ID, facts)

    assert standing is not None
    assert standing["content"]["count"] == 4  # type: ignore[index, call-overload]


def test_counter_proposal_changes_what_stands() -> None:
    facts = known(
        {"header": {"type": "HRP", "in_reply_to": ID}, "content": {"changes": {"count": 7}}, "persons": []}
    )

    standing = standing_document(ID, facts)

    assert standing is not None
    assert standing["content"]["count"] == 7  # type: ignore[index, call-overload]


def test_message_that_is_not_known_does_not_stand() -> None:
    assert standing_document(ID, KnownFacts()) is None


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers(0, 3) | st.text("ab/~0", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~0", max_size=2), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(VALUES, st.text("/ab~01", max_size=8), VALUES, VALUES)
def test_any_change_is_made_or_told(content: Any, pointer: str, old: Any, new: Any) -> None:
    document = {"header": {}, "content": {"a": content}, "persons": []}
    before = deepcopy(document)

    edited = apply_amendment(document, amendment({"pointer": "/" + pointer, "old": old, "new": new}))

    assert document == before
    assert edited.document is not None or edited.pointer == "/content/changes/0"


@given(VALUES, VALUES)
def test_change_made_back_gives_what_was(old: Any, new: Any) -> None:
    document = {"header": {}, "content": {"a": old}, "persons": []}
    there = apply_amendment(document, amendment({"pointer": "/a", "old": old, "new": new})).document
    assert there is not None

    back = apply_amendment(there, amendment({"pointer": "/a", "old": new, "new": old})).document

    assert back is not None
    assert same_value(back, document)
