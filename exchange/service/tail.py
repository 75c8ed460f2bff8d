# SPDX-License-Identifier: Apache-2.0
"""Takes over the tail of the partner's log: store first, cosign, then let each leaf have its effect.

The numbers are those of docs/protocol/sending.md:

7. judge the tail: `ledger.copy.judge_tail` recomputes the root from our copy and the new leaves; a tail
   that does not give the signed root is kept as evidence and nothing of it is stored.
8. store and cosign: leaves, head and our cosignature in one transaction. The cosignature says only: *I
   hold these bytes*. Whether a leaf is legal is judged afterwards, and a faulty leaf has no effect.
9. keys: `keyx` says where keys of the partner count (`keyplaces`), before anything else has its effect.
10. verdicts: `rcvd`, `accp` and `rejc` on our own messages. Only they, or our own `void`, end a message.
    `sent` is announced, so that its line can be recognised; `void` closes a number; `agrx` switches the
    direction of the partner to another version of the agreement (`switching`).
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from exchange.errors import ExchangeError, NoteInvalidError, SignatureInvalidError, TailInvalidError
from exchange.ids import Digest, b64url, parse_digest, parse_message_id
from exchange.ledger.copy import CopyState, is_held, judge_tail
from exchange.ledger.entries import Event, Leaf, decode_leaf, legal
from exchange.ledger.notes import cosign, verify_cosignature
from exchange.protocol.frames import FrameCosignature, FrameTail
from exchange.protocol.suites import KeyUse
from exchange.protocol.trust import NOW, trusted_signers
from exchange.service import carryover, casework, logbook
from exchange.service.evidence import keep_difference
from exchange.service.hearing import follow_leaf
from exchange.service.keyplaces import follow_leaves
from exchange.service.node import Node
from exchange.service.pairing import Pairing
from exchange.service.ports import UnitOfWork
from exchange.service.refusals import Refused, note_refused
from exchange.service.rows import (
    Announced,
    AuditRow,
    Direction,
    HeadRow,
    MessageRow,
    MessageState,
)
from exchange.service.switching import follow

_UNSETTLED = "unsettled:"
"""Setting that holds the index of the first verdict leaf that could not be applied."""
VERDICTS = frozenset({Event.RCVD, Event.ACCP, Event.REJC})
UNRECORDED = frozenset({MessageState.QUEUED, MessageState.VOIDING, MessageState.STOPPED})
"""States of our message that a `rcvd` leaf of the partner may follow."""
UNDECIDED = frozenset({MessageState.HELD, MessageState.VOIDING})
"""States that `accp` or `rejc` may follow. A number that we gave up may have been held before that."""


def take_tail(uow: UnitOfWork, node: Node, pairing: Pairing, tail: FrameTail) -> int:
    """Take over new leaves of the partner and return how many; 0 when the tail is refused."""
    try:
        return _take(uow, node, pairing, tail)
    except TailInvalidError as error:
        kind, reason = error.difference or "tail", str(error)
        link, by = pairing.link.link, pairing.partner
        keep_difference(uow, node, link, kind, evidence=tail.head.encode(), reason=reason)
        note_refused(node, link, by, Refused.TAIL, reason=error.difference or error.reason, rule=error.rule)
        return 0


def _take(uow: UnitOfWork, node: Node, pairing: Pairing, tail: FrameTail) -> int:
    position = uow.logs.position(pairing.link.link, pairing.partner)
    if tail.ep < position.epoch:  # was under way when the epoch ended
        return 0
    held = position.size
    leaves = store_tail(uow, node, pairing, tail)
    follow_leaves(uow, node, pairing, leaves, held=held)
    for is_verdict, run in groupby(leaves, key=_is_verdict):
        if is_verdict:
            _try_verdicts(uow, node, pairing, tuple(run))
            continue
        for leaf in run:
            apply_leaf(uow, node, pairing, leaf)
    return len(leaves)


def store_tail(
    uow: UnitOfWork, node: Node, pairing: Pairing, tail: FrameTail, *, gathered: bool = False
) -> tuple[Leaf, ...]:
    """Store and cosign a tail without letting it have effects; return its new leaves.

    Raises:
        TailInvalidError: see `ledger.copy.judge_tail`; nothing was stored.
    """
    link, by = pairing.link.link, pairing.partner
    position = uow.logs.position(link, by)
    state = CopyState(
        link=link,
        by=by,
        ep=position.epoch,
        size=position.size,
        range=logbook.range_at(position),
        known=lambda start, end: uow.logs.leaves(link, by, start, end),
    )
    newest = uow.logs.head(link, by)
    if is_held(state, tail, newest=newest.note if newest else ""):
        return ()
    keys = trusted_signers(pairing.partner_keys, use=KeyUse.HEAD, index=tail.start + len(tail.leaves) - 1)
    taken = judge_tail(state, tail, head_keys=keys, gathered=gathered)
    if not taken.new_leaves:
        return ()
    uow.logs.append(position, taken.raw_leaves, peaks=taken.range.encode())
    now = node.clock.now()
    root = Digest(b64url(taken.head.root))
    uow.logs.add_head(link, by, HeadRow(taken.head.size, root, tail.head, now))
    line = cosign(tail.head, node.keys.signing(KeyUse.COSIGN, now), by=node.agency, at=now)
    uow.logs.add_cosignature(link, by, taken.head.size, line)
    return taken.new_leaves


def take_cosignature(uow: UnitOfWork, node: Node, pairing: Pairing, offered: FrameCosignature) -> None:
    """Keep the partner's cosignature over one of our heads, if it is right and larger than before."""
    link = pairing.link.link
    held, _ = uow.logs.cosigned(link, node.agency)
    head = uow.logs.head_within(link, node.agency, offered.size)
    if offered.ep != pairing.link.own_epoch or offered.size <= held:
        return
    if head is None or head.size != offered.size:
        _note_cosignature(node, pairing, offered, "head_unknown")
        return
    for key in trusted_signers(pairing.partner_keys, use=KeyUse.COSIGN, index=NOW):
        try:
            verify_cosignature(head.note, offered.line, key, by=pairing.partner)
        except (NoteInvalidError, SignatureInvalidError):
            continue
        uow.logs.add_cosignature(link, node.agency, offered.size, offered.line)
        node.presence.of(link).partner_holds = None
        return
    reason = "the cosignature does not verify under any cosign key that the partner may use now"
    evidence = (head.note + offered.line).encode()
    keep_difference(uow, node, link, "signature_missing", evidence=evidence, reason=reason)
    _note_cosignature(node, pairing, offered, "signature_invalid")


