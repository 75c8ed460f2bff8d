# SPDX-License-Identifier: Apache-2.0
"""Applies messages to cases and movements in the order of the keeper, inside the unit that logs them.

Each case and each movement keeps a chronicle (`cases.chronicle`): a settled base and the messages whose
place or verdict may still change. Its state is a function of it; nothing else sets a state (rule 18).

    author    our own message took its number: it must fit what our officers see
    restore   our own message comes back from the logs, perhaps with the verdict on it
    weigh     a message of the partner is judged: it must fit at its place in the keeper's order
    receive   it was accepted
    settle    the partner's verdict on our message is known; a rejected message loses its effect

How a message is judged:
1. Its meaning is read (`meaning`), and whom it touches (`touching`): the persons it names or takes off,
   its movement, and for AMD and CAN of a movement everybody who was ever named in it.
2. Consents that its type needs are asked of the case at that place (`consents`).
3. The movement and each line by itself are judged by the tables (`cases.effects`).
4. It is entered in every chronicle it touches.

A message fits everything it touches or nothing: it is judged before anything of it is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from exchange.cases import chronicle as chronicles
from exchange.cases.chronicle import Judged
from exchange.cases.effects import REACHES_THE_LIST, Message, Taken, World, case_event, movement_event, take
from exchange.cases.keeper import E, Known, Place
from exchange.cases.movements import MovementEvent, MovementSnapshot
from exchange.cases.snapshot import CaseEvent, CaseSnapshot
from exchange.errors import RejectedError
from exchange.ids import CaseCode
from exchange.messages.document import header_of, text_at
from exchange.protocol.parts import Document
from exchange.service import arrivals, consents, crossings, hearing, questions
from exchange.service.meaning import TARGET_ID, UNKNOWN, target_of
from exchange.service.node import Node
from exchange.service.pairing import Pairing
from exchange.service.ports import UnitOfWork
from exchange.service.renewal import own_epoch_of
from exchange.service.rows import CaseRow, Direction, MessageRow, MovementRow
from exchange.service.searching import index_message
from exchange.service.subjects import (
    CaseSubject,
    MovementSubject,
    R,
    S,
    Subject,
    case_subject,
    keep_case,
    keep_movement,
    movement_subject,
    note_case,
    note_movement,
)
from exchange.service.touching import Touched, catch_up, touched_by
from exchange.service.withdrawals import note_withdrawal


@dataclass(frozen=True)
class Standing:
    """Where a message stands in both logs, as `cases.keeper.Known` has it."""

    sent: Place
    verdict: Place | None = None
    accepted: bool | None = None

    def known(self, event: E) -> Known[E]:
        return Known(event, self.sent, self.verdict, self.accepted)


def weigh_own(
    uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow, document: Document
) -> "Weighed":
    """Return our own message, which is in the store, as it fits what our officers see; nothing is written.

    Raises:
        RejectedError: state_conflict, signer_not_authorised or consent_missing; it does not fit.
    """
    touched = touched_by(uow, node, pairing, row, document, author=node.agency)
    standing = Standing(sent=(pairing.link.own_epoch, row.leaf_index))
    return Weighed(touched, standing, _judge(node, touched, None))


def author(
    uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow, document: Document, weighed: "Weighed"
) -> None:
    """Enter our own message, with the place of its `sent` leaf `row.leaf_index`."""
    _enter_ours(uow, node, pairing, row, document, weighed.touched, weighed.standing, weighed.taken)


def restore(
    uow: UnitOfWork,
    node: Node,
    pairing: Pairing,
    row: MessageRow,
    document: Document,
    *,
    accepted_at: int | None = None,
) -> None:
    """Enter our own message while a store is rebuilt from the logs: what was numbered was allowed then.

    `accepted_at` is the leaf of the partner that accepted it, if that is known already; no `settle` follows.
    """
    touched = touched_by(uow, node, pairing, row, document, author=node.agency)
    sent = (pairing.link.own_epoch, row.leaf_index)
    if accepted_at is None:
        standing = Standing(sent)
    else:
        standing = Standing(sent, verdict=(pairing.link.partner_epoch, accepted_at), accepted=True)
    _enter_ours(uow, node, pairing, row, document, touched, standing, None)


def _enter_ours(
    uow: UnitOfWork,
    node: Node,
    pairing: Pairing,
    row: MessageRow,
    document: Document,
    touched: Touched,
    standing: Standing,
    taken: Taken | None,
) -> None:
    _enter(uow, node, pairing, row, touched, standing, taken)
    crossings.announce(uow, row, document)
    note_withdrawal(uow, row)
    index_message(uow, row.link, document)
    note = questions.take if standing.accepted else questions.author
    note(uow, row, touched.named, urgency=text_at(header_of(document), "urgency"))


@dataclass(frozen=True)
class Weighed:
    """A message that fits at its place, ready to be entered."""

    touched: Touched
    standing: Standing
    taken: Taken | None


def weigh(
    uow: UnitOfWork,
    node: Node,
    pairing: Pairing,
    row: MessageRow,
    document: Document,
    *,
    verdict: int,
    rebuilding: bool = False,
) -> Weighed:
    """Return a message of the partner that we would accept with our leaf `verdict`; nothing is written.

    Raises:
        RejectedError: state_conflict, signer_not_authorised or consent_missing at its place.
    """
    standing = _standing(uow, pairing, row, verdict)
    touched = touched_by(uow, node, pairing, row, document, author=pairing.partner)
    return Weighed(touched, standing, None if rebuilding else _judge(node, touched, standing))


def weigh_all(
    uow: UnitOfWork, node: Node, pairing: Pairing, messages: Sequence[tuple[MessageRow, Document]]
) -> list[Weighed]:
    """Return messages of the partner that touch nothing in common as `weigh` does, each at its leaf.

    Raises:
        RejectedError: as `weigh`, for one of them.
    """
    standings = [_standing(uow, pairing, row, row.leaf_index) for row, _ in messages]
    touched = [touched_by(uow, node, pairing, *message, author=pairing.partner) for message in messages]
    taken = [_judge(node, *one) for one in zip(touched, standings, strict=True)]
    return list(map(Weighed, touched, standings, taken))


def _standing(uow: UnitOfWork, pairing: Pairing, row: MessageRow, verdict: int) -> Standing:
    announced = uow.messages.announced(row.link, row.seq)
    if announced is None:
        raise RejectedError("state_conflict", f"number {row.seq} has no place in the partner's log")
    return Standing(
        sent=(pairing.link.partner_epoch, announced.leaf_index),
        verdict=(pairing.link.own_epoch, verdict),
        accepted=True,
    )


def receive(
    uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow, document: Document, weighed: Weighed
) -> None:
    """Enter an accepted message of the partner, which is in the store, at its place."""
    enter(uow, node, pairing, row, weighed)
    note_received(uow, row, document, weighed)


def enter(uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow, weighed: Weighed) -> None:
    """Write an accepted message of the partner into every chronicle it touches."""
    _enter(uow, node, pairing, row, weighed.touched, weighed.standing, weighed.taken)


def note_received(uow: UnitOfWork, row: MessageRow, document: Document, weighed: Weighed) -> None:
    """Note what an accepted message of the partner says beside what it does to its cases."""
    crossings.announce(uow, row, document)
    note_withdrawal(uow, row)
    hearing.note(uow, row)
    index_message(uow, row.link, document)
    questions.take(uow, row, weighed.touched.named, urgency=text_at(header_of(document), "urgency"))
    arrivals.note(uow, row)


def settle(
    uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow, *, verdict: int, accepted: bool
) -> None:
    """Enter the partner's final verdict on our message, with the index of its leaf."""
    questions.settle(uow, row, accepted=accepted)
    sent = (own_epoch_of(uow, pairing.link, row.seq), row.leaf_index)
    place = (pairing.link.partner_epoch, verdict)
    movement = _movement_of(uow, node, row)
    for case in _cases_reached(uow, row, movement):
        subject = case_subject(node.tables, case, node.agency)
        view = keep_case(uow, node, pairing, _settled(subject, sent, place, accepted))
        if view.effective.state != case.state and accepted:
            note_case(uow, node, case, row, (case.state, view.effective.state), provisional=False)
    if movement is not None:
        moved = movement_subject(node.tables, movement, node.agency)
        now = keep_movement(uow, node, pairing, _settled(moved, sent, place, accepted)).effective
        if now.state != movement.state and accepted:
            note_movement(uow, node, movement, row, (movement.state, now.state), provisional=False)


