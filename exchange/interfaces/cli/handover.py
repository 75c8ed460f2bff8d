# SPDX-License-Identifier: Apache-2.0
"""`exchange handover …`: the movements, the sheet for the crossing, and the signature of the record.

The sheet is plain text of at most 80 columns: to be read out on the telephone, or printed and ticked. What
is signed is shown first; without `--yes` the officer is asked.
"""

import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from exchange.errors import InputError, UsageError
from exchange.ids import b64url
from exchange.interfaces.cli import handover_code, printing, sending
from exchange.interfaces.cli.client import Service, faults_in
from exchange.interfaces.cli.due import city
from exchange.interfaces.cli.handover_record import persons_lines, record_lines, reservation_lines
from exchange.interfaces.cli.messages import NoWait
from exchange.interfaces.cli.options import (
    DATA,
    Data,
    Json,
    Officer,
    read_bytes,
    read_document,
    the_officer,
)
from exchange.interfaces.cli.output import Answer, say, say_json, say_table, warn
from exchange.messages.codelists import codelist

group = typer.Typer(help="Handovers: list them, print the sheet, sign the record.", no_args_is_help=True)

Movement = Annotated[str, typer.Argument(help="Code of the movement, or its beginning.")]
File = Annotated[Path | None, typer.Option("--file", help="Lines and times of the record, as JSON.")]
AllHandedOver = Annotated[
    bool, typer.Option("--all-handed-over", help="Everybody without a line in the file was handed over.")
]
Minutes = Annotated[str, typer.Option("--minutes", help="Number of the minutes, agreed by both sides.")]
Started = Annotated[str, typer.Option("--started", help="When it began: 10:05, or with day and offset.")]
Ended = Annotated[str, typer.Option("--ended", help="When it ended: 10:40, or with day and offset.")]
Scan = Annotated[
    Path | None, typer.Option("--scan", help="Scan of the minutes signed on paper: PDF, JPEG or PNG.")
]
Identity = Annotated[str, typer.Option("--identity", help="How the persons were compared, for all.")]
Condition = Annotated[str, typer.Option("--condition", help="Code of reception-conditions, for all.")]
Agree = Annotated[bool, typer.Option("--agree", help="Sign the partner's record as it stands.")]
Reservation = Annotated[
    str, typer.Option("--reservation", metavar="TEXT", help="Sign it, and say what is not agreed.")
]
OwnRecord = Annotated[
    bool, typer.Option("--own-record", help="Write a record although one of the partner waits.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Sign without being asked.")]
LINKS = "link-kinds"
_SHORT = 9
"""Two groups of a code, as they are read out on the telephone."""


