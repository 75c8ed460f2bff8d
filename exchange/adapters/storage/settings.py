# SPDX-License-Identifier: Apache-2.0
"""Small named values of the node in SQL; never personal data, so they are plain."""

from exchange.adapters.storage.database import Database


class SqlSettings:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> str | None:
        row = self._database.one("setting_get", {"name": name})
        return None if row is None else str(row[0])

    def put(self, name: str, value: str) -> None:
        self._database.run("setting_put", {"name": name, "value": value})
