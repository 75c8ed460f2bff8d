# SPDX-License-Identifier: Apache-2.0
"""Places where a line of a script without spaces may end.

Programs that set text know where words end in the Latin and the Thai script. They do not know it for Khmer
and Lao, so a long word would run over the edge of the paper. `breakable` puts a zero-width space before each
cluster that has a vowel of its own or a letter below. A bare consonant ends the syllable before it more often
than it begins one, so nothing may be broken before it. That is right for most words and needs no dictionary;
see docs/adr/0041-line-breaks-without-a-dictionary.md.

The zero-width spaces stand on paper and on screens only, never in what is stored or sent.
"""

import re
from typing import Final

ZERO_WIDTH_SPACE: Final = "\u200b"
_KHMER: Final = (
    "(?<=[\u1780-\u17d1\u17d3\u17dd])"
    "(?=[\u1780-\u17a2](?:\u17d2|[\u17c9\u17ca]?[\u17b6-\u17c8])|[\u17a3-\u17b3])"
)
_LAO: Final = (
    "(?<=[\u0e81-\u0ebe\u0ec6-\u0edf])(?=[\u0ec0-\u0ec4]|[\u0e81-\u0eae]\u0ebc?[\u0eb0-\u0eb9\u0ebb\u0ebd])"
)
_PLACES: Final = re.compile(f"{_KHMER}|{_LAO}")


def breakable(text: str) -> str:
    """Return the text with a zero-width space at each place where a line may end."""
    return _PLACES.sub(ZERO_WIDTH_SPACE, text)
