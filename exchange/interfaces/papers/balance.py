# SPDX-License-Identifier: Apache-2.0
"""A statement on paper: the balance of each direction, roots, totals of persons, open numbers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC

from exchange.i18n import label, marked
from exchange.interfaces.papers.members import facts_of
from exchange.interfaces.papers.said import agency_name
from exchange.interfaces.papers.sheet import Sheet, code, shown
from exchange.messages.document import Document, JsonValue, content_of, object_at, objects_at, text_at
from exchange.messages.form_titles import TitledNode, titled_form
from exchange.service.papers import Opened

_PERIOD = ("period_from", "period_to")
"""Days and months of a statement are those of UTC, and their titles say so."""
_TABLES = ("heads", "balance", "roots", "open_items")
_COUNTED = "counted"
_CUT = marked("Entries and messages counted until")
"""Persons are counted for the period alone."""
_TOTALS = ("person_totals", _COUNTED)


def balance(sheet: Sheet, opened: Opened) -> Iterator[str]:
    """Yield a statement: nobody is named in it."""
    main = opened.main
    form, content = titled_form(main.row.type).members["content"], content_of(main.document)
    cut = sheet.row(sheet.words(_CUT), sheet.moment(main.row.created_at))
    in_utc = replace(sheet, around=replace(sheet.around, zone=UTC))
    yield sheet.facts([*facts_of(in_utc, form, content, _PERIOD), cut])
    for name in _TABLES:
        groups = objects_at(content, name)
        if groups:
            yield _table(sheet, form.members[name], name, groups)
    for name in _TOTALS:
        yield from _totals(sheet, form.members[name], name, object_at(content, name))


def _table(sheet: Sheet, node: TitledNode, name: str, groups: list[Document]) -> str:
    """Return a table with a column for each group and a row for each of its members."""
    line = node.items or node
    titles = sheet.beside(sheet.title(node, name), "h2")
    names = [each for each in line.members if any(each in group for group in groups)]
    rows = [
        [sheet.stacked(sheet.title(line.members[each], each)), *(_cell(group.get(each)) for group in groups)]
        for each in names
        if each not in {"sender", "log"}
    ]
    heads = [("",) * len(sheet.languages), *(_whose(sheet, group) for group in groups)]
    width = 66 // max(len(groups), 1)
    return titles + sheet.table(heads, rows, (34, *(width for _ in groups)))


def _whose(sheet: Sheet, group: Document) -> list[str]:
    agency = text_at(group, "sender") or text_at(group, "log")
    return [agency_name(agency, language) for language in sheet.languages]


def _cell(value: object) -> str:
    return code(value) if isinstance(value, str) else shown("" if value is None else str(value))


def _totals(sheet: Sheet, node: TitledNode, name: str, group: Document) -> Iterator[str]:
    if not group:
        return
    yield sheet.beside(sheet.title(node, name), "h2")
    plain = {each: value for each, value in group.items() if not isinstance(value, dict)}
    if name == _COUNTED:
        yield sheet.facts([_counted(sheet, kind, value) for kind, value in plain.items()])
        return
    yield sheet.facts(list(facts_of(sheet, node, plain)))
    for each, below in node.members.items():
        numbers = object_at(group, each)
        if numbers:
            yield f"<h3>{sheet.stacked(sheet.title(below, each))}</h3>"
            yield sheet.facts(list(facts_of(sheet, below, numbers)))


def _counted(sheet: Sheet, kind: str, value: JsonValue) -> str:
    """Return a row with a kind of difference in words."""
    names = tuple(label("discrepancy-types", kind, language) for language in sheet.languages)
    return sheet.row(names, (str(value),) * len(names))