def _note_cosignature(node: Node, pairing: Pairing, offered: FrameCosignature, reason: str) -> None:
    link, by = pairing.link.link, pairing.partner
    note_refused(node, link, by, Refused.COSIGNATURE, reason=reason, size=offered.size)


def apply_leaf(uow: UnitOfWork, node: Node, pairing: Pairing, leaf: Leaf) -> None:
    """Let one stored leaf of the partner have its effect; a faulty one has none."""
    fault = legal(leaf)
    if fault:
        _keep_leaf(uow, node, pairing, leaf, "log_invalid", str(fault))
        return
    match leaf.ev:
        case Event.SENT:
            _announce(uow, node, pairing, leaf)
        case Event.AGRX:
            carryover.begin_numbers(uow, pairing, leaf)
            follow(uow, node, pairing, leaf)
        case Event.EPCH:
            carryover.name_lost(uow, node, pairing, leaf)
        case Event.VOID:
            _give_up_announced(uow, node, pairing, leaf)
        case Event.RCVD | Event.ACCP | Event.REJC:
            _try_verdict(uow, node, pairing, leaf)
        case _:
            follow_leaf(uow, node, pairing.link.link, leaf)


def _announce(uow: UnitOfWork, node: Node, pairing: Pairing, leaf: Leaf) -> None:
    fields = leaf.fields
    row = Announced(
        link=pairing.link.link,
        seq=int(fields["seq"]),
        id=parse_message_id(str(fields["id"])),
        envelope_hash=parse_digest(str(fields["eh"])),
        body_hash=parse_digest(str(fields["cd"])),
        commitment=parse_digest(str(fields["pc"])),
        size_class=int(fields["sz"]),
        leaf_index=leaf.i,
    )
    if not uow.messages.announce(row):
        reason = f"number {row.seq} or its message id is used a second time"
        _keep_leaf(uow, node, pairing, leaf, "duplicate", reason)