def shown_case(node: Node, case: CaseRow) -> CaseSnapshot:
    """Return a case as our officers see it, with our own messages that wait for the keeper."""
    return case_subject(node.tables, case, node.agency).view().shown


def _cases_reached(uow: UnitOfWork, row: MessageRow, movement: MovementRow | None) -> list[CaseRow]:
    """Return the cases in whose chronicles one of our messages stands."""
    codes = uow.cases.of_message(row.link, Direction.OUT, row.seq)
    if movement is not None and row.type in REACHES_THE_LIST:
        codes = list(dict.fromkeys((*codes, *uow.movements.listed(row.link, movement.code))))
    return [case for code in codes if (case := uow.cases.get(row.link, code))]


def _movement_of(uow: UnitOfWork, node: Node, row: MessageRow) -> MovementRow | None:
    if row.type not in node.tables.messages:
        return None
    code = uow.movements.of_message(row.link, Direction.OUT, row.seq)
    return uow.movements.get(row.link, code) if code else None


def _settled(subject: Subject[R, S, E], sent: Place, verdict: Place, accepted: bool) -> Subject[R, S, E]:
    judged = chronicles.settle(
        subject.chronicle, side=subject.own, sent=sent, verdict=verdict, accepted=accepted
    )
    return replace(subject, chronicle=judged)


