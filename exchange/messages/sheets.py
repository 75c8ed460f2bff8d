# SPDX-License-Identifier: Apache-2.0
"""A spreadsheet as rows of text, and how its columns become members of a document and back.

1. A cell is text. What a spreadsheet program would compute is never read and never written: a formula is a
   fault of its cell; a text that begins like one is written with an apostrophe before it, and read without.
2. A column has a heading, the place of its value in a document, and a kind. Empty cells say nothing.
3. Every fault is told by row and column, as `row 17, column born`; of a value only its kind.

Nothing here opens a file (`adapters/documents`).
"""

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from exchange.errors import Fault
from exchange.messages.as_written import as_day
from exchange.messages.dates import value_span
from exchange.messages.document import Document, JsonValue
from exchange.messages.lookalikes import plain
from exchange.messages.wording import fault, kind_of, similar

MAX_ROWS = 1_000
"""Rows of one sheet: as many persons as one notice may list (list `limits`)."""
MAX_COLUMNS = 60
MAX_CELL = 8_000
"""Characters of a cell; the longest note of a message."""
_ACTIVE = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings that a spreadsheet program may take for a formula or a command."""
_BETWEEN, _NONE = ";", "none"
_TAB = "\t"
_WRITTEN = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", re.ASCII)
_A_DAY = "a day of the Gregorian calendar"
YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


class Kind(Enum):
    """What a cell of a column holds."""

    TEXT = auto()
    DAY = auto()
    """A day, month or year as people write it (`as_written`), or as a document has it."""
    YES_NO = auto()
    LIST = auto()
    """Texts between semicolons; `none` is an empty list."""


@dataclass(frozen=True)
class Column:
    """One column: its heading, and the place of its value."""

    heading: str
    place: tuple[str | int, ...]
    kind: Kind = Kind.TEXT


@dataclass(frozen=True)
class SheetRow:
    """One row below the headings; `number` is the one the spreadsheet program shows."""

    number: int
    cells: dict[str, str]
    formulas: frozenset[str] = field(default_factory=frozenset)
    """Headings of cells that hold a formula or an error; their text is not read."""


@dataclass(frozen=True)
class Sheet:
    """The first sheet of a file."""

    headings: tuple[str, ...]
    rows: tuple[SheetRow, ...]


def pasted(text: str) -> Sheet:
    """Return what was copied from a spreadsheet program: cells between tabulators, headings first.

    Rows are numbered as in the text. What is beyond the columns of the headings is not looked at.
    """
    lines = list(csv.reader(io.StringIO(text), delimiter=_TAB))
    headings = tuple(cell.strip() for cell in lines[0]) if lines else ()
    while headings and not headings[-1]:
        headings = headings[:-1]
    rows = (
        SheetRow(number, dict(zip(headings, cells, strict=False)))
        for number, cells in enumerate(lines[1:], start=2)
        if any(cell.strip() for cell in cells)
    )
    return Sheet(headings, tuple(rows))


def as_pasted(sheet: Sheet) -> str:
    """Return a sheet as text that `pasted` reads; cells with a formula are empty."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=_TAB, lineterminator="\n")
    writer.writerow(sheet.headings)
    for row in sheet.rows:
        writer.writerow([row.cells.get(heading, "") for heading in sheet.headings])
    return text.getvalue()


