# SPDX-License-Identifier: Apache-2.0
"""What one message does to one case, as the table of states says; bytes and clocks stand elsewhere.

How `apply` judges, in this order (numbers stand beside the code):

1. Direction: a hold is ended by the side that set it; a message of the other side cannot be cancelled.
2. A free message takes the row of the stored state, if one fits; otherwise it is accepted and changes no
   state. Stops are free.
3. Any other message takes the fewest implied rows to a state in which a row fits (ties: order of the
   table); without one it is `state_conflict`, or `signer_not_authorised` if only the side is wrong.
4. A row of both sides takes effect with an agreed countersignature. The first signature is checked only;
   one that is not agreed, and a supplementary record, change nothing.
5. A reply during a hold is stored; it takes effect when the last hold ends, in the order of arrival, and
   is dropped if it does not fit then.
6. A row that may be taken once is free again only when the state was left by another row and entered anew;
   a hold does not count as leaving.
7. In a state that pauses or ends the case a late answer changes no track.
8. A person is in one movement at a time, and only in one on whose list it is. Who is held, withdraws or is
   refused is off every list; who resumes is on none (`movement-states`, rules 3 and 4).
9. A closure that the table binds to a reason needs a death or disappearance reported before.
10. A complete record hands the order over to the later keeper, for every person in it.

Source: domain reference, `case-states`, `rules`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from exchange.cases.consent import Consents, learn, withdraw
from exchange.cases.snapshot import CaseEvent, CaseSnapshot, Fields, Hold, Side
from exchange.cases.tables import (
    ANY_SIDE,
    BOTH,
    PREVIOUS,
    RECORD,
    LifecycleTable,
    Row,
    completes_record,
    matches,
)
from exchange.errors import RejectedError

__all__ = ["CaseEvent", "CaseSnapshot", "LifecycleTable", "Step", "apply", "fits"]

CONFLICT, UNAUTHORISED = "state_conflict", "signer_not_authorised"
DECISION, RECEPTION, CLOSURE, REOPENING = "RPD", "RCV", "CLO", "ROP"
INCIDENT, WITHDRAWAL, CANCELLATION, AMENDMENT, PROPOSAL = "INC", "CWD", "CAN", "AMD", "HPR"
GRAVE = frozenset({"death", "missing"})
"""Incidents that allow a closure before reception, of `incident-types` (rule on CLO from handed_over)."""
OFF_THE_LIST = {"list": ("taken_off",), "effect": ("person_taken_off",)}
"""Values with which HDP and AMD take this person off the list of the movement."""


@dataclass(frozen=True)
class Step:
    """What a message did: the snapshot after it and how it came about.

    `note` is a code: "" (a row was taken), `no_row` (accepted, no state changed), `first_signature` (checked
    only), `deferred` (stored until the hold ends), `noted` (a row was taken that keeps the state).
    """

    snapshot: CaseSnapshot
    before: str
    after: str
    implied: tuple[str, ...] = ()
    note: str = ""
    row: Row | None = field(default=None, compare=False)
    """The row of the table that was taken, after the implied ones."""


@dataclass(frozen=True)
class _Path:
    implied: tuple[Row, ...]
    row: Row


def apply(table: LifecycleTable, snapshot: CaseSnapshot, event: CaseEvent) -> Step:
    """Return what `event` does to a case.

    Raises:
        RejectedError: `state_conflict` or `signer_not_authorised`; the case stays as it is.
    """
    _check_direction(table, snapshot, event)  # 1
    joint = _is_joint(event)
    if joint and (event.fields.get("supplementary") or _is_reservation(event)):  # 4
        return _unchanged(snapshot, replace(snapshot, opened=True), "no_row")
    path = _find(table, snapshot, event)
    if path is None:
        return _without_row(table, snapshot, event)
    if joint and not completes_record(event.type, event.fields):  # 4
        return _unchanged(snapshot, replace(snapshot, opened=True), "first_signature")
    after = _taken(table, snapshot, event, path)
    implied = tuple([row.name for row in path.implied])
    return Step(after, snapshot.state, after.state, implied, _note(path.row), path.row)


def fits(table: LifecycleTable, snapshot: CaseSnapshot, event: CaseEvent) -> bool:
    """Return whether `apply` would accept the event."""
    try:
        apply(table, snapshot, event)
    except RejectedError:
        return False
    return True


def _check_direction(table: LifecycleTable, snapshot: CaseSnapshot, event: CaseEvent) -> None:
    if event.type in table.resume_messages:
        owners = {hold.side for hold in snapshot.holds if event.fields.get("hold") in (None, hold.ref)}
        mine = any(hold.side == event.side for hold in snapshot.holds)
        if not mine or (owners and event.side not in owners):
            raise RejectedError(UNAUTHORISED, f"{event.type}: no open hold of the {event.side} side")
    foreign = event.fields.get("own") is False and event.fields.get("target") != "movement"
    if event.type == CANCELLATION and foreign:
        raise RejectedError(UNAUTHORISED, "CAN: the message to be cancelled is not the author's own")


def _is_joint(event: CaseEvent) -> bool:
    return event.type == RECORD and "signature" in event.fields


def _is_reservation(event: CaseEvent) -> bool:
    return event.fields.get("signature") == "second" and event.fields.get("agreed") is not True


def _without_row(table: LifecycleTable, snapshot: CaseSnapshot, event: CaseEvent) -> Step:
    wrong_side = _find(table, snapshot, event, any_side=True) is not None
    if event.type in table.free and not (wrong_side and event.type == CANCELLATION):  # 2
        return _unchanged(snapshot, _noted(table, snapshot, event), "no_row")
    where = f"{event.type} of the {event.side} side while {snapshot.state}"
    if wrong_side:
        raise RejectedError(UNAUTHORISED, f"{where}: only the other side may send it")
    raise RejectedError(CONFLICT, f"{where}: no row of the table fits; read the state again")


def _unchanged(before: CaseSnapshot, after: CaseSnapshot, note: str) -> Step:
    return Step(after, before.state, before.state, (), note)


def _note(row: Row) -> str:
    if row.deferred:
        return "deferred"
    return "noted" if row.start == row.to else ""


def _find(
    table: LifecycleTable, snapshot: CaseSnapshot, event: CaseEvent, *, any_side: bool = False
) -> _Path | None:
    """Return the fewest implied rows and the row that fits after them (2, 3)."""
    for implied, state in _reachable(table, snapshot, implied=event.type not in table.free):
        for row in table.index.of(state, event.type):
            if _row_fits(table, snapshot, event, row) and (any_side or row.by in (*ANY_SIDE, event.side)):
                return _Path(implied, row)
    return None


def _reachable(
    table: LifecycleTable, snapshot: CaseSnapshot, *, implied: bool
) -> Iterator[tuple[tuple[Row, ...], str]]:
    """Yield states that implied rows lead to, the stored one first, nearest first, in table order."""
    queue: list[tuple[tuple[Row, ...], str]] = [((), snapshot.state)]
    seen = {snapshot.state}
    for path, state in queue:
        yield path, state
        for row in table.index.of(state, None) if implied else ():
            if row.to not in seen and (not row.track or _tracks_fit(snapshot, row)):
                seen.add(row.to)
                queue.append(((*path, row), row.to))


def _row_fits(table: LifecycleTable, snapshot: CaseSnapshot, event: CaseEvent, row: Row) -> bool:
    return (
        (not row.track or _tracks_fit(snapshot, row))
        and (not row.when or matches(row.when, _with_derived(snapshot, event)))
        and not (row.once and _mark(row) in snapshot.marks)  # 6
        and _hold_fits(table, snapshot, event, row)
        and _movement_fits(table, snapshot, event, row)
        and not (row.message == CLOSURE and "reason" in row.when and not GRAVE & set(snapshot.incidents))  # 9
    )


def _with_derived(snapshot: CaseSnapshot, event: CaseEvent) -> Fields:
    valid = snapshot.valid_until is not None and event.on <= snapshot.valid_until
    derived = {"acceptance": "valid" if valid else "expired", "after_return": snapshot.after_return}
    return {**event.fields, **derived}


def _tracks_fit(snapshot: CaseSnapshot, row: Row) -> bool:
    return all(snapshot.tracks.get(name) in states for name, states in row.track.items())


def _mark(row: Row) -> str:
    return f"{row.message} {row.start}"


def _hold_fits(table: LifecycleTable, snapshot: CaseSnapshot, event: CaseEvent, row: Row) -> bool:
    if row.previous:
        there = table.index.of(snapshot.before, row.message)
        return any(matches(other.when, event.fields) for other in there)
    if event.type not in table.resume_messages:
        return True
    ended = _ended_hold(snapshot, event)
    return ended is not None and (len(snapshot.holds) > 1) == (row.open_holds == "more")


def _ended_hold(snapshot: CaseSnapshot, event: CaseEvent) -> Hold | None:
    named = event.fields.get("hold")
    mine = [hold for hold in snapshot.holds if hold.side == event.side and named in (None, hold.ref)]
    return mine[0] if mine else None


def _movement_fits(table: LifecycleTable, snapshot: CaseSnapshot, event: CaseEvent, row: Row) -> bool:
    if not event.movement:
        return True
    if row.start in table.travelling:
        return event.movement == snapshot.movement  # 8
    return row.to not in table.travelling or event.movement in snapshot.listed  # 8


def _noted(table: LifecycleTable, snapshot: CaseSnapshot, event: CaseEvent) -> CaseSnapshot:
    """Return the snapshot with what a message says apart from the state."""
    return replace(
        snapshot,
        opened=snapshot.opened or event.fields.get("named") is not False,
        consents=_consents(snapshot, event),
        incidents=_incidents(snapshot, event),
        listed=_listed(table, snapshot, event, snapshot.state),
    )


def _consents(snapshot: CaseSnapshot, event: CaseEvent) -> Consents:
    consents = learn(snapshot.consents, event.consents, asked_anew=event.type == REOPENING)
    scopes = event.fields.get("scope")
    if event.type == WITHDRAWAL and isinstance(scopes, tuple):
        return withdraw(consents, scopes, event.on)
    return consents


def _incidents(snapshot: CaseSnapshot, event: CaseEvent) -> tuple[str, ...]:
    incident = event.fields.get("incident")
    if event.type != INCIDENT or not isinstance(incident, str) or incident in snapshot.incidents:
        return snapshot.incidents
    return (*snapshot.incidents, incident)


def _listed(table: LifecycleTable, snapshot: CaseSnapshot, event: CaseEvent, state: str) -> tuple[str, ...]:
    """Return the movements on whose list a person in `state` is after the message (8)."""
    if not event.movement or state not in table.listable | table.travelling:
        return snapshot.listed
    others = tuple(one for one in snapshot.listed if one != event.movement)
    if event.type == PROPOSAL or (event.type == AMENDMENT and event.fields.get("added")):
        return (*others, event.movement)
    off = any(event.fields.get(key) in values for key, values in OFF_THE_LIST.items())
    return others if off or event.type == CANCELLATION else snapshot.listed


def _taken(table: LifecycleTable, snapshot: CaseSnapshot, event: CaseEvent, path: _Path) -> CaseSnapshot:
    """Return the snapshot after the rows of the path."""
    row = path.row
    if row.deferred:
        return replace(_noted(table, snapshot, event), deferred=(*snapshot.deferred, event))  # 5
    state = _target(table, snapshot, row)
    can_travel = state in table.listable | table.travelling
    answers = row.start not in table.returning | table.final  # 7
    after = CaseSnapshot(
        state=state,
        tracks=_tracks(table, snapshot, event) if answers else snapshot.tracks,
        keeper=_keeper(table, snapshot, event),
        opened=True,
        before=_before(table, snapshot, row, state),
        holds=_holds(table, snapshot, event, row, state),
        deferred=snapshot.deferred if state in table.holding else (),
        marks=_marks(snapshot, row, state),
        valid_until=_acceptance(event) if answers and event.type == DECISION else snapshot.valid_until,
        after_return=snapshot.after_return or _brings_back(table, event, row),
        incidents=_incidents(snapshot, event),
        movement=(event.movement or snapshot.movement) if state in table.travelling else "",
        listed=_listed(table, snapshot, event, row.start) if can_travel else (),
        consents=_consents(snapshot, event),
    )
    resumed = row.to == PREVIOUS and row.start in table.holding
    return _replay_deferred(table, after, snapshot.deferred) if resumed else after


def _target(table: LifecycleTable, snapshot: CaseSnapshot, row: Row) -> str:
    if row.to != PREVIOUS:
        return row.to
    state = row.returns.get(snapshot.before, snapshot.before) or table.start
    return table.at_most(state, row.at_most) if row.at_most else state


def _before(table: LifecycleTable, snapshot: CaseSnapshot, row: Row, state: str) -> str:
    if state not in table.returning:
        return ""
    if row.start in table.returning:
        return row.previous or snapshot.before
    return row.start


def _holds(
    table: LifecycleTable, snapshot: CaseSnapshot, event: CaseEvent, row: Row, state: str
) -> tuple[Hold, ...]:
    if state not in table.holding:
        return ()
    if event.type in table.resume_messages:
        return tuple(hold for hold in snapshot.holds if hold != _ended_hold(snapshot, event))
    if row.hold_of or event.type in table.hold_messages:
        return (*snapshot.holds, Hold(event.ref, row.hold_of or event.side))
    return snapshot.holds


def _marks(snapshot: CaseSnapshot, row: Row, state: str) -> tuple[str, ...]:
    marks = snapshot.marks
    if marks and row.to not in (PREVIOUS, row.start):
        marks = tuple(mark for mark in marks if not mark.endswith(f" {state}"))
    return (*marks, _mark(row)) if row.once else marks


def _tracks(table: LifecycleTable, snapshot: CaseSnapshot, event: CaseEvent) -> Mapping[str, str]:
    moved = {
        track.name: after
        for track in table.tracks
        if event.type in track.moved_by and (after := track.after(event.type, event.fields))
    }
    if not moved:
        return snapshot.tracks
    return {name: moved.get(name, state) for name, state in snapshot.tracks.items()}


def _acceptance(event: CaseEvent) -> date | None:
    text = event.fields.get("valid_until")
    if not isinstance(text, str):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise RejectedError("date_invalid", f"{event.type}: valid_until is not a day") from error


def _keeper(table: LifecycleTable, snapshot: CaseSnapshot, event: CaseEvent) -> Side:
    """Return who keeps the order after the message (10)."""
    if completes_record(event.type, event.fields):
        return table.later_keeper
    return snapshot.keeper if snapshot.opened else table.opened_by.get(event.type, snapshot.keeper)


def _brings_back(table: LifecycleTable, event: CaseEvent, row: Row) -> bool:
    """Return whether a complete record took the person over, or a reception was confirmed."""
    taken_over = row.by == BOTH and row.to in table.main_line
    return taken_over or (event.type == RECEPTION and row.to != row.start)


def _replay_deferred(
    table: LifecycleTable, snapshot: CaseSnapshot, deferred: tuple[CaseEvent, ...]
) -> CaseSnapshot:
    for event in deferred:
        try:
            snapshot = apply(table, snapshot, event).snapshot
        except RejectedError:
            continue
    return snapshot
