# SPDX-License-Identifier: Apache-2.0
"""A wrong text of a form is explained with an example, and the example itself is right."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from exchange.messages.codelists import schema_root
from exchange.messages.expected_forms import FORMS, GENERAL, PLAIN_TEXT, expected_form


def _patterns(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("pattern"), str):
            yield value["pattern"]
        for item in value.values():
            yield from _patterns(item)
    elif isinstance(value, list):
        for item in value:
            yield from _patterns(item)


PATTERNS = frozenset(
    pattern
    for path in (schema_root() / "messages").glob("*.json")
    for pattern in _patterns(json.loads(path.read_text(encoding="utf-8")))
)


@pytest.mark.parametrize("pattern", FORMS)
def test_the_example_has_the_form_that_it_explains(pattern: str) -> None:
    assert re.fullmatch(pattern, FORMS[pattern][1], re.ASCII)


@pytest.mark.parametrize("pattern", FORMS)
def test_every_row_explains_a_pattern_of_a_message(pattern: str) -> None:
    """A pattern that is written in another way in a new schema would silently lose its words."""
    assert pattern in PATTERNS


@pytest.mark.parametrize("pattern", sorted(one for one in PATTERNS if one.startswith("^[^")))
def test_free_text_is_explained_by_what_it_must_not_hold(pattern: str) -> None:
    assert expected_form(pattern) == PLAIN_TEXT
    assert not re.fullmatch(pattern, " x")


@pytest.mark.parametrize("pattern", ["", "^[A-Z]{7}$", "^[0-9]{4}", "[0-9]{4}$"])
def test_another_pattern_gets_the_general_words(pattern: str) -> None:
    assert expected_form(pattern) == GENERAL
