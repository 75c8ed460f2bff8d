# SPDX-License-Identifier: Apache-2.0
"""Tells whether an id or a number is used, with one look-up for a whole transaction.

Numbers are dense and ids begin with their time, so what comes next is nearly always larger than everything
that is stored, and cannot be used then. What is not larger is looked up by itself: late, repeated, or made by
a clock that is behind. What this transaction added is remembered, because it may wait (`gathered`).
"""

from dataclasses import dataclass, field

from exchange.adapters.storage.columns import from_message_id, to_message_id
from exchange.adapters.storage.database import Database
from exchange.adapters.storage.links import LinkNumbers
from exchange.ids import LinkId, MessageId
from exchange.service.rows import Direction

_LAST = "g"
"""Behind every id, which consists of hex digits."""


@dataclass(frozen=True)
class _Newest:
    """The largest number and id of a side when it was looked up, and what was added to it since."""

    seq: int
    id: str
    seqs: set[int] = field(default_factory=set)
    ids: set[MessageId] = field(default_factory=set)


class UsedNumbers:
    """Ids and numbers of a table; `newest` and `used` are the queries for the largest and certain ones."""

    def __init__(self, database: Database, numbers: LinkNumbers, *, newest: str, used: str) -> None:
        self._database = database
        self._numbers = numbers
        self._newest, self._used = newest, used
        self._sides: dict[tuple[LinkId, Direction], _Newest] = {}

    def forget(self) -> None:
        """Drop what is known; called at the end of a transaction, and when something is undone."""
        self._sides.clear()

    def holds(self, link: LinkId, direction: Direction, id: MessageId, seq: int) -> bool:
        """Return whether this id or this number is used."""
        side = self._side(link, direction)
        if id in side.ids or seq in side.seqs:
            return True
        if seq > side.seq and id > side.id:
            return False
        values = {"link": self._numbers.find(link), "direction": direction, "seq": seq}
        values["id"] = from_message_id(id)
        return self._database.one(self._used, values, is_apart=True) is not None

    def add(self, link: LinkId, direction: Direction, id: MessageId, seq: int) -> None:
        """Remember that this transaction uses an id and a number."""
        side = self._side(link, direction)
        side.ids.add(id)
        side.seqs.add(seq)

    def _side(self, link: LinkId, direction: Direction) -> _Newest:
        side = self._sides.get((link, direction))
        if side is None:
            values = {"link": self._numbers.find(link), "direction": direction}
            row = self._database.one(self._newest, values, is_apart=True)
            side = self._sides[link, direction] = _newest(*(row or (None, None)))
        return side


def _newest(seq: int | None, id: bytes | None) -> _Newest:
    """Return the largest number and id; of a side whose id was not found, what no id exceeds."""
    if id is not None:
        return _Newest(seq or 0, to_message_id(id))
    return _Newest(seq or 0, _LAST if seq else "")