def _give_up_announced(uow: UnitOfWork, node: Node, pairing: Pairing, leaf: Leaf) -> None:
    """Note that the partner gave up a number: one that it sent under this id, once."""
    link, seq = pairing.link.link, int(leaf.fields["seq"])
    if carryover.is_carried_over(uow, pairing, leaf):
        carryover.hear(uow, link, leaf)
        return
    sent = uow.messages.announced(link, seq)
    if sent is None or sent.id != leaf.fields["id"] or sent.void_code:
        reason = f"number {seq} is given up, which is not open under this id"
        _keep_leaf(uow, node, pairing, leaf, "log_invalid", reason)
        return
    uow.messages.void_announced(link, seq, str(leaf.fields["code"]))


def retry_verdicts(uow: UnitOfWork, node: Node, pairing: Pairing) -> None:
    """Apply again the verdicts from the first one on that could not be applied here."""
    link = pairing.link.link
    begin = uow.settings.get(_UNSETTLED + link)
    if not begin:
        return
    uow.settings.put(_UNSETTLED + link, "")
    size = uow.logs.position(link, pairing.partner).size
    for raw in uow.logs.leaves(link, pairing.partner, int(begin), size):
        leaf = decode_leaf(raw)
        if leaf.ev in VERDICTS and not legal(leaf):
            _try_verdict(uow, node, pairing, leaf)


def _is_verdict(leaf: Leaf) -> bool:
    return leaf.ev in VERDICTS and not legal(leaf)


def _try_verdicts(uow: UnitOfWork, node: Node, pairing: Pairing, leaves: Sequence[Leaf]) -> None:
    """Apply verdicts together; if one of them fails, each by itself."""
    link, numbers = pairing.link.link, [int(leaf.fields["seq"]) for leaf in leaves]
    uow.messages.read_ahead(link, Direction.OUT, min(numbers), len(numbers))

    def apply_all() -> list[MessageRow | None]:
        uow.cases.read_ahead(link, Direction.OUT, numbers)
        return [_apply_verdict(uow, node, pairing, leaf) for leaf in leaves]

    try:
        judged = uow.attempt(apply_all)
    except ExchangeError:
        raise
    except Exception:  # which one it was shows when each is tried
        for leaf in leaves:
            _try_verdict(uow, node, pairing, leaf)
        return
    for row in judged:
        _count_verdict(node, pairing, row)


def _try_verdict(uow: UnitOfWork, node: Node, pairing: Pairing, leaf: Leaf) -> None:
    """Apply a verdict; what fails here is tried again with the next frame (rule 19)."""
    try:
        row = uow.attempt(lambda: _apply_verdict(uow, node, pairing, leaf))
        _count_verdict(node, pairing, row)
    except ExchangeError:
        raise
    except Exception as error:  # what is stored and cosigned already must not be lost with it
        mark = _UNSETTLED + pairing.link.link
        node.journal.note("handling_failed", link=pairing.link.link, error=type(error).__name__)
        uow.settings.put(mark, uow.settings.get(mark) or str(leaf.i))


