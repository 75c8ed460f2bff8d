# SPDX-License-Identifier: Apache-2.0
"""The languages of the pages: the one place where words are looked up.

English is what stands in the templates and in the schema files. Without the extra that reads catalogues every
language is English, and the page says so in its `lang`.
"""

import gettext
import re
from collections.abc import Iterator

from exchange import i18n
from exchange.i18n import choices
from exchange.i18n import draft_note as draft_note
from exchange.i18n import translations as translations
from exchange.messages.codelists import list_versions

_MAX_WANTED = 200
"""Characters of an `Accept-Language` that are looked at."""
_WEIGHT = re.compile(r"q=(?P<share>0(\.[0-9]{0,3})?|1(\.0{0,3})?)", re.ASCII | re.IGNORECASE)


def label(list_name: str, code: str, language: str) -> str:
    """Return the label of a code of a list, or the code itself when there is no such list."""
    return i18n.label(list_name, code, language) if list_name in list_versions() else code


def wanted_language(said: str) -> str:
    """Return the language of the pages that a browser wants most (RFC 9110, 12.5.4), or else English.

    `said` is its `Accept-Language`; what is wrong in it is passed over.
    """
    found = max(_wanted(said), default=(0.0, i18n.ENGLISH), key=lambda pair: pair[0])
    return found[1]


def _wanted(said: str) -> Iterator[tuple[float, str]]:
    """Yield our languages among those that are wanted, each with its weight above 0."""
    for part in said[:_MAX_WANTED].split(","):
        tag, _, more = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        weight = _WEIGHT.fullmatch(more.strip()) if more else None
        share = float(weight["share"]) if weight else 0.0 if more else 1.0
        if language in i18n.LANGUAGES and share > 0:
            yield share, language


def choice_labels(list_name: str, codes: tuple[str, ...], language: str) -> dict[str, str]:
    """Return the labels of the codes of one choice, which are told apart."""
    return (
        choices.choice_labels(list_name, codes, language)
        if list_name in list_versions()
        else {code: code for code in codes}
    )


def shown_language(language: str) -> str:
    """Return the language in which a page really is."""
    return language if type(translations(language)) is not gettext.NullTranslations else i18n.ENGLISH
