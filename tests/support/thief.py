# SPDX-License-Identifier: Apache-2.0
"""A thief with the data folder of a node and all its present keys: opens every ciphertext with every key.

    thief = Thief(folder, sealing=keyring.sealing())
    thief.opened()      # every plaintext, with the ciphertext it came from
    thief.holds(bytes)  # whether bytes lie anywhere in the files: free pages and write-ahead logs as well

The thief works on a copy, as whoever took the disk. Sealed bodies of the partner are opened with the sealing
keys, as far as they are still sealed to one of them.
"""

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from exchange.adapters.storage.database import Database
from exchange.adapters.storage.vault import Vault
from exchange.errors import ExchangeError
from exchange.ids import KeyId
from exchange.protocol.envelope import read_envelope
from exchange.protocol.suites import PrivateKey
from exchange.service.examine import open_parts
from tests.support.keys import seeded_random
from tests.support.world import STORE_KEY

STORE, KEYS = "store.db", "datakeys.db"
PIECE = 24
"""Bytes of a ciphertext that are looked for: its nonce and the first twelve of what follows."""
PLACES = {
    "line": ("message", "body", "line|{0}|body"),
    "part": ("place", "raw", "part|{0}|raw"),
    "case_file": ("no", "code", "case_file|{0}|code"),
    "case_state": ("case_file", "snapshot", "case_state|{0}|snapshot"),
    "movement": ("no", "snapshot", "movement|{0}|snapshot"),
    "draft": ("no", "document", "draft|{0}|document"),
    "register_entry": ("no", "content", "register_entry|{0}|content"),
    "audit": ("n", "object", "audit|{0}|object"),
    "difference": ("no", "evidence", "difference|{0}|evidence"),
    "form": ("id", "content", "form|{0}|content"),
    "kept_answer": ("client || '|' || lower(hex(key))", "answer", "kept_answer|{0}|answer"),
}
"""Every table with sealed content about persons: what names a row, the sealed column, its place."""


@dataclass(frozen=True)
class Opened:
    """One value that could be read."""

    table: str
    sealed: bytes
    plain: bytes


class Thief:
    def __init__(self, folder: Path, *, sealing: Mapping[KeyId, PrivateKey]) -> None:
        self._folder = folder
        self._sealing = sealing

    def holds(self, needle: bytes) -> bool:
        return any(needle in path.read_bytes() for path in self._folder.iterdir() if path.is_file())

    def holds_piece_of(self, sealed: bytes) -> bool:
        """Return whether the beginning of a ciphertext lies anywhere."""
        return self.holds(sealed[:PIECE])

    def opened(self, work: Path) -> list[Opened]:
        """Return everything that can be read; `work` is a new folder for the copy."""
        shutil.copytree(self._folder, work)
        store, keys = (sqlite3.connect(work / name, isolation_level=None) for name in (STORE, KEYS))
        try:
            vault = Vault(Database(keys), store_key=STORE_KEY, random=seeded_random("thief"))
            numbers = [row[0] for row in keys.execute("SELECT key FROM data_key")]
            found = [one for table in PLACES for one in _tried(store, vault, numbers, table)]
            return [*found, *self._unsealed(store, found)]
        finally:
            store.close()
            keys.close()

    def reads(self, needle: bytes, work: Path) -> list[str]:
        """Return the tables from which something can be read that contains `needle`."""
        return sorted({one.table for one in self.opened(work) if needle in one.plain})

    def _unsealed(self, store: sqlite3.Connection, found: list[Opened]) -> Iterator[Opened]:
        """Yield the parts of sealed bodies that one of the sealing keys opens."""
        envelopes = [row[0] for row in store.execute("SELECT envelope FROM line WHERE length(envelope) > 0")]
        for body in [one for one in found if one.table == "line"]:
            for raw in envelopes:
                try:
                    parts = open_parts(read_envelope(raw).claimed, body.plain, self._sealing)
                except (ExchangeError, ValueError):
                    continue
                yield Opened("sealed body", body.sealed, b"\n".join(parts))


def _tried(store: sqlite3.Connection, vault: Vault, keys: list[int], table: str) -> Iterator[Opened]:
    name, column, place = PLACES[table]
    query = f"SELECT {name}, {column} FROM {table} WHERE {column} IS NOT NULL"
    for row, sealed in store.execute(query).fetchall():
        where = place.format(_id(row) if isinstance(row, bytes) else row)
        for key in keys:
            try:
                plain = vault.open(key, where, sealed)
            except ExchangeError:
                continue
            if plain is not None:
                yield Opened(table, sealed, plain)


def _id(raw: bytes) -> str:
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
