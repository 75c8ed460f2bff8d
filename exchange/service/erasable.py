# SPDX-License-Identifier: Apache-2.0
"""What erasing one case takes away, and what it has to wait for. This only reads.

A case is one person, so erasing a case takes one person out of every message; the others stay readable.

1. Content of a case that is closed has a day until which it is kept (`cases.retention`).
2. An erasure waits while a message about the case is on its way or held, while a released draft about it
   waits for the gate, while the person is on the list of a movement that has not arrived, and while a legal
   hold is on the case.
3. What is shown has one digest. The second person confirms exactly that (rule 28): one more message, draft or
   entry of the register, and it is another digest.

Shown are codes, numbers and days, never content.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from exchange.cases.retention import ErasureReason, HoldReason, KeptUntil, kept_until
from exchange.errors import UsageError
from exchange.ids import AgencyCode, CaseCode, Digest, LinkId, MessageId, sha256
from exchange.messages.document import persons_of, text_at
from exchange.protocol.strictjson import JsonValue, encode_canonical
from exchange.service.enclosures import unkept
from exchange.service.erasures import ProposedAct
from exchange.service.meaning import cases_of, document_of
from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CaseRow, DraftRow, MessageRow, MessageState

UNSETTLED = frozenset({MessageState.QUEUED, MessageState.HELD, MessageState.VOIDING, MessageState.STOPPED})


class Wait(StrEnum):
    """Why an act is not possible now."""

    LEGAL_HOLD = "legal_hold"
    UNSETTLED = "unsettled"
    """A message about the case has no final answer."""
    DRAFT_WAITS = "draft_waits"
    """A released draft about it waits for the start gate."""
    TRAVELLING = "travelling"
    NOT_DUE = "not_due"
    """Its time is not over, or the partner's ledger says nothing that we have not followed."""
    NO_HOLD = "no_hold"
    """There is nothing to lift."""


@dataclass(frozen=True)
class Told:
    """One message about the case; `shared` says that it is about others as well."""

    message: MessageId
    direction: str
    seq: int
    type: str
    shared: bool


@dataclass(frozen=True)
class Preview:
    """Everything that is shown before an act."""

    act: ProposedAct
    reason: str
    link: LinkId
    partner: AgencyCode
    case: CaseCode
    state: str
    closed_on: date | None
    until: KeptUntil | None
    """None while the case is not closed."""
    messages: tuple[Told, ...]
    drafts: tuple[MessageId, ...]
    forms: tuple[MessageId, ...]
    register: int
    movements: int
    """Movements that go, too, because nobody else is on them."""
    waits: tuple[Wait, ...]

    @property
    def digest(self) -> Digest:
        """What both persons approve."""
        told: list[JsonValue] = [[one.message, one.shared] for one in self.messages]
        shown: dict[str, JsonValue] = {
            "act": self.act.value,
            "reason": self.reason,
            "link": self.link,
            "case": self.case,
            "state": self.state,
            "closed_on": self.closed_on.isoformat() if self.closed_on else None,
            "until": self.until.on.isoformat() if self.until else None,
            "messages": told,
            "drafts": [*map(str, self.drafts)],
            "forms": [*map(str, self.forms)],
            "register": self.register,
            "movements": self.movements,
            "waits": [wait.value for wait in self.waits],
        }
        return sha256(encode_canonical(shown))


def demand_reason(act: ProposedAct, reason: str) -> None:
    """Return if an act may have this reason; lifting a hold needs none.

    Raises:
        UsageError: another one; the hint names those that may be.
    """
    known: type[StrEnum] = ErasureReason if act is ProposedAct.ERASE else HoldReason
    codes = [""] if act is ProposedAct.UNHOLD else [code.value for code in known]
    if reason not in codes:
        raise UsageError(f"this is no reason to {act.value} a case", hint="reasons: " + ", ".join(codes))


