# SPDX-License-Identifier: Apache-2.0
"""One message, its movement and each of its persons."""

from dataclasses import replace
from datetime import date

import pytest
from exchange.cases.consent import Consent
from exchange.cases.effects import Message, World, case_event, take
from exchange.cases.movements import FirstRecord, first_movement
from exchange.cases.snapshot import CaseSnapshot, Side
from exchange.errors import RejectedError
from tests.support.case_tables import CASES, MOVEMENTS

TODAY = date(2027, 6, 1)
LINES = {"A": {"outcome": "handed_over"}, "B": {"outcome": "not_presented"}}


def person(state: str, **more: object) -> CaseSnapshot:
    travels = "M" if state in CASES.travelling else ""
    fields = {"state": state, "opened": True, "valid_until": TODAY, "listed": ("M",), "movement": travels}
    return replace(CASES.initial(), **(fields | more))


def world(movement: str, *, records: tuple[FirstRecord, ...] = (), **cases: CaseSnapshot) -> World:
    there = replace(
        first_movement(MOVEMENTS), state=movement, list=tuple(cases), proposer="host", records=records
    )
    return World(cases, {"M": there})


def message(kind: str, side: Side = "host", cases: tuple[str, ...] = ("A", "B"), **fields: object) -> Message:
    return Message(kind, side, TODAY, ref=f"{kind}-1", cases=cases, movement="M", fields=fields)


def states(before: World, *messages: Message) -> dict[str, str]:
    for one in messages:
        before = take(MOVEMENTS, before, one).world(before, "M")
    found = {case: snapshot.state for case, snapshot in before.cases.items()}
    return {**found, "M": before.movements["M"].state}


def rejected(before: World, one: Message) -> str:
    with pytest.raises(RejectedError) as caught:
        take(MOVEMENTS, before, one)
    return caught.value.reason


READY = person("ready")
SCHEDULED = person("scheduled")
LEFT = person("in_transfer")


def test_one_line_without_a_row_refuses_the_whole_message() -> None:
    before = world("draft", A=READY, B=person("documents_pending"))

    assert rejected(before, message("HPR")) == "state_conflict"


def test_a_line_that_fits_does_not_save_a_movement_that_does_not() -> None:
    assert rejected(world("proposed", A=SCHEDULED, B=SCHEDULED), message("HDP")) == "state_conflict"


def test_a_person_nobody_knew_begins_at_the_beginning() -> None:
    taken = take(MOVEMENTS, World(), replace(message("IDN", cases=("N",)), movement=""))

    assert (taken.cases["N"].before, taken.cases["N"].after, taken.movement) == ("presumed", "notified", None)


def test_a_departure_takes_some_and_leaves_others() -> None:
    before = world("confirmed", A=SCHEDULED, B=SCHEDULED)

    assert states(before, message("HDP", cases=("A",), taken_off=("B",))) == {
        "A": "in_transfer", "B": "ready", "M": "departed",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "fields", "movement"),
    [
        ("CAN", {"target": "movement"}, "cancelled"),
        ("AMD", {"effect": "time_or_place_changed"}, "proposed"),
        ("AMD", {"effect": "date_open"}, "postponed"),
        ("AMD", {"effect": "person_added", "added": ("C",)}, "proposed"),
    ],
)
@pytest.mark.parametrize("named", [(), ("A",), ("A", "B")])
def test_when_an_appointment_falls_everybody_on_the_list_is_ready_again(
    kind: str, fields: dict[str, object], movement: str, named: tuple[str, ...]
) -> None:
    before = world("confirmed", A=SCHEDULED, B=SCHEDULED)

    assert states(before, message(kind, cases=named, **fields)) == {"A": "ready", "B": "ready", "M": movement}


def test_taking_one_person_off_leaves_the_others_in_the_movement() -> None:
    before = world("confirmed", A=SCHEDULED, B=SCHEDULED)

    assert states(before, message("AMD", effect="person_taken_off", taken_off=("A",))) == {
        "A": "ready", "B": "scheduled", "M": "confirmed",
    }  # fmt: skip


def test_an_added_person_travels_after_the_new_answer() -> None:
    before = World(
        {**world("confirmed", A=SCHEDULED).cases, "B": person("ready", listed=())},
        world("confirmed", A=SCHEDULED).movements,
    )

    assert states(
        before,
        message("AMD", effect="person_added", added=("B",)),
        message("HRP", "origin", response="confirm"),
    ) == {"A": "scheduled", "B": "scheduled", "M": "confirmed"}


