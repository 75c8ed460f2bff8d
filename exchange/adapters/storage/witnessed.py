# SPDX-License-Identifier: Apache-2.0
"""Cosignatures of witnesses in SQL."""

from datetime import datetime

from exchange.adapters.storage.columns import from_instant
from exchange.adapters.storage.database import Database
from exchange.adapters.storage.logs import SqlLogs
from exchange.errors import StoreError
from exchange.ids import AgencyCode, LinkId
from exchange.service.ledgers import Sizes, WitnessLine


class SqlWitnessed:
    def __init__(self, database: Database, logs: SqlLogs) -> None:
        self._database = database
        self._logs = logs

    def add(self, link: LinkId, witness: str, *, size: int, line: str, at: datetime) -> None:
        log = self._logs.number(link)
        if not log:
            raise StoreError(f"no own log on link {link} is open")
        values = {"log": log, "witness": witness, "size": size, "line": line, "at": from_instant(at)}
        self._database.add("witnessed_add", values)

    def size(self, link: LinkId, witness: str) -> int:
        row = self._database.one("witnessed_size", {"log": self._logs.number(link), "witness": witness})
        return int(row[0]) if row else 0

    def around(self, link: LinkId, by: AgencyCode, *, epoch: int, sizes: Sizes) -> list[WitnessLine]:
        log = self._logs.number_of(link, by, epoch)
        values = {"log": log, "least": sizes.least, "most": sizes.most}
        return [WitnessLine(*row) for row in self._database.all("witnessed_around", values)]
