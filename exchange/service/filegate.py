# SPDX-License-Identifier: Apache-2.0
"""The start gate of a link by files: nobody can be asked, so something outside the store has to testify.

A store that was put back from a copy must not write: it would use numbers and entries a second time. What
testifies that this store is the newest one:

1. the high-water file, if it lies outside the data folder and is a prefix of our log. Before a parcel gets
   its name, the file is raised to the log (`raise_mark`). So nothing leaves the house that the file does
   not know, and what our log has beyond it nobody has seen;
2. or two persons, once after each start;
3. and never against the partner: each parcel says how much of our log the partner has seen. If that is
   more than we have, under a head that we signed, the gate closes, also an open one, and stays closed over
   restarts until the missing entries are back (`heed_view`). Another root freezes the link.

A new epoch begins by the report in a parcel (`begin_by_files`). Such a report may be old. That does no harm:

4. a side that says `renew` in a report takes nothing more into the old epoch, so its word stays true. Should
   it have taken its decision back since, both sides stop with `epoch_lost` and their people decide again;
5. whether we began that epoch before, says the high-water file outside the store, if our two persons decided
   after the last restore; else two persons decide again after each start. What left the house of the new
   epoch is known to that file.

A store marked as restored needs the two persons also when the file is right: the file may be as old.
What this does not find: store and file put back together, when nothing was read from the partner since.
Source: docs/adr/0031-the-gate-of-a-link-by-files.md, docs/adr/0073-a-new-epoch-by-files.md; rules 16 and 26
of the threat model.
"""

from exchange.errors import NodeError
from exchange.ids import Digest, LinkId, b64url
from exchange.service import logbook
from exchange.service.epochs import DECIDED_REASON, begin_if_both
from exchange.service.gate import (
    check_clock,
    declare_open,
    demand_agreed,
    demand_mark,
    demand_prefix,
    frozen,
    lacks_own,
    root_at,
    stay_closed,
)
from exchange.service.gatetalk import Report, seen_root
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.refill import REFILL
from exchange.service.renewal import (
    RESTORE_SEEN,
    decision_of,
    is_pending,
    is_restored,
    restore_mark,
    take_back,
)
from exchange.service.rows import AuditRow, LinkState

AHEAD = "ahead:"
"""Setting of a link: how many entries of ours the partner proved to hold, while we hold fewer."""
FORKED = "forked:"
"""Setting of a link: the partner showed another history under our own signature."""
PARTNER_AHEAD = "partner_ahead"
BRING_BACK = (
    "put back the newest backup; or write the partner a parcel, let it read that and write one: it brings"
    " the missing entries back"
)
EPOCH_LOST = (
    "put back a newer backup; else two persons of each side begin anew: exchange partner renew, then parcels"
)


async def open_by_files(node: Node, link: LinkId) -> None:
    """Open the gate of a link by files if something outside the store testifies for it.

    Raises:
        NodeError: it stays closed; the reason says what is missing.
        ClockError: the clock is behind our last entry.
    """
    await node.store.read(lambda uow: _decide(uow, node, link))
    await declare_open(node, link)


def _decide(uow: UnitOfWork, node: Node, link: LinkId) -> None:
    demand_agreed(uow, link)
    _demand_unbroken(uow, node, link)
    check_clock(uow, node, link)
    if is_pending(uow, uow.links.get(link)):
        stay_closed(
            DECIDED_REASON,
            "the ledger begins anew as soon as a parcel says that the partner's officers have decided it too",
            hint="write the partner a parcel and read its next one; to take the decision back:"
            " exchange partner resume",
        )
    if node.presence.of(link).is_confirmed:
        return
    if is_restored(uow, link):
        stay_closed("restored", "this store was put back from a backup")
    if not node.high_water.is_apart:
        stay_closed(
            "high_water_beside_store",
            "the high-water file lies in the data folder, so it says nothing about a copy of that folder",
            hint="set paths.high_water to a folder on another disk, or let two persons confirm each start:"
            " exchange partner resume",
        )
    demand_mark(uow, node, link)


def _demand_unbroken(uow: UnitOfWork, node: Node, link: LinkId) -> None:
    """Raise if the partner showed that this store is not our newest one, or not our only one."""
    if uow.settings.get(FORKED + link):
        node.presence.of(link).gate = LinkState.FROZEN
        raise frozen(link)
    if int(uow.settings.get(AHEAD + link) or 0) > uow.logs.position(link, node.agency).size:
        stay_closed(PARTNER_AHEAD, "the partner holds entries of ours that this store lacks", hint=BRING_BACK)
    if uow.settings.get(REFILL + link):
        stay_closed("refill_unfinished", "not all entries are back from the partner", hint=BRING_BACK)


async def confirm(node: Node, link: LinkId, *, actors: tuple[str, ...]) -> None:
    """Let two persons confirm that this store is the newest one, and open the gate by it.

    Raises:
        NodeError: what the partner showed speaks against it, or the clock.
    """
    presence = node.presence.of(link)

    def unit(uow: UnitOfWork) -> None:
        for actor in actors:
            uow.audit.record(AuditRow(node.clock.now(), actor, "start_confirmed", link))
        uow.settings.put(RESTORE_SEEN + link, restore_mark(uow))

    await node.store.write(lambda uow: _take_back(uow, link))
    presence.is_confirmed = True
    try:
        await node.store.read(lambda uow: _decide(uow, node, link))
    except NodeError:
        presence.is_confirmed = False
        raise
    await node.store.write(unit)
    await open_by_files(node, link)
    await put_mark(node, link, lower=True)


