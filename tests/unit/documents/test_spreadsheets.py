# SPDX-License-Identifier: Apache-2.0
"""What is read from a spreadsheet, what is written into one, and what is not let in (rule 31)."""

import io
import sys
import zipfile
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
from exchange.adapters.documents.spreadsheets import (
    MAX_BYTES,
    MAX_MEMBERS,
    MAX_UNPACKED,
    read_spreadsheet,
    write_spreadsheet,
)
from exchange.errors import InputError, UsageError
from exchange.messages.sheets import MAX_COLUMNS, MAX_ROWS
from tests.support.spreadsheets import changed, with_false_size, with_member, workbook

SHEET = "xl/worksheets/sheet1.xml"
GOOD = workbook([["name", "born"], ["SOK Dara", "1998"]])


def cells(*values: Any) -> dict[str, str]:
    """Return what is read of one row of values under the headings a, b, c …"""
    headings = [chr(ord("a") + at) for at in range(len(values))]
    return read_spreadsheet(workbook([headings, list(values)])).rows[0].cells


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("សុខ ដារ៉ា", "សុខ ដារ៉ា"),
        (1998, "1998"),
        (1998.0, "1998"),
        (0.5, "0.5"),
        (True, "yes"),
        (False, "no"),
        (date(1998, 3, 2), "1998-03-02"),
        (
            datetime(1998, 3, 2),  # noqa: DTZ001
            "1998-03-02",
        ),
        (datetime(1998, 3, 2, 10, 30), "1998-03-02T10:30:00"),  # noqa: DTZ001
        ("  kept as it is ", "  kept as it is "),
    ],
)
def test_cell_is_read_as_people_write_it(value: Any, text: str) -> None:
    assert cells("x", value)["b"] == text


def test_rows_carry_the_numbers_the_program_shows_and_empty_ones_are_left_out() -> None:
    sheet = read_spreadsheet(workbook([["name"], ["one"], [None], [""], ["two"]], sheets=3))

    assert sheet.headings == ("name",)
    assert [(row.number, row.cells["name"]) for row in sheet.rows] == [(2, "one"), (5, "two")]


@pytest.mark.parametrize("formula", ["=1+1", '=HYPERLINK("http://x.example","y")', "=CMD|'/c calc'!A0"])
def test_formula_is_seen_and_neither_computed_nor_read(formula: str) -> None:
    (row,) = read_spreadsheet(workbook([["name", "born"], [formula, "1998"]])).rows

    assert row.formulas == {"name"}
    assert row.cells == {"born": "1998"}


def test_stored_result_of_a_formula_is_not_taken() -> None:
    raw = workbook([["name"], ["=A1"]])
    stored = changed(
        raw, lambda name, old: old.replace(b"<v></v>", b"<v>planted</v>").replace(b"<v />", b"<v>planted</v>")
        if name == SHEET else old,
    )  # fmt: skip

    (row,) = read_spreadsheet(stored).rows

    assert (row.formulas, row.cells) == ({"name"}, {})


def test_written_file_is_read_as_it_was_written_and_holds_no_formula() -> None:
    texts = ["plain", "=1+1", "+855 12", "-1", "@cmd", "'quoted", "សុខ", ""]
    headings = [f"c{at}" for at in range(len(texts))]

    raw = write_spreadsheet(headings, [texts], title="x")
    book = openpyxl.load_workbook(io.BytesIO(raw))

    assert {cell.data_type for row in book.active.iter_rows() for cell in row if cell.value} == {"s"}
    assert list(read_spreadsheet(raw).rows[0].cells.values()) == texts


@pytest.mark.parametrize("rows", [MAX_ROWS, MAX_ROWS + 1])
def test_rows_are_bounded(rows: int) -> None:
    raw = workbook([["name"], *([str(number)] for number in range(rows))])

    if rows <= MAX_ROWS:
        assert len(read_spreadsheet(raw).rows) == rows
    else:
        with pytest.raises(InputError, match=f"more than {MAX_ROWS} rows"):
            read_spreadsheet(raw)


