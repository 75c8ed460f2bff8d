# SPDX-License-Identifier: Apache-2.0
"""What may come next in a case or a movement, as the tables of states say it.

Every row of a table is tried on the snapshot: what `apply` accepts and what takes a row may come next. So
a message is offered exactly when it would be accepted, as far as it depends on the state.

Left out is what is no next step: stops, which may come at any time, changes of what was sent before
(amendments, revised decisions), and the late notice of an added person. Whether a decision can still be
changed is a question of its own (`can_be_decided_anew`).

    next_in_case(table, snapshot, on=today)    # (Prospect("RPD", "origin", "accepted"), …)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from exchange.cases.lifecycle import apply
from exchange.cases.movements import AMENDMENT, MovementEvent, MovementSnapshot, apply_movement
from exchange.cases.snapshot import CaseEvent, CaseSnapshot, Fields, Side, Value
from exchange.cases.tables import RECORD, LifecycleTable, MovementTable, Row
from exchange.errors import RejectedError

SIDES: tuple[Side, ...] = ("host", "origin")
DECISION, REVISES = "RPD", "revises"
_CHANGES = frozenset({REVISES, "late", "supplementary"})
"""Conditions of rows that change or add to what was sent before."""


@dataclass(frozen=True)
class Prospect:
    """A message that fits now, and the state it may lead to."""

    type: str
    side: Side
    to: str
    countersigns: str = ""
    """HRC: the number of the first record that waits for the signature of this side."""


def next_in_case(table: LifecycleTable, snapshot: CaseSnapshot, *, on: date) -> tuple[Prospect, ...]:
    """Return what may come next in a case apart from messages about its movement, in table order."""
    rows = [row for row in table.index.rows if row.message and _is_step(row, table)]
    found: dict[tuple[str, Side], Prospect] = {}
    for row in rows:
        if row.message in table.movement_messages:
            continue
        for side in SIDES:
            event = CaseEvent(str(row.message), side, _fields(row.when), on)
            to = _state_after(table, snapshot, event)
            known = found.get((event.type, side))
            if to is not None and (known is None or known.to == snapshot.state):
                found[event.type, side] = Prospect(event.type, side, to)
    return tuple(found.values())


def next_in_movement(table: MovementTable, snapshot: MovementSnapshot) -> tuple[Prospect, ...]:
    """Return what may come next in a movement, in table order."""
    rows = [row for row in table.index.rows if row.message and _is_step(row, table.cases)]
    found: dict[tuple[str, Side, str], Prospect] = {}
    for row in rows:
        for event in _movement_events(row, snapshot):
            try:
                step = apply_movement(table, snapshot, event)
            except RejectedError:
                continue
            named = str(event.fields.get("countersigns", ""))
            key = (event.type, event.side, named)
            found.setdefault(key, Prospect(event.type, event.side, step.after, named))
    return tuple(found.values())


def can_be_listed(table: LifecycleTable, snapshot: CaseSnapshot, *, type_code: str, on: date) -> bool:
    """Return whether a proposal may name the person now."""
    return any(
        _state_after(table, snapshot, CaseEvent(type_code, side, {}, on)) is not None for side in SIDES
    )


def can_be_decided_anew(table: LifecycleTable, snapshot: CaseSnapshot, *, on: date) -> bool:
    """Return whether a later decision fits: after a second look, for new facts, when a deferral ends."""
    if snapshot.state in table.returning | table.final:
        return False
    events = (CaseEvent(DECISION, "origin", {"outcome": one, REVISES: True}, on) for one in _outcomes(table))
    return any(_state_after(table, snapshot, event) is not None for event in events)


def acceptance_until(table: LifecycleTable, snapshot: CaseSnapshot) -> date | None:
    """Return the last day of an acceptance that somebody can still travel by, None without one.

    Whoever withdrew, was taken over or whose notice was cancelled travels by none, whatever was said before.
    """
    state = snapshot.before if snapshot.state in table.holding else snapshot.state
    return snapshot.valid_until if state in _travels_by_acceptance(table) else None


@lru_cache(maxsize=8)
def _outcomes(table: LifecycleTable) -> tuple[Value, ...]:
    rows = [row for row in table.index.rows if row.message == DECISION]
    return tuple({outcome for row in rows for outcome in row.when.get("outcome", ())})


@lru_cache(maxsize=8)
def _travels_by_acceptance(table: LifecycleTable) -> frozenset[str]:
    """Return the states from the decision to the departure, and those that lead there without a message."""
    line = table.main_line
    decided = [row.to for row in table.index.rows if row.message == DECISION and row.start in line]
    begins = max(line.index(state) for state in decided if state in line)
    ends = max(line.index(state) for state in table.travelling)
    states = frozenset(line[begins : ends + 1])
    return states | {row.start for row in table.index.rows if row.message is None and row.to in states}


def _is_step(row: Row, table: LifecycleTable) -> bool:
    return row.message not in table.stops | {AMENDMENT} and not _CHANGES & row.when.keys()


def _fields(when: Mapping[str, tuple[str | bool, ...]]) -> Fields:
    return {name: values[0] for name, values in when.items() if values}


def _state_after(table: LifecycleTable, snapshot: CaseSnapshot, event: CaseEvent) -> str | None:
    """Return the state after a message that takes a row, or None."""
    try:
        step = apply(table, snapshot, event)
    except RejectedError:
        return None
    return None if step.note == "no_row" else step.after


def _movement_events(row: Row, snapshot: MovementSnapshot) -> Iterator[MovementEvent]:
    """Yield what a row asks for, from both sides; a countersignature for each record that waits."""
    fields: dict[str, Value] = dict(_fields(row.when))
    fields.pop("outcomes", None)
    for side in SIDES:
        if row.message == RECORD and fields.get("signature") == "second":
            for record in snapshot.records:
                if record.side != side:
                    yield MovementEvent(RECORD, side, {**fields, "countersigns": record.ref})
        else:
            yield MovementEvent(str(row.message), side, fields)
