# SPDX-License-Identifier: Apache-2.0
"""`exchange client …`: other systems of this agency that use the staff API, each with a token of its own."""

from typing import Annotated, Final

import typer

from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.options import DATA, Data, Json, Officer, the_officer
from exchange.interfaces.cli.output import say, say_json, say_table

group = typer.Typer(help="Client systems of the staff API: add, list, end.", no_args_is_help=True)

DAYS: Final = 365

Name = Annotated[str, typer.Argument(help="Name of the system, for example case-files.")]


@group.command("add")
def add_client(
    name: Name,
    role: Annotated[list[str], typer.Option("--role", help="What it may do; once for each role.")],
    days: Annotated[int, typer.Option("--days", help="How many days its token lives.", min=1)] = DAYS,
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Enter a client system for the officer who answers for it; its token is shown once."""
    row = Service(data).ask("client.add", name=name, roles=role, days=days, officer=the_officer(officer))
    if as_json:
        say_json(row)
        return
    say(f"{row['name']} acts for {row['officer']} as {', '.join(row['roles'])} until {row['until']}")
    say("its token, which is not shown again:")
    say(row["token"])


@group.command("end")
def end_client(name: Name, data: Data = DATA, as_json: Json = False) -> None:
    """Refuse the token of a client system from now on."""
    row = Service(data).ask("client.end", name=name)
    if as_json:
        say_json(row)
        return
    say(f"{row['name']} ended at {row['until']}; the name is never used again")


@group.command("list")
def list_clients(data: Data = DATA, as_json: Json = False) -> None:
    """Show the client systems; never a token."""
    answer = Service(data).ask("client.list")
    if as_json:
        say_json(answer)
        return
    rows = [
        (
            row["name"],
            row["officer"],
            ", ".join(row["roles"]),
            row["until"],
            "active" if row["active"] else "ended",
        )
        for row in answer["clients"]
    ]
    empty = "no client system yet: exchange client add <name> --role officer"
    say_table(("name", "officer", "roles", "until", ""), rows, empty=empty)
