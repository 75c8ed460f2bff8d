# SPDX-License-Identifier: Apache-2.0
"""`exchange register …`: the home register of this agency, which is never sent.

A stay is written `KH-NGO-AFESIP 2027-01-02..`, a visit `2027-04-01 visit stable`, the same as in a sheet.
"""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from exchange.bootstrap import write_spreadsheet
from exchange.cases.register_sheet import COLUMNS, stay_of, visit_of
from exchange.errors import UsageError
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.options import (
    DATA,
    Data,
    Json,
    Officer,
    sheet_members,
    the_officer,
    write_private,
)
from exchange.interfaces.cli.output import Answer, as_json_text, say, say_json, say_table

group = typer.Typer(help="The home register: who came, where they are, what follows.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="Own file number.")]
Purpose = Annotated[str, typer.Option("--purpose", help="Why; it is recorded.")]
Name = Annotated[str, typer.Option("--name", help="Name; - reads it from the input.")]
OtherNames = Annotated[
    list[str] | None, typer.Option("--other-name", help="Another written form of the name.")
]
Sex = Annotated[str, typer.Option("--sex", help="Code of sexes.")]
Born = Annotated[str, typer.Option("--born", help="Day, month or year, Gregorian.")]
Child = Annotated[bool | None, typer.Option("--child/--adult", help="Treated as a child on arrival.")]
Nationality = Annotated[str, typer.Option("--nationality", help="Country code.")]
Document = Annotated[str, typer.Option("--document", help="Number of a document.")]
From = Annotated[str, typer.Option("--from", help="Country from which the person came.")]
On = Annotated[str, typer.Option("--on", help="Day of arrival.")]
Case = Annotated[str, typer.Option("--case", help="Code of the case in the exchange, or its beginning.")]
Remark = Annotated[str, typer.Option("--remark", help="Short remark.")]
StayText = Annotated[str, typer.Option("--stay", help="PROVIDER from.. of the care that begins.")]
Sought = Annotated[str, typer.Option("--family-sought", help="Day from which the family is sought.")]
Assessed = Annotated[str, typer.Option("--family-assessed", help="Day of the assessment.")]
Result = Annotated[str, typer.Option("--family-result", help="Code of tracing-results.")]
SheetFile = Annotated[Path, typer.Argument(help="A spreadsheet (.xlsx).")]


@group.command("add")
def add(
    number: Number,
    name: Name = "",
    other_name: OtherNames = None,
    sex: Sex = "",
    born: Born = "",
    child: Child = None,
    nationality: Nationality = "",
    document: Document = "",
    came_from: From = "",
    on: On = "",
    without_notice: Annotated[
        bool, typer.Option("--without-notice", help="Came without notice of a partner.")
    ] = False,
    case: Case = "",
    stay: StayText = "",
    remark: Remark = "",
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Enter who came; with --case, what is known from messages is filled in."""
    person = _person(name, other_name, sex, born, child, nationality, document, remark)
    arrival = {"number": number, "received_from": came_from, "received_on": on, "case": case}
    intake = {"intake": "without_notice" if without_notice or not case else "announced"}
    stays = {"stays": [_stay(stay)]} if stay else {}
    entry = _said({**person, **arrival, **intake, **stays})
    found = Service(data).ask("register.add", entry=entry, officer=the_officer(officer))
    _say_kept(found, "entered", as_json=as_json)


@group.command("change")
def change(
    number: Number,
    name: Name = "",
    other_name: OtherNames = None,
    sex: Sex = "",
    born: Born = "",
    child: Child = None,
    nationality: Nationality = "",
    document: Document = "",
    case: Case = "",
    stay: StayText = "",
    left: Annotated[str, typer.Option("--left", help="Day on which the present stay ended.")] = "",
    sought: Sought = "",
    assessed: Assessed = "",
    result: Result = "",
    visit: Annotated[str, typer.Option("--visit", help="DAY visit|call OUTCOME.")] = "",
    closed: Annotated[str, typer.Option("--closed", help="DAY REASON, a code of closure-reasons.")] = "",
    remark: Remark = "",
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Change an entry; a stay, a visit and what is said of the family are added to it."""
    person = _person(name, other_name, sex, born, child, nationality, document, remark)
    family = _said({"sought_on": sought, "assessed_on": assessed, "result": result})
    added = {
        "case": case,
        "moved": _stay(stay) if stay else None,
        "left": left,
        "family": family or None,
        "visit": _visit(visit) if visit else None,
        "closure": _closure(closed) if closed else None,
    }
    changes = _said({**person, **added})
    if not changes:
        raise UsageError("nothing to change is said", hint="exchange register change --help")
    found = Service(data).ask("register.change", number=number, changes=changes, officer=the_officer(officer))
    _say_kept(found, "changed", as_json=as_json)


@group.command("show")
def show(
    number: Number, data: Data = DATA, officer: Officer = "", purpose: Purpose = "", as_json: Json = False
) -> None:
    """Show an entry; this is recorded."""
    found = Service(data).ask("register.show", number=number, officer=the_officer(officer), purpose=purpose)
    if as_json:
        say_json(found)
        return
    say(as_json_text(found["entry"]))


@group.command("list")
def list_entries(
    limit: Annotated[int, typer.Option("--limit", help="How many, newest first.", min=1, max=1000)] = 50,
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Show entries without names, places and providers."""
    found = Service(data).ask("register.list", limit=limit, officer=officer or None)
    if as_json:
        say_json(found)
        return
    rows = [
        (
            row["number"],
            row["case"] or "-",
            row["received_on"],
            row["intake"],
            "in care" if row["in_care"] else "",
            "closed" if row["closed"] else row["state"],
        )
        for row in found["entries"]
    ]
    say_table(("file", "case", "received", "intake", "", "state"), rows, empty="the register is empty")


@group.command("import")
def bring_in(file: SheetFile, data: Data = DATA, officer: Officer = "", as_json: Json = False) -> None:
    """Take the rows of a spreadsheet in, all or none."""
    found = Service(data).ask("register.import", officer=the_officer(officer), **sheet_members(file))
    if as_json:
        say_json(found)
        return
    say(f"{file}: {found['entries']} entries were taken in")


@group.command("export")
def bring_out(
    file: Annotated[Path, typer.Argument(help="A new spreadsheet (.xlsx).")],
    blank: Annotated[bool, typer.Option("--blank", help="Only the headings, to be filled in.")] = False,
    data: Data = DATA,
    officer: Officer = "",
    purpose: Purpose = "",
    as_json: Json = False,
) -> None:
    """Write the register into a spreadsheet that only you can read; this is recorded."""
    rows: list[list[str]] = []
    if not blank:
        found = Service(data).ask("register.export", officer=the_officer(officer), purpose=purpose)
        rows = found["rows"]
    write_private(file, write_spreadsheet([column.heading for column in COLUMNS], rows, title="register"))
    if as_json:
        say_json({"file": str(file), "entries": len(rows)})
        return
    say(f"{file}: {len(rows)} entries; delete the file when it is not needed any more")


@group.command("report")
def report(
    month: Annotated[str, typer.Option("--month", help="The month, as 2027-06.")] = "",
    first: Annotated[str, typer.Option("--from", help="First day of another period.")] = "",
    last: Annotated[str, typer.Option("--to", help="Last day of it.")] = "",
    public: Annotated[bool, typer.Option("--public", help="Hide counts that must not be published.")] = False,
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Print the month's table of the national report, counted from the entries."""
    period = {"month": month, "from": first, "to": last}
    found = Service(data).ask("register.report", officer=the_officer(officer), public=public, **period)
    if as_json:
        say_json(found)
        return
    say(f"from {found['from']} to {found['to']}")
    say_table(("count", "persons"), report_rows(found), empty="nobody")


def report_rows(found: Answer) -> list[tuple[str, str]]:
    """Return the counts in words, in their order."""
    hidden = f"fewer than {found['threshold']}, or hidden with another"
    return [
        (name.replace("/", ", ").replace("_", " "), hidden if count is None else str(count))
        for name, count in sorted(found["counts"].items())
    ]


def _person(
    name: str,
    others: list[str] | None,
    sex: str,
    born: str,
    child: bool | None,
    nationality: str,
    document: str,
    remark: str,
) -> Answer:
    return {
        "name": sys.stdin.readline().strip() if name == "-" else name,
        "other_names": others,
        "sex": sex,
        "birth": {"value": born} if born else None,
        "is_child": child,
        "nationality": nationality,
        "document": document,
        "remark": remark,
    }


def _said(members: dict[str, Any]) -> Answer:
    """Return the members that were said."""
    return {name: value for name, value in members.items() if value not in (None, "", [])}


def _stay(text: str) -> Any:
    found = stay_of(text)
    if found is None:
        raise UsageError("--stay is not PROVIDER from..until", hint='say --stay "KH-NGO-AFESIP 2027-01-02.."')
    return found


def _visit(text: str) -> Any:
    found = visit_of(text)
    if found is None:
        raise UsageError("--visit is not DAY visit|call OUTCOME", hint='say --visit "2027-04-01 call stable"')
    return found


def _closure(text: str) -> Answer:
    day, _, reason = text.partition(" ")
    if not reason:
        raise UsageError("--closed is not DAY REASON", hint='say --closed "2027-06-01 reintegrated"')
    return {"on": day, "reason": reason.strip()}


def _say_kept(found: Answer, what: str, *, as_json: bool) -> None:
    if as_json:
        say_json(found)
        return
    case = f", case {found['case']}" if found.get("case") else ""
    say(f"file {found['number']}{case}: {what}")
