# SPDX-License-Identifier: Apache-2.0
"""The balance of persons, from what was told of each case."""

from collections.abc import Sequence
from typing import Any

import pytest
from exchange.ids import MessageId
from exchange.service.persons import Balance, Told, balance

FIRST = "0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4c01"


def told(code: str, *, id: str = "", line: Any = None, content: Any = None, movement: str = "M1") -> Told:
    header = {"movement_code": movement} if movement else {}
    document = {"header": header, "content": content or {}, "persons": []}
    return Told(MessageId(id or code), code, document, line or {})


def notice() -> list[Told]:
    return [told("RPN", line={"case_code": "A"}, movement=""), told("RPD", line={"outcome": "accepted"})]


def listed(outcome: str, *, agreed: bool = True) -> list[Told]:
    signs = {"countersigns": {"id": FIRST}, "agreed": agreed}
    record = [told("HRC", id=FIRST, line={"outcome": outcome}), told("HRC", content=signs)]
    return [*notice(), told("HDP", line={"case_code": "A"}), *record]


def received(record: str = FIRST, *, arrived: bool = True) -> Told:
    return told("RCV", line={"arrived": arrived}, content={"record": record})


def test_who_is_handed_over_and_received_balances() -> None:
    found = balance([[*listed("handed_over"), received()]])

    assert found == Balance(1, {"accepted": 1}, 1, {"handed_over": 1}, 0, 1)
    assert found.holds


@pytest.mark.parametrize(
    "outcome", ["not_presented", "not_taken_over", "returned_to_host", "diverted_medical"]
)
def test_who_is_not_taken_over_is_counted_on_the_list_only(outcome: str) -> None:
    found = balance([listed(outcome)])

    assert (found.on_lists, dict(found.outcomes), found.taken_over) == (1, {outcome: 1}, 0)
    assert found.holds


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        pytest.param(listed("handed_over", agreed=False), {"unsigned": 1}, id="not agreed"),
        pytest.param(listed("handed_over")[:-1], {"unsigned": 1}, id="one signature"),
        pytest.param(listed("handed_over")[:-2], {"unsigned": 1}, id="no record"),
    ],
)
def test_a_record_counts_with_two_signatures_only(story: Sequence[Told], expected: dict[str, int]) -> None:
    found = balance([story])

    assert dict(found.outcomes) == expected
    assert found.holds


def test_an_added_person_stands_apart_from_the_lists() -> None:
    story = [one for one in listed("added") if one.type != "HDP"]

    found = balance([story])

    assert (found.on_lists, found.added, found.taken_over, found.unconfirmed) == (0, 1, 1, 1)


@pytest.mark.parametrize(
    "arrival",
    [
        pytest.param(received(arrived=False), id="did not arrive"),
        pytest.param(received("another"), id="names no signed record"),
    ],
)
def test_without_arrival_a_person_is_not_confirmed(arrival: Told) -> None:
    found = balance([[*listed("handed_over"), arrival]])

    assert (found.received, found.unconfirmed) == (0, 1)


def test_an_arrival_without_a_handover_does_not_hide() -> None:
    assert balance([[*notice(), received()]]).received == 0


def test_the_last_decision_on_a_notice_counts() -> None:
    refused = [*notice(), told("RPD", line={"outcome": "refused"})]
    cancelled = [*notice(), told("CAN", movement="")]
    movement_off = [*notice(), told("CAN")]

    found = balance([refused, cancelled, movement_off, notice()[:1], []])

    assert found.in_notices == 4
    assert dict(found.decisions) == {"refused": 1, "cancelled": 1, "accepted": 1, "undecided": 1}


def test_a_second_movement_of_the_same_person_is_a_second_place_on_a_list() -> None:
    again = [*listed("not_presented"), told("HDP", line={"case_code": "A"}, movement="M2")]

    assert dict(balance([again]).outcomes) == {"not_presented": 1, "unsigned": 1}
