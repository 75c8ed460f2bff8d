# SPDX-License-Identifier: Apache-2.0
"""Gives up numbers that have no verdict: the leaf `void` and the outbox row in one transaction.

11. give up: the last step of docs/protocol/sending.md.

A void is a request with a certain answer: a recipient without a verdict logs the rejection `voided`;
one that accepted before keeps the acceptance, and the sender must cancel in the business way. Officers
see *withdrawn* only after that answer. Source: design 4.6; codes of `void-reasons`.
"""

from dataclasses import replace

from exchange.errors import UsageError
from exchange.ids import LinkId
from exchange.ledger.entries import void
from exchange.service import logbook
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, Direction, LinkRow, MessageRow, MessageState

LOST = "lost"
"""Code of `void-reasons` for a number whose line nobody holds any more."""
VOIDABLE = frozenset({MessageState.QUEUED, MessageState.STOPPED})
BATCH = 200
"""Expired messages given up in one unit, to hold the store at most some milliseconds."""


async def give_up(node: Node, link: LinkId, seq: int, *, code: str, actor: str) -> None:
    """Write `void` for one of our numbers that has no verdict yet.

    Raises:
        UsageError: the number has a verdict, or was given up before.
    """

    def unit(uow: UnitOfWork) -> None:
        row = uow.messages.by_seq(link, Direction.OUT, seq)
        owner = uow.links.get(link)
        if row is None or owner is None or row.state not in VOIDABLE:
            state = row.state.value if row else "unknown"
            raise UsageError(
                f"message {seq} is {state}; only a queued or stopped message can be given up",
                hint="an accepted message is cancelled by a message of its own",
            )
        _void(uow, node, owner, [row], code=code, actor=actor)

    await node.store.write(unit)
    node.presence.wake(link)


async def give_up_expired(node: Node, link: LinkId) -> int:
    """Write `void` with code `expired` for every message past its end; return how many."""

    def unit(uow: UnitOfWork) -> int:
        owner = uow.links.get(link)
        rows = _expired(uow, node, link)
        if owner and rows:
            _void(uow, node, owner, rows, code="expired", actor="node")
        return len(rows)

    given_up = await node.store.write(unit)
    if given_up:
        node.presence.wake(link)
    return given_up


def is_any_expired(uow: UnitOfWork, node: Node, link: LinkId) -> bool:
    """Return whether `give_up_expired` has something to do."""
    return bool(_expired(uow, node, link))


def _expired(uow: UnitOfWork, node: Node, link: LinkId) -> list[MessageRow]:
    rows = uow.messages.expired(link, now=node.clock.now(), limit=BATCH)
    return [row for row in rows if row.state in VOIDABLE]


def _void(
    uow: UnitOfWork, node: Node, owner: LinkRow, rows: list[MessageRow], *, code: str, actor: str
) -> None:
    logbook.write(uow, node, owner, [void(seq=row.seq, id=row.id, code=code) for row in rows])
    for row in rows:
        uow.messages.update(replace(row, state=MessageState.VOIDING, code=code))
        uow.audit.record(AuditRow(node.clock.now(), actor, "void", row.id, result=code))
