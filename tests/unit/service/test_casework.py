# SPDX-License-Identifier: Apache-2.0
"""Messages that cross, stops that overtake, movements with their persons: two desks and no network.

`write` numbers a message at one side, `bring` carries it with the log of its author to the other side.
"""

import itertools
from typing import Any

import pytest
from exchange.errors import RejectedError
from exchange.service.rows import Direction
from tests.support.crossing import STARTS
from tests.support.crossing_ideas import GIVEN
from tests.support.desks import LINK, MOVES, NOTHING, PERSONS, Desk, Idea, row_of

A, B, C = PERSONS
M, N = MOVES
ADDED = {
    "effect": "person_added",
    "changes": [{"pointer": "/case_list", "old": [A, B], "new": [A, B, C]}],
}


class Pair:
    """Both sides of a link from one of the starts."""

    def __init__(self, start: str) -> None:
        self.host, self.origin = Desk("host"), Desk("origin")
        self._ids = itertools.count(1)
        listed, other, movement = STARTS[start]
        for desk in (self.host, self.origin):
            desk.begin({A: listed, B: listed, C: other}, movement)

    def write(self, desk: Desk, *idea: Any, **more: Any) -> str:
        """Write a message that fits; return its id."""
        id = f"{next(self._ids):08x}-0000-7000-8000-000000000000"
        assert desk.write(Idea(*idea, **more).document(id))
        return id

    def refused(self, desk: Desk, *idea: Any, **more: Any) -> str:
        """Return why the own node does not number a message."""
        document = Idea(*idea, **more).document(f"{next(self._ids):08x}-0000-7000-8000-000000000000")
        row = row_of(document, Direction.OUT, len(desk.written) + 1, index=len(desk.log))
        with pytest.raises(RejectedError) as caught:
            desk.author(row, document)
        return caught.value.reason

    def bring(self, desk: Desk, *numbers: int) -> list[bool | None]:
        """Carry lines to the other side; return the verdicts there, None where it waits."""
        there = self.origin if desk is self.host else self.host
        there.learn(desk.log)
        for number in numbers:
            there.take(number, desk.written[number - 1])
        return [there.verdicts.get(number) for number in numbers]

    def settle(self) -> None:
        """Carry both logs, so that everybody knows every verdict."""
        self.bring(self.host)
        self.bring(self.origin)
        self.bring(self.host)

    def states(self, desk: Desk, *, shown: bool = False) -> dict[str, str]:
        views = {code: desk.case(code).view() for code in PERSONS}
        return {code: (view.shown if shown else view.effective).state for code, view in views.items()}

    def demand_same(self) -> None:
        self.settle()
        for code in PERSONS:
            assert self.host.case(code).view() == self.origin.case(code).view()
        assert self.host.movement(M).view() == self.origin.movement(M).view()  # type: ignore[union-attr]


def record(*cases: str, **outcomes: str) -> dict[str, dict[str, str]]:
    return {case: {"outcome": outcomes.get(case[-6], "handed_over")} for case in cases}


# --- a movement from proposal to record


def test_a_movement_takes_its_persons_along_to_the_signed_record() -> None:
    pair = Pair("ready")
    pair.write(pair.host, "HPR", (A, B), M, {"case_list": [A, B]})
    pair.bring(pair.host, 1)
    confirms = {"id": pair.origin.last_change(M)}
    pair.write(pair.origin, "HRP", (A, B), M, {"response": "confirm", "confirms": confirms})
    pair.bring(pair.origin, 1)
    assert pair.states(pair.host) == {A: "scheduled", B: "scheduled", C: "ready"}

    off = [{"case_code": B, "reason": "ill"}]
    pair.write(pair.host, "HDP", (A,), M, {"taken_off": off})
    first = pair.write(pair.host, "HRC", (A,), M, {"minutes_number": "1"}, record(A))
    assert pair.bring(pair.host, 2, 3) == [True, True]
    assert pair.states(pair.origin) == {A: "in_transfer", B: "ready", C: "ready"}

    pair.write(pair.origin, "HRC", (A,), M, {"countersigns": {"id": first, "pc": NOTHING}, "agreed": True})
    assert pair.bring(pair.origin, 2) == [True]

    pair.demand_same()
    assert pair.states(pair.host)[A] == "handed_over"
    assert pair.host.movement(M).row.state == "completed"  # type: ignore[union-attr]


