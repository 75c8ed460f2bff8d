# SPDX-License-Identifier: Apache-2.0
"""The auditor's first pages: both ledgers compared, and who read what. No name, no content, no type.

What the auditor looks at is recorded like every other reading (rule 29).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from exchange.i18n import marked
from exchange.interfaces.web.desk import Answer, Clerk
from exchange.interfaces.web.paging import ROWS, asked_slice
from exchange.interfaces.web.replying import Page, Reply
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow

MOST_ACTS = 500
MONTHS: Final = 24
"""Months that are offered, the newest first; older ones are compared with the whole."""
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
    """Return the partners, each with what there is to look at, and the form of a comparison."""
    return Page("audit.html", {**await _choices(clerk), "found": None})


async def compare(clerk: Clerk) -> Reply:
    """Compare both ledgers of a link, or what was sent in one month, and name each difference."""
    partner, month = clerk.asked.text("partner"), clerk.asked.text("month")
    found = await clerk.ask("reconcile", partner=partner, month=month)
    await note_look(clerk, act="ledgers_compared", object=found["partner"])
    return Page("audit.html", {**await _choices(clerk), "found": found, "month": month})


async def _choices(clerk: Clerk) -> dict[str, Any]:
    status: Answer = await clerk.ask("status")
    return {
        "partners": [row["partner"] for row in status["partners"] if row["link"]],
        "months": list(_months(clerk.node.clock.now().date())),
        "month": "",
    }


def _months(today: date) -> Iterator[str]:
    """Yield this month and those before it: `2027-10`."""
    for _ in range(MONTHS):
        yield f"{today:%Y-%m}"
        today = today.replace(day=1) - timedelta(days=1)


async def acts(clerk: Clerk) -> Reply:
    """Show the newest recorded acts, of one officer or all."""
    officer = clerk.asked.said("officer").upper()[:16]
    rows = await clerk.node.store.read(lambda uow: uow.audit.list(limit=MOST_ACTS))
    await note_look(clerk, act="acts_read", object="audit")
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


async def note_look(clerk: Clerk, *, act: str, object: str) -> None:
    """Record that an auditor looked at something (rule 29)."""

    def unit(uow: UnitOfWork) -> None:
        uow.audit.record(AuditRow(clerk.node.clock.now(), clerk.officer, act, object, "audit"))

    await clerk.node.store.write(unit)


def _without_code(text: str) -> str:
    return _CODE.sub(r"\1-…", text)
