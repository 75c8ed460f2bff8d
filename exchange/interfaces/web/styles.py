# SPDX-License-Identifier: Apache-2.0
"""What a page loads: one style sheet of our own, and one small mark. An address names its content."""

from functools import cache
from importlib.resources import files
from typing import Final

from exchange.ids import sha256


@cache
def _content(name: str) -> bytes:
    return files("exchange.interfaces.web").joinpath("static", name).read_bytes()


def _address(name: str) -> str:
    return f"/style/{sha256(_content(name))[:12]}-{name}"


STYLE_PATH: Final = _address("desk.css")
MARK_PATH: Final = _address("mark.svg")
_KINDS: Final = {
    STYLE_PATH: ("desk.css", "text/css; charset=utf-8"),
    MARK_PATH: ("mark.svg", "image/svg+xml"),
}


def loaded_file(path: str) -> tuple[bytes, str] | None:
    """Return content and type of a file that pages load, or None when there is none at this address."""
    found = _KINDS.get(path)
    return (_content(found[0]), found[1]) if found else None
