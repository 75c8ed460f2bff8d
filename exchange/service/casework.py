# SPDX-License-Identifier: Apache-2.0
"""Applies messages to cases in the order of the keeper, inside the unit that logs them.

Each case has a keeper (`cases.keeper`): the host side until the joint record is complete, then the
origin side. Effects take the order of the keeper's own log.

    who wrote it   keeper is us                      keeper is the partner
    we             at our `sent` leaf                provisional until its verdict leaf is in our copy
    the partner    at our verdict leaf               at its `sent` leaf in our copy

1. `author` applies our own message, or marks it provisional.
2. `receive` applies a message of the partner at our verdict; a misfit is `state_conflict`.
3. `advance` walks our copy of the partner's log and applies the verdicts on our own messages. It stops
   at the first `sent` leaf whose line is not here yet, because that line may concern the same case.

A keeper that accepts what does not fit is a fault of the partner: the verdict stands in its log, so the
difference `state_mismatch` is kept and the case stays as it is (rule 18: no other path sets a state).
"""

from collections.abc import Mapping
from dataclasses import replace

from exchange.cases.lifecycle import CaseEvent, CaseSnapshot, Step, apply
from exchange.cases.snapshot import Side
from exchange.errors import RejectedError
from exchange.ids import AgencyCode, CaseCode, parse_case_code
from exchange.ledger.entries import Event, Leaf, decode_leaf
from exchange.messages.catalog import message_types
from exchange.protocol.parts import Document, join_parts
from exchange.protocol.strictjson import JsonValue
from exchange.service import tail
from exchange.service.node import Node
from exchange.service.pairing import Pairing
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CaseEventRow, CaseRow, DifferenceRow, Direction, MessageRow, MessageState

PAGE = 500
"""Leaves read at a time while the copy is walked."""
WAITING = (MessageState.HELD,)


def cases_of(document: Document) -> tuple[CaseCode, ...]:
    """Return the cases a message names in its header, in the order of their parts."""
    header = _object(document["header"])
    codes = header.get("case_codes") or []
    return tuple(parse_case_code(str(code)) for code in codes) if isinstance(codes, list) else ()


def author(uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow, document: Document) -> bool:
    """Apply our own message; return True if nothing of it waits for the keeper.

    Raises:
        RejectedError: state_conflict; the message does not fit the case as it stands here.
    """
    effective = True
    for code in cases_of(document):
        case = _case(uow, node, pairing, code, document, author=node.agency)
        event = _event(case, row, node.agency, document)
        if _keeper(case) == node.agency:
            _settle(uow, node, case, row, apply(node.lifecycle, _snapshot(case), event))
        else:
            step = apply(node.lifecycle, _view(uow, node, case, before=row.seq), event)
            _note_provisional(uow, node, case, row, step)
            effective = False
    return effective


def receive(uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow, document: Document) -> None:
    """Apply a message of the partner at our verdict.

    Raises:
        RejectedError: state_conflict for one of its cases; nothing of the message is applied.
    """
    for code in cases_of(document):
        case = _case(uow, node, pairing, code, document, author=pairing.partner)
        event = _event(case, row, pairing.partner, document)
        _settle(uow, node, case, row, apply(node.lifecycle, _snapshot(case), event))


def advance(uow: UnitOfWork, node: Node, pairing: Pairing, *, before: int | None = None) -> None:
    """Apply verdicts of the partner on our messages, in the order of its log, up to leaf `before`."""
    link = uow.links.get(pairing.link.link) or pairing.link
    size = uow.logs.position(link.link, pairing.partner).size
    end = size if before is None else min(before, size)
    index = link.effects_index
    while index < end:
        page = uow.logs.leaves(link.link, pairing.partner, index, min(index + PAGE, end))
        reached = _walk(uow, node, pairing, page)
        index += reached
        if reached < len(page):
            break
    if index > link.effects_index:
        uow.links.update(replace(uow.links.get(link.link) or link, effects_index=index))


def _walk(uow: UnitOfWork, node: Node, pairing: Pairing, page: list[bytes]) -> int:
    """Apply leaves in order; return how many are done."""
    for done, raw in enumerate(page):
        leaf = decode_leaf(raw)
        if leaf.ev == Event.SENT and _is_missing(uow, pairing, leaf):
            return done
        if leaf.ev in (Event.RCVD, Event.ACCP, Event.REJC):
            _apply_verdict(uow, node, pairing, leaf)
    return len(page)


def _is_missing(uow: UnitOfWork, pairing: Pairing, leaf: Leaf) -> bool:
    """Return True if the line of a `sent` leaf has no verdict yet; a faulty leaf announces no line."""
    link, seq = pairing.link.link, leaf.fields.get("seq")
    row = uow.messages.by_seq(link, Direction.IN, seq) if isinstance(seq, int) else None
    if row is not None:
        return row.state in WAITING
    announced = uow.messages.announced(link, seq) if isinstance(seq, int) else None
    return announced is not None and announced.leaf_index == leaf.i


