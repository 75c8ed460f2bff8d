# SPDX-License-Identifier: Apache-2.0
"""Movements in SQL: code and list sealed under the movement's own key, found by keyed tokens.

A movement belongs to the persons on it, so it is erased with the last of their cases (`SqlCases.erase`).
What stays of it are numbers, states and times.
"""

import builtins
from collections.abc import Iterable
from datetime import datetime

from exchange.adapters.storage.cases import FIND_LIMIT, CaseFiles
from exchange.adapters.storage.columns import from_instant, from_message_id, to_instant, to_message_id
from exchange.adapters.storage.database import Database, Row, Values
from exchange.adapters.storage.links import LinkNumbers
from exchange.adapters.storage.vault import Vault
from exchange.errors import StoreError
from exchange.ids import AgencyCode, CaseCode, LinkId, MovementCode
from exchange.service.movements import NotReceived
from exchange.service.rows import Direction, MovementEventRow, MovementRow

_GROUP = 4
_CODE = 14


class SqlMovements:
    def __init__(self, database: Database, vault: Vault, numbers: LinkNumbers, files: CaseFiles) -> None:
        self._database = database
        self._vault = vault
        self._numbers = numbers
        self._files = files

    def get(self, link: LinkId, code: MovementCode) -> MovementRow | None:
        row = self._database.one("movement_get", self._token(link, code))
        return None if row is None else self._row(row)

    def add(self, row: MovementRow) -> None:
        next_row = self._database.one("movement_next")
        no, key = next_row[0] if next_row else 1, self._vault.take()
        values: dict[str, object] = {
            "link": self._numbers.of(row.link),
            "key": key,
            "code": self._vault.seal(key, _code_place(no), row.code.encode()),
            "token": self._vault.token("movement", row.code),
            "group_token": self._vault.token("movement group", row.code[:_GROUP]),
            "host": row.host,
            "origin": row.origin,
            "opened_at": from_instant(row.opened_at),
        }
        self._database.add("movement_add", values | self._changing(no, key, row))

    def update(self, row: MovementRow) -> None:
        no, key = self._need(row.link, row.code)
        self._database.run("movement_update", self._changing(no, key, row))

    def find(self, prefix: str) -> builtins.list[MovementRow]:
        wanted = prefix.upper()
        if not _GROUP <= len(wanted) <= _CODE:
            return []
        token = self._vault.token("movement group", wanted[:_GROUP])
        rows = self._rows("movement_find", {"group_token": token, "limit": FIND_LIMIT})
        return [row for row in rows if row.code.startswith(wanted)]

    def list(
        self, *, link: LinkId | None = None, limit: int = 100, skip: int = 0
    ) -> builtins.list[MovementRow]:
        if link is None:
            return self._rows("movement_list", {"limit": limit, "skip": skip})
        return self._rows("movement_list_of_link", {"link": self._numbers.find(link), "limit": limit})

    def without_window(self, *, limit: int) -> builtins.list[MovementRow]:
        return self._rows("movement_without_window", {"limit": limit})

    def keep_window(self, link: LinkId, code: MovementCode, begins_at: datetime) -> None:
        values = {"no": self._need(link, code)[0], "window_at": from_instant(begins_at)}
        self._database.run("movement_keep_window", values)

    def to_be_received(self, origin: AgencyCode, *, limit: int) -> builtins.list[NotReceived]:
        rows = self._database.all("movement_to_be_received", {"origin": origin, "limit": limit})
        found = ((self._row(row[:-1]), row[-1]) for row in rows)
        return [NotReceived(movement, persons) for movement, persons in found if movement is not None]

    def under_way(self, *, since: datetime, before: datetime, limit: int) -> builtins.list[MovementRow]:
        values = {"since": from_instant(since), "before": from_instant(before), "limit": limit}
        return self._rows("movement_under_way", values)

    def left_open(self, *, before: datetime, limit: int) -> builtins.list[MovementRow]:
        return self._rows("movement_left_open", {"before": from_instant(before), "limit": limit})

    def add_event(self, row: MovementEventRow) -> None:
        values: dict[str, object] = {
            "movement": self._need(row.link, row.movement)[0],
            "link": self._numbers.of(row.link),
            "direction": row.direction,
            "seq": row.seq,
            "message": from_message_id(row.message),
            "type": row.type,
            "state_before": row.state_before,
            "state_after": row.state_after,
            "provisional": row.provisional,
            "at": from_instant(row.at),
        }
        self._database.add("movement_event_add", values)

    def events(self, link: LinkId, code: MovementCode) -> builtins.list[MovementEventRow]:
        found = self._database.one("movement_number", self._token(link, code))
        if found is None:
            return []
        rows = self._database.all("movement_event_list", {"movement": found[0]})
        return [_event(code, link, row) for row in rows]

    def of_message(self, link: LinkId, direction: Direction, seq: int) -> MovementCode | None:
        values = {"link": self._numbers.find(link), "direction": direction, "seq": seq}
        row = self._database.one("movement_of_message", values)
        return None if row is None else self._code(row)

    def enlist(self, link: LinkId, code: MovementCode, cases: Iterable[CaseCode]) -> builtins.list[CaseCode]:
        movement = self._need(link, code)[0]
        new = []
        for case in cases:
            values = {"movement": movement, "case_file": self._files.need(link, case).no}
            if self._database.one("movement_case_known", values) is None:
                self._database.run("movement_case_add", values)
                new.append(case)
        return new

    def listed(self, link: LinkId, code: MovementCode) -> builtins.list[CaseCode]:
        found = self._database.one("movement_number", self._token(link, code))
        rows = self._database.all("movement_cases", {"movement": found[0]}) if found else []
        codes = (self._files.code(no, key, sealed) for no, key, sealed in rows)
        return [case for case in codes if case is not None]

    def of_case(self, link: LinkId, case: CaseCode) -> builtins.list[MovementCode]:
        file = self._files.find(link, case)
        rows = self._database.all("movement_of_case", {"case_file": file.no}) if file else []
        codes = (self._code(row) for row in rows)
        return [code for code in codes if code is not None]

    def _token(self, link: LinkId, code: MovementCode) -> dict[str, object]:
        return {"token": self._vault.token("movement", code), "link": self._numbers.find(link)}

    def _need(self, link: LinkId, code: MovementCode) -> tuple[int, int]:
        row = self._database.one("movement_number", self._token(link, code))
        if row is None:
            raise StoreError(f"the movement is not in the store of link {link}")
        return row[0], row[1]

    def _changing(self, no: int, key: int, row: MovementRow) -> dict[str, object]:
        return {
            "no": no,
            "state": row.state,
            "snapshot": self._vault.seal(key, _snapshot_place(no), row.snapshot),
            "provisional": row.provisional,
            "changed_at": from_instant(row.changed_at),
        }

    def _code(self, row: Row) -> MovementCode | None:
        no, key, sealed = row
        raw = None if sealed is None else self._vault.open(key, _code_place(no), sealed)
        return None if raw is None else MovementCode(raw.decode())

    def _rows(self, name: str, values: Values) -> builtins.list[MovementRow]:
        found = (self._row(row) for row in self._database.all(name, values))
        return [row for row in found if row is not None]

    def _row(self, row: Row) -> MovementRow | None:
        no, key, sealed_code, link, host, origin, state, sealed, provisional, opened_at, changed_at = row
        code = self._code((no, key, sealed_code))
        snapshot = None if sealed is None else self._vault.open(key, _snapshot_place(no), sealed)
        if code is None or snapshot is None:
            return None
        opened, changed = to_instant(opened_at), to_instant(changed_at)
        return MovementRow(code, link, host, origin, state, snapshot, provisional, opened, changed)


def _event(code: MovementCode, link: LinkId, row: Row) -> MovementEventRow:
    direction, seq, message, type, before, after, provisional, at = row
    return MovementEventRow(
        movement=code,
        link=link,
        direction=Direction(direction),
        seq=seq,
        message=to_message_id(message),
        type=type,
        state_before=before,
        state_after=after,
        provisional=bool(provisional),
        at=to_instant(at),
    )


def _code_place(no: int) -> str:
    return f"movement|{no}|code"


def _snapshot_place(no: int) -> str:
    return f"movement|{no}|snapshot"
