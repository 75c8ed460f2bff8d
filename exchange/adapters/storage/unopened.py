# SPDX-License-Identifier: Apache-2.0
"""Messages that nobody has opened yet, in SQL: a narrow table with the store's own numbers of them."""

import builtins

from exchange.adapters.storage.database import Database
from exchange.adapters.storage.messages import MessagePlaces, message_of_row
from exchange.errors import StoreError
from exchange.service.open_questions import BEGIN, Place
from exchange.service.rows import MessageRow
from exchange.service.unopened import UnopenedCount

_BEHIND_ALL = 2**63 - 1
_NUMBER = 25
"""Place of the store's own number in a row of the view `message_row`."""


class SqlUnopened:
    def __init__(self, database: Database, places: MessagePlaces) -> None:
        self._database = database
        self._places = places

    def add(self, row: MessageRow, *, stop: bool) -> None:
        self._database.later("unopened_add", {"stop": stop, "message": self._number(row)})

    def drop(self, row: MessageRow) -> None:
        self._database.run("unopened_drop", {"message": self._number(row)})

    def page(
        self, *, stops: bool, after: Place = BEGIN, limit: int = 100
    ) -> tuple[builtins.list[MessageRow], Place]:
        values = {"stop": stops, "before": after[0] if after else _BEHIND_ALL, "limit": limit}
        rows = self._database.all("unopened_page", values)
        place = (rows[-1][_NUMBER],) if len(rows) == limit else BEGIN
        return [message_of_row(row) for row in rows], place

    def count(self) -> UnopenedCount:
        row = self._database.one("unopened_count")
        return UnopenedCount(row[0], row[1]) if row else UnopenedCount(0, 0)

    def _number(self, row: MessageRow) -> int:
        place = self._places.find(row.link, row.direction, row.seq)
        if place is None:
            raise StoreError(f"message {row.seq} of link {row.link} is not in the store")
        return place.no
