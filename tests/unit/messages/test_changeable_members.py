# SPDX-License-Identifier: Apache-2.0
"""Fields that can be changed, and changes that can be made one after the other in the order they are kept."""

from typing import Any

import pytest
from exchange.messages.amending import apply_amendment
from exchange.messages.catalog import FORMS
from exchange.messages.changing import (
    Edit,
    Member,
    edits_in,
    field_at,
    fits,
    members_of,
    value_at,
    with_edit,
    without,
    written,
)
from exchange.messages.questions import Field, fields_of_part, fields_of_person_block
from hypothesis import given
from hypothesis import strategies as st
from tests.support.examples import files, load

CASE = "7KQ2-M9XD-4TBE"
PERSON: dict[str, Any] = {
    "case_code": CASE,
    "names": [{"full": "TEST Mai", "script": "Latn", "kind": "official"}, {"full": "TEST My"}],
    "sex": "F",
    "birth": {"value": "2003", "precision": "year"},
    "documents": [{"type": "passport", "number": "C1"}, {"type": "passport", "number": "C2"}],
    "flags": [],
    "photograph": 1,
}
FIELDS = fields_of_part("RPN", "persons")


def places(*, may_add: bool, fields: tuple[Field, ...] = FIELDS) -> dict[str, Member]:
    return {one.pointer: one for one in members_of(fields, PERSON, may_add=may_add)}


def test_each_member_of_a_group_and_each_entry_of_a_list_has_a_place() -> None:
    found = places(may_add=True)

    assert {"/names/0/full", "/names/1", "/names/2", "/birth/value", "/documents/1/number"} <= set(found)
    assert [(title.text, title.entry) for title in found["/names/1/full"].titles] == [
        ("Names", 2),
        ("Full form", 0),
    ]


def test_case_codes_and_numbers_of_files_have_no_place_in_an_amendment() -> None:
    assert not {"/case_code", "/photograph"} & set(places(may_add=True))


def test_a_correction_offers_only_what_is_said_and_can_take_out_a_photograph() -> None:
    found = places(may_add=False, fields=fields_of_person_block())

    assert all(member.value is not None for member in found.values())
    assert "/names/2" not in found
    assert (found["/photograph"].only_out, found["/photograph"].may_go) == (True, True)


@pytest.mark.parametrize(
    ("place", "may_go"),
    [
        ("/names/0/full", False),
        ("/names/0", True),
        ("/birth/value", True),
        ("/sex", False),
        ("/names/2", False),
    ],
)
def test_what_must_stay_cannot_be_taken_out(place: str, may_go: bool) -> None:
    assert places(may_add=True)[place].may_go is may_go


@pytest.mark.parametrize("type_code", sorted(FORMS))
def test_every_value_that_an_example_says_of_a_person_has_a_place_or_is_filled(type_code: str) -> None:
    """A place is found for each leaf of each example, but for what the program fills by itself."""
    for path in files("valid"):
        document = load(path)
        if document["header"]["type"] != type_code:
            continue
        for part in ("persons", "content"):
            for one in document["persons"] if part == "persons" else [document["content"]]:
                fields = fields_of_part(type_code, part)
                for member in members_of(fields, one, may_add=True):
                    assert value_at(one, member.pointer) == member.value, (path.name, member.pointer)
                    known = field_at(fields, member.pointer)
                    assert known is not None
                    assert known.titles == member.titles


@pytest.mark.parametrize(
    "place", ["/nothing", "/names/0/nothing", "", "/sex/x", "names", "/names/x/full", "/0"]
)
def test_a_place_that_no_form_has_is_none(place: str) -> None:
    assert field_at(FIELDS, place) is None


def applied(edits: tuple[Edit, ...]) -> dict[str, Any] | None:
    document = {"header": {}, "content": {}, "persons": [PERSON]}
    line = {"case_code": CASE, "changes": written(edits, "AMD")}
    amendment = {"header": {}, "content": {"changes": []}, "persons": [line]}
    edited = apply_amendment(document, amendment).document  # type: ignore[arg-type]
    return edited["persons"][0] if edited else None  # type: ignore[index,call-overload,return-value]


def test_changes_are_kept_in_an_order_in_which_they_can_be_made() -> None:
    edits: tuple[Edit, ...] = ()
    for edit in (
        Edit("/documents/0", PERSON["documents"][0], None),
        Edit("/names/2", None, {"full": "TEST Third"}),
        Edit("/documents/1", PERSON["documents"][1], None),
        Edit("/names/0", PERSON["names"][0], None),
        Edit("/names/1/full", "TEST My", "TEST Mi"),
    ):
        edits = with_edit(edits, edit)

    person = applied(edits)

    assert person is not None
    assert [name["full"] for name in person["names"]] == ["TEST Mi", "TEST Third"]
    assert person["documents"] == []


@given(st.lists(st.integers(0, 200), max_size=12))
def test_whatever_is_chosen_in_whatever_order_can_be_made(turns: list[int]) -> None:
    edits: tuple[Edit, ...] = ()
    for turn in turns:
        found = members_of(FIELDS, PERSON, edits=edits, may_add=True)
        member = found[turn % len(found)]
        after = None if member.only_out or (turn % 2 and member.may_go) else f"TEST {turn}"
        edits = with_edit(edits, Edit(member.pointer, member.value, after))
        if turn % 5 == 0 and edits:
            edits = without(edits, edits[turn % len(edits)].pointer)

    assert applied(edits) is not None
    assert all(fits(edit, PERSON) for edit in edits)


def test_a_change_of_a_whole_takes_the_place_of_changes_in_it() -> None:
    edits = with_edit((), Edit("/names/1/full", "TEST My", "TEST Mi"))

    edits = with_edit(edits, Edit("/names/1", PERSON["names"][1], None))

    assert [edit.pointer for edit in edits] == ["/names/1"]


def test_a_change_back_to_what_stands_there_is_none() -> None:
    edits = with_edit((), Edit("/sex", "F", "M"))

    assert with_edit(edits, Edit("/sex", "F", "F")) == ()


@pytest.mark.parametrize(
    ("edit", "is_so"),
    [
        (Edit("/sex", "F", "M"), True),
        (Edit("/sex", "M", "F"), False),
        (Edit("/names/2", None, {}), True),
        (Edit("/names/1", None, {}), False),
        (Edit("/documents/5/number", "C1", "C2"), False),
        (Edit("/photograph", True, None), False),
    ],
)
def test_a_change_fits_if_what_it_says_stands_there(edit: Edit, is_so: bool) -> None:
    assert fits(edit, PERSON) is is_so


@pytest.mark.parametrize("type_code", ["AMD", "COR"])
def test_what_is_written_is_read_again(type_code: str) -> None:
    basis = "Seen" if type_code == "COR" else ""
    edits = (Edit("/sex", "F", "M", basis), Edit("/names/0", PERSON["names"][0], None, basis))

    assert edits_in({"changes": written(edits, type_code)}) == edits
