# SPDX-License-Identifier: Apache-2.0
"""The rules of `movement-states`, one by one, on the table the project ships."""

from dataclasses import replace

import pytest
from exchange.cases.movements import (
    FirstRecord,
    MovementEvent,
    MovementSnapshot,
    apply_movement,
    first_movement,
)
from exchange.cases.snapshot import Side
from exchange.cases.tables import AUTHOR, OTHER_SIDE, Row
from exchange.errors import RejectedError
from tests.support.case_tables import MOVEMENTS

ROWS = MOVEMENTS.index.rows
STATES = sorted(MOVEMENTS.states)
ALL = {"A": "handed_over", "B": "handed_over"}
SOME = {"A": "handed_over", "B": "not_presented"}
NONE = {"A": "not_presented", "B": "diverted_medical"}


def movement(state: str, **more: object) -> MovementSnapshot:
    fields = {"state": state, "list": ("A", "B"), "proposer": "host"} | more
    return replace(first_movement(MOVEMENTS), **fields)


def signed(outcomes: dict[str, str], side: Side = "host") -> MovementSnapshot:
    return movement("departed", records=(FirstRecord("first", side, outcomes),))


def event(
    kind: str, side: Side = "host", cases: tuple[str, ...] = ("A", "B"), **fields: object
) -> MovementEvent:
    outcomes = fields.pop("outcomes", {})
    return MovementEvent(kind, side, fields, f"{kind}-{side}", cases, outcomes)


def second(side: Side = "origin", **fields: object) -> MovementEvent:
    return event("HRC", side, **({"signature": "second", "agreed": True, "countersigns": "first"} | fields))


def after(snapshot: MovementSnapshot, *events: MovementEvent) -> MovementSnapshot:
    for one in events:
        snapshot = apply_movement(MOVEMENTS, snapshot, one).snapshot
    return snapshot


def rejected(snapshot: MovementSnapshot, one: MovementEvent) -> str:
    with pytest.raises(RejectedError) as caught:
        apply_movement(MOVEMENTS, snapshot, one)
    return caught.value.reason


def of_row(row: Row) -> tuple[MovementSnapshot, MovementEvent]:
    """Return a movement and a message for which this row is meant."""
    fields: dict[str, object] = {key: values[0] for key, values in row.when.items()}
    outcomes = {"all": ALL, "some": SOME, "none": NONE}.get(str(fields.pop("outcomes", "")), ALL)
    first = FirstRecord("first", "host", outcomes)
    snapshot = movement(row.start, records=(first,) if row.start == "departed" else ())
    side: Side = "origin" if row.by == OTHER_SIDE else "host"
    if fields.get("signature") == "second":
        fields["countersigns"] = "first"
    return snapshot, event(row.message or "", side, **fields)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.message} {row.name} {list(row.when.values())}")
def test_each_row_of_the_table_leads_where_it_says(row: Row) -> None:
    snapshot, message = of_row(row)

    step = apply_movement(MOVEMENTS, snapshot, message)

    assert (step.before, step.after, step.persons) == (row.start, row.to, row.persons)


@pytest.mark.parametrize("row", [row for row in ROWS if row.by == OTHER_SIDE], ids=lambda row: row.name)
def test_nobody_answers_or_countersigns_himself(row: Row) -> None:
    snapshot, message = of_row(row)

    assert rejected(snapshot, replace(message, side="host")) == "signer_not_authorised"


def test_a_proposal_is_changed_by_its_author_only() -> None:
    (row,) = [row for row in ROWS if row.by == AUTHOR]
    snapshot, message = of_row(row)

    assert rejected(snapshot, replace(message, side="origin")) == "state_conflict"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("side", ["host", "origin"])
def test_calling_off_is_accepted_in_every_state(state: str, side: Side) -> None:
    step = apply_movement(MOVEMENTS, movement(state), event("CAN", side))

    assert step.after == state if state in MOVEMENTS.final else True


@pytest.mark.parametrize("state", sorted(MOVEMENTS.final))
@pytest.mark.parametrize("kind", ["HPR", "HRP", "HDP", "AMD"])
def test_a_final_state_takes_no_further_message(state: str, kind: str) -> None:
    assert (
        rejected(movement(state), event(kind, "host", response="confirm", effect="date_open"))
        == "state_conflict"
    )


@pytest.mark.parametrize("state", sorted(MOVEMENTS.states - {"confirmed"}))
def test_a_group_leaves_only_on_a_confirmed_appointment(state: str) -> None:
    assert rejected(movement(state), event("HDP")) == "state_conflict"


