# SPDX-License-Identifier: Apache-2.0
"""The auditor's pages: both ledgers compared, and who read what. No name, no content, no type.

What the auditor looks at is recorded like every other reading (rule 29).
"""

import re
from dataclasses import dataclass

from exchange.i18n import marked
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.paging import ROWS, asked_slice
from exchange.interfaces.web.replying import Page, Reply
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow

MOST_ACTS = 500
MADE_ACTS = (
    marked("erase proposed"), marked("erase confirmed"), marked("erase given up"), marked("hold proposed"),
    marked("hold confirmed"), marked("hold given up"), marked("unhold proposed"), marked("unhold confirmed"),
    marked("unhold given up"),
)  # fmt: skip
"""Acts whose names are made from parts where they are recorded."""
_CODE = re.compile(r"([0-9A-Z]{4})-[0-9A-Z]{4}-[0-9A-Z]{4}", re.ASCII)


@dataclass(frozen=True)
class ActLine:
    """One recorded act as an auditor sees it; of a case code only its beginning."""

    row: AuditRow
    object: str


async def choose(clerk: Clerk) -> Reply:
    found = await clerk.ask("status")
    return Page(
        "audit.html",
        {"partners": [row["partner"] for row in found["partners"] if row["link"]], "found": None},
    )


async def compare(clerk: Clerk) -> Reply:
    """Compare both ledgers of a link and name each difference."""
    partner = clerk.asked.text("partner")
    found = await clerk.ask("reconcile", partner=partner)
    await _record(clerk, act="ledgers_compared", object=found["partner"])
    status = await clerk.ask("status")
    partners = [row["partner"] for row in status["partners"] if row["link"]]
    return Page("audit.html", {"partners": partners, "found": found})


async def acts(clerk: Clerk) -> Reply:
    """Show the newest recorded acts, of one officer or all."""
    officer = clerk.asked.said("officer").upper()[:16]
    rows = await clerk.node.store.read(lambda uow: uow.audit.list(limit=MOST_ACTS))
    await _record(clerk, act="acts_read", object="audit")
    part = asked_slice(clerk.asked, ROWS)
    chosen = [row for row in rows if officer in ("", row.actor)][part.skip :]
    values = {
        "acts": [ActLine(row, _without_code(row.object)) for row in part.shown(chosen)],
        "officer": officer,
        "actors": sorted({row.actor for row in rows}),
        "most": MOST_ACTS,
        "beside": part.ways(chosen),
    }
    return Page("acts.html", values)


async def _record(clerk: Clerk, *, act: str, object: str) -> None:
    def unit(uow: UnitOfWork) -> None:
        uow.audit.record(AuditRow(clerk.node.clock.now(), clerk.officer, act, object, "audit"))

    await clerk.node.store.write(unit)


def _without_code(text: str) -> str:
    return _CODE.sub(r"\1-…", text)
