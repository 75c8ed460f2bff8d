# SPDX-License-Identifier: Apache-2.0
"""The floor: the work that no design can avoid for this wire, in one thread, without a network.

In groups of 64, as the product commits under load:

1. the sender validates, packs and signs each message, writes its rows and leaf, signs one head, commits;
2. the recipient recomputes the root and verifies the head, unpacks and validates each message, writes its
   rows and leaf, cosigns, signs one head, commits;
3. the sender recomputes that root and verifies head and cosignature, settles each message, cosigns, commits.

Left out is everything else: processes, TLS, requests, frames, rules of the catalogue, trust, consent, state
of cases, order, limits, retries, duplicates. What the product takes beside the floor is the price of these.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.bench import floor_wire as wire
from tests.bench.floor_store import FloorStore
from tests.bench.floor_wire import Keys, Packed, Public

GROUP: Final = 64
OWN, COPY = 1, 2
"""Numbers of the own log and of the copy of the other's in each store."""

Document = dict[str, Any]


@dataclass
class Log:
    """A log as one end holds it."""

    size: int = 0
    peaks: list[tuple[int, bytes]] = field(default_factory=list)

    @property
    def encoded(self) -> bytes:
        return b"".join(node for _, node in self.peaks)


@dataclass
class End:
    """One end: its keys, its tables, its log and the copy of the other's."""

    store: FloorStore
    keys: Keys
    own: Log = field(default_factory=Log)
    copy: Log = field(default_factory=Log)

    def grow(self, log: int, leaves: Sequence[bytes]) -> tuple[int, bytes]:
        """Append leaves to the own log or to the copy; return size and root."""
        held = self.own if log == OWN else self.copy
        before = (held.size, held.encoded)
        held.peaks, root = wire.grown(held.peaks, leaves)
        self.store.add_leaves(log, held.size, leaves)
        held.size += len(leaves)
        self.store.advance(log, before, (held.size, held.encoded))
        return held.size, root

    def sign(self, leaves: Sequence[bytes]) -> str:
        """Append leaves to the own log and keep one signed head."""
        size, root = self.grow(OWN, leaves)
        note = wire.sign_head(size, root, self.keys)
        self.store.add_head(OWN, size, root, note)
        return note

    def take(self, leaves: Sequence[bytes], note: str, writer: Public) -> str:
        """Append leaves to the copy after verifying the head over them; return the cosignature."""
        size, root = self.grow(COPY, leaves)
        wire.verify_head(note, root, writer)
        cosignature = wire.cosign(note, self.keys)
        self.store.add_head(COPY, size, root, note, cosignature)
        return cosignature


@dataclass(frozen=True)
class FloorRun:
    """What some messages used."""

    messages: int
    wall_s: float
    cpu_s: float

    @property
    def cpu_us(self) -> float:
        """CPU time of both ends a message."""
        return self.cpu_s / self.messages * 1e6


class Floor:
    """Both ends, in one thread."""

    def __init__(self, folder: Path) -> None:
        self._sender = End(
            FloorStore(folder / "floor-kh", own="KH-MOSVY-DAHT", partner="VN-MPS-IMM"), Keys.new()
        )
        self._recipient = End(
            FloorStore(folder / "floor-vn", own="VN-MPS-IMM", partner="KH-MOSVY-DAHT"), Keys.new()
        )
        self._of_sender, self._of_recipient = Public.of(self._sender.keys), Public.of(self._recipient.keys)

    def close(self) -> None:
        self._sender.store.close()
        self._recipient.store.close()

    def run(self, documents: Sequence[Document]) -> FloorRun:
        """Bring documents to the other end and their verdicts back."""
        wall_s, used_s = time.monotonic(), time.process_time()
        for start in range(0, len(documents), GROUP):
            self._exchange(documents[start : start + GROUP])
        return FloorRun(len(documents), time.monotonic() - wall_s, time.process_time() - used_s)

    def _exchange(self, group: Sequence[Document]) -> None:
        packed, leaves, head = self._send(group)
        lines = [message.envelope + b"~" + message.body for message in packed]
        verdicts, verdict_head, cosignature = self._receive(lines, leaves, head)
        self._settle(verdicts, verdict_head, (head, cosignature))

    def _send(self, group: Sequence[Document]) -> tuple[list[Packed], list[bytes], str]:
        end = self._sender
        first = end.own.size
        end.store.begin()
        packed = []
        for seq, document in enumerate(group, first + 1):
            _demand(wire.is_valid(document, draft=True))
            message = wire.pack(document, seq, end.keys, self._of_recipient)
            end.store.add_message(seq, True, message)
            packed.append(message)
        end.store.count_waiting(len(packed))
        leaves = [wire.leaf(index, message, "sent") for index, message in enumerate(packed, first)]
        head = end.sign(leaves)
        end.store.commit()
        return packed, leaves, head

    def _receive(
        self, lines: Sequence[bytes], leaves: Sequence[bytes], head: str
    ) -> tuple[list[bytes], str, str]:
        end = self._recipient
        first = end.own.size
        end.store.begin()
        cosignature = end.take(leaves, head, self._of_sender)
        verdicts = []
        for index, line in enumerate(lines, first):
            message, document = wire.unpack(line, end.keys, self._of_sender)
            _demand(wire.is_valid(document, draft=False))
            end.store.announce(index + 1, message)
            end.store.add_message(index + 1, False, message)
            verdicts.append(wire.leaf(index, message, "rcvd"))
        verdict_head = end.sign(verdicts)
        end.store.commit()
        return verdicts, verdict_head, cosignature

    def _settle(self, verdicts: Sequence[bytes], head: str, cosigned: tuple[str, str]) -> None:
        end = self._sender
        end.store.begin()
        wire.verify_cosignature(*cosigned, self._of_recipient)
        first = end.copy.size
        end.take(verdicts, head, self._of_recipient)
        for seq in range(first + 1, first + len(verdicts) + 1):
            end.store.settle_message(seq)
        end.store.count_waiting(0)
        end.store.commit()


def _demand(holds: bool) -> None:
    if not holds:
        raise ValueError("the document of the benchmark does not fit its schema")
