# SPDX-License-Identifier: Apache-2.0
"""A witness without a network: the real judgement and store, behind the port of a node."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from exchange.errors import NoteInvalidError, TransportError
from exchange.ids import AgencyCode
from exchange.ledger.witnessing import SIZE_TYPE, WitnessKey, read_request, witness_line
from exchange.protocol.suites import Algorithm, KeyUse, PrivateKey, PublicKey
from exchange.service.surroundings import Witness, WitnessReply
from exchange.witness.judging import Status, only_trusted
from exchange.witness.keeping import WitnessStore

NAME = "witness.example/w1"
AT = datetime(2027, 9, 13, 1, 2, 3, tzinfo=UTC)


def witness_key(label: str = "one") -> PrivateKey:
    seed = hashlib.sha256(f"exchange test witness/{label}".encode()).digest()
    return PrivateKey(KeyUse.COSIGN, Algorithm.ED25519, seed)


class WitnessInMemory:
    """The `WitnessCarrier` port; `answers` replaces an answer, `is_up` takes it off the network."""

    def __init__(self, folder: Path, keys: dict[AgencyCode, tuple[PublicKey, ...]]) -> None:
        self.store = WitnessStore(folder, create=True)
        self.keys = keys
        self.key = witness_key()
        self.is_up = True
        self.asked: list[int] = []
        """Old sizes of the requests so far."""
        self.answers: Callable[[WitnessReply], WitnessReply] = lambda reply: reply

    @property
    def chosen(self) -> Witness:
        return Witness("https://witness.example", WitnessKey(NAME, self.key.public))

    async def add(self, url: str, request: bytes) -> WitnessReply:
        if not self.is_up:
            raise TransportError("the witness did not answer", reason="unreachable")
        try:
            return self.answers(self._judged(request))
        except NoteInvalidError:
            return WitnessReply(400, "", b"")

    def _judged(self, raw: bytes) -> WitnessReply:
        asked = read_request(raw)
        self.asked.append(asked.old_size)
        keys = self.keys.get(asked.head.claimed.by, ())
        trusted = only_trusted(asked, keys)
        if trusted is None:
            return WitnessReply(403 if keys else 404, "", b"")
        origin = asked.head.text.partition("\n")[0]
        verdict, line = self.store.take(
            origin,
            trusted,
            at=AT,
            cosign=lambda: witness_line(trusted.note, self.key, name=NAME, at=AT),
        )
        if verdict.status is Status.CONFLICT:
            return WitnessReply(409, SIZE_TYPE, f"{verdict.known_size}\n".encode())
        if verdict.status is Status.NOT_PROVED:
            return WitnessReply(422, "text/plain", self.store.newest_note(origin).encode())
        return WitnessReply(int(verdict.status), "text/plain", line.encode())
