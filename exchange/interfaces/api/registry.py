# SPDX-License-Identifier: Apache-2.0
"""Commands about the home register: enter, change, open, list, bring in and out, count."""

from datetime import date

from exchange.cases.permissions import Act, Role
from exchange.cases.register import Entry, reintegration, stay_on
from exchange.cases.register_report import Report, month_of
from exchange.cases.register_rights import readable_entry, shows_member
from exchange.cases.register_sheet import COLUMNS
from exchange.errors import UsageError
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, demand_reading, reader_for
from exchange.messages.dates import Span
from exchange.messages.sheets import SheetRow
from exchange.service import registering
from exchange.service.registering import Hand
from exchange.service.statistics import threshold_of


def hand_of(desk: Desk, ask: Ask) -> Hand:
    return Hand(ask.officer(), ask.text("purpose", ""), desk.opened.settings.agency.zone)


async def add(desk: Desk, ask: Ask) -> Answer:
    entry = await registering.add(desk.node, ask.object("entry"), hand_of(desk, ask))
    return {"number": entry.number, "case": entry.case}


async def change(desk: Desk, ask: Ask) -> Answer:
    number, changes = ask.text("number"), ask.object("changes")
    entry = await registering.change(desk.node, number, changes, hand_of(desk, ask))
    return {"number": entry.number, "case": entry.case}


async def show(desk: Desk, ask: Ask) -> Answer:
    """Return one entry; recorded as opening it."""
    await demand_reading(desk, ask, Act.OPEN_CASE, f"register {ask.text('number')}")
    entry = await registering.show(desk.node, ask.text("number"), hand_of(desk, ask))
    found = readable_entry(_members(entry), await _roles(desk, ask))
    return {"entry": found.members, "withheld": list(found.withheld)}


async def list_entries(desk: Desk, ask: Ask) -> Answer:
    """Return the entries without names, places and providers."""
    today = desk.node.clock.now().date()
    found = await registering.entries(desk.node)
    limit = min(ask.number("limit", 100), 1_000)
    return {"entries": [_line(entry, today) for entry in found[::-1][:limit]], "all": len(found)}


async def bring_in(desk: Desk, ask: Ask) -> Answer:
    """Keep the rows of a sheet, all or none."""
    rows = rows_of(ask)
    count = await registering.bring_in(desk.node, ask.texts("headings"), rows, hand_of(desk, ask))
    return {"entries": count}


async def bring_out(desk: Desk, ask: Ask) -> Answer:
    await demand_reading(desk, ask, Act.OPEN_CASE, "register")
    rows = await registering.bring_out(desk.node, hand_of(desk, ask))
    roles = await _roles(desk, ask)
    shown = [shows_member(str(column.place[0]), roles) for column in COLUMNS]
    return {
        "rows": [
            [cell if is_shown else "" for cell, is_shown in zip(row, shown, strict=True)] for row in rows
        ]
    }


async def _roles(desk: Desk, ask: Ask) -> tuple[Role, ...]:
    return (await desk.node.store.read(lambda uow: reader_for(uow, ask, purpose=""))).roles


async def report(desk: Desk, ask: Ask) -> Answer:
    """Return the table of the national report; `public` hides what must not be published."""
    period, public = _period(ask), ask.flag("public")
    if public and (not ask.text("month", "") or period.last >= desk.node.clock.now().date()):
        raise UsageError(
            "only a month that is over can be published: other periods would give its small counts away",
            hint="say --month 2027-06 --public",
        )
    found = await registering.report_of(desk.node, period, hand_of(desk, ask))
    return _report(found, await threshold_of(desk.node) if public else 0)


def rows_of(ask: Ask) -> list[SheetRow]:
    """Return the rows of a sheet as the command line read them."""
    rows = ask.members.get("rows")
    if not isinstance(rows, list):
        raise UsageError("rows is not a list")
    return [_row(Ask(row)) for row in rows if isinstance(row, dict)]


def _row(row: Ask) -> SheetRow:
    cells = {str(heading): str(text) for heading, text in row.object("cells").items()}
    return SheetRow(row.number("row"), cells, frozenset(row.texts("formulas")))


def _period(ask: Ask) -> Span:
    """Return the period of `month`, or of `from` and `to`."""
    month, first, last = (ask.text(name, "") for name in ("month", "from", "to"))
    try:
        period = month_of(month) if month else Span(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError as error:
        raise UsageError(
            "the period is not named", hint="say --month 2027-06, or --from 2027-01-01 --to 2027-12-31"
        ) from error
    if period.last < period.first:
        raise UsageError("the period ends before it begins")
    return period


def _report(found: Report, threshold: int) -> Answer:
    cells = found.counts.published(threshold)
    return {
        "from": found.period.first.isoformat(),
        "to": found.period.last.isoformat(),
        "threshold": threshold,
        "counts": cells,
        "holds": not found.counts.broken(),
    }


def _line(entry: Entry, today: date) -> Answer:
    state = reintegration(entry, Span(today, today))
    return {
        "number": entry.number,
        "case": entry.case,
        "received_on": entry.received_on,
        "intake": entry.intake,
        "in_care": stay_on(entry, today) is not None,
        "state": state.value if state else "",
        "closed": entry.closure is not None,
    }


def _members(entry: Entry) -> Answer:
    return entry.model_dump(mode="json", by_alias=True, exclude_none=True)


COMMANDS: dict[str, Command] = {
    "register.add": add,
    "register.change": change,
    "register.show": show,
    "register.list": list_entries,
    "register.import": bring_in,
    "register.export": bring_out,
    "register.report": report,
}
