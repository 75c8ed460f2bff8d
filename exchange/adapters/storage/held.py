# SPDX-License-Identifier: Apache-2.0
"""What waits on each link for a missing number, asked once in a transaction and kept up by what it writes.

Each line behind a gap asks how many bytes are held, which numbers, and which number is missing. Rows are not
needed for that, and an answer stays right: a transaction that adds or changes a message says so here.
"""

from bisect import bisect_left, insort

from exchange.adapters.storage.database import Database
from exchange.adapters.storage.links import LinkNumbers
from exchange.ids import LinkId
from exchange.service.rows import Direction, MessageRow, MessageState


class HeldMessages:
    """Bytes and numbers of the held messages, and the first number that is missing, of each link."""

    def __init__(self, database: Database, numbers: LinkNumbers) -> None:
        self._database = database
        self._numbers = numbers
        self._held: dict[LinkId, list[int]] = {}
        self._bytes: dict[LinkId, int] = {}
        self._missing: dict[LinkId, range] = {}
        """Numbers that are here, from the one that was asked for; where a range ends one is missing."""

    def forget(self) -> None:
        """Drop what is known; called at the end of a transaction, and when something is undone."""
        self._held.clear()
        self._bytes.clear()
        self._missing.clear()

    def numbers(self, link: LinkId) -> list[int]:
        if link not in self._held:
            rows = self._database.all("message_held_numbers", {"link": self._numbers.find(link)})
            self._held[link] = [seq for (seq,) in rows]
        return list(self._held[link])

    def bytes(self, link: LinkId) -> int:
        if link not in self._bytes:
            row = self._database.one("message_held_bytes", {"link": self._numbers.find(link)})
            self._bytes[link] = row[0] if row else 0
        return self._bytes[link]

    def first_missing(self, link: LinkId, start: int) -> int:
        known = self._missing.get(link)
        if known is None or not known.start <= start <= known.stop:
            row = self._database.one(
                "message_first_missing", {"link": self._numbers.find(link), "start": start}
            )
            known = self._missing[link] = range(start, row[0] if row else start)
        return known.stop

    def change(self, before: MessageRow | None, row: MessageRow) -> None:
        """Take note of a message that is added (`before` is None) or changed."""
        if row.direction is not Direction.IN:
            return
        known = self._missing.get(row.link)
        if known is not None and row.seq == known.stop:
            del self._missing[row.link]
        was_held = before is not None and before.state is MessageState.HELD
        if was_held != (row.state is MessageState.HELD):
            self._turn(row, is_held=not was_held)

    def _turn(self, row: MessageRow, *, is_held: bool) -> None:
        if row.link in self._bytes:
            self._bytes[row.link] += row.line_bytes if is_held else -row.line_bytes
        held = self._held.get(row.link)
        if held is None:
            return
        if is_held:
            insort(held, row.seq)
        else:
            del held[bisect_left(held, row.seq)]
