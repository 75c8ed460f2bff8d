# SPDX-License-Identifier: Apache-2.0
"""Messages of both directions in SQL: narrow rows, wide lines, and the partners' announcements.

Every message has a data key of its own from the start; its sealed body lies under it.

What a transaction has read or written of a message, of the outbox and of the messages without a case is
remembered until it ends. A message that is remembered changes with others of its transaction (`gathered`);
new ones are added with others, once it is known that neither id nor number is used (`newest`). So are
announcements.
"""

import builtins
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from exchange.adapters.storage.columns import (
    from_digest,
    from_instant,
    from_instant_or_none,
    from_message_id,
    hex_digits,
    to_digest,
    to_instant,
    to_instant_or_none,
    to_message_id,
)
from exchange.adapters.storage.database import Database, Row, Values
from exchange.adapters.storage.held import HeldMessages
from exchange.adapters.storage.links import LinkNumbers
from exchange.adapters.storage.newest import UsedNumbers
from exchange.adapters.storage.vault import Vault
from exchange.errors import AppendOnlyError, StoreError
from exchange.ids import LinkId, MessageId
from exchange.service.rows import Announced, Direction, MessageRow, MessageState

FIND_LIMIT = 20
FIND_SHORTEST = 4
READ_AHEAD = 20
"""Announcements read at a time: lines come in the order of their numbers, some 20 in a transaction."""
OF_NO_CASE = frozenset({"TRD", "DIR"})
"""Types that name no case; the list of the index `message_of_no_case`."""
_WITHOUT_VERDICT = frozenset(
    {MessageState.QUEUED, MessageState.HELD, MessageState.VOIDING, MessageState.STOPPED}
)
"""States of a message in the outbox."""
_DIRECTIONS, _STATES = frozenset(Direction), frozenset(MessageState)
_TAIL_DIGITS = 8
_NO_END = 2**63 - 1


@dataclass(frozen=True)
class MessagePlace:
    """The store's own number of a message, and its data key; both never change."""

    no: int
    key: int


class MessagePlaces:
    """Finds the places of messages; those that are in use are remembered for one transaction."""

    def __init__(self, database: Database, numbers: LinkNumbers) -> None:
        self._database = database
        self._numbers = numbers
        self._known: dict[tuple[LinkId, Direction, int], MessagePlace] = {}
        self._new: set[int] = set()
        """Numbers of the messages of this transaction that hold no part yet."""
        self._entered: set[tuple[LinkId, Direction, int]] = set()

    def forget(self) -> None:
        """Drop the places of a transaction; called at its end, and when something is undone."""
        self._known.clear()
        self._new.clear()
        self._entered.clear()

    def remember_new(self, row: MessageRow, place: MessagePlace) -> None:
        self._known[row.link, row.direction, row.seq] = place
        self._new.add(place.no)

    def note_entered(self, link: LinkId, direction: Direction, seq: int) -> None:
        """Remember that this transaction wrote parts of a message, or what it did to a case."""
        self._entered.add((link, direction, seq))

    def is_entered(self, link: LinkId, direction: Direction, seq: int) -> bool:
        return (link, direction, seq) in self._entered

    def is_without_parts(self, place: MessagePlace) -> bool:
        """Return True, once, for a message that this transaction added and that holds no part."""
        if place.no not in self._new:
            return False
        self._new.remove(place.no)
        return True

    def find(self, link: LinkId, direction: Direction, seq: int) -> MessagePlace | None:
        known = self._known.get((link, direction, seq))
        if known is None:
            values = {"link": self._numbers.find(link), "direction": direction, "seq": seq}
            row = self._database.one("message_number", values)
            if row is None:
                return None
            known = self._known[link, direction, seq] = MessagePlace(row[0], row[1])
        return known


