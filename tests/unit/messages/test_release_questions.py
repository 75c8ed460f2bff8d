# SPDX-License-Identifier: Apache-2.0
"""What only a person can decide is asked before the release, at its place, and nothing else."""

from typing import Any

import pytest
from exchange.messages.codelists import codelist
from exchange.messages.release_questions import (
    COUNTRY,
    EACH_LINE,
    EVERYBODY,
    LATIN,
    PAPER,
    SETTLED,
    TEXT,
    release_questions,
)
from tests.support.documents import example
from tests.support.examples import files, load


def asked(document: dict[str, Any]) -> list[tuple[str, str]]:
    return [(question.pointer, question.text) for question in release_questions(document)]


def test_every_text_of_a_notice_is_asked_about_and_no_name_or_number() -> None:
    document = example("rpn", "adult-with-passport")
    document["header"]["remark"] = "a remark"

    found = asked(document)

    assert ("/persons", EVERYBODY) in found
    assert ("/header/remark", TEXT) in found
    assert ("/persons/0/tracing_result", TEXT) in found
    assert not [place for place, _ in found if "names" in place or "documents" in place]


@pytest.mark.parametrize(
    ("names", "is_asked"),
    [
        ([{"script": "Khmr", "full": "x"}], True),
        ([{"full": "សុខ ដារ៉ា"}], True),
        ([{"script": "Khmr", "full": "x"}, {"script": "Thai", "full": "y"}], True),
        ([{"script": "Khmr", "full": "x"}, {"script": "Latn", "full": "SOK Dara"}], False),
        ([{"full": "SOK Dara"}], False),
        ([], False),
    ],
)
def test_names_in_other_letters_only_are_asked_about(names: list[dict[str, str]], is_asked: bool) -> None:
    document = example("rpn", "adult-with-passport")
    document["persons"][0]["names"] = names

    assert (("/persons/0/names", LATIN) in asked(document)) == is_asked


def test_each_paper_is_asked_about() -> None:
    document = example("vrq", "child-with-photograph")

    places = [place for place, text in asked(document) if text == PAPER]
    assert places == ["/header/attachments/0", "/header/attachments/1"]


@pytest.mark.parametrize(
    ("kind", "name", "text"),
    [
        ("hrc", "first-record-two-handed-over", EACH_LINE),
        ("drs", "corrected-by-an-entry", SETTLED),
    ],
)
def test_type_has_its_own_question(kind: str, name: str, text: str) -> None:
    assert text in [question for _, question in asked(example(kind, name))]


@pytest.mark.parametrize(
    ("kind", "name", "text"),
    [("hrc", "countersignature-agreed", EACH_LINE), ("drs", "not-settled-yet", SETTLED)],
)
def test_what_does_not_arise_is_not_asked(kind: str, name: str, text: str) -> None:
    assert text not in [question for _, question in asked(example(kind, name))]


def test_a_message_without_text_paper_or_list_asks_nothing() -> None:
    assert asked(example("trd", "accepted")) == []
    assert asked({}) == []


def test_every_question_names_a_code_of_the_list_of_rejections() -> None:
    codes = {question.code for path in files("valid") for question in release_questions(load(path))}

    assert codes <= set(codelist("ack-rejections").codes)


def test_a_person_of_another_country_is_asked_about_when_the_country_is_known() -> None:
    person = {"nationality": [{"country": "KH"}]}
    document: Any = {"header": {"type": "RPN"}, "content": {}, "persons": [person]}

    asked = [
        [one.pointer for one in release_questions(document, to=country) if one.text == COUNTRY]
        for country in ("VN", "KH", "")
    ]

    assert asked == [["/persons/0/nationality"], [], []]
