# SPDX-License-Identifier: Apache-2.0
"""How a name written in Latin letters sounds, roughly: one key for the spellings of one heard name.

Khmer, Thai and Lao have no single romanisation, and a shelter writes a name as it hears it: Sokh and Sok,
Chhann and Chan, Phearum and Pearom, Sovann and Suwan, Sophea and Sophia. The key is meant to be too wide:
people look at what was found. It keeps the consonants in classes and three kinds of vowels.

    consonants   ph f p · th t · kh k · ch chh j · v w · sh x z s · nh gn n · final b d g as p t k
    vowels       a · e i y · o u; a group of vowels counts as one
    silent       h and r after a vowel, a doubled letter

It knows nothing of other scripts, and the length of a vowel and l against r stay apart from nothing else.
"""

import re
from itertools import groupby
from operator import itemgetter

_CONSONANTS = tuple(
    (needed, re.compile(pattern), letter)
    for needed, pattern, letter in (
        (("ch", "j"), "t?chh?|d?j", "C"),
        (("sh", "x", "z"), "sh|x|z", "s"),
        (("ph", "bh", "f"), "ph|bh|f", "p"),
        (("th",), "th", "t"),
        (("kh", "ck"), "kh|ck", "k"),
        (("dh",), "dh", "d"),
        (("gh",), "gh", "g"),
        (("wh",), "wh", "v"),
        (("ng", "gn", "nh"), "^ng|^gn|nh", "n"),
        (("ng",), "ng", "N"),
        (("qu",), "qu", "kv"),
        (("c",), "c(?=[eiy])", "s"),
        (("c", "q"), "[cq]", "k"),
        (("w",), "w", "v"),
    )
)
"""Of which a word must have one, what is replaced, and by what; in this order."""
_IN_EVERY_ONE = frozenset("cfghjqwxz")
"""What a consonant is replaced for has one of these letters."""
_Y_AT_THE_START = re.compile("^y(?=[aeiou])")
_VOWELS = re.compile("([aeiouy]+)")
_SILENT = re.compile("(?<=[aeo])[hr]+(?![aeo])")
_LAST = {"b": "p", "d": "t", "g": "k"}
_BY_FIRST = {"a": "a", "e": "e", "i": "e", "y": "e", "o": "o", "u": "o"}
_GROUPS = {"ao": "o", "au": "o", "eu": "o", "eou": "o", "ae": "e"}
"""Groups of vowels that do not sound like their first one."""
_LETTER = itemgetter(0)


def sound(word: str) -> str:
    """Return the key of a plain word (`lookalikes.words`), or "" if it is not of Latin letters."""
    if not (word.isascii() and word.isalpha()):
        return ""
    if not _IN_EVERY_ONE.isdisjoint(word):
        word = _with_consonants_heard(word)
    if word[0] == "y":
        word = _Y_AT_THE_START.sub("Y", word)
    word = _with_vowels_heard(word)
    if "h" in word or "r" in word:
        word = _SILENT.sub("", word)
    word = "".join(map(_LETTER, groupby(word)))
    return word[:-1] + _LAST.get(word[-1:], word[-1:])


def _with_consonants_heard(word: str) -> str:
    for needed, pattern, letter in _CONSONANTS:
        for one in needed:
            if one in word:
                word = pattern.sub(letter, word)
                break
    return word


def _with_vowels_heard(word: str) -> str:
    """Return a word with one vowel for each group of them."""
    pieces = _VOWELS.split(word)
    for place in range(1, len(pieces), 2):
        group = pieces[place]
        pieces[place] = _GROUPS.get(group) or _BY_FIRST[group[0]]
    return "".join(pieces)
