# SPDX-License-Identifier: Apache-2.0
"""What a message can name: earlier messages of its persons, to choose from instead of typing a number.

1. Only what counts is found: accepted, or ours and on its way; and only what is about every person of the
   message that is written. The newest comes first.
2. Each place that names a message has one rule below. It finds no more than the rules of the type let pass,
   and leaves out what would be pointless: a hold ends by a resume and a withdrawal by a reopening, so neither
   is offered to a cancellation.
3. In place of the messages of a movement a cancellation is offered the movement itself, while it is open.
4. What follows from a choice is said with it (`with_named`): the movement in the header, and whom a
   cancellation takes out if it does not concern everybody.
5. A place may want more than a number: a supplement the exact content of its record, the correction of a
   difference a message or an entry of a ledger (`Nameable.value`). No case leads to that correction, so the
   newest messages and entries of the link are offered.

Types, times and states are read, no content but the target of a cancellation and whether a record has lines.
Who may see the list is asked where it is shown.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

from exchange.ids import AgencyCode, CaseCode, LinkId, MovementCode
from exchange.ledger.entries import decode_leaf
from exchange.messages.catalog import message_types
from exchange.messages.changes_rules import NEVER_AMENDED
from exchange.messages.document import JsonValue, content_of, object_at, persons_of, text_at
from exchange.service.casework import shown_case
from exchange.service.facts import COUNTS
from exchange.service.handovers import handover_of
from exchange.service.meaning import document_of
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageRow, MovementRow

CANCELLATION, AMENDMENT, PROPOSAL, RECORD, RESOLUTION = "CAN", "AMD", "HPR", "HRC", "DRS"
_OF_THE_LEDGERS = frozenset({"STM", "DSC", "DRS"})
_NEWEST: Final = 6
"""Messages, and entries of each ledger, that are offered as the correction of a difference."""
_OF_A_MOVEMENT = frozenset({"HPR", "HRP", "HDP", "HRC"})
_NEVER_CANCELLED = _OF_A_MOVEMENT | {"CAN", "RMD", "HLD", "RSM", "CWD"}
"""The movement is cancelled in place of the first; the others are ended by another type, or by nothing."""
_ENDED_BY = frozenset({"CLO", "CWD"})


@dataclass(frozen=True)
class Nameable:
    """One thing that can be chosen: a message, a movement or the case itself."""

    number: str
    """Number of the message, or code of the movement or the case: what is written."""
    kind: str
    """`message`, `movement`, `case` or `entry`."""
    type: str = ""
    """Of a message; of an entry its event."""
    at: datetime | None = None
    """When a message was released; when the window of a movement opens."""
    partner: str = ""
    is_own: bool = False
    checkpoint: str = ""
    """Crossing of a movement."""
    movement: str = ""
    """What the header of the new message says then, "" for nothing."""
    others: int = 0
    """Persons of it whom the new message does not concern."""
    commitment: str = ""
    index: int = 0
    """Place of an entry in the ledger of its writer, from 0 on."""
    seq: int = 0
    """Number of a message among those of its sender."""

    def value(self, type_code: str, name: str) -> JsonValue:
        """Return what a member of a message says to name it (5)."""
        match type_code, name, self.kind:
            case "HRC", "supplements", _:
                return {"id": self.number, "pc": self.commitment}
            case "DRS", "correction", "entry":
                return {"leaf": {"log": self.partner, "index": self.index}}
            case "DRS", "correction", _:
                return {"message": self.number}
        return self.number


def number_of(value: JsonValue) -> str:
    """Return the number of what a member names, as `Nameable` has it, "" for nothing."""
    if not isinstance(value, dict):
        return "" if value is None else str(value)
    leaf = object_at(value, "leaf")
    return (
        _entry_number(text_at(leaf, "log"), leaf["index"])
        if leaf
        else str(value.get("id") or value.get("message") or "")
    )


def _entry_number(log: str, index: JsonValue) -> str:
    return f"{log} {index}"


def names_a_message(type_code: str, name: str) -> bool:
    """Return whether a member of a type names an earlier message."""
    return (type_code, name) in _RULES


def nameable(
    uow: UnitOfWork, node: Node, link: LinkId, cases: Iterable[str], *, type_code: str, name: str
) -> tuple[Nameable, ...]:
    """Return what a member of a message about these persons can name, the newest first."""
    around = _Around(uow, node, link, tuple(map(CaseCode, dict.fromkeys(cases))))
    is_asked = around.cases or type_code == RESOLUTION
    return tuple(_RULES[type_code, name](around)) if is_asked else ()


def named_here(uow: UnitOfWork, node: Node, link: LinkId, number: str) -> Nameable | None:
    """Return what a number of a message names, in whatever state it is now; None if it is not here."""
    around = _Around(uow, node, link, ())
    for row in uow.messages.find(number):
        if row.link == link and row.id == number:
            return replace(around.message(row), others=0)
    movement = uow.movements.get(link, MovementCode(number))
    if movement is not None:
        return _movement(movement, handover_of(uow, node, movement).terms, around.partner)
    return Nameable(number, "case") if uow.cases.get(link, CaseCode(number)) is not None else None


def with_named(given: Mapping[str, Any], type_code: str, chosen: Nameable | None) -> dict[str, Any]:
    """Return what was entered in a form together with what follows from what it names (4)."""
    if type_code not in (CANCELLATION, AMENDMENT, RECORD):
        return dict(given)
    header = {name: value for name, value in given["header"].items() if name != "movement_code"}
    content = dict(given["content"])
    if type_code == CANCELLATION:
        content.pop("persons", None)
    if chosen is not None and chosen.movement:
        header["movement_code"] = chosen.movement
    if chosen is not None and chosen.others and type_code == CANCELLATION:
        content["persons"] = [line["case_code"] for line in given["persons"]]
    return {**given, "header": header, "content": content}


@dataclass(frozen=True)
class _Around:
    """What stands around a message that is written."""

    uow: UnitOfWork
    node: Node
    link: LinkId
    cases: tuple[CaseCode, ...]

    @cached_property
    def rows(self) -> list[MessageRow]:
        """Return what counts and is about every person, the newest first."""
        return [row for row in self._of_first if not set(self.cases) - self._persons(row)]

    @cached_property
    def _of_first(self) -> list[MessageRow]:
        found = self.uow.cases.messages(self.link, self.cases[0])
        return [row for row in reversed(found) if row.state in COUNTS]

    @cached_property
    def cancelled(self) -> dict[str, set[CaseCode]]:
        """Return for each message that is cancelled the persons for whom it is."""
        found: dict[str, set[CaseCode]] = {}
        for case in self.cases:
            for row in self.uow.cases.messages(self.link, case):
                document = document_of(self.uow, row) if row.type == CANCELLATION else None
                if document is not None and row.state in COUNTS:
                    found.setdefault(text_at(content_of(document), "target"), set()).add(case)
        return found

    @cached_property
    def partner(self) -> AgencyCode:
        link = self.uow.links.get(self.link)
        return link.partner if link else AgencyCode("")

    def standing(self) -> Iterator[MessageRow]:
        """Yield the messages that are not cancelled for anybody of these persons."""
        return (row for row in self.rows if row.id not in self.cancelled)

    def own(self) -> Iterator[MessageRow]:
        return (row for row in self.standing() if row.direction is Direction.OUT)

    def of_types(self, *types: str) -> Iterator[MessageRow]:
        return (row for row in self.rows if row.type in types)

    def message(self, row: MessageRow, *, movement: str = "") -> Nameable:
        others = len(self._persons(row) - set(self.cases))
        is_own = row.direction is Direction.OUT
        return Nameable(
            row.id,
            "message",
            row.type,
            row.created_at,
            self.partner,
            is_own,
            movement=movement,
            others=others,
            seq=row.seq,
        )

    def movements(self) -> Iterator[MovementRow]:
        """Yield the movements on whose list everybody is, the newest first."""
        for code in reversed(self.uow.movements.of_case(self.link, self.cases[0])):
            row = self.uow.movements.get(self.link, code)
            if row is not None:
                yield row

    def proposal_of(self, row: MessageRow) -> MovementCode | None:
        return self.uow.movements.of_message(self.link, row.direction, row.seq)

    def open_holds(self) -> set[str]:
        """Return the holds that our side set and that no person of these is without."""
        found: list[set[str]] = []
        for code in self.cases:
            case = self.uow.cases.get(self.link, code)
            ours = "host" if case and case.host == self.node.agency else "origin"
            holds = shown_case(self.node, case).holds if case else ()
            found.append({hold.ref for hold in holds if hold.side == ours})
        return set.intersection(*found)

    def _persons(self, row: MessageRow) -> set[CaseCode]:
        return set(self.uow.cases.of_message(self.link, row.direction, row.seq))


def _cancelled_by_us(around: _Around) -> Iterator[Nameable]:
    """Own messages that are not cancelled for all of these persons, and movements that go on (2, 3)."""
    found = [*_open_movements(around)]
    for row in around.rows:
        gone = around.cancelled.get(row.id, set())
        is_ours = row.direction is Direction.OUT and row.type not in _NEVER_CANCELLED
        if is_ours and set(around.cases) - gone:
            found.append(around.message(row))
    return iter(found)


def _open_movements(around: _Around) -> Iterator[Nameable]:
    for row in around.movements():
        handover, wanted = handover_of(around.uow, around.node, row), set(around.cases)
        if handover.state in around.node.tables.final or wanted - set(handover.listed):
            continue
        terms = dict(handover.terms)
        others = len(set(handover.listed) - wanted)
        yield replace(_movement(row, terms, around.partner), movement=row.code, others=others)


def _movement(row: MovementRow, terms: Mapping[str, JsonValue], partner: AgencyCode) -> Nameable:
    window = text_at(dict(terms), "window_from")
    return Nameable(
        row.code,
        "movement",
        at=datetime.fromisoformat(window) if window else row.opened_at,
        partner=partner,
        checkpoint=text_at(dict(terms), "checkpoint"),
    )


def _amended_by_us(around: _Around) -> Iterator[Nameable]:
    """Own messages that may be changed; of a movement the proposal, whoever wrote it."""
    for row in around.standing():
        if row.type == PROPOSAL:
            yield around.message(row, movement=around.proposal_of(row) or "")
        elif row.direction is Direction.OUT and row.type not in NEVER_AMENDED:
            yield around.message(row)


def _without_answer(around: _Around) -> Iterator[Nameable]:
    answered = {row.in_reply_to for row in around.rows if row.direction is Direction.IN}
    known = message_types()
    for row in around.own():
        if row.id not in answered and row.type in known and known[row.type].replies:
            yield around.message(row)


def _own_holds(around: _Around) -> Iterator[Nameable]:
    holds = around.open_holds()
    return (around.message(row) for row in around.rows if row.id in holds)


def _asked_about(around: _Around) -> Iterator[Nameable]:
    """The case itself, and every message of it."""
    if len(around.cases) == 1:
        yield Nameable(around.cases[0], "case")
    yield from map(around.message, around.standing())


def _ends_of_a_case(around: _Around) -> Iterator[Nameable]:
    return map(around.message, around.of_types(*_ENDED_BY))


def _results(around: _Around) -> Iterator[Nameable]:
    return map(around.message, around.of_types("VRS"))


def _own_decisions(around: _Around) -> Iterator[Nameable]:
    return (around.message(row) for row in around.own() if row.type == "RPD")


def _records(around: _Around) -> Iterator[Nameable]:
    """Records with lines; one that only signs another is none."""
    for row in around.of_types(RECORD):
        if persons_of(document_of(around.uow, row) or {}):
            yield around.message(row)


def _records_to_add_to(around: _Around) -> Iterator[Nameable]:
    """Records with lines, with the movement and the exact content that a supplement names."""
    for row in around.of_types(RECORD):
        if persons_of(document_of(around.uow, row) or {}):
            movement = around.proposal_of(row) or ""
            yield replace(around.message(row, movement=movement), commitment=row.commitment)


def _corrections(around: _Around) -> Iterator[Nameable]:
    """The newest messages of the link, then the newest entries of both ledgers."""
    rows = around.uow.messages.list(link=around.link, limit=_NEWEST * 2)
    counting = (row for row in rows if row.state in COUNTS and row.type not in _OF_THE_LEDGERS)
    for row in islice(counting, _NEWEST):
        yield replace(around.message(row), others=0)
    for log in (around.node.agency, around.partner):
        yield from entries_of(around.uow, around.node, around.link, log)


def entries_of(uow: UnitOfWork, node: Node, link: LinkId, log: AgencyCode) -> Iterator[Nameable]:
    """Yield the newest entries of one ledger of a link."""
    size = uow.logs.position(link, log).size
    for raw in reversed(uow.logs.leaves(link, log, max(size - _NEWEST, 0), size)):
        leaf = decode_leaf(raw)
        yield Nameable(
            _entry_number(log, leaf.i),
            "entry",
            leaf.ev,
            datetime.fromisoformat(leaf.t),
            log,
            log == node.agency,
            index=leaf.i,
        )


_RULES: Mapping[tuple[str, str], Callable[[_Around], Iterator[Nameable]]] = MappingProxyType(
    {
        ("CAN", "target"): _cancelled_by_us,
        ("AMD", "target"): _amended_by_us,
        ("RMD", "target"): _without_answer,
        ("RSM", "hold"): _own_holds,
        ("INQ", "target"): _asked_about,
        ("ROP", "earlier_closure"): _ends_of_a_case,
        ("VRQ", "reexamination_of"): _results,
        ("RPD", "revises"): _own_decisions,
        ("RPN", "record"): _records,
        ("RCV", "record"): _records,
        ("HRC", "supplements"): _records_to_add_to,
        ("DRS", "correction"): _corrections,
    }
)
"""By type and member."""
