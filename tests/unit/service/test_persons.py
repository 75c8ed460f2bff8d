# SPDX-License-Identifier: Apache-2.0
"""The balance of persons, from what was told of each case."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from exchange.ids import MessageId
from exchange.service.equations import equations
from exchange.service.persons import Balance, Period, Told, balance

FIRST = "0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4c01"


def told(
    code: str, *, id: str = "", line: Any = None, content: Any = None, movement: str = "M1", day: int = 1
) -> Told:
    header = {"movement_code": movement} if movement else {}
    document = {"header": header, "content": content or {}, "persons": []}
    return Told(MessageId(id or code), code, document, line or {}, at(day))


def at(day: int, month: int = 6) -> datetime:
    return datetime(2027, month, day, tzinfo=UTC)


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

    followed = {"family_being_sought": 1}
    assert found == Balance(1, {"accepted": 1}, 1, {"handed_over": 1}, 0, 1, {"handed_over": 1}, followed)
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


WITHDREW = told("CWD", content={"scope": ["return"]})
HELD, RESUMED = told("HLD", line={"reason": "medical"}), told("RSM")
REVOKED = told("RPD", line={"outcome": "refused"})


@pytest.mark.parametrize(
    ("after", "part"),
    [
        pytest.param([], "open", id="nothing yet"),
        pytest.param([WITHDREW], "withdrawn", id="withdrew"),
        pytest.param([told("CWD", content={"scope": ["photo"]})], "open", id="another consent withdrawn"),
        pytest.param([told("CAN", movement="")], "withdrawn", id="notice cancelled"),
        pytest.param([told("CAN")], "open", id="movement called off"),
        pytest.param([told("CLO", line={"reason": "remained_in_host"})], "withdrawn", id="closed"),
        pytest.param([HELD], "on_hold", id="held"),
        pytest.param([HELD, RESUMED], "open", id="held and resumed"),
        pytest.param([HELD, HELD, RESUMED], "on_hold", id="one of two holds ended"),
        pytest.param([HELD, WITHDREW], "withdrawn", id="withdrew while held"),
        pytest.param([REVOKED], "refused_later", id="revoked"),
        pytest.param([told("TDS", line={"status": "denied"})], "refused_later", id="paper denied"),
        pytest.param([told("TDS", line={"status": "issued"})], "open", id="paper issued"),
        pytest.param([REVOKED, told("RPD", line={"outcome": "accepted"})], "open", id="second look"),
    ],
)
def test_what_became_of_an_acceptance(after: list[Told], part: str) -> None:
    found = balance([[*notice(), *after]])

    assert dict(found.accepted) == {part: 1}


def test_who_was_never_accepted_is_in_no_part_of_the_acceptances() -> None:
    assert dict(balance([[notice()[0], REVOKED], notice()[:1]]).accepted) == {}


def test_who_came_and_was_closed_afterwards_stays_handed_over() -> None:
    story = [*listed("handed_over"), received(), told("CLO", line={"reason": "reintegrated"})]

    found = balance([story])

    assert (dict(found.accepted), dict(found.reintegration)) == ({"handed_over": 1}, {"closed_in_period": 1})


@pytest.mark.parametrize(
    ("after", "part"),
    [
        pytest.param([], "family_being_sought", id="nothing yet"),
        pytest.param(
            [told("TRS", line={"result": "in_progress"})], "family_being_sought", id="tracing goes on"
        ),
        pytest.param([told("TRS", line={"result": "not_found"})], "family_assessed", id="tracing ended"),
        pytest.param([told("FUP", line={"outcome": "stable"})], "followed", id="report"),
        pytest.param([told("CLO"), told("ROP")], "followed", id="closed and reopened"),
        pytest.param([told("FUP"), told("CLO")], "closed_in_period", id="closed"),
    ],
)
def test_where_reintegration_stands(after: list[Told], part: str) -> None:
    found = balance([[*listed("handed_over"), received(), *after]])

    assert dict(found.reintegration) == {part: 1}


def test_somebody_who_arrived_without_notice_is_under_reintegration_only() -> None:
    found = balance([[told("RCV", line={"arrived": True})]])

    assert (found.in_notices, found.taken_over, dict(found.reintegration)) == (
        0,
        0,
        {"family_being_sought": 1},
    )


def test_a_late_notice_of_an_added_person_asks_for_no_decision() -> None:
    late = told("RPN", line={"case_code": "A"}, content={"record": FIRST}, movement="")

    assert balance([[late]]).in_notices == 0


JULY = Period(at(1, 7), at(1, 8))


def later(told: Told, day: int) -> Told:
    return replace(told, at=at(day, 7))


def test_an_open_acceptance_from_before_the_period_counts_in_it_and_its_notice_does_not() -> None:
    found = balance([notice()], JULY)

    assert (found.in_notices, dict(found.accepted)) == (0, {"open": 1})


def test_an_acceptance_that_was_settled_before_the_period_does_not_count() -> None:
    assert dict(balance([[*notice(), WITHDREW]], JULY).accepted) == {}
    assert dict(balance([[*notice(), later(WITHDREW, 3)]], JULY).accepted) == {"withdrawn": 1}


def test_what_comes_after_the_period_does_not_count_in_it() -> None:
    story = [later(one, 2) for one in notice()] + [replace(WITHDREW, at=at(2, 8))]

    assert dict(balance([story], JULY).accepted) == {"open": 1}


def test_who_was_closed_before_the_period_is_not_under_reintegration_in_it() -> None:
    story = [*listed("handed_over"), received(), told("CLO")]

    assert dict(balance([story], JULY).reintegration) == {}


def test_every_equation_closes_and_every_figure_has_its_rule() -> None:
    stories = [
        [*listed("handed_over"), received()],
        listed("not_presented"),
        [one for one in listed("added") if one.type != "HDP"],
        [*notice(), HELD],
        notice()[:1],
    ]

    found = equations(balance(stories))

    assert [one.total.name for one in found] == [
        "in notices", "accepted", "on lists", "taken over", "taken over", "under reintegration",
    ]  # fmt: skip
    assert all(one.holds for one in found)
    assert all(figure.rule for one in found for figure in (one.total, *one.parts))
    assert [part.persons for part in found[1].parts] == [1, 0, 1, 2, 0]
