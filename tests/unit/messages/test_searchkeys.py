# SPDX-License-Identifier: Apache-2.0
"""How a question about a person fits what is kept of somebody."""

from typing import Any

import pytest
from exchange.messages.searchkeys import (
    MAX_KEYS,
    Fit,
    agreement,
    document_key,
    name_keys,
    person_keys,
    place_keys,
    question,
)

FITTING = [
    ("the same", "SOK Dara", "SOK Dara", Fit.SPELLING),
    ("the words in another order", "Dara SOK", "SOK Dara", Fit.SPELLING),
    ("without the space", "SokDara", "SOK Dara", Fit.SPELLING),
    ("with a space too many", "Sok Kha Dara", "SOK Khadara", Fit.SPELLING),
    ("one word of a long name", "Mai", "NGUYEN Thi Mai", Fit.SPELLING),
    ("family and given name without the middle one", "Nguyen Mai", "NGUYỄN Thị Mai", Fit.SPELLING),
    ("as heard", "Sokh Darah", "SOK Dara", Fit.SOUND),
    ("as heard, in one word", "Sokkha", "SOKH Kha", Fit.SOUND),
    ("one word spelt, one as heard", "Sok Darah", "SOK Dara", Fit.SOUND),
    ("Khmer letters with a separator", "សុខ\u200bដារ៉ា", "សុខ ដារ៉ា", Fit.SPELLING),
    ("Thai letters", "สมชาย", "สมชาย ใจดี", Fit.SPELLING),
    ("one word of two", "Sok Bopha", "SOK Dara", Fit.SOME_WORDS),
    ("one word of three", "Sok Bopha Srey", "SOK Dara", Fit.NONE),
    ("nothing", "Bopha", "SOK Dara", Fit.NONE),
    ("a beginning of a word", "Dar", "SOK Dara", Fit.NONE),
    ("letters of another script", "សុខ", "SOK", Fit.NONE),
]


@pytest.mark.parametrize(
    ("asked", "kept", "fit"), [row[1:] for row in FITTING], ids=[row[0] for row in FITTING]
)
def test_name_fits_what_is_kept(asked: str, kept: str, fit: Fit) -> None:
    assert agreement(question(asked), name_keys(kept)) is fit


def test_document_number_fits_in_any_digits_and_with_any_signs() -> None:
    kept = person_keys({"documents": [{"type": "passport", "number": "n 012-345"}]})

    assert agreement(question(document="N០១២៣៤៥"), kept) is Fit.DOCUMENT


@pytest.mark.parametrize("number", ["N012346", "N01234", "012345"])
def test_another_document_number_does_not_fit(number: str) -> None:
    assert agreement(question(document=number), {document_key("N012345")}) is Fit.NONE


def test_document_says_more_than_the_name() -> None:
    kept = name_keys("SOK Dara") | {document_key("N1")}

    assert agreement(question("Nobody", "N1"), kept) is Fit.DOCUMENT


@pytest.mark.parametrize(("name", "document"), [("", ""), (" - ", "/"), ("\u200b", "")])
def test_question_without_a_letter_or_digit_finds_nobody(name: str, document: str) -> None:
    asked = question(name, document)

    assert asked.keys == frozenset()
    assert agreement(asked, name_keys("SOK Dara")) is Fit.NONE


@pytest.mark.parametrize(
    "line",
    [
        {"names": [{"full": "SOK Dara"}]},
        {"names": [{"full": "someone"}, {"full": "Sok  Dara"}]},
        {"registered_identity": {"names": [{"full": "SOK Dara"}]}},
    ],
    ids=["a name", "another form", "as registered"],
)
def test_person_is_kept_under_every_name(line: dict[str, Any]) -> None:
    assert name_keys("SOK Dara") <= person_keys(line)


def test_issued_travel_document_is_a_document_of_the_person() -> None:
    assert person_keys({"document": {"number": "LP 77"}}) == {document_key("LP77")}


@pytest.mark.parametrize(
    "line",
    [{}, {"names": []}, {"names": "SOK"}, {"names": [{"full": 7}]}, {"documents": [{"type": "none"}]}],
)
def test_line_without_a_name_or_number_has_no_keys(line: dict[str, Any]) -> None:
    assert person_keys(line) == frozenset()


def test_keys_of_one_person_are_bounded() -> None:
    names = [{"full": " ".join(f"w{n}x{word}" for word in range(30))} for n in range(100)]

    assert len(person_keys({"names": names})) <= MAX_KEYS


def test_keys_of_a_line_do_not_hold_a_relative() -> None:
    line: dict[str, Any] = {"names": [{"full": "SOK Dara"}], "relatives": [{"names": ["CHAN Bopha"]}]}

    assert not name_keys("Bopha") & person_keys(line)


def test_place_is_found_by_any_of_its_units() -> None:
    assert place_keys(["Svay Rieng", "Bavet"]) >= place_keys(["Bavet"])
