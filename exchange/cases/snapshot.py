# SPDX-License-Identifier: Apache-2.0
"""What is known of one case after its effective messages, and what one message says about it.

A snapshot holds codes, dates and numbers of messages, no name and no text. It is stored as JSON with a
version; an unknown version or member is refused, because a state that is half understood is wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal

import orjson

from exchange.cases.consent import Consent, Consents
from exchange.errors import StoreDamagedError, StoreNewerError

Side = Literal["host", "origin"]
"""Role of a side in one case, of `case-roles`; only these two act on a case."""
Value = str | bool | int | tuple[str, ...]
Fields = Mapping[str, Value]
"""Values that select a row: fields of the message and of the person's line in it."""

_SINGLE: Final[frozenset[Any]] = frozenset({str, bool, int})
VERSION = 1
"""Version of the stored form."""


@dataclass(frozen=True)
class CaseEvent:
    """One message as it concerns one case.

    `fields` are the values that select a row: fields of the message, of the person's line, and what is
    derived from the message: `list` (HDP: `final` or `taken_off`), `effect` (AMD: what it does to this
    person), `target` (CAN, AMD: `notice`, `movement` or another word), `own` (CAN: false if the author of
    the target is the other side), `revises`, `late`, `supplementary` (a reference, or true), `added` (AMD:
    this person is added), `named` (false if the
    message reaches this person through the movement only), `outcome` (also in a countersignature: from
    the line it countersigns).
    """

    type: str
    side: Side
    fields: Fields
    on: date
    """Day on which dates are judged; the same for both sides, so never the day of the reader."""
    ref: str = ""
    """How a later message names this one: `hold` of RSM names the HLD, or the record that diverted."""
    movement: str = ""
    consents: tuple[Consent, ...] = ()


@dataclass(frozen=True)
class Hold:
    """A hold that has not ended; only the side that set it can end it."""

    ref: str
    side: Side


@dataclass(frozen=True)
class CaseSnapshot:
    """One case after the effective messages so far."""

    state: str
    tracks: Mapping[str, str]
    keeper: Side
    opened: bool = False
    """A message about the case took effect, with or without a change of state."""
    before: str = ""
    """State before the hold or the withdrawal, "" in every other state."""
    holds: tuple[Hold, ...] = ()
    deferred: tuple[CaseEvent, ...] = ()
    """Replies that arrived while the case was on hold, in the order of arrival."""
    marks: tuple[str, ...] = ()
    """Rows that may be taken once and were taken, as `MESSAGE state`."""
    valid_until: date | None = None
    """Last day of the acceptance, None without one."""
    after_return: bool = False
    """A complete record took the person over, or a reception was confirmed."""
    incidents: tuple[str, ...] = ()
    movement: str = ""
    """The confirmed movement the person is in, "" if in none."""
    listed: tuple[str, ...] = ()
    """Movements on whose list the person is."""
    consents: Consents = field(default_factory=Consents)

    def to_bytes(self) -> bytes:
        """Return the stored form."""
        return write_stored(snapshot_json(self))

    @staticmethod
    def from_bytes(raw: bytes) -> "CaseSnapshot":
        """Read the stored form.

        Raises:
            StoreNewerError: written by a newer program.
            StoreDamagedError: not a snapshot.
        """
        members = read_stored(raw)
        try:
            return snapshot_of(members)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StoreDamagedError("a stored case is not a snapshot; restore it from the backup") from error


def write_stored(members: Mapping[str, object]) -> bytes:
    """Return the stored bytes of something of this package, with the version."""
    return orjson.dumps({"v": VERSION, **members}, option=orjson.OPT_SORT_KEYS)


def read_stored(raw: bytes) -> dict[str, Any]:
    """Return the members of something stored by this package, without its version."""
    try:
        members = orjson.loads(raw)
    except ValueError as error:
        raise StoreDamagedError("a stored case is not JSON; restore it from the backup") from error
    if not isinstance(members, dict):
        members = {}
    version = members.pop("v", None)
    if isinstance(version, int) and version > VERSION:
        raise StoreNewerError(f"a stored case has version {version}, this program knows {VERSION}")
    if version != VERSION:
        raise StoreDamagedError("a stored case has no version; restore it from the backup")
    return members


