# SPDX-License-Identifier: Apache-2.0
"""The command line `exchange`: where it begins, and the one place where errors end.

Exit codes: 0 done, 1 differences found, 2 wrong usage, 3 your file is wrong, 4 the partner refused,
5 not delivered yet (queued, not reachable, waiting), 6 this node is unwell, 130 stopped by Ctrl-C.
"""

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from exchange import __version__
from exchange.errors import ExchangeError, UsageError
from exchange.interfaces.cli.output import say, show_error

PROGRAM = "exchange"
PURPOSE = "Signed, sealed and provable messages between agencies about the return of victims of trafficking."
SERVE = "serve"
NOTHING_TYPED = "NoArgsIsHelpError"
"""What the library raises when a group of commands is typed alone; its name is all that is public of it."""
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
            code = _misused(error, self._usage(error, typed), typed)
        except typer.Abort:
            code = _stopped(typed)
        sys.exit(code if isinstance(code, int) else 0)

    def _usage(self, error: typer.TyperException, typed: Sequence[str]) -> UsageError:
        """Return what was typed wrongly; the library's sentence names options, never values of a person."""
        words = [word for word in typed if not word.startswith("-")]
        named = self.commands.get(words[0]) if words else None
        place = words[: 2 if isinstance(named, TyperGroup) else 1] if named else []
        text = error.format_message().rstrip(".").partition(", unable to parse")[0]
        text = text.replace(": Input should be ", ": it should be ")
        return UsageError(text[:1].lower() + text[1:], hint=" ".join((PROGRAM, *place, "--help")))


def command_line() -> typer.Typer:
    """Return a tree of commands without a command."""
    return typer.Typer(
        cls=Commands,
        name=PROGRAM,
        help=PURPOSE,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


def _say_version(wanted: bool) -> None:
    if wanted:
        say(f"{PROGRAM} {__version__}")
        raise typer.Exit


def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_say_version, is_eager=True, help="Show the version of this program."
        ),
    ] = False,
) -> None:
    """Take the options that stand before every command."""


def main() -> None:
    """Run the command line; `serve`, which stays for months, without the modules of all other commands."""
    if sys.argv[1:2] == [SERVE]:
        from exchange.interfaces.cli.serving import app
    else:
        from exchange.interfaces.cli.tree import app
    app()


def _misused(error: typer.TyperException, usage: UsageError, typed: Sequence[str]) -> int:
    """Say what was typed wrongly; a group of commands alone shows its commands, and is still wrong usage."""
    if type(error).__name__ != NOTHING_TYPED:
        return _refuse(usage, typed)
    say(error.format_message())
    return usage.exit_code


def _stopped(typed: Sequence[str]) -> int:
    """Say why a question ended a command where nobody sits; who typed no or Ctrl-C knows."""
    if not sys.stdin.isatty():
        hint = "where nobody can be asked, an option answers, like --yes: see --help of the command"
        _refuse(UsageError("the question was not answered with yes", hint=hint), typed)
    return STOPPED


def _refuse(error: ExchangeError, typed: Sequence[str]) -> int:
    show_error(error, as_json="--json" in typed)
    return error.exit_code
