# SPDX-License-Identifier: Apache-2.0
"""Rows become documents and back; faults are told by row and column."""

from typing import Any

import pytest
from exchange.errors import Fault
from exchange.messages.notice_sheet import COLUMNS, notice_of
from exchange.messages.sheets import (
    MAX_CELL,
    MAX_ROWS,
    Column,
    Kind,
    SheetRow,
    as_cell,
    count_faults,
    guarded,
    heading_faults,
    read_row,
    repeated,
    unguarded,
    write_row,
)
from hypothesis import given
from hypothesis import strategies as st

SOME = (
    Column("name", ("persons", 0, "names", 0, "full")),
    Column("second", ("persons", 0, "names", 1, "full")),
    Column("child", ("persons", 0, "is_child"), Kind.YES_NO),
    Column("needs", ("persons", 0, "needs"), Kind.LIST),
    Column("born", ("persons", 0, "birth", "value"), Kind.DAY),
    Column("from", ("proposed_from",), Kind.DAY),
)


def row(cells: dict[str, str], *formulas: str) -> SheetRow:
    return SheetRow(7, cells, frozenset(formulas))


def places(faults: Any) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.rule) for fault in faults]


def test_cells_stand_at_the_places_of_their_columns() -> None:
    cells = {
        "name": "SOK Dara",
        "child": "No",
        "needs": "health; legal_aid;",
        "born": "១៩៩៨",
        "from": "2027-10-04",
    }

    document, faults = read_row(row(cells), SOME)

    assert faults == []
    assert document == {
        "proposed_from": "2027-10-04",
        "persons": [
            {
                "names": [{"full": "SOK Dara"}],
                "is_child": False,
                "needs": ["health", "legal_aid"],
                "birth": {"value": "1998"},
            }
        ],
    }


def test_empty_cells_say_nothing_and_none_is_an_empty_list() -> None:
    document, _ = read_row(row({"name": "  ", "needs": "none"}), SOME)

    assert document == {"persons": [{"needs": []}]}


def test_document_is_written_as_it_is_read() -> None:
    cells = {"name": "=SOK", "second": "'x", "child": "yes", "needs": "none", "born": "1998-03", "from": ""}
    document, _ = read_row(row({name: guarded(text) for name, text in cells.items()}), SOME)

    written = dict(zip([column.heading for column in SOME], write_row(document, SOME), strict=True))

    assert written == {name: guarded(text) for name, text in cells.items()}
    assert read_row(row(written), SOME)[0] == document


@pytest.mark.parametrize(
    ("given_row", "found"),
    [
        (row({"name": "x"}, "name"), [("row 7, column name", "sheet.formula")]),
        (row({"child": "perhaps"}), [("row 7, column child", "form.kind")]),
        (row({"name": "x" * (MAX_CELL + 1)}), [("row 7, column name", "form.length")]),
        (
            row({}, "name", "child"),
            [("row 7, column name", "sheet.formula"), ("row 7, column child", "sheet.formula")],
        ),
    ],
    ids=["a formula", "neither yes nor no", "too long", "two formulas"],
)
def test_wrong_cell_is_named(given_row: SheetRow, found: list[tuple[str, str]]) -> None:
    assert places(read_row(given_row, SOME)[1]) == found


def test_faults_quote_no_cell() -> None:
    _, faults = read_row(row({"child": "SOK Dara", "name": "SOK" * 9_000}), SOME)

    assert len(faults) == 2
    assert "SOK" not in repr(faults)


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("/persons/0/names/0/full", "row 7, column name"),
        ("/persons/0/names", "row 7, column name"),
        ("/persons/0/needs/1", "row 7, column needs"),
        ("/content/proposed_from", "row 7, column from"),
        ("/proposed_from", "row 7, column from"),
        ("/persons/0/guardian", "row 7, /persons/0/guardian"),
        ("/header/urgency", "row 7, /header/urgency"),
        ("", "row 7"),
    ],
)
def test_fault_of_a_document_is_told_at_the_column_it_came_from(pointer: str, place: str) -> None:
    fault = Fault("form_invalid", pointer, "form.required", "a value", "none")

    assert as_cell(fault, 7, SOME).pointer == place


def test_unknown_and_repeated_headings_are_named_by_their_column() -> None:
    faults = list(heading_faults(("name", "nmae", "name", ""), SOME))

    assert places(faults) == [
        ("row 1, column 2", "sheet.heading"),
        ("row 1, column 3", "sheet.twice"),
        ("row 1, column 4", "sheet.heading"),
    ]
    assert faults[0].hint == 'did you mean "name"?'


def test_repeated_values_are_found_in_any_spelling_and_empty_ones_are_not() -> None:
    rows = [SheetRow(at, {"number": text}) for at, text in enumerate(("N1", "", "n១", "", "N2"), start=2)]

    assert [(fault.pointer, fault.found) for fault in repeated(rows, "number")] == [
        ("row 4, column number", "that of row 2")
    ]


@pytest.mark.parametrize(("rows", "faults"), [(0, 1), (1, 0), (MAX_ROWS, 0), (MAX_ROWS + 1, 1)])
def test_number_of_rows_is_bounded(rows: int, faults: int) -> None:
    assert len(list(count_faults([row({})] * rows))) == faults


@given(st.text(max_size=20))
def test_guarded_text_begins_no_formula_and_comes_back(text: str) -> None:
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", ["'a", "O'Brien", "''", "'"])
def test_apostrophe_of_a_person_who_typed_it_stays(text: str) -> None:
    assert unguarded(guarded(text)) == text


def test_consents_of_a_notice_stand_by_giver_and_day() -> None:
    cells = {"consent giver": "guardian", "consent on": "2027-09-08", "child assent on": "2027-09-09"}

    document, _ = notice_of(row(cells))

    assert document["persons"] == [
        {
            "consents": [
                {"scope": "return", "state": "given", "giver": "guardian", "on": "2027-09-08"},
                {"scope": "return", "state": "given", "giver": "child_assent", "on": "2027-09-09"},
            ]
        }
    ]


def test_consent_is_never_made_up() -> None:
    document, _ = notice_of(row({"name": "SOK Dara", "return mode": "voluntary"}))

    assert "consents" not in document["persons"][0]  # type: ignore[index, operator]


def test_headings_of_a_notice_differ() -> None:
    assert len({column.heading for column in COLUMNS}) == len(COLUMNS)
