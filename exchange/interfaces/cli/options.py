# SPDX-License-Identifier: Apache-2.0
"""Options that many commands share, and what is asked on the terminal.

A passphrase is never an argument: it comes from `EXCHANGE_PASSPHRASE`, from the file that
`EXCHANGE_PASSPHRASE_FILE` names, or is typed without being shown.
"""

import contextlib
import getpass
import json
import os
import shlex
import stat
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from exchange.bootstrap import read_spreadsheet, recovery_key
from exchange.errors import ConfigurationError, FileModeError, InputError, StrictJsonError, UsageError
from exchange.protocol.strictjson import Limits, parse_object
from exchange.protocol.suites import PrivateKey

MAX_FILE_BYTES: Final = 8 * 1024 * 1024
"""A notice with 1,000 persons is about 6 MiB."""
_LIMITS: Final = Limits(max_bytes=MAX_FILE_BYTES, max_depth=20, max_members=250, max_items=2_000, max_name=64)
OTHERS: Final = 0o077
"""Bits of a mode that let others than the owner at a file."""
STRANGERS: Final = 0o007
"""Those that count for what systemd hands over: from its version 254 on it lets the service at the file by an
access list, and then the bits of the group are the mask of that list; the group itself has none."""
CREDENTIALS: Final = "CREDENTIALS_DIRECTORY"
"""Names the folder of what systemd hands over, which only this service sees: systemd.exec(5), Credentials."""
PASSPHRASE: Final = "EXCHANGE_PASSPHRASE"  # noqa: S105  the name of a variable
RECOVERY_PASSPHRASE: Final = "EXCHANGE_RECOVERY_PASSPHRASE"  # noqa: S105

Data = Annotated[
    Path, typer.Option("--data", envvar="EXCHANGE_DATA", help="Data folder of this node.", show_default=True)
]
DATA: Final = Path("exchange-data")
Json = Annotated[bool, typer.Option("--json", help="Answer with JSON for programs.")]
Officer = Annotated[
    str, typer.Option("--officer", envvar="EXCHANGE_OFFICER", help="Number of the officer who acts.")
]
Second = Annotated[
    str, typer.Option("--second", envvar="EXCHANGE_SECOND", help="Number of the second officer.")
]
To = Annotated[str, typer.Option("--to", help="Partner, when there are several.")]
Partner = Annotated[str, typer.Option("--partner", help="Partner, when there are several.")]
RecoveryKey = Annotated[
    Path | None,
    typer.Option("--recovery-key", help="Where the recovery key file is; default: in the data folder."),
]
_NOTHING_DONE: Final = "nothing was sent, nothing was stored"


def read_passphrase(what: str = "passphrase") -> str:
    """Return the passphrase of the key file; `what` is asked for."""
    return _secret(PASSPHRASE, what)


def read_recovery_passphrase() -> str:
    """Return the passphrase of the recovery key file; the same as the other one if only that is given."""
    if not is_given(RECOVERY_PASSPHRASE) and is_given(PASSPHRASE):
        return read_passphrase()
    return _secret(RECOVERY_PASSPHRASE, "passphrase of the recovery key")


def new_passphrase(what: str = "passphrase") -> str:
    """Return the passphrase for new keys; typed, it is asked for twice."""
    return read_passphrase(what) if is_given(PASSPHRASE) else _typed_again(read_passphrase(what))


def new_recovery_passphrase() -> str:
    """Return the passphrase for a new recovery key; typed, it is asked for twice."""
    is_typed = not (is_given(RECOVERY_PASSPHRASE) or is_given(PASSPHRASE))
    return _typed_again(read_recovery_passphrase()) if is_typed else read_recovery_passphrase()


def _typed_again(first: str) -> str:
    if getpass.getpass("the same passphrase again: ") != first:
        raise UsageError("the two passphrases are not the same", hint="nothing was made; begin again")
    return first


def is_given(variable: str) -> bool:
    """Return True if the environment holds a passphrase, or names its file."""
    return bool(os.environ.get(variable) or os.environ.get(f"{variable}_FILE"))


def _secret(variable: str, what: str) -> str:
    if value := os.environ.get(variable):
        return value
    if name := os.environ.get(f"{variable}_FILE"):
        try:
            return _private_text(Path(name)).rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"the file of {variable}_FILE cannot be read: {name}",
                hint="it holds one line of text, and the user who runs this can read it",
            ) from error
    if not sys.stdin.isatty():
        raise UsageError(f"no {what} is given", hint=f"set {variable}_FILE=<file with one line>")
    return getpass.getpass(f"{what}: ")


