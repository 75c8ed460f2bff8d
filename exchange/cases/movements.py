# SPDX-License-Identifier: Apache-2.0
"""What one message does to one movement: a handover appointment with a list of persons.

1. A message without a row for the present state is `state_conflict`; a stop (CAN) is accepted in every
   state and then changes nothing.
2. An open proposal is changed by its author and answered by the other side.
3. The record is complete when a first HRC and an agreed countersignature of the other side exist. A
   countersignature names the first one; if that was rejected, voided, replaced or not agreed, it finds
   nothing to sign: `state_conflict`.
4. Both sides may have signed first at the same time; each has one first record, and the countersignature
   says which one counts.
5. `outcomes` is `all` if every person of the final list was handed over, `none` if nobody was taken over.

What a movement does to its persons stands in `effects`. Source: `movement-states`, `rules`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from exchange.cases.snapshot import Fields, Side, Value, fields_of, read_stored, side_of, write_stored
from exchange.cases.tables import AUTHOR, OTHER_SIDE, RECORD, MovementTable, Row, completes_record, matches
from exchange.errors import RejectedError, StoreDamagedError

PROPOSAL, AMENDMENT, DEPARTURE = "HPR", "AMD", "HDP"
CONFLICT, UNAUTHORISED = "state_conflict", "signer_not_authorised"


@dataclass(frozen=True)
class MovementEvent:
    """One message as it concerns a movement."""

    type: str
    side: Side
    fields: Fields
    ref: str = ""
    cases: tuple[str, ...] = ()
    """Persons the message lists."""
    outcomes: Mapping[str, str] = field(default_factory=dict)
    """HRC: the outcome of each line."""


@dataclass(frozen=True)
class FirstRecord:
    """A first HRC that waits for the signature of the other side."""

    ref: str
    side: Side
    outcomes: Mapping[str, str]


@dataclass(frozen=True)
class MovementSnapshot:
    """One movement after the effective messages so far."""

    state: str
    keeper: Side
    list: tuple[str, ...] = ()
    """Persons of the appointment; after the departure, those who left."""
    proposer: Side | None = None
    """Who brought the proposal to what it is now."""
    records: tuple[FirstRecord, ...] = ()

    def to_bytes(self) -> bytes:
        """Return the stored form."""
        return write_stored(movement_json(self))

    @staticmethod
    def from_bytes(raw: bytes) -> "MovementSnapshot":
        """Read the stored form.

        Raises:
            StoreNewerError: written by a newer program.
            StoreDamagedError: not a movement.
        """
        members = read_stored(raw)
        try:
            return movement_of(members)
        except (KeyError, TypeError, ValueError) as error:
            raise StoreDamagedError("a stored movement is damaged; restore it from the backup") from error


@dataclass(frozen=True)
class MovementStep:
    """What a message did; `persons` is the case state that the row gives to the persons, or ""."""

    snapshot: MovementSnapshot
    before: str
    after: str
    persons: str = ""
    note: str = ""
    row: Row | None = field(default=None, compare=False)
    """The row of the table that was taken."""


def first_movement(table: MovementTable) -> MovementSnapshot:
    """Return a movement about which nothing took effect yet."""
    return MovementSnapshot(state=table.start, keeper=table.cases.first_keeper)


def apply_movement(table: MovementTable, snapshot: MovementSnapshot, event: MovementEvent) -> MovementStep:
    """Return what `event` does to a movement.

    Raises:
        RejectedError: `state_conflict` or `signer_not_authorised`; the movement stays as it is.
    """
    signed = _signed(snapshot, event)
    fields = {**event.fields, "outcomes": _outcomes(table, snapshot, signed)} if signed else event.fields
    rows = [row for row in table.index.of(snapshot.state, event.type) if matches(row.when, fields)]
    allowed = [row for row in rows if _side_fits(row, snapshot, event, signed)]
    if allowed:
        return _step(table, snapshot, event, allowed[0], signed)
    if event.type in table.cases.stops:
        return MovementStep(snapshot, snapshot.state, snapshot.state, note="no_row")
    where = f"{event.type} of the {event.side} side while the movement is {snapshot.state}"
    if any(row.by != AUTHOR for row in rows):
        raise RejectedError(UNAUTHORISED, f"{where}: only the other side may send it")
    raise RejectedError(CONFLICT, f"{where}: no row of the table fits; read the state again")


def _signed(snapshot: MovementSnapshot, event: MovementEvent) -> FirstRecord | None:
    """Return the first record that a countersignature names (3)."""
    fields = event.fields
    if event.type != RECORD or fields.get("signature") != "second" or fields.get("supplementary"):
        return None
    for record in snapshot.records:
        if record.ref == fields.get("countersigns"):
            return record
    raise RejectedError(CONFLICT, "HRC: the record it countersigns does not stand; read the state again")


def _outcomes(table: MovementTable, snapshot: MovementSnapshot, record: FirstRecord) -> str:
    """Return `all`, `some` or `none` for the persons of a record (5)."""
    taken = {case for case, outcome in record.outcomes.items() if outcome in table.cases.taken_over}
    if not taken:
        return "none"
    return "all" if set(snapshot.list) <= taken else "some"


def _side_fits(
    row: Row, snapshot: MovementSnapshot, event: MovementEvent, signed: FirstRecord | None
) -> bool:
    if row.by == AUTHOR:
        return event.side == snapshot.proposer
    if row.by == OTHER_SIDE:
        return event.side != (signed.side if signed else snapshot.proposer)
    return row.by in ("either", event.side)


def _step(
    table: MovementTable,
    snapshot: MovementSnapshot,
    event: MovementEvent,
    row: Row,
    signed: FirstRecord | None,
) -> MovementStep:
    complete = completes_record(event.type, event.fields)
    after = replace(
        snapshot,
        state=row.to,
        keeper=table.cases.later_keeper if complete else snapshot.keeper,
        list=_list(snapshot, event),
        proposer=event.side if row.to in table.answerable else snapshot.proposer,
        records=() if complete else _records(snapshot, event, signed),
    )
    return MovementStep(after, snapshot.state, after.state, row.persons, row=row)


def _list(snapshot: MovementSnapshot, event: MovementEvent) -> tuple[str, ...]:
    if event.type in (PROPOSAL, DEPARTURE):
        return event.cases
    if event.type != AMENDMENT:
        return snapshot.list
    off = _cases(event.fields.get("taken_off"))
    added = _cases(event.fields.get("added"))
    kept = tuple(case for case in snapshot.list if case not in off)
    return kept + tuple(case for case in added if case not in kept)


def _cases(value: Value | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _records(
    snapshot: MovementSnapshot, event: MovementEvent, signed: FirstRecord | None
) -> tuple[FirstRecord, ...]:
    if signed:
        return tuple(record for record in snapshot.records if record != signed)
    if event.type != RECORD or event.fields.get("supplementary"):
        return snapshot.records
    others = tuple(record for record in snapshot.records if record.side != event.side)
    return (*others, FirstRecord(event.ref, event.side, dict(event.outcomes)))


def movement_json(snapshot: MovementSnapshot) -> dict[str, object]:
    """Return the members of the stored form."""
    return {
        "state": snapshot.state,
        "keeper": snapshot.keeper,
        "list": list(snapshot.list),
        "proposer": snapshot.proposer,
        "records": [[one.ref, one.side, dict(one.outcomes)] for one in snapshot.records],
    }


def movement_of(members: Mapping[str, object]) -> MovementSnapshot:
    """Return the movement of its members; raises KeyError, TypeError or ValueError for others."""
    proposer = members["proposer"]
    records = cast(list[tuple[str, str, dict[str, str]]], members["records"])
    return MovementSnapshot(
        state=str(members["state"]),
        keeper=side_of(members["keeper"]),
        list=tuple(map(str, cast(list[str], members["list"]))),
        proposer=None if proposer is None else side_of(proposer),
        records=tuple(FirstRecord(ref, side_of(side), dict(outcomes)) for ref, side, outcomes in records),
    )


def movement_event_json(event: MovementEvent) -> dict[str, object]:
    """Return the stored form of an event."""
    return {
        "type": event.type, "side": event.side, "fields": dict(event.fields), "ref": event.ref,
        "cases": list(event.cases), "outcomes": dict(event.outcomes),
    }  # fmt: skip


def movement_event_of(members: Mapping[str, object]) -> MovementEvent:
    """Return the event of its stored form."""
    return MovementEvent(
        type=str(members["type"]),
        side=side_of(members["side"]),
        fields=fields_of(members["fields"]),
        ref=str(members["ref"]),
        cases=tuple(map(str, cast(list[str], members["cases"]))),
        outcomes=dict(cast(dict[str, str], members["outcomes"])),
    )
