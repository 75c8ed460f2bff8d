# SPDX-License-Identifier: Apache-2.0
"""Applies messages to cases in the order of the keeper, inside the unit that logs them.

Each case keeps a chronicle (`cases.chronicle`): a settled base and the messages whose place or verdict may
still change. The state of a case is a function of it; nothing else sets a state (rule 18).

    author    our own message took its number: it must fit what our officers see
    receive   a message of the partner gets our verdict: it must fit at its place in the keeper's order
    settle    the partner's verdict on our message is known; a rejected message loses its effect

A message of several persons fits all of its cases or none: the caller runs it in a savepoint.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from exchange.cases import chronicle as chronicles
from exchange.cases.chronicle import Rules, View, case_rules
from exchange.cases.consent import Consent
from exchange.cases.effects import Message, case_event
from exchange.cases.keeper import Known, Place
from exchange.cases.lifecycle import apply
from exchange.cases.snapshot import CaseEvent, CaseSnapshot, Fields, Side, Value
from exchange.cases.stored import CaseChronicle, case_bytes, case_chronicle
from exchange.errors import RejectedError
from exchange.ids import AgencyCode, CaseCode, parse_case_code
from exchange.messages.catalog import message_types
from exchange.messages.document import content_of, header_of, objects_at, persons_of, text_at
from exchange.protocol.parts import Document, join_parts
from exchange.protocol.strictjson import JsonValue
from exchange.service import questions
from exchange.service.evidence import keep_difference
from exchange.service.node import Node
from exchange.service.pairing import Pairing
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CaseEventRow, CaseRow, Direction, MessageRow


def cases_of(document: Document) -> tuple[CaseCode, ...]:
    """Return the cases a message names in its header, in the order of their parts."""
    codes = header_of(document).get("case_codes")
    return tuple(parse_case_code(str(code)) for code in codes) if isinstance(codes, list) else ()


def author(
    uow: UnitOfWork,
    node: Node,
    pairing: Pairing,
    row: MessageRow,
    document: Document,
    *,
    rebuilding: bool = False,
) -> None:
    """Enter our own message, with the place of its `sent` leaf `row.leaf_index`.

    While a store is rebuilt from the logs nothing is judged again: what was numbered was allowed then.

    Raises:
        RejectedError: state_conflict; the message does not fit the case as it stands here.
    """
    for code in cases_of(document):
        case = _case(uow, node, pairing, code, document, author=node.agency)
        event = event_for(case, row, document, author=node.agency)
        held, before = case_chronicle(case.snapshot), _view(node, case)
        if not rebuilding:
            apply(node.lifecycle, before.shown, event)
        entry = Known(event, sent=(pairing.link.own_epoch, row.leaf_index))
        after = _save(uow, node, pairing, case, chronicles.write(held, entry))
        provisional = after.provisional > before.provisional
        _note_event(uow, node, case, row, before.shown.state, after.shown.state, provisional=provisional)
    questions.author(uow, row, cases_of(document), urgency=text_at(header_of(document), "urgency"))


def receive(
    uow: UnitOfWork,
    node: Node,
    pairing: Pairing,
    row: MessageRow,
    document: Document,
    *,
    verdict: int,
    rebuilding: bool = False,
) -> None:
    """Enter a message of the partner that we accept with our leaf `verdict`, at its place.

    Raises:
        RejectedError: state_conflict for one of its cases.
    """
    announced = uow.messages.announced(row.link, row.seq)
    if announced is None:
        raise RejectedError("state_conflict", f"number {row.seq} has no place in the partner's log")
    for code in cases_of(document):
        case = _case(uow, node, pairing, code, document, author=pairing.partner)
        event = event_for(case, row, document, author=pairing.partner)
        held, before = case_chronicle(case.snapshot), _view(node, case)
        candidate = Known(event, sent=(pairing.link.partner_epoch, announced.leaf_index))
        if not rebuilding:
            chronicles.judge(_rules(node), held, _side(case, node.agency), candidate)
        entry = replace(candidate, verdict=(pairing.link.own_epoch, verdict), accepted=True)
        after = _save(uow, node, pairing, case, chronicles.write(held, entry))
        _note_event(uow, node, case, row, before.shown.state, after.shown.state, provisional=False)
    questions.receive(uow, row, cases_of(document), urgency=text_at(header_of(document), "urgency"))


def settle(
    uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow, *, verdict: int, accepted: bool
) -> None:
    """Enter the partner's final verdict on our message, with the index of its leaf."""
    questions.settle(uow, row, accepted=accepted)
    sent = (pairing.link.own_epoch, row.leaf_index)
    place = (pairing.link.partner_epoch, verdict)
    for code in uow.cases.of_message(row.link, Direction.OUT, row.seq):
        case = uow.cases.get(row.link, code)
        if case is None:
            continue
        before = _view(node, case)
        held = case_chronicle(case.snapshot)
        judged = chronicles.settle(
            held, side=_side(case, node.agency), sent=sent, verdict=place, accepted=accepted
        )
        after = _save(uow, node, pairing, case, judged)
        if after.effective.state != before.effective.state and accepted:
            _note_event(
                uow, node, case, row, before.effective.state, after.effective.state, provisional=False
            )


