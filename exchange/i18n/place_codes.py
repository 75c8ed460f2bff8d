# SPDX-License-Identifier: Apache-2.0
"""What people call a country, a script or a language, back to its code.

1. A name counts in every language of the pages, with or without capitals, marks and spaces; what CLDR adds in
   brackets may be left out. A code counts as it is, in any case of its letters.
2. A name that two of them have is none.

Without the extra `[desk]` only codes are known.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Final

from exchange.i18n.labels import label
from exchange.i18n.languages import LANGUAGES
from exchange.messages.codelists import codelist
from exchange.messages.lookalikes import words

SCRIPTS: Final = (
    "Latn", "Khmr", "Thai", "Laoo", "Mymr", "Hani", "Deva", "Beng", "Arab", "Cyrl", "Hang", "Jpan", "Taml",
)  # fmt: skip
"""Scripts in which the names of persons of this region and its neighbours are written."""
_COUNTRY: Final = re.compile("[A-Z]{2}", re.ASCII)
_TAG: Final = re.compile("[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", re.ASCII)
_LISTED: Final = "languages"
_IN_BRACKETS: Final = re.compile(r"\s*\(.*\)")
_NO_COUNTRIES: Final = frozenset({"EU", "EZ", "UN", "XA", "XB", "ZZ"})
"""Two letters in CLDR that stand for no country."""


def country_code(text: str) -> str | None:
    """Return the code of a country by its name or code, None for what is none."""
    return _countries().get(_key(text))


def language_tag(text: str) -> str | None:
    """Return the tag of a language by its name; a tag of any language is one, too."""
    known = _languages().get(_key(text))
    return known or (text if _TAG.fullmatch(text) else None)


def _key(text: str) -> str:
    return "".join(words(text))


@cache
def _countries() -> Mapping[str, str]:
    named = ((code, name) for code, name in _all_names("territories") if _is_country(code))
    return _by_name(named)


def _is_country(code: str) -> bool:
    return _COUNTRY.fullmatch(code) is not None and code not in _NO_COUNTRIES


@cache
def _languages() -> Mapping[str, str]:
    """Return tags by names: those of the list go before all others."""
    listed = [(tag, label(_LISTED, tag, page)) for tag in codelist(_LISTED).codes for page in LANGUAGES]
    others = [(tag, name) for tag, name in _all_names("languages") if _TAG.fullmatch(tag)]
    return {**_by_name(others), **_by_name(listed)}


def _by_name(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return codes by the keys of their names and by themselves, without what two of them are called (2)."""
    found: dict[str, set[str]] = {}
    codes = set()
    for code, name in named:
        codes.add(code)
        for spelling in (name, _IN_BRACKETS.sub("", name)):
            found.setdefault(_key(spelling), set()).add(code)
    single = {key: next(iter(those)) for key, those in found.items() if key and len(those) == 1}
    return {**single, **{_key(code): code for code in codes}}


def _all_names(kind: str) -> Iterator[tuple[str, str]]:
    try:
        from babel import Locale
    except ImportError:
        return
    for page in LANGUAGES:
        for code, name in getattr(Locale.parse(page), kind).items():
            yield str(code), str(name)
