# SPDX-License-Identifier: Apache-2.0
"""The languages of the pages: the one place where words are looked up.

English is what stands in the templates and in the schema files. Without the extra that reads catalogues every
language is English, and the page says so in its `lang`.
"""

import gettext

from exchange import i18n
from exchange.i18n import choices
from exchange.i18n import draft_note as draft_note
from exchange.i18n import translations as translations
from exchange.messages.codelists import list_versions


def label(list_name: str, code: str, language: str) -> str:
    """Return the label of a code of a list, or the code itself when there is no such list."""
    return i18n.label(list_name, code, language) if list_name in list_versions() else code


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
