# SPDX-License-Identifier: Apache-2.0
"""Shows our heads to witnesses, and asks them at the start gate what nobody else remembers.

A witness is a third party that cosigns a head only if it extends the one that it cosigned before.

1. While the gate is open each log is shown once an hour, if it grew; a silent witness stops nothing.
2. The proof goes from the size that the witness cosigned last, as far as we know; if it knows another
   size it says so, and is asked once more from there.
3. Its cosignature is kept, for evidence packs and for the next question.
4. If it saw more of our log than we have, or another history, this store is not the newest one: the link
   freezes, and people decide.
5. At the gate its word stands for the high-water file when that is missing: the log is an extension of
   everything that a witness saw. The partner's word is asked for in any case (`gate`).

A witness sees an origin line, a size and a root. Source: c2sp.org/tlog-witness, docs/protocol/witness.md.
"""

import asyncio
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from exchange.errors import ProtocolError, TransportError
from exchange.ids import LinkId
from exchange.ledger.merkle import leaf_hash
from exchange.ledger.proofs import consistency_proof
from exchange.ledger.witnessing import SIZE_TYPE, verify_witness, write_request
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, HeadRow, LinkState
from exchange.service.surroundings import Witness, WitnessReply

PAGE = 2_000
"""Leaves read in one unit."""
LARGE = 20_000
"""Leaves above which the proof is made in a thread; below, it takes less than 50 ms."""
EVERY: Final = timedelta(hours=1)
_SIZE = re.compile(rb"(0|[1-9][0-9]{0,15})\n")


class Word(StrEnum):
    """What a witness says about our log."""

    CONFIRMED = "confirmed"
    AHEAD = "witness_ahead"
    """It saw more of our log than we have."""
    FORKED = "witness_forked"
    """It saw another history of our log."""
    UNKNOWN = "witness_unknown_log"
    """It does not know this log or its key."""
    SILENT = "witness_silent"
    """No answer, or none that counts."""


AGAINST_US: Final = frozenset({Word.AHEAD, Word.FORKED})


async def show_heads(node: Node, link: LinkId, *, at: datetime) -> None:
    """Show the newest head of our log to each witness; freezes the link if one knows better (1 to 4)."""
    for witness in node.witnesses.chosen if node.witnesses else ():
        word = await word_of(node, link, witness)
        if word is not Word.CONFIRMED:
            node.journal.note("witness", link=link, reason=word.value)
            node.counters.count("witness", reason=word.value)
        if word in AGAINST_US:
            await _freeze(node, link, word, at)


async def is_confirmed(node: Node, link: LinkId) -> bool:
    """Return whether a witness confirms that our log extends all it saw, and none contradicts (5)."""
    words = [await word_of(node, link, each) for each in (node.witnesses.chosen if node.witnesses else ())]
    if any(word in AGAINST_US for word in words):
        await _freeze(node, link, next(word for word in words if word in AGAINST_US), node.clock.now())
    return Word.CONFIRMED in words and not AGAINST_US.intersection(words)


async def word_of(node: Node, link: LinkId, witness: Witness) -> Word:
    """Ask one witness for its cosignature over our newest head, and keep it."""
    head, known = await node.store.read(
        lambda uow: (uow.logs.head(link, node.agency), uow.witnessed.size(link, witness.key.name))
    )
    if head is None:
        return Word.UNKNOWN
    try:
        reply = await _ask(node, link, witness, head, known)
        if (told := _told_size(reply)) is not None and told != known:
            if told > head.size:
                return Word.AHEAD
            reply = await _ask(node, link, witness, head, told)
    except TransportError:
        return Word.SILENT
    return await _judged(node, link, witness, head, reply)


async def _judged(node: Node, link: LinkId, witness: Witness, head: HeadRow, reply: WitnessReply) -> Word:
    match reply.status:
        case 200:
            return await _keep(node, link, witness, head, reply)
        case 403 | 404:
            return Word.UNKNOWN
        case 422:
            return Word.FORKED
        case 409:
            told = _told_size(reply)
            return Word.FORKED if told == head.size else Word.SILENT
        case _:
            return Word.SILENT


async def _keep(node: Node, link: LinkId, witness: Witness, head: HeadRow, reply: WitnessReply) -> Word:
    """Keep the cosignature if it is one; the same size again needs no second one."""
    try:
        line, _ = verify_witness(head.note, reply.body.decode("utf-8", "replace"), witness.key)
    except ProtocolError:
        return Word.SILENT
    now = node.clock.now()

    def unit(uow: UnitOfWork) -> None:
        if uow.witnessed.size(link, witness.key.name) < head.size:
            uow.witnessed.add(link, witness.key.name, size=head.size, line=line, at=now)

    await node.store.write(unit)
    return Word.CONFIRMED


async def _ask(node: Node, link: LinkId, witness: Witness, head: HeadRow, old_size: int) -> WitnessReply:
    proof: Sequence[bytes] = ()
    if 0 < old_size < head.size:
        hashes = await _leaf_hashes(node, link, head.size)
        if head.size > LARGE:
            proof = await asyncio.to_thread(consistency_proof, old_size, hashes)
        else:
            proof = consistency_proof(old_size, hashes)
    request = write_request(head.note, old_size=old_size, proof=tuple(proof))
    if node.witnesses is None:
        raise TransportError("no witness is chosen", reason="no_route")
    return await node.witnesses.carrier.add(witness.url, request)


async def _leaf_hashes(node: Node, link: LinkId, size: int) -> list[bytes]:
    found: list[bytes] = []
    for start in range(0, size, PAGE):
        end = min(start + PAGE, size)

        def page(uow: UnitOfWork, start: int = start, end: int = end) -> list[bytes]:
            return [leaf_hash(raw) for raw in uow.logs.leaves(link, node.agency, start, end)]

        found += await node.store.read(page)
    return found


def _told_size(reply: WitnessReply) -> int | None:
    """Return the size that a witness tells with its conflict, or None."""
    if reply.status != 409 or reply.content_type != SIZE_TYPE:
        return None
    match = _SIZE.fullmatch(reply.body)
    return int(match[1]) if match else None


async def _freeze(node: Node, link: LinkId, word: Word, at: datetime) -> None:
    presence = node.presence.of(link)
    if presence.gate is LinkState.FROZEN:
        return
    presence.gate, presence.reason = LinkState.FROZEN, word.value
    await node.store.write(
        lambda uow: uow.audit.record(AuditRow(at, "node", "frozen", link, result=word.value))
    )
