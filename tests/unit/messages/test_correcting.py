# SPDX-License-Identifier: Apache-2.0
"""A data correction changes what is repeated about a person, and no message."""

from copy import deepcopy
from typing import Any

import pytest
from exchange.messages.amending import corrected

PERSON: dict[str, Any] = {
    "names": [{"full": "TEST Mai"}, {"full": "TEST M."}],
    "birth": {"value": "2002", "precision": "year"},
    "flags": ["child"],
    "photograph": 1,
}


def change(pointer: str, wrong: Any, **right: Any) -> dict[str, Any]:
    return {"pointer": pointer, "wrong": wrong, "basis": "register", **right}


@pytest.mark.parametrize(
    ("one", "place", "value"),
    [
        (change("/birth/value", "2002", right="2003"), "birth", {"value": "2003", "precision": "year"}),
        (
            change("/names/0/full", "TEST Mai", right="TEST My"),
            "names",
            [{"full": "TEST My"}, {"full": "TEST M."}],
        ),
        (change("/flags", ["child"], right=[]), "flags", []),
        (change("/photograph", 1, removed=True), "photograph", None),
    ],
)
def test_what_is_corrected_is_repeated_right(one: dict[str, Any], place: str, value: Any) -> None:
    before = deepcopy(PERSON)

    assert corrected(PERSON, [one]).get(place) == value
    assert before == PERSON


@pytest.mark.parametrize(
    "one",
    [
        change("/birth/value", "1999", right="2003"),
        change("/birth/day", "1", right="2"),
        change("/names/7/full", "x", right="y"),
        change("/photograph", True, removed=True),
    ],
)
def test_a_correction_of_something_else_than_is_known_changes_nothing(one: dict[str, Any]) -> None:
    assert corrected(PERSON, [one]) == PERSON


def test_a_correction_that_does_not_fit_stops_no_other() -> None:
    changes = [change("/birth/value", "1999", right="2000"), change("/birth/value", "2002", right="2003")]

    assert corrected(PERSON, changes)["birth"] == {"value": "2003", "precision": "year"}