def test_a_person_who_is_held_stays_behind_and_the_others_go_on() -> None:
    before = world("proposed", A=READY, B=READY)
    hold = replace(message("HLD", cases=("B",)), movement="")

    assert states(before, hold, message("HRP", "origin", response="confirm")) == {
        "A": "scheduled", "B": "on_hold", "M": "confirmed",
    }  # fmt: skip


def test_a_countersignature_gives_each_person_the_outcome_it_signs() -> None:
    first = replace(message("HRC", signature="first"), lines=LINES)
    second = message("HRC", "origin", signature="second", agreed=True, countersigns="HRC-1")
    before = world("departed", A=LEFT, B=LEFT)

    assert states(before, first) == {"A": "in_transfer", "B": "in_transfer", "M": "departed"}
    assert states(before, first, second) == {
        "A": "handed_over",
        "B": "not_presented",
        "M": "completed_partly",
    }
    assert states(before, first, replace(second, cases=())) == states(before, first, second)


def test_a_person_who_withdrew_after_the_departure_cannot_be_handed_over() -> None:
    withdrawal = replace(message("CWD", cases=("A",), scope=("return",)), movement="")
    before = take(MOVEMENTS, world("departed", A=LEFT, B=LEFT), withdrawal).world(
        world("departed", A=LEFT, B=LEFT), ""
    )

    assert rejected(before, replace(message("HRC", signature="first"), lines=LINES)) == "state_conflict"


def test_a_withdrawal_between_the_signatures_refuses_the_countersignature() -> None:
    record = FirstRecord("HRC-1", "host", {case: line["outcome"] for case, line in LINES.items()})
    before = world("departed", records=(record,), A=person("withdrawn"), B=LEFT)
    second = message("HRC", "origin", signature="second", agreed=True, countersigns="HRC-1")

    assert rejected(before, second) == "state_conflict"


def test_a_record_names_the_hold_it_sets_by_its_first_signature() -> None:
    record = FirstRecord("HRC-1", "host", {"A": "diverted_medical"})
    second = message("HRC", "origin", ("A",), signature="second", agreed=True, countersigns="HRC-1")

    taken = take(MOVEMENTS, world("departed", records=(record,), A=LEFT), replace(second, ref="HRC-2"))

    assert [hold.ref for hold in taken.cases["A"].snapshot.holds] == ["HRC-1"]


def test_a_countersignature_cannot_add_a_person_to_the_record() -> None:
    record = FirstRecord("HRC-1", "host", {"A": "handed_over"})
    second = message("HRC", "origin", ("A", "B"), signature="second", agreed=True, countersigns="HRC-1")

    assert rejected(world("departed", records=(record,), A=LEFT, B=LEFT), second) == "state_conflict"


def test_a_message_that_only_names_a_movement_does_not_act_on_it() -> None:
    taken = take(
        MOVEMENTS, world("completed", A=person("handed_over")), message("RCV", "origin", ("A",), arrived=True)
    )

    assert (taken.movement, taken.cases["A"].after) == (None, "received")


def test_the_author_may_be_the_host_of_one_person_and_the_origin_of_another() -> None:
    both = replace(message("HLD"), movement="", roles={"B": "origin"})

    taken = take(MOVEMENTS, world("draft", A=READY, B=READY), both)

    assert [taken.cases[case].snapshot.holds[0].side for case in ("A", "B")] == ["host", "origin"]


def test_consents_reach_the_person_they_belong_to() -> None:
    consent = Consent("return", "given", "person", TODAY)
    notice = replace(message("RPN"), movement="", consents={"A": (consent,)})

    taken = take(MOVEMENTS, world("draft", A=person("assessed"), B=person("assessed")), notice)

    assert taken.cases["A"].snapshot.consents.facts == (consent,)
    assert taken.cases["B"].snapshot.consents.facts == ()


def test_a_person_the_message_does_not_name_gets_its_common_fields() -> None:
    event = case_event(message("CAN", cases=(), target="movement"), "Z", None)

    assert (event.fields, event.movement) == ({"target": "movement", "named": False}, "M")
