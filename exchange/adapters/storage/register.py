# SPDX-License-Identifier: Apache-2.0
"""The home register in SQL: each entry sealed under the key of its case, or an own one without a case.

An entry is found by a keyed token of its file number. When a case joins it, it is sealed again under the key
of the case, and goes with the case.
"""

import builtins
import json
from collections.abc import Collection

from exchange.adapters.storage.cases import CaseFiles
from exchange.adapters.storage.columns import from_instant, to_instant
from exchange.adapters.storage.database import Database, Row
from exchange.adapters.storage.searches import SearchTokens
from exchange.adapters.storage.vault import Vault
from exchange.errors import AppendOnlyError, StoreError
from exchange.ids import CaseCode, LinkId
from exchange.service.rows import FoundEntry, RegisterRow


class SqlRegister:
    def __init__(self, database: Database, vault: Vault, files: CaseFiles) -> None:
        self._database = database
        self._vault = vault
        self._files = files
        self._tokens = SearchTokens(vault)

    def add(self, row: RegisterRow, keys: Collection[str]) -> None:
        if self._place(row.number) is not None:
            raise AppendOnlyError("this file number is used")
        following = self._database.one("register_next")
        no = following[0] if following else 1
        case_file, key = self._key_of(row)
        values = {"no": no, "file_token": self._file_token(row.number)}
        self._database.add(
            "register_add", values | self._sealed(no, key or self._vault.take(), case_file, row)
        )
        self._index(no, keys)

    def update(self, row: RegisterRow, keys: Collection[str]) -> None:
        place = self._place(row.number)
        if place is None:
            raise StoreError("the entry is not in the register")
        no, old_key, old_file = place
        case_file, key = self._key_of(row)
        if key is None:
            key = old_key if old_file is None else self._vault.take()
        self._database.run("register_update", {"no": no} | self._sealed(no, key, case_file, row))
        if old_file is None and key != old_key:
            self._database.run("ended_key_add", {"key": old_key})
        self._index(no, keys)

    def get(self, number: str) -> RegisterRow | None:
        row = self._database.one("register_get", {"file_token": self._file_token(number)})
        return None if row is None else self._row(row)

    def page(self, *, after: int = 0, limit: int = 100) -> tuple[builtins.list[RegisterRow], int]:
        rows = self._database.all("register_page", {"after": after, "limit": limit})
        found = [row for row in map(self._row, rows) if row is not None]
        return found, int(rows[-1][0]) if len(rows) == limit else 0

    def of_case(self, link: LinkId, code: CaseCode) -> builtins.list[RegisterRow]:
        file = self._files.find(link, code)
        rows = self._database.all("register_of_case", {"case_file": file.no}) if file else []
        return [row for row in map(self._row, rows) if row is not None]

    def find(self, keys: Collection[str], *, limit: int) -> builtins.list[FoundEntry]:
        tokens = self._tokens.of(keys)
        values = {"tokens": json.dumps(list(tokens)), "limit": limit}
        entries: dict[int, RegisterRow | None] = {}
        common: dict[int, set[str]] = {}
        for *row, token in self._database.all("register_token_find", values):
            if row[0] not in entries:
                entries[row[0]] = self._row(tuple(row))
            common.setdefault(row[0], set()).add(tokens[token])
        return [FoundEntry(entry, frozenset(common[no])) for no, entry in entries.items() if entry]

    def _index(self, no: int, keys: Collection[str]) -> None:
        self._database.run("register_token_drop", {"entry": no})
        tokens = json.dumps(list(self._tokens.of(keys)))
        self._database.run("register_token_add", {"entry": no, "tokens": tokens})

    def _key_of(self, row: RegisterRow) -> tuple[int | None, int | None]:
        """Return file and data key of the case of an entry, None for both without a case."""
        if row.link is None or row.case is None:
            return None, None
        file = self._files.find(row.link, row.case)
        if file is None:
            raise StoreError("the case of the entry is not in the store")
        return file.no, file.key

    def _sealed(self, no: int, key: int, case_file: int | None, row: RegisterRow) -> dict[str, object]:
        content = json.dumps([row.number, row.content.decode()]).encode()
        return {
            "key": key,
            "case_file": case_file,
            "content": self._vault.seal(key, _entry_place(no), content),
            "changed_at": from_instant(row.changed_at),
        }

    def _row(self, row: Row) -> RegisterRow | None:
        no, key, sealed, changed_at, case_file, case_key, sealed_code, link = row
        content = self._vault.open(key, _entry_place(no), sealed)
        if content is None:
            return None
        number, text = json.loads(content)
        code = None if case_file is None else self._files.code(case_file, case_key, sealed_code)
        return RegisterRow(number, text.encode(), to_instant(changed_at), link if code else None, code)

    def _place(self, number: str) -> Row | None:
        return self._database.one("register_place", {"file_token": self._file_token(number)})

    def _file_token(self, number: str) -> bytes:
        return self._vault.token("file number", number)


def _entry_place(no: int) -> str:
    return f"register_entry|{no}|content"
