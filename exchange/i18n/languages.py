# SPDX-License-Identifier: Apache-2.0
"""The languages in which people can read pages and documents, under their own names."""

from types import MappingProxyType
from typing import Final

from exchange.errors import UsageError

ENGLISH: Final = "en"
_NAMES: Final = MappingProxyType({ENGLISH: "English", "km": "ភាសាខ្មែរ", "th": "ไทย", "vi": "Tiếng Việt"})
LANGUAGES: Final = tuple(_NAMES)
"""BCP 47 tags, as in `lang` of a page."""
_RIGHT_TO_LEFT: Final = frozenset({"ar", "dv", "fa", "he", "ps", "ur", "yi"})
"""Languages in which a text of a partner may come, although nobody reads the pages in them."""


def demand_language(language: str) -> str:
    """Return the language if there are texts in it.

    Raises:
        UsageError: there are none.
    """
    if language not in _NAMES:
        raise UsageError(
            f"there are no texts in the language {language[:8]}", hint=f"languages: {', '.join(LANGUAGES)}"
        )
    return language


def language_name(language: str) -> str:
    """Return what a language calls itself.

    Raises:
        UsageError: there are no texts in it.
    """
    return _NAMES[demand_language(language)]


def direction(tag: str) -> str:
    """Return `ltr` or `rtl` for any BCP 47 tag, as the attribute `dir` of a page."""
    return "rtl" if tag.split("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"
