# SPDX-License-Identifier: Apache-2.0
"""No row of the tables of states is unused: each is taken by a scenario or by a named additional journey."""

from collections.abc import Iterator
from typing import Any

import pytest
from exchange.cases.effects import Taken
from exchange.cases.tables import Row
from tests.conformance.test_scenarios import CASES, NOT_STEPS, SCENARIOS, TABLE, _start
from tests.support.turns import Turn, as_scenario, turns

TURNS = list(turns())
NEVER_THE_FEWEST = ("nationality_confirmed", "assessed")
"""A silent row that is never taken: what fits behind it fits before it as well, and the fewest rows count."""


def walked(scenario: dict[str, Any]) -> Iterator[Taken]:
    """Yield what each accepted message of a scenario does."""
    walk = _start(scenario)
    for raw in (*scenario.get("steps", ()), *scenario.get("wire", ())):
        if raw["from"] not in NOT_STEPS and raw.get("expect", "accepted") == "accepted":
            yield walk.step(raw)


def rows_of(taken: Taken) -> Iterator[Row]:
    """Yield the rows that one message took, those without a message included."""
    implied = {row.name: row for row in CASES.index.rows if row.message is None}
    for step in taken.cases.values():
        yield from (implied[name] for name in step.implied)
        if step.row:
            yield step.row
    if taken.movement and taken.movement.row:
        yield taken.movement.row


def named(row: Row) -> str:
    return f"{row.name} by {row.message} of {row.by} when {dict(row.when)}"


def unused(scenarios: list[dict[str, Any]]) -> list[str]:
    """Return the rows of both tables that no message of the scenarios takes."""
    taken = {id(row) for one in scenarios for message in walked(one) for row in rows_of(message)}
    rows = [row for row in CASES.index.rows if row.message or (row.start, row.to) != NEVER_THE_FEWEST]
    return [named(row) for row in (*rows, *TABLE.index.rows) if id(row) not in taken]


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn.name)
def test_every_message_of_a_turn_fits_and_its_last_one_takes_a_row(turn: Turn) -> None:
    *_, last = walked(as_scenario(turn))

    assert list(rows_of(last))


def test_every_turn_has_its_own_name() -> None:
    assert len({turn.name for turn in TURNS}) == len(TURNS)


def test_scenarios_and_turns_take_every_row_of_both_tables() -> None:
    assert unused([*SCENARIOS, *map(as_scenario, TURNS)]) == []


def test_what_fits_behind_the_row_that_is_never_taken_fits_before_it() -> None:
    before, behind = NEVER_THE_FEWEST
    messages = {
        state: {row.message for row in CASES.index.rows if row.start == state} for state in (before, behind)
    }
    silent = {state: {row.to for row in CASES.index.of(state, None)} for state in (before, behind)}

    assert messages[behind] <= messages[before]
    assert silent[behind] <= silent[before]


def test_without_the_turns_rows_stay_unused() -> None:
    assert len(unused(list(SCENARIOS))) > 50