# --- judging


def _judge(node: Node, touched: Touched, place: Standing | None) -> Taken:
    """Return what a message does; raises RejectedError where it does not fit.

    A message of the partner is judged at its place in the order, ours (None) by what our officers see.
    """
    message = touched.message
    movements: dict[str, MovementSnapshot] = {}
    cases: dict[str, CaseSnapshot] = {
        code: _case_at(case, message, place) for code, case in touched.cases.items()
    }
    if touched.movement is not None:
        movements[message.movement] = _movement_at(touched.movement, message, place)
    consents.demand(message, cases)
    return take(node.tables, World(cases, movements), message)


def _case_at(case: CaseSubject, message: Message, place: Standing | None) -> CaseSnapshot:
    if place is None or case.is_quiet:
        return case.view().shown
    return case.before(place.known(event_for(case.row, message)))


def _movement_at(movement: MovementSubject, message: Message, place: Standing | None) -> MovementSnapshot:
    if place is None or movement.is_quiet:
        return movement.view().shown
    return movement.before(place.known(movement_event(message)))


# --- entering


def _enter(
    uow: UnitOfWork,
    node: Node,
    pairing: Pairing,
    row: MessageRow,
    touched: Touched,
    standing: Standing,
    taken: Taken | None,
) -> None:
    """Write a message into every chronicle it touches."""
    message = touched.message
    if touched.movement is not None and touched.movement.is_new:
        uow.movements.add(touched.movement.row)
    cases = catch_up(uow, node, touched)
    if touched.movement is not None:
        moved = standing.known(movement_event(message))
        _enter_movement(uow, node, pairing, row, touched.movement, moved)
    for case in cases.values():
        entry = standing.known(event_for(case.row, message))
        _enter_case(uow, node, pairing, row, case, entry, taken)


def event_for(case: CaseRow, message: Message) -> CaseEvent:
    """Return what a message means for one case."""
    return case_event(message, case.code, None)


def _enter_movement(
    uow: UnitOfWork,
    node: Node,
    pairing: Pairing,
    row: MessageRow,
    movement: MovementSubject,
    entry: Known[MovementEvent],
) -> None:
    before = movement.view()
    after = keep_movement(uow, node, pairing, movement.write(entry))
    change, waits = (before.shown.state, after.shown.state), after.provisional > before.provisional
    note_movement(uow, node, movement.row, row, change, provisional=waits)


def _enter_case(
    uow: UnitOfWork,
    node: Node,
    pairing: Pairing,
    row: MessageRow,
    case: CaseSubject,
    entry: Known[CaseEvent],
    taken: Taken | None,
) -> None:
    before = case.view()
    changed = case.write(entry).change(lambda one: _found_target(one, row, case))
    after = keep_case(uow, node, pairing, changed, _judged(taken, case.row.code))
    change, waits = (before.shown.state, after.shown.state), after.provisional > before.provisional
    implied = taken.cases[case.row.code].implied if taken and case.row.code in taken.cases else ()
    note_case(uow, node, case.row, row, change, provisional=waits, implied=implied)


def _judged(taken: Taken | None, code: CaseCode) -> Judged[CaseSnapshot, CaseEvent] | None:
    """Return what a message did to one case when it was judged, if it was."""
    if taken is None or code not in taken.cases or code not in taken.before.cases:
        return None
    return Judged(taken.before.cases[code], taken.events[code], taken.cases[code].snapshot)


def _found_target(entry: Known[CaseEvent], row: MessageRow, case: CaseSubject) -> Known[CaseEvent]:
    """Return a cancellation that overtook its target, now that the target is here."""
    event = entry.event
    if event.fields.get(TARGET_ID) != row.id or event.fields.get("target") != UNKNOWN:
        return entry
    author = Direction.OUT if entry.side == case.own else Direction.IN
    return replace(entry, event=replace(event, fields={**event.fields, **target_of(row, author)}))
