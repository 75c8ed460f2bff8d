# SPDX-License-Identifier: Apache-2.0
"""Faults are told in our own sentences, and every rule that exists has one."""

import re
from pathlib import Path

import exchange.messages
import pytest
from exchange.messages.document import digest, pointer
from exchange.messages.wording import SENTENCES, kind_of, shown_name, similar

_GROUPS = sorted({rule.partition(".")[0] for rule in SENTENCES})
_RULE = re.compile(rf'"((?:{"|".join(_GROUPS)})\.[a-z_]+)"')


FOLDERS = ("messages", "cases", "service", "interfaces/api", "interfaces/web/pages")


def _used() -> set[str]:
    root = Path(exchange.messages.__file__).parent.parent
    files = (path for folder in FOLDERS for path in (root / folder).glob("*.py"))
    sources = (path.read_text(encoding="utf-8") for path in files if path.name != "wording.py")
    return {rule for source in sources for rule in _RULE.findall(source) if not rule.endswith(".html")}


def test_every_rule_in_the_code_has_a_sentence_and_every_sentence_a_rule() -> None:
    assert _used() == set(SENTENCES)


def test_sentences_are_lower_case_without_a_full_stop() -> None:
    assert all(text[0].islower() and not text.endswith(".") for text in SENTENCES.values())


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (True, "true or false"),
        (5, "a number"),
        ("", "an empty text"),
        ("M", "a text of 1 character"),
        ("Mai", "a text of 3 characters"),
        ([], "a list of 0"),
        ({"a": 1}, "a group of 1 member"),
    ],
)
def test_kind_of_a_value_is_told_and_not_the_value(value: object, kind: str) -> None:
    assert kind_of(value) == kind  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["NGUYEN", "+855", "a b", "ឈ្មោះ", "x" * 41, "", "1a", "a\n"])
def test_name_that_may_be_a_value_is_not_shown(name: str) -> None:
    assert shown_name(name) == "(name not shown)"


@pytest.mark.parametrize(
    ("text", "hint"), [("givn", 'did you mean "given"?'), ("Nguyen", ""), (5, ""), ("", "")]
)
def test_hint_names_a_code_of_the_list_or_nothing(text: object, hint: str) -> None:
    assert similar(text, ("given", "refused")) == hint  # type: ignore[arg-type]


def test_pointer_escapes_as_the_standard_says() -> None:
    assert pointer("a/b", 0, "~") == "/a~1b/0/~0"
    assert pointer() == ""


def test_digest_of_a_document_is_that_of_its_sorted_ascii_text() -> None:
    assert digest({"b": 1, "a": "ឈ"}) == digest({"a": "\u1788", "b": 1})
