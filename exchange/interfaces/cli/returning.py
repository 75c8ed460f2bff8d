# SPDX-License-Identifier: Apache-2.0
"""`exchange message send-back|take-back|change|discard`: drafts that are not released."""

from pathlib import Path
from typing import Annotated

import typer

from exchange.interfaces.cli import sending
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.options import DATA, Data, Json, Officer, read_document, the_officer
from exchange.interfaces.cli.output import Answer, say, say_json, warn

FROM_BEFORE = "; from before a restore, look whether it was sent since"
Number = Annotated[str, typer.Argument(help="Number of the draft: its last characters are enough.")]
Changed = Annotated[Path, typer.Argument(help="The changed message, small or complete, as JSON.")]
Digest = Annotated[str, typer.Option("--digest", help="Digest of what you were shown.")]
Reason = Annotated[str, typer.Option("--reason", help="What has to be changed; its author reads it.")]


def send_back(
    number: Number,
    reason: Reason,
    digest: Digest = "",
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Send a kept message back to its author, as the second person."""
    members = {"id": number, "reason": reason, "digest": digest or None, "officer": the_officer(officer)}
    done = Service(data).ask("message.send_back", **members)
    _say(done, f"sent back to {done['prepared_by']}, not sent", as_json=as_json)


def take_back(number: Number, data: Data = DATA, officer: Officer = "", as_json: Json = False) -> None:
    """Take back the own kept message and print it, to be changed; nobody can release it now."""
    found = Service(data).ask("message.take_back", id=number, officer=the_officer(officer))
    if as_json:
        say_json(found)
        return
    say_json(found["document"])
    warn(f"hint: change it, then: exchange message change {sending.short(found['draft']['id'])} FILE")


def change(
    number: Number, file: Changed, data: Data = DATA, officer: Officer = "", as_json: Json = False
) -> None:
    """Put a changed file in place of the own kept message; it waits for a second person again."""
    document = read_document(file)
    sent = Service(data).ask("message.change", id=number, document=document, officer=the_officer(officer))
    if as_json:
        say_json(sent)
        return
    say(f"{sent['type']} {sending.short(sent['id'])} to {sent['partner']}: kept for a second person")


def discard(number: Number, data: Data = DATA, officer: Officer = "", as_json: Json = False) -> None:
    """Destroy the own kept message; it was not sent."""
    done = Service(data).ask("message.discard", id=number, officer=the_officer(officer))
    _say(done, "discarded, not sent", as_json=as_json)


def say_returned(draft: Answer) -> None:
    """Print who took a draft out of the hands of the releasers, and why."""
    back = draft.get("returned") or draft.get("sent_back")
    if back:
        word = "sent back" if back["is_sent_back"] else "taken back"
        why = f": {back['reason']}" if back["reason"] else ""
        say(f"  {word} by {back['by']}, {back['at'][:16]}{why}")
    if draft.get("from_before_restore"):
        say(f"  not sent{FROM_BEFORE}")


def state_of(draft: Answer) -> str:
    """Return what a draft waits for, in words."""
    back = draft.get("returned")
    if back:
        return f"{'sent back' if back['is_sent_back'] else 'taken back'} by {back['by']}"
    if draft["waiting"]:
        return "waits for the gate"
    return "waits for a second person" + (FROM_BEFORE if draft.get("from_before_restore") else "")


def _say(done: Answer, words: str, *, as_json: bool) -> None:
    if as_json:
        say_json(done)
        return
    say(f"{done['type']} {sending.short(done['id'])}: {words}")
