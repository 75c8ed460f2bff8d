# SPDX-License-Identifier: Apache-2.0
"""The command line `exchange`: the tree of commands, and the one place where errors end.

Exit codes: 0 done, 1 differences found, 2 wrong usage, 3 your file is wrong, 4 the partner refused,
5 not delivered yet (queued, not reachable, waiting), 6 this node is unwell, 130 stopped by Ctrl-C.
"""

import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from exchange.errors import ExchangeError, UsageError
from exchange.interfaces.cli import (
    access,
    agreements,
    answering,
    backups,
    cases,
    clientele,
    demo,
    differing,
    doctor,
    due,
    evidence,
    figures,
    finding,
    handover,
    keys,
    kit,
    ledgers,
    messages,
    offices,
    parcels,
    partners,
    registry,
    retaining,
    rights,
    schemas,
    setup,
    stating,
    telling,
    witness,
)
from exchange.interfaces.cli.output import show_error

PROGRAM = "exchange"
STOPPED = 130
"""128 and the number of SIGINT, as shells count."""


class Commands(TyperGroup):
    """The root of the tree; every error of a command becomes text and an exit code here."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command and leave with its exit code."""
        typed = list(sys.argv[1:] if args is None else args)
        try:
            code = super().main(typed, PROGRAM, complete_var, False, windows_expand_args, **extra)
        except ExchangeError as error:
            code = _refuse(error, typed)
        except typer.TyperException as error:
            code = _refuse(_usage(error, typed), typed)
        except typer.Abort:
            code = STOPPED
        sys.exit(code if isinstance(code, int) else 0)


app = typer.Typer(
    cls=Commands,
    name="exchange",
    help="Signed, sealed and provable messages between agencies about the return of victims of trafficking.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for part in (demo, setup, doctor, due):
    part.register(app)
cases.group.command("recipients")(rights.recipients)
cases.group.command("erase")(retaining.erase)
cases.group.command("hold")(retaining.hold)
cases.group.command("unhold")(retaining.unhold)
for name, group in (
    ("message", messages.group),
    ("case", cases.group),
    ("register", registry.group),
    ("retention", retaining.group),
    ("statistics", figures.group),
    ("handover", handover.group),
    ("partner", partners.group),
    ("agreement", agreements.group),
    ("officer", offices.officers),
    ("client", clientele.group),
    ("notice", telling.group),
    ("key", keys.group),
    ("ledger", ledgers.group),
    ("difference", differing.group),
    ("statement", stating.group),
    ("evidence", evidence.group),
    ("parcel", parcels.group),
    ("schema", schemas.group),
    ("kit", kit.group),
    ("witness", witness.group),
    ("backup", backups.group),
):
    app.add_typer(group, name=name)
access.register(cases.group, offices.officers)
answering.register(messages.group)
finding.register(cases.group)
ledgers.register(app)
offices.register(app)


def main() -> None:
    """Run the command line."""
    app()


def _refuse(error: ExchangeError, typed: Sequence[str]) -> int:
    show_error(error, as_json="--json" in typed)
    return error.exit_code


def _usage(error: typer.TyperException, typed: Sequence[str]) -> UsageError:
    """Return what was typed wrongly; the library's sentence names options, never values of a person."""
    groups = {str(info.name) for info in app.registered_groups}
    commands = {str(info.name) for info in app.registered_commands}
    words = [word for word in typed if not word.startswith("-")]
    place = words[:2] if words and words[0] in groups else [word for word in words[:1] if word in commands]
    text = error.format_message().rstrip(".").partition(", unable to parse")[0]
    text = text.replace(": Input should be ", ": it should be ")
    return UsageError(text[:1].lower() + text[1:], hint=" ".join((PROGRAM, *place, "--help")))
