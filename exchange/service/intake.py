# SPDX-License-Identifier: Apache-2.0
"""Gives received lines their verdict, inside one unit: line, message, leaf, case and audit together.

For each line, in this order (the numbers continue those of `examine`; docs/protocol/receiving.md):

 9. duplicate or conflict: the same bytes are answered by the leaves that exist; any other reuse is refused
10. tail: its `sent` leaf stands in our copy and says the same, else `again: tail_needed`
11. key at its place: it may sign at the place of that leaf (`protocol.trust`), else refused; so late,
    because only the leaf has a place
12. window: at most 256 numbers and 64 MiB ahead of the first missing one, else `again: gap`; a stop is
    never held, so it may be any number ahead
13. time: `again: not_yet`, rejected `voided` or `expired`
14. first fault: the one found by `examine`, if any
15. salts: never used before
16. agreement: version and suite in force at this number
17. rules: of the catalogue, consent, state
18. hold: a line is kept and logged as `held` before 17, unless it is a stop (rule 19), behind a missing
    number, behind a held line that shares a case or movement with it, or when its handling fails here
19. record: line, content, effect and leaf in this unit; the answer is made after its commit

`taking` calls `take` for the lines of a frame, in savepoints; `stages` takes these steps for lines that have
nothing to do with each other, one step for all of them. Held lines get their verdict in `settling`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from exchange.errors import AgainError, RefusedError, RejectedError
from exchange.ids import CaseCode, LinkId, MessageId
from exchange.ledger.entries import Entry, rcvd
from exchange.messages.document import header_of, objects_at, text_at
from exchange.messages.validation import check_rules
from exchange.protocol.parts import Document, attachments_of, salts_of
from exchange.protocol.suites import KeyUse
from exchange.protocol.trust import trusted_signer
from exchange.service import casework, logbook
from exchange.service.examine import Examined
from exchange.service.facts import StoreFacts, rule_context
from exchange.service.held import HeldSubjects
from exchange.service.held_versions import version_at
from exchange.service.node import Node
from exchange.service.pairing import Pairing
from exchange.service.ports import UnitOfWork
from exchange.service.rows import (
    Announced,
    AuditRow,
    Direction,
    MessageRow,
    MessageState,
    Part,
)
from exchange.service.verdicts import FINAL, HOLD, Verdict, rejection
from exchange.service.versions import pairing_under


def take(
    uow: UnitOfWork,
    node: Node,
    pairing: Pairing,
    line: Examined,
    *,
    held: HeldSubjects,
    failed: bool = False,
    misfit: RejectedError | None = None,
) -> MessageRow | None:
    """Log the first verdict on a line and return its row; None for a duplicate, which changes nothing.

    `held` knows for all lines of the unit what held lines name. `failed` says that the handling of this one
    failed before, `misfit` that it was found not to fit while it was entered.

    Raises:
        RefusedError: nothing of the line may be logged.
        AgainError: the partner offers it again later.
        RejectedError: it does not fit; found while it was entered, so what was written has to be undone.
    """
    if is_duplicate(uow, pairing, line):  # 9
        return None
    announced = announced_as(uow, pairing, line)  # 10
    demand_trusted(pairing, line, announced)  # 11
    is_next = line.envelope.seq == first_open(uow, pairing)
    may_wait = not (is_next or line.is_stop)  # before the next number everything has its verdict
    behind_gap = may_wait and _is_behind_gap(uow, node, pairing, line)  # 12
    now = node.guard.check()
    if line.envelope.created_at > now + node.limits.skew:  # 13
        raise AgainError("not_yet")
    fault = first_fault(uow, pairing, line, announced, now) or misfit
    waits = behind_gap or (may_wait and held.is_shared_by(line))  # 18
    return _log(uow, node, pairing, line, now, fault=fault, hold=waits or failed)  # 19


def is_duplicate(uow: UnitOfWork, pairing: Pairing, line: Examined) -> bool:
    link, envelope = pairing.link.link, line.envelope
    if not uow.messages.is_used(link, Direction.IN, envelope.id, envelope.seq):
        return False
    same_id = uow.messages.by_id(link, Direction.IN, envelope.id)
    same_seq = uow.messages.by_seq(link, Direction.IN, envelope.seq)
    if same_id == same_seq and same_id is not None and same_id.envelope_hash == line.envelope_hash:
        return True
    raise RefusedError("conflict")


def announced_as(uow: UnitOfWork, pairing: Pairing, line: Examined) -> Announced:
    envelope = line.envelope
    leaf = uow.messages.announced(pairing.link.link, envelope.seq)
    said = (envelope.id, line.envelope_hash, envelope.body_sha256, envelope.pc)
    if leaf is None or (leaf.id, leaf.envelope_hash, leaf.body_hash, leaf.commitment) != said:
        raise AgainError("tail_needed")
    return leaf


def demand_trusted(pairing: Pairing, line: Examined, announced: Announced) -> None:
    """Raise RefusedError unless the key of the line may sign at the place of its `sent` leaf (step 11)."""
    trusted_signer(
        pairing.partner_keys,
        line.kid,
        use=KeyUse.ENVELOPE,
        agency=line.envelope.sender,
        index=announced.leaf_index,
    )


def _is_behind_gap(uow: UnitOfWork, node: Node, pairing: Pairing, line: Examined) -> bool:
    """Return True if a number before this one is missing; refuse what is too far ahead."""
    first_missing = first_missing_number(uow, pairing)
    if line.envelope.seq <= first_missing:
        return False
    if line.envelope.seq > first_missing + node.limits.window_numbers:
        raise AgainError("gap")
    if uow.messages.held_bytes(pairing.link.link) + line.line_bytes > node.limits.window_bytes:
        raise AgainError("gap")
    return True


def first_missing_number(uow: UnitOfWork, pairing: Pairing) -> int:
    """Return the first number of the partner of which no line and no verdict is here."""
    return uow.messages.first_missing(pairing.link.link, first_open(uow, pairing))


def first_fault(
    uow: UnitOfWork, pairing: Pairing, line: Examined, announced: Announced, now: datetime
) -> RejectedError | None:
    """Return the first fault of steps 13 to 16 that needs no number before it."""
    if announced.void_code:  # 13
        return RejectedError("voided")
    if line.envelope.expires_at < now:
        return RejectedError("expired")
    if line.fault:  # 14
        return line.fault
    if uow.contents.seen_salts(salts_of(line.parts)):  # 15
        return RejectedError("commitment_mismatch")
    if not is_agreed(uow, pairing, line):  # 16
        return RejectedError("agreement_mismatch")
    return None


def is_agreed(uow: UnitOfWork, pairing: Pairing, line: Examined) -> bool:
    """Return True if the line names the agreement version and suite in force at its number."""
    envelope = line.envelope
    row = version_at(uow, pairing.link.link, Direction.IN, envelope.seq)
    if row is None or row.n != envelope.agr:
        return False
    return envelope.suite == pairing_under(uow, pairing, row.n).agreement.suite


def _log(
    uow: UnitOfWork,
    node: Node,
    pairing: Pairing,
    line: Examined,
    now: datetime,
    *,
    fault: RejectedError | None,
    hold: bool,
) -> MessageRow:
    """Keep the line with its first verdict and return its row."""
    index = logbook.next_index(uow, node, pairing.link)
    row, verdict = row_if_accepted(pairing, line, now, index), HOLD
    if fault is not None:
        verdict = Verdict(MessageState.REJECTED, fault.reason)
    elif not hold:
        verdict = judge(uow, node, pairing, row, line.document, line.parts, index=index)
    if verdict.state is MessageState.HELD:
        row = replace(row, state=verdict.state, verdict_at=None, verdict_leaf_index=-1)
    elif verdict.state is not MessageState.ACCEPTED:
        row = replace(row, state=verdict.state, code=verdict.code)
    uow.messages.add(row, envelope=line.raw_envelope, body=line.body)
    if fault is None and line.document is not None:
        uow.contents.add(row.link, Direction.IN, row.seq, parts_of(line.document, line.parts))
        if verdict.weighed is not None:
            casework.receive(uow, node, pairing, row, line.document, verdict.weighed)
    logbook.write(uow, node, pairing.link, [received(row)])
    record(uow, row, now)
    move_mark_over(uow, pairing, row)
    return row


def row_if_accepted(pairing: Pairing, line: Examined, now: datetime, index: int) -> MessageRow:
    """Return the row of a line as it is if nothing speaks against it, which is nearly always."""
    envelope = line.envelope
    header = header_of(line.document) if line.document and line.fault is None else {}
    reply = text_at(header, "in_reply_to")
    return MessageRow(
        link=pairing.link.link,
        direction=Direction.IN,
        seq=envelope.seq,
        id=envelope.id,
        type=line.type,
        state=MessageState.ACCEPTED,
        code="",
        envelope_hash=line.envelope_hash,
        body_hash=envelope.body_sha256,
        commitment=envelope.pc,
        size_class=sum(map(len, line.parts)) + len(line.parts),
        agreement_n=envelope.agr,
        created_at=envelope.created_at,
        expires_at=envelope.expires_at,
        logged_at=now,
        line_bytes=line.line_bytes,
        leaf_index=index,
        verdict_at=now,
        verdict_leaf_index=index,
        in_reply_to=MessageId(reply) if reply else None,
        stop=line.is_stop,
    )


def parts_of(document: Document, raw_parts: Sequence[bytes]) -> list[Part]:
    """Return the parts with the case each belongs to; header and content belong to the message.

    An attachment belongs to the case its entry names, or to the message.
    """
    lines = objects_at(document, "persons")
    entries = objects_at(header_of(document), "attachments")
    cases = {2 + index: text_at(line, "case_code") for index, line in enumerate(lines)}
    cases |= {
        part: text_at(entry, "case_code") for entry in entries if isinstance(part := entry.get("part"), int)
    }
    return [
        Part(number, CaseCode(cases[number]) if cases.get(number) else None, raw)
        for number, raw in enumerate(raw_parts)
    ]


def judge(
    uow: UnitOfWork,
    node: Node,
    pairing: Pairing,
    row: MessageRow,
    document: Document | None,
    parts: Sequence[bytes],
    *,
    index: int,
) -> Verdict:
    """Return the final verdict after rules, consent and state (step 17); nothing is written.

    `index` is the place that the leaf with the verdict will have.
    """
    if document is None:
        return rejection("decryption_failed")
    try:
        carried = attachments_of(parts)
    except RejectedError as error:
        return rejection(error.reason)
    agreed = pairing_under(uow, pairing, row.agreement_n)
    context = rule_context(node, agreed, sender=pairing.partner, at=row.created_at, attachments=carried)
    faults = check_rules(document, context, StoreFacts(uow, pairing, node.agency, judged=row.id))
    if faults:
        return rejection(faults[0].code)
    try:
        weighed = casework.weigh(uow, node, pairing, row, document, verdict=index)
    except RejectedError as error:
        return rejection(error.reason)
    return Verdict(MessageState.ACCEPTED, weighed=weighed)


def received(row: MessageRow) -> Entry:
    return rcvd(
        seq=row.seq,
        id=row.id,
        eh=row.envelope_hash,
        cd=row.body_hash,
        k=str(row.state),
        code=row.code,
    )


def record(uow: UnitOfWork, row: MessageRow, now: datetime) -> None:
    result = row.code or str(row.state)
    uow.audit.record(AuditRow(now, "partner", "message_received", row.id, result=result))


def count(node: Node, rows: Iterable[MessageRow | None]) -> None:
    """Count verdicts that stand; what a savepoint undid was none."""
    for row in rows:
        if row is not None:
            node.counters.count("line_received", reason=row.code or str(row.state))


def first_open(uow: UnitOfWork, pairing: Pairing) -> int:
    return (uow.links.get(pairing.link.link) or pairing.link).contiguous_in + 1


def first_without_verdict(uow: UnitOfWork, link: LinkId, start: int) -> int:
    """Return the lowest number from `start` on that is held or missing."""
    missing = uow.messages.first_missing(link, start)
    return next((number for number in uow.messages.held_numbers(link) if start <= number < missing), missing)


def move_mark(uow: UnitOfWork, pairing: Pairing) -> None:
    """Move the contiguous mark over every number that has its final verdict."""
    link = uow.links.get(pairing.link.link) or pairing.link
    mark = first_without_verdict(uow, link.link, link.contiguous_in + 1) - 1
    if mark > link.contiguous_in:
        uow.links.update(replace(link, contiguous_in=mark))


def move_mark_over(uow: UnitOfWork, pairing: Pairing, row: MessageRow) -> None:
    """Move the contiguous mark over a line that has its final verdict, if it is the next number.

    What follows it already (a stop that overtook) is passed once a frame, in `settling`.
    """
    link = uow.links.get(pairing.link.link) or pairing.link
    if row.state in FINAL and row.seq == link.contiguous_in + 1:
        uow.links.update(replace(link, contiguous_in=row.seq))
