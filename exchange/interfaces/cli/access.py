# SPDX-License-Identifier: Apache-2.0
"""`exchange case reader|give|emergency|look` and `exchange officer go-on`: who may read a case.

What a second person has to do stands first in `exchange due`.
"""

from typing import Annotated

import typer

from exchange.cases.permissions import EmergencyPurpose
from exchange.errors import UsageError
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.options import DATA, Data, Json, Officer, the_officer
from exchange.interfaces.cli.output import Answer, say, say_json

Case = Annotated[str, typer.Argument(help="Whole code of the case.")]


def register(cases: typer.Typer, officers: typer.Typer) -> None:
    """Add the commands of this module to their groups."""
    for name, act in (("reader", reader), ("give", give), ("emergency", emergency), ("look", look)):
        cases.command(name)(act)
    officers.command("go-on")(go_on)


def reader(
    case: Case,
    named: Annotated[str, typer.Argument(help="Number of the officer who is to read class S4.")],
    confirm: Annotated[bool, typer.Option("--confirm", help="Confirm as the second person.")] = False,
    end: Annotated[bool, typer.Option("--end", help="End it, or take the proposal back.")] = False,
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Propose, confirm or end a named reader of a case."""
    if confirm and end:
        raise UsageError("a reader is confirmed or ended, not both")
    act = "confirm" if confirm else "end" if end else "propose"
    found = Service(data).ask(f"reader.{act}", code=case, reader=named, officer=the_officer(officer))
    done = {
        "propose": f"{found['reader']} is proposed; another officer runs: exchange case reader "
        f"{found['case']} {found['reader']} --confirm",
        "confirm": f"{found['reader']} is a named reader of case {found['case']}",
        "end": f"{found['reader']} is no reader of case {found['case']}",
    }
    _told(found, done[act], as_json=as_json)


def give(
    case: Case,
    office: Annotated[str, typer.Argument(help="Code of an office of the own side.")],
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Give a case to an office; from then on others open it only in an emergency."""
    found = Service(data).ask("case.give", code=case, office=office, officer=the_officer(officer))
    _told(found, f"case {found['case']} lies at {', '.join(found['desks'])}", as_json=as_json)


def emergency(
    case: Case,
    reason: Annotated[str, typer.Argument(help="One of: " + ", ".join(EmergencyPurpose) + ".")],
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Open a case of another office for an hour; a second officer looks at it within 24 hours."""
    asked = {"code": case, "emergency": reason, "officer": the_officer(officer)}
    found = Service(data).ask("case.emergency", **asked)
    text = f"case {found['case']} is open to you for an hour; a colleague looks at it until {found['until']}"
    _told(found, text, as_json=as_json)


def look(
    number: Annotated[int, typer.Argument(help="Number that exchange due shows.")],
    objects: Annotated[bool, typer.Option("--object", help="You object.")] = False,
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Say as the second officer what you think of an opening in an emergency."""
    asked = {"n": number, "objects": objects, "officer": the_officer(officer)}
    found = Service(data).ask("emergency.review", **asked)
    said = "you objected to" if objects else "you agreed with"
    _told(found, f"{said} the opening of case {found['case']} by {found['officer']}", as_json=as_json)


def go_on(
    number: Annotated[str, typer.Argument(help="Number of the officer who was stopped.")],
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Let an officer go on who opened too many cases; needs another officer."""
    found = Service(data).ask("reading.release", stopped=number, officer=the_officer(officer))
    _told(found, f"{found['officer']} can open cases again", as_json=as_json)


def stop_line(each: Answer) -> str:
    """Return what another officer has to do for one who opened too much."""
    return (
        f"{each['officer']} opened {each['opened']} cases in ten minutes and is stopped: ask why, then "
        f"exchange officer go-on {each['officer']}"
    )


def emergency_line(each: Answer) -> str:
    """Return what a second officer has to do for an opening in an emergency."""
    late = ", overdue" if each["overdue"] else ""
    until = f"{each['until']}{late}: exchange case look {each['n']}"
    return (
        f"{each['officer']} opened case {each['case']} of another office in an emergency "
        f"({each['purpose']}): a second officer looks until {until}"
    )


def _told(found: Answer, text: str, *, as_json: bool) -> None:
    if as_json:
        say_json(found)
    else:
        say(text)
