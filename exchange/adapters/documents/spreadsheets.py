# SPDX-License-Identifier: Apache-2.0
"""Reads and writes spreadsheets (.xlsx) as rows of text; a file from outside is hostile until looked at.

A spreadsheet is a ZIP archive. No archive is unpacked (rule 31), so nothing of it ever becomes a file or a
path, and before any of it is read:

1. the file has at most `MAX_BYTES`;
2. its directory names at most `MAX_MEMBERS` members, each once, none encrypted, none but stored or
   deflated, no program (macros) and no other archive, which together declare at most `MAX_UNPACKED` bytes;
3. each member is read in memory, never beyond what it declared (the ZIP reader stops there and compares the
   checksum), and an XML that brings its own entities or another encoding than UTF-8 is refused.

Then the first sheet is read as text: at most `MAX_ROWS` rows and `MAX_COLUMNS` columns; formulas are seen and
never computed, stored results of them are not taken. Links to other files are not followed.

openpyxl belongs to the extra `[desk]`; without it both calls say how to install it.
"""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any

from exchange.errors import InputError, UsageError
from exchange.messages.sheets import MAX_COLUMNS, MAX_ROWS, Sheet, SheetRow

MAX_BYTES = 5 * 1024 * 1024
"""1,000 rows of 45 columns are about 0.2 MiB."""
MAX_MEMBERS = 200
"""A workbook of a few sheets has about 15."""
MAX_UNPACKED = 32 * 1024 * 1024
"""1,000 full rows are about 3 MiB of XML; openpyxl keeps the shared texts in memory."""
LAST_ROW = 1_048_576
"""The last row that the format knows; what would stand below is not looked for."""
_NEEDED = "xl/workbook.xml"
_NEVER = (".bin", ".zip", ".xlsx", ".xlsm", ".docx", ".7z", ".gz", ".jar", ".exe", ".dll")
_WAYS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1
_ENTITIES = (b"<!DOCTYPE", b"<!ENTITY")
_HINT = "save it again as .xlsx with one sheet of values, without macros"
_ERROR, _FORMULA = "e", "f"
_TEXT = "@"
"""Number format of a cell whose text stays as it is typed."""
_MIN_WIDTH = 10
"""Letters of the narrowest column: a day has ten."""
_MAX_TITLE = 31
"""Letters that the format allows in the name of a sheet."""


def read_spreadsheet(raw: bytes) -> Sheet:
    """Return the first sheet of a file.

    Raises:
        UsageError: openpyxl is not installed.
        InputError: not such a file, or one that is not let in.
    """
    load = _openpyxl().load_workbook
    _look_through(raw)
    try:
        book = load(io.BytesIO(raw), read_only=True, data_only=False, keep_links=False)
        try:
            return _sheet(book.worksheets[0]) if book.worksheets else Sheet((), ())
        finally:
            book.close()
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, OSError, SyntaxError) as error:
        raise InputError("the spreadsheet cannot be read", hint=_HINT) from error
    except (zipfile.BadZipFile, EOFError, RecursionError) as error:
        raise InputError("the spreadsheet is damaged", hint=_HINT) from error


def write_spreadsheet(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str,
    beside: Mapping[str, Iterable[Sequence[str]]] = MappingProxyType({}),
) -> bytes:
    """Return a file, every cell of which is text; `beside` are further sheets, which are not read back.

    Empty cells below the headings are text as well: what is typed there stays as it was typed, so that no
    spreadsheet program takes the month of a day for the day.
    """
    book = _openpyxl().Workbook(write_only=True)
    for name, lines in {title: (headings, *rows), **beside}.items():
        sheet = book.create_sheet(name[:_MAX_TITLE])
        _format_columns(sheet, headings)
        for row in lines:
            sheet.append([_text_cell(sheet, text) for text in row])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _format_columns(sheet: Any, headings: Sequence[str]) -> None:
    from openpyxl.utils import get_column_letter

    for at, heading in enumerate(headings, start=1):
        column = sheet.column_dimensions[get_column_letter(at)]
        column.number_format, column.width = _TEXT, max(len(heading), _MIN_WIDTH) + 2


def _openpyxl() -> Any:
    try:
        import openpyxl
    except ImportError as error:
        raise UsageError(
            "spreadsheets need the package openpyxl, which is not installed",
            hint='run in the folder of the source: pip install ".[desk]"',
        ) from error
    return openpyxl


def _text_cell(sheet: Any, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type, cell.number_format = "s", _TEXT
    return cell


def _look_through(raw: bytes) -> None:
    """Check the directory of an archive and every XML in it (2, 3)."""
    if len(raw) > MAX_BYTES:
        raise InputError(
            f"the spreadsheet has more than {MAX_BYTES} bytes", hint="split it into several files"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = archive.infolist()
            _check_directory(members)
            for member in members:
                if member.filename.endswith((".xml", ".rels", ".vml")):
                    _check_xml(archive.read(member))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as error:
        raise InputError("the file is not a spreadsheet (.xlsx), or it is damaged", hint=_HINT) from error


def _check_directory(members: Sequence[zipfile.ZipInfo]) -> None:
    names = [member.filename for member in members]
    if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED:
        raise InputError(
            f"the spreadsheet unpacks to more than {MAX_UNPACKED} bytes or {MAX_MEMBERS} parts", hint=_HINT
        )
    if any(member.flag_bits & _ENCRYPTED or member.compress_type not in _WAYS for member in members):
        raise InputError("the spreadsheet is encrypted or packed in an unusual way", hint=_HINT)
    if any(name.lower().endswith(_NEVER) for name in names):
        raise InputError("the spreadsheet holds a program or another file", hint=_HINT)
    if _NEEDED not in names or len(set(names)) != len(names):
        raise InputError("the file is not a spreadsheet (.xlsx)", hint=_HINT)


def _check_xml(raw: bytes) -> None:
    if b"\0" in raw or any(word in raw for word in _ENTITIES):
        raise InputError("the spreadsheet holds XML with entities or in another encoding", hint=_HINT)


def _sheet(source: Any) -> Sheet:
    rows = enumerate(source.iter_rows(max_row=LAST_ROW, max_col=MAX_COLUMNS + 1), start=1)
    _, first = next(rows, (1, ()))
    headings = _headings(first)
    found = []
    for number, cells in rows:
        row = _row(number, headings, cells)
        if not (row.formulas or any(row.cells.values())):
            continue
        if number > MAX_ROWS + 1:
            raise InputError(
                f"the spreadsheet has more than {MAX_ROWS} rows below the headings",
                hint="split it into several files",
            )
        found.append(row)
    return Sheet(headings, tuple(found))


def _headings(cells: Iterable[Any]) -> tuple[str, ...]:
    texts = [_text(cell.value).strip() for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    if len(texts) > MAX_COLUMNS:
        raise InputError(f"the spreadsheet has more than {MAX_COLUMNS} columns")
    return tuple(texts)


def _row(number: int, headings: Sequence[str], cells: Iterable[Any]) -> SheetRow:
    pairs = list(zip(headings, cells, strict=False))
    formulas = frozenset(heading for heading, cell in pairs if cell.data_type in (_FORMULA, _ERROR))
    texts = {heading: _text(cell.value) for heading, cell in pairs if heading not in formulas}
    return SheetRow(number, texts, formulas)


def _text(value: Any) -> str:
    """Return a value as people write it; a spreadsheet knows days only with a time."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.date().isoformat() if value.time() == time() else value.isoformat()
        case date():
            return value.isoformat()
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
        case _:
            return str(value)
