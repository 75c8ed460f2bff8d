# SPDX-License-Identifier: Apache-2.0
"""The eight words of an agreement as two people compare them on the telephone."""

import re
from collections.abc import Sequence
from typing import Final

import typer

from exchange.errors import UsageError
from exchange.interfaces.cli.enrolling import EIGHT, HALF
from exchange.interfaces.cli.output import warn
from exchange.protocol.words import word_list

_SPLIT: Final = re.compile(r"[\s/,-]+")
_TRIES: Final = 3
"""How often the words are asked for; who mistypes them more often begins the command anew."""


def spoken_words(words: str, expected: Sequence[str], *, reads_first: bool) -> tuple[str, ...]:
    """Return the eight words: given, or four of ours with the four that were heard.

    `reads_first`: this side reads the first four aloud, the other one the last four.
    """
    if words:
        return _known_words(words, EIGHT)
    ours, theirs = ("first", "last") if reads_first else ("last", "first")
    say_words = expected[:HALF] if reads_first else expected[HALF:]
    warn("telephone the partner, at a number you know, not one from the file")
    warn(f"read aloud the {ours} four words: {'-'.join(say_words)}")
    heard = _heard(f"type the {theirs} four words that you hear")
    return (*say_words, *heard) if reads_first else (*heard, *say_words)


def _heard(question: str) -> tuple[str, ...]:
    """Return four words as they were typed; what cannot be right is asked again, it is no alarm."""
    for _ in range(_TRIES - 1):
        try:
            return _known_words(str(typer.prompt(question, err=True)), HALF)
        except UsageError as error:
            warn(f"{error}; {error.hint}")
    return _known_words(str(typer.prompt(question, err=True)), HALF)


def _known_words(typed: str, count: int) -> tuple[str, ...]:
    """Return words that are of the list.

    Raises:
        UsageError: another number of words, or one that is mistyped; nothing is compared yet.
    """
    found = tuple(word.lower() for word in _SPLIT.split(typed.strip()) if word)
    if len(found) != count:
        raise UsageError(
            f"these are {len(found)} words, not {count}", hint="type them with spaces or dashes between"
        )
    wrong = [f"{place}" for place, word in enumerate(found, 1) if word not in word_list()]
    if wrong:
        raise UsageError(
            f"word {', '.join(wrong)} is none of the list: mistyped or misheard",
            hint="ask the other side to spell it; nothing was compared yet",
        )
    return found
