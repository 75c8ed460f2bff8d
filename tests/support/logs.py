# SPDX-License-Identifier: Apache-2.0
"""Two agencies that write logs in memory; one line makes one of them misbehave."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from exchange.clock import instant_text
from exchange.ids import AgencyCode, Digest, LinkId, MessageId, sha256
from exchange.ledger.compare import LogView, Reconciliation, compare
from exchange.ledger.copy import CopyState
from exchange.ledger.differences import Difference
from exchange.ledger.entries import Entry, accp, encode_leaf, opened, rcvd, rejc, sent, void
from exchange.ledger.merkle import CompactRange, leaf_hash, root_of
from exchange.ledger.notes import Head, sign_head
from exchange.protocol.frames import FrameTail
from exchange.protocol.suites import Algorithm, KeyUse, PrivateKey
from tests.support.keys import test_key

LINK = LinkId("Qm9yZGVyLWxpbmstMDAwMQ")
HOST = AgencyCode("KH-MOSVY-DAHT")
ORIGIN = AgencyCode("TH-MSDHS-DATIP")
NOW = datetime(2027, 10, 4, 9, 0, tzinfo=UTC)
GRACE = timedelta(hours=24)
LONG_AGO = NOW - timedelta(days=3)
JUST_NOW = NOW - timedelta(minutes=1)


def head_key(by: AgencyCode) -> PrivateKey:
    return test_key(KeyUse.HEAD, Algorithm.ED25519, f"head {by}")


def cosign_key(by: AgencyCode) -> PrivateKey:
    return test_key(KeyUse.COSIGN, Algorithm.ED25519, f"cosign {by}")


def message_id(label: str) -> MessageId:
    text = hashlib.sha256(label.encode()).hexdigest()
    return MessageId(f"{text[:8]}-{text[8:12]}-7{text[12:15]}-8{text[15:18]}-{text[18:30]}")


def digest(label: str) -> Digest:
    return sha256(label.encode())


@dataclass
class WrittenLog:
    """One log; `write` appends whatever entry it is given."""

    by: AgencyCode
    link: LinkId = LINK
    ep: int = 1
    leaves: list[bytes] = field(default_factory=list)

    def write(self, entry: Entry, *, at: datetime = LONG_AGO) -> bytes:
        raw = encode_leaf(
            entry, link=self.link, by=self.by, ep=self.ep, i=len(self.leaves), t=instant_text(at)
        )
        return self.append(raw)

    def append(self, raw: bytes) -> bytes:
        self.leaves.append(raw)
        return raw

    def head(self, size: int | None = None) -> str:
        size = len(self.leaves) if size is None else size
        root = root_of([leaf_hash(raw) for raw in self.leaves[:size]])
        return sign_head(Head(self.link, self.by, self.ep, size, root), head_key(self.by), by=self.by)

    def tail(self, start: int, size: int | None = None) -> FrameTail:
        size = len(self.leaves) if size is None else size
        return FrameTail(self.by, self.ep, start, tuple(self.leaves[start:size]), self.head(size))

    def copied(self, size: int) -> CopyState:
        """A partner's copy of the first `size` leaves."""
        held = list(self.leaves[:size])
        grown = CompactRange().extend([leaf_hash(raw) for raw in held])
        return CopyState(self.link, self.by, self.ep, size, grown, lambda start, end: held[start:end])

    def view(self, *, cosigned: int | None = None, head_at: datetime | None = NOW) -> LogView:
        size = len(self.leaves)
        return LogView(self.by, size, self._read, size if cosigned is None else cosigned, head_at)

    def _read(self, start: int, end: int) -> Sequence[bytes]:
        return self.leaves[start:end]


@dataclass
class TwoLogs:
    """The host's log and the copy of the origin's, as the host's node has them."""

    own: WrittenLog = field(default_factory=lambda: WrittenLog(HOST))
    copy: WrittenLog = field(default_factory=lambda: WrittenLog(ORIGIN))

    def of(self, by: AgencyCode) -> WrittenLog:
        return self.own if by == HOST else self.copy

    def send(self, number: int, *, by: AgencyCode = HOST, label: str = "", at: datetime = LONG_AGO) -> bytes:
        label = label or f"{by} {number}"
        entry = sent(
            seq=number,
            id=message_id(label),
            eh=digest(f"envelope {label}"),
            cd=digest(f"body {label}"),
            pc=digest(f"parts {label}"),
            sz=2_048,
        )
        return self.of(by).write(entry, at=at)

    def record(
        self,
        number: int,
        k: str = "accepted",
        *,
        by: AgencyCode = HOST,
        label: str = "",
        at: datetime = LONG_AGO,
        code: str | None = None,
    ) -> bytes:
        """Let the partner of `by` record a number of `by`."""
        label = label or f"{by} {number}"
        entry = rcvd(
            seq=number,
            id=message_id(label),
            eh=digest(f"envelope {label}"),
            cd=digest(f"body {label}"),
            k=k,
            code=code or ("form_invalid" if k == "rejected" else None),
        )
        return self.partner_of(by).write(entry, at=at)

    def exchange(self, number: int, k: str = "accepted", *, by: AgencyCode = HOST) -> None:
        self.send(number, by=by)
        self.record(number, k, by=by)

    def give_up(
        self, number: int, *, by: AgencyCode = HOST, label: str = "", at: datetime = LONG_AGO
    ) -> bytes:
        return self.of(by).write(
            void(seq=number, id=message_id(label or f"{by} {number}"), code="withdrawn"), at=at
        )

    def decide(
        self, number: int, code: str = "", *, by: AgencyCode = HOST, label: str = "", at: datetime = LONG_AGO
    ) -> bytes:
        """Let the partner of `by` accept a held number of `by`, or reject it with `code`."""
        id = message_id(label or f"{by} {number}")
        entry = rejc(seq=number, id=id, code=code) if code else accp(seq=number, id=id)
        return self.partner_of(by).write(entry, at=at)

    def begin(self) -> None:
        for log in (self.own, self.copy):
            log.write(opened(n=1, ad=digest("agreement"), crd=digest(f"card {log.by}")))

    def partner_of(self, by: AgencyCode) -> WrittenLog:
        return self.copy if by == HOST else self.own

    def compare(
        self,
        *,
        own_cosigned: int | None = None,
        copy_cosigned: int | None = None,
        copy_head_at: datetime = NOW,
        stale_after: timedelta | None = None,
    ) -> Reconciliation:
        return compare(
            self.own.view(cosigned=own_cosigned),
            self.copy.view(cosigned=copy_cosigned, head_at=copy_head_at),
            now=NOW,
            grace=GRACE,
            stale_after=stale_after,
        )


def two_logs(count: int = 3) -> TwoLogs:
    """Both sides sent `count` messages and accepted all."""
    logs = TwoLogs()
    logs.begin()
    for number in range(1, count + 1):
        logs.exchange(number)
        logs.exchange(number, by=ORIGIN)
    return logs


def only(differences: tuple[Difference, ...]) -> Difference:
    """Return the one difference that there is."""
    assert len(differences) == 1, [one.words for one in differences]
    return differences[0]


def places(difference: Difference) -> list[tuple[str, int]]:
    """Return log and index of each leaf that proves a difference."""
    return [(leaf.by, leaf.index) for leaf in difference.leaves]