def test_a_row_far_below_is_too_many_rows() -> None:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["A100000"] = "name", "hidden"
    target = io.BytesIO()
    book.save(target)

    with pytest.raises(InputError, match=f"more than {MAX_ROWS} rows"):
        read_spreadsheet(target.getvalue())


def test_columns_are_bounded() -> None:
    with pytest.raises(InputError, match="columns"):
        read_spreadsheet(workbook([[f"c{at}" for at in range(MAX_COLUMNS + 1)]]))


def _bomb() -> bytes:
    """Return a workbook whose sheet declares, and holds, more than may be unpacked."""
    return with_member(GOOD, "xl/media/image1.png", b"\0" * (MAX_UNPACKED + 1))


def _entities(name: str, old: bytes) -> bytes:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    return old.replace(b"<worksheet", bomb + b"<worksheet", 1) if name == SHEET else old


def _utf16(name: str, old: bytes) -> bytes:
    text = old.decode().replace("utf-8", "utf-16").replace("UTF-8", "UTF-16")
    return text.encode("utf-16") if name == SHEET else old


def _encrypted() -> bytes:
    raw = bytearray(GOOD)
    for signature, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        start = raw.find(signature)
        raw[start + at] |= 1
    return bytes(raw)


def _twice() -> bytes:
    target = io.BytesIO(GOOD)
    with zipfile.ZipFile(target, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(SHEET, b"<worksheet/>")
    return target.getvalue()


def _packed_with(way: int) -> bytes:
    target = io.BytesIO(GOOD)
    with zipfile.ZipFile(target, "a", way) as archive:
        archive.writestr("xl/more.xml", b"<x/>" * 100)
    return target.getvalue()


NOT_LET_IN: dict[str, Any] = {
    "nothing": b"",
    "a text": b"name,born\nSOK Dara,1998\n",
    "an old spreadsheet": b"\xd0\xcf\x11\xe0" + bytes(600),
    "an archive that is cut off": GOOD[: len(GOOD) // 2],
    "an archive without a workbook": changed(GOOD, lambda name, old: None if "workbook" in name else old),
    "a sheet that is no XML": with_member(GOOD, SHEET, b"<worksheet><sheetData><row"),
    "more bytes than may be read": GOOD + bytes(MAX_BYTES),
    "an archive that unpacks to much": _bomb,
    "many members": lambda: changed(
        GOOD, lambda _, old: old, **{f"x/{n}.xml": b"" for n in range(MAX_MEMBERS)}
    ),
    "entities in XML": changed(GOOD, _entities),
    "XML in another encoding": changed(GOOD, _utf16),
    "a program": with_member(GOOD, "xl/vbaProject.bin", b"macro"),
    "an archive in the archive": with_member(GOOD, "xl/embeddings/book.xlsx", GOOD),
    "an encrypted member": _encrypted,
    "a member that stands there twice": _twice,
    "a member packed in an unusual way": lambda: _packed_with(zipfile.ZIP_BZIP2),
    "a member that is larger than it says": with_false_size(
        with_member(GOOD, SHEET, b"<worksheet>" + b" " * 100_000 + b"</worksheet>"), SHEET, 100
    ),
}


@pytest.mark.parametrize("name", NOT_LET_IN)
def test_what_is_not_let_in(name: str) -> None:
    made = NOT_LET_IN[name]
    raw = made() if callable(made) else made

    with pytest.raises(InputError) as caught:
        read_spreadsheet(raw)

    assert caught.value.exit_code == 3
    assert "SOK" not in str(caught.value)


def test_without_the_package_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)

    for act in (lambda: read_spreadsheet(GOOD), lambda: write_spreadsheet(["a"], [], title="x")):
        with pytest.raises(UsageError) as caught:
            act()
        assert caught.value.hint == 'run in the folder of the source: pip install ".[desk]"'
