# SPDX-License-Identifier: Apache-2.0
"""The rules of `case-states`, one by one, on the table the project ships."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from exchange.cases.consent import Consent, allows
from exchange.cases.lifecycle import CaseEvent, CaseSnapshot, Step, apply, fits
from exchange.cases.snapshot import Hold, Side
from exchange.cases.tables import BOTH, PREVIOUS, SETTER, Row
from tests.support.case_tables import CASES
from tests.support.one_case import TODAY, after, case, event, held, rejected

ROWS = [row for row in CASES.index.rows if row.message]
STATES = sorted(CASES.states)


def of_row(row: Row) -> tuple[CaseSnapshot, CaseEvent]:
    """Return a case and a message for which this row of the table is meant."""
    fields = {key: values[0] for key, values in row.when.items()}
    expired = fields.pop("acceptance", "valid") == "expired"
    more: dict[str, object] = {"after_return": bool(fields.pop("after_return", False))}
    if expired:
        more["valid_until"] = TODAY - timedelta(days=1)
    if row.track:
        more["tracks"] = {**CASES.initial().tracks, **{name: states[0] for name, states in row.track.items()}}
    if row.open_holds:
        more["holds"] = (Hold("H1", "host"), Hold("H2", "origin"))
    if row.message == "CLO":
        more["incidents"] = ("death",)
    if row.by == BOTH:
        fields |= {"signature": "second", "agreed": True}
    side: Side = "origin" if row.by == "origin" else "host"
    movement = "M" if row.message in CASES.movement_messages or fields.get("target") == "movement" else ""
    return case(row.start, **more), event(str(row.message), side, movement=movement, **fields)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.message} {row.name} {list(row.when.values())}")
def test_each_row_of_the_table_leads_where_it_says(row: Row) -> None:
    snapshot, message = of_row(row)

    step = apply(CASES, snapshot, message)

    back = CASES.at_most("ready", row.at_most) if row.at_most else "ready"
    expected = back if row.to == PREVIOUS else row.to
    assert (step.before, step.after, step.implied) == (row.start, expected, ())


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.by in ("host", "origin")], ids=lambda row: row.name
)
def test_a_row_of_one_side_is_not_taken_for_the_other(row: Row) -> None:
    snapshot, message = of_row(row)
    other = replace(message, side="host" if message.side == "origin" else "origin")

    if message.type in CASES.free and message.type != "CAN":
        assert apply(CASES, snapshot, other).after == snapshot.state
    else:
        assert rejected(snapshot, other) == "signer_not_authorised"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", sorted(CASES.free))
@pytest.mark.parametrize("side", ["host", "origin"])
def test_a_free_message_is_accepted_in_every_state(kind: str, state: str, side: Side) -> None:
    assert fits(CASES, case(state), event(kind, side))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("kind", ["INQ", "INR", "RMD", "INC", "COR", "PDR", "CKS", "TRA", "DSC", "KEY"])
def test_a_free_message_without_a_row_changes_no_state(kind: str, state: str) -> None:
    step = apply(CASES, case(state), event(kind))

    assert (step.after, step.implied, step.note) == (state, (), "no_row")


@pytest.mark.parametrize("state", STATES)
def test_a_type_nobody_knows_fits_no_state(state: str) -> None:
    assert rejected(case(state), event("XXX")) == "state_conflict"


# Implied rows (rules 1 and 2)


@pytest.mark.parametrize(
    ("state", "kind", "implied"),
    [
        ("presumed", "RPN", ("presumed > return_prepared",)),
        ("nationality_confirmed", "RPN", ("nationality_confirmed > return_prepared",)),
        ("assessed", "RPN", ("assessed > return_prepared",)),
        ("tracing_pending", "RPN", ("tracing_pending > return_prepared",)),
        ("return_prepared", "RPN", ()),
        ("accepted", "HPR", ("accepted > ready",)),
        ("not_presented", "HPR", ("not_presented > ready",)),
    ],
)
def test_the_fewest_implied_rows_are_taken(state: str, kind: str, implied: tuple[str, ...]) -> None:
    assert apply(CASES, case(state), event(kind, movement="M")).implied == implied


def test_the_first_of_two_equal_ways_in_the_table_is_taken() -> None:
    """With a finished tracing two implied rows lead on; the table names the direct one first."""
    done = case("nationality_confirmed", tracks={"tracing": "done", "documents": "none"})

    assert apply(CASES, done, event("RPN")).implied == ("nationality_confirmed > return_prepared",)


def test_an_implied_row_with_a_track_is_taken_only_while_the_track_says_so() -> None:
    pending = case("nationality_confirmed", tracks={"tracing": "pending", "documents": "none"})
    answer = event("TRS", "origin", result="found_suitable")

    assert apply(CASES, pending, answer).implied == ("nationality_confirmed > tracing_pending",)
    assert rejected(case("nationality_confirmed"), answer) == "state_conflict"


@pytest.mark.parametrize("kind", ["HLD", "CAN", "AMD"])
def test_a_stop_takes_no_implied_row(kind: str) -> None:
    step = apply(CASES, case("not_presented"), event(kind, target="notice", effect="date_open"))

    assert step.implied == ()


# Acceptance


@pytest.mark.parametrize(("days", "reason"), [(0, ""), (30, ""), (31, "state_conflict")])
def test_a_proposal_needs_an_acceptance_that_has_not_ended(days: int, reason: str) -> None:
    proposal = event("HPR", movement="M", on=TODAY + timedelta(days=days))

    assert fits(CASES, case("ready"), proposal) is (reason == "")


def test_a_case_without_any_acceptance_needs_a_notice_first() -> None:
    assert rejected(case("ready", valid_until=None), event("HPR", movement="M")) == "state_conflict"
    assert after(case("ready", valid_until=None), event("RPN")).state == "notice_pending"


@pytest.mark.parametrize("state", ["accepted", "ready", "documents_pending"])
def test_a_notice_is_not_repeated_while_the_acceptance_is_valid(state: str) -> None:
    assert rejected(case(state), event("RPN")) == "state_conflict"


def test_the_last_decision_says_until_when_the_acceptance_is_valid() -> None:
    accepted = after(
        case("notice_pending"), event("RPD", "origin", outcome="accepted", valid_until="2027-08-01")
    )
    revoked = after(accepted, event("RPD", "origin", outcome="refused", revises="RPD-1"))

    assert accepted.valid_until == date(2027, 8, 1)
    assert revoked.valid_until is None


@pytest.mark.parametrize("text", ["2027-02-30", "soon", "2570-13-01", ""])
def test_an_acceptance_without_a_real_day_is_rejected(text: str) -> None:
    decision = event("RPD", "origin", outcome="accepted", valid_until=text)

    assert rejected(case("notice_pending"), decision) == "date_invalid"


# Rows that may be taken once


def test_a_decision_is_deferred_once() -> None:
    deferral = event("RPD", "origin", outcome="deferred")
    deferred = after(case("notice_pending"), deferral)

    assert rejected(deferred, deferral) == "state_conflict"


def test_a_hold_does_not_allow_a_second_deferral() -> None:
    deferral = event("RPD", "origin", outcome="deferred")
    resumed = after(case("notice_pending"), deferral, event("HLD"), event("RSM", hold="HLD-1"))

    assert rejected(resumed, deferral) == "state_conflict"


def test_a_new_notice_may_be_deferred_again() -> None:
    deferral = event("RPD", "origin", outcome="deferred")
    cancelled = after(case("notice_pending"), deferral, event("CAN", target="notice"), event("RPN"))

    assert fits(CASES, cancelled, deferral)


# Withdrawal and reopening


@pytest.mark.parametrize(
    ("state", "back"),
    [
        ("verification_pending", "verification_pending"),
        ("tracing_pending", "tracing_pending"),
        ("return_prepared", "return_prepared"),
        ("notice_pending", "return_prepared"),
        ("ready", "return_prepared"),
        ("scheduled", "return_prepared"),
        ("in_transfer", "return_prepared"),
        ("nationality_denied", "nationality_denied"),
    ],
)
def test_a_reopened_case_is_at_most_prepared_for_return(state: str, back: str) -> None:
    reopened = after(case(state), event("CWD", scope=("return",)), event("ROP"))

    assert (reopened.state, reopened.before) == (back, "")


def test_a_case_withdrawn_on_hold_reopens_before_the_hold() -> None:
    withdrawn = held("verification_pending", event("CWD", scope=("return", "photo")))

    assert after(withdrawn, event("ROP")).state == "verification_pending"


@pytest.mark.parametrize("state", STATES)
def test_withdrawing_another_consent_changes_no_state(state: str) -> None:
    step = apply(CASES, case(state), event("CWD", scope=("trace_family", "photo")))

    assert step.after == state
    assert [scope for scope, _ in step.snapshot.consents.withdrawn] == ["photo", "trace_family"]


def test_reopening_brings_the_consent_that_was_asked_anew() -> None:
    consent = Consent("return", "given", "person", TODAY)
    withdrawn = after(case("ready"), event("CWD", scope=("return",)))
    old_news = after(withdrawn, replace(event("INQ"), consents=(consent,)))
    reopened = after(withdrawn, replace(event("ROP"), consents=(consent,)))

    assert not allows(old_news.consents, "return", TODAY)
    assert allows(reopened.consents, "return", TODAY)


@pytest.mark.parametrize(
    ("returned", "side", "reason"),
    [(True, "host", "signer_not_authorised"), (False, "origin", "signer_not_authorised")],
)
def test_a_closed_case_is_reopened_by_the_side_that_has_the_person(
    returned: bool, side: Side, reason: str
) -> None:
    assert rejected(case("closed", after_return=returned), event("ROP", side)) == reason


@pytest.mark.parametrize("state", sorted(CASES.states - {"withdrawn", "closed"}))
def test_an_open_case_is_not_reopened(state: str) -> None:
    assert rejected(case(state), event("ROP")) == "state_conflict"


# Cancellation, late answers, closure


def test_a_message_of_the_other_side_cannot_be_cancelled() -> None:
    assert (
        rejected(case("ready"), event("CAN", "origin", target="request", own=False))
        == "signer_not_authorised"
    )
    assert rejected(case("ready"), event("CAN", "origin", target="notice")) == "signer_not_authorised"


@pytest.mark.parametrize("state", ["verification_pending", "tracing_pending", "documents_pending"])
def test_cancelling_an_open_request_changes_no_state(state: str) -> None:
    assert after(case(state), event("CAN", target="request")).state == state


@pytest.mark.parametrize("state", ["withdrawn", "closed"])
@pytest.mark.parametrize(
    ("kind", "fields"), [("TRS", {"result": "relatives_found"}), ("TDS", {"status": "issued"})]
)
def test_a_late_answer_has_no_effect(state: str, kind: str, fields: dict[str, str]) -> None:
    before = case(state)

    step = apply(CASES, before, event(kind, "origin", **fields))

    assert (step.snapshot, step.note) == (before, "noted")


@pytest.mark.parametrize("reason", ["reintegrated", "other", "consent_withdrawn"])
def test_a_person_handed_over_is_not_closed_for_any_reason(reason: str) -> None:
    gone = after(case("handed_over"), event("INC", incident="missing"))

    assert rejected(gone, event("CLO", reason=reason)) == "state_conflict"


@pytest.mark.parametrize("incident", ["threat", "injury_illness", "other"])
def test_closing_before_reception_needs_a_death_or_a_disappearance(incident: str) -> None:
    reported = after(case("handed_over"), event("INC", "origin", incident=incident))
    gone = after(reported, event("INC", "origin", incident="missing"))
    closure = event("CLO", "origin", reason="lost_contact")

    assert rejected(reported, closure) == "state_conflict"
    assert after(gone, closure).state == "closed"


# Tracks


@pytest.mark.parametrize(
    ("kind", "fields", "track", "expected"),
    [
        ("TRQ", {}, "tracing", "pending"),
        ("TRS", {"result": "in_progress"}, "tracing", "partial"),
        ("TRS", {"result": "not_needed"}, "tracing", "not_wanted"),
        ("TRS", {"result": "found_suitable", "recommendation": "in_progress"}, "tracing", "done"),
        ("TDQ", {}, "documents", "requested"),
        ("TDS", {"status": "denied"}, "documents", "denied"),
        ("TDS", {"status": "collected"}, "documents", "issued"),
        ("TDS", {"status": "pending"}, "documents", "requested"),
    ],
)
def test_answers_move_their_track(kind: str, fields: dict[str, str], track: str, expected: str) -> None:
    side: Side = "host" if kind.endswith("Q") else "origin"
    start = case("nationality_confirmed", tracks={"tracing": "pending", "documents": "none"})

    assert after(start, event(kind, side, **fields)).tracks[track] == expected


# The record


def record(outcome: str, **fields: object) -> CaseEvent:
    return event("HRC", "origin", movement="M", outcome=outcome, **fields)


def test_the_first_signature_changes_nothing_but_is_checked() -> None:
    step = apply(CASES, case("in_transfer"), record("handed_over", signature="first"))

    assert (step.after, step.note) == ("in_transfer", "first_signature")
    assert rejected(case("in_transfer"), record("added", signature="first")) == "state_conflict"
    assert rejected(case("withdrawn"), record("handed_over", signature="first")) == "state_conflict"


def test_a_countersignature_with_reservations_changes_nothing() -> None:
    reserved = after(case("in_transfer"), record("handed_over", signature="second", agreed=False))

    assert (reserved.state, reserved.keeper) == ("in_transfer", "host")


@pytest.mark.parametrize("state", ["handed_over", "received", "not_presented", "monitoring"])
@pytest.mark.parametrize("signature", ["first", "second"])
def test_a_supplementary_record_changes_no_case(state: str, signature: str) -> None:
    more = record("handed_over", signature=signature, agreed=True, supplementary="HRC-1")

    assert after(case(state), more).state == state


@pytest.mark.parametrize(
    ("outcome", "returned"),
    [("handed_over", True), ("not_presented", False), ("not_taken_over", False), ("diverted_medical", False)],
)
def test_a_complete_record_hands_over_the_order_and_perhaps_the_person(outcome: str, returned: bool) -> None:
    done = after(case("in_transfer"), record(outcome, signature="second", agreed=True))

    assert (CASES.keeper_side(done), done.after_return) == ("origin", returned)


@pytest.mark.parametrize("state", ["on_hold", "withdrawn", "closed", "handed_over", "notice_pending"])
def test_nobody_is_handed_over_out_of_a_state_without_a_row(state: str) -> None:
    assert rejected(case(state), record("handed_over", signature="second", agreed=True)) == "state_conflict"


def test_a_person_added_at_the_crossing_may_be_unknown_before() -> None:
    added = after(CASES.initial(), record("added", signature="second", agreed=True))

    assert (added.state, added.keeper, added.after_return) == ("handed_over", "origin", True)


# Opening and side


def test_a_case_opened_by_a_reception_is_kept_by_the_origin_side() -> None:
    assert CASES.keeper_side(after(CASES.initial(), event("RCV", "origin", arrived=True))) == "origin"


def test_a_case_that_was_spoken_of_before_is_not_opened_by_a_reception() -> None:
    spoken_of = after(CASES.initial(), event("INC", incident="threat"), event("RCV", "origin", arrived=True))

    assert CASES.keeper_side(spoken_of) == "host"


def test_a_rejection_leaves_the_snapshot_untouched() -> None:
    snapshot = case("ready")
    copy = CaseSnapshot.from_bytes(snapshot.to_bytes())

    rejected(snapshot, event("TRQ"))

    assert snapshot == copy


def test_a_step_tells_how_it_came_about() -> None:
    step = apply(CASES, CASES.initial(), event("IDN"))

    assert step == Step(step.snapshot, "presumed", "notified", (), "")


def test_only_a_hold_is_ended_by_the_side_that_set_it() -> None:
    """`apply` reads the resuming messages from the table; another row of this kind would need thought."""
    assert {row.message for row in ROWS if row.by == SETTER} == CASES.resume_messages == {"RSM"}
