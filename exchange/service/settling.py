# SPDX-License-Identifier: Apache-2.0
"""Gives held lines their verdict as soon as the gap before them is closed.

In the order of their numbers, until one is missing (docs/protocol/receiving.md, steps 17 and 18). A number
that its sender gave up before it arrived gets the verdict `voided` in its turn. What a line says is judged as
in `intake`; one whose handling fails holds back only those that share its case or movement (rule 19).
"""

from dataclasses import replace

from exchange.errors import ExchangeError, RejectedError
from exchange.ledger.entries import accp, rejc
from exchange.protocol.parts import join_parts
from exchange.service import casework, logbook
from exchange.service.examine import form_fault
from exchange.service.intake import count, first_open, judge, move_mark, received, record
from exchange.service.meaning import named_by
from exchange.service.node import Node
from exchange.service.pairing import Pairing
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageRow, MessageState
from exchange.service.verdicts import Verdict, rejection, with_verdict
from exchange.service.versions import version_at


def settle_held(uow: UnitOfWork, node: Node, pairing: Pairing) -> int:
    """Give held lines, and numbers given up before they came, their verdict; return how many.

    Goes number by number until one is missing. A line whose handling fails is passed over with every
    later line that shares a case or movement with it, until `internal_after`; then it is rejected with
    `internal`.
    """
    settled, blocked = 0, set[str]()
    move_mark(uow, pairing)
    number = first_open(uow, pairing)
    while True:
        row = uow.messages.by_seq(pairing.link.link, Direction.IN, number)
        if row is None and not log_voided(uow, node, pairing, number):
            return settled
        if row is not None and row.state is MessageState.HELD:
            settled += _settle_one(uow, node, pairing, row, blocked)
        number += 1


def log_voided(uow: UnitOfWork, node: Node, pairing: Pairing, number: int) -> bool:
    """Log the rejection `voided` of a number that never arrived; return False if it may still come."""
    announced = uow.messages.announced(pairing.link.link, number)
    if announced is None or not announced.void_code:
        return False
    now = node.clock.now()
    version = version_at(uow, announced.link, Direction.IN, number)
    row = MessageRow(
        link=announced.link,
        direction=Direction.IN,
        seq=number,
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
    return True


def _settle_one(uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow, blocked: set[str]) -> int:
    if blocked and blocked & named_by(uow, row):
        return 0
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
            return 0
        uow.attempt(lambda: _log_decision(uow, node, pairing, row, rejection("internal")))
    return 1


def _decide_held(uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow) -> None:
    announced = uow.messages.announced(row.link, row.seq)
    if announced and announced.void_code:
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
