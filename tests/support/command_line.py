# SPDX-License-Identifier: Apache-2.0
"""Runs a command of the command line in this process, with a clean environment."""

from dataclasses import dataclass
from typing import Final

from exchange.interfaces.cli.tree import app
from typer.testing import CliRunner

_NAMES: Final = ("DATA", "OFFICER", "SECOND", "PASSPHRASE", "PASSPHRASE_FILE", "RECOVERY_PASSPHRASE")


@dataclass(frozen=True)
class Outcome:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


def run(*words: object, stdin: str = "", **environment: str) -> Outcome:
    """Return the outcome of `exchange <words>`; names of the environment stand without `EXCHANGE_`."""
    clean: dict[str, str | None] = {f"EXCHANGE_{name}": None for name in _NAMES}
    given = {f"EXCHANGE_{name}": value for name, value in environment.items()}
    result = CliRunner().invoke(app, [str(word) for word in words], input=stdin, env=clean | given)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Outcome(result.exit_code, result.stdout, result.stderr)