def _apply_verdict(uow: UnitOfWork, node: Node, pairing: Pairing, leaf: Leaf) -> MessageRow | None:
    """Apply a verdict; return the message with it, or None if it has no effect."""
    seq = int(leaf.fields["seq"])
    row = uow.messages.by_seq(pairing.link.link, Direction.OUT, seq)
    kind, fault = _misplaced(row, leaf)
    if row is None or fault:
        _keep_leaf(uow, node, pairing, leaf, kind, fault)
        return None
    if _is_applied(row, leaf):
        return None
    state, code = _verdict(leaf)
    if state is MessageState.HELD and row.state is MessageState.VOIDING:
        return None
    final = state is not MessageState.HELD
    judged = replace(
        row,
        state=state,
        code=code,
        verdict_at=node.clock.now() if final else None,
        verdict_leaf_index=leaf.i if final else -1,
    )
    uow.messages.update(judged)
    if final:
        accepted = state is MessageState.ACCEPTED
        casework.settle(uow, node, pairing, row, verdict=leaf.i, accepted=accepted)
    _record_verdict(uow, node, judged)
    return judged


def note_verdict(uow: UnitOfWork, node: Node, pairing: Pairing, row: MessageRow) -> None:
    """Record and count that the partner's verdict on one of our messages is known."""
    _record_verdict(uow, node, row)
    _count_verdict(node, pairing, row)


def _record_verdict(uow: UnitOfWork, node: Node, row: MessageRow) -> None:
    result = row.code or row.state.value
    uow.audit.record(AuditRow(node.clock.now(), "partner", "verdict", row.id, result=result))


def _count_verdict(node: Node, pairing: Pairing, row: MessageRow | None) -> None:
    """Count a verdict that had its effect; outside of what may be undone, or one would count twice."""
    if row is not None:
        node.counters.count("verdict_known", partner=pairing.partner, reason=row.code or row.state.value)


def accepts(leaf: Leaf, row: MessageRow) -> bool:
    """Return whether a stored leaf of the partner accepts one of our messages, of these bytes."""
    is_legal = leaf.ev == Event.RCVD and not legal(leaf)
    return is_legal and leaf.fields["k"] == MessageState.ACCEPTED and _is_of(row, leaf)


def _misplaced(row: MessageRow | None, leaf: Leaf) -> tuple[str, str]:
    """Return the class of difference and the fault of a verdict that may not count, or empty words."""
    if row is None:
        return "unexpected_message", "a verdict on a number that was never sent"
    if not _is_of(row, leaf):
        return "hash_mismatch", f"a verdict on other bytes than number {row.seq} has"
    if _is_applied(row, leaf):
        return "", ""
    if leaf.ev == Event.RCVD and row.state not in UNRECORDED:
        return "duplicate", f"number {row.seq} is recorded a second time"
    if leaf.ev != Event.RCVD and row.state not in UNDECIDED:
        return "log_invalid", f"a decision on number {row.seq}, which is not held"
    return "", ""


def _is_applied(row: MessageRow, leaf: Leaf) -> bool:
    """Return True for a leaf that had its effect before; leaves are read again after a failure here."""
    return row.verdict_leaf_index == leaf.i or (
        leaf.fields.get("k") == "held" and row.state not in UNRECORDED
    )


def _is_of(row: MessageRow, leaf: Leaf) -> bool:
    """Return True if a verdict is on the bytes that we sent under its number."""
    if leaf.ev == Event.RCVD and (row.envelope_hash, row.body_hash) != (leaf.fields["eh"], leaf.fields["cd"]):
        return False
    return row.id == leaf.fields["id"]


def _verdict(leaf: Leaf) -> tuple[MessageState, str]:
    if leaf.ev == Event.ACCP or leaf.fields.get("k") == "accepted":
        return MessageState.ACCEPTED, ""
    if leaf.fields.get("k") == "held":
        return MessageState.HELD, ""
    code = str(leaf.fields["code"])
    return (MessageState.VOIDED if code == "voided" else MessageState.REJECTED), code


def _keep_leaf(uow: UnitOfWork, node: Node, pairing: Pairing, leaf: Leaf, kind: str, fault: str) -> None:
    reason = f"leaf {leaf.i} of {pairing.partner}: {fault}"
    keep_difference(uow, node, pairing.link.link, kind, subject=str(leaf.i), evidence=leaf.raw, reason=reason)