def shown_state(node: Node, case: CaseRow) -> tuple[str, int]:
    """Return the state as our officers see it, and how many own messages in it wait for the keeper."""
    view = _view(node, case)
    return view.shown.state, view.provisional


def document_of(uow: UnitOfWork, row: MessageRow) -> Document | None:
    """Return the content of a message as it is kept, or None after erasure."""
    parts = uow.contents.parts(row.link, row.direction, row.seq)
    return join_parts([part.raw for part in parts]) if len(parts) >= 2 else None


def event_for(case: CaseRow, row: MessageRow, document: Document, *, author: AgencyCode) -> CaseEvent:
    """Return what a message means for one case.

    The day is that of the signed `created`, so that both sides compute the same.
    """
    header, content = header_of(document), content_of(document)
    lines = {text_at(person, "case_code"): person for person in persons_of(document)}
    type_code = text_at(header, "type")
    fields = dict(_fields(content))
    fields |= {"revises": bool(content.get("revises")), "late": type_code == "RPN" and "record" in content}
    message = Message(
        type=type_code,
        side=_side(case, author),
        on=row.created_at.date(),
        ref=row.id,
        cases=tuple(lines),
        movement=text_at(header, "movement_code"),
        fields=fields,
        lines={code: _fields(line) for code, line in lines.items()},
        consents={code: _consents(line) for code, line in lines.items()},
    )
    return case_event(message, case.code, None)


def _fields(members: Mapping[str, JsonValue]) -> Fields:
    found: dict[str, Value] = {}
    for name, value in members.items():
        if isinstance(value, str | bool | int):
            found[name] = value
        elif isinstance(value, list) and all(isinstance(item, str) for item in value):
            found[name] = tuple(str(item) for item in value)
    return found


def _consents(line: dict[str, JsonValue]) -> tuple[Consent, ...]:
    return tuple(
        Consent(
            scope=text_at(fact, "scope"),
            state=text_at(fact, "state"),
            giver=text_at(fact, "giver"),
            given_on=date.fromisoformat(text_at(fact, "on")),
            valid_until=date.fromisoformat(text_at(fact, "valid_until")) if "valid_until" in fact else None,
        )
        for fact in objects_at(line, "consents")
        if text_at(fact, "on")
    )


def _rules(node: Node) -> Rules[CaseSnapshot, CaseEvent]:
    return case_rules(node.lifecycle)


def _side(case: CaseRow, agency: AgencyCode) -> Side:
    return "host" if agency == case.host else "origin"


def _view(node: Node, case: CaseRow) -> View[CaseSnapshot, CaseEvent]:
    return chronicles.view(_rules(node), case_chronicle(case.snapshot), _side(case, node.agency))


def _case(
    uow: UnitOfWork, node: Node, pairing: Pairing, code: CaseCode, document: Document, *, author: AgencyCode
) -> CaseRow:
    known = uow.cases.get(pairing.link.link, code)
    if known:
        return known
    other = node.agency if author != node.agency else pairing.partner
    entry = message_types()[text_at(header_of(document), "type")]
    host, origin = (author, other) if entry.sent_by != "origin" else (other, author)
    now = node.clock.now()
    row = CaseRow(
        code=code,
        link=pairing.link.link,
        host=host,
        origin=origin,
        state=node.lifecycle.initial().state,
        snapshot=case_bytes(chronicles.new_chronicle(_rules(node))),
        provisional=0,
        opened_at=now,
        changed_at=now,
    )
    uow.cases.add(row)
    return row


def _save(
    uow: UnitOfWork, node: Node, pairing: Pairing, case: CaseRow, changed: CaseChronicle
) -> View[CaseSnapshot, CaseEvent]:
    """Keep a chronicle, shortened as far as nothing can move any more, and return what it says now."""
    rules, own = _rules(node), _side(case, node.agency)
    view = chronicles.view(rules, changed, own)
    for entry in view.ineffective:
        keep_difference(
            uow,
            node,
            case.link,
            "state_mismatch",
            subject=str(entry.sent[1]),
            evidence=entry.event.ref.encode(),
            reason="state_conflict",
        )
    short = chronicles.fold(rules, changed, own, open_at=_open_at(uow, pairing))
    uow.cases.update(
        replace(
            case,
            state=view.effective.state,
            snapshot=case_bytes(short),
            provisional=view.provisional,
            changed_at=node.clock.now(),
        )
    )
    return view


def _open_at(uow: UnitOfWork, pairing: Pairing) -> Place | None:
    """Return the first `sent` leaf in our copy that has no final verdict of ours, or None."""
    link = uow.links.get(pairing.link.link) or pairing.link
    announced = uow.messages.announced(link.link, link.contiguous_in + 1)
    return (link.partner_epoch, announced.leaf_index) if announced else None


def _note_event(
    uow: UnitOfWork, node: Node, case: CaseRow, row: MessageRow, before: str, after: str, *, provisional: bool
) -> None:
    uow.cases.add_event(
        CaseEventRow(
            case=case.code,
            link=case.link,
            direction=row.direction,
            seq=row.seq,
            message=row.id,
            type=row.type,
            state_before=before,
            state_after=after,
            provisional=provisional,
            at=node.clock.now(),
        )
    )
