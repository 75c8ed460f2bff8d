# SPDX-License-Identifier: Apache-2.0
"""The joint record of a movement as it stands: whose signature is missing, and what was not agreed.

1. A first record waits until the other side signs it (`cases.movements`, 3 and 4).
2. Signed with a reservation it stands no more: the side that wrote it writes it anew. What was not agreed is
   said until a new first record is there.
3. A record is shown as it may stand on paper (`messages.on_paper`): whoever may open the sheet may print the
   minutes, which say the same.

Nothing here is changed; who opens a record is recorded by the caller.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from exchange.ids import AgencyCode
from exchange.messages.document import content_of, object_at, text_at
from exchange.messages.on_paper import OnPaper, on_paper
from exchange.protocol.parts import Document
from exchange.service.meaning import document_of, message_by_id
from exchange.service.next_steps import record_to_sign, shown_movement
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageRow, MessageState, MovementRow

RECORD = "HRC"
_GONE = frozenset({MessageState.REJECTED, MessageState.VOIDED})


@dataclass(frozen=True)
class Written:
    """A record, or what signs one, as it may be shown at the crossing."""

    row: MessageRow
    sender: AgencyCode
    document: Document
    """Without what must not be on paper; empty when it was erased."""
    left_out: int
    """Values that must not be on paper."""


@dataclass(frozen=True)
class RecordNow:
    """What there is of the record of a movement."""

    theirs: Written | None
    """The first record of the partner that waits for our signature."""
    ours: Written | None
    """Our own first record, which waits for the signature of the partner."""
    reservation: Written | None
    """The last signature, if it was given with a reservation and nothing was written anew since."""
    reserved: Written | None
    """The record that it did not agree to."""


def record_now(uow: UnitOfWork, node: Node, movement: MovementRow) -> RecordNow:
    """Return the record of a movement as our officers see it."""
    newest = next(_spoken(uow, movement), None)
    reservation = newest if newest and _is_reservation(uow, newest) else None
    named = _signed_by(uow, reservation) if reservation else None
    return RecordNow(
        theirs=_written(uow, node, record_to_sign(uow, node, movement)),
        ours=_written(uow, node, _own_waiting(uow, node, movement)),
        reservation=_written(uow, node, reservation),
        reserved=_written(uow, node, named),
    )


def _spoken(uow: UnitOfWork, movement: MovementRow) -> Iterator[MessageRow]:
    """Yield the records and signatures of a movement that count, newest first; no supplements."""
    for event in reversed(uow.movements.events(movement.link, movement.code)):
        row = uow.messages.by_seq(movement.link, event.direction, event.seq)
        if row is None or row.type != RECORD or row.state in _GONE:
            continue
        if "supplements" not in content_of(document_of(uow, row) or {}):
            yield row


def _is_reservation(uow: UnitOfWork, row: MessageRow) -> bool:
    return content_of(document_of(uow, row) or {}).get("agreed") is False


def _signed_by(uow: UnitOfWork, row: MessageRow) -> MessageRow | None:
    named = object_at(content_of(document_of(uow, row) or {}), "countersigns")
    return message_by_id(uow, row.link, text_at(named, "id"))


def _own_waiting(uow: UnitOfWork, node: Node, movement: MovementRow) -> MessageRow | None:
    side = "host" if movement.host == node.agency else "origin"
    waiting = [one.ref for one in shown_movement(node, movement).records if one.side == side]
    return message_by_id(uow, movement.link, waiting[-1]) if waiting else None


def _written(uow: UnitOfWork, node: Node, row: MessageRow | None) -> Written | None:
    if row is None:
        return None
    link = uow.links.get(row.link)
    sender = node.agency if row.direction is Direction.OUT or link is None else link.partner
    document = document_of(uow, row)
    shown = on_paper(document) if document is not None else OnPaper({}, 0)
    return Written(row, sender, shown.document, shown.left_out)
