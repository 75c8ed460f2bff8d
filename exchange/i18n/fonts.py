# SPDX-License-Identifier: Apache-2.0
"""The fonts that go with the program, so that every page and document looks the same on every machine.

Subsets of Noto Sans for the scripts of the region, under the SIL Open Font License (`fonts/OFL.txt`). Nothing
is fetched, and what the machine has installed is used only for letters that none of these has.
"""

from base64 import b64encode
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final


@dataclass(frozen=True)
class Font:
    """One family: the name under which pages use it, its file, the scripts it is for."""

    family: str
    file: str
    blocks: str = ""
    """Blocks of Unicode for which pages fetch it; "" for letters that every machine has."""
    language: str = ""
    """The language that is written in these blocks."""

    def path(self, weight: str) -> str:
        return f"{self.file}-{weight}.ttf"


FONTS: Final = (
    Font("Exchange Latin", "NotoSans"),
    Font("Exchange Khmr", "NotoSansKhmer", "U+1780-17FF, U+19E0-19FF", "km"),
    Font("Exchange Thai", "NotoSansThai", "U+0E00-0E7F", "th"),
    Font("Exchange Laoo", "NotoSansLao", "U+0E80-0EFF", "lo"),
)
WEIGHTS: Final = {"Regular": 400, "Bold": 700}
NAMES: Final = frozenset(font.path(weight) for font in FONTS for weight in WEIGHTS)


def font_file(name: str) -> bytes:
    """Return the bytes of a font, for example `NotoSans-Bold.ttf`.

    Raises:
        KeyError: there is no such font.
    """
    if name not in NAMES:
        raise KeyError(name)
    return (files("exchange.i18n") / "fonts" / name).read_bytes()


def font_faces(prefix: str) -> str:
    """Return the `@font-face` rules of all fonts; each is fetched from `prefix` and its name."""
    return "\n".join(
        f'@font-face {{ font-family: "{font.family}"; font-weight: {number}; '
        f'src: url("{prefix}{font.path(weight)}"); }}'
        for font in FONTS
        for weight, number in WEIGHTS.items()
    )


def faces_inside(languages: Collection[str]) -> str:
    """Return the `@font-face` rules of the fonts that some languages need, each font inside of its rule.

    For a file that stands alone: a machine without a font for a script would print boxes.
    """
    return "\n".join(
        f'@font-face {{ font-family: "{font.family}"; font-weight: {number}; unicode-range: {font.blocks}; '
        f'src: url("data:font/ttf;base64,{b64encode(font_file(font.path(weight))).decode("ascii")}"); }}'
        for font in FONTS
        if font.language in languages
        for weight, number in WEIGHTS.items()
    )


def families() -> str:
    """Return the value of `font-family` with every font, for text of any script."""
    return ", ".join(f'"{font.family}"' for font in FONTS)


@cache
def characters() -> frozenset[int]:
    """Return the code points that at least one of the fonts can show. Needs fontTools (extra `[desk]`)."""
    import io

    from fontTools.ttLib import TTFont

    return frozenset(
        point
        for font in FONTS
        for point in TTFont(io.BytesIO(font_file(font.path("Regular"))), lazy=True).getBestCmap()
    )


def without_glyph(text: str) -> tuple[str, ...]:
    """Return the letters of a text that none of the fonts can show, each once, in their order."""
    held = characters()
    return tuple(dict.fromkeys(letter for letter in text if ord(letter) not in held and letter.isprintable()))
