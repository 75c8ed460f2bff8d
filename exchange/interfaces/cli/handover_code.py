# SPDX-License-Identifier: Apache-2.0
"""The code on a handover sheet, as a QR code, and `exchange handover check`: is it the same record?

Two officers compare without network: one shows the code, the other one scans it with any reader, or types
it. It names nobody and no place.
"""

import io
from pathlib import Path
from typing import Annotated, Final

import segno
import typer

from exchange.errors import UsageError
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.options import DATA, Data, Json, write_file
from exchange.interfaces.cli.output import Answer, say, say_json, say_marked

DIFFERENT: Final = 1
"""Exit code when the records are not the same."""
KINDS: Final = {".svg": "svg", ".png": "png"}
SCALE: Final = 8
"""Pixels a module; about 6 cm on paper."""


def check(
    token: Annotated[str, typer.Argument(help="The code of the other officer: XH1:…")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Compare the code of the other officer with the record here; needs no network. Exit 1 if it differs."""
    found = Service(data).ask("handover.check", token=token)
    if as_json:
        say_json(found)
    else:
        say_marked(verdict(found), "differs" if found["differs"] else "same")
    if found["differs"]:
        raise typer.Exit(DIFFERENT)


def verdict(found: Answer) -> str:
    """Return in one sentence whether both officers hold the same record."""
    number, held = found["number"], found["held"]
    match found["differs"]:
        case "":
            return f"the same record: {found['type']} number {number} of movement {found['movement']}"
        case "link":
            return "the link differs: the code is of two other agencies"
        case "number":
            have = f"; here: number {', '.join(map(str, held))}" if held else ""
            return f"the number differs: no record has number {number} here{have}"
        case _:
            return f"the digest differs: number {number} is another record here; do not sign"


def say_code(token: str) -> None:
    """Print a code for the terminal, with its text for those who type it."""
    drawn = io.StringIO()
    _code(token).terminal(out=drawn, compact=True, border=2)
    say()
    for line in drawn.getvalue().splitlines():
        say(line)
    say(token)
    say("the other officer runs: exchange handover check <this text>")


def write_code(token: str, path: Path) -> None:
    """Write a code as a picture for the sheet on paper.

    Raises:
        UsageError: another ending than .svg or .png, or the file exists.
    """
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise UsageError(f"{path} ends neither with .svg nor .png", hint="for example --qr-file code.svg")
    drawn = io.BytesIO()
    _code(token).save(drawn, kind=kind, scale=SCALE, border=4)
    write_file(path, drawn.getvalue(), force=False)


def _code(token: str) -> segno.QRCode:
    return segno.make_qr(token, error="m")
