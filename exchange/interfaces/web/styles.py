# SPDX-License-Identifier: Apache-2.0
"""The one style sheet: our own, for the classes of the components; its address names its content."""

from functools import cache
from importlib.resources import files

from exchange.ids import sha256


@cache
def style_sheet() -> bytes:
    return files("exchange.interfaces.web").joinpath("static", "desk.css").read_bytes()


STYLE_PATH = f"/style/{sha256(style_sheet())[:12]}.css"
