# SPDX-License-Identifier: Apache-2.0
"""Answers what the rules of a message ask about earlier ones, from the store of this link.

Only messages with an effect count: accepted ones, and our own that are on their way. Everything is read
in the unit that judges, so the facts are those at the verdict.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from exchange.ids import AgencyCode, CaseCode, Digest, MessageId, MovementCode, OfficerNumber
from exchange.messages.catalog import two_person_acts
from exchange.messages.codelists import Agency
from exchange.messages.context import RuleContext, named_in
from exchange.messages.dates import as_day
from exchange.messages.document import header_of, objects_at, persons_of, text_at
from exchange.messages.earlier import Announced, Appointment, EarlierMessage, OpenCrossing
from exchange.messages.media import Carried
from exchange.messages.sensitivity import Sensitivity, highest_class
from exchange.protocol.parts import Document
from exchange.protocol.strictjson import JsonValue
from exchange.service.crossings import crossing_at
from exchange.service.directory import office_on, transit_states
from exchange.service.handover_facts import HandoverFacts
from exchange.service.meaning import document_of
from exchange.service.node import Node
from exchange.service.pairing import Pairing
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CaseEventRow, Direction, MessageRow, MessageState
from exchange.service.same_person import others_told

COUNTS = frozenset({MessageState.ACCEPTED, MessageState.QUEUED, MessageState.HELD})


class StoreFacts:
    """The facts of one link, read when they are asked for."""

    def __init__(
        self, uow: UnitOfWork, pairing: Pairing, own: AgencyCode, *, judged: MessageId | None = None
    ) -> None:
        """Read for the message `judged`, which is no earlier one whether it is in the store or not."""
        self._uow = uow
        self._judged = judged
        self._link = pairing.link.link
        self._own = own
        self._partner = pairing.partner
        self._handover = HandoverFacts(
            rows_of=self._rows_of,
            document_of=lambda row: document_of(uow, row),
            sender_of={Direction.OUT: own, Direction.IN: pairing.partner},
        )

    def host_of(self, case: CaseCode) -> AgencyCode | None:
        row = self._uow.cases.get(self._link, case)
        return row.host if row else None

    def is_child(self, case: CaseCode) -> bool:
        line = self._last_line(case, "RPN")
        return bool(line and line.get("is_child"))

    def message_type(self, message: MessageId) -> str | None:
        row = self._message(message)
        return row.type if row else None

    def cases_of_message(self, message: MessageId) -> Collection[CaseCode]:
        row = self._message(message)
        return self._uow.cases.of_message(self._link, row.direction, row.seq) if row else ()

    def answered(self, notice: MessageId) -> bool:
        cases = list(self.cases_of_message(notice))[:1]
        rows = (row for case in cases for row in self._rows_of(case))
        return any(row.type == "RPD" and row.in_reply_to == notice for row in rows)

    def last_decision_of(self, case: CaseCode) -> str | None:
        types = [row.type for row in self._rows_of(case) if row.type in {"RPN", "RPD"}]
        if types[-1:] != ["RPD"]:
            return None
        line = self._last_line(case, "RPD")
        return text_at(line, "outcome") if line else None

    def earlier(self, message: MessageId) -> EarlierMessage | None:
        row = self._message(message)
        return self._handover.earlier(row) if row else None

    def announced(self, case: CaseCode) -> Announced | None:
        return self._handover.announced(case)

    def appointment(self, movement: MovementCode, cases: Collection[CaseCode]) -> Appointment | None:
        return self._handover.appointment(movement, cases)

    def follow_ups(self, case: CaseCode) -> int:
        return self._handover.follow_ups(case)

    def crossing(self, checkpoint: str, at: datetime) -> OpenCrossing:
        return crossing_at(self._uow, self._link, checkpoint, at)

    def _rows_of(self, case: CaseCode) -> list[MessageRow]:
        """Return the messages with an effect on a case, each once, in the order of their effects."""
        rows = {event.message: self._row(event) for event in self._uow.cases.events(self._link, case)}
        return [row for row in rows.values() if row is not None and row.state in COUNTS]

    def last_verification_of(self, case: CaseCode) -> str | None:
        line = self._last_line(case, "VRS")
        return text_at(line, "result") if line else None

    def period_end_of(self, case: CaseCode) -> date | None:
        notice = self._handover.last_content(case, "RPN")
        return as_day(text_at(notice, "proposed_to")) if notice else None

    def content_of_last(self, case: CaseCode, type_code: str) -> Mapping[str, JsonValue]:
        """Return the common content of the newest message of a type about a case; nothing without one."""
        return self._handover.last_content(case, type_code) or {}

    def author_of(self, message: MessageId) -> AgencyCode | None:
        row = self._message(message)
        if row is None:
            return None
        return self._own if row.direction is Direction.OUT else self._partner

    def document_of(self, message: MessageId) -> Document | None:
        row = self._message(message)
        return document_of(self._uow, row) if row else None

    def about(self, message: MessageId) -> Sequence[Document]:
        """Return what names this message, from the cases it concerns."""
        events: dict[MessageId, CaseEventRow] = {}
        for case in self.cases_of_message(message):
            for event in self._uow.cases.events(self._link, case):
                if event.message != message:
                    events.setdefault(event.message, event)
        documents = map(self.document_of, sorted(events, key=lambda found: events[found].at))
        return [document for document in documents if document and named_in(document) == message]

    def is_received(self, case: CaseCode) -> bool:
        line = self._last_line(case, "RCV")
        return bool(line and line.get("arrived"))

    def office(self, code: str, day: date) -> Agency | None:
        return office_on(self._uow, self._link, code, day)

    def card_digest(self, code: AgencyCode, serial: int) -> Digest | None:
        cards = self._uow.links.cards(code)
        return next((card.digest for card in cards if card.serial == serial), None)

    def transit_states(self, movement: MovementCode, host: AgencyCode) -> frozenset[str] | None:
        return transit_states(self._uow, movement) if host == self._own else None

    def others_told(self, case: CaseCode, sender: AgencyCode) -> Collection[AgencyCode]:
        """Return the partners with whom this person has another case, as far as a message links the two."""
        return others_told(self._uow, self._link, case) if sender == self._own else ()

    def knows_officer(self, number: str, sender: AgencyCode, at: datetime) -> bool:
        """Return whether an officer of ours is in the directory; of the partner's nobody here can say no."""
        if sender != self._own:
            return True
        row = self._uow.officers.get(OfficerNumber(number))
        return row is not None and (row.valid_to is None or at < row.valid_to)

    def is_on_its_way(self, message: MessageId) -> bool:
        link = self._uow.links.get(self._link)
        number = link.contiguous_in + 1 if link else 1
        while announced := self._uow.messages.announced(self._link, number):
            if announced.id == message:
                return (
                    message != self._judged
                    and self._uow.messages.by_seq(self._link, Direction.IN, number) is None
                )
            number += 1
        return False

    def flags_of(self, case: CaseCode) -> Collection[str]:
        for type_code in ("HDP", "RPN", "TRQ", "VRQ"):
            line = self._last_line(case, type_code)
            flags = line.get("flags") if line else None
            if isinstance(flags, list):
                return frozenset(map(str, flags))
        return ()

    def line_of(self, case: CaseCode, type_code: str) -> dict[str, JsonValue] | None:
        """Return the part of a person in the newest message of a type, or None."""
        return self._handover.last_line(case, type_code)

    def lines_of(self, case: CaseCode, type_code: str) -> list[dict[str, JsonValue]]:
        """Return the part of a person in every message of a type, in the order of their effects."""
        rows = [row for row in self._rows_of(case) if row.type == type_code]
        documents = [document for row in rows if (document := document_of(self._uow, row))]
        found = (line for document in documents for line in persons_of(document))
        return [line for line in found if text_at(line, "case_code") == case]

    def _message(self, message: MessageId) -> MessageRow | None:
        if message == self._judged:
            return None
        for direction in (Direction.OUT, Direction.IN):
            row = self._uow.messages.by_id(self._link, direction, message)
            if row and row.state in COUNTS:
                return row
        return None

    def _row(self, event: CaseEventRow) -> MessageRow | None:
        return self._uow.messages.by_seq(self._link, event.direction, event.seq)

    def _last_line(self, case: CaseCode, type_code: str) -> dict[str, JsonValue] | None:
        return self._handover.last_line(case, type_code)


