# SPDX-License-Identifier: Apache-2.0
"""Drafts in SQL: document and digest sealed together, for the digest alone could confirm a guess.

Each draft has a data key of its own, which is destroyed with it. Of each a list opens the summary alone: the
digest, and behind it who took the draft out of the hands of the releasers. What a draft brings with it from
earlier rounds stands behind its document, after a line feed, which no document has.
"""

import builtins
import json

from exchange.adapters.storage.columns import (
    from_digest,
    from_instant,
    from_message_id,
    hex_digits,
    to_digest,
    to_instant,
    to_message_id,
)
from exchange.adapters.storage.database import Database, Row
from exchange.adapters.storage.links import LinkNumbers
from exchange.adapters.storage.vault import Vault
from exchange.errors import StoreDamagedError
from exchange.ids import MessageId
from exchange.service.draft_story import Returned
from exchange.service.rows import DraftRow, DraftSummary

FIND_LIMIT = 20
FIND_SHORTEST = 4
_DIGEST_BYTES = 32
_LINE_FEED = b"\n"


class SqlDrafts:
    def __init__(self, database: Database, vault: Vault, numbers: LinkNumbers) -> None:
        self._database = database
        self._vault = vault
        self._numbers = numbers

    def save(self, row: DraftRow) -> None:
        id = from_message_id(row.id)
        no, key = self._place_of(id)
        digest = from_digest(row.digest)
        story = _LINE_FEED + row.story if row.story else b""
        values = {
            "no": no,
            "id": id,
            "key": key,
            "link": None if row.link is None else self._numbers.of(row.link),
            "type": row.type,
            "document": self._vault.seal(key, _place(no), digest + row.document + story),
            "summary": self._vault.seal(key, _place(no, "summary"), digest + _returned_bytes(row.returned)),
            "prepared_by": row.prepared_by,
            "approved_by": row.approved_by,
            "created_at": from_instant(row.created_at),
            "waiting": row.waiting,
        }
        self._database.add("draft_save", values)

    def get(self, id: MessageId) -> DraftRow | None:
        row = self._database.one("draft_get", {"id": from_message_id(id)})
        return None if row is None else self._row(row)

    def find(self, prefix: str) -> builtins.list[DraftRow]:
        digits = hex_digits(prefix)
        if len(digits) < FIND_SHORTEST:
            return []
        values = {"begins": f"{digits}%", "ends": f"%{digits}", "limit": FIND_LIMIT}
        return [self._row(row) for row in self._database.all("draft_find", values)]

    def delete(self, id: MessageId) -> None:
        raw = from_message_id(id)
        row = self._database.one("draft_key", {"id": raw})
        if row is None:
            return
        self._database.run("draft_delete", {"id": raw})
        self._database.run("ended_key_add", {"key": row[1]})

    def list(self) -> builtins.list[DraftRow]:
        return [self._row(row) for row in self._database.all("draft_list")]

    def summaries(self) -> builtins.list[DraftSummary]:
        return [self._summary(row) for row in self._database.all("draft_summaries")]

    def _summary(self, row: Row) -> DraftSummary:
        no, id, key, link, type, summary, document, prepared_by, created_at, waiting = row
        place = _place(no) if summary is None else _place(no, "summary")
        content = self._vault.open(key, place, document if summary is None else summary)
        if content is None:
            raise StoreDamagedError(f"the data key of draft {to_message_id(id)} is missing")
        return DraftSummary(
            id=to_message_id(id),
            link=link,
            type=type,
            prepared_by=prepared_by,
            digest=to_digest(content[:_DIGEST_BYTES]),
            created_at=to_instant(created_at),
            waiting=bool(waiting),
            returned=None if summary is None else _returned(content[_DIGEST_BYTES:]),
        )

    def _place_of(self, id: bytes) -> tuple[int, int]:
        """Return place and data key of a draft, new ones if it is new."""
        row = self._database.one("draft_key", {"id": id})
        if row is not None:
            return row[0], row[1]
        following = self._database.one("draft_next")
        return following[0] if following else 1, self._vault.take()

    def _row(self, row: Row) -> DraftRow:
        no, id, key, link, type, sealed, summary, prepared_by, approved_by, created_at, waiting = row
        content = self._vault.open(key, _place(no), sealed)
        if content is None:
            raise StoreDamagedError(f"the data key of draft {to_message_id(id)} is missing")
        short = None if summary is None else self._vault.open(key, _place(no, "summary"), summary)
        document, _, story = content[_DIGEST_BYTES:].partition(_LINE_FEED)
        return DraftRow(
            id=to_message_id(id),
            link=link,
            type=type,
            document=document,
            prepared_by=prepared_by,
            digest=to_digest(content[:_DIGEST_BYTES]),
            approved_by=approved_by,
            created_at=to_instant(created_at),
            waiting=bool(waiting),
            returned=None if short is None else _returned(short[_DIGEST_BYTES:]),
            story=story,
        )


def _returned_bytes(returned: Returned | None) -> bytes:
    return json.dumps(returned.members()).encode() if returned else b""


def _returned(raw: bytes) -> Returned | None:
    return Returned.read(json.loads(raw)) if raw else None


def _place(no: int, column: str = "document") -> str:
    return f"draft|{no}|{column}"