def preview(
    uow: UnitOfWork, node: Node, case: CaseRow, act: ProposedAct, reason: str, *, owed: int = 0
) -> Preview:
    """Return what an act would do; `owed` is how many erasures of the partner we have not followed."""
    messages = uow.cases.messages(case.link, case.code)
    drafts = [row for row in uow.drafts.list() if _names(row, case)]
    closed_on, until = closing(uow, node, case, messages)
    is_due = until is not None and until.on <= node.clock.now().date()
    may: dict[str, bool] = {
        ErasureReason.RETENTION_OVER: is_due,
        ErasureReason.PARTNER_ERASED: owed > 0 and until is not None,
    }
    link = uow.links.get(case.link)
    return Preview(
        act=act,
        reason=reason,
        link=case.link,
        partner=link.partner if link else case.origin,
        case=case.code,
        state=case.state,
        closed_on=closed_on,
        until=until,
        messages=tuple(_told(uow, case, row) for row in messages),
        drafts=tuple(row.id for row in drafts),
        forms=tuple(uow.staff.forms.naming(case.code)),
        register=len(uow.register.of_case(case.link, case.code)),
        movements=sum(
            uow.movements.listed(case.link, code) == [case.code]
            for code in uow.movements.of_case(case.link, case.code)
        ),
        waits=tuple(_waits(uow, node, case, act, messages, drafts, may=may.get(reason, True))),
    )


def closing(
    uow: UnitOfWork, node: Node, case: CaseRow, messages: list[MessageRow]
) -> tuple[date | None, KeptUntil | None]:
    """Return the day on which a case was closed and until when it is kept; None for both while it is open."""
    if case.state not in node.tables.cases.final:
        return None, None
    final = node.tables.cases.final
    ends = [
        event.message
        for event in uow.cases.events(case.link, case.code)
        if event.state_after in final and event.state_before not in final
    ]
    said = {row.id: row.created_at.date() for row in messages}
    closed_on = said.get(ends[-1], case.changed_at.date()) if ends else case.changed_at.date()
    terms = pairing_of(uow, node, case.link).agreement.terms
    return closed_on, kept_until(terms.retention, closed_on, list(_lines(uow, case, messages)))


def _lines(uow: UnitOfWork, case: CaseRow, messages: list[MessageRow]) -> Iterator[dict[str, JsonValue]]:
    """Yield everything that messages say of the person."""
    for row in messages:
        document = document_of(uow, row)
        for line in persons_of(document) if document else ():
            if text_at(line, "case_code") == case.code:
                yield line


def _waits(
    uow: UnitOfWork,
    node: Node,
    case: CaseRow,
    act: ProposedAct,
    messages: list[MessageRow],
    drafts: list[DraftRow],
    *,
    may: bool,
) -> Iterator[Wait]:
    held = uow.erasures.held(case.link, case.code) is not None
    if act is ProposedAct.UNHOLD:
        yield from () if held else (Wait.NO_HOLD,)
        return
    reasons = {Wait.LEGAL_HOLD: held}
    if act is ProposedAct.ERASE:
        reasons |= {
            Wait.UNSETTLED: any(row.state in UNSETTLED for row in messages),
            Wait.DRAFT_WAITS: any(row.waiting for row in drafts),
            Wait.TRAVELLING: case.state in node.tables.cases.travelling,
            Wait.NOT_DUE: not may,
        }
    yield from (wait for wait, applies in reasons.items() if applies)


def _told(uow: UnitOfWork, case: CaseRow, row: MessageRow) -> Told:
    others = set(uow.cases.of_message(row.link, row.direction, row.seq)) - {case.code}
    return Told(row.id, row.direction.value, row.seq, row.type, shared=bool(others))


def _names(row: DraftRow, case: CaseRow) -> bool:
    if row.link not in (None, case.link):
        return False
    return case.code in cases_of(unkept(row.document)[0]) or case.code.encode() in row.story
