# SPDX-License-Identifier: Apache-2.0
"""The directory of this agency's officers in SQL: each name under a data key of its own."""

import builtins
from datetime import datetime

from exchange.adapters.storage.columns import (
    from_instant,
    from_instant_or_none,
    to_instant,
    to_instant_or_none,
)
from exchange.adapters.storage.database import Database, Row
from exchange.adapters.storage.vault import Vault
from exchange.errors import StoreError
from exchange.ids import OfficerNumber
from exchange.service.rows import OfficerRow

_BETWEEN = " "
"""Stands between function codes, which hold no space."""


class SqlOfficers:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault
        self._known: dict[OfficerNumber, OfficerRow | None] = {}

    def forget(self) -> None:
        """Drop the officers of a transaction; called at its end, and when something is undone."""
        self._known.clear()

    def add(self, row: OfficerRow) -> None:
        self.forget()
        key = self._vault.take()
        values = {
            "number": row.number,
            "key": key,
            "name": self._vault.seal(key, _place(row.number), row.name.encode()),
            "office": row.office,
            "functions": _BETWEEN.join(row.functions),
            "valid_from": from_instant(row.valid_from),
            "valid_to": from_instant_or_none(row.valid_to),
        }
        self._database.add("officer_add", values)

    def get(self, number: OfficerNumber) -> OfficerRow | None:
        if number not in self._known:
            row = self._database.one("officer_get", {"number": number})
            self._known[number] = None if row is None else self._row(row)
        return self._known[number]

    def correct(self, row: OfficerRow) -> None:
        self.forget()
        held = self._database.one("officer_get", {"number": row.number})
        if held is None:
            raise StoreError(f"officer {row.number} is not in the store")
        values = {
            "number": row.number,
            "name": self._vault.seal(held[1], _place(row.number), row.name.encode()),
            "office": row.office,
            "functions": _BETWEEN.join(row.functions),
        }
        self._database.run("officer_correct", values)

    def end(self, number: OfficerNumber, at: datetime) -> None:
        self.forget()
        if not self._database.run("officer_end", {"number": number, "at": from_instant(at)}):
            raise StoreError(f"officer {number} is not in the store")

    def list(self) -> builtins.list[OfficerRow]:
        return [self._row(row) for row in self._database.all("officer_list")]

    def _row(self, row: Row) -> OfficerRow:
        number, key, name, office, functions, valid_from, valid_to = row
        opened = self._vault.open(key, _place(number), name)
        return OfficerRow(
            number=number,
            name="" if opened is None else opened.decode(),
            office=office,
            functions=tuple(functions.split(_BETWEEN)) if functions else (),
            valid_from=to_instant(valid_from),
            valid_to=to_instant_or_none(valid_to),
        )


def _place(number: str) -> str:
    return f"officer|{number}|name"
