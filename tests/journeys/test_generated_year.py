# SPDX-License-Identifier: Apache-2.0
"""A short generated year; `make year` plays 1,000 cases."""

from dataclasses import replace

import pytest
from exchange.cases.publication import added
from exchange.cases.statistics import SUMS
from exchange.service.rows import Direction, MessageState
from tests.support.generated_year import GeneratedYear, counted_by

CASES = 60


@pytest.fixture(scope="module")
def year() -> GeneratedYear:
    year = GeneratedYear(seed=3, cases=CASES)
    year.play()
    return year


def test_every_equation_closes_and_both_sides_count_the_same(year: GeneratedYear) -> None:
    """Procedure, section 11, number 10."""
    assert year.faults() == []


def test_the_year_has_what_the_equations_speak_of(year: GeneratedYear) -> None:
    months = [
        cells
        for pair in year.pairs.values()
        for side in counted_by(pair.host).values()
        for cells in side.values()
    ]
    cells = added(months, SUMS).cells

    for name in (
        "notices/refused",
        "notices/children",
        "lists/handed_over",
        "lists/not_presented",
        "accepted_once/withdrawn",
        "taken_over/added",
        "taken_over/received",
    ):
        assert cells[name] > 0, name
    assert cells["notices"] == CASES
    assert year.refused == 0


def test_the_check_finds_a_message_that_one_side_does_not_have() -> None:
    year = GeneratedYear(seed=3, cases=12)
    year.play()
    messages = next(iter(year.pairs.values())).origin.store.messages
    (key, row), *_ = ((key, row) for key, row in messages.rows.items() if row.type == "RPN")
    messages.rows[key] = replace(row, state=MessageState.REJECTED)

    assert key[0] is Direction.IN
    assert any("the two sides count differently" in fault for fault in year.faults())
