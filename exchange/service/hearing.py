# SPDX-License-Identifier: Apache-2.0
"""What a partner says about the ledger: statements, notices, resolutions, and the leaves about them.

    hear_statement, hear_answer   `stmt` and `stag` in the partner's log
    hear_notice       a DSC of the partner: the same difference gets its notice, or a new one is named
    hear_resolution   a DRS of the partner
    hear_leaf         `dscr` in the partner's log: its side says that it is settled, or still open
    hear_erasure      `eras` in the partner's log

Leaves are heard in the unit that stores them, messages after the unit that accepted them (`note`), in the
order of their numbers. A resolution is never believed: what is said to be corrected is settled here when our
own comparison does not find it any more (`differences`), or when both sides accept it as it is.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from exchange.ids import AgencyCode, Digest, LinkId, MessageId, parse_digest
from exchange.ledger.differences import CLASSES, Actor, Difference, DifferenceKind, LeafRef
from exchange.ledger.entries import Event, Leaf, decode_leaf, dscr
from exchange.messages.document import content_of, header_of
from exchange.protocol.strictjson import JsonValue
from exchange.service import logbook
from exchange.service.erasures import HeardErasure
from exchange.service.meaning import document_of
from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import (
    HEARD,
    AuditRow,
    DifferenceState,
    Direction,
    MessageRow,
    NamedDifference,
    StatementRow,
)

NOTICE, RESOLUTION = "DSC", "DRS"
HEARD_AT_ONCE: Final = 50
"""Messages about differences taken in one unit."""
NEAR: Final = 100
"""Leaves behind a `sent` leaf among which its `dsco` stands."""
FLOOR = "differences-floor:"
"""Setting: the highest number of a difference in our own log, which an old store may not have."""
_UNHEARD = "differences-unheard:"
"""Setting of a link: numbers of accepted notices and resolutions that were not read yet."""


def follow_leaf(uow: UnitOfWork, node: Node, link: LinkId, leaf: Leaf) -> None:
    """Hear a legal leaf of the partner's log about statements and differences."""
    match leaf.ev:
        case Event.STMT:
            hear_statement(uow, node, link, leaf)
        case Event.STAG:
            hear_answer(uow, node, link, leaf)
        case Event.DSCR:
            hear_leaf(uow, node, link, leaf)
        case Event.ERAS:
            hear_erasure(uow, link, leaf, now=node.clock.now())
        case _:
            pass


def hear_statement(uow: UnitOfWork, node: Node, link: LinkId, leaf: Leaf) -> None:
    """Keep a statement that the partner's log names; a repeated number is a difference of the logs."""
    no, period = int(leaf.fields["no"]), str(leaf.fields["per"])
    if uow.statements.get(link, is_own=False, no=no) is not None:
        return
    dg = parse_digest(str(leaf.fields["dg"]))
    uow.statements.add(StatementRow(link, False, no, period, dg, leaf.i, node.clock.now()))


def hear_erasure(uow: UnitOfWork, link: LinkId, leaf: Leaf, *, now: datetime) -> None:
    """Keep how many cases the partner says that it erased; we have to follow (`retention`).

    The time is the one of the leaf, unless that is still to come.
    """
    n, dg = int(leaf.fields["n"]), parse_digest(str(leaf.fields["dg"]))
    uow.erasures.hear(HeardErasure(link, leaf.i, n, dg, min(leaf.claimed_at, now)))


def take_back_statement(uow: UnitOfWork, link: LinkId, leaf: Leaf) -> None:
    """Keep a statement of ours that our own log, given back after a restore, names."""
    no, period = int(leaf.fields["no"]), str(leaf.fields["per"])
    if uow.statements.get(link, is_own=True, no=no) is None:
        dg = parse_digest(str(leaf.fields["dg"]))
        uow.statements.add(StatementRow(link, True, no, period, dg, leaf.i, leaf.claimed_at))


