# SPDX-License-Identifier: Apache-2.0
"""Rows for tests of the store, with sane defaults, and the two kinds of store to put them in."""

import hashlib
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from exchange.adapters.storage.memory import DirectStore
from exchange.adapters.storage.sqlite import SqliteStore
from exchange.ids import (
    AgencyCode,
    CaseCode,
    Digest,
    KeyId,
    LinkId,
    MessageId,
    MovementCode,
    OfficerNumber,
    sha256,
)
from exchange.ledger.differences import Difference, DifferenceKind, LeafRef
from exchange.protocol.keyring import KeySpan
from exchange.protocol.suites import KeyUse
from exchange.service.clients import ClientRow
from exchange.service.emergencies import EmergencyRow
from exchange.service.erasures import ErasedRow, HeardErasure, ProposalRow, ProposedAct
from exchange.service.ledgers import HeadLine, HeadStamp
from exchange.service.ports import UnitOfWork
from exchange.service.rows import (
    AgreementRow,
    Announced,
    AuditRow,
    CardRow,
    CaseEventRow,
    CaseRow,
    CrossingRow,
    DifferenceRow,
    DifferenceState,
    Direction,
    DraftRow,
    HeadRow,
    LinkRow,
    LinkState,
    MessageRow,
    MessageState,
    MovementEventRow,
    MovementRow,
    NamedDifference,
    OfficerRow,
    Part,
    StatementRow,
)

NOW = datetime(2027, 10, 4, 9, 12, 4, 123000, tzinfo=UTC)
OWN = AgencyCode("KH-MOSVY-DAHT")
PARTNER = AgencyCode("TH-MSDHS-DATIP")
OFFICER, SECOND = OfficerNumber("P-0007"), OfficerNumber("P-0008")
LINK = LinkId("A" * 22)
OTHER_LINK = LinkId("B" * 22)
CODE = CaseCode("7KQ2-M9XD-4TBE")
OTHER_CODE = CaseCode("7KQ2-0000-1111")
MOVEMENT = MovementCode("MVA1-0000-0001")
STORE_KEY = hashlib.sha256(b"exchange test key/store").digest()


def message_id(n: int) -> MessageId:
    """Return an id of version 7 that is higher for a higher `n`, with an end that looks random."""
    end = hashlib.sha256(n.to_bytes(8, "big")).hexdigest()[:12]
    return MessageId(f"{0x0192F0C10000 + n:012x}"[:8] + f"-{n & 0xFFFF:04x}-7d10-8c3b-{end}")


def digest(label: str) -> Digest:
    return sha256(label.encode())


def link_row(link: LinkId = LINK, **changes: Any) -> LinkRow:
    values: dict[str, Any] = {
        "partner": PARTNER,
        "state": LinkState.CLOSED,
        "agreement_n": 1,
        "suite": 2,
        "next_seq": 1,
        "contiguous_in": 0,
    }
    return LinkRow(link=link, **(values | changes))


def message_row(seq: int = 1, direction: Direction = Direction.OUT, **changes: Any) -> MessageRow:
    values: dict[str, Any] = {
        "link": LINK,
        "id": message_id(seq + (1000 if direction is Direction.IN else 0)),
        "type": "RPN",
        "state": MessageState.QUEUED if direction is Direction.OUT else MessageState.ACCEPTED,
        "code": "",
        "envelope_hash": digest(f"envelope {seq}"),
        "body_hash": digest(f"body {seq}"),
        "commitment": digest(f"commitment {seq}"),
        "size_class": 2048,
        "agreement_n": 1,
        "created_at": NOW,
        "expires_at": NOW + timedelta(days=30),
        "logged_at": NOW,
        "line_bytes": 100,
    }
    return MessageRow(direction=direction, seq=seq, **(values | changes))


def announced_row(seq: int = 1, **changes: Any) -> Announced:
    values: dict[str, Any] = {
        "link": LINK,
        "id": message_id(seq),
        "envelope_hash": digest("envelope"),
        "body_hash": digest("body"),
        "commitment": digest("commitment"),
        "size_class": 2048,
        "leaf_index": seq,
    }
    return Announced(seq=seq, **(values | changes))


def case_row(code: CaseCode = CODE, **changes: Any) -> CaseRow:
    values: dict[str, Any] = {
        "link": LINK,
        "host": PARTNER,
        "origin": OWN,
        "state": "notified",
        "snapshot": b'{"state":"notified"}',
        "provisional": 0,
        "opened_at": NOW,
        "changed_at": NOW,
    }
    return CaseRow(code=code, **(values | changes))


