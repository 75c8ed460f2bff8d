# SPDX-License-Identifier: Apache-2.0
"""Parts of bodies in SQL: a person's part under the key of the case, the others under the message's.

A part is named by its place, message number * 65536 + part number.
"""

from collections.abc import Iterable, Sequence

import orjson

from exchange.adapters.storage.cases import CaseFiles
from exchange.adapters.storage.database import Database, Row
from exchange.adapters.storage.messages import MessagePlace, MessagePlaces
from exchange.adapters.storage.vault import Vault
from exchange.errors import StoreError
from exchange.ids import LinkId
from exchange.service.rows import Direction, Part

PARTS_LIMIT = 1 << 16
"""Part numbers of a message; the agreement allows far fewer."""


class SqlContents:
    def __init__(self, database: Database, vault: Vault, places: MessagePlaces, files: CaseFiles) -> None:
        self._database = database
        self._vault = vault
        self._places = places
        self._files = files
        self._salts: set[int] = set()
        """Tokens of the salts that this transaction remembered."""
        self._new_salts: dict[bytes, int] = {}
        """Salts of which this transaction read that they are not remembered, with their tokens."""

    def forget(self) -> None:
        """Drop what a transaction read or wrote; called at its end, and when something is undone."""
        self._salts.clear()
        self._new_salts.clear()

    def add(self, link: LinkId, direction: Direction, seq: int, parts: Sequence[Part]) -> None:
        message = self._message(link, direction, seq)
        self._places.note_entered(link, direction, seq)
        is_first = self._places.is_without_parts(message) and _are_different(parts)
        for part in parts:
            if not 0 <= part.number < PARTS_LIMIT:
                raise StoreError(f"part {part.number} is outside of 0 to {PARTS_LIMIT - 1}")
            file = None if part.case is None else self._files.need(link, part.case)
            place = message.no * PARTS_LIMIT + part.number
            key = message.key if file is None else file.key
            sealed = self._vault.seal(key, _place(place), part.raw)
            case_file = None if file is None else file.no
            values = {"place": place, "case_file": case_file, "raw": sealed}
            if is_first:
                self._database.later("part_add", values)
            else:
                self._database.add("part_add", values)

    def parts(self, link: LinkId, direction: Direction, seq: int, *, end: int | None = None) -> list[Part]:
        message = self._message(link, direction, seq)
        first = message.no * PARTS_LIMIT
        values = {"first": first, "end": first + (PARTS_LIMIT if end is None else end)}
        found = (self._part(row, message.key) for row in self._database.all("part_range", values))
        return [part for part in found if part is not None]

    def leave(self, link: LinkId, direction: Direction, seq: int, number: int, hash: bytes) -> None:
        place = self._message(link, direction, seq).no * PARTS_LIMIT + number
        self._database.run("part_left_add", {"place": place, "hash": hash})

    def left(self, link: LinkId, direction: Direction, seq: int) -> dict[int, bytes]:
        message = self._message(link, direction, seq)
        values = {"first": message.no * PARTS_LIMIT, "end": (message.no + 1) * PARTS_LIMIT}
        return {place % PARTS_LIMIT: hash for place, hash in self._database.all("part_left_range", values)}

    def drop(self, link: LinkId, direction: Direction, seq: int) -> None:
        message = self._message(link, direction, seq)
        span = {"first": message.no * PARTS_LIMIT, "end": (message.no + 1) * PARTS_LIMIT}
        dropped = self._database.run("line_drop_body", {"message": message.no})
        if self._database.run("part_drop_all_of_message", span) + dropped:
            self._database.run("ended_key_add", {"key": message.key})

    def drop_sealed(self, link: LinkId, direction: Direction, seq: int) -> None:
        self._database.run("line_drop_body", {"message": self._message(link, direction, seq).no})

    def read_salts(self, salts: Iterable[bytes]) -> None:
        asked = list(salts)
        tokens = self._vault.short_tokens("salt", asked)
        if tokens and not self._is_any_kept(tokens):
            self._new_salts |= zip(asked, tokens, strict=True)

    def seen_salts(self, salts: Iterable[bytes]) -> bool:
        asked = list(salts)
        tokens = [self._new_salts[salt] for salt in asked if salt in self._new_salts]
        is_read = len(tokens) == len(asked)
        if not is_read:
            tokens = self._vault.short_tokens("salt", asked)
        if len(set(tokens)) < len(tokens) or not self._salts.isdisjoint(tokens):
            return True
        if not is_read and self._is_any_kept(tokens):
            return True
        self._database.later("salt_add", {"tokens": _listed(tokens)})
        self._salts.update(tokens)
        return False

    def _is_any_kept(self, tokens: Sequence[int]) -> bool:
        return self._database.one("salt_used", {"tokens": _listed(tokens)}, is_apart=True) is not None

    def _part(self, row: Row, message_key: int) -> Part | None:
        place, sealed, case_file, case_key, code = row
        number = place % PARTS_LIMIT
        if case_file is None:
            raw = self._vault.open(message_key, _place(place), sealed)
            return None if raw is None else Part(number, None, raw)
        case = self._files.code(case_file, case_key, code)
        raw = self._vault.open(case_key, _place(place), sealed)
        return None if raw is None or case is None else Part(number, case, raw)

    def _message(self, link: LinkId, direction: Direction, seq: int) -> MessagePlace:
        place = self._places.find(link, direction, seq)
        if place is None:
            raise StoreError(f"message {seq} ({direction}) of link {link} is not in the store")
        return place


def _listed(tokens: Sequence[int]) -> str:
    return orjson.dumps(tokens).decode("ascii")


def _place(place: int) -> str:
    return f"part|{place}|raw"


def _are_different(parts: Sequence[Part]) -> bool:
    return len({part.number for part in parts}) == len(parts)