@group.command("list")
def list_handovers(
    only_open: Annotated[bool, typer.Option("--open", help="Only what is not finished.")] = False,
    limit: Annotated[int, typer.Option("--limit", help="How many.", min=1, max=1000)] = 100,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show the movements: state, crossing, window in both countries' time, number of persons."""
    found = Service(data).ask("handover.list", open=only_open, limit=limit)
    if as_json:
        say_json(found)
        return
    rows = [
        (
            row["code"],
            state_of(row),
            row["crossing"],
            window_in(row["window"]["host"], row["window"]["origin"]),
            row["persons"],
            next_of(row),
        )
        for row in found["handovers"]
    ]
    headings = ("movement", "state", "crossing", "window", "persons", "next")
    say_table(headings, rows, empty="no handover yet: exchange message new HPR")


@group.command("sheet")
def sheet(
    movement: Movement,
    data: Data = DATA,
    officer: Officer = "",
    purpose: Annotated[str, typer.Option("--purpose", help="Why you open it.")] = "case_work",
    qr: Annotated[bool, typer.Option("--qr", help="With the code that the other officer checks.")] = False,
    qr_file: Annotated[Path | None, typer.Option("--qr-file", help="Write it as .svg or .png.")] = None,
    as_json: Json = False,
) -> None:
    """Print the sheet of one handover, for the telephone or on paper; this is recorded."""
    service = Service(data)
    token = service.ask("handover.token", movement=movement)["token"] if qr or qr_file else ""
    if qr_file:
        handover_code.write_code(token, qr_file)
    found = service.ask("handover.sheet", movement=movement, officer=the_officer(officer), purpose=purpose)
    if as_json:
        say_json({**found, "token": token} if token else found)
        return
    for line in sheet_lines(found):
        say(line)
    now = service.ask("handover.record", movement=movement, officer=the_officer(officer), purpose=purpose)
    row = found["handover"]
    for line in reservation_lines(now, row.get(row.get("we", ""), "")):
        say(line)
    if qr:
        handover_code.say_code(token)
    warn(f"hint: {found['opened']}")


group.command("check")(handover_code.check)
group.command("print")(printing.print_handover)


@group.command("sign")
def sign(
    movement: Movement,
    file: File = None,
    all_handed_over: AllHandedOver = False,
    minutes: Minutes = "",
    started: Started = "",
    ended: Ended = "",
    identity: Identity = "",
    condition: Condition = "",
    agree: Agree = False,
    reservation: Reservation = "",
    own_record: OwnRecord = False,
    scan: Scan = None,
    yes: Yes = False,
    data: Data = DATA,
    officer: Officer = "",
    no_wait: NoWait = False,
    as_json: Json = False,
) -> None:
    """Sign the joint record: the partner's with --agree or --reservation, or write the first one."""
    service, who = Service(data), the_officer(officer)
    times = {"started_at": started, "ended_at": ended}
    said = {"minutes_number": minutes, "identity_check": identity, "condition": condition, **times}
    document = read_document(file) if file else {}
    document |= {name: value for name, value in said.items() if value}
    if _countersigns(agree=agree, reservation=reservation, other=bool(document) or all_handed_over):
        document = {"agreed": True} if agree else {"agreed": False, "reservations": reservation}
    elif not document and not all_handed_over:
        raise UsageError(
            "what is signed is not said",
            hint="--agree or --reservation TEXT for the partner's record; --all-handed-over or --file FILE"
            " for the first one",
        )
    document = _with_days(service, movement, document)
    members: dict[str, Any] = {"movement": movement, "officer": who, "document": document}
    members |= {"all_handed_over": all_handed_over, "own_record": own_record}
    members |= {"scan": b64url(read_bytes(scan, what="the scan"))} if scan else {}
    if not as_json:
        about = service.ask("handover.sign", **members, send=False)
        _show(service, who, about)
        members["signs"] = about["signs"]["id"] if about["signs"] else ""
    _demand_yes(yes=yes or as_json)
    sent = service.ask("handover.sign", **members)
    if not as_json and sent.get("record"):
        say(f"  signed: {reference(sent['record'])}")
    sending.report(sending.follow(service, sent, wait=not no_wait), as_json=as_json)


def sheet_lines(found: Answer) -> list[str]:
    """Return the sheet as lines of text."""
    row, departure = found["handover"], found["departure"]
    window, persons = row["window"], found["persons"]
    lines = [f"HANDOVER {row['code']}   {state_of(row)}", ""]
    lines.append(f"{row['crossing']}, {window_in(window['host'], window['origin'])}. {count(len(persons))}.")
    lines += [f"place: {row['place']}"] if row["place"] else []
    lines += [f"if it is closed: {row['alternative']}"] if row["alternative"] else []
    lines.append(f"go or no-go until {time_in(window['host'], window['origin'], 'go_no_go')}")
    lines += departure_lines(departure, window) if departure else []
    lines.append("")
    places = {person["case"]: number for number, person in enumerate(persons, 1)}
    for number, person in enumerate(persons, 1):
        lines += person_lines(number, person, window, places)
    lines += ["Stop the handover: call " + " or ".join(map(contact, found["stop_officers"])), ""]
    code = row["code"][:_SHORT]
    lines.append(f"Sign now: exchange handover sign {code}")
    lines.append("Or: we signed on paper, the scan is added later")
    return lines


def departure_lines(departure: Answer, window: Answer) -> list[str]:
    """Return when the group left, in what, and what the escort carries."""
    vehicle = f" in {departure['vehicle']}" if departure.get("vehicle") else ""
    return [
        f"left {in_zones(departure['departed_at'], window)}{vehicle}",
        f"expected {in_zones(departure['expected_at'], window)}",
        f"escort {departure['escort_contact']}",
        f"papers with the escort: {_things(departure['papers_with_escort'])}",
    ]


def person_lines(number: int, person: Answer, window: Answer, places: Mapping[str, int]) -> list[str]:
    """Return the lines of one person: boxes first, so that they can be ticked without reading on."""
    names = " / ".join(person["names"]) or "name not known"
    facts = ", ".join(part for part in (person["sex"], age(person["ages"]), _child(person)) if part)
    lines = [
        f"{number:>3}. {_boxes(person)}   {person['case']}",
        *_stays_since(person, window),
        f"     {names} ({facts})" if facts else f"     {names}",
        f"     papers: {'; '.join(person['papers']) or 'none'}",
    ]
    if person["belongings"]:
        lines.append(f"     belongings: {'; '.join(person['belongings'])}")
    lines += [f"     ! {action}" for action in person["actions"]]
    lines += [_link(link, places) for link in person.get("links", ())]
    if person["more_flags"]:
        lines.append(f"     ! {person['more_flags']} more, not on paper: exchange message show")
    if person["languages"]:
        lines.append(f"     understands: {', '.join(person['languages'])}")
    lines.append(f"     state: {person['state']}")
    return [*lines, ""]


def state_of(row: Answer) -> str:
    return f"{row['state']}, not acknowledged yet" if row["provisional"] else str(row["state"])


def next_of(row: Answer) -> str:
    """Return who may send what next."""
    return ", ".join(dict.fromkeys(f"{one['type']} by {one['by']}" for one in row["next"]))


def window_in(here: Answer, there: Answer) -> str:
    """Return `Thu 21 Oct 2027 09:00-11:00 Phnom Penh / 09:00-11:00 Ho Chi Minh`."""
    if not here["from"]:
        return "no window"
    begins, ends = datetime.fromisoformat(here["from"]), datetime.fromisoformat(here["to"])
    begins_there, ends_there = datetime.fromisoformat(there["from"]), datetime.fromisoformat(there["to"])
    day = "" if begins_there.date() == begins.date() else f"{begins_there:%a %d %b} "
    own = f"{begins:%a %d %b %Y %H:%M}-{ends:%H:%M} {city(here['zone'])}"
    return f"{own} / {day}{begins_there:%H:%M}-{ends_there:%H:%M} {city(there['zone'])}"


def time_in(here: Answer, there: Answer, name: str) -> str:
    """Return one time of the window in both zones."""
    if not here[name]:
        return "not said"
    own, other = datetime.fromisoformat(here[name]), datetime.fromisoformat(there[name])
    return f"{own:%H:%M} {city(here['zone'])} / {other:%H:%M} {city(there['zone'])}"


def in_zones(text: str, window: Answer) -> str:
    """Return `Thu 21 Oct 07:00 Phnom Penh / 08:00 Kuala Lumpur`: a time is told with its place."""
    zones = [window[side]["zone"] for side in ("host", "origin")]
    here, there = (datetime.fromisoformat(text).astimezone(ZoneInfo(zone)) for zone in zones)
    day = "" if there.date() == here.date() else f"{there:%a %d %b} "
    return f"{here:%a %d %b %H:%M} {city(zones[0])} / {day}{there:%H:%M} {city(zones[1])}"


def age(ages: list[int]) -> str:
    """Return `24 years`, `23 or 24 years`, or that nobody knows."""
    if not ages:
        return "age not known"
    return f"{ages[0]} years" if len(ages) == 1 else f"{ages[0]} to {ages[-1]} years"


def count(persons: int) -> str:
    return f"{persons} person" if persons == 1 else f"{persons} persons"


def contact(officer: Answer) -> str:
    name = f" {officer['name']}" if officer["name"] else ""
    phone = f" {officer['telephone']}" if officer.get("telephone") else ""
    missing = ", not in your directory" if officer.get("is_missing") else ""
    return f"{officer['number']}{name}{phone} ({officer['agency']}{missing})"


def _link(link: Answer, places: Mapping[str, int]) -> str:
    """Return with whom a person stands or must not stand, by the number on this sheet, else by code."""
    kind, case = codelist(LINKS).label(link["kind"]), link["case"]
    return f"     {kind}: {places.get(case) or case}"


def _boxes(person: Answer) -> str:
    """Return what is ticked at the crossing; who does not travel has nothing to tick."""
    return "DOES NOT TRAVEL" if person.get("stays") else "[ ] here  [ ] papers  [ ] belongings"


def _stays_since(person: Answer, window: Answer) -> Iterator[str]:
    """Yield which message took a person off the list, and when, if that is known."""
    if person.get("stays") and person["stays_by"] and person["stays_since"]:
        yield f"     {person['stays_by']} {in_zones(person['stays_since'], window)}"


def reference(record: Answer) -> str:
    return f"{record['type']} {{id {record['id']}, pc {record['pc']}}}"


def _child(person: Answer) -> str:
    return "child" if person["is_child"] else ""


def _things(things: list[Answer]) -> str:
    return "; ".join(f"{one.get('count', 1)} {one['what']}" for one in things) or "none"


def _countersigns(*, agree: bool, reservation: str, other: bool) -> bool:
    if agree and reservation:
        raise UsageError("a signature either agrees or has a reservation")
    if (agree or reservation) and other:
        raise UsageError(
            "a countersignature repeats no line", hint="say only --agree, or only --reservation TEXT"
        )
    return agree or bool(reservation)


def _with_days(service: Service, movement: str, document: Answer) -> Answer:
    """Complete hours like 10:05 with the day and the offset of the window."""
    names = [name for name in ("started_at", "ended_at") if len(str(document.get(name, ""))) == len("10:05")]
    if not names:
        return document
    found = service.ask("handover.list", limit=1000)["handovers"]
    rows = [row for row in found if row["code"].startswith(movement.upper())]
    begins = rows[0]["window"]["from"] if len(rows) == 1 else ""
    if not begins:
        hint = "say it: --started 2027-10-21T10:05+07:00"
        raise UsageError("the day of the handover is not known", hint=hint)
    day, offset = begins[:10], begins[len("2027-10-21T10:05") :]
    return {**document, **{name: f"{day}T{document[name]}{offset}" for name in names}}


def _show(service: Service, who: str, about: Answer) -> None:
    """Print what would be signed, the record of the partner as well; what is wrong is told before a question.

    Raises:
        InputError: it cannot be signed.
    """
    faults = faults_in(about.get("faults"))
    if faults:
        raise InputError("the record is not complete", hint="nothing was signed", faults=faults)
    _say_summary(about)
    lines = persons_lines(about.get("shown", {}))
    if about["signs"]:
        asked = {"movement": about["movement"], "officer": who, "whole": True}
        theirs = service.ask("handover.record", **asked)["theirs"] or {}
        lines = record_lines(theirs.get("document", {}))
    for line in lines:
        say(line)


def _say_summary(about: Answer) -> None:
    say(f"movement {about['movement']}: what you sign for {about['partner']}")
    if about["signs"]:
        say(f"  record of the partner: {reference(about['signs'])}")
    for name, value in about["summary"].items():
        if name == "totals":
            value = ", ".join(f"{number} {outcome.replace('_', ' ')}" for outcome, number in value.items())
        if name == "signatory":
            value = f"{value['officer']} for the {value['side']} side, {value['kind']}, {value['at']}"
        if name == "agreed":
            value = "as it stands" if value else "with a reservation"
        say(f"  {name.replace('_', ' ')}: {value}")


def _demand_yes(*, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("nothing was signed; nobody could be asked", hint="look at it, then say --yes")
    if not typer.confirm("sign this?"):
        raise UsageError("nothing was signed")