def _private_text(path: Path) -> str:
    """Return the text of a file that only its owner can read, as a key file; a pipe has no others.

    Raises:
        FileModeError: others can read it; the hint is the command that repairs it.
    """
    with path.open(encoding="utf-8") as file:
        mode = os.fstat(file.fileno()).st_mode
        if stat.S_ISREG(mode) and stat.S_IMODE(mode) & _forbidden(path):
            raise FileModeError(
                f"{path} has mode {stat.S_IMODE(mode):04o}: others can read the passphrase in it",
                hint=f"chmod go= {shlex.quote(str(path))}",
            )
        return file.read()


def _forbidden(path: Path) -> int:
    handed_over = os.environ.get(CREDENTIALS)
    return STRANGERS if handed_over and path.parent == Path(handed_over) else OTHERS


def demand_two_files() -> None:
    """Return unless one file holds the passphrase of the node and that of the recovery key.

    Raises:
        UsageError: it does; who can start the node could then sign a new card alone.
    """
    node, recovery = (os.environ.get(f"{name}_FILE", "") for name in (PASSPHRASE, RECOVERY_PASSPHRASE))
    with contextlib.suppress(OSError):
        if node and recovery and os.path.samefile(node, recovery):
            raise UsageError(
                "the node and the recovery key have one passphrase file",
                hint="the recovery key belongs to two other persons: give it a passphrase of its own",
            )


def the_officer(officer: str) -> str:
    """Return the officer who acts, or say how to name one."""
    if not officer:
        raise UsageError("who acts is not said", hint="say --officer P-0001, or set EXCHANGE_OFFICER=P-0001")
    return officer


def the_second(second: str) -> str:
    if not second:
        raise UsageError(
            "this act needs two officers and only one is named",
            hint="say the second one with --second P-0002",
        )
    return second


def read_bytes(path: Path, *, what: str, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """Return the bytes of a file that somebody names.

    Raises:
        InputError: it cannot be read, or is too large.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(max_bytes + 1)
    except OSError as error:
        raise InputError(f"{what} {path} cannot be read", hint="check the name of the file") from error
    if len(raw) > max_bytes:
        raise InputError(f"{what} {path} has more than {max_bytes} bytes")
    return raw


def read_document(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; an error says where, and quotes nothing.

    Raises:
        InputError: not a file, not UTF-8, not JSON, or JSON that is not allowed.
    """
    raw = read_bytes(path, what="the file")
    try:
        text = raw.decode("utf-8")
        json.loads(text)
        return dict(parse_object(raw, _LIMITS))
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} is not UTF-8 text: byte {error.start} cannot be read", hint="save it as UTF-8"
        ) from error
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}",
            hint=_NOTHING_DONE,
        ) from error
    except RecursionError as error:
        raise InputError(
            f"{path} has groups and lists more than {_LIMITS.max_depth} deep", hint=_NOTHING_DONE
        ) from error
    except StrictJsonError as error:
        raise InputError(f"{path} is JSON that is not allowed here: {error}", hint=_NOTHING_DONE) from error


def write_file(path: Path, raw: bytes, *, force: bool) -> None:
    """Write a file for the partner; an existing one is kept unless `force`.

    Raises:
        UsageError: it exists, or cannot be written.
    """
    try:
        with path.open("wb" if force else "xb") as file:
            file.write(raw)
    except FileExistsError as error:
        raise UsageError(f"{path} exists", hint="choose another name, or say --force") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written", hint="check the folder") from error


def demand_free(path: Path, *, force: bool) -> None:
    """Refuse before anything is signed, so that a repeated command loses nothing.

    Raises:
        UsageError: the file exists.
    """
    if path.exists() and not force:
        raise UsageError(f"{path} exists", hint="choose another name, or say --force")


def open_recovery_key(data: Path, path: Path | None) -> PrivateKey:
    """Return the recovery key from its file, by default in the data folder; its passphrase is asked for.

    Raises:
        NodeError: as `exchange.bootstrap.recovery_key`.
    """
    return recovery_key(data, read_recovery_passphrase(), path)


def write_private(path: Path, raw: bytes) -> None:
    """Write a new file that only its owner can read; an existing one is never touched (rule 31).

    Raises:
        UsageError: it exists, or cannot be written.
    """
    try:
        with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(raw)
    except FileExistsError as error:
        raise UsageError(f"{path} exists", hint="choose another name") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written", hint="check the folder") from error


def sheet_members(path: Path) -> dict[str, Any]:
    """Return headings and rows of a spreadsheet as they go over the local socket.

    Raises:
        InputError: it cannot be read, or is not let in.
    """
    sheet = read_spreadsheet(read_bytes(path, what="the spreadsheet"))
    rows = [{"row": row.number, "cells": row.cells, "formulas": sorted(row.formulas)} for row in sheet.rows]
    return {"headings": list(sheet.headings), "rows": rows}
