# SPDX-License-Identifier: Apache-2.0
"""Gathers what third parties and second keys said about heads of a log, for evidence that leaves the pair.

1. Taken are cosignatures of witnesses, second signatures (ML-DSA-44) and time stamps (RFC 3161) over heads
   that cover the entries in question: of each witness and authority the one over the first such head, which
   says most about the time, and the one over the newest; of second signatures the same.
2. A head of another size than the one that evidence is proved under comes with its root and a consistency
   proof between the two.
3. The key of a witness is the one that this node has chosen; "" when it is no longer chosen. Whoever verifies
   compares it with the witness.

Witnesses and authorities are asked for heads of our own logs alone; second signatures there are of both.
"""

from dataclasses import dataclass

from exchange.clock import instant_text
from exchange.ids import AgencyCode, LinkId, b64url
from exchange.ledger.notes import read_signature_line
from exchange.ledger.witnessing import MAX_ANSWER_BYTES
from exchange.protocol.strictjson import JsonValue
from exchange.service import tiles
from exchange.service.ledgers import HeadLine, HeadStamp, Sizes, WitnessLine
from exchange.service.node import Node
from exchange.service.packs import LogExtent
from exchange.service.ports import UnitOfWork
from exchange.service.tiles import LogName


@dataclass(frozen=True)
class OtherHead:
    """A head of another size than the one that evidence is proved under."""

    size: int
    root: bytes
    proof: tuple[bytes, ...]
    """Consistency proof from the smaller of the two to the larger."""


@dataclass(frozen=True)
class Attested:
    """What was said about heads of one log."""

    by: AgencyCode
    heads: tuple[OtherHead, ...]
    lines: tuple[HeadLine, ...]
    stamps: tuple[HeadStamp, ...]
    witnessed: tuple[WitnessLine, ...]


@dataclass(frozen=True)
class _Said:
    lines: list[HeadLine]
    stamps: list[HeadStamp]
    witnessed: list[WitnessLine]

    @property
    def sizes(self) -> set[int]:
        signed, stamped = {one.size for one in self.lines}, {one.size for one in self.stamps}
        return signed | stamped | {one.size for one in self.witnessed}


async def attested(node: Node, link: LinkId, head: LogExtent, *, sizes: Sizes) -> Attested:
    """Return what was said about heads of the log of `head`, within some sizes.

    Requires that `head` is not of an empty log, and that the log has `sizes.most` entries.
    """
    log = LogName(link, head.by, head.ep)
    said = await node.store.read(lambda uow: _said(uow, log, sizes))
    others = [await _other(node, log, head.size, size) for size in sorted(said.sizes - {head.size})]
    return Attested(head.by, tuple(others), tuple(said.lines), tuple(said.stamps), tuple(said.witnessed))


def _said(uow: UnitOfWork, log: LogName, sizes: Sizes) -> _Said:
    return _Said(
        uow.head_lines.around(log.link, log.by, epoch=log.epoch, sizes=sizes),
        uow.stamps.around(log.link, log.by, epoch=log.epoch, sizes=sizes),
        uow.witnessed.around(log.link, log.by, epoch=log.epoch, sizes=sizes),
    )


async def _other(node: Node, log: LogName, shown: int, size: int) -> OtherHead:
    small, large = min(shown, size), max(shown, size)
    proof = await tiles.consistency(node, log, old_size=small, size=large)
    return OtherHead(size, await tiles.root(node, log, size), tuple(proof))


async def witnessed(node: Node, log: LogName, *, size: int) -> list[WitnessLine]:
    """Return of each witness the first and the newest line over heads up to a size, for a pack."""
    sizes = Sizes(1, size)
    return await node.store.read(
        lambda uow: uow.witnessed.around(log.link, log.by, epoch=log.epoch, sizes=sizes)
    )


def witness_text(node: Node, said: WitnessLine) -> dict[str, JsonValue]:
    """Return a line of a witness as evidence holds it (3)."""
    named = read_signature_line(said.line, max_bytes=MAX_ANSWER_BYTES)
    keys = [
        str(one.key)
        for one in (node.witnesses.chosen if node.witnesses else ())
        if (one.key.name, one.key.id) == (named.name, named.key_id)
    ]
    return {"key": keys[0] if keys else "", "line": said.line, "size": said.size}


def stamp_text(stamp: HeadStamp) -> dict[str, JsonValue]:
    """Return a time stamp as evidence holds it."""
    at, reply = instant_text(stamp.at), b64url(stamp.reply)
    return {"at": at, "reply": reply, "size": stamp.size, "tsa": stamp.tsa}


def head_text(other: OtherHead) -> dict[str, JsonValue]:
    """Return a head of another size as evidence holds it."""
    return {"proof": [b64url(one) for one in other.proof], "root": b64url(other.root), "size": other.size}
