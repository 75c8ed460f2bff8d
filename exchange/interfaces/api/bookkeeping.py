# SPDX-License-Identifier: Apache-2.0
"""Commands of the auditor: reconcile and ledger. Nothing here opens content."""

import asyncio

from exchange.bootstrap import announced_days
from exchange.errors import UsageError
from exchange.ids import AgencyCode
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, when
from exchange.interfaces.api.differing import AMBER, GREEN, RED, behind_answer, difference_answer, light
from exchange.ledger.compare import Period, Reconciliation
from exchange.ledger.differences import CLASSES, Difference
from exchange.ledger.entries import decode_leaf
from exchange.ledger.join import Movement
from exchange.service.ports import UnitOfWork
from exchange.service.reconcile import LogReport, reconcile, refresh, verify
from exchange.service.rows import DifferenceState, LinkRow, NamedDifference
from exchange.service.shortfall import shortfall
from exchange.service.statement_figures import counted_in_content, span_of

MAX_ENTRIES = 500
MAX_NAMED = 1_000
"""Differences looked up in the books in one unit; more are not named anyway."""


async def reconcile_partner(desk: Desk, ask: Ask) -> Answer:
    """Compare both logs of a link and name every difference.

    `month`, or the days `since` and `until` (both included, UTC), choose what was sent in that time. If
    nothing but a partner that was asked and not reached keeps the light from green, `unreached` says so.
    """
    row = await desk.link(ask.text("partner", ""))
    period = _period(ask)
    asked = ask.members.get("flush") is not False and not desk.node.is_by_files(row.link)
    reached = await refresh(desk.node, row.link) if asked else None
    found = await reconcile(desk.node, row.link, period=period)
    own, copy = await verify(desk.node, row.link)
    known = await desk.node.store.read(lambda uow: _known(uow, row, found))
    announced = await asyncio.to_thread(announced_days, desk.opened.folder)
    lacks = await desk.node.store.read(lambda uow: shortfall(uow, desk.node, row.link))
    held = _light(found, known, faults=bool(own.faults or copy.faults or lacks))
    unreached = held == GREEN and reached is False
    return {
        "light": AMBER if unreached else held,
        "unreached": unreached,
        "behind": behind_answer(lacks),
        "counted": await counted_in_content(desk.node, row.link, announced),
        "period": {"from": when(period.begins), "to": when(period.ends)} if period else None,
        "partner": row.partner,
        "link": row.link,
        "at": when(found.at),
        "reached": reached,
        "sent": found.outgoing.sent,
        "received": found.incoming.received,
        "matched": found.matched,
        "in_transit": found.in_transit,
        "outgoing": _movement(found.outgoing),
        "incoming": _movement(found.incoming),
        "entries": {"own": own.size, "partner": copy.size},
        "cosigned": {"own": own.cosigned, "partner": copy.cosigned},
        "roots": {"own": own.root, "partner": copy.root},
        "faults": [*own.faults, *copy.faults],
        "differences": [_difference(item, known.get(item.key)) for item in found.differences],
    }


def _known(uow: UnitOfWork, row: LinkRow, found: Reconciliation) -> dict[str, NamedDifference]:
    """Return the differences that are named already, by what makes them the same."""
    rows = (uow.differences.of_key(row.link, item.key) for item in found.differences[:MAX_NAMED])
    return {one.found.key: one for one in rows if one is not None}


def _difference(found: Difference, named: NamedDifference | None) -> Answer:
    """Return a difference, with the number and the state that it has in the books."""
    state = named.state.value if named else DifferenceState.OPEN.value
    return difference_answer(found) | {"no": named.no if named else 0, "state": state}


def _light(found: Reconciliation, known: dict[str, NamedDifference], *, faults: bool) -> str:
    """Return what an auditor sees first; what nobody has named yet counts as open."""
    unnamed = [item for item in found.differences if item.key not in known]
    if any(CLASSES[item.kind].is_grave for item in unnamed):
        return RED
    shown = light(known.values(), faults=faults)
    return AMBER if shown == GREEN and unnamed else shown


def _period(ask: Ask) -> Period | None:
    month, since, until = (ask.text(name, "") for name in ("month", "since", "until"))
    if month and (since or until):
        raise UsageError("say a month, or the first and the last day, not both")
    if month:
        span = span_of(month)
        return Period(span.begins, span.ends)
    if not since and not until:
        return None
    if not (since and until):
        raise UsageError("a period has a first and a last day", hint="say --from and --to")
    first, last = span_of(since), span_of(until)
    if last.ends <= first.begins:
        raise UsageError("the period ends before it begins")
    return Period(first.begins, last.ends)


def _movement(found: Movement) -> Answer:
    names = (
        "sent",
        "received",
        "matched",
        "accepted",
        "rejected",
        "held",
        "voided",
        "in_transit",
        "missing",
        "open",
    )
    return {name: getattr(found, name) for name in names}


async def list_entries(desk: Desk, ask: Ask) -> Answer:
    """Return entries of one log of a link, oldest first."""
    row = await desk.link(ask.text("partner", ""))
    by = _log(desk, row, ask)
    start, limit = ask.number("start", 0), min(ask.number("limit", 100), MAX_ENTRIES)

    def unit(uow: UnitOfWork) -> Answer:
        size = uow.logs.position(row.link, by).size
        leaves = uow.logs.leaves(row.link, by, start, min(start + limit, size))
        return {"log": by, "size": size, "entries": [_entry(raw) for raw in leaves]}

    return await desk.node.store.read(unit)


async def show_entry(desk: Desk, ask: Ask) -> Answer:
    row = await desk.link(ask.text("partner", ""))
    by, index = _log(desk, row, ask), ask.number("index")

    def unit(uow: UnitOfWork) -> Answer:
        size = uow.logs.position(row.link, by).size
        if not 0 <= index < size:
            raise UsageError(f"the ledger of {by} has {size} entries", hint="run: exchange ledger list")
        raw = uow.logs.leaves(row.link, by, index, index + 1)[0]
        signed, cosigned = uow.logs.head(row.link, by), uow.logs.cosigned(row.link, by)[0]
        return {
            "log": by,
            "entry": _entry(raw),
            "bytes": raw.decode("ascii"),
            "signed": bool(signed and signed.size > index),
            "signed_by_other_side": cosigned > index,
        }

    return await desk.node.store.read(unit)


async def verify_ledger(desk: Desk, ask: Ask) -> Answer:
    """Recompute both logs of a link and check every signature over them."""
    row = await desk.link(ask.text("partner", ""))
    reports = await verify(desk.node, row.link)
    return {
        "partner": row.partner,
        "logs": [_report(report) for report in reports],
        "holds": not any(report.faults for report in reports),
    }


def _report(report: LogReport) -> Answer:
    return {
        "log": report.by,
        "entries": report.size,
        "root": report.root,
        "signed": report.signed,
        "signed_by_other_side": report.cosigned,
        "faults": list(report.faults),
    }


def _log(desk: Desk, row: LinkRow, ask: Ask) -> AgencyCode:
    which = ask.text("log", "own")
    if which in ("own", desk.node.agency):
        return desk.node.agency
    if which in ("partner", row.partner):
        return row.partner
    raise UsageError("log is own or partner")


def _entry(raw: bytes) -> Answer:
    leaf = decode_leaf(raw)
    return {"index": leaf.i, "at": leaf.t, "event": leaf.ev, **leaf.fields}


COMMANDS: dict[str, Command] = {
    "reconcile": reconcile_partner,
    "ledger.list": list_entries,
    "ledger.show": show_entry,
    "ledger.verify": verify_ledger,
}
