# SPDX-License-Identifier: Apache-2.0
"""Differences as objects with a life: named by a sweep, mended where that needs no person, told, closed.

    open -> explained | resent | corrected | accepted | escalated -> closed

`sweep` compares both ledgers (`comparing`) and then, in small units:

1. names what is new, under the next number of this side; what is known stays the same difference (`key`);
2. mends what needs no person: a queued line is offered again, a cosignature sent again, `beat` written;
3. closes what is not found any more: silently if nobody was told, else with a resolution (DRS) that names the
   entry which corrects it, and the leaf `dscr`;
4. tells the partner (DSC, leaf `dsco`) what is still there after an hour, if its class is one that is told.

Nothing is ever repaired in a log: a correction is a new leaf or a new message. A difference is closed when
both logs say `dscr` settled, or when it ended before anybody was told. What people do: `resolving`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from exchange.errors import InputError, NodeError, StaleFormError
from exchange.ids import AgencyCode, LinkId, OfficerNumber
from exchange.ledger.differences import CLASSES, Difference, DifferenceKind, Repair
from exchange.ledger.entries import Entry, beat, dsco, dscr
from exchange.protocol.strictjson import JsonValue
from exchange.service import logbook
from exchange.service.comparing import Walk, all_differences, place_of, walk
from exchange.service.hearing import FLOOR, closed_by_both, next_no, settle_leaf
from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import (
    AuditRow,
    DifferenceState,
    Direction,
    MessageRow,
    MessageState,
    NamedDifference,
)
from exchange.service.speaking import speak

TELL_AFTER: Final = timedelta(hours=1)
"""What ends by itself with the next frames is not told."""
MAX_LIVE: Final = 1_000
"""Differences of one link that are not closed; what is beyond is found again by every comparison."""
BATCH: Final = 100
"""Differences written in one unit, some 5 ms."""
MESSAGES_A_SWEEP: Final = 20
"""Notices and resolutions written by one sweep; the others wait for the next."""
MAX_ITEMS: Final = 1_000
"""Numbers that one notice takes (its form)."""
SAID: Final[Mapping[DifferenceKind, tuple[str, str]]] = {
    DifferenceKind.MISSING_MESSAGE: ("rcvd", "none"),
    DifferenceKind.UNEXPECTED_MESSAGE: ("sent", "none"),
    DifferenceKind.SEQUENCE_GAP: ("sent", "none"),
    DifferenceKind.HASH_MISMATCH: ("equal_digests", "other_digests"),
    DifferenceKind.DUPLICATE: ("once", "twice"),
    DifferenceKind.STATEMENT_MISMATCH: ("agreed", "differs"),
    DifferenceKind.ERASURE_MISMATCH: ("eras", "none"),
    DifferenceKind.AGREEMENT_OVERDUE: ("agrx", "none"),
}
"""What a notice expects and found, by class; the others expect what is right and name their class."""
CHANGED: Final = "difference {no} has changed meanwhile"
_NAME: Final = re.compile(r"[A-Za-z0-9_.:+-]{1,64}", re.ASCII)
"""What `found` of a notice may be (its form)."""
_LIVELY = frozenset({DifferenceState.OPEN, DifferenceState.RESENT})


@dataclass(frozen=True)
class Sweep:
    """What one sweep did."""

    found: int
    named: int
    ended: int
    told: int


async def sweep(node: Node, link: LinkId) -> Sweep:
    """Compare, name, mend, close and tell; see the top of this module."""
    walked = await walk(node, link)
    found = (await all_differences(node, walked)).differences
    named = 0
    opened = walked.comparison.judge_of(node.agency).cross_checked.opened
    await node.store.write(lambda uow: uow.settings.put(FLOOR + link, str(opened)))
    for start in range(0, len(found), BATCH):
        batch = found[start : start + BATCH]
        named += await node.store.write(lambda uow, batch=batch: _name(uow, node, link, batch))  # type: ignore[misc]
    ended = await _close_ended(node, walked, {one.key for one in found})
    told = await _tell(node, link)
    return Sweep(len(found), named, ended, told)


# --- 1, 2


def _name(uow: UnitOfWork, node: Node, link: LinkId, found: Sequence[Difference]) -> int:
    named, live = 0, uow.differences.last(link)[1]
    for one in found:
        row = uow.differences.of_key(link, one.key)
        if row is None and live + named < MAX_LIVE:
            row = _new(uow, node, link, one)
            named += 1
        if row is None or row.state is DifferenceState.CLOSED:
            continue
        if row.found != one:
            row = replace(row, found=one)
            uow.differences.change(row)
        if row.state is DifferenceState.OPEN and one.acts_first == node.agency:
            _mend(uow, node, row)
    return named


def _new(uow: UnitOfWork, node: Node, link: LinkId, found: Difference) -> NamedDifference:
    now = node.clock.now()
    row = NamedDifference(link, next_no(uow, link), found, now, DifferenceState.OPEN, now)
    uow.differences.add(row)
    uow.audit.record(AuditRow(now, "node", "difference_named", str(row.no), result=found.kind.value))
    node.counters.count("difference", reason=found.kind.value)
    return row


def _mend(uow: UnitOfWork, node: Node, row: NamedDifference) -> None:
    match CLASSES[row.found.kind].repair:
        case Repair.RESEND:
            _resend(uow, node, row)
        case Repair.COSIGN:
            node.presence.of(row.link).cosignature_sent = 0
            node.presence.wake(row.link)
        case Repair.WRITE:
            logbook.write(uow, node, pairing_of(uow, node, row.link).link, [beat()])
            node.presence.wake(row.link)
        case Repair.NONE:
            pass


def _resend(uow: UnitOfWork, node: Node, row: NamedDifference) -> None:
    """Offer a line again that waits for its next attempt; any other state needs a person."""
    message = uow.messages.by_seq(row.link, Direction.OUT, row.found.number)
    if message is None or message.state is not MessageState.QUEUED:
        return
    uow.messages.update(replace(message, next_attempt_at=node.clock.now()))
    uow.differences.change(replace(row, state=DifferenceState.RESENT, changed_at=node.clock.now()))
    node.presence.wake(row.link)


# --- 3


async def _close_ended(node: Node, walked: Walk, keys: set[str]) -> int:
    """Close what is not found any more, as far as nobody disputes it; return how many."""
    ended, after, spoken = 0, 0, 0
    while rows := await node.store.read(_live_reader(walked.link, after)):
        after = rows[-1].no
        for row in rows:
            if row.found.key in keys or (row.is_hearsay and not row.they_settled):
                continue
            if row.notice is None or row.they_settled or row.we_settled:
                await node.store.write(lambda uow, row=row: settle_leaf(uow, node, row))  # type: ignore[misc]
                ended += 1
            elif spoken < MESSAGES_A_SWEEP:
                await _say_corrected(node, walked, row)
                ended, spoken = ended + 1, spoken + 1
    return ended


def _live_reader(link: LinkId, after: int):  # type: ignore[no-untyped-def]
    return lambda uow: uow.differences.live(link, after=after, limit=BATCH)


async def _say_corrected(node: Node, walked: Walk, row: NamedDifference) -> None:
    """Write the resolution that names the entry which corrects a difference that was told."""
    leaf = _correcting(walked, row.found)
    small: dict[str, JsonValue] = {
        "explanation": "Both ledgers were compared again and the difference is not found any more.",
        "correction": {"leaf": {"log": leaf[0], "index": leaf[1]}},
        "settled": True,
    }
    await resolve(node, row, small, state=DifferenceState.CORRECTED, settled=True)


def _correcting(walked: Walk, found: Difference) -> tuple[AgencyCode, int]:
    """Return the entry that ended a difference: that of the number, else the last of our own log."""
    if found.number and found.sender:
        received = walked.numbers(found.sender)[1]
        if received.mark(found.number):
            recipient = walked.copy.by if found.sender == walked.own.by else walked.own.by
            return recipient, received.places[found.number - 1]
    return walked.own.by, max(walked.own.size - 1, 0)


async def resolve(
    node: Node,
    row: NamedDifference,
    small: dict[str, JsonValue],
    *,
    state: DifferenceState,
    settled: bool,
    officer: OfficerNumber | None = None,
    accepted_by: tuple[str, ...] = (),
    refers_to: Sequence[str] = (),
) -> NamedDifference:
    """Write a resolution (DRS) with the leaf `dscr`; requires that a notice was written.

    An offer to accept it ends with any resolution.

    Raises:
        NodeError: the notice of the partner has no entry `dsco` yet, or no officer may sign.
        StaleFormError: an officer resolves what has changed since `row` was read; nothing was stored.
    """
    notice = row.notice
    if notice is None or not notice.no:
        raise NodeError(
            f"difference {row.no} has no notice that is in a ledger", hint="wait for the next exchange"
        )
    changed: list[NamedDifference] = []

    def logged(uow: UnitOfWork, message: MessageRow) -> Entry:
        now = node.clock.now()
        fresh = _as_it_is(uow, row, officer)
        changes = replace(fresh, state=state, changed_at=now, ours=message.id, we_settled=settled)
        changes = replace(changes, offered_by="", offered_text="")
        changes = closed_by_both(replace(changes, accepted_by=accepted_by or fresh.accepted_by))
        uow.differences.change(changes)
        for one in accepted_by or (officer or "node",):
            uow.audit.record(AuditRow(now, one, "difference_resolved", str(row.no), result=state.value))
        changed.append(changes)
        return dscr(no=notice.no, dg=notice.dg, k="settled" if settled else "open")

    draft: dict[str, JsonValue] = {"type": "DRS", "in_reply_to": notice.message, **small}
    if refers_to:
        draft["refers_to"] = list(refers_to)
    await speak(node, row.link, draft, officer=officer, logged=logged)
    return changed[-1]


def _as_it_is(uow: UnitOfWork, row: NamedDifference, officer: OfficerNumber | None) -> NamedDifference:
    """Return the difference as the store has it; a person acts only on the one that was looked at."""
    fresh = uow.differences.get(row.link, row.no) or row
    if officer is not None and fresh != row:
        raise StaleFormError(CHANGED.format(no=row.no), hint="look at it again")
    return fresh


# --- 4


async def _tell(node: Node, link: LinkId) -> int:
    """Tell the partner what is still there after an hour; return how many notices were written."""
    latest = node.clock.now() - TELL_AFTER

    def untold(uow: UnitOfWork) -> list[NamedDifference]:
        rows = uow.differences.live(link, limit=MAX_LIVE)
        fresh = [row for row in rows if row.notice is None and row.state in _LIVELY]
        wanted = [row for row in fresh if CLASSES[row.found.kind].is_told and row.found_at <= latest]
        return wanted[:MESSAGES_A_SWEEP]

    told = 0
    for row in await node.store.read(untold):
        try:
            await tell(node, row)
        except InputError as error:  # a rule of the message: the difference stays, a person looks at it
            node.journal.note("link_waits", link=link, reason=error.reason)
            continue
        told += 1
    return told


async def tell(node: Node, row: NamedDifference, *, officer: OfficerNumber | None = None) -> NamedDifference:
    """Write the notice (DSC) of a difference with the leaf `dsco`.

    Raises:
        StaleFormError: an officer tells what has changed since `row` was read; nothing was stored.
    """
    partner = (await node.store.read(lambda uow: pairing_of(uow, node, row.link))).partner
    changed: list[NamedDifference] = []

    def logged(uow: UnitOfWork, message: MessageRow) -> Entry:
        now = node.clock.now()
        fresh = _as_it_is(uow, row, officer)
        changes = replace(fresh, changed_at=now, told=message.id, told_dg=message.commitment)
        uow.differences.change(changes)
        kind = row.found.kind.value
        uow.audit.record(AuditRow(now, officer or "node", "difference_told", str(row.no), result=kind))
        changed.append(changes)
        return dsco(no=row.no, dg=message.commitment)

    last = 0 if row.found.number or row.found.leaves else await place_of(node, row.link, row.found)
    items: list[JsonValue] = [*items_of(row.found, partner, last=last)]
    small: dict[str, JsonValue] = {"type": "DSC", "difference": row.found.kind.value, "items": items}
    await speak(node, row.link, small, officer=officer, logged=logged)
    return changed[-1]


def items_of(found: Difference, partner: AgencyCode, *, last: int = 0) -> list[dict[str, JsonValue]]:
    """Return the items of a notice: a number each, or an entry each.

    What is neither (a tail, a card or a signature that was refused) is named in `found` by its kind and the
    beginning of its digest, with the entry of the partner's log at which it came (`last`).
    """
    expected, seen = SAID.get(found.kind, ("right", found.kind.value))
    said: dict[str, JsonValue] = {"expected": expected, "found": seen}
    if found.number:
        last = min(found.last_number, found.number + MAX_ITEMS - 1)
        numbers = range(found.number, max(last, found.number) + 1)
        return [{"sender": found.sender, "number": number, **said} for number in numbers]
    if not found.leaves:
        name = found.reason if _NAME.fullmatch(found.reason) else seen
        return [{"leaf": {"log": partner, "index": last}, "expected": expected, "found": name}]
    return [{"leaf": {"log": leaf.by, "index": leaf.index}, **said} for leaf in found.leaves]
