# SPDX-License-Identifier: Apache-2.0
"""Roots of full tiles in SQL."""

from exchange.adapters.storage.database import Database
from exchange.adapters.storage.logs import SqlLogs
from exchange.errors import StoreError
from exchange.ids import AgencyCode, LinkId


class SqlTiles:
    def __init__(self, database: Database, logs: SqlLogs) -> None:
        self._database = database
        self._logs = logs

    def count(self, link: LinkId, by: AgencyCode, *, epoch: int, level: int) -> int:
        values = {"log": self._logs.number_of(link, by, epoch), "level": level}
        row = self._database.one("tile_root_count", values)
        return int(row[0]) if row else 0

    def add(self, link: LinkId, by: AgencyCode, root: bytes, *, epoch: int, level: int) -> int:
        log = self._logs.number_of(link, by, epoch)
        if not log:
            raise StoreError(f"no log {epoch} of {by} on link {link} is open")
        n = self.count(link, by, epoch=epoch, level=level)
        self._database.add("tile_root_add", {"log": log, "level": level, "n": n, "root": root})
        return n

    def roots(
        self, link: LinkId, by: AgencyCode, *, epoch: int, level: int, start: int, end: int
    ) -> list[bytes]:
        log = self._logs.number_of(link, by, epoch)
        values = {"log": log, "level": level, "start": start, "end": end}
        return [row[0] for row in self._database.all("tile_root_range", values)]