def case_event(seq: int = 1, code: CaseCode = CODE, **changes: Any) -> CaseEventRow:
    values: dict[str, Any] = {
        "link": LINK,
        "direction": Direction.OUT,
        "message": message_id(seq),
        "type": "RPN",
        "state_before": "none",
        "state_after": "notified",
        "provisional": True,
        "at": NOW,
    }
    return CaseEventRow(case=code, seq=seq, **(values | changes))


def movement_row(code: MovementCode = MOVEMENT, **changes: Any) -> MovementRow:
    values: dict[str, Any] = {
        "link": LINK,
        "host": PARTNER,
        "origin": OWN,
        "state": "proposed",
        "snapshot": b'{"list":["7KQ2-M9XD-4TBE"]}',
        "provisional": 0,
        "opened_at": NOW,
        "changed_at": NOW,
    }
    return MovementRow(code=code, **(values | changes))


def movement_event(seq: int = 1, code: MovementCode = MOVEMENT, **changes: Any) -> MovementEventRow:
    values: dict[str, Any] = {
        "link": LINK,
        "direction": Direction.OUT,
        "message": message_id(seq),
        "type": "HPR",
        "state_before": "draft",
        "state_after": "proposed",
        "provisional": True,
        "at": NOW,
    }
    return MovementEventRow(movement=code, seq=seq, **(values | changes))


def crossing_row(seq: int = 1, **changes: Any) -> CrossingRow:
    values: dict[str, Any] = {
        "link": LINK,
        "direction": Direction.OUT,
        "checkpoint": "KH-VN-BAVET",
        "status": "closed_indefinitely",
        "from_at": NOW,
        "until_at": None,
    }
    return CrossingRow(seq=seq, **(values | changes))


def agreement_row(n: int = 1, **changes: Any) -> AgreementRow:
    values: dict[str, Any] = {
        "raw": b"{}",
        "own_signature": "",
        "partner_signature": "",
        "own_from_seq": 1,
        "partner_from_seq": 1,
    }
    return AgreementRow(link=LINK, n=n, **(values | changes))


def card_row(serial: int = 1, agency: AgencyCode = PARTNER) -> CardRow:
    return CardRow(agency, serial, b"card %d" % serial, digest(f"card {serial}"), NOW)


def head_row(size: int) -> HeadRow:
    return HeadRow(size, digest(f"root {size}"), f"note {size}\n", NOW)


def officer_row(number: OfficerNumber = OFFICER, **changes: Any) -> OfficerRow:
    values: dict[str, Any] = {
        "name": "Sok Dara",
        "office": OWN,
        "functions": ("notify", "release"),
        "valid_from": NOW,
        "valid_to": None,
    }
    return OfficerRow(number=number, **(values | changes))


def draft_row(n: int = 1, **changes: Any) -> DraftRow:
    values: dict[str, Any] = {
        "link": LINK,
        "type": "RPN",
        "document": b'{"header":{}}',
        "prepared_by": OFFICER,
        "digest": digest("draft"),
        "approved_by": None,
        "created_at": NOW,
    }
    return DraftRow(id=message_id(n), **(values | changes))


def audit_row(object: str = "7KQ2-M9XD-4TBE", **changes: Any) -> AuditRow:
    return AuditRow(NOW, str(OFFICER), "open", object, **changes)


def difference_row(subject: str = "12", **changes: Any) -> DifferenceRow:
    values: dict[str, Any] = {"kind": "conflict", "reason": "id_reused", "evidence": b"line", "at": NOW}
    return DifferenceRow(link=LINK, subject=subject, **(values | changes))


def named_difference(no: int = 1, *, key_number: int = 0, **changes: Any) -> NamedDifference:
    leaf = LeafRef(OWN, 12, digest("leaf"))
    found = Difference(
        DifferenceKind.MISSING_MESSAGE,
        (leaf,),
        acts_first=OWN,
        sender=OWN,
        number=key_number or no,
        last_number=key_number or no,
        reason="",
    )
    values: dict[str, Any] = {"state": DifferenceState.OPEN, "found_at": NOW, "changed_at": NOW}
    return NamedDifference(LINK, no, **({"found": found} | values | changes))


def statement_row(no: int = 1, **changes: Any) -> StatementRow:
    values: dict[str, Any] = {"is_own": True, "period": "2027-10-04", "made_at": NOW, "leaf_index": 7}
    return StatementRow(LINK, no=no, dg=digest(f"statement {no}"), **(values | changes))


