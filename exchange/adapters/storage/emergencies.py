# SPDX-License-Identifier: Apache-2.0
"""Messages that one person released in an emergency, in SQL; numbers, an act and times, never content."""

from datetime import datetime

from exchange.adapters.storage.columns import from_instant, to_instant, to_instant_or_none, to_message_id
from exchange.adapters.storage.database import Database, Row
from exchange.adapters.storage.messages import MessagePlaces
from exchange.errors import StoreError
from exchange.ids import LinkId, OfficerNumber
from exchange.service.emergencies import EmergencyRow
from exchange.service.rows import Direction


class SqlEmergencies:
    def __init__(self, database: Database, places: MessagePlaces) -> None:
        self._database = database
        self._places = places

    def add(self, row: EmergencyRow) -> None:
        values = {
            "message": self._message(row.link, row.seq),
            "act": row.act,
            "released_by": row.released_by,
            "until_at": from_instant(row.until_at),
        }
        self._database.add("emergency_add", values)

    def of(self, link: LinkId, seq: int) -> EmergencyRow | None:
        place = self._places.find(link, Direction.OUT, seq)
        row = self._database.one("emergency_of", {"message": place.no}) if place else None
        return None if row is None else _row(row)

    def open(self) -> list[EmergencyRow]:
        return [_row(row) for row in self._database.all("emergency_open", {})]

    def seen(self, row: EmergencyRow, by: OfficerNumber, at: datetime, *, agrees: bool) -> None:
        values = {
            "message": self._message(row.link, row.seq),
            "seen_by": by,
            "seen_at": from_instant(at),
            "agrees": agrees,
        }
        if not self._database.run("emergency_seen", values):
            raise StoreError(f"nobody has to look at message {row.seq} of link {row.link}")

    def _message(self, link: LinkId, seq: int) -> int:
        place = self._places.find(link, Direction.OUT, seq)
        if place is None:
            raise StoreError(f"message {seq} of link {link} is not in the store")
        return place.no


def _row(row: Row) -> EmergencyRow:
    id, seq, link, type, act, released_by, until_at, seen_by, seen_at, agrees = row
    return EmergencyRow(
        link=LinkId(link),
        seq=seq,
        message=to_message_id(id),
        type=type,
        act=act,
        released_by=OfficerNumber(released_by),
        until_at=to_instant(until_at),
        seen_by=None if seen_by is None else OfficerNumber(seen_by),
        seen_at=to_instant_or_none(seen_at),
        agrees=None if agrees is None else bool(agrees),
    )
