# SPDX-License-Identifier: Apache-2.0
"""What a stored message holds and names, and what it means to the tables: a `cases.effects.Message`.

    document_of, message_by_id, named_by    a message of the store: its content, its row, what it names
    cases_of, movement_of, subjects_of      what a document names in its header
    message_for, target_of                  what a document says in the words of the tables

Both nodes read the same document and the same earlier messages, so they read the same. Beside the members
that select a row by themselves (`outcome`, `result`, `response`, …) these are derived:

    RPN        late: it belongs to a record in which the person was added
    RPD        revises: it changes an earlier decision
    HDP, AMD   taken_off, added: case codes; the final list is without those who are taken off
    HRC        signature, countersigns, supplementary; a countersignature has the lines of its record
    CAN        target: `notice`, `movement`, `message`, or `unknown` while the target has not arrived; own
    HLD, RSM   a hold is named by the number of the message that set it

Long texts and groups select nothing and are left out: the store of a case holds codes, not accounts.
"""

from collections.abc import Mapping
from datetime import date
from typing import cast

from exchange.cases.consent import Consent
from exchange.cases.effects import Message
from exchange.cases.snapshot import Side, Value
from exchange.ids import (
    CaseCode,
    LinkId,
    MessageId,
    MovementCode,
    parse_case_code,
    parse_movement_code,
)
from exchange.messages.amending import persons_moved
from exchange.messages.document import content_of, header_of, object_at, objects_at, persons_of, text_at
from exchange.protocol.parts import Document, kept_document, kept_header
from exchange.protocol.strictjson import JsonValue
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageRow

MAX_CODE = 80
"""Characters of the longest value that can select a row; what is longer is text."""
HEADER = 0
"""Part of a message that names its cases and its movement."""
UNKNOWN, NOTICE, MOVEMENT, OTHER = "unknown", "notice", "movement", "message"
"""What a cancellation cancels."""
TARGET_ID = "target_message"
Members = Mapping[str, JsonValue]
_TEXTS = frozenset({str})


def cases_of(document: Document) -> tuple[CaseCode, ...]:
    """Return the cases a message names in its header, in the order of their parts."""
    codes = header_of(document).get("case_codes")
    return tuple(parse_case_code(str(code)) for code in codes) if isinstance(codes, list) else ()


def movement_of(document: Document) -> MovementCode | None:
    """Return the movement a message names in its header."""
    code = text_at(header_of(document), "movement_code")
    return parse_movement_code(code) if code else None


def subjects_of(document: Document) -> frozenset[str]:
    """Return the codes of every case and movement a message names."""
    movement = movement_of(document)
    return frozenset((*cases_of(document), *([movement] if movement else [])))


def document_of(uow: UnitOfWork, row: MessageRow) -> Document | None:
    """Return the content of a message as it is kept, or None after erasure."""
    parts = uow.contents.parts(row.link, row.direction, row.seq)
    return kept_document([part.raw for part in parts]) if len(parts) >= 2 else None


def named_by(uow: UnitOfWork, row: MessageRow) -> frozenset[str]:
    """Return the cases and movements that a kept message names; they stand in its header."""
    parts = uow.contents.parts(row.link, row.direction, row.seq, end=HEADER + 1)
    return subjects_of(kept_header(parts[HEADER].raw)) if parts else frozenset()


def message_by_id(uow: UnitOfWork, link: LinkId, id: str) -> MessageRow | None:
    """Return a message of either direction by its number."""
    for direction in (Direction.OUT, Direction.IN):
        row = uow.messages.by_id(link, direction, MessageId(id))
        if row is not None:
            return row
    return None


def message_for(
    uow: UnitOfWork,
    row: MessageRow,
    document: Document,
    *,
    cases: tuple[CaseCode, ...],
    movement: MovementCode | None,
    side: Side,
    roles: Mapping[str, Side],
) -> Message:
    """Return what a message means that names these `cases` and this `movement`.

    `side` is the role of its author in the movement, or in the cases if all agree; `roles` where not. The
    day is that of the signed `created`, so that both sides compute the same.
    """
    named, persons = _persons(document), cases
    lines = {code: _fields(line) for code, line in named.items()}
    fields = _fields(content_of(document))
    fields |= _derived(uow, row, document)
    if fields.get("signature") == "second":
        record = _record(uow, row, document)
        lines |= {code: {"outcome": text_at(line, "outcome")} for code, line in _persons(record).items()}
        persons = tuple(dict.fromkeys((*(CaseCode(code) for code in lines), *persons)))
    off = fields.get("taken_off", ()) if row.type == "HDP" else ()
    return Message(
        type=row.type,
        side=side,
        on=row.created_at.date(),
        ref=row.id,
        cases=tuple(code for code in persons if code not in cast(tuple[str, ...], off)),
        movement=movement or "",
        fields=fields,
        lines=lines,
        consents={code: _consents(line) for code, line in named.items()},
        roles=roles,
    )


def target_of(row: MessageRow | None, author: Direction) -> dict[str, Value]:
    """Return what a cancellation by `author` cancels, as the tables say it."""
    if row is None or not row.type:
        return {"target": UNKNOWN}
    return {"target": NOTICE if row.type == "RPN" else OTHER, "own": row.direction is author}


def _derived(uow: UnitOfWork, row: MessageRow, document: Document) -> dict[str, Value]:
    content = content_of(document)
    match row.type:
        case "RPN":
            return {"late": "record" in content}
        case "RPD":
            return {"revises": bool(content.get("revises"))}
        case "HDP":
            return {"taken_off": tuple(text_at(one, "case_code") for one in objects_at(content, "taken_off"))}
        case "AMD":
            moved = persons_moved(document)
            return {"added": moved.added, "taken_off": moved.taken_off}
        case "HRC":
            return _signature(uow, row, document)
        case "CAN":
            return _cancelled(uow, row, document)
        case _:
            return {}


def _signature(uow: UnitOfWork, row: MessageRow, document: Document) -> dict[str, Value]:
    content = content_of(document)
    named = text_at(object_at(content, "countersigns"), "id")
    if not named:
        return {"signature": "first", "supplementary": bool(content.get("supplements"))}
    record = _record(uow, row, document)
    supplementary = bool(record and content_of(record).get("supplements"))
    agreed = content.get("agreed") is True
    return {"signature": "second", "countersigns": named, "agreed": agreed, "supplementary": supplementary}


def _record(uow: UnitOfWork, row: MessageRow, document: Document) -> Document | None:
    """Return the record that a countersignature names."""
    named = text_at(object_at(content_of(document), "countersigns"), "id")
    found = message_by_id(uow, row.link, named)
    return document_of(uow, found) if found else None


def _cancelled(uow: UnitOfWork, row: MessageRow, document: Document) -> dict[str, Value]:
    target = text_at(content_of(document), "target")
    if target == movement_of(document):
        return {"target": MOVEMENT}
    found = message_by_id(uow, row.link, target)
    return {TARGET_ID: target, **target_of(found, row.direction)}


def _persons(document: Document | None) -> dict[str, dict[str, JsonValue]]:
    return {text_at(line, "case_code"): line for line in persons_of(document or {})}


def _fields(members: Members) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, value in members.items():
        if isinstance(value, str):
            if len(value) <= MAX_CODE:
                found[name] = value
        elif isinstance(value, bool | int):
            found[name] = value
        elif isinstance(value, list) and _TEXTS.issuperset(map(type, value)):
            found[name] = tuple(map(str, value))
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
