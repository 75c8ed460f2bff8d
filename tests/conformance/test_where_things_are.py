# SPDX-License-Identifier: Apache-2.0
"""A stranger finds the way: each map names every module of its package, each step of a story the next one."""

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = "docs/explanation/where-things-are.md"
MAPS = (
    "adapters/storage",
    "cases",
    "interfaces/api",
    "interfaces/cli",
    "ledger",
    "messages",
    "service",
)
"""Packages whose first lines say which of their modules belong together."""
ROW = re.compile(r"^ {4}(?:\S.*?)? {2,}(\w+(?:, \w+)*),?$", re.MULTILINE)
CHAIN = re.compile(r"`[^`\n]+`(?: →\s`[^`\n]+`)+")
STEP = re.compile(r"`([^`]+)`")


def mapped(docstring: str) -> list[str]:
    """Return the modules that a map names: what stands right of its subjects."""
    return [name for row in ROW.findall(docstring) for name in row.split(", ")]


def broken_steps(text: str, root: Path) -> list[str]:
    """Return the steps of chains that do not name the next one."""
    chains = (STEP.findall(chain) for chain in CHAIN.findall(text))
    pairs = [pair for chain in chains for pair in pairwise(chain)]
    return [f"{one} → {next_one}" for one, next_one in pairs if not leads(one, next_one, root)]


def leads(one: str, next_one: str, root: Path) -> bool:
    """Return whether the module of a step names the next one: a function, or a command in quotes."""
    path, _, name = one.partition(":")
    next_path, _, wanted = next_one.partition(":")
    if not name:
        return f'"{path}": {wanted}' in (root / next_path).read_text(encoding="utf-8")
    word = rf"\b{wanted}\b" if wanted else f'"{re.escape(next_one)}"'
    return re.search(word, (root / path).read_text(encoding="utf-8")) is not None


@pytest.mark.parametrize("package", MAPS)
def test_a_map_names_every_module_of_its_package_once(package: str) -> None:
    folder = ROOT / "exchange" / package
    docstring = ast.get_docstring(
        ast.parse((folder / "__init__.py").read_text(encoding="utf-8")), clean=False
    )

    modules = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")

    assert sorted(mapped(docstring or "")) == modules


def test_every_row_of_a_map_is_read() -> None:
    text = "Use cases.\n\n    on the way  deliver, void,\n                converse\n    release     release\n"

    assert mapped(text) == ["deliver", "void", "converse", "release"]


def test_each_step_of_a_story_names_the_next_one() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")

    assert len(CHAIN.findall(text)) > 10
    assert broken_steps(text, ROOT) == []


@pytest.mark.parametrize(
    ("chain", "is_broken"),
    [
        ("`a.py:first` → `b.py:second`", False),
        ("`a.py:first` →\n`b.py:second`", False),
        ("`a.py:first` → `case.find` → `b.py:second`", False),
        ("`a.py:first` → `b.py:seco`", True),
        ("`a.py:first` → `case.fin`", True),
        ("`case.find` → `b.py:third`", True),
        ("`b.py:second` → `a.py:first`", True),
    ],
)
def test_a_step_that_does_not_name_the_next_one_is_found(chain: str, is_broken: bool, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('def first(): return second("case.find")\n')
    (tmp_path / "b.py").write_text('def second(): ...\nCOMMANDS = {"case.find": second}\n')

    assert bool(broken_steps(chain, tmp_path)) == is_broken
