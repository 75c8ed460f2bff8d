# SPDX-License-Identifier: Apache-2.0
"""How the chronicles of cases and movements are kept: versioned JSON of a base and its open entries.

A quiet case is one small object. The bytes belong to the person and are kept under the data key of the
case; outside of it stands only the state.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from exchange.cases.chronicle import Chronicle
from exchange.cases.keeper import E, Known, Place
from exchange.cases.movements import (
    MovementEvent,
    MovementSnapshot,
    movement_event_json,
    movement_event_of,
    movement_json,
    movement_of,
)
from exchange.cases.snapshot import (
    CaseEvent,
    CaseSnapshot,
    event_json,
    event_of,
    read_stored,
    side_of,
    snapshot_json,
    snapshot_of,
    write_stored,
)
from exchange.errors import StoreDamagedError

CaseChronicle = Chronicle[CaseSnapshot, CaseEvent]
MovementChronicle = Chronicle[MovementSnapshot, MovementEvent]
S = TypeVar("S")
Members = Mapping[str, Any]


def case_bytes(chronicle: CaseChronicle) -> bytes:
    """Return the stored form of a case."""
    return _bytes(chronicle, snapshot_json, event_json)


def case_chronicle(raw: bytes) -> CaseChronicle:
    """Read the stored form of a case.

    Raises:
        StoreNewerError: written by a newer program.
        StoreDamagedError: not a case.
    """
    return _chronicle(raw, snapshot_of, event_of)


def movement_bytes(chronicle: MovementChronicle) -> bytes:
    """Return the stored form of a movement."""
    return _bytes(chronicle, movement_json, movement_event_json)


def movement_chronicle(raw: bytes) -> MovementChronicle:
    """Read the stored form of a movement; raises as `case_chronicle`."""
    return _chronicle(raw, movement_of, movement_event_of)


def _bytes(chronicle: Chronicle[S, E], base: Callable[[S], Members], event: Callable[[E], Members]) -> bytes:
    entries = [
        {"event": event(one.event), "sent": one.sent, "verdict": one.verdict, "accepted": one.accepted}
        for one in chronicle.entries
    ]
    return write_stored({"base": base(chronicle.base), "keeper": chronicle.keeper, "entries": entries})


def _chronicle(raw: bytes, base: Callable[[Members], S], event: Callable[[Members], E]) -> Chronicle[S, E]:
    members = read_stored(raw)
    try:
        keeper = members["keeper"]
        return Chronicle(
            base=base(members["base"]),
            entries=tuple([_known(one, event) for one in members["entries"]]),
            keeper=None if keeper is None else side_of(keeper),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreDamagedError("a stored chronicle is damaged; restore it from the backup") from error


def _known(members: Members, event: Callable[[Members], E]) -> Known[E]:
    verdict, accepted = members["verdict"], members["accepted"]
    return Known(
        event=event(members["event"]),
        sent=_place(members["sent"]),
        verdict=None if verdict is None else _place(verdict),
        accepted=None if accepted is None else accepted is True,
    )


def _place(raw: list[int]) -> Place:
    epoch, index = raw
    if type(epoch) is not int or type(index) is not int:
        raise TypeError("not a place in a log")
    return epoch, index