def event_json(event: CaseEvent) -> dict[str, object]:
    """Return the stored form of an event."""
    return {
        "type": event.type, "side": event.side, "fields": dict(event.fields), "on": event.on.isoformat(),
        "ref": event.ref, "movement": event.movement,
        "consents": [_consent_json(fact) for fact in event.consents],
    }  # fmt: skip


def event_of(members: Mapping[str, Any]) -> CaseEvent:
    """Return the event of its stored form."""
    return CaseEvent(
        type=str(members["type"]),
        side=side_of(members["side"]),
        fields=fields_of(members["fields"]),
        on=date.fromisoformat(str(members["on"])),
        ref=str(members["ref"]),
        movement=str(members["movement"]),
        consents=tuple([_consent_of(one) for one in _list(members["consents"])]),
    )


def side_of(raw: object) -> Side:
    if raw == "host":
        return "host"
    if raw == "origin":
        return "origin"
    raise ValueError("not a side")


def fields_of(raw: object) -> Fields:
    """Return fields of their stored form; several values are a list there."""
    if not isinstance(raw, dict):
        raise TypeError("not fields")
    return {key: value if value.__class__ in _SINGLE else _several(value) for key, value in raw.items()}


def _several(raw: object) -> tuple[str, ...]:
    if not isinstance(raw, list):
        raise TypeError("not a value of a field")
    return tuple(map(str, raw))


def _list(raw: object) -> list[Any]:
    if not isinstance(raw, list):
        raise TypeError("not a list")
    return raw


def snapshot_json(snapshot: CaseSnapshot) -> dict[str, object]:
    """Return the members of the stored form of a snapshot."""
    consents = snapshot.consents
    return {
        "state": snapshot.state,
        "tracks": dict(snapshot.tracks),
        "keeper": snapshot.keeper,
        "opened": snapshot.opened,
        "before": snapshot.before,
        "holds": [[hold.ref, hold.side] for hold in snapshot.holds],
        "deferred": [event_json(event) for event in snapshot.deferred],
        "marks": list(snapshot.marks),
        "valid_until": _date_json(snapshot.valid_until),
        "after_return": snapshot.after_return,
        "incidents": list(snapshot.incidents),
        "movement": snapshot.movement,
        "listed": list(snapshot.listed),
        "consents": [_consent_json(fact) for fact in consents.facts],
        "withdrawn": {scope: on.isoformat() for scope, on in consents.withdrawn},
    }


def snapshot_of(members: Mapping[str, Any]) -> CaseSnapshot:
    """Return the snapshot of its members; raises KeyError, TypeError or ValueError for others."""
    withdrawn = members["withdrawn"]
    return CaseSnapshot(
        state=str(members["state"]),
        tracks=dict(members["tracks"]),
        keeper=side_of(members["keeper"]),
        opened=members["opened"] is True,
        before=str(members["before"]),
        holds=tuple([Hold(str(ref), side_of(side)) for ref, side in members["holds"]]),
        deferred=tuple(map(event_of, members["deferred"])),
        marks=tuple(map(str, _list(members["marks"]))),
        valid_until=_date_of(members["valid_until"]),
        after_return=members["after_return"] is True,
        incidents=tuple(map(str, _list(members["incidents"]))),
        movement=str(members["movement"]),
        listed=tuple(map(str, _list(members["listed"]))),
        consents=Consents(
            facts=tuple([_consent_of(raw) for raw in _list(members["consents"])]),
            withdrawn=tuple([(scope, date.fromisoformat(on)) for scope, on in sorted(withdrawn.items())]),
        ),
    )


def _consent_json(fact: Consent) -> list[str | None]:
    return [fact.scope, fact.state, fact.giver, fact.given_on.isoformat(), _date_json(fact.valid_until)]


def _consent_of(raw: object) -> Consent:
    scope, state, giver, given_on, valid_until = _list(raw)
    day = date.fromisoformat(str(given_on))
    return Consent(str(scope), str(state), str(giver), day, _date_of(valid_until))


def _date_json(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _date_of(raw: object) -> date | None:
    return None if raw is None else date.fromisoformat(str(raw))
