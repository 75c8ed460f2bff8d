# SPDX-License-Identifier: Apache-2.0
"""One spelling for texts that look the same on paper: Khmer, Thai, Lao, Vietnamese and other Latin.

    plain("Nguyễn Thị Đào") == plain("NGUYEN THI DAO")

1. Compatibility forms are taken apart (NFKD), so that composed and decomposed text is the same; a Thai or
   Lao *sara am* is its two marks.
2. What cannot be seen goes: separators of width zero, marks of direction, the silent Khmer vowels.
3. Latin letters lose their marks and their case; Đ, Ð and Ɖ are d.
4. The marks of one Khmer syllable, and of one Thai or Lao consonant, stand in one order, whatever order they
   were typed in. A Khmer subscript DA is drawn like TA; two halves of a vowel are the vowel.
5. Digits of every script are those of ASCII.

The result is only for searching: it is never shown, sent, signed or hashed for the wire (rule 6).
"""

import re
import unicodedata
from collections.abc import Iterator

_LATIN = str.maketrans({"đ": "d", "ð": "d", "ɖ": "d", "\u0131": "i", "ł": "l", "ø": "o", "æ": "ae"})
_LATIN_MARKS = range(0x0300, 0x0370)
_COENG = "\u17d2"
"""Khmer: the next letter stands below."""
_SILENT = frozenset("\u17b4\u17b5\u034f\u02bc\u02bb")
"""Khmer inherent vowels, an invisible joiner, and apostrophes that count as letters."""
_SAME_BELOW = {"\u178a": "\u178f"}
_OLD_LETTERS = str.maketrans({"\u17a3": "\u17a2", "\u17a4": "\u17a2\u17b6", "\u17d3": "\u17c6"})
_HALVES = (
    (frozenset("\u17c1\u17b8"), "\u17be"),
    (frozenset("\u17c1\u17b6"), "\u17c4"),
)
"""Two signs that are drawn like one."""
_THAI_PAIR = ("\u0e40\u0e40", "\u0e41")
_LAO_PAIR = ("\u0ec0\u0ec0", "\u0ec1")
_ASCII_WORDS = re.compile("[0-9a-z]+")
"""Plain ASCII has no marks, no order of marks and nothing unseen: most names are done with this alone."""


def plain(text: str) -> str:
    """Return the spelling under which look-alike texts are one."""
    if text.isascii():
        return text.lower()
    seen = "".join(letter for letter in unicodedata.normalize("NFKD", text) if _is_visible(letter))
    folded = unicodedata.normalize("NFKD", seen.casefold().translate(_LATIN)).translate(_OLD_LETTERS)
    bare = "".join(_digit(letter) for letter in folded if ord(letter) not in _LATIN_MARKS)
    for pair, one in (_THAI_PAIR, _LAO_PAIR):
        bare = bare.replace(pair, one)
    return "".join(_in_order(bare))


def words(text: str) -> tuple[str, ...]:
    """Return the plain words of a text; whatever is no letter, mark or digit stands between words."""
    found = plain(_joined(text))
    if found.isascii():
        return tuple(_ASCII_WORDS.findall(found))
    spaced = "".join(letter if _is_of_word(letter) else " " for letter in found)
    return tuple(spaced.split())


def _joined(text: str) -> str:
    """Take apostrophes out, which stand inside words."""
    return text.replace("'", "").replace("\u2019", "").replace("\u2018", "").replace("`", "")


def _is_visible(letter: str) -> bool:
    return unicodedata.category(letter) != "Cf" and letter not in _SILENT


def _is_of_word(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LMN"


def _digit(letter: str) -> str:
    value = unicodedata.decimal(letter, -1)
    return letter if value < 0 else str(value)


def _in_order(text: str) -> Iterator[str]:
    """Yield each letter with the marks that follow it in one order."""
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and _belongs(text, end):
            end += 1
        yield text[start]
        yield from _marks(text[start + 1 : end])
        start = end


def _belongs(text: str, at: int) -> bool:
    """Return whether a letter is a mark of the letter before it, or stands below it."""
    return _is_mark(text[at]) or text[at - 1] == _COENG


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter) in {"Mn", "Mc"}


def _marks(run: str) -> list[str]:
    units: list[str] = []
    for letter in run:
        if units and units[-1] == _COENG:
            units[-1] = _COENG + _SAME_BELOW.get(letter, letter)
        else:
            units.append(letter)
    for halves, whole in _HALVES:
        if halves <= set(units):
            units = [unit for unit in units if unit not in halves] + [whole]
    return sorted(units)
