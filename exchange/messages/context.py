# SPDX-License-Identifier: Apache-2.0
"""What the rules need to know beside the document: the act, and facts about earlier messages.

Both are given by the caller, so that the same document and the same facts give the same fault on both
sides. The state of a case is not among them: it is checked later, by the lifecycle.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Protocol

from exchange.ids import AgencyCode, CaseCode, Digest, MessageId, MovementCode
from exchange.messages.codelists import Agency, agency
from exchange.messages.document import Document, content_of, header_of, text_at
from exchange.messages.earlier import Announced, Appointment, EarlierMessage, OpenCrossing
from exchange.messages.media import Carried

ASSENT_FROM_AGE = 6
"""Years; a younger child gives no assent of its own. Working value, an agreement may set another."""
ADULT_FROM_AGE = 18
"""Years, in every country of the agreements."""


@dataclass(frozen=True)
class RuleContext:
    """One act: who sends to whom, when it was numbered, and what the agreement in force says."""

    sender: AgencyCode
    recipient: AgencyCode
    numbered_at: datetime
    """UTC instant at which the message got its number, or now for a draft."""
    types_allowed: Mapping[str, Collection[AgencyCode]]
    """For each agreed type the contact points that may send it."""
    checkpoints: frozenset[str] | None = None
    """Crossings of the agreement; None allows every crossing of the list."""
    officer_functions: tuple[str, ...] | None = None
    """Functions of the officer; None where they cannot be seen, at the recipient."""
    skew: timedelta = timedelta(seconds=300)
    """How far a stated moment may lie ahead of ours (limits of the protocol)."""
    assent_from_age: int = ASSENT_FROM_AGE
    versions: Mapping[str, Sequence[str]] | None = None
    """Versions that this node reads, by type; None for all that are installed."""
    attachments: Sequence[Carried] | None = None
    """The bytes that travel with the message; None where they are not at hand, in an unfinished draft."""

    @cached_property
    def day(self) -> date:
        """Return the UTC day of numbering: the one day that both sides see alike."""
        return self.numbered_at.date()

    @cached_property
    def last_day(self) -> date:
        """Return the last day that has begun anywhere; a date after it lies in the future."""
        return self.day + timedelta(days=1)


class Facts(Protocol):
    """What earlier messages of the link have settled; only accepted messages count."""

    def host_of(self, case: CaseCode) -> AgencyCode | None:
        """Return the contact point of the host side of a case, or None for an unknown case."""
        ...

    def is_child(self, case: CaseCode) -> bool:
        """Return whether the newest notice treats the person as a child."""
        ...

    def message_type(self, message: MessageId) -> str | None:
        """Return the type of a known message of either direction, or None."""
        ...

    def cases_of_message(self, message: MessageId) -> Collection[CaseCode]:
        """Return the cases a known message names."""
        ...

    def answered(self, notice: MessageId) -> bool:
        """Return whether a decision on this notice exists."""
        ...

    def last_decision_of(self, case: CaseCode) -> str | None:
        """Return the outcome of the newest decision on a case in its newest notice, or None."""
        ...

    def author_of(self, message: MessageId) -> AgencyCode | None:
        """Return the contact point that sent a known message, or None."""
        ...

    def document_of(self, message: MessageId) -> Document | None:
        """Return a known message as it was sent, or None when it is unknown or its content is erased."""
        ...

    def about(self, message: MessageId) -> Sequence[Document]:
        """Return the messages that answer, change, cancel, end or remind of this one, in order of effect."""
        ...

    def is_on_its_way(self, message: MessageId) -> bool:
        """Return whether the log of the other side names this message, but it has not arrived."""
        ...

    def flags_of(self, case: CaseCode) -> Collection[str]:
        """Return the vulnerability flags of the newest message that names any for the person."""
        ...

    def earlier(self, message: MessageId) -> EarlierMessage | None:
        """Return what is known of an earlier message of either direction, or None."""
        ...

    def announced(self, case: CaseCode) -> Announced | None:
        """Return what the newest notice and its decision say about a person, or None without a notice."""
        ...

    def appointment(self, movement: MovementCode, cases: Collection[CaseCode]) -> Appointment | None:
        """Return a movement that lists one of `cases`, or None when no proposal of it is known."""
        ...

    def follow_ups(self, case: CaseCode) -> int:
        """Return how many follow-up reports on a case there are."""
        ...

    def crossing(self, checkpoint: str, at: datetime) -> OpenCrossing:
        """Return what both sides announced about a crossing for an instant."""
        ...

    def last_verification_of(self, case: CaseCode) -> str | None:
        """Return the result of the newest verification of a case, or None."""
        ...

    def period_end_of(self, case: CaseCode) -> date | None:
        """Return the last day of the period in the newest notice of a case, or None."""
        ...

    def is_received(self, case: CaseCode) -> bool:
        """Return whether the arrival of the person at the reception was told."""
        ...

    def office(self, code: str, day: date) -> Agency | None:
        """Return an office as the directory and its updates have it on a day, or None."""
        ...

    def card_digest(self, code: AgencyCode, serial: int) -> Digest | None:
        """Return the digest of the card of an agency with a serial, or None when it is not here."""
        ...

    def transit_states(self, movement: MovementCode, host: AgencyCode) -> frozenset[str] | None:
        """Return the third states that let a movement pass; None where their decisions cannot be seen.

        They are sent to the host side alone, so only its node sees them.
        """
        ...

    def others_told(self, case: CaseCode, sender: AgencyCode) -> Collection[AgencyCode]:
        """Return other partners that received data of this person; only the node of the sender knows."""
        ...

    def knows_officer(self, number: str, sender: AgencyCode, at: datetime) -> bool:
        """Return whether an officer is in the directory of the sender; only its node can say no."""
        ...


@dataclass(frozen=True)
class KnownFacts:
    """Facts collected beforehand; an empty one knows nothing."""

    hosts: Mapping[str, AgencyCode] = field(default_factory=lambda: MappingProxyType({}))
    children: frozenset[str] = frozenset()
    types: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    cases: Mapping[str, Collection[CaseCode]] = field(default_factory=lambda: MappingProxyType({}))
    answered_notices: frozenset[str] = frozenset()
    decisions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    authors: Mapping[str, AgencyCode] = field(default_factory=lambda: MappingProxyType({}))
    documents: Mapping[str, Document] = field(default_factory=lambda: MappingProxyType({}))
    on_their_way: frozenset[str] = frozenset()
    flags: Mapping[str, Collection[str]] = field(default_factory=lambda: MappingProxyType({}))
    messages: Mapping[str, EarlierMessage] = field(default_factory=lambda: MappingProxyType({}))
    notices: Mapping[str, Announced] = field(default_factory=lambda: MappingProxyType({}))
    appointments: Mapping[str, Appointment] = field(default_factory=lambda: MappingProxyType({}))
    reports: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    crossings: Mapping[str, OpenCrossing] = field(default_factory=lambda: MappingProxyType({}))
    verifications: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    period_ends: Mapping[str, date] = field(default_factory=lambda: MappingProxyType({}))
    received: frozenset[str] = frozenset()
    offices: Mapping[str, Agency] = field(default_factory=lambda: MappingProxyType({}))
    """Offices that an update changed."""
    cards: Mapping[tuple[str, int], Digest] = field(default_factory=lambda: MappingProxyType({}))
    transit: Mapping[str, frozenset[str]] | None = None
    """By movement; None where no decision of a third state can be seen."""
    told: Mapping[str, Collection[AgencyCode]] = field(default_factory=lambda: MappingProxyType({}))
    officers: frozenset[str] | None = None
    """Officers of the sender; None where its directory cannot be seen."""

    def host_of(self, case: CaseCode) -> AgencyCode | None:
        return self.hosts.get(case)

    def is_child(self, case: CaseCode) -> bool:
        return case in self.children

    def message_type(self, message: MessageId) -> str | None:
        return self.types.get(message)

    def cases_of_message(self, message: MessageId) -> Collection[CaseCode]:
        return self.cases.get(message, ())

    def answered(self, notice: MessageId) -> bool:
        return notice in self.answered_notices

    def last_decision_of(self, case: CaseCode) -> str | None:
        return self.decisions.get(case)

    def earlier(self, message: MessageId) -> EarlierMessage | None:
        return self.messages.get(message)

    def announced(self, case: CaseCode) -> Announced | None:
        return self.notices.get(case)

    def appointment(self, movement: MovementCode, cases: Collection[CaseCode]) -> Appointment | None:
        return self.appointments.get(movement)

    def follow_ups(self, case: CaseCode) -> int:
        return self.reports.get(case, 0)

    def crossing(self, checkpoint: str, at: datetime) -> OpenCrossing:
        return self.crossings.get(checkpoint, OpenCrossing())

    def last_verification_of(self, case: CaseCode) -> str | None:
        return self.verifications.get(case)

    def period_end_of(self, case: CaseCode) -> date | None:
        return self.period_ends.get(case)

    def is_received(self, case: CaseCode) -> bool:
        return case in self.received

    def office(self, code: str, day: date) -> Agency | None:
        return self.offices.get(code) or agency(code)

    def card_digest(self, code: AgencyCode, serial: int) -> Digest | None:
        return self.cards.get((code, serial))

    def transit_states(self, movement: MovementCode, host: AgencyCode) -> frozenset[str] | None:
        return None if self.transit is None else self.transit.get(movement, frozenset())

    def others_told(self, case: CaseCode, sender: AgencyCode) -> Collection[AgencyCode]:
        return self.told.get(case, ())

    def knows_officer(self, number: str, sender: AgencyCode, at: datetime) -> bool:
        return self.officers is None or number in self.officers

    def author_of(self, message: MessageId) -> AgencyCode | None:
        return self.authors.get(message)

    def document_of(self, message: MessageId) -> Document | None:
        return self.documents.get(message)

    def about(self, message: MessageId) -> Sequence[Document]:
        return [document for document in self.documents.values() if named_in(document) == message]

    def is_on_its_way(self, message: MessageId) -> bool:
        return message in self.on_their_way

    def flags_of(self, case: CaseCode) -> Collection[str]:
        return self.flags.get(case, ())


def named_in(document: Document) -> str:
    """Return the message that a document answers, changes, cancels, ends or reminds of, or ""."""
    content = content_of(document)
    return (
        text_at(content, "target") or text_at(content, "hold") or text_at(header_of(document), "in_reply_to")
    )


def country_of(code: AgencyCode) -> str:
    """Return the country of an agency; for one outside the directory the country its code begins with."""
    entry = agency(code)
    return entry.country if entry else code[:2]
