# SPDX-License-Identifier: Apache-2.0
"""Cases in SQL: codes sealed and found by keyed tokens, everything of a person under the case's key.

A *case file* is made the first time a code is named on a link, by a part or by a case. It owns the
data key. Erasing a case lets code, tokens, snapshot and parts go and destroys the key; what stays of it
are numbers, states and times, which name nobody.
"""

import builtins
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from exchange.adapters.storage.columns import from_instant, from_message_id, to_instant, to_message_id
from exchange.adapters.storage.database import Database, Row, Values
from exchange.adapters.storage.erasing import erase_file
from exchange.adapters.storage.links import LinkNumbers
from exchange.adapters.storage.messages import MessagePlaces, message_of_row
from exchange.adapters.storage.vault import Vault
from exchange.errors import StoreError
from exchange.ids import CaseCode, LinkId
from exchange.service.rows import CaseEventRow, CaseRow, Direction, MessageRow

FIND_LIMIT = 20
_GROUP = 4
_CODE = 14
_STATE = 6
"""Column of the state in a row of a case; null for a file without a case."""


@dataclass(frozen=True)
class CaseFile:
    no: int
    key: int


class CaseFiles:
    """Finds and makes case files; what is known of them is remembered for one transaction."""

    def __init__(self, database: Database, vault: Vault, numbers: LinkNumbers) -> None:
        self._database = database
        self._vault = vault
        self._numbers = numbers
        self._known: dict[tuple[LinkId, CaseCode], CaseFile | None] = {}
        self._bare: set[tuple[LinkId, CaseCode]] = set()
        """Made in this transaction, without a case so far."""
        self._tokens: dict[str, bytes] = {}
        self._last = 0
        """Number of the last file, 0 while it is not known."""

    def find(self, link: LinkId, code: CaseCode) -> CaseFile | None:
        if (link, code) not in self._known:
            values = {"token": self.token(code), "link": self._numbers.find(link)}
            row = self._database.one("case_file_find", values, is_apart=True)
            self.remember(link, code, None if row is None else CaseFile(row[0], row[1]))
        return self._known[link, code]

    def remember(self, link: LinkId, code: CaseCode, file: CaseFile | None) -> None:
        """Remember what the store holds of a code; None that it holds nothing."""
        self._known[link, code] = file

    def is_bare(self, link: LinkId, code: CaseCode) -> bool:
        """Return whether the file was made in this transaction and has no case yet."""
        return (link, code) in self._bare

    def fill(self, link: LinkId, code: CaseCode) -> None:
        """Note that a file has a case now."""
        self._bare.discard((link, code))

    def forget(self) -> None:
        """Drop the files of a transaction; called at its end, and when something is undone."""
        self._known.clear()
        self._bare.clear()
        self._tokens.clear()
        self._last = 0

    def need(self, link: LinkId, code: CaseCode) -> CaseFile:
        """Return the file of a code; make it if there is none."""
        file = self.find(link, code)
        if file is not None:
            return file
        if not self._last:
            row = self._database.one("case_file_last")
            self._last = row[0] if row else 0
        file = CaseFile(self._last + 1, self._vault.take())
        values: dict[str, object] = {
            "no": file.no,
            "link": self._numbers.of(link),
            "key": file.key,
            "code": self._vault.seal(file.key, _code_place(file.no), code.encode()),
            "token": self.token(code),
            "group_token": self.group_token(code),
        }
        self._database.later("case_file_add", values)
        self._last = file.no
        self._known[link, code] = file
        self._bare.add((link, code))
        return file

    def code(self, no: int, key: int, sealed: bytes | None) -> CaseCode | None:
        """Return the code of a file, or None after erasure."""
        raw = None if sealed is None else self._vault.open(key, _code_place(no), sealed)
        return None if raw is None else CaseCode(raw.decode())

    def token(self, code: str) -> bytes:
        if code not in self._tokens:
            self._tokens[code] = self._vault.token("case", code)
        return self._tokens[code]

    def group_token(self, code: str) -> bytes:
        return self._vault.token("case group", code[:_GROUP])