def _take_back(uow: UnitOfWork, link: LinkId) -> None:
    row = uow.links.get(link)
    if row is not None:
        take_back(uow, row)


async def begin_by_files(node: Node, link: LinkId, report: Report) -> bool:
    """Begin a new epoch by the report in a parcel if both sides have decided it; return whether it began.

    Raises:
        NodeError: nothing outside the store testifies that this side did not begin it before (5).
        ClockError: the clock is behind our last entry.
    """
    if not report.renew_ep:
        return False
    await node.store.read(lambda uow: _demand_newest(uow, node, link, report))
    return await begin_if_both(node, link, report)


def _demand_newest(uow: UnitOfWork, node: Node, link: LinkId, report: Report) -> None:
    decided, row = decision_of(uow, link), uow.links.get(link)
    if decided is None or decided.ep != report.renew_ep or not is_pending(uow, row):
        return
    demand_agreed(uow, link)
    check_clock(uow, node, link)
    is_known = node.high_water.is_apart and node.high_water.read(link) is not None
    is_since_restore = decided.restored == restore_mark(uow)
    if node.presence.of(link).is_decided_here or (is_known and is_since_restore):
        return
    stay_closed(
        "renew_unconfirmed",
        "nothing outside this store says that the new ledger was not begun before; nothing was taken",
        hint="two officers decide again, then read the parcel again: exchange partner renew",
    )


async def heed_view(node: Node, link: LinkId, report: Report) -> None:
    """Compare what the partner has seen of our log with our log; nothing is taken from it before.

    Raises:
        NodeError: it saw more than we have, or another history; the gate is closed or frozen now.
        FrameInvalidError: it names a head that we did not sign.
    """
    if not await node.store.read(lambda uow: _has_seen(uow, node, link, report)):
        return
    try:
        await node.store.read(lambda uow: _compare(uow, node, link, report))
    except NodeError as error:
        presence = node.presence.of(link)
        if presence.gate is LinkState.OPEN:
            presence.gate = LinkState.CLOSED
        presence.reason = error.reason
        node.journal.note("gate_closed", link=link, reason=error.reason)
        node.presence.wake(link)
        await node.store.write(lambda uow: _note_proof(uow, node, link, report))
        raise


def _has_seen(uow: UnitOfWork, node: Node, link: LinkId, report: Report) -> bool:
    epoch = uow.logs.position(link, node.agency).epoch
    return report.own_ep > epoch or (bool(report.seen_size) and report.seen_ep >= epoch)


def _compare(uow: UnitOfWork, node: Node, link: LinkId, report: Report) -> None:
    if report.own_ep > uow.logs.position(link, node.agency).epoch:
        stay_closed(
            "epoch_lost",
            "the partner has begun a new ledger; this store is in the one before",
            hint=EPOCH_LOST,
        )
    root = seen_root(node, link, report)
    if lacks_own(uow, node, link, report):
        stay_closed(
            PARTNER_AHEAD,
            f"the partner holds {report.seen_size} entries of ours, this store only"
            f" {uow.logs.position(link, node.agency).size}: it is an old one; nothing was written",
            hint=BRING_BACK,
        )
    demand_prefix(uow, node, link, report.seen_size, root)


def _note_proof(uow: UnitOfWork, node: Node, link: LinkId, report: Report) -> None:
    """Keep over restarts that the partner proved a longer or another log, and record it."""
    node.presence.demand_unpaused(link)
    held, shown = int(uow.settings.get(AHEAD + link) or 0), report.seen_size
    if shown > uow.logs.position(link, node.agency).size:
        uow.settings.put(AHEAD + link, str(max(held, shown)))
    if node.presence.of(link).gate is LinkState.FROZEN:
        uow.settings.put(FORKED + link, str(shown))
    uow.audit.record(AuditRow(node.clock.now(), "node", "gate_closed", link, result=str(shown)))


async def raise_mark(node: Node, link: LinkId) -> None:
    """Raise the high-water file to our log, before anything of it leaves; it is never lowered.

    Raises:
        NodeError: the file is ahead of our log, or of another history.
    """
    if node.high_water.read(link) is not None:
        await node.store.read(lambda uow: demand_mark(uow, node, link))
        await put_mark(node, link)


async def put_mark(node: Node, link: LinkId, *, lower: bool = False) -> None:
    """Write the high-water file from our log as it stands; a smaller size only if two persons said so."""
    epoch, size, root, next_seq = await node.store.read(lambda uow: _mark(uow, node, link))
    held = node.high_water.read(link)
    if size and (lower or held is None or held[:2] <= (epoch, size)):
        node.high_water.write(link, epoch=epoch, size=size, root=root, next_seq=next_seq)


def _mark(uow: UnitOfWork, node: Node, link: LinkId) -> tuple[int, int, Digest, int]:
    position, row = uow.logs.position(link, node.agency), uow.links.get(link)
    root = root_at(uow, node, link, position.size) or Digest(b64url(logbook.range_at(position).root()))
    return position.epoch, position.size, root, row.next_seq if row else 1
