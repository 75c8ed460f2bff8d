# SPDX-License-Identifier: Apache-2.0
"""Has the heads of our statements stamped with the time, by authorities of the own choice (RFC 3161).

1. What is stamped is SHA-256 of the three lines of our own head in our newest statement; it is noted as
   due in the unit that sends the statement.
2. Each authority is asked at most once an hour until it gave a stamp that counts (the adapter checks it). A
   newer statement takes the place of one that was not stamped: a head speaks for all entries below.
3. A stamp is kept beside the log and goes into evidence packs. It says: these entries existed by then. It is
   the only time in a pack that neither side claims.
4. An authority that is silent or wrong stops nothing: it is counted, noted, and shown.

An authority sees a digest and when it was asked. Leaves and frames know nothing of stamps.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from exchange.config import MAX_AUTHORITIES
from exchange.errors import TransportError
from exchange.ids import LinkId, b64url, unb64url
from exchange.ledger.notes import Head, head_text
from exchange.protocol.strictjson import JsonValue
from exchange.service.ledgers import HeadStamp
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import StatementRow
from exchange.service.statement_figures import heads_of
from exchange.service.surroundings import Stamper

EVERY: Final = timedelta(hours=1)
"""How often an authority is asked that has not stamped the newest head."""
_LAST: Final = "\x7f"
"""Behind the name of every authority."""
DUE: Final = "stamp_due:"
"""Setting of a link: epoch, size and root of the head that is to be stamped."""


@dataclass(frozen=True)
class Standing:
    """How it stands with one authority on one link."""

    tsa: str
    at: datetime | None
    """The time in its newest stamp of the present log."""
    is_missing: bool
    """The head of the newest statement is not stamped by it."""


def note_due(uow: UnitOfWork, head: Head) -> None:
    """Note the head of a statement as one that is to be stamped (1)."""
    if head.size:
        said = {"ep": head.ep, "size": head.size, "root": b64url(head.root)}
        uow.settings.put(DUE + head.link, json.dumps(said, sort_keys=True))


async def stamp_heads(node: Node, link: LinkId) -> bool:
    """Ask each authority that has not stamped the newest head of a statement (2); return if one was."""
    asked = await node.store.read(lambda uow: _asked(uow, node, link))
    for head, stamper in asked:
        await _stamp(node, head, stamper)
    return bool(asked)


def _asked(uow: UnitOfWork, node: Node, link: LinkId) -> list[tuple[Head, Stamper]]:
    """Return the head that is due with each authority that has not stamped it."""
    head = _due(uow, node, link)
    if head is None:
        return []
    return [(head, stamper) for stamper in node.stampers if _lacks(uow, head, stamper.name)]


async def _stamp(node: Node, head: Head, stamper: Stamper) -> None:
    try:
        found = await stamper.stamp(head_text(head).encode())
    except TransportError as error:
        node.journal.note("stamp_missing", link=head.link, reason=error.reason)
        node.counters.count("stamp_missing", reason=error.reason)
        return
    row = HeadStamp(head.size, stamper.name, found.reply, found.at)

    def unit(uow: UnitOfWork) -> None:
        if _lacks(uow, head, stamper.name):
            uow.stamps.add(head.link, head.by, row, epoch=head.ep)

    await node.store.write(unit)


def standings_of(uow: UnitOfWork, node: Node, link: LinkId) -> list[Standing]:
    """Return how it stands with each authority."""
    row, head = uow.links.get(link), _due(uow, node, link)
    found = []
    for stamper in node.stampers:
        newest = uow.stamps.newest(link, node.agency, stamper.name, epoch=row.own_epoch if row else 1)
        is_missing = head is not None and _lacks(uow, head, stamper.name)
        found.append(Standing(stamper.name, newest.at if newest else None, is_missing))
    return found


def stamps_of(
    uow: UnitOfWork, node: Node, row: StatementRow, content: Mapping[str, JsonValue]
) -> list[HeadStamp]:
    """Return the time stamps over our head in a statement of ours; none for one of the partner."""
    size, link = heads_of(content).get(node.agency, 0), uow.links.get(row.link)
    if not row.is_own or not size or link is None:
        return []
    found = uow.stamps.page(
        row.link, node.agency, epoch=link.own_epoch, after=(size - 1, _LAST), limit=MAX_AUTHORITIES
    )
    return [stamp for stamp in found if stamp.size == size]


def _due(uow: UnitOfWork, node: Node, link: LinkId) -> Head | None:
    kept = uow.settings.get(DUE + link)
    if not kept:
        return None
    said = json.loads(kept)
    return Head(link, node.agency, int(said["ep"]), int(said["size"]), unb64url(said["root"]))


def _lacks(uow: UnitOfWork, head: Head, tsa: str) -> bool:
    newest = uow.stamps.newest(head.link, head.by, tsa, epoch=head.ep)
    return newest is None or newest.size < head.size
