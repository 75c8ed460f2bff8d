# SPDX-License-Identifier: Apache-2.0
"""`exchange retention list` and `exchange case erase | hold | unhold`: two persons erase, or hold back.

The first officer says the reason, the second one `--confirm` after everything was shown. Codes, numbers and
days are shown, never content. Nothing here can be undone.
"""

from typing import Annotated, Any, Final

import typer

from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.options import DATA, Data, Json, Officer, the_officer
from exchange.interfaces.cli.output import Answer, say, say_json, say_table
from exchange.interfaces.cli.sending import short

group = typer.Typer(help="What is due for erasure, and what is held back.", no_args_is_help=True)

KEPT: Final = (
    "kept: envelopes, entries of both ledgers, numbers, states, times; who did what; the random code in the"
    " header of a message about several persons"
)
WAITS: Final = {
    "legal_hold": "a legal hold is on it",
    "unsettled": "a message about it has no final answer yet",
    "draft_waits": "a released message about it waits for the start gate",
    "travelling": "the person is on the list of a movement",
    "not_due": "its time is not over",
    "no_hold": "no hold is on it",
}
DONE: Final = {"erase": "erased", "hold": "held back", "unhold": "no longer held back"}

Case = Annotated[str, typer.Argument(help="Code of the case; with --person the number of a message.")]
Person = Annotated[int, typer.Option("--person", help="Which person of the message, from 1.", min=0)]
Confirm = Annotated[bool, typer.Option("--confirm", help="As the second officer: look, and confirm.")]
GiveUp = Annotated[bool, typer.Option("--give-up", help="Let the proposal go.")]
Yes = Annotated[bool, typer.Option("--yes", help="Confirm without being asked again.")]


@group.command("list")
def list_retention(data: Data = DATA, as_json: Json = False) -> None:
    """Show what is due for erasure, what waits for a second officer, and holds. Nothing is changed."""
    found = Service(data).ask("retention.list")
    if as_json:
        say_json(found)
        return
    rows = [
        (row["partner"], row["case"], row["closed_on"], row["kept_until"], len(row["messages"]), _state(row))
        for row in found["due"]
    ]
    say_table(("partner", "case", "closed", "kept until", "messages", ""), rows, empty="no case is due")
    if not found["complete"]:
        say(f"only the first {len(rows)} are shown; erase some of them, then look again")
    for line in (*owed_lines(found["owed"]), *again_lines(found["again"])):
        say(line)
    for row in found["proposals"]:
        say(proposal_line(row))
    for row in found["holds"]:
        by = " and ".join(row["placed_by"])
        say(f"case {row['case']} is held back ({row['reason']}) since {row['placed'][:10]} by {by}")


def erase(
    case: Case,
    reason: Annotated[
        str,
        typer.Option("--reason", help="retention_over, partner_erased, person_asked or not_lawful."),
    ] = "",
    person: Person = 0,
    confirm: Confirm = False,
    give_up: GiveUp = False,
    yes: Yes = False,
    officer: Officer = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Erase one person everywhere in this node, for good; the others of a message stay. Two officers."""
    members = {"code": case, "person": person, "act": "erase", "officer": the_officer(officer)}
    _two_persons(Service(data), members, reason, confirm=confirm, give_up=give_up, yes=yes, as_json=as_json)


def hold(
    case: Case,
    reason: Annotated[str, typer.Option("--reason", help="court, investigation or complaint.")] = "",
    confirm: Confirm = False,
    give_up: GiveUp = False,
    yes: Yes = False,
    officer: Officer = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Hold a case back from erasure. Two officers."""
    members = {"code": case, "act": "hold", "officer": the_officer(officer)}
    _two_persons(Service(data), members, reason, confirm=confirm, give_up=give_up, yes=yes, as_json=as_json)


def unhold(
    case: Case,
    confirm: Confirm = False,
    give_up: GiveUp = False,
    yes: Yes = False,
    officer: Officer = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Lift the hold of a case. Two officers."""
    members = {"code": case, "act": "unhold", "officer": the_officer(officer)}
    _two_persons(Service(data), members, "", confirm=confirm, give_up=give_up, yes=yes, as_json=as_json)


def _two_persons(
    service: Service,
    members: dict[str, Any],
    reason: str,
    *,
    confirm: bool,
    give_up: bool,
    yes: bool,
    as_json: bool,
) -> None:
    if give_up:
        found = service.ask("erasure.give_up", **members)
        text = f"the proposal of {found['proposed_by']} is gone; nothing was done"
    elif confirm:
        found = _confirmed(service, members, yes=yes, quiet=as_json)
        text = (
            f"{DONE[found['act']]}, as {found['proposed_by']} proposed and {found['confirmed_by']} confirmed"
        )
    else:
        found = service.ask("erasure.propose", **members, reason=reason)
        text = "proposed; nothing is done until a second officer says the same with --confirm"
        for line in () if as_json else shown_lines(found):
            say(line)
    if as_json:
        say_json(found)
        return
    say(text)


def _confirmed(service: Service, members: dict[str, Any], *, yes: bool, quiet: bool) -> Answer:
    """Show what was proposed, ask, and confirm exactly that."""
    shown = service.ask("erasure.look", **members)
    if not quiet:
        for line in (*shown_lines(shown), f"proposed by {shown['proposed_by']}"):
            say(line)
    if not yes and not typer.confirm("is this right? it cannot be undone", err=True):
        raise typer.Abort
    return service.ask("erasure.confirm", **members, digest=shown["digest"])


def shown_lines(row: Answer) -> list[str]:
    """Return what an act would do, in words."""
    lines = [f"{row['act']} case {row['case']} with {row['partner']}: {row['state']}{_days(row)}"]
    if row["act"] == "erase":
        shared = sum(one["shared"] for one in row["messages"])
        lines += [
            f"  content of {len(row['messages'])} messages; {shared} are about others as well, who stay",
            f"  {len(row['drafts'])} drafts, {row['forms']} open forms, {row['register']} entries of the"
            f" register, {row['movements']} movements",
            f"  {KEPT}",
        ]
        lines += [f"  draft {short(draft)} goes with it" for draft in row["drafts"]]
    return lines + [f"  not now: {WAITS[wait]}" for wait in row["waits"]]


def owed_lines(owed: list[Answer]) -> list[str]:
    """Return what the partner erased and we have not."""
    return [
        f"{one['partner']} erased {one['count']} on {one['erased'][:10]} that we still hold, entry"
        f" {one['entry'] + 1} of its ledger; erase until {one['until'][:10]}: "
        + (", ".join(one["cases"]) or "ask the partner which")
        for one in owed
    ]


def again_lines(again: int) -> list[str]:
    """Return what has to be erased again after a restore."""
    text = f"{again} cases were erased before the store was restored and are here again; erase them again"
    return [text] if again else []


def proposal_line(row: Answer) -> str:
    """Return what a second officer has to look at."""
    reason = f" ({row['reason']})" if row["reason"] else ""
    return (
        f"{row['proposed_by']} proposed to {row['act']} case {row['case']}{reason}: a second officer looks:"
        f" exchange case {row['act']} {row['case']} --confirm"
    )


def _days(row: Answer) -> str:
    if not row["closed_on"]:
        return ", not closed"
    child = ", a child" if row["for_a_child"] else ""
    return f" on {row['closed_on']}, kept until {row['kept_until']}{child}"


def _state(row: Answer) -> str:
    return ", ".join(WAITS[wait] for wait in row["waits"]) or "can be erased"
