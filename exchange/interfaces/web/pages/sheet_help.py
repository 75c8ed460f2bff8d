# SPDX-License-Identifier: Apache-2.0
"""The second sheet of an empty list of persons: an invented person, and what may stand in each column.

Its columns are those of the list, behind one that says what a row is. Of offices and crossings only those
are named that a notice between the two sides can name. It is never read back.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import zip_longest
from typing import Final

from exchange.i18n.catalogues import marked
from exchange.interfaces.web.choices import choice_name, codes_for
from exchange.interfaces.web.languages import translations
from exchange.interfaces.web.pages.sheet_words import headings_in, is_country, list_of, word_of, words_for
from exchange.messages.blanks import example
from exchange.messages.codelists import agencies, checkpoints
from exchange.messages.notice_sheet import COLUMNS
from exchange.messages.sheets import Column, Kind, write_row

_NOTICE: Final = "RPN"
_TITLE: Final = marked("Example and values")
_EXAMPLE: Final = marked("Example")
_WRITTEN: Final = marked("How it is written")
_POSSIBLE: Final = marked("May stand here")
_A_DAY: Final = marked("day/month/year")
_A_BIRTH: Final = marked("day/month/year, month/year or year")
_SEVERAL: Final = marked("several with ; between them, or none")
_BETWEEN: Final = ";"


def help_title(language: str) -> str:
    """Return the name of the sheet."""
    return translations(language).gettext(_TITLE)


def sheet_of_help(language: str, today: date, countries: Sequence[str]) -> list[Sequence[str]]:
    """Return the rows of the sheet; `countries` are those of the partner and of our own agency."""
    say = translations(language).gettext
    values = [list(_values(column, language, today, countries)) for column in COLUMNS]
    possible = [
        (say(_POSSIBLE) if at == 0 else "", *row) for at, row in enumerate(zip_longest(*values, fillvalue=""))
    ]
    return [
        ("", *headings_in(language)),
        (say(_EXAMPLE), *_example(language, today)),
        (say(_WRITTEN), *(say(how) if (how := _how(column)) else "" for column in COLUMNS)),
        *possible,
    ]


def _example(language: str, today: date) -> Iterator[str]:
    cells = write_row(example(_NOTICE, today), COLUMNS)
    for column, cell in zip(COLUMNS, cells, strict=True):
        if column.kind is Kind.DAY:
            yield "/".join(str(int(part)) for part in reversed(cell.split("-"))) if cell else ""
        elif column.kind is Kind.LIST:
            yield cell
        else:
            yield word_of(column, cell, language) if cell else ""


def _how(column: Column) -> str:
    match column.kind:
        case Kind.DAY:
            return _A_BIRTH if column.place[-1] == "value" else _A_DAY
        case Kind.LIST:
            return _SEVERAL
    return ""


def _values(column: Column, language: str, today: date, countries: Sequence[str]) -> Iterator[str]:
    """Yield what may stand in a column, in the words of the forms."""
    if is_country(column):
        yield from (choice_name("country", code, language) for code in codes_for("country", countries, ()))
        return
    match list_of(column):
        case "agencies":
            yield from (word_of(column, code, language) for code in _offices(today, countries[-1]))
        case "checkpoints":
            yield from (word_of(column, code, language) for code in _crossings(countries))
        case _:
            yield from words_for(column, language)


def _offices(today: date, country: str) -> Iterator[str]:
    return (
        str(code) for code, one in agencies().items() if one.country == country and one.is_valid_on(today)
    )


def _crossings(countries: Sequence[str]) -> Iterator[str]:
    return (code for code, one in checkpoints().items() if set(countries) <= one.countries)
