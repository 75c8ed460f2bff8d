# SPDX-License-Identifier: Apache-2.0
"""The texts of each language, read once from its `.po` file.

1. English is the original and has no file: its catalogue gives back what it is asked for.
2. The other files are read by Babel when a language is first asked for. Babel belongs to the extra `[desk]`;
   without it every language is English, so that a node without pages needs nothing more.
3. A text that has no translation is shown in English, never left out.
4. `Last-Translator` of a file names the native speaker who has checked it. Until then it says
   `machine draft`, and pages and documents carry `draft_note`.
"""

import gettext
import io
from functools import cache
from importlib.resources import files
from typing import Final

from exchange.i18n.languages import ENGLISH, demand_language

MACHINE: Final = "machine draft"
_TRANSLATOR: Final = "last-translator"


def marked(text: str) -> str:
    """Return the text as it is; marks one that is translated later, where it is shown."""
    return text


DRAFT_NOTE: Final = marked(
    "Machine draft. It must be reviewed by a native speaker; the English text counts until then."
)


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Return the texts of a language.

    Raises:
        UsageError: there are none.
    """
    if demand_language(language) == ENGLISH:
        return gettext.NullTranslations()
    try:
        from babel.messages.mofile import write_mo
        from babel.messages.pofile import read_po
    except ImportError:
        return gettext.NullTranslations()
    with (files("exchange.i18n") / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def is_available(language: str) -> bool:
    """Tell whether there are texts in a language here; without the extra `[desk]` there is only English."""
    return language == ENGLISH or isinstance(translations(language), gettext.GNUTranslations)


def is_draft(language: str) -> bool:
    """Tell whether the texts of a language wait for a native speaker; English never does."""
    held = translations(language)
    return held.info().get(_TRANSLATOR, "").startswith(MACHINE)


def draft_note(language: str) -> str:
    """Return the sentence that stands on everything in a language that nobody has checked, or ""."""
    return translations(language).gettext(DRAFT_NOTE) if is_draft(language) else ""
