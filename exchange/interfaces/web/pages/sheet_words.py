# SPDX-License-Identifier: Apache-2.0
"""The cells of a list of persons in the words of a language: what a code is called is taken for the code.

1. A heading or a cell may be English or in the language of the page; both are understood.
2. A word that stands for two codes of its list is taken for neither: then the cell is told as it is.
3. A country and a language may also be called as on any page, a script by its name.
4. A code itself stays, and so does every text that is no word of a list; whether it may stand there, the
   form judges.
"""

from collections.abc import Mapping, Sequence
from functools import cache

from exchange.i18n.labels import label
from exchange.i18n.languages import ENGLISH
from exchange.i18n.place_codes import SCRIPTS, country_code, language_tag
from exchange.i18n.places import country_name, script_name
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


def words_for(column: Column, language: str) -> tuple[str, ...]:
    """Return what a column may say, each in words that are understood; nothing where anything may stand."""
    known = _words(language).get(column.heading, {})
    return tuple(_word(column, code, known, language) for code in dict.fromkeys(known.values()))


def word_of(column: Column, code: str, language: str) -> str:
    """Return a code of a column in words that are understood, or as it is."""
    if is_country(column):
        return country_name(code, language)
    return _word(column, code, _words(language).get(column.heading, {}), language)


def is_country(column: Column) -> bool:
    node = _node_of(column)
    return node is not None and node.kind == "country"


def list_of(column: Column) -> str:
    """Return the code list of a column, or ""."""
    node = _node_of(column)
    if node is None:
        return ""
    return node.code_list or (node.items.code_list if node.items is not None else "")


def _word(column: Column, code: str, known: Mapping[str, str], language: str) -> str:
    """Return the words for a code if they stand for it alone and stay together, otherwise the code (2)."""
    said = _named(column, code, language)
    is_one = known.get(plain(said)) == code and not (column.kind is Kind.LIST and _BETWEEN in said)
    return said if is_one else code


def _named(column: Column, code: str, language: str) -> str:
    if name := list_of(column):
        return label(name, code, language)
    if _is_script(column):
        return script_name(code, language)
    return translations(language).gettext(code.replace("_", " "))


def _cell(heading: str, text: str, language: str) -> str:
    if heading in _columns_of_countries():
        return country_code(text) or text
    known = _words(language).get(heading)
    if not known:
        return text
    if heading in _several():
        parts = (part.strip() for part in text.split(_BETWEEN))
        return f"{_BETWEEN} ".join(known.get(plain(part)) or _other(heading, part) for part in parts)
    return known.get(plain(text).strip(), text)


def _other(heading: str, part: str) -> str:
    """Return what the list of a column has not got: a language has its tag."""
    return (language_tag(part) if heading in _columns_of_languages() else None) or part


@cache
def _columns_of_countries() -> frozenset[str]:
    return frozenset(column.heading for column in COLUMNS if is_country(column))


@cache
def _columns_of_languages() -> frozenset[str]:
    return frozenset(column.heading for column in COLUMNS if list_of(column) == "languages")


@cache
def _several() -> frozenset[str]:
    return frozenset(column.heading for column in COLUMNS if column.kind is Kind.LIST)


@cache
def _words(language: str) -> dict[str, Mapping[str, str]]:
    """Return for each heading what its cells may be called, and what stands for it."""
    found: dict[str, Mapping[str, str]] = {}
    for column in COLUMNS:
        if column.kind is Kind.YES_NO:
            found[column.heading] = _called(column, _YES_NO, (language,))
        elif name := list_of(column):
            found[column.heading] = _labels(name, language)
        elif _is_script(column):
            found[column.heading] = _called(column, SCRIPTS, (ENGLISH, language))
        elif (node := _node_of(column)) is not None and node.choices:
            found[column.heading] = _called(column, node.choices, (ENGLISH, language))
    return found


def _is_script(column: Column) -> bool:
    return column.place[-1] == "script"


def _called(column: Column, codes: Sequence[str], tongues: Sequence[str]) -> dict[str, str]:
    """Return the codes of a column that has no list of its own by what they are called."""
    named = {plain(_named(column, code, tongue)): code for tongue in tongues for code in codes}
    return {**named, **{plain(code): code for code in codes}}


def _labels(name: str, language: str) -> dict[str, str]:
    """Return the codes of a list by what they are called, without what two of them are called (2)."""
    called: dict[str, set[str]] = {}
    for code in codelist(name).codes:
        for tongue in (ENGLISH, language):
            called.setdefault(plain(label(name, code, tongue)), set()).add(code)
    called |= {plain(code): {code} for code in codelist(name).codes}
    return {words: codes.pop() for words, codes in called.items() if len(codes) == 1}


@cache
def _node_of(column: Column) -> TitledNode | None:
    """Return the place of a column in the form of a notice."""
    steps = [step for step in column.place if isinstance(step, str)]
    form = titled_form(_NOTICE)
    found = (_at(part, steps) for part in (form, form.at("content"), form.at("header")))
    return next((node for node in found if node is not None), None)


def _at(node: TitledNode, steps: list[str]) -> TitledNode | None:
    try:
        return node.at(*steps)
    except KeyError:
        return None
