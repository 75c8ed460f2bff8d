# SPDX-License-Identifier: Apache-2.0
"""Begins the ledger of a link anew when both sides have decided it: a new epoch of both logs.

Two histories of one log cannot be joined, and entries that both sides lost cannot be fetched. Nobody may go
on in the old log then: an index or a number would be used twice. So people of both sides end it.

1. Two persons of a side decide (`decide`) and say why, when its gate or the partner's cannot open. From then
   on its gate is closed. The next epoch is the one after the highest that anybody ever named.
2. The report at the gate says so (`renew`). Nothing happens until both sides have decided the same epoch.
3. Whoever learns at the gate, from a fresh report, that the other side has decided too, begins
   (`begin_if_both`): in one transaction the new logs, the leaves `open`, `agrx`, `epch` and `keyx`, and what
   `carryover` says of open messages. `epch` binds where the old logs ended on this side, and why.
   Where only files connect both sides, the report is that of a parcel (`filegate.begin_by_files`).
4. Nobody begins an epoch of which the other side, or the high-water file, has seen something already: a store
   that was put back from before its first entry would write it a second time. It needs one more epoch.
5. Numbers go on above everything that this store, the other side and the high-water file know, from the next
   thousand: numbers that all of them lost are not given out again. People may name a higher one.

The old logs stay as they are, with heads and cosignatures: evidence packs of them can always be written.
Source: docs/protocol/gate.md, docs/adr/0054-a-new-epoch-by-people-of-both-sides.md.
"""

import json
from dataclasses import asdict, replace
from typing import Final

from exchange.errors import NodeError, ProtocolError, TransportError, UsageError
from exchange.ids import Digest, LinkId, b64url
from exchange.ledger.entries import Entry, agrx, epch, keyx, opened
from exchange.service import carryover, logbook
from exchange.service.gatetalk import SEEN, Report, ask_report
from exchange.service.keychange import TOLD, keys_that_count
from exchange.service.node import LinkPresence, Node
from exchange.service.pairing import Pairing, pairing_of, partner_keys
from exchange.service.ports import UnitOfWork
from exchange.service.renewal import DECIDED, Decision, decision_of, note_first, note_restores, restore_mark
from exchange.service.rows import AuditRow, DifferenceRow, LinkRow, LinkState, LogPosition

REASONS: Final = ("both_restored", "two_histories", "entries_lost")
DECIDED_REASON: Final = "epoch_decided"
LEAP: Final = 1_000
"""What both sides lost since their backups is less than so many messages; else people name the number."""
ENDED_SETTINGS: Final = (
    "refill:",
    "ahead:",
    SEEN,
    "forked:",
    "lack:",
    "unsettled:",
    "agreement-unfollowed:",
    TOLD,
)
"""Settings of a link that speak of places in the log that ended."""


async def decide(node: Node, link: LinkId, *, why: str, first: int = 0, actors: tuple[str, str]) -> Decision:
    """Note that two persons of this side end the present epoch; it ends when the other side does the same.

    Raises:
        UsageError: no such reason, a number that was used, or both gates are open: nothing is wrong then.
        LinkPausedError: the link is paused; whether its gate can open is known after that.
    """
    if why not in REASONS:
        raise UsageError(f"{why[:40]} is no reason to begin anew", hint="reasons: " + ", ".join(REASONS))
    await _hear_partner(node, link)
    presence = node.presence.of(link)
    if presence.gate is LinkState.OPEN and presence.state_told in ("", LinkState.OPEN.value):
        raise UsageError(
            "this link is open on both sides: its ledger goes on",
            hint="a ledger begins anew only when one side cannot open: exchange partner show; a parcel of the"
            " partner says whether it cannot, so read the newest one first",
        )

    def unit(uow: UnitOfWork) -> Decision:
        node.presence.demand_unpaused(link)
        row = _row(uow, link)
        least = first_number(uow, node, row)
        most = least + carryover.MAX_LOST
        if first and not least <= first <= most:
            why_not = "may have been used" if first < least else "is further away than messages can be lost"
            raise UsageError(f"number {first} {why_not}", hint=f"name one from {least} to {most}")
        restored = restore_mark(uow)
        decided = Decision(_next_epoch(node, row), why, first, restored)
        uow.settings.put(DECIDED + link, json.dumps(asdict(decided)))
        for actor in actors:
            uow.audit.record(AuditRow(node.clock.now(), actor, "new_ledger_decided", link, result=why))
        return decided

    decided = await node.store.write(unit)
    presence.is_decided_here = True
    if presence.gate is LinkState.OPEN:
        presence.gate, presence.reason = LinkState.CLOSED, DECIDED_REASON
    node.presence.wake(link)
    return decided


async def _hear_partner(node: Node, link: LinkId) -> None:
    """Ask the partner how far it is, if it can be asked now; the answer is kept in the presence."""
    presence = node.presence.of(link)
    if presence.only_answers:
        return
    try:
        await ask_report(node, link)
    except (TransportError, ProtocolError) as error:  # what it does not say now, it says at the gate
        node.journal.note("link_waits", link=link, reason=error.reason)


def _row(uow: UnitOfWork, link: LinkId) -> LinkRow:
    row = uow.links.get(link)
    if row is None:
        raise NodeError(f"link {link} is not in the store")
    return row


