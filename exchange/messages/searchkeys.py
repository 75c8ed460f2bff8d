# SPDX-License-Identifier: Apache-2.0
"""The keys under which a person is found again; the text itself stays as it was received.

A name gives, for each word, for each two words that follow one another, and for the whole:

    w|…   its plain spelling (`lookalikes`): the same letters in another script form, case or order of words
    s|…   how it sounds (`sounds`), for Latin letters: another spelling of what was heard

so that the order of the words, and a space between them, do not matter. A number of a document gives

    d|…   its letters and digits, in ASCII

`agreement` says how well the keys of a question fit those under which somebody is kept. Keys are texts of a
person: they are kept only as keyed tokens, and never logged (rule 6, threat-model section 6).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

from exchange.messages.document import JsonValue, object_at, objects_at, text_at
from exchange.messages.lookalikes import words
from exchange.messages.sounds import sound

MAX_WORDS = 12
"""Words of one name that are looked at; a name has at most 200 characters."""
MAX_KEYS = 400
"""Keys of one person in one message: about ten written forms."""


class Fit(IntEnum):
    """How well somebody fits a question, worst first."""

    NONE = 0
    SOME_WORDS = 1
    SOUND = 2
    SPELLING = 3
    DOCUMENT = 4


@dataclass(frozen=True)
class Question:
    """What somebody looks for: each word of a name with its keys, and the number of a document."""

    each: tuple[frozenset[str], ...] = ()
    whole: frozenset[str] = frozenset()
    document: str = ""

    @property
    def keys(self) -> frozenset[str]:
        """Return every key that may find somebody."""
        numbers = frozenset({self.document} if self.document else ())
        return frozenset().union(*self.each) | self.whole | numbers


def question(name: str = "", document: str = "") -> Question:
    """Return the question for a name, a number of a document, or both."""
    found = words(name)[:MAX_WORDS]
    each = tuple(frozenset(_of_word(word)) for word in found)
    return Question(each, frozenset(_of_word("".join(found)) if found else ()), document_key(document))


def name_keys(name: str) -> frozenset[str]:
    """Return the keys of one written form of a name."""
    found = words(name)[:MAX_WORDS]
    texts = dict.fromkeys((*found, *map("".join, pairwise(found)), "".join(found)))
    keys: set[str] = set()
    for text in texts:
        if text:
            keys.update(_of_word(text))
    return frozenset(keys)


def document_key(number: str) -> str:
    """Return the key of a document number, or "" if there is no letter or digit in it."""
    found = "".join(words(number))
    return f"d|{found}" if found else ""


def person_keys(line: dict[str, JsonValue]) -> frozenset[str]:
    """Return the keys of the person in one line of a message."""
    groups = (line, object_at(line, "registered_identity"))
    names = [text_at(name, "full") for group in groups for name in objects_at(group, "names")]
    papers = [*objects_at(line, "documents"), object_at(line, "document")]
    numbers = [document_key(text_at(paper, "number")) for paper in papers]
    keys = [key for name in names for key in sorted(name_keys(name))] + [key for key in numbers if key]
    return frozenset(keys[:MAX_KEYS])


def place_keys(units: Iterable[str]) -> frozenset[str]:
    """Return the keys of a place from the names of its units."""
    return frozenset(key for unit in units for key in name_keys(unit))


def agreement(asked: Question, kept: Collection[str]) -> Fit:
    """Return how well the keys of a question fit those that are kept of somebody."""
    known = frozenset(kept)
    if asked.document and asked.document in known:
        return Fit.DOCUMENT
    if not asked.each:
        return Fit.NONE
    spelt = sum(any(key in known and key[0] == "w" for key in word) for word in asked.each)
    heard = sum(bool(word & known) for word in asked.each)
    whole = asked.whole & known
    if spelt == len(asked.each) or any(key[0] == "w" for key in whole):
        return Fit.SPELLING
    if heard == len(asked.each) or whole:
        return Fit.SOUND
    return Fit.SOME_WORDS if 2 * heard >= len(asked.each) and heard else Fit.NONE


def _of_word(word: str) -> list[str]:
    heard = sound(word)
    return [f"w|{word}", f"s|{heard}"] if heard else [f"w|{word}"]