class SqlCases:
    """Rows are opened once a transaction and remembered until one of them changes or it ends."""

    def __init__(
        self, database: Database, vault: Vault, numbers: LinkNumbers, files: CaseFiles, places: MessagePlaces
    ) -> None:
        self._database = database
        self._vault = vault
        self._numbers = numbers
        self._files = files
        self._places = places
        self._read: dict[tuple[LinkId, CaseCode], CaseRow | None] = {}
        self._ahead: dict[tuple[LinkId, Direction, int], builtins.list[CaseCode]] = {}
        """The cases of messages that will be asked for next."""

    def forget(self) -> None:
        """Drop the rows of a transaction; called at its end, and when something is undone."""
        self._read.clear()
        self._ahead.clear()

    def get(self, link: LinkId, code: CaseCode) -> CaseRow | None:
        if (link, code) not in self._read:
            is_bare = self._files.is_bare(link, code)
            self._read[link, code] = None if is_bare else self._look_up(link, code)
        return self._read[link, code]

    def _look_up(self, link: LinkId, code: CaseCode) -> CaseRow | None:
        values = {"token": self._files.token(code), "link": self._numbers.find(link)}
        return self._keep(link, code, self._database.one("case_get", values, is_apart=True))

    def _keep(self, link: LinkId, code: CaseCode, row: Row | None) -> CaseRow | None:
        """Remember the file of a code, and return its case."""
        self._files.remember(link, code, CaseFile(row[0], row[1]) if row else None)
        return self._row(row) if row and row[_STATE] else None

    def read_named(self, link: LinkId, codes: Collection[CaseCode]) -> None:
        asked = [c for c in codes if (link, c) not in self._read and not self._files.is_bare(link, c)]
        if not asked:
            return
        tokens = [self._files.token(code) for code in asked]
        values = {"tokens": b"".join(tokens), "link": self._numbers.find(link)}
        rows = self._database.all("case_get_all", values, is_apart=True)
        found = {token: tuple(row) for token, *row in rows}
        for code, token in zip(asked, tokens, strict=True):
            self._read[link, code] = self._keep(link, code, found.get(token))

    def add(self, row: CaseRow) -> None:
        file = self._files.need(row.link, row.code)
        self._files.fill(row.link, row.code)
        is_new = self._read.get((row.link, row.code), row) is None
        values: dict[str, object] = {
            "link": self._numbers.of(row.link),
            "host": row.host,
            "origin": row.origin,
            "opened_at": from_instant(row.opened_at),
        }
        values |= self._changing(file, row)
        if is_new:
            self._database.later("case_add", values)
        else:
            self._database.add("case_add", values)
        self._read[row.link, row.code] = row

    def update(self, row: CaseRow) -> None:
        file = self._files.find(row.link, row.code)
        if file is None:
            raise _unknown(row)
        if self._read.get((row.link, row.code)) is not None:
            self._database.later("case_update", self._changing(file, row))
        elif not self._database.run("case_update", self._changing(file, row)):
            raise _unknown(row)
        self._read[row.link, row.code] = row

    def find(self, prefix: str) -> builtins.list[CaseRow]:
        wanted = prefix.upper()
        if not _GROUP <= len(wanted) <= _CODE:
            return []
        values = {"group_token": self._files.group_token(wanted), "limit": FIND_LIMIT}
        return [row for row in self._rows("case_find", values) if row.code.startswith(wanted)]

    def list(self, *, link: LinkId | None = None, limit: int = 100, skip: int = 0) -> builtins.list[CaseRow]:
        if link is None:
            return self._rows("case_list", {"limit": limit, "skip": skip})
        return self._rows("case_list_of_link", {"link": self._numbers.find(link), "limit": limit})

    def page(self, link: LinkId, *, after: int = 0, limit: int = 100) -> tuple[builtins.list[CaseCode], int]:
        values = {"link": self._numbers.find(link), "after": after, "limit": limit}
        rows = self._database.all("case_page", values)
        codes = (self._files.code(no, key, sealed) for no, key, sealed in rows)
        last = int(rows[-1][0]) if len(rows) == limit else 0
        return [code for code in codes if code is not None], last

    def add_event(self, row: CaseEventRow) -> None:
        values: dict[str, object] = {
            "case_file": self._files.need(row.link, row.case).no,
            "link": self._numbers.of(row.link),
            "direction": row.direction,
            "seq": row.seq,
            "message": from_message_id(row.message),
            "type": row.type,
            "state_before": row.state_before,
            "state_after": row.state_after,
            "provisional": row.provisional,
            "at": from_instant(row.at),
            "implied": ",".join(row.implied),
        }
        self._places.note_entered(row.link, row.direction, row.seq)
        self._database.later("case_event_add", values)

    def events(self, link: LinkId, code: CaseCode) -> builtins.list[CaseEventRow]:
        file = self._files.find(link, code)
        if file is None:
            return []
        return [
            _event(code, link, row) for row in self._database.all("case_event_list", {"case_file": file.no})
        ]

    def of_message(self, link: LinkId, direction: Direction, seq: int) -> builtins.list[CaseCode]:
        is_apart = not self._places.is_entered(link, direction, seq)
        if is_apart and (link, direction, seq) in self._ahead:
            return self._ahead[link, direction, seq]
        values = {"link": self._numbers.find(link), "direction": direction, "seq": seq}
        rows = self._database.all("case_of_message", values, is_apart=is_apart)
        codes = (self._found(link, row) for row in rows)
        return [code for code in codes if code is not None]

    def read_ahead(self, link: LinkId, direction: Direction, seqs: Collection[int]) -> None:
        values = {"link": self._numbers.find(link), "direction": direction}
        found: dict[int, builtins.list[CaseCode]] = {seq: [] for seq in seqs}
        for seq, *row in self._database.all("case_of_messages", values | {"numbers": json.dumps(list(seqs))}):
            code = self._found(link, tuple(row))
            if code is not None:
                found[seq].append(code)
        self._ahead |= {(link, direction, seq): codes for seq, codes in found.items()}

    def _found(self, link: LinkId, row: Row) -> CaseCode | None:
        """Return the code of a case file, and remember the case; what is remembered already stays."""
        code = self._files.code(*row[:3])
        if code is not None and (link, code) not in self._read:
            self._files.remember(link, code, CaseFile(row[0], row[1]))
            self._read[link, code] = self._row(row) if row[_STATE] else None
        return code

    def messages(self, link: LinkId, code: CaseCode) -> builtins.list[MessageRow]:
        file = self._files.find(link, code)
        rows = self._database.all("case_messages", {"case_file": file.no}) if file else []
        return [message_of_row(row) for row in rows]

    def in_state(
        self, link: LinkId, state: str, *, unchanged_since: datetime, after: int = 0, limit: int = 100
    ) -> tuple[builtins.list[CaseCode], int]:
        values: dict[str, object] = {"link": self._numbers.find(link), "state": state}
        values |= {"since": from_instant(unchanged_since), "after": after, "limit": limit}
        rows = self._database.all("case_in_state", values)
        codes = (self._files.code(no, key, sealed) for no, key, sealed in rows)
        last = int(rows[-1][0]) if len(rows) == limit else 0
        return [code for code in codes if code is not None], last

    def erase(self, link: LinkId, code: CaseCode) -> None:
        file = self._files.find(link, code)
        if file is None:
            return
        self._database.gathered.run_all()
        self.forget()
        erase_file(self._database, no=file.no, key=file.key)
        self._files.forget()

    def _changing(self, file: CaseFile, row: CaseRow) -> dict[str, object]:
        return {
            "case_file": file.no,
            "state": row.state,
            "snapshot": self._vault.seal(file.key, _snapshot_place(file.no), row.snapshot),
            "provisional": row.provisional,
            "changed_at": from_instant(row.changed_at),
        }

    def _rows(self, name: str, values: Values) -> builtins.list[CaseRow]:
        found = (self._row(row) for row in self._database.all(name, values))
        return [row for row in found if row is not None]

    def _row(self, row: Row) -> CaseRow | None:
        no, key, sealed_code, link, host, origin, state, sealed, provisional, opened_at, changed_at = row
        code = self._files.code(no, key, sealed_code)
        snapshot = self._vault.open(key, _snapshot_place(no), sealed)
        if code is None or snapshot is None:
            return None
        opened, changed = to_instant(opened_at), to_instant(changed_at)
        return CaseRow(code, link, host, origin, state, snapshot, provisional, opened, changed)


def _unknown(row: CaseRow) -> StoreError:
    return StoreError(f"the case is not in the store of link {row.link}")


def _event(code: CaseCode, link: LinkId, row: Row) -> CaseEventRow:
    direction, seq, message, type, before, after, provisional, at, implied = row
    return CaseEventRow(
        case=code,
        link=link,
        direction=Direction(direction),
        seq=seq,
        message=to_message_id(message),
        type=type,
        state_before=before,
        state_after=after,
        provisional=bool(provisional),
        at=to_instant(at),
        implied=tuple(implied.split(",")) if implied else (),
    )


def _code_place(no: int) -> str:
    return f"case_file|{no}|code"


def _snapshot_place(no: int) -> str:
    return f"case_state|{no}|snapshot"
