# SPDX-License-Identifier: Apache-2.0
"""`exchange message …`: new, fill, validate, send, release, list, show, void (`answering`, `printing`)."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from exchange.errors import InputError, UsageError
from exchange.ids import b64url
from exchange.interfaces.cli import printing, returning, sending, sheets, templates
from exchange.interfaces.cli.client import Service, faults_in
from exchange.interfaces.cli.options import (
    DATA,
    Data,
    Json,
    Officer,
    Partner,
    To,
    read_bytes,
    read_document,
    the_officer,
)
from exchange.interfaces.cli.output import Answer, say, say_json, say_table, warn

group = typer.Typer(help="Messages: write, check, send, answer, list and show them.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="The message, small or complete, as JSON.")]
Number = Annotated[str, typer.Argument(help="Number of the message: its last characters are enough.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not wait for the verdict.")]
Attach = Annotated[list[Path] | None, typer.Option("--attach", help="A JPEG, PNG or PDF of at most 256 KiB.")]
AttachType = Annotated[
    list[str] | None, typer.Option("--attach-type", help="Code of attachment-types, for each file.")
]
Strip = Annotated[bool, typer.Option("--strip", help="Take place and camera out of pictures.")]
MAX_ATTACHED_BYTES = 1024 * 1024
"""Of one file as it is read; the service looks at what is left of a stripped picture."""
SMALLER = "scan with 150 dots per inch in grey, make the picture smaller, or split the PDF into files"
NOT_STORED = "nothing was sent, nothing was stored"


@group.command("new")
def new(
    type_name: Annotated[
        str, typer.Argument(metavar="TYPE", help="A code or a name: RPN, or repatriation-notice.")
    ],
    example: Annotated[
        bool, typer.Option("--example", help="A complete one, of an invented person.")
    ] = False,
    from_sheet: Annotated[
        Path | None, typer.Option("--from-sheet", help="A spreadsheet of persons: a draft for each row.")
    ] = None,
    blank_sheet: Annotated[
        Path | None, typer.Option("--blank-sheet", help="Write a spreadsheet with the headings.")
    ] = None,
    to: To = "",
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Print the smallest file of a type, for an editor; or make drafts from a spreadsheet."""
    if from_sheet or blank_sheet:
        sheets.from_sheet_or_blank(type_name, from_sheet, blank_sheet, to, data, officer, as_json=as_json)
        return
    if example:
        say_json(templates.example(type_name, datetime.now(UTC).date()))
        return
    say_json(templates.blank(type_name))
    for hint in templates.hints(type_name):
        warn(f"hint: {hint}")


@group.command("fill")
def fill(file: File, to: To = "", data: Data = DATA, officer: Officer = "", as_json: Json = False) -> None:
    """Print the complete message; beside it, where each added field came from."""
    document = read_document(file)
    answer = Service(data).ask("message.fill", document=document, to=to, officer=the_officer(officer))
    if as_json:
        say_json(answer)
        return
    say_json(answer["document"])
    width = max((len(row["pointer"]) for row in answer["added"]), default=0)
    for row in answer["added"]:
        value = json.dumps(row["value"], ensure_ascii=False)
        warn(f"{row['pointer'].ljust(width)}  {value}  ({row['source']})")


@group.command("validate")
def validate(
    file: File, to: To = "", data: Data = DATA, officer: Officer = "", as_json: Json = False
) -> None:
    """Say everything that is wrong with a file; nothing is sent, nothing is stored."""
    document = read_document(file)
    answer = Service(data).ask("message.validate", document=document, to=to, officer=the_officer(officer))
    faults = faults_in(answer["faults"])
    if faults:
        raise InputError("the message is not complete", faults=faults, hint=NOT_STORED)
    if as_json:
        say_json(answer)
        return
    say(f"{file}: no faults; it can be sent to {answer['partner']}")
    _say_questions(answer)


@group.command("send")
def send(
    file: File,
    to: To = "",
    attach: Attach = None,
    attach_type: AttachType = None,
    strip: Strip = False,
    emergency: Annotated[
        bool, typer.Option("--emergency", help="Without the second person, who looks at it within hours.")
    ] = False,
    data: Data = DATA,
    officer: Officer = "",
    no_wait: NoWait = False,
    as_json: Json = False,
) -> None:
    """Send a file: fill, check, seal, deliver. Waits up to 10 s for the verdict."""
    document, service = read_document(file), Service(data)
    files = _files(attach or [], attach_type or [], strip=strip)
    sent = service.ask(
        "message.send",
        document=document,
        to=to,
        officer=the_officer(officer),
        files=files,
        emergency=emergency or None,
    )
    sending.report(sending.follow(service, sent, wait=not no_wait), as_json=as_json)


def _files(paths: list[Path], types: list[str], *, strip: bool) -> list[Answer] | None:
    """Return what is attached, one type for each file."""
    if len(paths) != len(types):
        raise UsageError(
            f"{len(paths)} files and {len(types)} types are named",
            hint="say --attach-type once for each --attach, for example photograph",
        )
    raw = [read_bytes(path, what="the attachment") for path in paths]
    for path, each in zip(paths, raw, strict=True):
        if len(each) > MAX_ATTACHED_BYTES:
            raise InputError(f"{path} has {len(each)} bytes; at most 256 KiB travel", hint=SMALLER)
    files = [
        {"data": b64url(each), "type": kind, "strip": strip} for each, kind in zip(raw, types, strict=True)
    ]
    return files or None


@group.command("release")
def release(
    number: Number,
    data: Data = DATA,
    officer: Officer = "",
    digest: Annotated[str, typer.Option("--digest", help="Digest of what you were shown.")] = "",
    no_wait: NoWait = False,
    as_json: Json = False,
) -> None:
    """Release a kept message as the second person."""
    service = Service(data)
    sent = service.ask("message.release", id=number, officer=the_officer(officer), digest=digest or None)
    sending.report(sending.follow(service, sent, wait=not no_wait), as_json=as_json)


