# SPDX-License-Identifier: Apache-2.0
"""`exchange statement …`: the balance of both ledgers for a day or a month, and the partner's answer."""

from typing import Annotated, Any

import typer

from exchange.errors import UsageError
from exchange.interfaces.cli import printing
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.differing import DIFFERENCES
from exchange.interfaces.cli.options import DATA, Data, Json, Officer, Partner
from exchange.interfaces.cli.output import Answer, say, say_json, say_marked, say_table
from exchange.service.statements import Because

group = typer.Typer(help="Statements of both ledgers: make, list, show, agree, print.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="Number of the statement.", min=1)]
Of = Annotated[str, typer.Option("--of", help="own or partner: whose statement.")]


@group.command("make")
def make(
    period: Annotated[str, typer.Argument(help="2027-10-04 or 2027-10, in UTC; default: yesterday.")] = "",
    officer: Officer = "",
    partner: Partner = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Make the statement of a day or a month and send it. The node does it by itself as well."""
    found = Service(data).ask("statement.make", partner=partner, period=period, officer=_named(officer))
    if as_json:
        say_json(found)
        return
    say(f"statement {found['no']} for {found['period']} is on its way to {found['partner']}")


@group.command("list")
def list_statements(partner: Partner = "", data: Data = DATA, as_json: Json = False) -> None:
    """Show the statements of both sides, the newest first."""
    found = Service(data).ask("statement.list", partner=partner)
    if as_json:
        say_json(found)
        return
    rows = [
        (row["of"], row["no"], row["period"], row["answer"] or "no answer yet", row["answered_by"])
        for row in found["statements"]
    ]
    say_table(("of", "no", "period", "answer", "by"), rows, empty="no statement")


@group.command("show")
def show(no: Number, of: Of = "own", partner: Partner = "", data: Data = DATA, as_json: Json = False) -> None:
    """Show the figures of a statement; one of the partner is compared. Exit 1 if it differs."""
    found = Service(data).ask("statement.show", partner=partner, no=no, of=of)
    if as_json:
        say_json(found)
    else:
        _say_statement(found)
    if found["differs"] or found["answer"] == "differs":
        raise typer.Exit(DIFFERENCES)


@group.command("agree")
def agree(
    no: Number,
    differs: Annotated[bool, typer.Option("--differs", help="Answer that it differs.")] = False,
    because: Annotated[str, typer.Option("--because", help=f"Why: {', '.join(Because)}.")] = "",
    officer: Officer = "",
    partner: Partner = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Answer a statement of the partner. Figures that our own ledgers do not give are not agreed to."""
    members: dict[str, Any] = {"partner": partner, "no": no, "differs": differs}
    members |= {"because": because} if because else {}
    found = Service(data).ask("statement.agree", **members, officer=_named(officer))
    if as_json:
        say_json(found)
        return
    word = "agreed" if found["answer"] == "agreed" else "differs"
    say_marked(f"statement {no} of {found['partner']}: {word}", word)


group.command("print")(printing.print_statement)


def _named(officer: str) -> str:
    if not officer:
        raise UsageError("who acts is not said", hint="say --officer, or set EXCHANGE_OFFICER")
    return officer


def _say_statement(found: Answer) -> None:
    whose = "ours" if found["of"] == "own" else f"of {found['partner']}"
    say(f"statement {found['no']} {whose} for {found['period']}: {found['answer'] or 'no answer yet'}")
    content = found["content"]
    if content is None:
        say("  its message is not here")
        return
    say(f"  counts all that both ledgers held at {found['cut']}; persons: of {found['period']} alone")
    for row in content["balance"]:
        say(f"  ledger of {row['sender']}: {row['opening']} + {row['movements']} = {row['closing']} entries")
        ended = f"accepted {row['accepted']} + rejected {row['rejected']} + given up {row['voided']}"
        say(f"    numbers used {row['used']} = {ended} + open {row['open']}")
    for row in content["open_items"]:
        last = f" to {row['last']}" if row["last"] > row["first"] else ""
        say(f"  open for {row['days']} days: number {row['first']}{last} of {row['sender']}")
    for name, parts in content["person_totals"].items():
        if isinstance(parts, dict):
            rest = " + ".join(f"{_plain(part)} {n}" for part, n in parts.items() if part != "total")
            say(f"  persons {_plain(name)} {parts['total']}: {rest}")
    for name, count in content["counted"].items():
        say(f"  counted {_plain(name)}: {count}")
    _say_what_others_say(found)


def _say_what_others_say(found: Answer) -> None:
    for stamp in found["stamps"]:
        say(f"  our ledger up to here existed at {stamp['at']}, says {stamp['tsa']}")
    for place in found["differs"]:
        say_marked(f"  differs at {place}", "differs")


def _plain(name: str) -> str:
    return name.replace("_", " ")