class SqlMessages:
    def __init__(self, database: Database, vault: Vault, numbers: LinkNumbers, places: MessagePlaces) -> None:
        self._database = database
        self._vault = vault
        self._numbers = numbers
        self._places = places
        self._announced: dict[tuple[LinkId, int], Announced | None] = {}
        self._rows: dict[tuple[LinkId, Direction, int], MessageRow] = {}
        self._used = UsedNumbers(database, numbers, newest="message_newest", used="message_used")
        self._used_there = UsedNumbers(database, numbers, newest="announced_newest", used="announced_used")
        """What the partners' logs announced."""
        self._last = 0
        """Number of the last message, 0 while it is not known; the guard of the table has the say."""
        self._open: dict[LinkId, tuple[int, int]] = {}
        self._held = HeldMessages(database, numbers)
        self._of_no_case: dict[tuple[str, int], builtins.list[MessageRow]] = {}

    def forget(self) -> None:
        """Drop what a transaction read; called at its end, and when something is undone."""
        self._announced.clear()
        self._rows.clear()
        self._used.forget()
        self._used_there.forget()
        self._last = 0
        self._open.clear()
        self._held.forget()
        self._of_no_case.clear()

    def add(self, row: MessageRow, *, envelope: bytes, body: bytes | None) -> None:
        _demand_canonical(row)
        if self.is_used(row.link, row.direction, row.id, row.seq):
            raise AppendOnlyError("this message id or number is used")
        number, key = self._last_number() + 1, self._vault.take()
        self._database.later("message_add", _new(row, self._numbers.of(row.link), number, key))
        self._last = number
        self._used.add(row.link, row.direction, row.id, row.seq)
        sealed = None if body is None else self._vault.seal(key, _body_place(number), body)
        self._database.later("line_add", {"message": number, "envelope": envelope, "body": sealed})
        self._places.remember_new(row, MessagePlace(number, key))
        self._rows[row.link, row.direction, row.seq] = row
        self._held.change(None, row)
        if row.type in OF_NO_CASE:
            self._of_no_case.clear()
        self._change_outbox(row.link, *_load(row))

    def _last_number(self) -> int:
        if not self._last:
            row = self._database.one("message_last")
            self._last = row[0] if row else 0
        return self._last

    def _change_outbox(self, link: LinkId, messages: int, size: int) -> None:
        if not messages:
            return
        count, total = self.open_count(link)
        self._open[link] = count + messages, total + size
        values = {"link": self._numbers.of(link), "messages": count + messages, "bytes": total + size}
        self._database.later("outbox_set", values)

    def update(self, row: MessageRow) -> None:
        before = self.by_seq(row.link, row.direction, row.seq)
        if before is None:
            raise StoreError(f"message {row.seq} ({row.direction}) of link {row.link} is not in the store")
        values = {"link": self._numbers.of(row.link), "direction": row.direction, "seq": row.seq}
        self._database.later("message_update", values | _changing(row))
        self._rows[row.link, row.direction, row.seq] = row
        self._held.change(before, row)
        (before_n, before_size), (n, size) = _load(before), _load(row)
        self._change_outbox(row.link, n - before_n, size - before_size)
        self._of_no_case.clear()

    def is_used(self, link: LinkId, direction: Direction, id: MessageId, seq: int) -> bool:
        return self._used.holds(link, direction, id, seq)

    def by_seq(self, link: LinkId, direction: Direction, seq: int) -> MessageRow | None:
        known = self._rows.get((link, direction, seq))
        if known is None:
            values = {"link": self._numbers.find(link), "direction": direction, "seq": seq}
            row = self._database.one("message_by_seq", values, is_apart=True)
            if row is None:
                return None
            known = self._rows[link, direction, seq] = message_of_row(row)
        return known

    def by_id(self, link: LinkId, direction: Direction, id: MessageId) -> MessageRow | None:
        values = {"link": self._numbers.find(link), "direction": direction, "id": from_message_id(id)}
        row = self._database.one("message_by_id", values)
        return None if row is None else message_of_row(row)

    def find(self, prefix: str) -> builtins.list[MessageRow]:
        digits = hex_digits(prefix)
        if not FIND_SHORTEST <= len(digits) <= 32:
            return []
        low, high = bytes.fromhex(digits.ljust(32, "0")), bytes.fromhex(digits.ljust(32, "f"))
        begins = self._all("message_by_id_range", {"low": low, "high": high, "limit": FIND_LIMIT})
        last = _tail(digits), _tail(digits) | (1 << 4 * max(_TAIL_DIGITS - len(digits), 0)) - 1
        ends = self._all(
            "message_by_tail",
            {"low": last[0], "high": last[1], "pattern": f"%{digits}", "limit": FIND_LIMIT},
        )
        return list(dict.fromkeys(begins + ends))[:FIND_LIMIT]

    def line(self, link: LinkId, direction: Direction, seq: int) -> tuple[bytes, bytes | None]:
        return self.lines(link, direction, [seq])[0]

    def lines(
        self, link: LinkId, direction: Direction, seqs: Collection[int]
    ) -> builtins.list[tuple[bytes, bytes | None]]:
        values = {"link": self._numbers.find(link), "direction": direction, "numbers": json.dumps(list(seqs))}
        rows = self._database.all("line_list", values)
        if len(rows) != len(seqs):
            asked = ", ".join(map(str, seqs))
            raise StoreError(f"one of the messages {asked} ({direction}) of link {link} is not in the store")
        return [(envelope, self._body(no, key, sealed)) for no, key, envelope, sealed in rows]

    def _body(self, number: int, key: int, sealed: bytes | None) -> bytes | None:
        return None if sealed is None else self._vault.open(key, _body_place(number), sealed)

    def due(
        self,
        link: LinkId,
        *,
        now: datetime,
        limit: int,
        max_bytes: int,
        window: int,
        without: Collection[int] = (),
    ) -> builtins.list[MessageRow]:
        values: dict[str, object] = {"link": self._numbers.find(link), "now": from_instant(now)}
        values |= {"limit": limit, "without": json.dumps(list(without))}
        rows = self._all("message_due_stops", values)
        if len(rows) < limit:
            rows += self._all("message_due", values | {"limit": limit - len(rows), "window": window})
        taken: list[MessageRow] = []
        room = max_bytes
        for row in rows:
            room -= row.line_bytes
            if room < 0 and taken:
                break
            taken.append(row)
        return taken

    def first_queued(self, link: LinkId) -> int | None:
        row = self._database.one("message_first_queued", {"link": self._numbers.find(link)})
        return None if row is None else row[0]

    def queued(self, link: LinkId, *, stops: bool, after: int, limit: int) -> builtins.list[MessageRow]:
        values = {"link": self._numbers.find(link), "stop": int(stops), "after": after, "limit": limit}
        return self._all("message_queued", values)

    def open_count(self, link: LinkId) -> tuple[int, int]:
        if link not in self._open:
            row = self._database.one("outbox", {"link": self._numbers.find(link)})
            self._open[link] = (0, 0) if row is None else (row[0], row[1])
        return self._open[link]

    def held(self, link: LinkId) -> builtins.list[MessageRow]:
        return self._all("message_held", {"link": self._numbers.find(link)})

    def held_numbers(self, link: LinkId) -> builtins.list[int]:
        return self._held.numbers(link)

    def held_bytes(self, link: LinkId) -> int:
        return self._held.bytes(link)

    def first_missing(self, link: LinkId, start: int) -> int:
        return self._held.first_missing(link, start)

    def stopped(self, link: LinkId) -> builtins.list[MessageRow]:
        return self._all("message_stopped", {"link": self._numbers.find(link)})

    def expired(self, link: LinkId, *, now: datetime, limit: int) -> builtins.list[MessageRow]:
        values = {"link": self._numbers.find(link), "now": from_instant(now), "limit": limit}
        return self._all("message_expired", values)

    def list(
        self,
        *,
        link: LinkId | None = None,
        direction: Direction | None = None,
        after: tuple[str, int] | None = None,
        limit: int = 100,
    ) -> builtins.list[MessageRow]:
        before = _NO_END if after is None else self._place(MessageId(after[0]), after[1])
        values: dict[str, object] = {"before": before, "direction": direction, "limit": limit}
        if link is None:
            return self._all("message_list", values)
        return self._all("message_list_of_link", values | {"link": self._numbers.find(link)})

    def of_no_case(self, type_code: str, *, limit: int) -> builtins.list[MessageRow]:
        if (type_code, limit) not in self._of_no_case:
            found = self._all("message_of_no_case", {"type": type_code, "limit": limit})
            self._of_no_case[type_code, limit] = found
        return builtins.list(self._of_no_case[type_code, limit])

    def of_ledger(
        self, link: LinkId, direction: Direction, type_code: str, *, limit: int
    ) -> builtins.list[MessageRow]:
        """Return messages of a type about the ledger itself, newest first; see `books.Statements`."""
        values = {"link": self._numbers.find(link), "direction": direction, "type": type_code, "limit": limit}
        return self._all("message_of_ledger", values)

    def numbers(
        self, link: LinkId, direction: Direction, start: int, limit: int
    ) -> builtins.list[MessageRow]:
        values = {"link": self._numbers.find(link), "direction": direction, "start": start, "limit": limit}
        return self._all("message_numbers", values)

    def read_ahead(self, link: LinkId, direction: Direction, start: int, limit: int) -> None:
        for row in self.numbers(link, direction, start, limit):
            self._rows[link, direction, row.seq] = row

    def announce(self, row: Announced) -> bool:
        if row.seq < 1:  # the table would refuse it, and a row that waits may not be refused
            raise StoreError(f"announced message {row.seq} has a number that no message has")
        if self._used_there.holds(row.link, Direction.IN, row.id, row.seq):
            return False
        values = {
            "link": self._numbers.of(row.link),
            "seq": row.seq,
            "id": from_message_id(row.id),
            "envelope_hash": from_digest(row.envelope_hash),
            "body_hash": from_digest(row.body_hash),
            "commitment": from_digest(row.commitment),
            "size_class": row.size_class,
            "leaf_index": row.leaf_index,
            "void_code": row.void_code,
        }
        self._database.later("announced_add", values)
        self._used_there.add(row.link, Direction.IN, row.id, row.seq)
        self._announced[row.link, row.seq] = row
        return True

    def announced(self, link: LinkId, seq: int) -> Announced | None:
        if (link, seq) not in self._announced:
            self._announced[link, seq] = None
            for row in self.announced_numbers(link, seq, READ_AHEAD):
                self._announced[link, row.seq] = row
        return self._announced[link, seq]

    def void_announced(self, link: LinkId, seq: int, code: str) -> None:
        self._announced.pop((link, seq), None)
        self._database.run("announced_void", {"link": self._numbers.of(link), "seq": seq, "code": code})

    def announced_last(self, link: LinkId) -> int:
        row = self._database.one("announced_last", {"link": self._numbers.find(link)})
        return 0 if row is None else int(row[0])

    def announced_numbers(self, link: LinkId, start: int, limit: int) -> builtins.list[Announced]:
        values = {"link": self._numbers.find(link), "start": start, "limit": limit}
        return [_announced(link, row) for row in self._database.all("announced_numbers", values)]

    def _all(self, name: str, values: Values) -> builtins.list[MessageRow]:
        return [message_of_row(row) for row in self._database.all(name, values)]

    def _place(self, id: MessageId, seq: int) -> int:
        row = self._database.one("message_place", {"id": from_message_id(id), "seq": seq})
        return _NO_END if row is None or row[0] is None else int(row[0])