def _apply_verdict(uow: UnitOfWork, node: Node, pairing: Pairing, leaf: Leaf) -> None:
    seq = leaf.fields.get("seq")
    row = uow.messages.by_seq(pairing.link.link, Direction.OUT, seq) if isinstance(seq, int) else None
    if row is None or row.effective or not tail.is_the_verdict(uow, row, leaf):
        return
    document = document_of(uow, row)
    accepted = leaf.ev == Event.ACCP or leaf.fields.get("k") == "accepted"
    for code in uow.cases.of_message(row.link, Direction.OUT, row.seq):
        case = uow.cases.get(row.link, code)
        if case and not _is_settled(uow, case, row):
            case = replace(case, provisional=max(0, case.provisional - 1))
            if accepted and document is not None:
                _apply_late(uow, node, case, row, document)
            else:
                uow.cases.update(replace(case, changed_at=node.clock.now()))
    uow.messages.update(replace(uow.messages.by_seq(row.link, Direction.OUT, row.seq) or row, effective=True))


def _apply_late(uow: UnitOfWork, node: Node, case: CaseRow, row: MessageRow, document: Document) -> None:
    try:
        step = apply(node.lifecycle, _snapshot(case), _event(case, row, node.agency, document))
    except RejectedError:
        evidence = f"{row.seq}".encode()
        uow.audit.keep(
            DifferenceRow(
                row.link, "state_mismatch", str(row.seq), "state_conflict", evidence, node.clock.now()
            )
        )
        uow.cases.update(case)
        return
    _settle(uow, node, case, row, step)


def document_of(uow: UnitOfWork, row: MessageRow) -> Document | None:
    """Return the content of a message as it is kept, or None after erasure."""
    parts = uow.contents.parts(row.link, row.direction, row.seq)
    return join_parts([part.raw for part in parts]) if len(parts) >= 2 else None


def _case(
    uow: UnitOfWork, node: Node, pairing: Pairing, code: CaseCode, document: Document, *, author: AgencyCode
) -> CaseRow:
    known = uow.cases.get(pairing.link.link, code)
    if known:
        return known
    other = node.agency if author != node.agency else pairing.partner
    entry = message_types()[str(_object(document["header"])["type"])]
    host, origin = (author, other) if entry.sent_by != "origin" else (other, author)
    now = node.clock.now()
    snapshot = node.lifecycle.initial()
    row = CaseRow(
        code=code,
        link=pairing.link.link,
        host=host,
        origin=origin,
        state=snapshot.state,
        snapshot=snapshot.to_bytes(),
        provisional=0,
        opened_at=now,
        changed_at=now,
    )
    uow.cases.add(row)
    return row


def _event(case: CaseRow, row: MessageRow, author: AgencyCode, document: Document) -> CaseEvent:
    """Return what a message means for one case: the fields that select a row of the lifecycle.

    The day is that of the signed `created`, so that both sides compute the same.
    """
    header, content = _object(document["header"]), _object(document["content"])
    fields: dict[str, str | bool | int] = _scalars(content) | _scalars(_line(document, case.code))
    type_code = str(header["type"])
    fields["revises"] = bool(content.get("revises"))
    fields["late"] = type_code == "RPN" and bool(content.get("record"))
    side: Side = "host" if author == case.host else "origin"
    return CaseEvent(type=type_code, side=side, fields=fields, on=row.created_at.date())


def _line(document: Document, code: CaseCode) -> Mapping[str, JsonValue]:
    persons = document.get("persons") or []
    if isinstance(persons, list):
        for person in persons:
            if isinstance(person, dict) and person.get("case_code") == code:
                return person
    return {}


def _scalars(members: Mapping[str, JsonValue]) -> dict[str, str | bool | int]:
    return {name: value for name, value in members.items() if isinstance(value, str | bool | int)}


def _keeper(case: CaseRow) -> AgencyCode:
    return case.host if _snapshot(case).keeper == "host" else case.origin


def _snapshot(case: CaseRow) -> CaseSnapshot:
    return CaseSnapshot.from_bytes(case.snapshot)


def _view(uow: UnitOfWork, node: Node, case: CaseRow, *, before: int) -> CaseSnapshot:
    """Return the snapshot as our officers see it: with our own provisional messages below a number."""
    snapshot = _snapshot(case)
    for row in uow.messages.ineffective(case.link):
        if row.seq >= before:
            break
        document = document_of(uow, row)
        if document and case.code in cases_of(document) and not _is_settled(uow, case, row):
            snapshot = apply(node.lifecycle, snapshot, _event(case, row, node.agency, document)).snapshot
    return snapshot


def _is_settled(uow: UnitOfWork, case: CaseRow, row: MessageRow) -> bool:
    events = uow.cases.events(case.link, case.code)
    return any(event.message == row.id and not event.provisional for event in events)


def _settle(uow: UnitOfWork, node: Node, case: CaseRow, row: MessageRow, step: Step) -> None:
    now = node.clock.now()
    uow.cases.update(
        replace(case, state=step.snapshot.state, snapshot=step.snapshot.to_bytes(), changed_at=now)
    )
    uow.cases.add_event(_event_row(case, row, step, provisional=False, node=node))


def _note_provisional(uow: UnitOfWork, node: Node, case: CaseRow, row: MessageRow, step: Step) -> None:
    uow.cases.update(replace(case, provisional=case.provisional + 1, changed_at=node.clock.now()))
    uow.cases.add_event(_event_row(case, row, step, provisional=True, node=node))


def _event_row(case: CaseRow, row: MessageRow, step: Step, *, provisional: bool, node: Node) -> CaseEventRow:
    return CaseEventRow(
        case=case.code,
        link=case.link,
        direction=row.direction,
        seq=row.seq,
        message=row.id,
        type=row.type,
        state_before=step.before,
        state_after=step.after,
        provisional=provisional,
        at=node.clock.now(),
    )


def _object(value: JsonValue) -> dict[str, JsonValue]:
    return value if isinstance(value, dict) else {}
