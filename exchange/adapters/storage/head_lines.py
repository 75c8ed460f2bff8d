# SPDX-License-Identifier: Apache-2.0
"""Second signature lines over heads in SQL."""

from datetime import datetime

from exchange.adapters.storage.columns import from_instant
from exchange.adapters.storage.database import Database
from exchange.adapters.storage.logs import SqlLogs
from exchange.ids import AgencyCode, LinkId
from exchange.service.ledgers import HeadLine, Sizes


class SqlHeadLines:
    def __init__(self, database: Database, logs: SqlLogs) -> None:
        self._database = database
        self._logs = logs

    def add(self, link: LinkId, by: AgencyCode, found: HeadLine, *, epoch: int, at: datetime) -> bool:
        log = self._logs.number_of(link, by, epoch)
        if not log or self._database.one("head_line_known", {"log": log, "size": found.size}):
            return False
        values = {"log": log, "size": found.size, "line": found.line, "at": from_instant(at)}
        self._database.add("head_line_add", values)
        return True

    def page(self, link: LinkId, by: AgencyCode, *, epoch: int, after: int, limit: int) -> list[HeadLine]:
        values = {"log": self._logs.number_of(link, by, epoch), "after": after, "limit": limit}
        return [HeadLine(*row) for row in self._database.all("head_line_page", values)]

    def around(self, link: LinkId, by: AgencyCode, *, epoch: int, sizes: Sizes) -> list[HeadLine]:
        log = self._logs.number_of(link, by, epoch)
        values = {"log": log, "least": sizes.least, "most": sizes.most}
        return [HeadLine(*row) for row in self._database.all("head_line_around", values)]