def test_the_origin_side_does_not_send_the_group_off() -> None:
    assert rejected(movement("confirmed"), event("HDP", "origin")) == "signer_not_authorised"


def test_each_counter_proposal_is_answered_by_the_other_side() -> None:
    countered = after(movement("proposed"), event("HRP", "origin", response="counter"))
    again = after(countered, event("HRP", "host", response="counter"))

    assert rejected(countered, event("HRP", "origin", response="confirm")) == "signer_not_authorised"
    assert rejected(again, event("HRP", "host", response="confirm")) == "signer_not_authorised"
    assert after(again, event("HRP", "origin", response="confirm")).state == "confirmed"


def test_who_changes_a_confirmed_appointment_waits_for_the_answer_of_the_other() -> None:
    changed = after(movement("confirmed"), event("AMD", "origin", effect="time_or_place_changed"))

    assert rejected(changed, event("HRP", "origin", response="confirm")) == "signer_not_authorised"
    assert after(changed, event("HRP", "host", response="confirm")).state == "confirmed"


@pytest.mark.parametrize(
    ("start", "message", "expected"),
    [
        ("draft", event("HPR", cases=("A", "C")), ("A", "C")),
        ("proposed", event("AMD", added=("C",), effect="person_added"), ("A", "B", "C")),
        ("proposed", event("AMD", added=("B",), effect="person_added"), ("A", "B")),
        ("confirmed", event("AMD", taken_off=("A",), effect="person_taken_off"), ("B",)),
        ("confirmed", event("HDP", cases=("B",), taken_off=("A",)), ("B",)),
        ("confirmed", event("CAN", cases=()), ("A", "B")),
    ],
)
def test_the_list_follows_the_messages(start: str, message: MovementEvent, expected: tuple[str, ...]) -> None:
    assert after(movement(start), message).list == expected


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        (ALL, "completed"),
        (SOME, "completed_partly"),
        (NONE, "failed"),
        ({**ALL, "X": "added"}, "completed"),
        ({**NONE, "X": "added"}, "completed_partly"),
        ({}, "failed"),
    ],
)
def test_the_outcomes_of_the_record_decide_how_the_movement_ends(
    outcomes: dict[str, str], state: str
) -> None:
    done = after(signed(outcomes), second())

    assert (done.state, done.keeper, done.records) == (state, "origin", ())


@pytest.mark.parametrize("named", ["other", "", None])
def test_a_countersignature_of_a_record_that_does_not_stand_is_a_conflict(named: str | None) -> None:
    fields = {} if named is None else {"countersigns": named}
    bare = event("HRC", "origin", signature="second", agreed=True, **fields)

    assert rejected(signed(ALL), bare) == "state_conflict"
    assert rejected(movement("departed"), second()) == "state_conflict"


def test_a_record_with_reservations_no_longer_stands() -> None:
    reserved = after(signed(ALL), second(agreed=False))

    assert (reserved.state, reserved.records, reserved.keeper) == ("departed", (), "host")
    assert rejected(reserved, second()) == "state_conflict"


def test_a_new_first_record_replaces_the_one_of_the_same_side() -> None:
    again = after(signed(ALL), event("HRC", signature="first", outcomes=SOME))

    assert [one.ref for one in again.records] == ["HRC-host"]
    assert rejected(again, second()) == "state_conflict"
    assert after(again, second(countersigns="HRC-host")).state == "completed_partly"


def test_both_sides_may_have_signed_first_and_one_countersigns() -> None:
    both = after(signed(ALL), event("HRC", "origin", signature="first", outcomes=SOME))

    assert after(both, second("origin")).state == "completed"
    assert after(both, second("host", countersigns="HRC-origin")).state == "completed_partly"
    assert rejected(both, second("host")) == "signer_not_authorised"


@pytest.mark.parametrize("state", sorted(MOVEMENTS.states - {"completed", "completed_partly", "departed"}))
def test_a_supplementary_record_needs_a_complete_one(state: str) -> None:
    more = event("HRC", signature="first", supplementary="first")

    assert rejected(movement(state), more) == "state_conflict"


@pytest.mark.parametrize("signature", ["first", "second"])
def test_a_supplementary_record_changes_nothing(signature: str) -> None:
    done = movement("completed", keeper="origin")

    assert after(done, event("HRC", signature=signature, agreed=True, supplementary="first")) == done


def test_a_failed_movement_is_proposed_again_and_the_origin_side_keeps_the_order() -> None:
    again = after(signed(NONE), second(), event("HPR", "origin", cases=("A",)))

    assert (again.state, again.list, again.keeper) == ("proposed", ("A",), "origin")
