# SPDX-License-Identifier: Apache-2.0
"""Commands about statistics: counts of cases, and how punctual answers were; nothing names a person."""

import asyncio

from exchange.bootstrap import announced_for_figures
from exchange.cases.publication import Period, period_of
from exchange.errors import UsageError
from exchange.ids import LinkId
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk
from exchange.service.rows import LinkState
from exchange.service.statistics import statistics_of
from exchange.service.timeliness import timeliness_of


async def statistics(desk: Desk, ask: Ask) -> Answer:
    """Return the published counts of one partner, or of each."""
    period = _period(desk, ask)
    tables = await statistics_of(desk.node, await _links(desk, ask), period, ask.officer())
    rows = [
        {
            "partner": table.partner,
            "host": table.host,
            "threshold": table.threshold,
            "counts": dict(table.counts),
        }
        for table in tables
    ]
    return {"from": period.first, "to": period.last, "tables": rows}


async def timeliness(desk: Desk, ask: Ask) -> Answer:
    """Return how punctually each side answered each type."""
    period = _period(desk, ask)
    announced = await asyncio.to_thread(announced_for_figures, desk.opened.folder)
    lines = await timeliness_of(desk.node, await _links(desk, ask), period, announced, ask.officer())
    rows = [
        {
            "partner": line.partner,
            "type": line.type,
            "answers": line.answers,
            "threshold": line.threshold,
            "counts": dict(line.found.counts),
            "median_days": line.found.median_days,
            "nine_tenths_days": line.found.nine_tenths_days,
        }
        for line in lines
    ]
    return {"from": period.first, "to": period.last, "lines": rows}


def _period(desk: Desk, ask: Ask) -> Period:
    month, first, last = (ask.text(name, "") for name in ("month", "from", "to"))
    try:
        return period_of(month or first, month or last, desk.node.clock.now())
    except ValueError as error:
        raise UsageError(
            f"the period is not right: {error}",
            hint="say --month 2027-06, or --from 2027-01 --to 2027-12",
        ) from error


async def _links(desk: Desk, ask: Ask) -> list[LinkId]:
    partner = ask.text("partner", "")
    if partner:
        return [(await desk.link(partner)).link]
    agreed = [row for row in await desk.links() if row.state not in (LinkState.INVITED, LinkState.JOINED)]
    return [row.link for row in agreed]


COMMANDS: dict[str, Command] = {"statistics": statistics, "statistics.timeliness": timeliness}
