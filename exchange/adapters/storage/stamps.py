# SPDX-License-Identifier: Apache-2.0
"""Time stamps over heads in SQL."""

from exchange.adapters.storage.columns import from_instant, to_instant
from exchange.adapters.storage.database import Database, Row
from exchange.adapters.storage.logs import SqlLogs
from exchange.ids import AgencyCode, LinkId
from exchange.service.ledgers import HeadStamp, Sizes


class SqlStamps:
    def __init__(self, database: Database, logs: SqlLogs) -> None:
        self._database = database
        self._logs = logs

    def add(self, link: LinkId, by: AgencyCode, found: HeadStamp, *, epoch: int) -> None:
        values = {
            "log": self._logs.number_of(link, by, epoch),
            "size": found.size,
            "tsa": found.tsa,
            "reply": found.reply,
            "at": from_instant(found.at),
        }
        self._database.add("stamp_add", values)

    def page(
        self, link: LinkId, by: AgencyCode, *, epoch: int, after: tuple[int, str], limit: int
    ) -> list[HeadStamp]:
        log = self._logs.number_of(link, by, epoch)
        values = {"log": log, "size": after[0], "tsa": after[1], "limit": limit}
        return [_stamp(row) for row in self._database.all("stamp_page", values)]

    def newest(self, link: LinkId, by: AgencyCode, tsa: str, *, epoch: int) -> HeadStamp | None:
        values = {"log": self._logs.number_of(link, by, epoch), "tsa": tsa}
        row = self._database.one("stamp_newest", values)
        return _stamp(row) if row else None

    def around(self, link: LinkId, by: AgencyCode, *, epoch: int, sizes: Sizes) -> list[HeadStamp]:
        log = self._logs.number_of(link, by, epoch)
        values = {"log": log, "least": sizes.least, "most": sizes.most}
        return [_stamp(row) for row in self._database.all("stamp_around", values)]


def _stamp(row: Row) -> HeadStamp:
    return HeadStamp(row[0], row[1], row[2], to_instant(row[3]))
