# SPDX-License-Identifier: Apache-2.0
"""What the form of a print offers, and what was chosen in it: one or two languages, and a purpose."""

from dataclasses import dataclass
from typing import Any

from exchange.errors import UsageError
from exchange.i18n.languages import LANGUAGES
from exchange.interfaces.web.asking import Asked
from exchange.messages.purposes import purposes_about_persons

OF_A_CASE, OF_A_HANDOVER = "return_arrangement", "handover"
"""The usual purposes of a print."""


@dataclass(frozen=True)
class PrintChoice:
    """What an officer chose."""

    languages: list[str]
    purpose: str


def print_choices(language: str, purpose: str) -> dict[str, Any]:
    """Return what the form of a print shows: languages, purposes, and the usual one of each."""
    return language_choices(language) | {"purposes": purposes_about_persons(), "purpose": purpose}


def language_choices(language: str) -> dict[str, Any]:
    """Return what the form of a print shows if nobody is named on the paper: no purpose is asked."""
    return {"languages": LANGUAGES, "language": language, "purposes": (), "purpose": ""}


def chosen_print(asked: Asked) -> PrintChoice:
    """Return what was chosen; asked before anything is opened and recorded.

    Raises:
        UsageError: no purpose for which a person's data may be printed.
    """
    purpose = asked.text("purpose")
    if purpose not in purposes_about_persons():
        raise UsageError("say what it is printed for", hint="go back and choose a purpose")
    return PrintChoice(chosen_languages(asked), purpose)


def chosen_languages(asked: Asked) -> list[str]:
    """Return one or two languages, the first one on the left."""
    chosen = (asked.text("first"), asked.text("second"))
    return list(dict.fromkeys(language for language in chosen if language))