def hear_answer(uow: UnitOfWork, node: Node, link: LinkId, leaf: Leaf) -> None:
    """Keep the partner's answer to a statement of ours, if it is to these bytes."""
    row = uow.statements.get(link, is_own=True, no=int(leaf.fields["by_no"]))
    if row is None or row.dg != leaf.fields["dg"]:
        return
    k, now = str(leaf.fields["k"]), node.clock.now()
    uow.statements.answer(replace(row, answer=k, answered_at=now, answered_by="partner"))


def note(uow: UnitOfWork, row: MessageRow) -> None:
    """Remember an accepted notice or resolution of the partner, to be read after this unit."""
    if row.type in (NOTICE, RESOLUTION) and row.direction is Direction.IN:
        waiting = uow.settings.get(_UNHEARD + row.link) or ""
        uow.settings.put(_UNHEARD + row.link, f"{waiting} {row.seq}".strip())


async def hear(node: Node, link: LinkId) -> int:
    """Read the notices and resolutions that came; return how many."""
    if not await node.store.read(lambda uow: uow.settings.get(_UNHEARD + link)):
        return 0
    return await node.store.write(lambda uow: _hear(uow, node, link))


def _hear(uow: UnitOfWork, node: Node, link: LinkId) -> int:
    waiting = sorted({int(seq) for seq in (uow.settings.get(_UNHEARD + link) or "").split()})
    taken, left = waiting[:HEARD_AT_ONCE], waiting[HEARD_AT_ONCE:]
    uow.settings.put(_UNHEARD + link, " ".join(map(str, left)))
    for seq in taken:
        row = uow.messages.by_seq(link, Direction.IN, seq)
        document = document_of(uow, row) if row else None
        if row is None or document is None:
            continue
        if row.type == NOTICE:
            hear_notice(uow, node, row, content_of(document))
        else:
            hear_resolution(uow, node, row, content_of(document), header_of(document))
    return len(taken)


def hear_notice(uow: UnitOfWork, node: Node, row: MessageRow, content: Mapping[str, JsonValue]) -> None:
    """Take a notice of the partner: the difference that we named, too, or one of hearsay."""
    partner = pairing_of(uow, node, row.link).partner
    found = told_difference(content, node.agency, partner)
    if found is None:
        return
    known, now = uow.differences.of_key(row.link, found.key), node.clock.now()
    if known is None:
        known = NamedDifference(row.link, next_no(uow, row.link), found, now, DifferenceState.OPEN, now)
        uow.differences.add(known)
    elif known.state is DifferenceState.CLOSED:
        known = replace(known, state=DifferenceState.OPEN, we_settled=False, they_settled=False)
    heard_no = _number_of(uow, row, partner)
    named = replace(known, heard=row.id, heard_dg=row.commitment, heard_no=heard_no, changed_at=now)
    uow.differences.change(named)
    uow.audit.record(AuditRow(now, "partner", "difference_heard", str(known.no), result=found.kind.value))


def told_difference(
    content: Mapping[str, JsonValue], own: AgencyCode, partner: AgencyCode
) -> Difference | None:
    """Return the difference of a notice; None for a class that this program does not name."""
    if content.get("difference") not in {kind.value for kind in DifferenceKind}:
        return None
    kind, items = DifferenceKind(str(content["difference"])), content.get("items")
    rows = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    numbers = sorted(int(str(item["number"])) for item in rows if item.get("number") is not None)
    sender = next((AgencyCode(str(item["sender"])) for item in rows if item.get("sender")), None)
    leaves = tuple(_leaf(leaf) for item in rows if isinstance(leaf := item.get("leaf"), dict))
    if not (numbers and sender) and not leaves:
        return None
    other = partner if sender == own else own
    roles = {Actor.SENDER: sender, Actor.RECIPIENT: other if sender else None}
    writer = leaves[0].by if leaves else sender
    roles |= {Actor.WRITER: writer, Actor.OTHER: partner if writer == own else own}
    return Difference(
        kind,
        () if numbers and sender else leaves,
        acts_first=roles.get(CLASSES[kind].acts_first) or Actor.BOTH.value,
        sender=sender if numbers else None,
        number=numbers[0] if numbers and sender else 0,
        last_number=numbers[-1] if numbers and sender else 0,
        reason=HEARD,
    )