def guarded(text: str) -> str:
    """Return a text for a cell, so that no spreadsheet program takes it for a formula."""
    return f"'{text}" if text.startswith(_ACTIVE) or text.startswith("'") else text


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given."""
    begins = text[1:].startswith((*_ACTIVE, "'"))
    return text[1:] if text.startswith("'") and begins else text


def place_of(row: int, heading: str) -> str:
    """Return a cell as a fault names it."""
    return f"row {row}, column {heading}"


def heading_faults(headings: Sequence[str], columns: Sequence[Column]) -> Iterator[Fault]:
    """Yield what is wrong with the first row."""
    known = [column.heading for column in columns]
    for at, heading in enumerate(headings, start=1):
        place = f"row 1, column {at}"
        if heading in headings[: at - 1]:
            yield fault("form_invalid", "sheet.twice", place, expected="each heading once", found="a copy")
        elif heading not in known:
            yield fault(
                "form_invalid", "sheet.heading", place,
                expected="a heading of this sheet", found="another text", hint=similar(heading, tuple(known)),
            )  # fmt: skip


def count_faults(rows: Sequence[SheetRow]) -> Iterator[Fault]:
    """Yield a fault if a sheet has no row, or more than are taken in at once."""
    if not 0 < len(rows) <= MAX_ROWS:
        expected, found = f"1 to {MAX_ROWS}", f"{len(rows)} rows"
        yield fault("form_invalid", "sheet.rows", "the sheet", expected=expected, found=found)


def read_row(row: SheetRow, columns: Iterable[Column]) -> tuple[Document, list[Fault]]:
    """Return the document of a row, and what is wrong with its cells."""
    document: Document = {}
    faults = []
    for column in columns:
        place, text = place_of(row.number, column.heading), row.cells.get(column.heading, "").strip()
        if column.heading in row.formulas:
            faults.append(
                fault("form_invalid", "sheet.formula", place, expected="a value", found="a formula or error")
            )
        elif len(text) > MAX_CELL:
            faults.append(
                fault(
                    "form_invalid", "form.length", place,
                    expected=f"at most {MAX_CELL} characters", found=kind_of(text),
                )
            )  # fmt: skip
        elif text:
            found = _value(unguarded(text), column.kind)
            if column.kind is Kind.DAY and _is_impossible(str(found)):
                faults.append(
                    fault("date_invalid", "date.impossible", place, expected=_A_DAY, found="no such day")
                )
            elif found is None:
                faults.append(fault("form_invalid", "form.kind", place, expected="yes or no", found="a text"))
            else:
                _put(document, column.place, found)
    return document, faults


def write_row(document: Document, columns: Sequence[Column]) -> list[str]:
    """Return the cells of a document, in the order of the columns."""
    return [guarded(_text(_get(document, column.place), column.kind)) for column in columns]


def as_cell(found: Fault, row: int, columns: Iterable[Column]) -> Fault:
    """Return a fault of a document as one of its row: at the column that holds what it speaks of."""
    steps = tuple(found.pointer.split("/")[1:])
    flat = steps[1:] if steps[:1] in {("content",), ("header",)} else steps
    best = max(columns, key=lambda column: _common(column.place, flat), default=None)
    place = f"row {row}, {found.pointer}" if steps else f"row {row}"
    if best is not None and _common(best.place, flat) >= min(len(flat), len(best.place)) > 0:
        place = place_of(row, best.heading)
    return Fault(found.code, place, found.rule, found.expected, found.found, found.hint)


def repeated(rows: Iterable[SheetRow], heading: str) -> Iterator[Fault]:
    """Yield a fault for each row whose value of a column stands in an earlier row."""
    seen: dict[str, int] = {}
    for row in rows:
        text = plain(row.cells.get(heading, "")).strip()
        if text and text in seen:
            yield fault(
                "form_invalid", "sheet.repeated", place_of(row.number, heading),
                expected="a value of its own", found=f"that of row {seen[text]}",
            )  # fmt: skip
        elif text:
            seen[text] = row.number


def _is_impossible(text: str) -> bool:
    """Return whether a text is written as a day, month or year, and the calendar has none such."""
    return _WRITTEN.fullmatch(text) is not None and value_span(text) is None


def _value(text: str, kind: Kind) -> JsonValue:
    match kind:
        case Kind.YES_NO:
            return YES_NO.get(plain(text))
        case Kind.LIST:
            return (
                []
                if plain(text) == _NONE
                else [part.strip() for part in text.split(_BETWEEN) if part.strip()]
            )
        case Kind.DAY:
            return as_day(text)
        case _:
            return text


def _text(value: JsonValue, kind: Kind) -> str:
    if value is None:
        return ""
    if kind is Kind.YES_NO:
        return "yes" if value else "no"
    if kind is Kind.LIST and isinstance(value, list):
        return f"{_BETWEEN} ".join(map(str, value)) or _NONE
    return str(value)


def _put(document: Document, place: tuple[str | int, ...], value: JsonValue) -> None:
    """Put a value at its place; lists grow by one group at a time."""
    group: JsonValue = document
    for step, following in zip(place, (*place[1:], None), strict=True):
        last = following is None
        if isinstance(group, dict) and isinstance(step, str):
            empty: JsonValue = [] if isinstance(following, int) else {}
            group = group.setdefault(step, value if last else empty)
        elif isinstance(group, list) and isinstance(step, int):
            while len(group) <= step:
                group.append({})
            group = group[step]


def _get(document: JsonValue, place: Collection[str | int]) -> JsonValue:
    value = document
    for step in place:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _common(place: tuple[str | int, ...], steps: tuple[str, ...]) -> int:
    """Return how many steps the place of a column and a pointer share."""
    count = 0
    for mine, theirs in zip(place, steps, strict=False):
        if str(mine) != theirs:
            break
        count += 1
    return count
