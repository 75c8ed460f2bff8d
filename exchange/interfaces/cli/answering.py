# SPDX-License-Identifier: Apache-2.0
"""`exchange message answer` and `remind`: what fits now, the answer, and the reminder of a late one.

Without a choice the command shows what fits. The usual answers have an option of their own; every type can
be written with `--as TYPE --file FILE`, where the file says only what the program cannot know, or with
`--set name=value`, which holds for every person of the message.
"""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from exchange.errors import InputError, UsageError
from exchange.interfaces.cli import sending
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.messages import NoWait, Number
from exchange.interfaces.cli.options import DATA, Data, Json, Officer, read_document, the_officer
from exchange.interfaces.cli.output import Answer, say, say_json, say_table, warn

Choice = dict[str, Any]
Print = Annotated[bool, typer.Option("--print", help="Only print the complete message; nothing is sent.")]


AsType = Annotated[str, typer.Option("--as", metavar="TYPE", help="The type of the answer.")]
File = Annotated[Path | None, typer.Option("--file", help="What the program cannot know, as JSON.")]
Values = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="One value, for every person.")
]
Accept = Annotated[bool, typer.Option("--accept", help="RPD: accept every person.")]
Refuse = Annotated[bool, typer.Option("--refuse", help="RPD: refuse every person.")]
Defer = Annotated[bool, typer.Option("--defer", help="RPD: decide later.")]
Answers = Annotated[
    Path | None, typer.Option("--answers", help="RPD: JSON file with {persons: [...]}, one for each.")
]
ValidUntil = Annotated[str, typer.Option("--valid-until", help="RPD: accepted until this day.")]
Reception = Annotated[str, typer.Option("--reception", help="RPD: who receives; default: our office.")]
Reason = Annotated[str, typer.Option("--reason", help="RPD: code of refusal-reasons.")]
Reasons = Annotated[str, typer.Option("--reasons", help="RPD, HRP: full reasons, as text.")]
NewDate = Annotated[str, typer.Option("--new-date", help="RPD: when the decision will come.")]
Confirm = Annotated[bool, typer.Option("--confirm", help="HRP: confirm what is proposed.")]
Counter = Annotated[
    Path | None, typer.Option("--counter", help="HRP: JSON file with what changes; say --reasons.")
]
Decline = Annotated[bool, typer.Option("--decline", help="HRP: decline; say --reasons.")]
Agree = Annotated[bool, typer.Option("--agree", help="HRC: sign the record as it stands.")]
Reservation = Annotated[
    str, typer.Option("--reservation", metavar="TEXT", help="HRC: sign, and say what is not agreed.")
]


def register(group: typer.Typer) -> None:
    """Add the commands of this module to the group of messages."""
    group.command("answer")(answer)
    group.command("remind")(remind)


def answer(
    number: Number,
    as_type: AsType = "",
    file: File = None,
    values: Values = None,
    accept: Accept = False,
    refuse: Refuse = False,
    defer: Defer = False,
    answers: Answers = None,
    valid_until: ValidUntil = "",
    reception: Reception = "",
    reason: Reason = "",
    reasons: Reasons = "",
    new_date: NewDate = "",
    confirm: Confirm = False,
    counter: Counter = None,
    decline: Decline = False,
    agree: Agree = False,
    reservation: Reservation = "",
    only_print: Print = False,
    data: Data = DATA,
    officer: Officer = "",
    no_wait: NoWait = False,
    as_json: Json = False,
) -> None:
    """Answer a message; without a choice, show what fits now."""
    outcomes = {"accepted": accept, "refused": refuse, "deferred": defer}
    details = {"valid_until": valid_until, "reception": reception, "reason": reason, "new_date": new_date}
    response = _response(confirm=confirm, counter=counter, decline=decline, reasons=reasons)
    details |= {} if response else {"reasons": reasons}
    choices = [
        _decision(outcomes, answers, details),
        response,
        _signature(agree=agree, reservation=reservation),
        _written(as_type, file, values or []),
    ]
    chosen = [choice for choice in choices if choice]
    service = Service(data)
    if not chosen:
        _offer(service, number, as_json=as_json)
        return
    if len(chosen) > 1:
        raise UsageError("the options belong to different answers", hint="give those of one answer")
    members = {"id": number, "officer": the_officer(officer), **chosen[0]}
    _ask(service, "message.answer", members, only_print=only_print, wait=not no_wait, as_json=as_json)


def remind(
    number: Number,
    level: Annotated[str, typer.Option("--level", help="Code of reminder-levels; default: the next.")] = "",
    only_print: Print = False,
    data: Data = DATA,
    officer: Officer = "",
    no_wait: NoWait = False,
    as_json: Json = False,
) -> None:
    """Remind the partner of a message whose answer is late."""
    members: Choice = {"id": number, "officer": the_officer(officer), "level": level or None}
    _ask(Service(data), "message.remind", members, only_print=only_print, wait=not no_wait, as_json=as_json)


