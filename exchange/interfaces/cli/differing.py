# SPDX-License-Identifier: Apache-2.0
"""`exchange difference …`: what the two ledgers do not agree on, and what becomes of it. No name is read.

People count entries from 1; programs (`--json`) get the index of the leaf, from 0.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Final

import typer

from exchange.errors import UsageError
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.doctor import NEXT
from exchange.interfaces.cli.options import DATA, Data, Json, Officer, Partner, Second
from exchange.interfaces.cli.output import Answer, say, say_json, say_marked, say_table

group = typer.Typer(help="Differences of two ledgers: list, show, settle.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="Number of the difference.", min=1)]
DIFFERENCES: Final = 1
"""Exit code when something differs."""
LIGHTS: Final = {
    "green": "both ledgers agree",
    "amber": "a difference waits for somebody",
    "red": "a difference is grave: look at it now",
}

UNREACHED: Final = "what is here of both ledgers agrees, but the partner was not reached"
BEHIND: Final = "entries of our own ledger are missing here, this is an older store"


@group.command("list")
def list_differences(
    partner: Partner = "",
    every: Annotated[bool, typer.Option("--all", help="Also those that are closed.")] = False,
    compare: Annotated[bool, typer.Option("--compare", help="Compare both ledgers first.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show the differences of a link and who acts first. Exit 1 if one is not closed."""
    found = Service(data).ask("difference.list", partner=partner, all=every, compare=compare)
    if as_json:
        say_json(found)
    else:
        say_light(found)
        rows = [
            (row["no"], row["state"], row["class"], about(row), row["acts_first"], row["found"][:10])
            for row in found["differences"]
        ]
        say_table(("no", "state", "class", "about", "acts first", "since"), rows, empty="no difference")
    if found["light"] != "green":
        raise typer.Exit(DIFFERENCES)


@group.command("show")
def show(no: Number, partner: Partner = "", data: Data = DATA, as_json: Json = False) -> None:
    """Show one difference, the entries that prove it, and what both sides said."""
    found = Service(data).ask("difference.show", partner=partner, no=no)
    if as_json:
        say_json(found)
        return
    _say_difference(found)


@group.command("settle")
def settle(
    no: Number,
    how: Annotated[str, typer.Option("--as", help="explain, correct, accept or escalate.")],
    because: Annotated[str, typer.Option("--because", help="What happened; the partner reads it.")] = "",
    by_message: Annotated[str, typer.Option("--by-message", help="Message that corrects it.")] = "",
    by_entry: Annotated[int, typer.Option("--by-entry", help="Entry that corrects it, from 1.", min=0)] = 0,
    log: Annotated[str, typer.Option("--log", help="own or partner: whose entry.")] = "own",
    officer: Officer = "",
    second: Second = "",
    partner: Partner = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Explain, correct, accept (two persons) or escalate a difference; the partner is told."""
    if not officer:
        raise UsageError("who acts is not said", hint="say --officer, or set EXCHANGE_OFFICER")
    members: dict[str, Any] = {"partner": partner, "no": no, "how": how, "because": because}
    members |= {"by_message": by_message, "by_entry": by_entry - 1, "log": log, "officer": officer}
    found = Service(data).ask("difference.settle", **members, second=second)
    if as_json:
        say_json(found)
        return
    _say_difference(found)


def say_light(found: Answer) -> None:
    """Print what an auditor sees first, and what is to be done if the store is known to be an old one."""
    word, lacks = str(found["light"]), found.get("behind")
    held = UNREACHED if found.get("unreached") else LIGHTS[word]
    say_marked(f"{found['partner']}  {word}: {BEHIND if lacks else held}", word)
    if lacks:
        seen = f"the partner has seen {lacks['seen']}" if lacks["seen"] else "more were written"
        say(f"  our ledger has {lacks['held']} entries here, {seen}; nobody can compare the missing ones")
        say(f"  to do ({lacks['reason']}): {NEXT.get(lacks['reason'], NEXT['entries_missing'])}")


def about(row: Answer) -> str:
    """Return what a difference is about: a number, or entries."""
    if row["number"]:
        last = f" to {row['last_number']}" if row["last_number"] > row["number"] else ""
        return f"number {row['number']}{last} of {row['sender']}"
    return ", ".join(_entries(row)) or "the ledger as a whole"


def _entries(row: Answer) -> Iterable[str]:
    return (f"entry {entry['index'] + 1} of {entry['log']}" for entry in row["entries"])


def _say_difference(row: Answer) -> None:
    say_marked(f"difference {row['no']}  {row['state']}  {row['class']}", row["state"])
    say(f"  {row['words']}" + (f" ({row['reason'].replace('_', ' ')})" if row["reason"] else ""))
    say(f"  about: {about(row)}")
    for entry in _entries(row):
        say(f"  see {entry}")
    say(f"  acts first: {row['acts_first']}")
    say(f"  found {row['found']}, last changed {row['changed']}")
    for name, words in (
        ("told", "we told the partner by message"),
        ("heard", "the partner told us by message"),
        ("our_resolution", "our last answer is message"),
        ("their_resolution", "the partner's last answer is message"),
    ):
        if row[name]:
            say(f"  {words} {row[name]}")
    for whose, name in (("we", "our_words"), ("the partner", "their_words")):
        if row.get(name):
            say(f"  {whose} said last: {row[name]}")
    if row["offered_by"]:
        say(f"  {row['offered_by']} proposes to accept it as it is: {row['offered_text']}")
    if row["accepted_by"]:
        say(f"  accepted as it is by {' and '.join(row['accepted_by'])}")
    say(f"  settled by us: {_yes(row['settled_by_us'])}, by the partner: {_yes(row['settled_by_them'])}")


def _yes(value: object) -> str:
    return "yes" if value is True else "not yet"