def _tail(digits: str) -> int:
    """Return the last 8 hex digits read backwards, so that ends that are alike lie side by side."""
    return int(digits[: -_TAIL_DIGITS - 1 : -1].ljust(_TAIL_DIGITS, "0"), 16)


def _demand_canonical(row: MessageRow) -> None:
    """Refuse what the table refuses, because a row that waits may not be refused."""
    if row.seq < 1 or row.direction not in _DIRECTIONS or row.state not in _STATES:
        raise StoreError(f"message {row.seq} has a number, direction or state that no message has")


def _load(row: MessageRow) -> tuple[int, int]:
    """Return what a message adds to the outbox of its link: one message and its bytes, or nothing."""
    is_open = row.direction is Direction.OUT and row.state in _WITHOUT_VERDICT
    return (1, row.line_bytes) if is_open else (0, 0)


def _body_place(number: int) -> str:
    return f"line|{number}|body"


def _new(row: MessageRow, link: int, number: int, key: int) -> dict[str, object]:
    """Return every column of a new message."""
    id = from_message_id(row.id)
    return _changing(row) | {
        "no": number,
        "link": link,
        "direction": row.direction,
        "seq": row.seq,
        "id": id,
        "tail": _tail(id.hex()),
        "key": key,
        "envelope_hash": from_digest(row.envelope_hash),
        "body_hash": from_digest(row.body_hash),
        "commitment": from_digest(row.commitment),
        "size_class": row.size_class,
        "agreement_n": row.agreement_n,
        "created_at": from_instant(row.created_at),
        "expires_at": from_instant(row.expires_at),
        "logged_at": from_instant(row.logged_at),
        "line_bytes": row.line_bytes,
        "leaf_index": row.leaf_index,
        "in_reply_to": None if row.in_reply_to is None else from_message_id(row.in_reply_to),
        "officer": row.officer,
        "released_by": row.released_by,
        "stop": row.stop,
    }


