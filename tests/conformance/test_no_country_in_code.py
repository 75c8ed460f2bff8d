# SPDX-License-Identifier: Apache-2.0
"""No country stands in code: rules, tables and lists are the same for every pair, only the profile differs.

Looked at are the texts and names of every module, without comments and docstrings: a two-letter code of a
country of the directory alone or before a hyphen, its name, or the name of its people. What a training pair
or an example needs is named below with its reason.
"""

import ast
import re
from pathlib import Path

import pytest
from exchange.messages.codelists import agencies, checkpoints

ROOT = Path(__file__).resolve().parents[2]
NAMES = (
    "Cambodia", "Thai", "Vietnam", "Viet Nam", "Lao", "Myanmar", "Burm", "China", "Chinese", "Malaysia",
    "Indonesia", "India", "Khmer",
)  # fmt: skip
CODES = sorted({entry.country for entry in agencies().values() if re.fullmatch("[A-Z]{2}", entry.country)})
CODE = re.compile(rf"(?:{'|'.join(CODES)})|.*(?<![A-Za-z0-9_-])(?:{'|'.join(CODES)})-[A-Z]{{2}}.*", re.DOTALL)
"""A text that is a code, or that holds the code of an agency or a crossing."""
NAME = re.compile("|".join(NAMES), re.IGNORECASE)
WORDS = frozenset({"IN", "ID", "MY"})
"""Codes that are words as well; in a name of code they mean the word."""
ALLOWED = {
    "exchange/messages/fillers.py": "names of scripts in Unicode, by the letters of a name",
    "exchange/messages/dates.py": "the hint says how a year of the Buddhist Era is converted",
    "exchange/messages/blanks.py": "an example needs a usual crossing",
    "exchange/interfaces/cli/templates.py": "the invented person of an example has a nationality",
    "exchange/messages/expected_forms.py": "codes and scripts, as examples of what is expected",
    "exchange/messages/lookalikes.py": "scripts of letters that look alike",
    "exchange/service/searching.py": "the hint says how a year of the Buddhist Era is converted",
    "exchange/i18n/breaks.py": "scripts of letters",
    "exchange/i18n/explanations.py": "codes of scripts, as examples of what is entered",
    "exchange/i18n/place_codes.py": "codes of scripts of names",
    "exchange/i18n/fonts.py": "scripts in the names of fonts",
    "exchange/kit/contents.py": "digits of a script, and an agency of no country",
    "exchange/kit/envelopes.py": "digits of a script, and an agency of no country",
    "exchange/kit/enrolling.py": "the hint shows what a code of an agency looks like",
    "exchange/interfaces/cli/registry.py": "the hint shows what a code of a provider looks like",
    "exchange/interfaces/cli/partners.py": "the help shows what a code of an agency looks like",
}
TRAINING = "exchange/interfaces/cli/demo"
"""The demonstration plays two agencies that exist in the directory; it is told which."""


def found_in(source: str) -> list[str]:
    """Return the texts and names of a module, docstrings apart, that name a country, with their lines."""
    tree = ast.parse(source)
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            if CODE.fullmatch(node.value) or NAME.search(node.value):
                found.append((node.lineno, node.value[:60]))
        elif isinstance(node, ast.Name | ast.FunctionDef | ast.ClassDef):
            name = node.id if isinstance(node, ast.Name) else node.name
            if NAME.search(name) or (set(name.upper().split("_")) & set(CODES)) - WORDS:
                found.append((node.lineno, name))
    return [f"{line}: {text}" for line, text in sorted(found)]


def modules() -> list[str]:
    paths = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "exchange").rglob("*.py"))
    return [path for path in paths if path not in ALLOWED and not path.startswith(TRAINING)]


@pytest.mark.parametrize("path", modules())
def test_module_names_no_country(path: str) -> None:
    assert found_in((ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", sorted(ALLOWED))
def test_what_is_allowed_is_still_needed(path: str) -> None:
    assert found_in((ROOT / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "source",
    [
        'HOST = "KH"', 'if sender == "TH-MSDHS-DATIP": ...', 'say("for Cambodia")', "IS_VIETNAM = KH",
        'crossing = "KH-TH-POIPET"', 'calendar = holidays["LA"]',
    ],
)  # fmt: skip
def test_a_country_in_code_is_found(source: str) -> None:
    assert found_in(source)


@pytest.mark.parametrize(
    "source", ['"""Cambodia is both."""', '# for TH\nx = 1', 'x = "INQ"', 'kind = "MY_KIND"', 'x = "OTHER"']
)  # fmt: skip
def test_what_is_no_country_is_let_pass(source: str) -> None:
    assert found_in(source) == []


def test_every_country_of_a_crossing_is_looked_for() -> None:
    assert {country for one in checkpoints().values() for country in one.countries} <= set(CODES)