def _next_epoch(node: Node, row: LinkRow) -> int:
    water = node.high_water.read(row.link)
    told = node.presence.of(row.link).epoch_told
    return max(row.own_epoch, row.partner_epoch, told, water[0] if water else 1) + 1


def first_number(uow: UnitOfWork, node: Node, row: LinkRow) -> int:
    """Return the first number of ours in a new epoch: the next thousand above all that is known (5).

    A partner that tells of a number further away than messages can be lost is not believed.
    """
    water, told = node.high_water.read(row.link), node.presence.of(row.link).numbers_told
    used = max(row.next_seq - 1, water[3] - 1 if water else 0)
    used = max(used, told) if told <= used + carryover.MAX_LOST else used
    return (used // LEAP + 1) * LEAP + 1


async def begin_if_both(node: Node, link: LinkId, report: Report) -> bool:
    """Begin the new epoch if both sides have decided it; return whether it began (2 to 4).

    Requires a report that is known to be fresh, or came in a parcel to a store that is known to be the
    newest one (`filegate.begin_by_files`).
    """
    decided = await node.store.read(lambda uow: _may_begin(uow, node, link, report))
    if decided is None:
        return False
    left = await carryover.collect(node, link)
    presence = node.presence.of(link)
    presence.demand_unpaused()
    _forget_the_old(presence)
    presence.gate, presence.reason = LinkState.OPEN, ""
    try:
        await node.store.write(lambda uow: _begin(uow, node, link, report, decided, left))
    except BaseException:
        presence.gate = LinkState.CLOSED
        raise
    await put_mark_of(node, link)
    node.journal.note("epoch_began", link=link, epoch=decided.ep, reason=decided.why)
    node.presence.announce_change(link)
    return True


def _may_begin(uow: UnitOfWork, node: Node, link: LinkId, report: Report) -> Decision | None:
    row, decided, water = _row(uow, link), decision_of(uow, link), node.high_water.read(link)
    if decided is None or row.own_epoch >= decided.ep or report.renew_ep != decided.ep:
        return None
    seen = max(report.seen_ep if report.seen_size else 0, water[0] if water else 0)
    return None if seen >= decided.ep or report.own_ep > decided.ep else decided


def _forget_the_old(presence: LinkPresence) -> None:
    presence.offered.clear()
    presence.owed_results.clear()
    presence.partner_holds, presence.cosignature_sent = None, 0


def _begin(
    uow: UnitOfWork, node: Node, link: LinkId, report: Report, decided: Decision, left: carryover.Left
) -> None:
    """Open both logs of the new epoch and write its first leaves; everything in one transaction (3)."""
    row = _row(uow, link)
    old = [uow.logs.position(link, by) for by in (node.agency, row.partner)]
    first = max(first_number(uow, node, row), decided.first)
    keys = partner_keys(uow, row).in_new_epoch()
    for by in (node.agency, row.partner):
        uow.logs.open(link, by, decided.ep)
    for span in keys.spans.values():
        if span.until_index is not None:
            uow.links.put_key_span(link, decided.ep, span)
    uow.links.update(_in_epoch(row, decided.ep, first))
    for name in ENDED_SETTINGS:
        uow.settings.put(name + link, "")
    note_restores(uow, link, report.restored)
    note_first(uow, link, decided.ep, first)
    pairing = pairing_of(uow, node, link)
    logbook.write(uow, node, pairing.link, _first_leaves(pairing, old, first, decided))
    carryover.write_open(uow, node, pairing, left)
    _keep_end(uow, node, link, report, decided)


def _in_epoch(row: LinkRow, ep: int, first: int) -> LinkRow:
    return replace(row, own_epoch=ep, partner_epoch=ep, next_seq=first)


def _first_leaves(pairing: Pairing, old: list[LogPosition], first: int, decided: Decision) -> list[Entry]:
    card, agreement = pairing.own_card, pairing.agreement
    own, copy = old
    return [
        opened(n=agreement.n, ad=agreement.digest, crd=card.digest),
        agrx(n=agreement.n, ad=agreement.digest, fs=first),
        epch(
            pe=decided.ep - 1,
            sz=own.size,
            rt=_root(own),
            csz=copy.size,
            crt=_root(copy),
            why=decided.why,
        ),
        *(
            keyx(op="add", use=key.use, kid=key.kid, cs=card.serial, crd=card.digest)
            for key in keys_that_count(card)
        ),
    ]


def _root(position: LogPosition) -> Digest:
    return Digest(b64url(logbook.range_at(position).root()))


def _keep_end(uow: UnitOfWork, node: Node, link: LinkId, report: Report, decided: Decision) -> None:
    """Keep the partner's signed word about where both stood, and record the act."""
    now, ended = node.clock.now(), str(decided.ep - 1)
    uow.audit.keep(DifferenceRow(link, "epoch_ended", ended, decided.why, report.raw, now))
    uow.audit.record(AuditRow(now, "node", "new_ledger_begun", link, result=f"{decided.ep} {decided.why}"))


async def put_mark_of(node: Node, link: LinkId) -> None:
    """Write the high-water file of the new epoch: it has nothing in common with the old one."""

    def unit(uow: UnitOfWork) -> tuple[LogPosition, int]:
        return uow.logs.position(link, node.agency), _row(uow, link).next_seq

    position, next_seq = await node.store.read(unit)
    node.high_water.write(
        link, epoch=position.epoch, size=position.size, root=_root(position), next_seq=next_seq
    )
