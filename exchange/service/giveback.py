# SPDX-License-Identifier: Apache-2.0
"""Gives a restored partner back what it lost: leaves as they are, lines as far as we hold them.

A line that the partner once sent us cannot be opened by the partner, because it was sealed to us. So its
parts are sealed once more, to the partner; nothing new is disclosed, since the partner wrote them, and
the partner checks them against the commitment in its own leaf. A line of ours is given as it was sent.
What is erased is not given: the envelope stands alone, `body` is "". One erased part is enough: the others
would not give the commitment, so what they say could not be proved.
"""

from exchange.errors import FrameInvalidError
from exchange.ids import AgencyCode
from exchange.protocol.gatewords import MAX_NUMBERS
from exchange.protocol.parts import commitment, pad
from exchange.protocol.seal import seal
from exchange.protocol.strictjson import JsonValue
from exchange.protocol.trust import trusted_sealing_key
from exchange.service.node import Node
from exchange.service.pairing import Pairing
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageRow
from exchange.service.versions import pairing_under

LEAVES_A_PAGE = 2_000
BYTES_A_PAGE = 6 * 1024 * 1024
LEAST_PARTS = 2
"""Header and content."""


def give_leaves(
    uow: UnitOfWork, node: Node, pairing: Pairing, asks: dict[str, JsonValue]
) -> dict[str, JsonValue]:
    """Return leaves of either log from an index on, and the largest head we hold of it."""
    by = _author(node, pairing, asks)
    start = asks.get("from")
    if not isinstance(start, int) or start < 0:
        raise FrameInvalidError("the question of leaves names no index to begin at")
    link = pairing.link.link
    position = uow.logs.position(link, by)
    head = uow.logs.head(link, by)
    if asks.get("ep", position.epoch) != position.epoch:
        return {"from": start, "leaves": [], "note": ""}
    end = min(start + LEAVES_A_PAGE, head.size if head else 0, position.size)
    leaves = uow.logs.leaves(link, by, start, end) if start < end else []
    texts: list[JsonValue] = [leaf.decode("ascii") for leaf in leaves]
    return {"from": start, "leaves": texts, "note": head.note if head else ""}


def give_lines(
    uow: UnitOfWork, node: Node, pairing: Pairing, asks: dict[str, JsonValue]
) -> dict[str, JsonValue]:
    """Return the asked lines in order, as many as fit; the asker asks again for the rest."""
    author = _author(node, pairing, asks)
    numbers = asks.get("numbers")
    if not isinstance(numbers, list) or len(numbers) > MAX_NUMBERS:
        raise FrameInvalidError("the question of lines names no numbers, or too many")
    given: list[JsonValue] = []
    total = 0
    for seq in numbers:
        item = (
            _line(uow, node, pairing, int(seq), mine=author == node.agency) if isinstance(seq, int) else None
        )
        if item is None:
            continue
        total += len(str(item["body"])) + len(str(item["envelope"]))
        if given and total > BYTES_A_PAGE:
            break
        given.append(item)
    return {"lines": given}


def _author(node: Node, pairing: Pairing, asks: dict[str, JsonValue]) -> AgencyCode:
    of = asks.get("of")
    if of == node.agency:
        return node.agency
    if of == pairing.partner:
        return pairing.partner
    raise FrameInvalidError("the question names neither side of this link")


def _line(
    uow: UnitOfWork, node: Node, pairing: Pairing, seq: int, *, mine: bool
) -> dict[str, JsonValue] | None:
    direction = Direction.OUT if mine else Direction.IN
    row = uow.messages.by_seq(pairing.link.link, direction, seq)
    if row is None:
        return None
    envelope, body = uow.messages.line(row.link, direction, seq)
    if not envelope:
        return None
    if not mine:
        body = _sealed_back(uow, node, pairing, row)
    return {"seq": seq, "envelope": envelope.decode("ascii"), "body": (body or b"").decode("ascii")}


def _sealed_back(uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow) -> bytes:
    """Return the parts of a message of the partner, sealed to the partner; nothing if one of them is gone."""
    parts = [part.raw for part in uow.contents.parts(row.link, row.direction, row.seq)]
    if len(parts) < LEAST_PARTS or commitment(row.id, parts) != row.commitment:
        return b""
    suite = pairing_under(uow, pairing, row.agreement_n).agreement.suite
    return seal(
        pad(parts),
        suite=suite,
        key=trusted_sealing_key(pairing.partner_keys, suite=suite, at=node.clock.now()),
        sender=node.agency,
        recipient=pairing.partner,
        message_id=row.id,
    )