def _ask(
    service: Service, command: str, members: Choice, *, only_print: bool, wait: bool, as_json: bool
) -> None:
    """Send what was chosen, or print it."""
    if only_print:
        say_json(service.ask(command, **members, send=False)["document"])
        warn("hint: nothing was sent, nothing was stored")
        return
    sending.report(sending.follow(service, service.ask(command, **members), wait=wait), as_json=as_json)


def _offer(service: Service, number: str, *, as_json: bool) -> None:
    found = service.ask("message.offer", id=number)
    if as_json:
        say_json(found)
        return
    row = found["message"]
    way = "from" if row["direction"] == "in" else "to"
    say(f"{row['type']} {sending.short(row['id'])} {way} {row['partner']}: what fits now")
    rows = [
        (one["type"], one["label"].lower(), "answers it" if one["answers"] else "may come next",
         how(sending.short(row["id"]), one))
        for one in found["answers"]
    ]  # fmt: skip
    say_table(("type", "", "", "how"), rows, empty="nothing of ours fits now; the partner is next")


def how(number: str, offered: Answer) -> str:
    """Return the command that writes what is offered."""
    begin = f"exchange message answer {number}"
    if not offered["answers"]:
        return f"{begin} --as {offered['type']} --file FILE"
    match offered["type"]:
        case "RPD":
            return f"{begin} --accept --valid-until DATE | --refuse … | --defer … | --answers FILE"
        case "HRP":
            return f"{begin} --confirm | --counter FILE --reasons TEXT | --decline --reasons TEXT"
        case "HRC" if offered["countersigns"]:
            return f"{begin} --agree | --reservation TEXT"
        case "HRC":
            return "exchange handover sign MOVEMENT"
        case other:
            return f"{begin} --file FILE, or --set NAME=VALUE; blank: exchange message new {other}"


def _decision(outcomes: dict[str, bool], answers: Path | None, details: dict[str, str]) -> Choice:
    """Return a decision on a notice, {} when none of its options is given."""
    chosen = [name for name, given in outcomes.items() if given]
    given_details: Choice = {name: value for name, value in details.items() if value}
    if not (chosen or answers or given_details):
        return {}
    if len(chosen) + (answers is not None) != 1:
        raise UsageError(
            "say one of --accept, --refuse, --defer or --answers",
            hint="one answer for all persons, or --answers FILE with one for each",
        )
    if answers is not None:
        return {"as": "RPD", "persons": _persons(answers), **given_details}
    return {"outcome": chosen[0], **given_details}


def _persons(path: Path) -> list[Any]:
    persons = read_document(path).get("persons")
    if not isinstance(persons, list):
        raise InputError(
            f"{path} has no list of persons", hint='{"persons": [{"case_code": …, "outcome": …}]}'
        )
    return persons


def _response(*, confirm: bool, counter: Path | None, decline: bool, reasons: str) -> Choice:
    """Return a response to a proposal, {} when none of its options is given."""
    if not (confirm or counter or decline):
        return {}
    if confirm + (counter is not None) + decline != 1:
        raise UsageError("say one of --confirm, --counter or --decline")
    if not confirm and not reasons:
        raise UsageError("the other side needs to know why", hint="say it with --reasons TEXT")
    if confirm:
        return {"as": "HRP", "document": {"response": "confirm"}}
    if counter is not None:
        document = {"response": "counter", "changes": read_document(counter), "reasons": reasons}
        return {"as": "HRP", "document": document}
    return {"as": "HRP", "document": {"response": "decline", "reasons": reasons}}


def _signature(*, agree: bool, reservation: str) -> Choice:
    """Return a countersignature, {} when none of its options is given."""
    if agree and reservation:
        raise UsageError("a signature either agrees or has a reservation")
    if not (agree or reservation):
        return {}
    said: Choice = {"agreed": True} if agree else {"agreed": False, "reservations": reservation}
    return {"as": "HRC", "document": said}


def _written(as_type: str, file: Path | None, values: list[str]) -> Choice:
    """Return an answer of any type from a file and single values, {} when none is given."""
    if not (as_type or file or values):
        return {}
    document = read_document(file) if file else {}
    document |= dict(map(one_value, values))
    return {"document": document} | ({"as": as_type} if as_type else {})


def one_value(text: str) -> tuple[str, Any]:
    """Return the name and value of `name=value`; true, numbers, lists and groups are read as JSON."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--set {text[:40]} is not NAME=VALUE", hint="for example: --set result=national")
    try:
        read = json.loads(value)
    except ValueError:
        return name, value
    return (name, value) if isinstance(read, float) else (name, read)
