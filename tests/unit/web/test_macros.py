# SPDX-License-Identifier: Apache-2.0
"""Every template imports the macros that it uses; one that is missing shows only when its branch is taken."""

import re
from pathlib import Path

import pytest
from exchange.interfaces import web

TEMPLATES = sorted((Path(web.__file__).parent / "templates").glob("*.html"))
_MADE = re.compile(r"\{%-?\s*macro (\w+)")
_IMPORTED = re.compile(r"import ([\w, ]+?)(?: with context)?\s*-?%\}")
_CALLED = re.compile(r"\b(\w+)\(")


def names(pattern: re.Pattern[str], text: str) -> set[str]:
    return {name.split(" as ")[-1].strip() for found in pattern.findall(text) for name in found.split(",")}


MACROS = set().union(*(names(_MADE, path.read_text(encoding="utf-8")) for path in TEMPLATES))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_imports_every_macro_that_it_uses(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    used = {name for name in names(_CALLED, text) if name in MACROS or name.startswith("govuk")}
    assert used <= names(_IMPORTED, text) | names(_MADE, text)


def test_the_pages_have_macros() -> None:
    assert {"token_field", "both_times"} <= MACROS
