# SPDX-License-Identifier: Apache-2.0
"""Commands of the auditor: reconcile and ledger. Nothing here opens content."""

from exchange.errors import UsageError
from exchange.ids import AgencyCode
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, when
from exchange.ledger.differences import CLASSES
from exchange.ledger.entries import decode_leaf
from exchange.ledger.join import Movement
from exchange.service.ports import UnitOfWork
from exchange.service.reconcile import LogReport, reconcile, refresh, verify
from exchange.service.rows import LinkRow

MAX_ENTRIES = 500


async def reconcile_partner(desk: Desk, ask: Ask) -> Answer:
    """Compare both logs of a link and name every difference."""
    row = await desk.link(ask.text("partner", ""))
    asked = ask.members.get("flush") is not False
    reached = await refresh(desk.node, row.link) if asked else None
    found = await reconcile(desk.node, row.link)
    own, copy = await verify(desk.node, row.link)
    return {
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
        "differences": [
            {
                "class": item.kind.value,
                "words": CLASSES[item.kind].words,
                "number": item.number,
                "last_number": item.last_number,
                "sender": item.sender,
                "acts_first": item.acts_first,
                "reason": item.reason,
                "entries": [
                    {"log": leaf.by, "index": leaf.index, "digest": leaf.digest} for leaf in item.leaves
                ],
            }
            for item in found.differences
        ],
    }


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
            raise UsageError(f"the ledger of {by} has entries 0 to {size - 1}")
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