def begin(uow: UnitOfWork) -> None:
    """A unit: one link with both logs open."""
    uow.links.add(link_row())
    uow.logs.open(LINK, OWN, 1)
    uow.logs.open(LINK, PARTNER, 1)


def fill(uow: UnitOfWork) -> None:
    """A unit: after `begin`, one row in every table."""
    uow.links.add_agreement(agreement_row(own_signature="sig"))
    uow.links.add_card(card_row())
    uow.links.put_key_span(LINK, 1, KeySpan(KeyUse.ENVELOPE, KeyId("0123456789abcdef"), 0, 5))
    grow(uow, 2)
    uow.logs.add_head(LINK, PARTNER, head_row(5))
    uow.logs.add_cosignature(LINK, OWN, 1, "cosigned")
    uow.stamps.add(LINK, OWN, HeadStamp(1, "tsa.example", b"reply", NOW), epoch=1)
    uow.tiles.add(LINK, OWN, bytes(32), epoch=1, level=0)
    uow.head_lines.add(LINK, OWN, HeadLine(1, "second"), epoch=1, at=NOW)
    uow.witnessed.add(LINK, "witness.example/w1", size=1, line="witnessed", at=NOW)
    uow.messages.add(message_row(), envelope=b"envelope", body=b"body")
    uow.messages.announce(announced_row())
    parts = [Part(0, None, b"header"), Part(1, None, b"content"), Part(2, CODE, b"person")]
    uow.contents.add(LINK, Direction.OUT, 1, parts)
    uow.contents.seen_salts([b"salt" * 8])
    uow.cases.add(case_row())
    uow.cases.add_event(case_event(implied=("assessed > return_prepared", "accepted > ready")))
    uow.movements.add(movement_row())
    uow.movements.add_event(movement_event())
    uow.movements.enlist(LINK, MOVEMENT, [CODE])
    uow.crossings.add(crossing_row())
    uow.officers.add(officer_row())
    uow.clients.add(ClientRow("files", OFFICER, ("officer",), b"t" * 32, NOW, NOW + timedelta(days=1)))
    uow.drafts.save(draft_row())
    uow.emergencies.add(emergency_row())
    uow.audit.record(audit_row())
    uow.audit.keep(difference_row())
    uow.differences.add(named_difference())
    uow.statements.add(statement_row())
    uow.erasures.propose(proposal_row())
    uow.erasures.hold(LINK, CODE, "court", by=(OFFICER, SECOND), at=NOW)
    uow.erasures.record(ErasedRow(LINK, "person_asked", b"m" * 32, (OFFICER, SECOND), NOW))
    uow.erasures.hear(HeardErasure(LINK, 3, 1, digest("erased"), NOW))
    uow.settings.put("node", "0123456789abcdef")


def proposal_row(**changes: Any) -> ProposalRow:
    values: dict[str, Any] = {"act": ProposedAct.ERASE, "reason": "person_asked", "digest": digest("shown")}
    values |= {"proposed_by": OFFICER, "proposed_at": NOW}
    return ProposalRow(LINK, CODE, **(values | changes))


def emergency_row(seq: int = 1) -> EmergencyRow:
    message = message_row(seq)
    return EmergencyRow(LINK, seq, message.id, message.type, "rpn_child", OFFICER, NOW)


def grow(uow: UnitOfWork, count: int = 1, *, link: LinkId = LINK, by: AgencyCode = OWN) -> None:
    """Append leaves to a log; the compact range is made up."""
    position = uow.logs.position(link, by)
    leaves = [b"leaf %d" % i for i in range(position.size, position.size + count)]
    uow.logs.append(position, leaves, peaks=hashlib.sha256(b"%d" % (position.size + count)).digest())


@dataclass
class Finishes:
    """A `Finish` that counts its calls, and fails or does something first when told to."""

    calls: list[frozenset[LinkId]] = field(default_factory=list)
    fault: Exception | None = None
    first: Callable[[UnitOfWork], None] | None = None

    def __call__(self, uow: UnitOfWork, links: frozenset[LinkId]) -> None:
        self.calls.append(links)
        if self.fault is not None:
            raise self.fault
        if self.first is not None:
            self.first(uow)
        for link in links:
            size = uow.logs.position(link, OWN).size
            uow.logs.add_head(link, OWN, head_row(size))


@dataclass
class StoreWorld:
    """One store under test. `raw` runs a function on its connection, behind its back."""

    store: SqliteStore | DirectStore
    finishes: Finishes
    raw: Callable[[Callable[[sqlite3.Connection], Any]], Awaitable[Any]]
