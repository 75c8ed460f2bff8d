# SPDX-License-Identifier: Apache-2.0
"""Codes as people read them.

The English label of the code list is the text that is looked up. Where one English word needs different
words in another language, the catalogue has an entry with the name of the list as its context; it goes first.
"""

from exchange.i18n.catalogues import translations
from exchange.messages.codelists import codelist


def label(list_name: str, code: str, language: str) -> str:
    """Return the label of a code; a code that this version of the list does not know is its own label.

    Raises:
        KeyError: there is no such list.
        UsageError: there are no texts in the language.
    """
    english, texts = codelist(list_name).label(code), translations(language)
    special = texts.pgettext(list_name, english)
    return special if special != english else texts.gettext(english)
