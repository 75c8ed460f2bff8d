# SPDX-License-Identifier: Apache-2.0
"""Cases and movements of a link with their chronicles, as they are read, changed and kept.

Both are *subjects*: a row with a state that everybody may see, and a chronicle from which the state
follows. Nothing else sets a state (rule 18).
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Generic, TypeVar

from exchange.cases import chronicle as chronicles
from exchange.cases.chronicle import Chronicle, Judged, Kept, Rules, View, case_rules, movement_rules
from exchange.cases.keeper import E, Known, Place
from exchange.cases.movements import MovementEvent, MovementSnapshot
from exchange.cases.snapshot import CaseEvent, CaseSnapshot, Side
from exchange.cases.stored import case_bytes, case_chronicle, movement_bytes, movement_chronicle
from exchange.cases.tables import MovementTable
from exchange.ids import AgencyCode, CaseCode, MovementCode
from exchange.messages.catalog import message_types
from exchange.service.evidence import keep_difference
from exchange.service.node import Node
from exchange.service.pairing import Pairing
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CaseEventRow, CaseRow, MessageRow, MovementEventRow, MovementRow

S = TypeVar("S")
R = TypeVar("R", CaseRow, MovementRow)


@dataclass(frozen=True)
class Subject(Generic[R, S, E]):
    """One case or movement; `own` is the role of this node in it, `is_new` says that it is not kept yet."""

    row: R
    rules: Rules[S, E]
    chronicle: Chronicle[S, E]
    own: Side
    is_new: bool = False

    def side(self, agency: AgencyCode) -> Side:
        """Return the role of an agency of this link."""
        return "host" if agency == self.row.host else "origin"

    @property
    def is_quiet(self) -> bool:
        """Nothing in it can change its place any more, so every place to come is behind its base."""
        return not self.chronicle.entries

    def view(self) -> View[S, E]:
        return self._view

    @cached_property
    def _view(self) -> View[S, E]:
        return chronicles.view(self.rules, self.chronicle, self.own)

    def before(self, candidate: Known[E]) -> S:
        """Return the snapshot at the place a message of the partner would take."""
        return chronicles.before(self.rules, self.chronicle, self.own, candidate)

    def write(self, entry: Known[E]) -> "Subject[R, S, E]":
        return Subject(
            self.row, self.rules, chronicles.write(self.chronicle, entry), self.own, is_new=self.is_new
        )

    def change(self, change: Callable[[Known[E]], Known[E]]) -> "Subject[R, S, E]":
        """Return the subject with every open entry as `change` gives it."""
        entries = tuple(map(change, self.chronicle.entries))
        if all(map(operator.is_, entries, self.chronicle.entries)):
            return self
        return replace(self, chronicle=replace(self.chronicle, entries=entries))


CaseSubject = Subject[CaseRow, CaseSnapshot, CaseEvent]
MovementSubject = Subject[MovementRow, MovementSnapshot, MovementEvent]


def case_subject(tables: MovementTable, row: CaseRow, own: AgencyCode) -> CaseSubject:
    side: Side = "host" if own == row.host else "origin"
    return Subject(row, case_rules(tables.cases), case_chronicle(row.snapshot), side)


def movement_subject(tables: MovementTable, row: MovementRow, own: AgencyCode) -> MovementSubject:
    side: Side = "host" if own == row.host else "origin"
    return Subject(row, movement_rules(tables), movement_chronicle(row.snapshot), side)


def open_case(
    uow: UnitOfWork, node: Node, pairing: Pairing, code: CaseCode, *, type_code: str, author: AgencyCode
) -> CaseSubject:
    """Return a case; one that is new begins with this message, whose type says who is the host side."""
    row = uow.cases.get(pairing.link.link, code)
    if row is not None:
        return case_subject(node.tables, row, node.agency)
    other = node.agency if author != node.agency else pairing.partner
    of_origin = message_types()[type_code].sent_by == "origin"
    now = node.clock.now()
    row = CaseRow(
        code=code,
        link=pairing.link.link,
        host=other if of_origin else author,
        origin=author if of_origin else other,
        state=node.tables.cases.start,
        snapshot=b"",
        provisional=0,
        opened_at=now,
        changed_at=now,
    )
    rules = case_rules(node.tables.cases)
    side: Side = "host" if node.agency == row.host else "origin"
    return Subject(row, rules, chronicles.new_chronicle(rules), side, is_new=True)


def open_movement(
    uow: UnitOfWork, node: Node, code: MovementCode, *, like: CaseRow | MovementRow
) -> MovementSubject:
    """Return a movement; a new one has the sides of the cases it is for, and is not kept yet."""
    row = uow.movements.get(like.link, code)
    if row is None:
        now = node.clock.now()
        row = MovementRow(
            code=code,
            link=like.link,
            host=like.host,
            origin=like.origin,
            state=node.tables.start,
            snapshot=movement_bytes(chronicles.new_chronicle(movement_rules(node.tables))),
            provisional=0,
            opened_at=now,
            changed_at=now,
        )
        return replace(movement_subject(node.tables, row, node.agency), is_new=True)
    return movement_subject(node.tables, row, node.agency)


def keep_case(
    uow: UnitOfWork,
    node: Node,
    pairing: Pairing,
    case: CaseSubject,
    judged: Judged[CaseSnapshot, CaseEvent] | None = None,
) -> View[CaseSnapshot, CaseEvent]:
    """Keep a case, shortened as far as nothing can move any more, and return what it says now.

    `judged` is what the message that is being entered did when it was judged.
    """
    kept = _kept(uow, node, pairing, case, judged)
    row = CaseRow(
        code=case.row.code,
        link=case.row.link,
        host=case.row.host,
        origin=case.row.origin,
        state=kept.view.effective.state,
        snapshot=case_bytes(kept.chronicle),
        provisional=kept.view.provisional,
        opened_at=case.row.opened_at,
        changed_at=node.clock.now(),
    )
    if case.is_new:
        uow.cases.add(row)
    else:
        uow.cases.update(row)
    return kept.view


def keep_movement(
    uow: UnitOfWork, node: Node, pairing: Pairing, movement: MovementSubject
) -> View[MovementSnapshot, MovementEvent]:
    """Keep a movement; see `keep_case`."""
    kept = _kept(uow, node, pairing, movement)
    uow.movements.update(
        replace(
            movement.row,
            state=kept.view.effective.state,
            snapshot=movement_bytes(kept.chronicle),
            provisional=kept.view.provisional,
            changed_at=node.clock.now(),
        )
    )
    return kept.view


def _kept(
    uow: UnitOfWork,
    node: Node,
    pairing: Pairing,
    subject: Subject[R, S, E],
    judged: Judged[S, E] | None = None,
) -> Kept[S, E]:
    """Return what a subject says; what was accepted and does not fit at its place is a difference."""
    open_at = _open_at(uow, pairing)
    kept = chronicles.keep(subject.rules, subject.chronicle, subject.own, open_at=open_at, judged=judged)
    for entry in kept.view.ineffective:
        keep_difference(
            uow,
            node,
            subject.row.link,
            "state_mismatch",
            subject=str(entry.sent[1]),
            evidence=entry.event.ref.encode(),
            reason="state_conflict",
        )
    return kept


def _open_at(uow: UnitOfWork, pairing: Pairing) -> Place | None:
    """Return the first `sent` leaf in our copy that has no final verdict of ours, or None."""
    link = uow.links.get(pairing.link.link) or pairing.link
    announced = uow.messages.announced(link.link, link.contiguous_in + 1)
    return (link.partner_epoch, announced.leaf_index) if announced else None


def note_case(
    uow: UnitOfWork,
    node: Node,
    case: CaseRow,
    row: MessageRow,
    change: tuple[str, str],
    *,
    provisional: bool,
    implied: tuple[str, ...] = (),
) -> None:
    """Record that a message moved a case from one state to another, or kept it."""
    uow.cases.add_event(
        CaseEventRow(
            case=case.code,
            link=case.link,
            direction=row.direction,
            seq=row.seq,
            message=row.id,
            type=row.type,
            state_before=change[0],
            state_after=change[1],
            provisional=provisional,
            at=node.clock.now(),
            implied=implied,
        )
    )  # fmt: skip


def note_movement(
    uow: UnitOfWork,
    node: Node,
    movement: MovementRow,
    row: MessageRow,
    change: tuple[str, str],
    *,
    provisional: bool,
) -> None:
    """Record that a message moved a movement from one state to another, or kept it."""
    uow.movements.add_event(
        MovementEventRow(
            movement=movement.code,
            link=movement.link,
            direction=row.direction,
            seq=row.seq,
            message=row.id,
            type=row.type,
            state_before=change[0],
            state_after=change[1],
            provisional=provisional,
            at=node.clock.now(),
        )
    )  # fmt: skip
