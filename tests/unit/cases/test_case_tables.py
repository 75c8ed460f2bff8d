# SPDX-License-Identifier: Apache-2.0
"""A table that this program does not understand in full is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from exchange.cases.tables import LifecycleTable, MovementTable, matches
from exchange.errors import ConfigurationError
from tests.support.case_tables import CASES, MOVEMENTS, code_list

Change = Callable[[dict[str, Any]], object]


def _first(data: dict[str, Any]) -> dict[str, Any]:
    return data["transitions"][0]


def _moves(data: dict[str, Any]) -> dict[str, Any]:
    return data["parallel_tracks"][0]["moved_by"]


WRONG: list[tuple[str, Change]] = [
    ("no transitions", lambda data: data.pop("transitions")),
    ("no codes", lambda data: data.pop("codes")),
    ("no main line", lambda data: data["rules"].pop()),
    ("main line with an unknown state", lambda data: data["rules"].append("The main line: presumed, flown.")
        or data["rules"].pop(-2)),
    ("unknown initial state", lambda data: data.update(initial="found")),
    ("unknown state of a row", lambda data: _first(data).update({"from": "found"})),
    ("unknown target of a row", lambda data: _first(data).update(to="flown")),
    ("a row without a target", lambda data: _first(data).pop("to")),
    ("unknown side", lambda data: _first(data).update(by="observer")),
    ("a row without a side", lambda data: _first(data).pop("by")),
    ("a condition nobody knows", lambda data: _first(data).update(unless={"flag": ["x"]})),
    ("a condition that is no list", lambda data: _first(data).update(when={"result": "national"})),
    ("a condition with a number", lambda data: _first(data).update(when={"result": [1]})),
    ("a condition that is no object", lambda data: _first(data).update(when=["result"])),
    ("a message that is no text", lambda data: _first(data).update(message=7)),
    ("unknown state to return to", lambda data: _first(data).update(returns={"scheduled": "flown"})),
    ("unknown limit", lambda data: _first(data).update(at_most="flown")),
    ("unknown owner of a hold", lambda data: _first(data).update(hold_of="either")),
    ("a row that is no object", lambda data: data["transitions"].append("IDN")),
    ("unknown keeper", lambda data: data["keeper"].update(after="transit")),
    ("no keeper", lambda data: data.pop("keeper")),
    ("stops that are no list", lambda data: data.update(stops="CWD")),
    ("a track without a selecting field", lambda data: _moves(data).update(VRQ={"a": "done"})),
]  # fmt: skip


@pytest.mark.parametrize(("why", "change"), WRONG, ids=[why for why, _ in WRONG])
def test_a_wrong_table_of_cases_is_refused(why: str, change: Change) -> None:
    data = code_list("case-states")
    change(data)

    with pytest.raises(ConfigurationError):
        LifecycleTable.from_json(data)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: _first(data).update(persons="flown"),
        lambda data: _first(data).update(by="observer"),
        lambda data: _first(data).update(unless=True),
        lambda data: data.update(initial="found"),
    ],
)
def test_a_wrong_table_of_movements_is_refused(change: Change) -> None:
    data = code_list("movement-states")
    change(data)

    with pytest.raises(ConfigurationError):
        MovementTable.from_json(data, CASES)


def test_what_a_state_means_is_read_from_the_rows() -> None:
    assert CASES.returning == {"on_hold", "withdrawn"}
    assert CASES.holding == {"on_hold"}
    assert (CASES.hold_messages, CASES.resume_messages) == ({"HLD"}, {"RSM"})
    assert CASES.travelling == {"scheduled", "in_transfer"}
    assert CASES.listable == {"ready"}
    assert CASES.taken_over == {"handed_over", "added"}
    assert CASES.opened_by == {"RCV": "origin"}
    assert MOVEMENTS.answerable == {"proposed", "countered"}


def test_every_movement_message_of_the_cases_acts_on_movements() -> None:
    assert CASES.movement_messages <= MOVEMENTS.messages


@pytest.mark.parametrize(
    ("when", "fields", "expected"),
    [
        ({}, {}, True),
        ({"a": ("x", "y")}, {"a": "y"}, True),
        ({"a": ("x",)}, {"a": ("w", "x")}, True),
        ({"a": (True,)}, {"a": "a reference"}, True),
        ({"a": (False,)}, {}, True),
        ({"a": ("x",)}, {}, False),
        ({"a": ("x",)}, {"a": "X"}, False),
        ({"a": ("x",)}, {"a": ()}, False),
        ({"a": ("1",)}, {"a": 1}, False),
        ({"a": (True,)}, {}, False),
        ({"a": (True,)}, {"a": ""}, False),
        ({"a": (False,)}, {"a": "a reference"}, False),
        ({"a": ("True",)}, {"a": True}, False),
        ({"a": ("x",), "b": ("y",)}, {"a": "x"}, False),
    ],
)
def test_a_row_is_selected_by_all_its_keys(when: Any, fields: Any, expected: bool) -> None:
    assert matches(when, fields) is expected
