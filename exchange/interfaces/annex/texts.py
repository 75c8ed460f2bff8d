# SPDX-License-Identifier: Apache-2.0
"""The words of the annex in English and in the languages of the partner countries.

One file for each language in `texts/`: labels, acts, types and deadlines. English is the original; the names
of types and deadlines are those of the code lists. Every other file says of itself whether a native speaker
has checked it (`status`); while it is a machine draft, the annex says so on its first page.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from exchange.errors import UsageError
from exchange.messages.codelists import raw_list

ENGLISH: Final = "en"
LOCAL: Final = ("km", "th", "vi", "lo")
CHECKED: Final = "checked"


@dataclass(frozen=True)
class Words:
    """The words of one language; a code without a word of its own is shown as it is."""

    language: str
    name: str
    status: str
    labels: dict[str, str]
    acts: dict[str, str]
    types: dict[str, str]
    deadlines: dict[str, str]

    @property
    def is_draft(self) -> bool:
        return self.language != ENGLISH and self.status != CHECKED


@cache
def words_in(language: str) -> Words:
    """Return the words of a language.

    Raises:
        UsageError: there are none.
    """
    if language not in (ENGLISH, *LOCAL):
        raise UsageError(
            f"the annex has no texts in {language[:8]}", hint=f"languages beside English: {', '.join(LOCAL)}"
        )
    place = files("exchange.interfaces.annex") / "texts" / f"{language}.json"
    value = json.loads(place.read_text("utf-8"))
    if language == ENGLISH:
        value["types"] = {row["code"]: row["label"] for row in raw_list("message-types")["codes"]}
        value["deadlines"] = {row["code"]: row["label"] for row in raw_list("deadlines")["codes"]}
    return Words(language=language, **value)
