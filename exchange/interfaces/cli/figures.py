# SPDX-License-Identifier: Apache-2.0
"""`exchange statistics` and `exchange statistics timeliness`: counts that name nobody, as text, CSV or JSON.

A count that must not be published is empty in CSV, null in JSON, and said in words on the screen.
"""

import csv
import io
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.options import DATA, Data, Json, Officer, Partner, the_officer
from exchange.interfaces.cli.output import Answer, say, say_json, say_table
from exchange.messages.sheets import guarded

group = typer.Typer(
    help="Statistics without persons, and how punctual answers were.", invoke_without_command=True
)

Month = Annotated[str, typer.Option("--month", help="A month that is over, as 2027-06.")]
First = Annotated[str, typer.Option("--from", help="First month of a longer period.")]
Last = Annotated[str, typer.Option("--to", help="Last month of it.")]
Csv = Annotated[bool, typer.Option("--csv", help="Answer with CSV for spreadsheets.")]
HEADINGS = ("partner", "host", "from", "to", "count", "persons")
PUNCTUAL = ("in_time", "late", "not_due_yet", "overdue", "not_needed", "answered", "open", "asked")


@group.callback()
def statistics(
    context: typer.Context,
    partner: Partner = "",
    month: Month = "",
    first: First = "",
    last: Last = "",
    as_csv: Csv = False,
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Count the cases of each partner: notices, decisions, lists, handovers, receptions."""
    if context.invoked_subcommand is not None:
        return
    found = _ask("statistics", data, officer, partner, month, first, last)
    if as_json:
        say_json(found)
        return
    rows = [
        (table["partner"], table["host"], found["from"], found["to"], name, count)
        for table in found["tables"]
        for name, count in table["counts"].items()
    ]
    if as_csv:
        write_csv(HEADINGS, rows)
        return
    for table in found["tables"]:
        say(f"{table['partner']}, found by {table['host']}, {found['from']} to {found['to']}")
        say_table(("count", "persons"), list(_said(table)), empty="nobody")
    if not found["tables"]:
        say("no case in this period")


@group.command("timeliness")
def timeliness(
    partner: Partner = "",
    month: Month = "",
    first: First = "",
    last: Last = "",
    as_csv: Csv = False,
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Show how punctually each side answered each type, in its own working days."""
    found = _ask("statistics.timeliness", data, officer, partner, month, first, last)
    if as_json:
        say_json(found)
        return
    headings = ("partner", "type", "who answers", *PUNCTUAL, "median days", "90 % days")
    rows = [
        (
            line["partner"],
            line["type"],
            line["answers"],
            *(line["counts"][name] for name in PUNCTUAL),
            line["median_days"],
            line["nine_tenths_days"],
        )
        for line in found["lines"]
    ]
    if as_csv:
        write_csv(("from", "to", *headings), [(found["from"], found["to"], *row) for row in rows])
        return
    shown = [["hidden" if cell is None else cell for cell in row] for row in rows]
    say_table([heading.replace("_", " ") for heading in headings], shown, empty="nothing was asked")


def write_csv(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as CSV; every cell is a code, a date or a number, and a hidden count is empty."""
    sys.stdout.write(csv_text(headings, rows))


def csv_text(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV; a text that begins like a formula gets an apostrophe before it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    return text.getvalue()


def _cell(cell: object) -> object:
    return guarded(cell) if isinstance(cell, str) else "" if cell is None else cell


def _said(table: Answer) -> Iterable[tuple[str, str]]:
    hidden = f"fewer than {table['threshold']}, or hidden with another"
    for name, count in table["counts"].items():
        yield name.replace("/", ", ").replace("_", " "), hidden if count is None else str(count)


def _ask(command: str, data: Data, officer: str, partner: str, month: str, first: str, last: str) -> Answer:
    period = {"month": month, "from": first, "to": last}
    return Service(data).ask(command, partner=partner, officer=the_officer(officer), **period)
