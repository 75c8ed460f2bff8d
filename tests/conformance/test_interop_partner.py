# SPDX-License-Identifier: Apache-2.0
"""The partner in another language stays small enough to be read in an hour."""

import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "interop"
TESTS = {"examples.mjs", "seeds.mjs", "vectors.mjs", "wrong.mjs"}
"""What tests the partner, and is none of it."""
MAX_CODE_LINES = 600
"""Lines with code, of at most 130 characters; comments and empty lines are free."""
MAX_CHARS = 130


def _lines() -> list[str]:
    files = [path for path in sorted(FOLDER.glob("*.mjs")) if path.name not in TESTS]
    return [line for path in files for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_partner_has_few_lines_and_none_is_crammed() -> None:
    code = [line for line in _lines() if not re.fullmatch(r"\s*(//.*)?", line)]

    assert len(code) <= MAX_CODE_LINES
    assert [line for line in code if len(line) > MAX_CHARS] == []


def test_the_partner_imports_the_platform_and_two_packages_alone() -> None:
    named = {found for line in _lines() for found in re.findall(r"^\S.* from '([^']+)'", line)}

    foreign = {name for name in named if not name.startswith(("node:", "./"))}
    assert foreign == {"ajv/dist/2020.js", "jose"}
