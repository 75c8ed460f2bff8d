# SPDX-License-Identifier: Apache-2.0
"""Codes as people read them.

The English label of the code list is the text that is looked up. Where one English word needs different
words in another language, the catalogue has an entry with the name of the list as its context; it goes first.
A label of the list that speaks to who writes programs has other words here; the list itself stays as it is.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from exchange.i18n.catalogues import marked, translations
from exchange.messages.codelists import codelist

_IN_PLAIN_WORDS: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        ("two-person-acts", "s4_named_readers"): marked(
            "Details of health, violence or security, for named readers only"
        ),
    }
)


def label(list_name: str, code: str, language: str) -> str:
    """Return the label of a code; a code that this version of the list does not know is its own label.

    Raises:
        KeyError: there is no such list.
        UsageError: there are no texts in the language.
    """
    english, texts = _english(list_name, code), translations(language)
    special = texts.pgettext(list_name, english)
    return special if special != english else texts.gettext(english)


def _english(list_name: str, code: str) -> str:
    return _IN_PLAIN_WORDS.get((list_name, code)) or codelist(list_name).label(code)
