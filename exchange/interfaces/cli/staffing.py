# SPDX-License-Identifier: Apache-2.0
"""`exchange officer correct|end|account`: changes of who may act here.

`end` shows what would be left behind and asks; without a terminal it needs `--yes`. `account` does one thing
at a time: open (`--role`), `--roles`, `--forget-device`, `--reset` or `--close`.
"""

import re
import sys
from typing import Annotated, Final

import typer

from exchange.cases.permissions import Role
from exchange.errors import UsageError
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.officers import Number
from exchange.interfaces.cli.options import DATA, Data, Json, Officer, the_officer
from exchange.interfaces.cli.output import Answer, say, say_json, warn

NEEDED: Final = 2
"""Enrolment, keys and the end of a hold need two officers."""
ROLES: Final = ", ".join(Role)
_COMMANDS: Final = {
    "": "account.open",
    "--roles": "account.roles",
    "--forget-device": "account.forget_device",
    "--reset": "account.reset",
    "--close": "account.close",
}
_SPLIT: Final = re.compile(r"[\s,]+")


def register(officers: typer.Typer) -> None:
    """Add the commands of this module to their group."""
    for name, act in (("correct", correct), ("end", end), ("account", account)):
        officers.command(name)(act)


def correct(
    number: Number,
    name: Annotated[str | None, typer.Option("--name", help="The right name.")] = None,
    office: Annotated[str | None, typer.Option("--office", help="The right office.")] = None,
    function: Annotated[
        list[str] | None,
        typer.Option("--function", help="What the officer may do; say all of it, several are possible."),
    ] = None,
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Correct name, office or functions of an officer, as an administrator; the number stays."""
    asked = {"name": name, "office": office, "functions": function or None, "officer": the_officer(officer)}
    row = Service(data).ask("officer.correct", number=number, **asked)
    if as_json:
        say_json(row)
        return
    say(f"{row['number']} {row['name']}, {row['office']}: {', '.join(row['functions'])}")


def end(
    number: Number,
    yes: Annotated[bool, typer.Option("--yes", help="End it without being asked again.")] = False,
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """End an officer's entry, as an administrator; what the officer signed stays valid."""
    service, acting = Service(data), the_officer(officer)
    if not yes:
        _ask(service.ask("officer.leaving", number=number))
    row = service.ask("officer.end", number=number, officer=acting)
    if as_json:
        say_json(row)
        return
    for line in left_behind(row)[1:] if yes else ():
        warn(line)
    say(f"{row['number']} ended at {row['until']} by {acting}; the number is never used again")


def _ask(found: Answer) -> None:
    """Show what would be left behind, and go on only if somebody says so."""
    for line in left_behind(found):
        warn(line)
    if not sys.stdin.isatty():
        raise UsageError("nobody can be asked here", hint="read the lines above, then say --yes")
    if not typer.confirm("is this right? it cannot be undone", err=True):
        raise typer.Abort


def left_behind(found: Answer) -> list[str]:
    """Return what follows when an officer goes, in words."""
    lines = [f"{found['number']} {found['name']} signs and reads nothing here any more; it cannot be undone"]
    if found["account"]:
        lines.append("  the account is closed, and every sign-in ends")
    if found["drafts"]:
        lines.append(f"  {found['drafts']} messages of this officer are not released: release them first")
    if found["cases"]:
        lines.append(
            f"  {found['cases']} cases nobody else can read whole: name another reader first (exchange case"
            " reader), or give them to another office (exchange case give)"
        )
    if found["officers_left"] < NEEDED:
        lines.append(
            f"  {found['officers_left']} officers are left; partners, keys and erasing need {NEEDED}:"
            " exchange officer add"
        )
    return lines


def account(
    number: Number,
    role: Annotated[
        list[str] | None,
        typer.Option("--role", help=f"Open it with this role; several are possible: {ROLES}."),
    ] = None,
    roles: Annotated[
        str, typer.Option("--roles", help="Give it these roles instead, like officer,handover.")
    ] = "",
    language: Annotated[str, typer.Option("--language", help="Of the pages: en, km, th or vi.")] = "",
    forget_device: Annotated[
        bool, typer.Option("--forget-device", help="Forget only the device for one-time codes.")
    ] = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="Give a new first password; the device is forgotten as well.")
    ] = False,
    close: Annotated[bool, typer.Option("--close", help="Close the account.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Open the account of an officer for the pages, change its roles, reset or close it."""
    given = {"--roles": bool(roles), "--forget-device": forget_device, "--reset": reset, "--close": close}
    act = _the_act([option for option, is_given in given.items() if is_given], opens=bool(role or language))
    members: dict[str, object] = {"number": number}
    if act == "--roles":
        members["roles"] = _SPLIT.split(roles.strip(" ,"))
    if not act:
        members |= {"roles": role or [], **({"language": language} if language else {})}
    row = Service(data).ask(_COMMANDS[act], **members)
    if as_json:
        say_json(row)
        return
    _say_account(row, act)


def _the_act(given: list[str], *, opens: bool) -> str:
    """Return the one option that says what to do with an account, "" to open it.

    Raises:
        UsageError: several; nothing of them is left out without a word.
    """
    if len(given) > 1:
        raise UsageError(
            f"an account is changed in one way at a time, not by {' and '.join(given)}",
            hint="give one command after the other",
        )
    if given and opens:
        raise UsageError(
            f"--role and --language open an account; they do not go with {given[0]}",
            hint="other roles: exchange officer account <NUMBER> --roles officer,handover",
        )
    return given[0] if given else ""


def _say_account(row: Answer, act: str) -> None:
    state = "closed" if row["closed"] else ", ".join(row["roles"])
    say(f"{row['number']} account: {state}")
    if "first_password" in row:
        say(f"  first password   {row['first_password']}")
        say("  shown only now; it has to be replaced at the first sign-in")
    if act == "--forget-device":
        say("  the device for codes is forgotten; the officer connects a new one at the next sign-in")