def rule_context(
    node: Node,
    pairing: Pairing,
    *,
    sender: AgencyCode,
    at: datetime,
    functions: tuple[str, ...] | None = None,
    attachments: Sequence[Carried] | None = None,
) -> RuleContext:
    """Return the act that the rules judge, from the agreement in force."""
    return RuleContext(
        sender=sender,
        recipient=pairing.partner if sender == node.agency else node.agency,
        numbered_at=at,
        types_allowed=pairing.types_allowed,
        checkpoints=pairing.checkpoints,
        officer_functions=functions,
        skew=node.limits.skew,
        versions=node.versions,
        attachments=attachments,
    )


def two_person_acts_of(document: Document) -> tuple[str, ...]:
    """Return the codes of `two-person-acts` that releasing a message is."""
    header = header_of(document)
    stated = text_at(header, "sensitivity")
    least = Sensitivity.__members__.get(stated, Sensitivity.S0)
    persons = persons_of(document)
    states = [text_at(consent, "state") for person in persons for consent in objects_at(person, "consents")]
    return two_person_acts(
        text_at(header, "type"),
        sensitivity=max(str(highest_class(document, least)), stated),
        children=any(bool(person.get("is_child")) for person in persons),
        consent_states=states,
    )


def two_person_reason(document: Document) -> str | None:
    """Return why a message needs two persons of our side, as a code of `two-person-acts`, or None."""
    acts = two_person_acts_of(document)
    return acts[0] if acts else None
