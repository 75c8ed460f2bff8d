# SPDX-License-Identifier: Apache-2.0
"""Shows our heads to witnesses, and asks them at the start gate what nobody else remembers.

A witness is a third party that cosigns a head only if it extends the one that it cosigned before.

1. While the gate is open each log is shown once an hour, if it grew; a silent witness stops nothing.
2. The proof goes from the size that the witness cosigned last, as far as we know; if it knows another
   size it says so, and is asked once more from there. It is made out of tiles, with a few reads (`tiles`).
3. Its cosignature is kept, for evidence packs and for the next question.
4. If it shows a head that **we** signed, larger than ours or of another root at its size, this store is
   not the newest one: the link freezes, and people decide.
5. If it only says so, nobody has signed anything: while the gate is open that is an alarm, kept with the
   answer as it came; else anybody between us and the witness could stop the exchange.
6. At the gate its word stands for the high-water file when that is missing: the log is an extension of
   everything that a witness saw. Where several are chosen, as many must say so as the quorum demands. Said
   against us, proved or not, keeps the gate closed for people. The partner's word is asked for in any case
   (`gate`).

A witness sees an origin line, a size and a root. Source: c2sp.org/tlog-witness, docs/protocol/witness.md.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from exchange.errors import NodeError, ProtocolError, TransportError
from exchange.ids import LinkId
from exchange.ledger.notes import MAX_NOTE_BYTES, Head, read_head, verify_head
from exchange.ledger.witnessing import SIZE_TYPE, verify_witness, write_request
from exchange.protocol.suites import KeyUse
from exchange.service import tiles
from exchange.service.node import Node, WitnessHeard
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, DifferenceRow, HeadRow, LinkState
from exchange.service.surroundings import Witness, WitnessReply
from exchange.service.tiles import LogName

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


@dataclass(frozen=True)
class Answer:
    """The word of one witness, and what it rests on."""

    word: Word
    reply: WitnessReply | None = None
    """The answer as it came, when it speaks against us."""
    is_proved: bool = False
    """It shows a head that we signed ourselves and do not hold."""

    @property
    def is_against_us(self) -> bool:
        return self.word in AGAINST_US


async def show_heads(node: Node, link: LinkId, *, at: datetime) -> None:
    """Show the newest head of our log to each witness; freezes the link only on a proof (1 to 5)."""
    for witness in node.witnesses.chosen if node.witnesses else ():
        answer = await answer_of(node, link, witness)
        if answer.word is not Word.CONFIRMED:
            node.journal.note("witness", link=link, reason=answer.word.value)
            node.counters.count("witness", reason=answer.word.value)
        if answer.is_against_us:
            await _take_against_us(node, link, witness, answer, at)


async def is_confirmed(node: Node, link: LinkId) -> bool:
    """Return whether enough witnesses confirm that our log extends all they saw (6).

    Raises:
        NodeError: a witness says that this store is not the newest one; the gate stays closed.
    """
    confirmed = 0
    for witness in node.witnesses.chosen if node.witnesses else ():
        answer = await answer_of(node, link, witness)
        confirmed += answer.word is Word.CONFIRMED
        if answer.is_against_us:
            await _take_against_us(node, link, witness, answer, node.clock.now())
            raise NodeError(
                f"witness {witness.key.name} says that this store is not the newest one; nothing was written",
                hint="put back the newest backup; or compare with the witness and confirm as two persons:"
                " exchange partner resume",
                reason=answer.word.value,
            )
    return node.witnesses is not None and confirmed >= node.witnesses.quorum


async def answer_of(node: Node, link: LinkId, witness: Witness) -> Answer:
    """Ask one witness for its cosignature over our newest head, and keep it and its word."""
    answer = await _asked(node, link, witness)
    heard, now = node.presence.of(link).witnesses, node.clock.now()
    before = heard.get(witness.key.name)
    confirmed_at = before.confirmed_at if before else None
    if answer.word is Word.CONFIRMED:
        confirmed_at = now
    heard[witness.key.name] = WitnessHeard(answer.word.value, now, confirmed_at)
    return answer


async def _asked(node: Node, link: LinkId, witness: Witness) -> Answer:
    head, known = await node.store.read(
        lambda uow: (uow.logs.head(link, node.agency), uow.witnessed.size(link, witness.key.name))
    )
    if head is None:
        return Answer(Word.UNKNOWN)
    try:
        reply = await _ask(node, link, witness, head, known)
        if (told := _told_size(reply)) is not None and told != known:
            if told > head.size:
                return Answer(Word.AHEAD, reply)
            reply = await _ask(node, link, witness, head, told)
    except TransportError:
        return Answer(Word.SILENT)
    return await _judged(node, link, witness, head, reply)


async def _judged(node: Node, link: LinkId, witness: Witness, head: HeadRow, reply: WitnessReply) -> Answer:
    match reply.status:
        case 200:
            return Answer(await _keep(node, link, witness, head, reply))
        case 403 | 404:
            return Answer(Word.UNKNOWN)
        case 422:
            return await _refused_proof(node, link, head, reply)
        case 409 if _told_size(reply) == head.size:
            return Answer(Word.FORKED, reply)
        case _:
            return Answer(Word.SILENT)


async def _refused_proof(node: Node, link: LinkId, head: HeadRow, reply: WitnessReply) -> Answer:
    """Return what an answer 422 says; it may hold the head that the witness cosigned last (4)."""
    shown = _own_head_in(node, link, reply.body)
    if shown is None or shown.ep != _epoch(head):
        return Answer(Word.FORKED, reply)
    if shown.size > head.size:
        return Answer(Word.AHEAD, reply, is_proved=True)
    ours = await tiles.root(node, LogName(link, node.agency, shown.ep), shown.size)
    return Answer(Word.FORKED, reply, is_proved=ours != shown.root)


def _epoch(head: HeadRow) -> int:
    return read_head(head.note).claimed.ep


def _own_head_in(node: Node, link: LinkId, body: bytes) -> Head | None:
    """Return the head of our log in an answer if we signed it, else None."""
    if len(body) > MAX_NOTE_BYTES:
        return None
    for key in node.keys.public(KeyUse.HEAD):
        try:
            head = verify_head(body.decode("utf-8", "replace"), key, by=node.agency)
        except ProtocolError:
            continue
        if head.link == link:
            return head
    return None


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
        log = LogName(link, node.agency, _epoch(head))
        proof = await tiles.consistency(node, log, old_size=old_size, size=head.size)
    request = write_request(head.note, old_size=old_size, proof=tuple(proof))
    if node.witnesses is None:
        raise TransportError("no witness is chosen", reason="no_route")
    return await node.witnesses.carrier.add(witness.url, request)


def _told_size(reply: WitnessReply) -> int | None:
    """Return the size that a witness tells with its conflict, or None."""
    if reply.status != 409 or reply.content_type != SIZE_TYPE:
        return None
    match = _SIZE.fullmatch(reply.body)
    return int(match[1]) if match else None


async def _take_against_us(node: Node, link: LinkId, witness: Witness, answer: Answer, at: datetime) -> None:
    """Keep what speaks against us, and freeze the link if it is proved (4, 5)."""
    presence = node.presence.of(link)
    act = "witness_contradicts"
    if answer.is_proved and presence.gate is not LinkState.FROZEN:
        presence.gate, presence.reason, act = LinkState.FROZEN, answer.word.value, "frozen"
    evidence = _as_it_came(answer.reply)
    row = DifferenceRow(link, answer.word.value, witness.key.name, "the answer of a witness", evidence, at)

    def unit(uow: UnitOfWork) -> None:
        if uow.audit.keep(row) or act == "frozen":
            uow.audit.record(AuditRow(at, "node", act, link, result=answer.word.value))

    await node.store.write(unit)


def _as_it_came(reply: WitnessReply | None) -> bytes:
    return b"" if reply is None else f"{reply.status} {reply.content_type}\n".encode() + reply.body
