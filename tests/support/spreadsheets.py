# SPDX-License-Identifier: Apache-2.0
"""Spreadsheets for tests: well-made ones, and the archives an attacker would send in their place."""

import io
import struct
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl


def workbook(rows: Sequence[Sequence[Any]], *, sheets: int = 1) -> bytes:
    """Return a file as a spreadsheet program writes it; a text that begins with `=` is a formula."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    for number in range(1, sheets):
        book.create_sheet(f"more {number}").append(["other", "sheet"])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def table(headings: Sequence[str], rows: Sequence[dict[str, Any]]) -> bytes:
    """Return a file with a row for each group of values by heading."""
    return workbook([headings, *([row.get(heading) for heading in headings] for row in rows)])


def changed(raw: bytes, change: Callable[[str, bytes], bytes | None], **more: bytes) -> bytes:
    """Return an archive with every member as `change` gives it (None: left out), and more members."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(raw)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in source.infolist():
            content = change(member.filename, source.read(member))
            if content is not None:
                new.writestr(member.filename, content)
        for name, content in more.items():
            new.writestr(name, content)
    return target.getvalue()


def with_member(raw: bytes, name: str, content: bytes) -> bytes:
    """Return an archive with one member more, or another content of it."""
    kept = changed(raw, lambda each, old: None if each == name else old)
    return changed(kept, lambda _, old: old, **{name: content})


def with_false_size(raw: bytes, name: str, size: int) -> bytes:
    """Return an archive whose directory declares another size for a member than it unpacks to."""
    data = bytearray(raw)
    for signature, size_at, name_at in ((b"PK\x01\x02", 24, 46), (b"PK\x03\x04", 22, 30)):
        at = 0
        while (at := data.find(signature, at)) >= 0:
            if data[at + name_at : at + name_at + len(name)] == name.encode():
                data[at + size_at : at + size_at + 4] = struct.pack("<I", size)
            at += 4
    return bytes(data)
