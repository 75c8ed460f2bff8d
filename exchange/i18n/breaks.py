# SPDX-License-Identifier: Apache-2.0
"""Places where a line of a script without spaces may end.

Programs that set text know where words end in the Latin and the Thai script. They do not know it for Khmer
and Lao, so a long word would run over the edge of the paper. `breakable` puts a zero-width space

1. between two Khmer words of the list `words.km.txt`, which holds every word of our own translations; of the
   ways to cut a text, the one that leaves the fewest letters over, then the one with the fewest words
2. in what the list does not hold, and in Lao: before each cluster that has a vowel of its own or a letter
   below. A bare consonant ends the syllable before it more often than it begins one, so nothing is broken
   before it.

The zero-width spaces stand on paper and on screens only, never in what is stored or sent. Why no dictionary
of the whole language: docs/adr/0041-line-breaks-without-a-dictionary.md.
"""

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

ZERO_WIDTH_SPACE: Final = "\u200b"
_KHMER_RUN: Final = re.compile("[\u1780-\u17d3\u17dd]+")
_KHMER_CLUSTER: Final = re.compile(
    "[\u1780-\u17b3](?:\u17d2[\u1780-\u17b3]|[\u17b4-\u17d1\u17d3\u17dd])*|[\u17b4-\u17d3\u17dd]"
)
_KHMER_SYLLABLE: Final = re.compile(
    "(?<=[\u1780-\u17d1\u17d3\u17dd])"
    "(?=[\u1780-\u17a2](?:\u17d2|[\u17c9\u17ca]?[\u17b6-\u17c8])|[\u17a3-\u17b3])"
)
_LAO_SYLLABLE: Final = re.compile(
    "(?<=[\u0e81-\u0ebe\u0ec6-\u0edf])(?=[\u0ec0-\u0ec4]|[\u0e81-\u0eae]\u0ebc?[\u0eb0-\u0eb9\u0ebb\u0ebd])"
)


def breakable(text: str) -> str:
    """Return the text with a zero-width space at each place where a line may end."""
    return _KHMER_RUN.sub(lambda run: _khmer(run[0]), _LAO_SYLLABLE.sub(ZERO_WIDTH_SPACE, text))


@lru_cache(maxsize=4_096)
def _khmer(run: str) -> str:
    return ZERO_WIDTH_SPACE.join(
        piece if is_word else _KHMER_SYLLABLE.sub(ZERO_WIDTH_SPACE, piece) for piece, is_word in cut(run)
    )


def cut(run: str) -> list[tuple[str, bool]]:
    """Return a run of Khmer letters in pieces, each with whether it is a word of the list."""
    words, longest = _words()
    ends = [0, *(cluster.end() for cluster in _KHMER_CLUSTER.finditer(run))]
    best: dict[int, tuple[int, int, int]] = {0: (0, 0, 0)}
    for number, end in enumerate(ends[1:], start=1):
        last = ends[number - 1]
        left, count, _ = best[last]
        best[end] = (left + end - last, count, last)
        for begin in ends[:number]:
            if end - begin <= longest and run[begin:end] in words:
                left, count, _ = best[begin]
                best[end] = min(best[end], (left, count + 1, begin))
    return _pieces(run, {end: found[2] for end, found in best.items()})


def _pieces(run: str, begins: dict[int, int]) -> list[tuple[str, bool]]:
    """Follow the best cut backwards; letters that are left over beside each other are one piece."""
    words, _ = _words()
    pieces: list[tuple[str, bool]] = []
    end = len(run)
    while end:
        piece, end = run[begins[end] : end], begins[end]
        is_word = piece in words
        if pieces and not is_word and not pieces[0][1]:
            pieces[0] = (piece + pieces[0][0], False)
        else:
            pieces.insert(0, (piece, is_word))
    return pieces


@cache
def _words() -> tuple[frozenset[str], int]:
    """Return the words of the list and the length of the longest."""
    words = files("exchange.i18n").joinpath("words.km.txt").read_text("utf-8").split()
    return frozenset(words), max(map(len, words))
