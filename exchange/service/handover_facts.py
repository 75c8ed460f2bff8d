# SPDX-License-Identifier: Apache-2.0
"""What the store knows about movements, for the rules of the handover and of what follows it.

A movement is found by its cases: the messages that concern a case are few, and one of them names the
movement. Every message is read at most once in one judgement. Only messages with an effect count.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from exchange.ids import AgencyCode, CaseCode, MessageId, MovementCode
from exchange.messages.dates import as_day
from exchange.messages.decision_rules import ACCEPTANCES
from exchange.messages.document import content_of, header_of, object_at, objects_at, persons_of, text_at
from exchange.messages.earlier import Announced, Appointment, EarlierMessage
from exchange.messages.people import Birth
from exchange.protocol.parts import Document
from exchange.protocol.strictjson import JsonValue
from exchange.service.rows import Direction, MessageRow

_LIST = "/case_list"
"""Pointer of an amendment that changes who travels; the list is changed as a whole."""
_APPOINTMENT = frozenset({"HPR", "HRP", "AMD"})
Line = dict[str, JsonValue]


@dataclass
class _Read:
    """A message that was read, with its lines by case."""

    row: MessageRow
    document: Document
    lines: Mapping[str, Line] = field(default_factory=dict)

    @property
    def content(self) -> Line:
        return content_of(self.document)

    @property
    def movement(self) -> str:
        return text_at(header_of(self.document), "movement_code")


class HandoverFacts:
    """Facts of one link for one judgement. `sender_of` names the author of a message by its direction."""

    def __init__(
        self,
        *,
        rows_of: Callable[[CaseCode], Collection[MessageRow]],
        document_of: Callable[[MessageRow], Document | None],
        sender_of: Mapping[Direction, AgencyCode],
    ) -> None:
        self._rows_of = rows_of
        self._document_of = document_of
        self._sender_of = sender_of
        self._rows: dict[CaseCode, list[MessageRow]] = {}
        self._messages: dict[MessageId, _Read | None] = {}

    def earlier(self, row: MessageRow) -> EarlierMessage:
        """Return what is known of a message that counts."""
        read = self._read(row)
        codes = header_of(read.document).get("case_codes") if read else None
        return EarlierMessage(
            type=row.type,
            sender=self._sender_of[row.direction],
            pc=row.commitment,
            cases=tuple(CaseCode(str(code)) for code in codes) if isinstance(codes, list) else (),
            movement=read.movement if read else "",
            signs=bool(read and "countersigns" in read.content),
        )

    def last_line(self, case: CaseCode, type_code: str) -> Line | None:
        """Return the part of a case in the newest message of a type."""
        read = self._newest(case, type_code)
        return read.lines.get(case) if read else None

    def last_content(self, case: CaseCode, type_code: str) -> Line | None:
        """Return the common content of the newest message of a type about a case."""
        read = self._newest(case, type_code)
        return read.content if read else None

    def announced(self, case: CaseCode) -> Announced | None:
        """Return the newest notice of a case with the decision that followed it."""
        notice = self._newest(case, "RPN")
        line = notice.lines.get(case) if notice else None
        if notice is None or line is None:
            return None
        flags = line.get("flags")
        links = [(text_at(link, "kind"), text_at(link, "case_code")) for link in objects_at(line, "links")]
        return Announced(
            flags=frozenset(str(flag) for flag in flags) if isinstance(flags, list) else frozenset(),
            links=tuple((kind, CaseCode(other)) for kind, other in links),
            funding=text_at(notice.content, "funding"),
            birth=Birth.model_validate(line["birth"]) if "birth" in line else None,
            valid_until=self._acceptance(case, notice),
        )

    def appointment(self, movement: MovementCode, cases: Collection[CaseCode]) -> Appointment | None:
        """Return a movement from the messages of the first case that is in it."""
        for case in cases:
            of_movement = [read for read in self._all(case) if read.movement == movement]
            found = self._appointment(of_movement)
            if found is not None:
                return found
        return None

    def follow_ups(self, case: CaseCode) -> int:
        return sum(row.type == "FUP" for row in self._rows_with(case))

    def _acceptance(self, case: CaseCode, notice: _Read) -> date | None:
        decision = self._newest(case, "RPD")
        line = decision.lines.get(case) if decision else None
        if decision is None or line is None or text_at(line, "outcome") not in ACCEPTANCES:
            return None
        after_the_notice = decision.row.in_reply_to == notice.row.id
        return as_day(text_at(line, "valid_until")) if after_the_notice else None

    def _appointment(self, reads: list[_Read]) -> Appointment | None:
        proposals = [read for read in reads if read.row.type == "HPR"]
        if not proposals:
            return None
        start = reads.index(proposals[-1])
        changes = [read for read in reads[start:] if _changes_terms(read)]
        terms: Line = {}
        for read in changes:
            terms |= dict(_new_terms(read))
        departures = [read for read in reads[start:] if read.row.type == "HDP"]
        listed = terms.get("case_list")
        return Appointment(
            last_change=changes[-1].row.id,
            terms=terms,
            listed=tuple(CaseCode(str(code)) for code in listed) if isinstance(listed, list) else (),
            final=tuple(CaseCode(code) for code in departures[-1].lines) if departures else None,
        )

    def _newest(self, case: CaseCode, type_code: str) -> _Read | None:
        for row in reversed(self._rows_with(case)):
            if row.type == type_code:
                return self._read(row)
        return None

    def _all(self, case: CaseCode) -> Iterator[_Read]:
        for row in self._rows_with(case):
            if row.type in _APPOINTMENT or row.type == "HDP":
                read = self._read(row)
                if read is not None:
                    yield read

    def _rows_with(self, case: CaseCode) -> list[MessageRow]:
        if case not in self._rows:
            self._rows[case] = list(self._rows_of(case))
        return self._rows[case]

    def _read(self, row: MessageRow) -> _Read | None:
        if row.id not in self._messages:
            document = self._document_of(row)
            lines = {text_at(line, "case_code"): line for line in persons_of(document or {})}
            self._messages[row.id] = _Read(row, document, lines) if document else None
        return self._messages[row.id]


def _changes_terms(read: _Read) -> bool:
    """A proposal, a counter proposal and an amendment change the terms; a confirmation does not."""
    return read.row.type in {"HPR", "AMD"} or (read.row.type == "HRP" and "changes" in read.content)


def _new_terms(read: _Read) -> Iterator[tuple[str, JsonValue]]:
    """Yield the members of the proposal that a message sets; an amendment names them by pointers."""
    if read.row.type != "AMD":
        terms = object_at(read.content, "changes") if read.row.type == "HRP" else read.content
        yield from terms.items()
        return
    for change in objects_at(read.content, "changes"):
        name = text_at(change, "pointer").removeprefix("/")
        if "/" not in name and "new" in change:
            yield name, change["new"]