@group.command("review")
def review(
    number: Number,
    data: Data = DATA,
    officer: Officer = "",
    objects: Annotated[bool, typer.Option("--object", help="You do not agree; send a stop as well.")] = False,
    digest: Annotated[str, typer.Option("--digest", help="Digest of what you were shown.")] = "",
    as_json: Json = False,
) -> None:
    """Look, as the second person, at what a colleague released alone in an emergency."""
    who = the_officer(officer)
    seen = Service(data).ask("message.review", id=number, officer=who, objects=objects, digest=digest or None)
    if as_json:
        say_json(seen)
        return
    word = "objects" if objects else "agrees"
    say(f"{seen['type']} {sending.short(seen['id'])}: recorded that {who} {word}")
    if objects:
        say("this stops nothing by itself; to stop it: exchange message new HLD (hold) or CWD (withdrawal)")


@group.command("list")
def list_messages(
    partner: Partner = "",
    drafts: Annotated[bool, typer.Option("--drafts", help="Only what is not released yet.")] = False,
    incoming: Annotated[bool, typer.Option("--in", help="Only what was received.")] = False,
    outgoing: Annotated[bool, typer.Option("--out", help="Only what was sent.")] = False,
    limit: Annotated[int, typer.Option("--limit", help="How many, newest first.", min=1, max=1000)] = 50,
    after: Annotated[
        str, typer.Option("--after", metavar="NUMBER", help="Go on behind this message: the next page.")
    ] = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show messages without any content."""
    direction = None if incoming == outgoing else ("in" if incoming else "out")
    wanted = {"partner": partner, "direction": direction, "limit": limit, "after": after or None}
    found = Service(data).ask("message.list", **wanted)
    if as_json:
        say_json(found)
        return
    rows = [
        (
            sending.short(row["id"]),
            row["type"] or "?",
            "from" if row["direction"] == "in" else "to",
            row["partner"],
            row["seq"],
            row["state"],
            row["code"] or "",
            (row["logged"] or "")[:16],
        )
        for row in ([] if drafts else found["messages"])
    ]
    headings = ("number", "type", "", "partner", "no", "state", "code", "recorded")
    if not drafts:
        say_table(headings, rows, empty="no message yet: exchange message new RPN")
        if found["next"]:
            warn(f"older ones: exchange message list --after {sending.short(found['next'])}")
    _say_drafts(found["drafts"], only=drafts)


@group.command("show")
def show(
    number: Number,
    data: Data = DATA,
    officer: Officer = "",
    purpose: Annotated[str, typer.Option("--purpose", help="Why you open it.")] = "case_work",
    as_json: Json = False,
) -> None:
    """Show a message with its content; this is recorded."""
    found = Service(data).ask("message.show", id=number, officer=the_officer(officer), purpose=purpose)
    if as_json:
        say_json(found)
        return
    if "draft" in found:
        draft = found["draft"]
        say(f"draft {draft['id']}  {draft['type']}, prepared by {draft['prepared_by']}")
        say(f"  digest {draft['digest']}")
        returning.say_returned(draft)
        for one in found.get("changes", ()):
            before, after = (json.dumps(one[name], ensure_ascii=False) for name in ("before", "after"))
            say(f"  changed since you looked: {one['pointer']}: {before} -> {after}")
        _say_questions(found)
    else:
        _say_message(found["message"], found["entries"])
    say_json(found["document"])
    for place in found.get("not_understood", ()):
        say(f"  {place}: of a newer version of the form; kept as it was sent, and nothing acts on it")
    for one in found.get("withheld", ()):
        say(f"  {one['pointer']}: not shown, class {one['class']} ({one['why'].replace('_', ' ')})")
    if found.get("opened"):
        warn(f"hint: {found['opened']}")


group.command("print")(printing.print_message)
group.command("send-back")(returning.send_back)
group.command("take-back")(returning.take_back)
group.command("change")(returning.change)
group.command("discard")(returning.discard)


@group.command("void")
def void(
    number: Number,
    code: Annotated[str, typer.Option("--code", help="Code of void-reasons.")] = "withdrawn",
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Give up a message that the partner has not acknowledged."""
    found = Service(data).ask("message.void", id=number, code=code, officer=the_officer(officer))
    if as_json:
        say_json(found)
        return
    say(f"message {sending.short(found['id'])}, number {found['seq']}: given up ({code})")


def _say_questions(answer: Answer) -> None:
    """Print what only a person can see; a no means that the message must not leave so."""
    for question in answer.get("questions", ()):
        say(f"  look at {question['pointer']}: {question['text']}?")


def _say_drafts(drafts: list[Answer], *, only: bool) -> None:
    if not drafts and not only:
        return
    rows = [
        (
            sending.short(row["id"]),
            row["type"],
            row["prepared_by"],
            returning.state_of(row),
        )
        for row in drafts
    ]
    say_table(("draft", "type", "prepared by", "state"), rows, empty="no drafts")


def _say_message(row: Answer, entries: Answer) -> None:
    way = "from" if row["direction"] == "in" else "to"
    code = f" ({row['code']})" if row["code"] else ""
    say(f"{row['id']}  {row['type']} {way} {row['partner']}, number {row['seq']}: {row['state']}{code}")
    say(f"  recorded {row['logged']}, our entry {entries['own'] + 1}")
    if entries["partner"] >= 0:
        say(f"  verdict {row['verdict']}, entry {entries['partner'] + 1} of the recipient's ledger")
    say(f"  officer {row['officer'] or '-'}, released by {row['released_by'] or '-'}")
