# SPDX-License-Identifier: Apache-2.0
"""Numbered steps of docs/protocol are the numbered steps of the code, number by number.

A list of a page that follows `<!-- steps: … -->` has the numbers of the named docstrings. After
`<!-- named steps: … -->` also the names are equal: **Envelope form.** there, `envelope form:` here.
"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "protocol"
MARKER = re.compile(r"<!-- (named )?steps: ([^>]+?) -->\n(.*?)(?=^#|^<!--|\Z)", re.MULTILINE | re.DOTALL)
STEP = re.compile(r"^ *(\d+)\. +(\S.*)$", re.MULTILINE)

Steps = list[tuple[int, str]]


def steps_of(text: str) -> Steps:
    """Return number and first line of each numbered step of a text."""
    return [(int(number), line) for number, line in STEP.findall(text)]


def docstring_of(place: str) -> str:
    """Return the docstring of a module, or of a function of it: `path.py` or `path.py:name`."""
    path, _, name = place.partition(":")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    if not name:
        return ast.get_docstring(tree) or ""
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    return ast.get_docstring(found[0]) or "" if found else ""


def steps_in_code(places: str) -> Steps:
    return [step for place in places.split() for step in steps_of(docstring_of(place))]


def name_in_page(line: str) -> str:
    found = re.match(r"\*\*(.+?)\.\*\*", line)
    return found[1].lower() if found else ""


def name_in_code(line: str) -> str:
    return line.partition(":")[0]


def lists() -> list[tuple[str, str, str, str]]:
    """Return page, kind, places and text of each marked list."""
    return [
        (path.name, kind, places, text)
        for path in sorted(FOLDER.glob("*.md"))
        for kind, places, text in MARKER.findall(path.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(("page", "kind", "places", "text"), lists(), ids=lambda value: str(value)[:60])
def test_a_list_of_a_page_has_the_numbers_of_the_code(page: str, kind: str, places: str, text: str) -> None:
    written, coded = steps_of(text), steps_in_code(places)

    assert coded, f"{places} has no numbered steps"
    assert [number for number, _ in written] == [number for number, _ in coded], page
    assert [number for number, _ in written] == list(range(1, len(written) + 1))
    if kind:
        assert [name_in_page(line) for _, line in written] == [name_in_code(line) for _, line in coded]


def test_sending_and_receiving_are_compared_by_name() -> None:
    named = {page for page, kind, _, _ in lists() if kind}

    assert named == {"sending.md", "receiving.md"}


@pytest.mark.parametrize(
    "path",
    ["exchange/service/examine.py", "exchange/ledger/copy.py", "exchange/protocol/trust.py"],
)
def test_each_number_of_a_checklist_stands_beside_the_code(path: str) -> None:
    source = (ROOT / path).read_text(encoding="utf-8")
    beside = {
        int(number)
        for numbers in re.findall(r"  # (\d+(?:, \d+)*)$", source, re.MULTILINE)
        for number in numbers.split(", ")
    }

    assert {number for number, _ in steps_of(docstring_of(path))} <= beside
