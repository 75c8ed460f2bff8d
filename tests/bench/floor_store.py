# SPDX-License-Identifier: Apache-2.0
"""The store of one end of the floor: the tables and the statements of the product, called without a layer.

The same rows as the product writes for a notice about a new case, one after the other in one transaction for
a group: message, line, parts, case file, state and event, question, leaf, head, cosignature, announcement,
salts, audit; what belongs to a person sealed under the key of its case, keys wrapped in the key store. SQLite
with the product's settings: every commit is durable.
"""

import hmac
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from exchange.adapters.storage.migrate import migrate, migrations
from exchange.adapters.storage.opening import connect, settle
from exchange.adapters.storage.queries import queries
from tests.bench.floor_wire import Packed

KEYS_AT_ONCE: Final = 128
"""Data keys in one commit of the key store, as the product makes them."""
_NAMES: Final = ("store.db", "datakeys.db")
_AT: Final = 1_800_000_000_000
"""An instant for every column that holds one; reading the clock is not what is measured here."""
_LINE_BYTES: Final = 6_000
_SNAPSHOT_BYTES: Final = 700
"""A chronicle with one open entry."""


class FloorStore:
    """One end's tables; `link` has the number 1, the own log 1, the copy 2."""

    def __init__(self, folder: Path, *, own: str, partner: str) -> None:
        folder.mkdir(mode=0o700)
        self._sql = {name: query.sql for name, query in queries().items()}
        self._store, self._keys = (connect(str(folder / name)) for name in _NAMES)
        for connection, kind in ((self._store, "migrations"), (self._keys, "keys")):
            settle(connection)
            migrate(connection, migrations(kind))
        self._search = os.urandom(32)
        self._wrapping = AESGCM(os.urandom(32))
        self._stock: list[tuple[int, AESGCM]] = []
        self._next_key = 1
        self._audit = AESGCM(os.urandom(32))
        self._files: dict[int, tuple[int, AESGCM]] = {}
        self._rows = 0
        self._begin(own, partner)

    def _begin(self, own: str, partner: str) -> None:
        link: dict[str, object] = {"link": "L" * 22, "partner": partner, "state": "open", "agreement_n": 1}
        numbers: dict[str, object] = {"suite": 2, "next_seq": 1, "contiguous_in": 0, "own_epoch": 1}
        self.run("link_add", link | numbers | {"partner_epoch": 1, "reason": ""})
        for writer in (own, partner):
            self.run("log_open", {"link": 1, "writer": writer, "epoch": 1})

    def close(self) -> None:
        self._store.close()
        self._keys.close()

    def run(self, name: str, values: dict[str, Any]) -> int:
        return self._store.execute(self._sql[name], values).lastrowid or 0

    def begin(self) -> None:
        self._store.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._store.execute("COMMIT")

    def add_message(self, seq: int, out: bool, message: Packed) -> None:
        """Write the rows of a message that this end sends or receives."""
        key, cipher = self._take()
        direction, state = ("out", "queued") if out else ("in", "accepted")
        values = {
            "no": self._rows + 1,
            "link": 1, "direction": direction, "seq": seq, "id": message.id, "tail": seq, "key": key,
            "type": "RPN", "state": state, "code": "", "envelope_hash": message.eh, "body_hash": message.cd,
            "commitment": message.pc, "size_class": 4096, "agreement_n": 1, "created_at": _AT,
            "expires_at": _AT + 1, "logged_at": _AT,
            "line_bytes": len(message.envelope) + len(message.body) + 1,
            "verdict_at": None if out else _AT, "leaf_index": seq, "verdict_leaf_index": -1 if out else seq,
            "in_reply_to": None, "officer": "P-0001" if out else None, "released_by": None, "attempts": 0,
            "next_attempt_at": None, "stop": False,
        }  # fmt: skip
        number = self.run("message_add", values)
        body = _sealed(cipher, b"line|%d|body" % number, message.body)
        self.run("line_add", {"message": number, "envelope": message.envelope, "body": body})
        self._add_case(seq, direction, number, cipher, message)
        self._rows += 1
        act = _sealed(self._audit, b"audit|%d|object" % self._rows, message.id)
        audit = {"n": self._rows, "at": _AT, "actor": "P-0001", "act": "message_released"}
        self.run("audit_add", audit | {"object": act, "result": "one"})

    def _add_case(self, seq: int, direction: str, number: int, cipher: AESGCM, message: Packed) -> None:
        case_key, case_cipher = self._take()
        code = message.case.encode()
        tokens = [hmac.digest(self._search, kind + code, "sha256")[:16] for kind in (b"case|", b"group|")]
        file = {"no": number, "link": 1, "key": case_key, "token": tokens[0], "group_token": tokens[1]}
        self.run("case_file_add", file | {"code": _sealed(case_cipher, b"case_file|%d|code" % number, code)})
        self._files[seq] = number, case_cipher
        for part, raw in enumerate(message.parts):
            place, of_case = number << 16 | part, part > 1
            sealed = _sealed(case_cipher if of_case else cipher, b"part|%d|raw" % place, raw)
            self.run("part_add", {"place": place, "case_file": number if of_case else None, "raw": sealed})
        sides: dict[str, object] = {"link": 1, "host": "KH-MOSVY-DAHT", "origin": "VN-MPS-IMM"}
        self.run("case_add", sides | self._case_state(number, case_cipher) | {"opened_at": _AT})
        event = {"case_file": number, "link": 1, "direction": direction, "seq": seq, "message": message.id}
        change = {"type": "RPN", "state_before": "opened", "state_after": "notified", "provisional": 1}
        self.run("case_event_add", event | change | {"at": _AT, "implied": ""})
        asked = {"link": 1, "direction": direction, "seq": seq, "case_file": number, "type": "RPN"}
        self.run("question_put", asked | {"urgency": "routine", "effective": False, "reply": None})

    def settle_message(self, seq: int) -> None:
        """Write the verdict on a message of this end, and what it changes in its case."""
        verdict = {
            "type": "RPN",
            "state": "accepted",
            "code": "",
            "verdict_at": _AT,
            "verdict_leaf_index": seq,
        }
        where = {"link": 1, "direction": "out", "seq": seq, "attempts": 0, "next_attempt_at": None}
        self.run("message_update", verdict | where)
        self.run("case_update", self._case_state(*self._files.pop(seq)))

    def count_waiting(self, messages: int) -> None:
        """Write how many messages of this end have no verdict."""
        self.run("outbox_set", {"link": 1, "messages": messages, "bytes": messages * _LINE_BYTES})

    def announce(self, seq: int, message: Packed) -> None:
        """Write what the `sent` leaf of the partner says, and the salts of the message."""
        hashes = {"envelope_hash": message.eh, "body_hash": message.cd, "commitment": message.pc}
        row = {
            "link": 1,
            "seq": seq,
            "id": message.id,
            "size_class": 4096,
            "leaf_index": seq,
            "void_code": "",
        }
        self.run("announced_add", row | hashes)
        tokens = [hmac.digest(self._search, b"salt|" + part[9:52], "sha256")[:8] for part in message.parts]
        numbers = [int.from_bytes(token, "big", signed=True) for token in tokens]
        self.run("salt_add", {"tokens": json.dumps(numbers)})

    def add_leaves(self, log: int, start: int, leaves: Sequence[bytes]) -> None:
        rows = ({"log": log, "i": i, "raw": raw} for i, raw in enumerate(leaves, start))
        self._store.executemany(self._sql["leaf_add"], rows)

    def advance(self, log: int, before: tuple[int, bytes], after: tuple[int, bytes]) -> None:
        """Move a log forward from one size and peaks to others."""
        values = {"log": log, "size": before[0], "peaks": before[1]}
        self.run("log_advance", values | {"new_size": after[0], "new_peaks": after[1]})

    def add_head(self, log: int, size: int, root: bytes, note: str, cosignature: str = "") -> None:
        self.run("head_add", {"log": log, "size": size, "root": root, "note": note, "at": _AT})
        if cosignature:
            self.run("cosignature_add", {"log": log, "size": size, "note": cosignature})

    def _case_state(self, number: int, cipher: AESGCM) -> dict[str, object]:
        snapshot = _sealed(cipher, b"case_state|%d|snapshot" % number, bytes(_SNAPSHOT_BYTES))
        changing: dict[str, object] = {"state": "notified", "snapshot": snapshot, "provisional": 1}
        return changing | {"case_file": number, "changed_at": _AT}

    def _take(self) -> tuple[int, AESGCM]:
        """Return a data key that is durable in the key store already."""
        if not self._stock:
            raw = [os.urandom(32) for _ in range(KEYS_AT_ONCE)]
            first = self._next_key
            self._next_key += KEYS_AT_ONCE
            self._keys.execute("BEGIN IMMEDIATE")
            rows = (
                {"key": n, "wrapped": _sealed(self._wrapping, b"data_key|%d" % n, key)}
                for n, key in enumerate(raw, first)
            )
            self._keys.executemany(self._sql["key_add"], rows)
            self._keys.execute("COMMIT")
            self._stock = [(n, AESGCM(key)) for n, key in enumerate(raw, first)][::-1]
        return self._stock.pop()


def _sealed(cipher: AESGCM, place: bytes, plaintext: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + cipher.encrypt(nonce, plaintext, place)
