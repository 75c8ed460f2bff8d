# SPDX-License-Identifier: Apache-2.0
"""`exchange case find` and `case export`: find a person again, and print the file of one person.

What is searched for is never written anywhere; that somebody searched, and why, is recorded.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from exchange.interfaces.cli.cases import type_label
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.options import (
    DATA,
    Data,
    Json,
    Officer,
    read_document,
    the_officer,
    write_private,
)
from exchange.interfaces.cli.output import Answer, as_json_text, say, say_json, say_table, warn

Purpose = Annotated[str, typer.Option("--purpose", help="Why; it is recorded.")]
Out = Annotated[Path | None, typer.Option("--out", help="Write it into a new file that only you can read.")]
FITS = {
    "document": "same document",
    "spelling": "same name",
    "sound": "sounds alike",
    "some_words": "part of the name",
}


def register(group: typer.Typer) -> None:
    group.command("find")(find)
    group.command("export")(export)
    group.command("import")(bring_in)


def find(
    name: Annotated[
        str, typer.Argument(help="A name, in any script and order; - reads it from the input.")
    ] = "",
    born: Annotated[str, typer.Option("--born", help="Year of birth.")] = "",
    document: Annotated[str, typer.Option("--document", help="Number of a document.")] = "",
    place: Annotated[str, typer.Option("--place", help="Province, district or village of origin.")] = "",
    data: Data = DATA,
    officer: Officer = "",
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Find a person again, by name, document, year of birth, place; this is recorded."""
    found = Service(data).ask(
        "case.find",
        name=sys.stdin.readline() if name == "-" else name,
        born=born,
        document=document,
        place=place,
        officer=the_officer(officer),
        purpose=purpose,
    )
    if as_json:
        say_json(found)
        return
    rows = [
        (
            person["case"] or "-",
            person["file_number"] or "-",
            "; ".join(person["names"]),
            "; ".join(person["births"]) or "not known",
            person["sex"],
            person["state"],
            FITS[person["fit"]] + (", not all is known" if person["doubts"] else ""),
        )
        for person in found["persons"]
    ]
    headings = ("case", "file", "names", "born", "sex", "state", "why")
    say_table(headings, rows, empty="nobody was found")
    if found["more"]:
        warn("hint: there may be more; add a word of the name, --born, --document or --place")


def export(
    code: Annotated[str, typer.Argument(help="Code of the case, or its beginning.")],
    out: Out = None,
    htcds: Annotated[
        bool, typer.Option("--htcds", help="As a record of the Human Trafficking Case Data Standard 2.0.")
    ] = False,
    data: Data = DATA,
    officer: Officer = "",
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Print the file of one person, with who received what and when; this is recorded."""
    found = Service(data).ask(
        "case.export", code=code, officer=the_officer(officer), purpose=purpose, htcds=htcds or None
    )
    if htcds:
        _say_record(found, out)
        return
    if out is not None:
        text = as_json_text(found) if as_json else "\n".join(file_lines(found)) + "\n"
        write_private(out, text.encode())
        say(f"case {found['case']} written to {out}; delete the file when it was handed out")
        return
    if as_json:
        say_json(found)
        return
    for line in file_lines(found):
        say(line)


def bring_in(
    file: Annotated[Path, typer.Argument(help="JSON with records of the standard.")],
    numbers: Annotated[str, typer.Option("--numbers", help="Beginning of their file numbers: F-2027-.")],
    came_from: Annotated[str, typer.Option("--from", help="Country from which they came.")],
    on: Annotated[str, typer.Option("--on", help="Day of arrival.")],
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Take records of the standard (HTCDS 2.0) into the home register, all or none; nothing is sent."""
    document = read_document(file)
    found = Service(data).ask(
        "case.import",
        records=document.get("records"),
        numbers=numbers,
        on=on,
        officer=the_officer(officer),
        **{"from": came_from},
    )
    if as_json:
        say_json(found)
        return
    say(f"{file}: {found['entries']} entries in the home register, nothing is sent")
    _warn_lost(found)


def _say_record(found: Answer, out: Path | None) -> None:
    """Print or write a record as the standard has it, and beside it what it could not say."""
    if out is None:
        say_json(found)
    else:
        write_private(out, as_json_text(found).encode())
        say(f"record written to {out}")
    _warn_lost(found)


def _warn_lost(found: Answer) -> None:
    for each in found["not_mapped"]:
        warn(f"hint: record {each['record']}: {each['place']}: {each['why']}")


def file_lines(found: Answer) -> list[str]:
    """Return the file of a person for paper."""
    lines = [f"case {found['case']}: {found['state']}; host {found['host']}, origin {found['origin']}"]
    lines.append(f"opened {found['opened']}, last changed {found['changed']}")
    for title, rows in (
        ("sent to", found["recipients"]),
        ("received from", found["received_from"]),
    ):
        lines += ["", title] + [_passed(row, title) for row in rows] if rows else ["", f"{title}: nobody"]
    lines += ["", "what is kept"]
    for each in found["content"]:
        lines.append(f"  {type_label(each['type'])}, message {each['message']}")
        lines += [f"    {line}" for line in as_json_text(each["says"]).splitlines()]
    for entry in found["register"]:
        lines += ["", f"home register, file {entry['number']}"]
        lines += [f"    {line}" for line in as_json_text(entry).splitlines()]
    return lines


def _passed(row: Answer, title: str) -> str:
    other = row["recipient"] if title == "sent to" else row["sender"]
    acting = f", by {row['acting_agency']}" if row["acting_agency"] else ""
    moment = row["delivered"] or "not yet"
    return f"  {other}: {type_label(row['type'])}{acting}, delivered {moment} ({row['state']})"
