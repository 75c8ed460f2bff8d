# SPDX-License-Identifier: Apache-2.0
"""Withdrawals that have to be passed on: one partner was told, and another has data of the person, too.

1. A withdrawal (CWD) that was sent or accepted here is noted in the unit that enters it.
2. The upkeep then looks for other cases of the same person (`recipients`) whose partner got data from us,
   and notes each as open. Notes hold numbers of messages only: a case code stands nowhere in clear.
3. It stays in `exchange due` until our officers send a CWD with these scopes in that case, or the case is
   erased. The machine never sends one: the person decides for each partner, and an officer asks first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from exchange.ids import AgencyCode, CaseCode, LinkId, MessageId
from exchange.messages.document import content_of, header_of, text_at
from exchange.protocol.parts import Document
from exchange.protocol.strictjson import JsonValue, Limits, encode, parse
from exchange.service.meaning import cases_of, document_of
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.recipients import cases_of_person, given_in
from exchange.service.rows import Direction, MessageRow
from exchange.service.subjects import case_subject

WITHDRAWAL: Final = "CWD"
MAX_NOTES: Final = 10_000
"""Notes of one kind; more open withdrawals than any office can pass on."""
_NEW, _OPEN = "withdrawals-new:", "withdrawals-open"
_LIMITS = Limits(max_bytes=4 * 2**20, max_depth=3, max_members=8, max_items=MAX_NOTES, max_name=16)


@dataclass(frozen=True)
class PassOn:
    """One withdrawal that another partner has not been told."""

    partner: AgencyCode
    link: LinkId
    case: CaseCode
    """The person's case with that partner."""
    scopes: tuple[str, ...]
    withdrawn_at: str
    message: MessageId
    """The withdrawal that is known here."""
    told: AgencyCode
    """The partner with which it was exchanged."""


@dataclass(frozen=True)
class _Note:
    """A withdrawal, and a message of ours whose case number `place` is of the same person."""

    link: LinkId
    direction: Direction
    seq: int
    other: LinkId
    other_seq: int
    place: int


def note_withdrawal(uow: UnitOfWork, row: MessageRow) -> None:
    """Remember a withdrawal that was entered, so that the upkeep looks for other partners (step 1)."""
    if row.type != WITHDRAWAL:
        return
    notes = _read(uow, _NEW + row.link)
    uow.settings.put(_NEW + row.link, _text([*notes, [row.direction.value, row.seq]]))


async def look_for_others(node: Node, link: LinkId) -> int:
    """Note other partners that have data of persons who withdrew a consent; return how many (step 2)."""
    fresh = await node.store.read(lambda uow: _read(uow, _NEW + link))
    if not fresh:
        return 0
    found: list[_Note] = []
    for note in fresh:
        if isinstance(note, list):
            found += await _others(node, link, Direction(str(note[0])), int(str(note[1])))

    def unit(uow: UnitOfWork) -> None:
        added = [list(vars(note).values()) for note in found]
        known = _read(uow, _OPEN)
        uow.settings.put(_OPEN, _text([*known, *(note for note in added if note not in known)]))
        left = [note for note in _read(uow, _NEW + link) if note not in fresh]
        uow.settings.put(_NEW + link, _text(left))

    await node.store.write(unit)
    return len(found)


async def _others(node: Node, link: LinkId, direction: Direction, seq: int) -> list[_Note]:
    def case_named(uow: UnitOfWork) -> tuple[CaseCode, ...]:
        document = _document(uow, link, direction, seq)
        return cases_of(document) if document else ()

    notes: list[_Note] = []
    for code in await node.store.read(case_named):
        cases, _ = await cases_of_person(node, link, code)
        others = [place for place in cases if place != (link, code)]

        def noted(uow: UnitOfWork, others: list[tuple[LinkId, CaseCode]] = others) -> list[_Note]:
            return [
                _Note(link, direction, seq, other, *place)
                for other, case in others
                if (place := _place_of(uow, other, case)) is not None
            ]

        notes += await node.store.read(noted)
    return notes


def _place_of(uow: UnitOfWork, link: LinkId, case: CaseCode) -> tuple[int, int] | None:
    """Return a message of ours about a case, and the place of the case in it; None if nothing was sent."""
    for given in given_in(uow, link, case):
        document = _document(uow, link, Direction.OUT, given.seq)
        codes = cases_of(document) if document else ()
        if case in codes:
            return given.seq, codes.index(case)
    return None


def to_pass_on(uow: UnitOfWork, node: Node) -> list[PassOn]:
    """Return the withdrawals that other partners of the same persons have not been told (step 3)."""
    return [task for note in _notes(uow) if (task := _task(uow, node, note)) is not None]


def _task(uow: UnitOfWork, node: Node, note: _Note) -> PassOn | None:
    withdrawal = _document(uow, note.link, note.direction, note.seq)
    sent = _document(uow, note.other, Direction.OUT, note.other_seq)
    codes = cases_of(sent) if sent else ()
    row = uow.cases.get(note.other, codes[note.place]) if note.place < len(codes) else None
    here, there = uow.links.get(note.link), uow.links.get(note.other)
    if withdrawal is None or row is None or here is None or there is None:
        return None
    known = case_subject(node.tables, row, node.agency).view().shown.consents
    scopes = tuple(scope for scope in _scopes(withdrawal) if known.withdrawn_on(scope) is None)
    if not scopes:
        return None
    return PassOn(
        partner=there.partner,
        link=note.other,
        case=row.code,
        scopes=scopes,
        withdrawn_at=text_at(content_of(withdrawal), "withdrawn_at"),
        message=MessageId(text_at(header_of(withdrawal), "message_id")),
        told=here.partner,
    )


def _scopes(document: Document) -> tuple[str, ...]:
    scopes = content_of(document).get("scope")
    return tuple(str(scope) for scope in scopes) if isinstance(scopes, list) else ()


def _document(uow: UnitOfWork, link: LinkId, direction: Direction, seq: int) -> Document | None:
    row = uow.messages.by_seq(link, direction, seq)
    return document_of(uow, row) if row else None


def _notes(uow: UnitOfWork) -> Iterator[_Note]:
    for note in _read(uow, _OPEN):
        if isinstance(note, list) and len(note) == 6:
            link, direction, seq, other, other_seq, place = map(str, note)
            yield _Note(
                LinkId(link), Direction(direction), int(seq), LinkId(other), int(other_seq), int(place)
            )


def _read(uow: UnitOfWork, name: str) -> list[JsonValue]:
    text = uow.settings.get(name)
    value = parse(text.encode("ascii"), _LIMITS) if text else []
    return value if isinstance(value, list) else []


def _text(notes: list[JsonValue]) -> str:
    return encode(notes[-MAX_NOTES:]).decode("ascii")