def test_a_countersignature_gives_each_person_the_outcome_of_the_record_it_names() -> None:
    pair = Pair("left")
    lines = {A: {"outcome": "handed_over"}, B: {"outcome": "diverted_medical"}}
    first = pair.write(pair.origin, "HRC", (A, B), M, {}, lines)
    pair.bring(pair.origin, 1)

    pair.write(pair.host, "HRC", (A, B), M, {"countersigns": {"id": first, "pc": NOTHING}, "agreed": True})
    pair.bring(pair.host, 1)

    pair.demand_same()
    assert pair.states(pair.host) == {A: "handed_over", B: "on_hold", C: "ready"}
    assert pair.host.case(B).view().effective.holds[0].ref == first


def test_one_line_without_a_row_refuses_the_whole_record() -> None:
    pair = Pair("left")

    assert pair.refused(pair.host, "HRC", (A, B, C), M, {}, record(A, B, C)) == "state_conflict"
    assert pair.states(pair.host) == {A: "in_transfer", B: "in_transfer", C: "ready"}


@pytest.mark.parametrize("ref", ["00000099-0000-7000-8000-000000000000", "no id"])
def test_a_countersignature_of_an_unknown_record_is_a_state_conflict(ref: str) -> None:
    pair = Pair("left")
    signed = {"countersigns": {"id": ref, "pc": NOTHING}, "agreed": True}

    assert pair.refused(pair.origin, "HRC", (A, B), M, signed) == "state_conflict"


def test_a_countersignature_of_a_rejected_record_has_no_effect() -> None:
    pair = Pair("left")
    first = pair.write(pair.host, "HRC", (A, B), M, {}, record(A, B))
    pair.write(pair.origin, "CAN", (A, B), M, {"target": M})
    pair.bring(pair.origin, 1)
    pair.bring(pair.host, 1)

    signed = {"countersigns": {"id": first, "pc": NOTHING}, "agreed": True}
    assert pair.refused(pair.origin, "HRC", (A, B), M, signed) == "state_conflict"


def test_a_supplement_and_its_countersignature_change_no_state() -> None:
    pair = Pair("left")
    first = pair.write(pair.host, "HRC", (A, B), M, {}, record(A, B))
    pair.bring(pair.host, 1)
    pair.write(pair.origin, "HRC", (A, B), M, {"countersigns": {"id": first, "pc": NOTHING}, "agreed": True})
    pair.bring(pair.origin, 1)
    more = pair.write(pair.host, "HRC", (A,), M, {"supplements": {"id": first, "pc": NOTHING}}, record(A))
    assert pair.bring(pair.host, 2) == [True]

    pair.write(pair.origin, "HRC", (A,), M, {"countersigns": {"id": more, "pc": NOTHING}, "agreed": True})
    assert pair.bring(pair.origin, 2) == [True]

    pair.demand_same()
    assert pair.states(pair.host)[A] == "handed_over"


def test_persons_of_two_directions_are_in_no_movement_together() -> None:
    pair = Pair("nothing is known")
    other = "CASE-0009-0000"
    pair.write(pair.origin, "IDN", (other,), lines={other: {"consents": GIVEN}})

    assert pair.refused(pair.host, "HPR", (A, other), N, {}) == "state_conflict"


# --- what reaches persons it does not name


def test_a_cancelled_movement_returns_persons_it_does_not_name() -> None:
    pair = Pair("confirmed")

    pair.write(pair.origin, "CAN", (A,), M, {"target": M})
    pair.bring(pair.origin, 1)

    pair.demand_same()
    assert pair.states(pair.host) == {A: "ready", B: "ready", C: "ready"}
    assert pair.host.movement(M).row.state == "cancelled"  # type: ignore[union-attr]


def test_a_cancellation_of_some_persons_leaves_the_movement_as_it_is() -> None:
    pair = Pair("confirmed")

    pair.write(pair.host, "CAN", (A,), M, {"target": M, "persons": [A]})
    pair.bring(pair.host, 1)

    pair.demand_same()
    assert pair.states(pair.origin) == {A: "ready", B: "scheduled", C: "ready"}
    assert pair.host.movement(M).row.state == "confirmed"  # type: ignore[union-attr]


def test_a_cancellation_reaches_a_person_who_was_added_while_it_was_on_its_way() -> None:
    """Only the host side knows of the person when the origin side calls the movement off."""
    pair = Pair("confirmed")
    pair.write(pair.origin, "CAN", (A, B), M, {"target": M})
    pair.write(pair.host, "AMD", (A, B, C), M, ADDED)

    assert pair.bring(pair.origin, 1) == [True]
    assert pair.bring(pair.host, 1) == [True]

    pair.demand_same()
    assert pair.host.case(C).view().effective.listed == ()


