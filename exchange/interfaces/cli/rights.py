# SPDX-License-Identifier: Apache-2.0
"""`exchange case recipients`: which partner got which data of a person, for a correction or a request."""

from typing import Annotated

import typer

from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.options import DATA, Data, Json, Officer, the_officer
from exchange.interfaces.cli.output import Answer, say, say_json, say_table, warn
from exchange.interfaces.cli.sending import short

NOBODY = "no partner got anything about this person from us"


def recipients(
    case: Annotated[str, typer.Argument(help="Code of the case, or its beginning.")],
    data: Data = DATA,
    officer: Officer = "",
    purpose: Annotated[str, typer.Option("--purpose", help="Why you look.")] = "data_subject_request",
    as_json: Json = False,
) -> None:
    """Show which partner got which data of a person, over every link; this is recorded."""
    found = Service(data).ask("case.recipients", code=case, officer=the_officer(officer), purpose=purpose)
    if as_json:
        say_json(found)
        return
    headings = ("partner", "case", "message", "number", "type", "sent", "state", "data")
    say_table(headings, [_row(each) for each in found["given"]], empty=NOBODY)
    if len(found["cases"]) > 1:
        say(f"{len(found['cases'])} cases of the same person")
    if not found["complete"]:
        warn("hint: only the newest cases were looked through for earlier ones of the same person")


def _row(each: Answer) -> tuple[object, ...]:
    categories = ", ".join(each["categories"])
    return (
        each["partner"],
        each["case"],
        short(each["message"]),
        each["seq"],
        each["type"],
        each["sent"][:10],
        each["state"],
        categories,
    )
