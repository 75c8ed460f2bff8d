# SPDX-License-Identifier: Apache-2.0
"""What may come next is what would be accepted, and never a stop or a change of what was sent."""

from dataclasses import replace
from datetime import date

import pytest
from exchange.cases.movements import FirstRecord, first_movement
from exchange.cases.prospects import (
    acceptance_until,
    can_be_decided_anew,
    can_be_listed,
    next_in_case,
    next_in_movement,
)
from tests.support.case_tables import CASES, MOVEMENTS

TODAY = date(2027, 10, 4)


def case(state: str):  # type: ignore[no-untyped-def]
    return replace(CASES.initial(), state=state, opened=True, valid_until=date(2027, 12, 20))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("verification_pending", ("VRS", "origin", "nationality_confirmed")),
        ("notice_pending", ("RPD", "origin", "accepted")),
        ("documents_pending", ("TDS", "origin", "ready")),
        ("handed_over", ("RCV", "origin", "received")),
    ],
)
def test_the_answer_of_the_main_line_comes_next(state: str, expected: tuple[str, str, str]) -> None:
    found = next_in_case(CASES, case(state), on=TODAY)

    assert expected in [(one.type, one.side, one.to) for one in found]


@pytest.mark.parametrize("state", sorted(CASES.states))
def test_no_stop_and_no_change_is_a_next_step(state: str) -> None:
    types = {one.type for one in next_in_case(CASES, case(state), on=TODAY)}

    assert not types & (CASES.stops | {"AMD"})


def test_a_person_is_listed_while_the_acceptance_is_valid() -> None:
    assert can_be_listed(CASES, case("ready"), type_code="HPR", on=TODAY)
    assert not can_be_listed(CASES, case("ready"), type_code="HPR", on=date(2028, 1, 1))
    assert not can_be_listed(CASES, case("in_transfer"), type_code="HPR", on=TODAY)


def test_only_the_other_side_answers_a_proposal() -> None:
    proposed = replace(first_movement(MOVEMENTS), state="proposed", proposer="host")

    assert [(one.type, one.side) for one in next_in_movement(MOVEMENTS, proposed)] == [("HRP", "origin")]


def test_a_record_waits_for_the_signature_of_the_other_side() -> None:
    record = FirstRecord("m1", "host", {"7KQ2-M9XD-4TBE": "handed_over"})
    departed = replace(first_movement(MOVEMENTS), state="departed", proposer="host", records=(record,))

    found = next_in_movement(MOVEMENTS, departed)

    assert [one.side for one in found if one.countersigns == "m1"] == ["origin"]


@pytest.mark.parametrize("state", ["completed", "completed_partly", "cancelled"])
def test_a_finished_movement_expects_nothing(state: str) -> None:
    assert next_in_movement(MOVEMENTS, replace(first_movement(MOVEMENTS), state=state)) == ()


@pytest.mark.parametrize("state", sorted(CASES.states))
def test_a_decision_can_be_changed_from_the_notice_to_the_departure_only(state: str) -> None:
    """Who did not come is ready again without a message."""
    open_ones = {"notice_pending", "refused", "accepted", "documents_pending", "ready", "scheduled"}
    open_ones |= {"not_presented"}

    assert can_be_decided_anew(CASES, case(state), on=TODAY) == (state in open_ones)


@pytest.mark.parametrize("state", sorted(CASES.states))
def test_an_acceptance_holds_for_nobody_who_does_not_travel_by_it(state: str) -> None:
    travels = {"accepted", "documents_pending", "ready", "scheduled", "in_transfer", "not_presented"}
    expected = date(2027, 12, 20) if state in travels else None

    assert acceptance_until(CASES, case(state)) == expected


@pytest.mark.parametrize(("before", "holds"), [("ready", True), ("presumed", False)])
def test_during_a_hold_an_acceptance_holds_as_before_it(before: str, holds: bool) -> None:
    held = replace(case("on_hold"), before=before)

    assert (acceptance_until(CASES, held) is not None) == holds