def test_a_message_that_only_reaches_a_case_does_not_open_it() -> None:
    """A reception opens the case and gives its order to the origin side, also behind such a message."""
    pair = Pair("nothing is known")
    pair.write(pair.origin, "CAN", (B,), M, {"target": M})
    pair.write(pair.origin, "RCV", (A,), "", {}, {A: {"arrived": True}})
    pair.write(pair.origin, "CAN", (A,), M, {"target": M})

    assert pair.bring(pair.origin, 1, 2, 3) == [True, True, True]

    pair.demand_same()
    assert pair.host.case(A).view().effective.keeper == "origin"


def test_whoever_is_added_by_pointer_is_the_difference_of_the_lists() -> None:
    pair = Pair("confirmed")

    pair.write(pair.host, "AMD", (A, B, C), M, ADDED)
    pair.bring(pair.host, 1)

    pair.demand_same()
    assert pair.host.movement(M).view().effective.list == (A, B, C)  # type: ignore[union-attr]
    assert pair.host.case(C).view().effective.listed == (M,)


def test_an_amendment_takes_off_whom_the_new_list_lacks() -> None:
    pair = Pair("confirmed")

    shorter = [{"pointer": "/case_list", "old": [A, B], "new": [B]}]
    pair.write(pair.host, "AMD", (A,), M, {"effect": "person_taken_off", "changes": shorter})
    pair.bring(pair.host, 1)

    pair.demand_same()
    assert pair.states(pair.origin) == {A: "ready", B: "scheduled", C: "ready"}


# --- stops


@pytest.mark.parametrize("stop", [("HLD", {"effect": "all_steps"}), ("CWD", {"scope": ["return"]})])
def test_a_stop_acts_behind_a_gap_and_the_departure_without_the_person_is_all_that_is_left(
    stop: tuple[str, dict[str, Any]],
) -> None:
    pair = Pair("confirmed")
    pair.write(pair.origin, "INQ", (A,), "", {})
    pair.write(pair.origin, stop[0], (A,), "", stop[1])

    assert pair.bring(pair.origin, 2) == [True]

    assert pair.refused(pair.host, "HDP", (A, B), M, {}) == "state_conflict"
    pair.write(pair.host, "HDP", (B,), M, {"taken_off": [{"case_code": A, "reason": "withdrew"}]})
    pair.bring(pair.host, 1)
    pair.bring(pair.origin, 1)
    pair.demand_same()
    assert pair.states(pair.origin)[B] == "in_transfer"


def test_a_departure_that_crosses_a_hold_stands_and_the_person_is_on_hold_on_both_sides() -> None:
    pair = Pair("confirmed")
    pair.write(pair.origin, "HLD", (A,), "", {"effect": "all_steps"})
    pair.write(pair.host, "HDP", (A, B), M, {})

    assert pair.bring(pair.host, 1) == [True]
    assert pair.bring(pair.origin, 1) == [True]

    pair.demand_same()
    assert pair.states(pair.host) == {A: "on_hold", B: "in_transfer", C: "ready"}


def test_the_other_order_of_the_same_two_gives_the_hold_and_no_departure() -> None:
    pair = Pair("confirmed")
    pair.write(pair.origin, "HLD", (A,), "", {"effect": "all_steps"})

    pair.bring(pair.origin, 1)

    assert pair.refused(pair.host, "HDP", (A, B), M, {}) == "state_conflict"
    pair.demand_same()
    assert pair.states(pair.host) == {A: "on_hold", B: "scheduled", C: "ready"}


def test_an_own_stop_forbids_at_once_although_the_keeper_has_not_seen_it() -> None:
    pair = Pair("proposed")
    pair.write(pair.origin, "CAN", (A, B), M, {"target": M})

    assert pair.refused(pair.origin, "HRP", (A, B), M, {"response": "confirm"}) == "state_conflict"


def test_a_cancelled_notice_that_overtook_the_notice_cancels_it_when_it_comes() -> None:
    pair = Pair("notice open")
    pair.write(pair.origin, "RPD", (C,), "", {}, {C: {"outcome": "refused"}})
    pair.bring(pair.origin, 1)
    notice = pair.write(pair.host, "RPN", (C,), lines={C: {"consents": GIVEN}})
    pair.write(pair.host, "CAN", (C,), "", {"target": notice})
    assert pair.bring(pair.host, 2) == [True]

    assert pair.bring(pair.host, 1) == [True]

    pair.demand_same()
    assert pair.states(pair.origin)[C] == "return_prepared"


def test_a_message_of_the_other_side_cannot_be_cancelled() -> None:
    pair = Pair("notice open")
    decision = pair.write(pair.origin, "RPD", (C,), "", {}, {C: {"outcome": "refused"}})
    pair.bring(pair.origin, 1)

    assert pair.refused(pair.host, "CAN", (C,), "", {"target": decision}) == "signer_not_authorised"


