# SPDX-License-Identifier: Apache-2.0
"""Makes the token of a handover, and compares the token of the other side with what is held here.

The token speaks of the joint record; before there is one, of the departure notice with the final list.
Nothing is asked of anybody and nothing personal is read out.
"""

import hmac
from dataclasses import dataclass

from exchange.errors import UsageError
from exchange.ids import AgencyCode, MovementCode
from exchange.messages.document import content_of, object_at
from exchange.protocol.handover_token import HandoverToken, token_for
from exchange.service.meaning import document_of
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageRow, MessageState, MovementRow

RECORD, DEPARTURE = "HRC", "HDP"


@dataclass(frozen=True)
class Compared:
    """Whether a token is that of a record here. `differs` is "", `link`, `number` or `digest`."""

    differs: str
    number: int
    record: MessageRow | None = None
    movement: MovementCode | None = None
    held: tuple[int, ...] = ()
    """Numbers of the newest records here, when no record has the number of the token."""


def token_of(uow: UnitOfWork, node: Node, movement: MovementRow) -> tuple[HandoverToken, MessageRow]:
    """Return the token of a movement and the message that it speaks of.

    Raises:
        UsageError: there is neither a record nor a departure yet.
    """
    row = _record(uow, movement) or _newest(uow, movement, DEPARTURE)
    if row is None:
        raise UsageError(
            f"movement {movement.code} has no record and no departure yet",
            hint="the code can be shown as soon as the final list (HDP) is there",
        )
    return _token(uow, node, row), row


def compare(uow: UnitOfWork, node: Node, token: HandoverToken) -> Compared:
    """Return whether the record of a token is held here, and if not, what differs."""
    if uow.links.get(token.link) is None:
        return Compared("link", token.number)
    rows = [uow.messages.by_seq(token.link, direction, token.number) for direction in Direction]
    found = [row for row in rows if row is not None and _speaks(row)]
    for row in found:
        if hmac.compare_digest(_token(uow, node, row).digest, token.digest):
            return Compared("", token.number, row, uow.movements.of_message(row.link, row.direction, row.seq))
    if found:
        return Compared("digest", token.number, found[0])
    return Compared("number", token.number, held=_numbers(uow, token))


def _token(uow: UnitOfWork, node: Node, row: MessageRow) -> HandoverToken:
    return token_for(row.link, row.seq, _author(uow, node, row), row.id, row.commitment)


def _author(uow: UnitOfWork, node: Node, row: MessageRow) -> AgencyCode:
    link = uow.links.get(row.link)
    return node.agency if row.direction is Direction.OUT or link is None else link.partner


def _speaks(row: MessageRow) -> bool:
    """Return True for a message that a token may speak of."""
    return row.type in (RECORD, DEPARTURE) and row.state not in (MessageState.REJECTED, MessageState.VOIDED)


def _record(uow: UnitOfWork, movement: MovementRow) -> MessageRow | None:
    """Return the newest joint record; a countersignature is none of its own."""
    for row in _messages(uow, movement, RECORD):
        document = document_of(uow, row)
        if document is not None and not object_at(content_of(document), "countersigns"):
            return row
    return None


def _newest(uow: UnitOfWork, movement: MovementRow, type_code: str) -> MessageRow | None:
    return next(iter(_messages(uow, movement, type_code)), None)


def _messages(uow: UnitOfWork, movement: MovementRow, type_code: str) -> list[MessageRow]:
    """Return the messages of a type about a movement that count, newest first."""
    found = []
    for event in reversed(uow.movements.events(movement.link, movement.code)):
        row = uow.messages.by_seq(movement.link, event.direction, event.seq)
        if row is not None and row.type == type_code and _speaks(row):
            found.append(row)
    return found


def _numbers(uow: UnitOfWork, token: HandoverToken) -> tuple[int, ...]:
    """Return the numbers of what could be compared, of the newest movements of the link."""
    found: list[int] = []
    for movement in uow.movements.list(link=token.link, limit=5):
        row = _record(uow, movement) or _newest(uow, movement, DEPARTURE)
        found += [row.seq] if row else []
    return tuple(sorted(set(found)))