def _leaf(value: Mapping[str, JsonValue]) -> LeafRef:
    return LeafRef(AgencyCode(str(value["log"])), int(str(value["index"])), Digest(""))


def _number_of(uow: UnitOfWork, row: MessageRow, partner: AgencyCode) -> int:
    """Return the partner's number of the difference: its leaf `dsco` stands behind the `sent` leaf."""
    announced = uow.messages.announced(row.link, row.seq)
    if announced is None:
        return 0
    begin = announced.leaf_index + 1
    for raw in uow.logs.leaves(row.link, partner, begin, begin + NEAR):
        leaf = decode_leaf(raw)
        if leaf.ev == Event.DSCO and leaf.fields.get("dg") == row.commitment:
            return int(leaf.fields["no"])
    return 0


def hear_resolution(
    uow: UnitOfWork,
    node: Node,
    row: MessageRow,
    content: Mapping[str, JsonValue],
    header: Mapping[str, JsonValue],
) -> None:
    """Take a resolution of the partner; what both sides accept as it is, is settled here as well."""
    answered = row.in_reply_to
    known = uow.differences.of_notice(row.link, answered) if answered else None
    if known is None or known.state is DifferenceState.CLOSED:
        return
    settled, refers = content.get("settled") is True, header.get("refers_to")
    state = known.state
    if state in (DifferenceState.OPEN, DifferenceState.RESENT):
        corrected = settled and content.get("correction") is not None
        state = DifferenceState.CORRECTED if corrected else DifferenceState.EXPLAINED
    now = node.clock.now()
    known = replace(known, state=state, theirs=MessageId(row.id), changed_at=now)
    uow.differences.change(known)
    uow.audit.record(AuditRow(now, "partner", "difference_resolved", str(known.no), result=state.value))
    names_ours = isinstance(refers, list) and known.ours in refers
    if settled and names_ours and known.accepted_by:
        settle_leaf(uow, node, known)


def hear_leaf(uow: UnitOfWork, node: Node, link: LinkId, leaf: Leaf) -> None:
    """Take `dscr` of the partner's log."""
    row = uow.differences.of_digest(link, Digest(str(leaf.fields["dg"])))
    if row is None or row.state is DifferenceState.CLOSED:
        return
    they_settled = leaf.fields["k"] == "settled"
    row = closed_by_both(replace(row, they_settled=they_settled, changed_at=node.clock.now()))
    uow.differences.change(row)
    if row.state is DifferenceState.CLOSED:
        act = AuditRow(node.clock.now(), "partner", "difference_closed", str(row.no))
        uow.audit.record(act)


# --- the end of a difference


def next_no(uow: UnitOfWork, link: LinkId) -> int:
    """Return the number of the next difference of this side."""
    return max(uow.differences.last(link)[0], int(uow.settings.get(FLOOR + link) or 0)) + 1


def settle_leaf(uow: UnitOfWork, node: Node, row: NamedDifference) -> NamedDifference:
    """Say `dscr` settled in our log, if a notice was written; closed when both sides have."""
    notice, now = row.notice, node.clock.now()
    if notice is None:
        row = replace(row, state=DifferenceState.CLOSED, changed_at=now)
    elif not row.we_settled and notice.no:
        entry = dscr(no=notice.no, dg=notice.dg, k="settled")
        logbook.write(uow, node, pairing_of(uow, node, row.link).link, [entry])
        row = replace(row, we_settled=True, changed_at=now)
        node.presence.wake(row.link)
    row = closed_by_both(row)
    uow.differences.change(row)
    if row.state is DifferenceState.CLOSED:
        uow.audit.record(AuditRow(now, "node", "difference_closed", str(row.no), result=row.found.kind.value))
    return row


def closed_by_both(row: NamedDifference) -> NamedDifference:
    """Return the difference, closed if both logs say that it is settled."""
    return replace(row, state=DifferenceState.CLOSED) if row.we_settled and row.they_settled else row
