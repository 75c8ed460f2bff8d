# SPDX-License-Identifier: Apache-2.0
"""The cells of a list of persons in the words of a language: what a code is called is taken for the code.

1. A heading or a cell may be English or in the language of the page; both are understood.
2. A word that stands for two codes of its list is taken for neither: then the cell is told as it is.
3. A code itself stays, and so does every text that is no word of a list; whether it may stand there, the
   form judges.
"""

from collections.abc import Mapping
from functools import cache

from exchange.i18n.labels import label
from exchange.i18n.languages import ENGLISH
from exchange.interfaces.web.languages import translations
from exchange.messages.codelists import codelist
from exchange.messages.form_titles import TitledNode, titled_form
from exchange.messages.lookalikes import plain
from exchange.messages.notice_sheet import COLUMNS
from exchange.messages.sheets import Column, Kind, Sheet, SheetRow

_NOTICE = "RPN"
_BETWEEN = ";"
_YES_NO = ("yes", "no")


def headings_in(language: str) -> tuple[str, ...]:
    """Return the headings in a language, in the order of the columns."""
    return tuple(translations(language).gettext(column.heading) for column in COLUMNS)


def in_our_words(sheet: Sheet, language: str) -> Sheet:
    """Return a sheet with English headings and codes in place of the words of a language."""
    ours = {there: column.heading for there, column in zip(headings_in(language), COLUMNS, strict=True)}
    rows = (
        SheetRow(
            row.number,
            {
                (name := ours.get(heading, heading)): _cell(name, text, language)
                for heading, text in row.cells.items()
            },
            frozenset(ours.get(heading, heading) for heading in row.formulas),
        )
        for row in sheet.rows
    )
    return Sheet(tuple(ours.get(heading, heading) for heading in sheet.headings), tuple(rows))


def _cell(heading: str, text: str, language: str) -> str:
    known = _words(language).get(heading)
    if not known:
        return text
    if heading in _several():
        parts = (part.strip() for part in text.split(_BETWEEN))
        return f"{_BETWEEN} ".join(known.get(plain(part), part) for part in parts)
    return known.get(plain(text).strip(), text)


@cache
def _several() -> frozenset[str]:
    return frozenset(column.heading for column in COLUMNS if column.kind is Kind.LIST)


@cache
def _words(language: str) -> dict[str, Mapping[str, str]]:
    """Return for each heading what its cells may be called, and what stands for it."""
    texts = translations(language)
    found: dict[str, Mapping[str, str]] = {}
    for column in COLUMNS:
        if column.kind is Kind.YES_NO:
            found[column.heading] = {plain(texts.gettext(word)): word for word in _YES_NO}
        elif name := _list_of(column):
            found[column.heading] = _labels(name, language)
    return found


def _labels(name: str, language: str) -> dict[str, str]:
    """Return the codes of a list by what they are called, without what two of them are called (2)."""
    called: dict[str, set[str]] = {}
    for code in codelist(name).codes:
        for tongue in (ENGLISH, language):
            called.setdefault(plain(label(name, code, tongue)), set()).add(code)
    called |= {plain(code): {code} for code in codelist(name).codes}
    return {words: codes.pop() for words, codes in called.items() if len(codes) == 1}


def _list_of(column: Column) -> str:
    """Return the code list of a column, or ""."""
    steps = [step for step in column.place if isinstance(step, str)]
    form = titled_form(_NOTICE)
    for part in (form, form.at("content"), form.at("header")):
        node = _at(part, steps)
        if node is not None:
            return node.code_list or (node.items.code_list if node.items is not None else "")
    return ""


def _at(node: TitledNode, steps: list[str]) -> TitledNode | None:
    try:
        return node.at(*steps)
    except KeyError:
        return None
