# SPDX-License-Identifier: Apache-2.0
"""`exchange partner pause`, and what the command line says of a paused partner.

One officer stops everything at once; two let it go on: `exchange partner resume PARTNER --end-pause`. That
ends the pause and nothing else: two officers say by a command without it that a store is the newest one.
Guide: docs/guides/pausing.md.
"""

from typing import Annotated

import typer

from exchange.ids import parse_officer
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.options import DATA, Data, Json, Officer, the_officer
from exchange.interfaces.cli.output import Answer, say, say_json

EndPause = Annotated[
    bool, typer.Option("--end-pause", help="End the pause of this partner, and do nothing else.")
]


def register(group: typer.Typer) -> None:
    """Add the command of this module."""
    group.command("pause")(pause)


def pause(
    partner: Annotated[str, typer.Argument(help="Code of the partner.")],
    reason: Annotated[
        str, typer.Option("--reason", help="Why, in one line for colleagues; name no person. It stays here.")
    ],
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Stop everything with a partner at once; one officer is enough, two let it go on."""
    acting = parse_officer(the_officer(officer))
    found = Service(data).ask("partner.pause", partner=partner, reason=reason, officer=acting)
    if as_json:
        say_json(found)
        return
    name = found["partner"]
    say(f"{name} is paused since {found['pause']['since']}: nothing goes to it, and nothing of it is taken")
    say(f"  what you release waits here, a stop as well: telephone {name} about whatever cannot wait,")
    say("  at a number that you know; deadlines go on counting")
    if found["waiting"] or found["drafts"]:
        say(f"  waiting now: {found['waiting']} sent without a receipt, {found['drafts']} released")
    if found["by_files"]:
        say("  a parcel that was written before still holds what it holds: keep it here")
    say(f"two officers end it: {end_command(name)}")


def end(service: Service, partner: str, *, officer: str, second: str, as_json: bool) -> None:
    """End the pause of a partner as two officers, and say how it stands then."""
    found = service.ask("partner.end_pause", partner=partner, officer=officer, second=second)
    if as_json:
        say_json(found)
        return
    why = f" ({found['reason']})" if found["reason"] else ""
    say(f"{found['partner']}: two officers ended the pause; the gate is {found['state']}{why}")
    say("next: it opens when both nodes have asked each other; if it stays closed: exchange doctor")


def paused_line(row: Answer) -> str:
    """Return since when a partner is paused, by whom and why, or ""."""
    held = row.get("pause")
    return f"paused since {held['since']} by {held['by']}: {held['reason']}" if held else ""


def end_command(partner: str) -> str:
    """Return the command that ends a pause."""
    return f"exchange partner resume {partner} --end-pause --officer NUMBER --second NUMBER"


def due_line(row: Answer) -> str:
    """Return what officers have to know of a paused partner when they look at their work."""
    waits = f"{row['waiting']} sent and {row['drafts']} released messages wait"
    return (
        f"PAUSED {row['partner']} since {row['since']}: nothing goes and nothing comes, {waits};"
        f" telephone {row['partner']} about whatever cannot wait: exchange partner show {row['partner']}"
    )