def test_a_rejected_message_loses_its_effect_and_what_was_built_on_it() -> None:
    pair = Pair("confirmed")
    pair.write(pair.origin, "AMD", (A, B), M, {"effect": "details_changed", "changes": []})
    pair.write(pair.host, "HDP", (A, B), M, {})
    assert pair.bring(pair.origin, 1) == [False]

    pair.bring(pair.host, 1)

    pair.demand_same()
    assert pair.host.movement(M).row.state == "departed"  # type: ignore[union-attr]


def test_until_the_keeper_answers_a_message_is_shown_and_counted_as_provisional() -> None:
    pair = Pair("proposed")

    pair.write(pair.origin, "HRP", (A, B), M, {"response": "confirm"})

    row = pair.origin.store.cases.rows[A]
    assert (row.state, row.provisional) == ("ready", 1)
    assert pair.states(pair.origin, shown=True)[A] == "scheduled"
    assert pair.origin.store.movements.rows[M].provisional == 1
    assert pair.origin.store.cases.events(LINK, A)[-1].provisional


# --- consents


@pytest.mark.parametrize("kind", ["VRQ", "TRQ", "RPN"])
def test_a_withdrawn_scope_refuses_every_later_message_that_needs_it(kind: str) -> None:
    scope = {"VRQ": "verify_nationality", "TRQ": "trace_family", "RPN": "return"}[kind]
    pair = Pair("nothing is known")
    if kind == "TRQ":
        pair.write(pair.host, "VRQ", (A,), lines={A: {"consents": GIVEN}})
        pair.bring(pair.host, 1)
        pair.write(pair.origin, "VRS", (A,), "", {}, {A: {"result": "national"}})
        pair.bring(pair.origin, 1)
    pair.write(pair.host, "CWD", (A,), "", {"scope": [scope]})

    assert pair.refused(pair.host, kind, (A,), lines={A: {"consents": GIVEN}}) == "consent_missing"


def test_a_consent_given_again_later_revives_its_scope() -> None:
    pair = Pair("nothing is known")
    pair.write(pair.host, "CWD", (A,), "", {"scope": ["verify_nationality"]})
    again = [{"scope": "verify_nationality", "state": "given", "giver": "person", "on": "2027-06-02"}]

    pair.write(pair.host, "VRQ", (A,), lines={A: {"consents": again}})

    pair.bring(pair.host, 2, 1)
    pair.demand_same()
    assert pair.states(pair.origin)[A] == "verification_pending"


def test_the_partner_refuses_what_comes_after_a_withdrawal_in_the_order_of_the_keeper() -> None:
    """The recipient judges by itself: the sender's node is not trusted to have looked."""
    pair = Pair("nothing is known")
    pair.write(pair.origin, "CWD", (A,), "", {"scope": ["verify_nationality"]})
    pair.bring(pair.origin, 1)
    pair.bring(pair.host)
    pair.host.store.cases.rows.update(Pair("nothing is known").host.store.cases.rows)
    pair.write(pair.host, "VRQ", (A,), lines={A: {"consents": GIVEN}})

    assert pair.bring(pair.host, 1) == [False]


def test_withdrawing_another_scope_stops_nothing() -> None:
    pair = Pair("nothing is known")
    pair.write(pair.host, "CWD", (A,), "", {"scope": ["statistics"]})

    pair.write(pair.host, "VRQ", (A,), lines={A: {"consents": GIVEN}})


def test_a_photograph_rests_on_the_consent_of_an_earlier_message() -> None:
    pair = Pair("confirmed")
    lines = {A: {"photograph": 1}}
    assert pair.refused(pair.host, "HDP", (A, B), M, {}, lines) == "consent_missing"

    photo = [{"scope": "photo", "state": "given", "giver": "person", "on": "2027-05-01"}]
    pair.write(pair.host, "INR", (A,), "", {}, {A: {"consents": photo}})

    pair.write(pair.host, "HDP", (A, B), M, {}, lines)


def test_implied_rows_are_kept_with_the_event() -> None:
    pair = Pair("nothing is known")
    pair.write(pair.host, "RPN", (A,), lines={A: {"consents": GIVEN}})

    (event,) = pair.host.store.cases.events(LINK, A)
    assert event.implied == ("presumed > return_prepared",)
    assert (event.state_before, event.state_after) == ("presumed", "notice_pending")


def test_an_acceptance_that_has_ended_lists_nobody() -> None:
    pair = Pair("notice open")
    ended = {"outcome": "accepted", "valid_until": "2027-05-31"}
    pair.write(pair.origin, "RPD", (A,), "", {}, {A: ended})
    pair.bring(pair.origin, 1)

    assert pair.refused(pair.host, "HPR", (A,), M, {}) == "state_conflict"
