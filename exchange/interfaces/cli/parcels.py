# SPDX-License-Identifier: Apache-2.0
"""`exchange parcel write | read`: courier files. The running service opens and makes them.

A parcel is looked at before it is read: counts, from whom, made when. Then the officer is asked, unless
`--yes` says so. Reading it a second time, or after it was broken off, does no harm.
"""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from exchange.errors import UsageError
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.options import DATA, Data, Json, Officer, the_officer
from exchange.interfaces.cli.output import Answer, say, say_json

group = typer.Typer(help="Courier files: write one for a partner, read one.", no_args_is_help=True)

TIMEOUT_S: Final = 3_600.0
"""The largest parcel, from a slow stick, on a slow machine."""
File = Annotated[Path, typer.Argument(help="The parcel that the courier brought.")]


@group.command("write")
def write(
    partner: Annotated[str, typer.Argument(help="Code of the partner.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="File to write; nothing is replaced.")],
    volume_mb: Annotated[
        int, typer.Option("--volume-mb", help="Largest file; more of them are made.", min=2, max=1_000)
    ] = 1_000,
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Write everything the partner lacks into a file, sealed to the partner."""
    written = Service(data, TIMEOUT_S).ask(
        "parcel.write",
        partner=partner,
        path=str(out.absolute()),
        volume_mb=volume_mb,
        officer=the_officer(officer),
    )
    if as_json:
        say_json(written)
        return
    for file in written["files"]:
        say(f"parcel {written['number']} for {written['partner']}: {file['path']}, {_size(file['bytes'])}")
        say(f"  {contents(file)}")
    if written["gate"] != "open":
        say(f"  the start gate is {written['gate']}: it tells the partner how far both ledgers are")
    say("next: the partner runs: exchange parcel read <file>; its next parcel brings the verdicts back")


@group.command("read")
def read(
    file: File,
    preview: Annotated[bool, typer.Option("--preview", help="Only look at it; nothing is taken.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Read it without being asked.")] = False,
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Look at a parcel, then read it; reading it again does no harm."""
    service, path = Service(data, TIMEOUT_S), str(file.absolute())
    shown = service.ask("parcel.preview", path=path)
    if preview and as_json:
        say_json(shown)
        return
    if not as_json:
        _say_preview(shown)
    if preview:
        return
    _demand_yes(yes=yes or as_json)
    taken = service.ask("parcel.read", path=path, sha256=shown["sha256"], officer=the_officer(officer))
    if as_json:
        say_json(taken)
        return
    for line in outcome(taken):
        say(line)


def contents(counts: Answer) -> str:
    """Return `12 entries, 4 messages, 0 results`."""
    names = ("entries", "messages", "results")
    return ", ".join(_count(counts[name], one) for name, one in zip(names, _ONE, strict=True))


_ONE: Final = ("entry", "message", "result")
_MANY: Final = {"entry": "entries", "message": "messages", "result": "results"}


def outcome(taken: Answer) -> list[str]:
    """Return what reading a parcel brought, as lines."""
    entries, messages = taken["new_entries"], taken["new_messages"]
    lines = [f"read: {_count(entries, 'entry')} new, {_count(messages, 'message')} new"]
    if not entries and not messages:
        lines = ["read: nothing in it was new"]
    if taken["known_messages"]:
        lines.append(
            f"  {_count(taken['known_messages'], 'message')} known already: same entries, nothing doubled"
        )
    if taken["refused"]:
        lines.append(
            f"  {_count(taken['refused'], 'message')} refused; the partner is told by our next parcel"
        )
    if taken["later"]:
        lines.append(f"  {_count(taken['later'], 'message')} not yet: they come again with the next parcel")
    lines.append(
        f"  our ledger: {taken['own_entries']} entries, signed by the partner to {taken['signed_by_partner']}"
    )
    lines.append(f"next: take the verdicts back: exchange parcel write {taken['partner']} -o <file>")
    return lines


def _say_preview(shown: Answer) -> None:
    volume = f", volume {shown['volume']} of {shown['volumes']}" if shown["volumes"] > 1 else ""
    size = _size(shown["bytes"])
    say(f"parcel {shown['number']} of {shown['partner']}{volume}, made {shown['made']}, {size}")
    say(f"  {contents(shown)}; signature and digest are right")
    if shown["overtaken"]:
        say("  a newer one was read before; it brings nothing that is not here")


def _demand_yes(*, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("nothing was read; nobody could be asked", hint="look at it, then say --yes")
    if not typer.confirm("read this?"):
        raise UsageError("nothing was read")


def _count(number: int, one: str) -> str:
    return f"{number} {one if number == 1 else _MANY[one]}"


def _size(size: int) -> str:
    return f"{size / 10**6:.1f} MB" if size >= 10**6 else f"{-(-size // 1000)} kB"
