# SPDX-License-Identifier: Apache-2.0
"""The audit record and kept evidence in SQL; both only grow.

What an act was done to, and what for, is sealed: it may be a case code. Evidence is sealed as a whole,
because it is kept as a partner sent it.
"""

import builtins
import json
from collections.abc import Collection

import orjson

from exchange.adapters.storage.columns import from_instant, to_instant
from exchange.adapters.storage.database import Database, Row
from exchange.adapters.storage.links import LinkNumbers
from exchange.adapters.storage.vault import Vault
from exchange.errors import StoreDamagedError
from exchange.ids import LinkId
from exchange.service.rows import AuditRow, DifferenceRow

COPIES = 3
"""Threat-model rule 16: the first three copies of evidence are kept."""
KEPT_PAGE = 100
"""Pieces of evidence that are opened in one unit of work; each is at most a frame."""
PAGE = 2_000
"""Records that are looked through in one unit of work; some milliseconds."""


class SqlAudit:
    def __init__(self, database: Database, vault: Vault, numbers: LinkNumbers) -> None:
        self._database = database
        self._vault = vault
        self._numbers = numbers
        self._keys: dict[str, int] = {}
        self._last = 0
        """Number of the last record, 0 while it is not known; the guard of the table has the say."""

    def forget(self) -> None:
        """Drop what is remembered; called when something is undone."""
        self._keys.clear()
        self._last = 0

    def record(self, row: AuditRow) -> int:
        n = self._last + 1 if self._last else self._next("audit_next")
        content = orjson.dumps([row.object, row.purpose])
        values = {
            "n": n,
            "at": from_instant(row.at),
            "actor": row.actor,
            "act": row.act,
            "object": self._vault.seal(self._key("audit"), f"audit|{n}|object", content),
            "result": row.result,
        }
        self._database.later("audit_add", values)
        self._last = n
        return n

    def get(self, n: int) -> AuditRow | None:
        row = self._database.one("audit_get", {"n": n})
        return None if row is None else self._audit(row)

    def list(self, *, limit: int = 100) -> builtins.list[AuditRow]:
        return [self._audit(row) for row in self._database.all("audit_list", {"limit": limit})]

    def of_acts(self, acts: Collection[str], *, after: int) -> tuple[builtins.list[AuditRow], int]:
        end = after + PAGE
        values = {"acts": json.dumps(sorted(acts)), "after": after, "end": end}
        found = [self._audit(row) for row in self._database.all("audit_of_acts", values)]
        return found, end if end + 1 < self._next("audit_next") else 0

    def keep(self, row: DifferenceRow) -> bool:
        subject = {"link": self._numbers.of(row.link), "kind": row.kind, "subject": row.subject}
        counted = self._database.one("difference_copies", subject)
        copies = counted[0] if counted else 0
        if copies >= COPIES:
            return False
        no = self._next("difference_next")
        sealed = self._vault.seal(self._key("evidence"), f"difference|{no}|evidence", row.evidence)
        values = {
            "no": no,
            "copy": copies + 1,
            "reason": row.reason,
            "evidence": sealed,
            "at": from_instant(row.at),
        }
        self._database.add("difference_add", subject | values)
        return True

    def kept(self, link: LinkId) -> builtins.list[DifferenceRow]:
        rows = self._database.all("difference_list", {"link": self._numbers.find(link)})
        return [self._difference(link, row) for row in rows]

    def kept_behind(self, link: LinkId, after: int) -> tuple[builtins.list[DifferenceRow], int]:
        values = {"link": self._numbers.find(link), "after": after, "limit": KEPT_PAGE}
        rows = self._database.all("difference_page", values)
        return [self._difference(link, row) for row in rows], rows[-1][0] if len(rows) == KEPT_PAGE else 0

    def _audit(self, row: Row) -> AuditRow:
        n, at, actor, act, sealed, result = row
        object, purpose = json.loads(self._opened("audit", f"audit|{n}|object", sealed))
        return AuditRow(to_instant(at), actor, act, object, purpose, result)

    def _difference(self, link: LinkId, row: Row) -> DifferenceRow:
        no, kind, subject, reason, sealed, at = row
        evidence = self._opened("evidence", f"difference|{no}|evidence", sealed)
        return DifferenceRow(link, kind, subject, reason, evidence, to_instant(at))

    def _opened(self, purpose: str, place: str, sealed: bytes) -> bytes:
        opened = self._vault.open(self._key(purpose), place, sealed)
        if opened is None:
            raise StoreDamagedError(f"the data key of the {purpose} is missing")
        return opened

    def _key(self, purpose: str) -> int:
        key = self._keys.get(purpose)
        if key is None:
            row = self._database.one("node_key", {"purpose": purpose})
            key = self._keys[purpose] = self._new_key(purpose) if row is None else int(row[0])
        return key

    def _new_key(self, purpose: str) -> int:
        key = self._vault.take()
        self._database.run("node_key_add", {"purpose": purpose, "key": key})
        return key

    def _next(self, name: str) -> int:
        row = self._database.one(name)
        return int(row[0]) if row else 1
