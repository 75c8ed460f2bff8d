# SPDX-License-Identifier: Apache-2.0
"""`exchange case …`: list without content, show with content (which is recorded)."""

from typing import Annotated

import typer

from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.options import DATA, Data, Json, Officer, Partner, the_officer
from exchange.interfaces.cli.output import Answer, say, say_json, say_table
from exchange.messages.catalog import message_types

group = typer.Typer(help="Cases: list and show them.", no_args_is_help=True)


@group.command("list")
def list_cases(
    partner: Partner = "",
    limit: Annotated[int, typer.Option("--limit", help="How many.", min=1, max=1000)] = 100,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show cases without any content."""
    found = Service(data).ask("case.list", partner=partner, limit=limit)
    if as_json:
        say_json(found)
        return
    rows = [
        (row["code"], row["host"], row["origin"], _state(row), (row["changed"] or "")[:16])
        for row in found["cases"]
    ]
    say_table(("case", "host", "origin", "state", "changed"), rows, empty="no case yet")


@group.command("show")
def show(
    code: Annotated[str, typer.Argument(help="Code of the case, or its beginning.")],
    data: Data = DATA,
    officer: Officer = "",
    purpose: Annotated[str, typer.Option("--purpose", help="Why you open it.")] = "case_work",
    as_json: Json = False,
) -> None:
    """Show what happened in a case; this is recorded."""
    found = Service(data).ask("case.show", code=code, officer=the_officer(officer), purpose=purpose)
    if as_json:
        say_json(found)
        return
    case = found["case"]
    say(f"case {case['code']}: {_state(case)}; host {case['host']}, origin {case['origin']}")
    for event in _final(found["events"]):
        for line in event_lines(event):
            say(line)


def _final(events: list[Answer]) -> list[Answer]:
    """Return the events without those that a later entry of the same message replaced."""
    last = {event["message"]: number for number, event in enumerate(events)}
    return [event for number, event in enumerate(events) if last[event["message"]] == number]


def event_lines(event: Answer) -> list[str]:
    """Return what one message did to the case."""
    row = message_types().get(event["type"])
    label = f"{event['type']} {row.label.lower()}" if row else event["type"]
    way = "received" if event["direction"] == "in" else "sent"
    change = f"{event['before'] or 'new'} → {event['after']}"
    code = f" ({event['code']})" if event["code"] else ""
    lines = [f"  {event['at']}  {way} {label}: {change}"]
    if event["state"]:
        lines.append(f"      number {event['seq']}, {event['state']}{code}")
    outcome = (event.get("line") or {}).get("outcome")
    if outcome:
        lines.append(f"      decision: {outcome}")
    return lines


def _state(row: Answer) -> str:
    return f"{row['shown']}, not acknowledged yet" if row["provisional"] else str(row["state"])
