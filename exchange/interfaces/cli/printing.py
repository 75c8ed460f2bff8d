# SPDX-License-Identifier: Apache-2.0
"""`exchange message print`, `handover print` and `statement print`: a paper for A4 in two languages, as PDF.

The node composes the page and records the print; the file is made here, so that the node goes on working.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from exchange.bootstrap import write_pdf
from exchange.errors import UsageError
from exchange.ids import unb64url
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.options import DATA, Data, Json, Officer, Partner, the_officer, write_private
from exchange.interfaces.cli.output import Answer, say, say_json, warn
from exchange.service.papers import Paper

Out = Annotated[Path, typer.Option("-o", "--out", help="PDF to write; only you can read it.")]
Languages = Annotated[str, typer.Option("--lang", help="One or two languages, the first on the left: km,en.")]
Purpose = Annotated[str, typer.Option("--purpose", help="What it is printed for; recorded.")]
ENDING = ".pdf"


def print_message(
    number: Annotated[str, typer.Argument(help="Number of the message: its last characters are enough.")],
    out: Out,
    lang: Languages = "en",
    purpose: Purpose = "case_work",
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Write a message as a PDF for A4 in one or two languages; this is recorded."""
    asked = {"id": number, "purpose": purpose}
    _print("message.print", asked, out=out, lang=lang, data=data, officer=officer, as_json=as_json)


def print_handover(
    movement: Annotated[str, typer.Argument(help="Code of the movement, or its beginning.")],
    out: Out,
    lang: Languages = "en",
    purpose: Purpose = "case_work",
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Write the joint minutes as a PDF; before the record, a form to fill in by hand. This is recorded."""
    asked = {"movement": movement, "purpose": purpose}
    _print("handover.print", asked, out=out, lang=lang, data=data, officer=officer, as_json=as_json)


def print_statement(
    no: Annotated[int, typer.Argument(help="Number of the statement.", min=1)],
    out: Out,
    of: Annotated[str, typer.Option("--of", help="own or partner: whose statement.")] = "own",
    lang: Languages = "en",
    partner: Partner = "",
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Write a statement as a PDF for A4 in one or two languages; this is recorded. It names nobody."""
    asked = {"partner": partner, "no": no, "of": of}
    _print("statement.print", asked, out=out, lang=lang, data=data, officer=officer, as_json=as_json)


def _print(
    command: str,
    asked: Mapping[str, object],
    *,
    out: Path,
    lang: str,
    data: Path,
    officer: str,
    as_json: bool,
) -> None:
    """Ask the service for a page, and write it as a PDF."""
    _check(out)
    languages = [language.strip() for language in lang.split(",")]
    found = Service(data).ask(command, **asked, languages=languages, officer=the_officer(officer))
    _write(found, out, as_json=as_json)


def _check(out: Path) -> None:
    """Refuse before anything is opened and recorded."""
    if out.suffix.lower() != ENDING:
        raise UsageError(f"{out} does not end with {ENDING}", hint="for example -o minutes.pdf")
    if out.exists():
        raise UsageError(f"{out} exists", hint="choose another name")


def _write(found: Answer, out: Path, *, as_json: bool) -> None:
    attached = found["attached"]
    paper = Paper(
        html=found["html"],
        created_at=datetime.fromisoformat(found["created"]),
        attached_name=attached["name"],
        attached=unb64url(attached["data"]),
        attached_description=attached["description"],
    )
    write_private(out, write_pdf(paper))
    if as_json:
        members = {name: found[name] for name in ("id", "type", "blank", "left_out")}
        say_json({**members, "file": str(out)})
        return
    say(f"{out}: {found['type']} {found['id']}{', to be filled in by hand' if found['blank'] else ''}")
    if found["left_out"]:
        warn(
            f"hint: {found['left_out']} values of class S4 are not on paper; read them in the message itself"
        )
    warn("hint: this records that you printed it; keep the file as you keep the paper")
