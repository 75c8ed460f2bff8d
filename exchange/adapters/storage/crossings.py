# SPDX-License-Identifier: Apache-2.0
"""Announcements about crossings in SQL; they name a place and a time, never a person."""

from exchange.adapters.storage.columns import (
    from_instant,
    from_instant_or_none,
    to_instant,
    to_instant_or_none,
)
from exchange.adapters.storage.database import Database, Row
from exchange.adapters.storage.links import LinkNumbers
from exchange.ids import LinkId
from exchange.service.rows import CrossingRow, Direction


class SqlCrossings:
    def __init__(self, database: Database, numbers: LinkNumbers) -> None:
        self._database = database
        self._numbers = numbers

    def add(self, row: CrossingRow) -> None:
        values: dict[str, object] = {
            "link": self._numbers.of(row.link),
            "checkpoint": row.checkpoint,
            "direction": row.direction,
            "seq": row.seq,
            "status": row.status,
            "from_at": from_instant(row.from_at),
            "until_at": from_instant_or_none(row.until_at),
        }
        self._database.add("crossing_add", values)

    def of(self, link: LinkId, checkpoint: str) -> list[CrossingRow]:
        values = {"link": self._numbers.find(link), "checkpoint": checkpoint}
        return [_row(link, row) for row in self._database.all("crossing_of", values)]

    def latest(self, link: LinkId) -> list[CrossingRow]:
        rows = self._database.all("crossing_latest", {"link": self._numbers.find(link)})
        return [_row(link, row) for row in rows]


def _row(link: LinkId, row: Row) -> CrossingRow:
    direction, seq, checkpoint, status, from_at, until_at = row
    return CrossingRow(
        link, Direction(direction), seq, checkpoint, status, to_instant(from_at), to_instant_or_none(until_at)
    )