def _changing(row: MessageRow) -> dict[str, object]:
    return {
        "type": row.type,
        "state": row.state,
        "code": row.code,
        "verdict_at": from_instant_or_none(row.verdict_at),
        "verdict_leaf_index": row.verdict_leaf_index,
        "attempts": row.attempts,
        "next_attempt_at": from_instant_or_none(row.next_attempt_at),
    }


def message_of_row(row: Row) -> MessageRow:
    """Return a row of the view `message_row`."""
    return MessageRow(
        row[0],
        Direction(row[1]),
        row[2],
        to_message_id(row[3]),
        row[4],
        MessageState(row[5]),
        row[6],
        to_digest(row[7]),
        to_digest(row[8]),
        to_digest(row[9]),
        row[10],
        row[11],
        to_instant(row[12]),
        to_instant(row[13]),
        to_instant(row[14]),
        row[15],
        to_instant_or_none(row[16]),
        row[17],
        row[18],
        None if row[19] is None else to_message_id(row[19]),
        row[20],
        row[21],
        row[22],
        to_instant_or_none(row[23]),
        bool(row[24]),
    )


def _announced(link: LinkId, row: Row) -> Announced:
    seq, id, envelope_hash, body_hash, commitment, size_class, leaf_index, void_code = row
    hashes = to_digest(envelope_hash), to_digest(body_hash), to_digest(commitment)
    return Announced(link, seq, to_message_id(id), *hashes, size_class, leaf_index, void_code)
