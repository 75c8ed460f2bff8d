# SPDX-License-Identifier: Apache-2.0
"""What a page loads: one style sheet of our own, one small mark, and letters of the script it is written in.

The one script is for passkeys; two pages name it, and all work without.

An address names its content. A browser fetches a font only for a page that has letters of its range, so a
page in English loads none.
"""

from functools import cache
from importlib.resources import files
from typing import Final

from exchange.i18n.fonts import FONTS, WEIGHTS, Font, font_file
from exchange.ids import sha256


@cache
def _content(name: str) -> bytes:
    raw = files("exchange.interfaces.web").joinpath("static", name).read_bytes()
    return "\n".join(_font_faces()).encode() + b"\n" + raw if name == "desk.css" else raw


def _address(name: str, content: bytes) -> str:
    return f"/style/{sha256(content)[:12]}-{name}"


def _written() -> list[tuple[Font, str]]:
    """Return the fonts that pages use, each with a weight."""
    return [(font, weight) for font in FONTS if font.blocks for weight in WEIGHTS]


@cache
def _font_address(name: str) -> str:
    return _address(name, font_file(name))


def _font_faces() -> list[str]:
    return [
        f'@font-face {{ font-family: "{font.family}"; font-weight: {WEIGHTS[weight]}; font-display: swap; '
        f'src: url("{_font_address(font.path(weight))}"); unicode-range: {font.blocks}; }}'
        for font, weight in _written()
    ]


STYLE_PATH: Final = _address("desk.css", _content("desk.css"))
MARK_PATH: Final = _address("mark.svg", _content("mark.svg"))
SCRIPT_PATH: Final = _address("passkey.js", _content("passkey.js"))
_KINDS: Final = {
    STYLE_PATH: ("desk.css", "text/css; charset=utf-8"),
    MARK_PATH: ("mark.svg", "image/svg+xml"),
    SCRIPT_PATH: ("passkey.js", "text/javascript; charset=utf-8"),
}
_FONTS: Final = {_font_address(font.path(weight)): font.path(weight) for font, weight in _written()}


def loaded_file(path: str) -> tuple[bytes, str] | None:
    """Return content and type of a file that pages load, or None when there is none at this address."""
    if font := _FONTS.get(path):
        return font_file(font), "font/ttf"
    found = _KINDS.get(path)
    return (_content(found[0]), found[1]) if found else None
