# SPDX-License-Identifier: Apache-2.0
"""Holds, replies that wait for their end, and the lists of movements a person is on."""

from dataclasses import replace

import pytest
from exchange.cases.lifecycle import CaseEvent, apply
from exchange.cases.snapshot import Hold, Side
from tests.support.case_tables import CASES
from tests.support.one_case import after, case, event, held, rejected

ROWS = CASES.index.rows


# Holds


@pytest.mark.parametrize("state", sorted({row.start for row in ROWS if row.message == "HLD"} - CASES.holding))
def test_a_case_resumes_where_it_was_or_on_no_list(state: str) -> None:
    resumed = after(held(state), event("RSM", hold="HLD-1"))

    assert resumed.state == ("ready" if state in CASES.travelling else state)
    assert (resumed.holds, resumed.listed, resumed.movement, resumed.before) == ((), (), "", "")


@pytest.mark.parametrize(
    ("side", "hold", "reason"),
    [
        ("origin", "HLD-1", "signer_not_authorised"),
        ("origin", None, "signer_not_authorised"),
        ("host", "HLD-7", "state_conflict"),
    ],
)
def test_only_the_side_that_set_a_hold_ends_it(side: Side, hold: str | None, reason: str) -> None:
    fields = {"hold": hold} if hold else {}

    assert rejected(held(), event("RSM", side, **fields)) == reason


@pytest.mark.parametrize("state", sorted(CASES.states - CASES.holding))
def test_nobody_resumes_a_case_that_is_not_held(state: str) -> None:
    assert rejected(case(state), event("RSM")) == "signer_not_authorised"


def test_a_case_resumes_only_when_every_hold_has_ended() -> None:
    both = held("ready", replace(event("HLD", "origin"), ref="theirs"))
    first = apply(CASES, both, event("RSM", hold="HLD-1"))
    last = apply(CASES, first.snapshot, event("RSM", "origin", hold="theirs"))

    assert (first.after, last.after) == ("on_hold", "ready")


def test_one_side_cannot_end_the_hold_of_the_other_while_it_has_one_itself() -> None:
    both = held("ready", replace(event("HLD", "origin"), ref="theirs"))

    assert rejected(both, event("RSM", hold="theirs")) == "signer_not_authorised"


def test_a_hold_from_the_crossing_belongs_to_the_host_side() -> None:
    record = event("HRC", "origin", movement="M", signature="second", agreed=True, outcome="diverted_medical")
    diverted = after(case("in_transfer"), replace(record, ref="first"))

    assert diverted.holds == (Hold("first", "host"),)
    assert rejected(diverted, event("RSM", "origin", hold="first")) == "signer_not_authorised"
    assert after(diverted, event("RSM", hold="first")).state == "ready"


@pytest.mark.parametrize("state", ["handed_over", "received", "withdrawn", "closed", "monitoring"])
def test_a_hold_without_a_row_opens_no_hold(state: str) -> None:
    stopped = after(case(state), event("HLD"))

    assert (stopped.state, stopped.holds) == (state, ())


# Replies during a hold


def test_replies_during_a_hold_take_effect_in_their_order_when_it_ends() -> None:
    waiting = held(
        "verification_pending",
        event("VRS", "origin", result="not_found"),
        event("VRS", "origin", result="national"),
    )

    resumed = after(waiting, event("RSM", hold="HLD-1"))

    assert waiting.state == "on_hold"
    assert (resumed.state, resumed.deferred) == ("nationality_undetermined", ())


def test_a_reply_that_no_longer_fits_when_the_hold_ends_is_dropped() -> None:
    waiting = held(
        "notice_pending",
        event("RPD", "origin", outcome="accepted", valid_until="2027-08-01"),
        event("CAN", target="notice"),
    )

    resumed = after(waiting, event("RSM", hold="HLD-1"))

    assert (resumed.state, resumed.deferred) == ("return_prepared", ())


@pytest.mark.parametrize("ending", [event("CWD", scope=("return",)), event("CLO", reason="duplicate")])
def test_a_reply_during_a_hold_is_dropped_when_the_case_ends_otherwise(ending: CaseEvent) -> None:
    waiting = held("notice_pending", event("RPD", "origin", outcome="refused"))

    ended = after(waiting, ending)

    assert (ended.deferred, ended.holds) == ((), ())


def test_a_paper_issued_during_a_hold_moves_its_track_only_afterwards() -> None:
    waiting = held("documents_pending", event("TDS", "origin", status="issued"))

    resumed = after(waiting, event("RSM", hold="HLD-1"))

    assert (waiting.tracks["documents"], resumed.tracks["documents"]) == ("none", "issued")
    assert resumed.state == "ready"


def test_a_question_during_a_hold_is_still_a_conflict() -> None:
    assert rejected(held(), event("TDQ")) == "state_conflict"


def test_cancelling_the_notice_during_a_hold_resumes_before_it() -> None:
    resumed = after(held("accepted"), event("CAN", target="notice"), event("RSM", hold="HLD-1"))

    assert resumed.state == "return_prepared"


def test_cancelling_an_old_notice_during_a_hold_does_not_jump_forward() -> None:
    """The case was held before any notice was open, so there is none to cancel."""
    resumed = after(held("nationality_denied"), event("CAN", target="notice"), event("RSM", hold="HLD-1"))

    assert resumed.state == "nationality_denied"


# Movements


def test_a_person_on_no_list_is_not_scheduled() -> None:
    answer = event("HRP", "origin", movement="M", response="confirm")

    assert rejected(case("ready", listed=()), answer) == "state_conflict"
    assert rejected(case("ready", listed=("OTHER",)), answer) == "state_conflict"


def test_a_person_who_resumed_is_back_on_the_list_only_by_an_amendment() -> None:
    answer = event("HRP", "origin", movement="M", response="confirm")
    resumed = held("ready", event("RSM", hold="HLD-1"))

    assert rejected(resumed, answer) == "state_conflict"
    assert after(resumed, event("AMD", movement="M", added=True), answer).state == "scheduled"


@pytest.mark.parametrize("state", sorted(CASES.states - CASES.listable - CASES.travelling))
def test_an_amendment_lists_nobody_who_cannot_travel(state: str) -> None:
    assert after(case(state), event("AMD", movement="M", added=True)).listed == ()


@pytest.mark.parametrize(
    "message",
    [
        event("CAN", movement="OTHER", target="movement"),
        event("AMD", movement="OTHER", effect="time_or_place_changed"),
    ],
)
def test_what_ends_another_movement_leaves_the_person_in_this_one(message: CaseEvent) -> None:
    scheduled = after(case("scheduled"), message)

    assert (scheduled.state, scheduled.movement) == ("scheduled", "M")


def test_another_movement_cannot_leave_with_the_person() -> None:
    assert rejected(case("scheduled"), event("HDP", movement="OTHER", list="final")) == "state_conflict"


@pytest.mark.parametrize(
    "message",
    [
        event("CAN", movement="M", target="movement"),
        event("HDP", movement="M", list="taken_off"),
        event("AMD", movement="M", effect="person_taken_off"),
    ],
)
def test_who_is_taken_off_is_ready_and_off_the_list(message: CaseEvent) -> None:
    off = after(case("scheduled"), message)

    assert (off.state, off.movement, off.listed) == ("ready", "", ())


@pytest.mark.parametrize(
    "ending", [event("HLD"), event("CWD", scope=("return",)), event("CLO", reason="died")]
)
def test_who_is_stopped_is_off_every_list_at_once(ending: CaseEvent) -> None:
    stopped = after(case("scheduled"), ending)

    assert (stopped.movement, stopped.listed) == ("", ())
