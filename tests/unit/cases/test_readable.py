# SPDX-License-Identifier: Apache-2.0
"""What of a document somebody may read: value by value, with a reason for what is not shown."""

from typing import Any

import pytest
from exchange.cases.permissions import Role
from exchange.cases.readable import Readable, Reading, Why, Withheld, readable, readable_line
from exchange.messages.form_tree import Sensitivity
from tests.support.documents import child_notice

CASE, S4 = "3FWN-8RTA-Q0ZV", Sensitivity.S4
OFFICER = Reading((Role.OFFICER,), "P-0001")


def child(**person: Any) -> dict[str, Any]:
    document = child_notice()
    document["persons"][0] |= {"salt": "s" * 43, **person}
    return document


def pointers(found: Readable) -> list[str]:
    return [one.pointer for one in found.withheld]


def test_an_officer_reads_a_child_without_the_best_interests_paper() -> None:
    found = readable(child(), OFFICER)

    person: Any = found.document["persons"][0]  # type: ignore[index]
    assert person["names"]
    assert "best_interests" not in person
    assert found.withheld == (Withheld("/persons/0/best_interests", S4, Why.NAMED_READERS),)


@pytest.mark.parametrize(
    "reading",
    [Reading((Role.OFFICER,), named=frozenset({CASE})), Reading((Role.RELEASER,), author=True)],
    ids=["named for the case", "wrote the message"],
)
def test_a_named_reader_and_the_author_read_everything(reading: Reading) -> None:
    document = child()

    assert readable(document, reading) == Readable(document, ())


def test_a_reader_of_another_case_is_no_reader_of_this_one() -> None:
    assert pointers(readable(child(), Reading((Role.OFFICER,), named=frozenset({"7KQ2-M9XD-4TBE"}))))


def test_of_flags_only_those_of_class_s4_are_withheld() -> None:
    found = readable(child(flags=["child", "threat_from_family", "needs_interpreter"]), OFFICER)

    person: Any = found.document["persons"][0]  # type: ignore[index]
    assert person["flags"] == ["child", "needs_interpreter"]
    assert "/persons/0/flags/1" in pointers(found)


def test_an_unknown_flag_counts_as_s4() -> None:
    assert "/persons/0/flags/0" in pointers(readable(child(flags=["new_flag"]), OFFICER))


def test_an_empty_list_is_shown_because_it_says_that_there_is_none() -> None:
    person: Any = readable(child(flags=[]), OFFICER).document["persons"][0]  # type: ignore[index]

    assert person["flags"] == []


def test_the_salt_goes_with_what_is_withheld() -> None:
    """A salt would let somebody test guesses against the commitment."""
    masked: Any = readable(child(), OFFICER).document["persons"][0]  # type: ignore[index]
    bare = child()
    del bare["persons"][0]["best_interests"]
    whole: Any = readable(bare, OFFICER).document["persons"][0]  # type: ignore[index]

    assert ("salt" in masked, "salt" in whole) == (False, True)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.KEY_OFFICER, Role.ADMINISTRATOR])
def test_who_reads_no_content_gets_no_value_of_a_person(role: Role) -> None:
    found = readable(child(), Reading((role,), "P-0005", named=frozenset({CASE})))

    text = str(found.document)
    assert all(word not in text for word in ("SOK", "2016", "guardian", "grandmother", "psychosocial"))
    assert {one.why for one in found.withheld} == {Why.ROLE}


def test_without_a_role_nothing_is_left() -> None:
    assert readable(child(), Reading(())).document == {"persons": []}


def test_an_attachment_of_class_s4_is_shown_to_those_whom_it_names() -> None:
    document = child()
    entry = {"id": "a1", "class": "S4", "readers": ["P-0002"]}
    document["header"]["attachments"] = [entry]

    named: Any = readable(document, Reading((Role.OFFICER,), "P-0002")).document
    other = readable(document, OFFICER)

    assert named["header"]["attachments"] == [entry]
    assert "/header/attachments/0" in pointers(other)


@pytest.mark.parametrize("stated", ["S5", "", None])
def test_an_attachment_that_states_no_class_counts_as_s4(stated: str | None) -> None:
    document = child()
    document["header"]["attachments"] = [{"id": "a1", "class": stated}]

    assert "/header/attachments/0" in pointers(readable(document, OFFICER))


def test_a_person_of_another_desk_is_left_out_as_a_whole() -> None:
    found = readable(child(), Reading((Role.OFFICER,), elsewhere=frozenset({CASE}), author=True))

    assert found.document["persons"] == []
    assert found.withheld == (Withheld("/persons/0", Sensitivity.S3, Why.OTHER_DESK),)


def test_a_document_without_a_form_counts_as_s4() -> None:
    document: Any = {"header": {"type": "XXX"}, "content": {"a": 1}, "persons": [{"case_code": CASE}]}

    assert pointers(readable(document, OFFICER)) == ["/header", "/content", "/persons/0"]


@pytest.mark.parametrize(
    ("pointer", "shown"),
    [("/birth/value", True), ("/names/0/full", True), ("/best_interests/summary", False), ("/x", False)],
)
def test_a_correction_has_the_class_of_what_it_corrects(pointer: str, shown: bool) -> None:
    change = {"pointer": pointer, "wrong": "a", "right": "b", "basis": "a paper"}

    found = readable_line({"case_code": CASE, "changes": [change]}, "COR", OFFICER, at="/persons/0")

    assert ("changes" in found.document) is shown
