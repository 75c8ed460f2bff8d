# SPDX-License-Identifier: Apache-2.0
"""`exchange case …`: list without content, show with content (which is recorded)."""

from typing import Annotated

import typer

from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.options import DATA, Data, Json, Officer, Partner, the_officer
from exchange.interfaces.cli.output import Answer, say, say_json, say_table
from exchange.interfaces.cli.sending import short
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
    for line in (*head_lines(found["case"]), *timeline(found["events"]), *next_lines(found.get("next", []))):
        say(line)


def head_lines(case: Answer) -> list[str]:
    """Return where a case stands: its state, its sides, holds, movement and acceptance."""
    lines = [f"case {case['code']}: {_state(case)}; host {case['host']}, origin {case['origin']}"]
    if case.get("acceptance_until"):
        lines.append(f"  accepted until {case['acceptance_until']}")
    for movement in case.get("movements", []):
        waiting = ", not acknowledged yet" if movement["provisional"] else ""
        lines.append(f"  movement {movement['code']}: {movement['state']}{waiting}")
    holds = [(hold["side"], short(hold["message"])) for hold in case.get("holds", [])]
    lines += [f"  on hold by the {side} side, message {message}" for side, message in holds]
    withdrawn = case.get("withdrawn_consents", {})
    return lines + [f"  consent withdrawn on {on}: {scope}" for scope, on in withdrawn.items()]


def timeline(events: list[Answer]) -> list[str]:
    """Return the lines of every message about a case, in aligned columns."""
    width = max((len(_label(event)) for event in events), default=0)
    return [line for event in events for line in event_lines(event, width=width)]


def event_lines(event: Answer, *, width: int = 0) -> list[str]:
    """Return what one message did to the case, and how far it came."""
    waiting = "  (provisional)" if event.get("provisional") else ""
    change = f"{event['before'] or 'new'} → {event['after']}"
    lines = [f"  {_minute(event['at'])}  {_label(event).ljust(width)}  {change}{waiting}"]
    if event.get("implied"):
        lines.append(f"      before it: {', '.join(event['implied'])}")
    if event["state"]:
        code = f" ({event['code']})" if event["code"] else ""
        marks = "".join(f", {mark}" for mark in _marks(event))
        lines.append(f"      number {event['seq']}, {event['state']}{code}{marks}")
    outcome = (event.get("line") or {}).get("outcome")
    if outcome:
        lines.append(f"      {'decision' if event['type'] == 'RPD' else 'outcome'}: {outcome}")
    return lines


def next_lines(steps: list[Answer]) -> list[str]:
    """Return what may come next, from whom; nothing for a case that is over."""
    if not steps:
        return ["  nothing more is expected in this case"]
    by_type: dict[str, list[str]] = {}
    for step in steps:
        by_type.setdefault(step["type"], []).append(step["by"])
    width = max(len(type_label(code)) for code in by_type)
    rows = [
        f"    {type_label(code).ljust(width)}  by {' or '.join(dict.fromkeys(by))}"
        for code, by in by_type.items()
    ]
    return ["  may come next:", *rows]


def type_label(code: str) -> str:
    """Return `RPN repatriation notice`."""
    row = message_types().get(code)
    return f"{code} {row.label.lower()}" if row else code


def _label(event: Answer) -> str:
    return f"{'received' if event['direction'] == 'in' else 'sent    '} {type_label(event['type'])}"


def _marks(event: Answer) -> list[str]:
    """Return how far a message came, as far as it is known."""
    names = ("released", "delivered", "accepted", "opened")
    marks = [f"{name} {_minute(event[name])}" for name in names if event.get(name)]
    return marks + ([f"answered by {short(event['answered'])}"] if event.get("answered") else [])


def _minute(moment: object) -> str:
    """Return `2027-10-04 02:00:05Z` of an instant."""
    text = str(moment)
    return f"{text[:10]} {text[11:19]}Z" if len(text) > len("2027-10-04T02:00:05") else text


def _state(row: Answer) -> str:
    return f"{row['shown']}, not acknowledged yet" if row["provisional"] else str(row["state"])
