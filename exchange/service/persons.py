# SPDX-License-Identifier: Apache-2.0
"""Balances the persons of one partner: who was announced, decided, listed, handed over and received.

Heads are not enough: every person is counted by the case, from the messages that have an effect.

    in notices   = accepted + refused + deferred + cancelled + undecided
    on lists     = handed over + not presented + not taken over + returned to host + diverted + unsigned
    taken over   = handed over + added = received + not yet confirmed

A list is the final list of a departure (HDP); an outcome counts when its record is signed by both sides and
the second one agreed. Until then it is `unsigned`. Both sides of a link compute the same numbers. Source:
`docs/domain` procedure, section 11, number 10. Content that was erased is not counted any more.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from exchange.ids import CaseCode, LinkId, MessageId
from exchange.messages.decision_rules import ACCEPTANCES
from exchange.messages.document import content_of, header_of, object_at, persons_of, text_at
from exchange.protocol.parts import Document
from exchange.protocol.strictjson import JsonValue
from exchange.service.meaning import document_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import MessageRow, MessageState

COUNTED = frozenset({"RPN", "RPD", "CAN", "HDP", "HRC", "RCV"})
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_CASES = 1_000_000
Line = Mapping[str, JsonValue]


@dataclass(frozen=True)
class Balance:
    """Numbers of persons on one link."""

    in_notices: int = 0
    decisions: Mapping[str, int] = field(default_factory=dict)
    """`accepted`, `refused`, `deferred`, `cancelled`, `undecided`."""
    on_lists: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """Codes of `handover-outcomes` of persons on lists, and `unsigned`; `added` stands apart."""
    added: int = 0
    received: int = 0

    @property
    def taken_over(self) -> int:
        return self.outcomes.get("handed_over", 0) + self.added

    @property
    def unconfirmed(self) -> int:
        """Persons taken over of whom no reception was told yet."""
        return self.taken_over - self.received

    @property
    def holds(self) -> bool:
        """Return whether every equation closes."""
        decided, settled = sum(self.decisions.values()), sum(self.outcomes.values())
        return self.in_notices == decided and self.on_lists == settled and self.unconfirmed >= 0


@dataclass(frozen=True)
class Told:
    """One message as it concerns one case."""

    id: MessageId
    type: str
    document: Document
    line: Line
    created_at: datetime = BEGINNING
    """When it was signed; both sides read the same."""

    @property
    def movement(self) -> str:
        return text_at(header_of(self.document), "movement_code")


def balance_of(uow: UnitOfWork, link: LinkId) -> Balance:
    """Return the balance of a link from the messages in the store."""
    read: dict[MessageId, Document | None] = {}
    cases = uow.cases.list(link=link, limit=_MAX_CASES)
    return balance(told_of(uow, link, case.code, read) for case in cases)


def balance(stories: Iterable[Sequence[Told]]) -> Balance:
    """Return the balance of what was told of each case, each in the order of its effects."""
    decisions: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    received = 0
    for story in stories:
        decisions.update(decision_of(story))
        signed = signed_records(story)
        outcomes.update(outcomes_of(story, signed))
        received += is_received(story, signed)
    added = outcomes.pop("added", 0)
    return Balance(decisions.total(), decisions, outcomes.total(), outcomes, added, received)


def told_of(
    uow: UnitOfWork, link: LinkId, case: CaseCode, read: dict[MessageId, Document | None]
) -> list[Told]:
    """Return the accepted messages about a case, each once."""
    found: dict[MessageId, Told] = {}
    for event in uow.cases.events(link, case):
        if event.type not in COUNTED or event.message in found:
            continue
        row = uow.messages.by_seq(link, event.direction, event.seq)
        if row is None or row.state is not MessageState.ACCEPTED:
            continue
        document = _read(uow, row, read)
        if document is not None:
            lines = {text_at(line, "case_code"): line for line in persons_of(document)}
            found[row.id] = Told(row.id, row.type, document, lines.get(case, {}), row.created_at)
    return list(found.values())


def _read(uow: UnitOfWork, row: MessageRow, read: dict[MessageId, Document | None]) -> Document | None:
    if row.id not in read:
        read[row.id] = document_of(uow, row)
    return read[row.id]


def decision_of(story: Sequence[Told]) -> Iterable[str]:
    """Yield what became of the last notice of a case, if there was one."""
    found = ""
    for told in story:
        if told.type == "RPN":
            found = "undecided"
        elif told.type == "RPD" and found:
            outcome = str(told.line.get("outcome", found))
            found = "accepted" if outcome in ACCEPTANCES else outcome
        elif told.type == "CAN" and found and not told.movement:
            found = "cancelled"
    return [found] if found else []


def signed_records(story: Sequence[Told]) -> frozenset[str]:
    """Return the records that both sides signed."""
    contents = [content_of(told.document) for told in story if told.type == "HRC"]
    return frozenset(
        text_at(object_at(content, "countersigns"), "id")
        for content in contents
        if content.get("agreed") is True
    )


def outcomes_of(story: Sequence[Told], signed: frozenset[str]) -> Iterable[str]:
    """Return the outcome of each list the person was on, and of each record that added the person."""
    found = {told.movement: "unsigned" for told in story if told.type == "HDP" and told.line}
    for told in story:
        if told.type == "HRC" and told.id in signed and told.line:
            found[told.movement] = str(told.line["outcome"])
    return found.values()


def is_received(story: Sequence[Told], signed: frozenset[str]) -> bool:
    """Return whether the arrival was told of somebody whom a signed record hands over."""
    return any(
        told.type == "RCV"
        and told.line.get("arrived") is True
        and text_at(content_of(told.document), "record") in signed
        for told in story
    )
