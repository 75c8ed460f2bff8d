# SPDX-License-Identifier: Apache-2.0
"""Gives held lines their verdict as soon as the gap before them is closed.

In the order of their numbers, until one is missing (docs/protocol/receiving.md, steps 17 and 18). A number
that its sender gave up before it arrived gets the verdict `voided` in its turn. What a line says is judged as
in `intake`; one whose handling fails holds back only those that share its case or movement (rule 19).

A closed gap may let 256 lines in: units of work are small, so that others get the store in between. After
each unit a line is held or has its verdict, so a process that dies loses and doubles nothing: the next frame
goes on from the first number without a verdict.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from exchange.errors import ExchangeError, RejectedError
from exchange.ids import LinkId
from exchange.ledger.entries import accp, rejc
from exchange.protocol.parts import join_parts
from exchange.service import casework, logbook
from exchange.service.examine import form_fault
from exchange.service.held_versions import version_at
from exchange.service.intake import (
    count,
    first_open,
    first_without_verdict,
    judge,
    move_mark,
    received,
    record,
)
from exchange.service.meaning import named_by
from exchange.service.node import Node
from exchange.service.pairing import Pairing, pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Announced, Direction, LinkState, MessageRow, MessageState
from exchange.service.verdicts import Verdict, rejection, with_verdict


@dataclass(frozen=True)
class Place:
    """Where settling goes on in its next unit."""

    number: int
    blocked: frozenset[str] = frozenset()
    """Cases and movements of the lines before it whose handling failed."""


BEGIN: Final = Place(0)
"""Before every number: settling begins with the first one that has no verdict."""


async def settle_rest(node: Node, link: LinkId, place: Place | None, *, at_once: int) -> None:
    """Settle in units of their own, each of at most `at_once` numbers, until a number is missing.

    Ends when the gate closes: what is still held may be rejected by a new epoch.
    """
    while place is not None and node.presence.of(link).gate is LinkState.OPEN:
        place = await node.store.write(
            partial(_settle_next, node=node, link=link, place=place, limit=at_once)
        )


def _settle_next(uow: UnitOfWork, *, node: Node, link: LinkId, place: Place, limit: int) -> Place | None:
    return settle_held(uow, node, pairing_of(uow, node, link), place=place, limit=limit)


def settle_held(
    uow: UnitOfWork, node: Node, pairing: Pairing, *, limit: int, place: Place = BEGIN
) -> Place | None:
    """Give held lines, and numbers given up before they came, their verdict; return where to go on.

    Goes on from `place`, number by number, until one is missing; then returns None. A line whose handling
    fails is passed over with every later line that shares a case or movement with it, until `internal_after`;
    then it is rejected with `internal`. Stops after `limit` numbers, those that are passed over counted.
    """
    move_mark(uow, pairing)
    link, blocked = pairing.link.link, set(place.blocked)
    number, left = max(place.number, first_open(uow, pairing)), limit
    while True:
        number = first_without_verdict(uow, link, number)
        row, given_up = uow.messages.by_seq(link, Direction.IN, number), _given_up(uow, link, number)
        if row is None and given_up is None:
            return None
        if not left:
            return Place(number, frozenset(blocked))
        if row is not None:
            _settle_one(uow, node, pairing, row, blocked)
        elif given_up is not None:
            log_voided(uow, node, pairing, given_up)
        number, left = number + 1, left - 1


def _given_up(uow: UnitOfWork, link: LinkId, number: int) -> Announced | None:
    """Return what was announced of a number if its sender gave it up."""
    announced = uow.messages.announced(link, number)
    return announced if announced and announced.void_code else None


def log_voided(uow: UnitOfWork, node: Node, pairing: Pairing, announced: Announced) -> None:
    """Log the rejection `voided` of a number that was given up before it arrived."""
    now = node.clock.now()
    version = version_at(uow, announced.link, Direction.IN, announced.seq)
    row = MessageRow(
        link=announced.link,
        direction=Direction.IN,
        seq=announced.seq,
        id=announced.id,
        type="",
        state=MessageState.REJECTED,
        code="voided",
        envelope_hash=announced.envelope_hash,
        body_hash=announced.body_hash,
        commitment=announced.commitment,
        size_class=announced.size_class,
        agreement_n=version.n if version else pairing.link.agreement_n,
        created_at=now,
        expires_at=now,
        logged_at=now,
        line_bytes=0,
    )
    row = replace(row, leaf_index=logbook.next_index(uow, node, pairing.link))
    uow.messages.add(row, envelope=b"", body=None)
    _close(uow, node, row, rejection("voided"), logbook.write(uow, node, pairing.link, [received(row)]))
    move_mark(uow, pairing)


def _settle_one(uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow, blocked: set[str]) -> None:
    if blocked and blocked & named_by(uow, row):
        return
    try:
        uow.attempt(lambda: _decide_held(uow, node, pairing, row))
    except RejectedError as misfit:  # found while it was entered, which is undone
        _log_decision(uow, node, pairing, row, rejection(misfit.reason))
    except ExchangeError:
        raise
    except Exception as error:  # the supervisor's rule: handling of one line must not stop the others
        node.journal.note("handling_failed", message=row.id, error=type(error).__name__)
        if node.clock.now() - row.logged_at < node.limits.internal_after:
            blocked |= named_by(uow, row)
            return
        uow.attempt(lambda: _log_decision(uow, node, pairing, row, rejection("internal")))


def _decide_held(uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow) -> None:
    if _given_up(uow, row.link, row.seq):
        _log_decision(uow, node, pairing, row, rejection("voided"))
        return
    raw_parts = [part.raw for part in uow.contents.parts(row.link, Direction.IN, row.seq)]
    document = join_parts(raw_parts)
    fault = form_fault(document, node.versions)
    if fault:
        _log_decision(uow, node, pairing, row, rejection(fault.reason))
        return
    index = logbook.next_index(uow, node, pairing.link)
    verdict = judge(uow, node, pairing, row, document, raw_parts, index=index)
    if verdict.weighed is not None:
        casework.receive(uow, node, pairing, row, document, verdict.weighed)
    _log_decision(uow, node, pairing, row, verdict)


def _log_decision(uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow, verdict: Verdict) -> None:
    is_accepted = verdict.state is MessageState.ACCEPTED
    entry = accp(seq=row.seq, id=row.id) if is_accepted else rejc(seq=row.seq, id=row.id, code=verdict.code)
    _close(uow, node, row, verdict, logbook.write(uow, node, pairing.link, [entry]))
    move_mark(uow, pairing)


def _close(uow: UnitOfWork, node: Node, row: MessageRow, verdict: Verdict, index: int) -> None:
    """Store the verdict on a message that is in the store already, and record it."""
    row = with_verdict(node, row, verdict, index)
    uow.messages.update(row)
    record(uow, row, node.clock.now())
    count(node, [row])
