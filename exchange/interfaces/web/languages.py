# SPDX-License-Identifier: Apache-2.0
"""The languages of the pages: the one place where words are looked up.

English is what stands in the templates and in the schema files. A language without a catalogue is shown in
English, and the page says so in its `lang`.
"""

import gettext
from functools import cache

from exchange.messages.codelists import codelist, list_versions


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Return the catalogue of a language; an empty one gives back the English words."""
    del language
    return gettext.NullTranslations()


def label(list_name: str, code: str, language: str) -> str:
    """Return the label of a code of a list, or the code itself when the list does not know it."""
    del language
    return codelist(list_name).label(code) if list_name in list_versions() else code


def shown_language(language: str) -> str:
    """Return the language in which a page really is."""
    return language if type(translations(language)) is not gettext.NullTranslations else "en"
