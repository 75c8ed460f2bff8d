# SPDX-License-Identifier: Apache-2.0
"""`exchange officer add|list` and `exchange status`: this agency as its own staff sees it."""

from typing import Annotated

import typer

from exchange.interfaces.cli import doctor_keys
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.doctor_outside import Finding
from exchange.interfaces.cli.doctor_running import apart_words
from exchange.interfaces.cli.moved import moved_line
from exchange.interfaces.cli.options import DATA, Data, Json
from exchange.interfaces.cli.output import Answer, say, say_json, say_marked, say_table
from exchange.interfaces.cli.pausing import end_command, paused_line
from exchange.messages.codelists import agency

officers = typer.Typer(help="Officers: add, list, correct, end; their accounts.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="Number of the officer, for example P-0001.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module that are in no group."""
    app.command("status")(status)


@officers.command("add")
def add_officer(
    number: Number,
    name: Annotated[str, typer.Argument(help="Name, as colleagues know it.")],
    office: Annotated[str, typer.Option("--office", help="Office; default: the one of this node.")] = "",
    function: Annotated[
        list[str] | None,
        typer.Option("--function", help="What the officer may do; default: all of the office."),
    ] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Enter an officer into the directory."""
    service = Service(data)
    place = office or str(service.ask("status")["office"])
    entry = agency(place)
    functions = function or (sorted(entry.functions) if entry else [])
    row = service.ask("officer.add", number=number, name=name, office=place, functions=functions)
    if as_json:
        say_json(row)
        return
    say(f"{row['number']} {row['name']}, {row['office']}: {', '.join(row['functions'])}")


@officers.command("list")
def list_officers(data: Data = DATA, as_json: Json = False) -> None:
    """Show the directory."""
    answer = Service(data).ask("officer.list")
    if as_json:
        say_json(answer)
        return
    rows = [
        (row["number"], row["name"], row["office"], ", ".join(row["functions"]), row["until"] or "active")
        for row in answer["officers"]
    ]
    headings = ("number", "name", "office", "functions", "until")
    say_table(headings, rows, empty="no officer yet: exchange officer add P-0001 <name>")


def status(data: Data = DATA, as_json: Json = False) -> None:
    """Show who this node is and how each partner stands."""
    answer = Service(data).ask("status")
    if as_json:
        say_json(answer)
        return
    kind = ", training" if answer["training"] else ""
    say(f"{answer['agency']}{kind}, {answer['address'] or 'only calls'}")
    for finding in _about_keys(answer):
        say(f"  {finding.what}: {finding.found}")
        say(f"    {finding.todo}")
    for row in answer["partners"]:
        say_marked(partner_line(row), row["state"])
        if row.get("pause"):
            say(f"    {paused_line(row)}")
            say(f"    two officers end it: {end_command(row['partner'])}")
        if row.get("clock_apart_s"):
            say(f"    {apart_words(row['clock_apart_s'], answer['now'])}")
        if row.get("address"):
            say(f"    {moved_line(row['address'])}")
    if not answer["partners"]:
        say("no partner yet: exchange partner invite")


def _about_keys(answer: Answer) -> list[Finding]:
    """Return what is wrong with keys, in the words of the doctor."""
    partners = {row["partner"]: row["keys"] for row in answer["partners"]}
    found = doctor_keys.keys_of(answer["keys"], answer["shut_by"], partners)
    return [finding for finding in found if not finding.well]


def partner_line(row: Answer) -> str:
    """Return how one partner stands, in a line."""
    why = f" ({row['reason']})" if row["reason"] and not row.get("pause") else ""
    contact = f"last contact {row['last_contact']}" if row["last_contact"] else "no contact since the start"
    failed = f", the last call failed ({row['failure']})" if row["failure"] else ""
    return f"  {row['partner']}  {row['state']}{why}, {row['waiting']} waiting, {contact}{failed}"
