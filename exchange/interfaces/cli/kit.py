# SPDX-License-Identifier: Apache-2.0
"""`exchange kit …`: the conformance kit plays a partner of a training node and reports by rule.

    exchange kit join INVITATION -o joining.txt     answers an invitation; its keys follow from a label
    exchange kit invite --as AGENCY -o FILE         invites a node instead; `kit words` reads its answer
    exchange kit run INVITATION joining.txt         plays every rule against the node, and reports
    exchange kit check FOLDER                       shows the vectors to this program

No data folder is needed, and no node of one's own.
"""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.progress import Progress

from exchange.clock import SystemClock
from exchange.errors import UsageError
from exchange.interfaces.cli.options import Json, read_bytes, write_file
from exchange.interfaces.cli.output import Answer, say, say_json, say_marked, say_table, warn
from exchange.kit.rules import RULES, Finding
from exchange.protocol.enrolment import shown
from exchange.protocol.invitations import MAX_FILE_BYTES

if TYPE_CHECKING:
    from exchange.kit.enrolling import Enrolled
    from exchange.kit.vectors import Judged

group = typer.Typer(
    help="Conformance kit: join and run against a training node; check the vectors.", no_args_is_help=True
)

DIFFERENCES: Final = 1
"""Exit code when a rule does not hold."""
VECTORS: Final = Path("tests/vectors/kit")

InvitationFile = Annotated[Path, typer.Argument(help="The invitation.")]


@group.command("join")
def join(
    invitation: InvitationFile,
    out: Annotated[Path, typer.Option("-o", "--out", help="File to write, for the node.")],
    play_as: Annotated[
        str, typer.Option("--as", help="Agency that the kit plays; usually the profile tells it.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Write over an existing file.")] = False,
    as_json: Json = False,
) -> None:
    """1: answer the invitation of a training node."""
    from exchange.kit.enrolling import join as answer

    raw = read_bytes(invitation, what="the invitation", max_bytes=MAX_FILE_BYTES)
    done = answer(raw, code=play_as, now=SystemClock().now())
    write_file(out, done.file, force=force)
    if as_json:
        say_json({"agency": done.own, "partner": done.partner, "words": done.words, "file": str(out)})
        return
    say(f"the kit answers {done.partner} as {done.own}; written to {out}")
    say(f"next: on the node: exchange partner confirm {out} --words {shown(done.words).replace(' ', '')}")
    say(f"      then: exchange kit run {invitation} {out}")


@group.command("invite")
def invite(
    play_as: Annotated[str, typer.Option("--as", help="Contact point that the kit plays.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="File to write, for the node.")],
    profile: Annotated[str, typer.Option("--profile", help="Profile of the agreement.")] = "neutral",
    force: Annotated[bool, typer.Option("--force", help="Write over an existing file.")] = False,
    as_json: Json = False,
) -> None:
    """1, the other way round: invite a training node that has an address, so that it joins."""
    from exchange.kit.enrolling import invite as invitation_of

    now = SystemClock().now()
    made = invitation_of(code=play_as, profile=profile, answer_to="", now=now, random=secrets.token_bytes)
    write_file(out, made, force=force)
    if as_json:
        say_json({"agency": play_as, "profile": profile, "file": str(out)})
        return
    say(f"the kit invites as {play_as}; written to {out}")
    say(f"next: on the node: exchange partner join {out} -o joining.txt")
    say(f"      then: exchange kit words {out} joining.txt")


@group.command("words")
def words(
    invitation: Annotated[Path, typer.Argument(help="The invitation that `exchange kit invite` wrote.")],
    joining: Annotated[Path, typer.Argument(help="The answer of the node.")],
    as_json: Json = False,
) -> None:
    """Judge the answer of a node that joined, and show the eight words."""
    from exchange.kit.enrolling import words_of

    made = words_of(
        read_bytes(invitation, what="the invitation", max_bytes=MAX_FILE_BYTES),
        read_bytes(joining, what="the joining file", max_bytes=MAX_FILE_BYTES),
        now=SystemClock().now(),
    )
    if as_json:
        say_json({"agency": made.own, "partner": made.partner, "words": made.words})
        return
    say(f"{made.partner} answers rightly: {shown(made.words)}")
    say(
        f"next: on the node: exchange partner confirm {made.own} --words {shown(made.words).replace(' ', '')}"
    )
    say(f"      then: exchange kit run {invitation} {joining}")


@group.command("run")
def run(
    invitation: InvitationFile,
    joining: Annotated[Path, typer.Argument(help="The answer to it; the kit wrote one of the two.")],
    against: Annotated[
        str, typer.Option("--against", metavar="URL", help="https://host:port, if not that of the card.")
    ] = "",
    quick: Annotated[bool, typer.Option("--quick", help="Some cases of each rule only.")] = False,
    as_json: Json = False,
) -> None:
    """2: play every rule against the node. Exit 1 if one does not hold."""
    from exchange.kit.enrolling import enrolled

    both = enrolled(
        read_bytes(invitation, what="the invitation", max_bytes=MAX_FILE_BYTES),
        read_bytes(joining, what="the joining file", max_bytes=MAX_FILE_BYTES),
    )
    findings = asyncio.run(_play(both, against or _address_of(both), quick=quick, is_quiet=as_json))
    if as_json:
        say_json(_report_of(findings))
    else:
        _say_report(findings)
    if not all(finding.holds for finding in findings):
        raise typer.Exit(DIFFERENCES)


@group.command("check")
def check(
    folder: Annotated[Path, typer.Argument(help="Folder of the vectors.")] = VECTORS,
    as_json: Json = False,
) -> None:
    """Show the vectors to this program. Exit 1 if a verdict is another one."""
    from exchange.bootstrap import memory_store
    from exchange.kit.vectors import judge_folder

    judged = judge_folder(folder, memory_store)
    if as_json:
        say_json({"vectors": [asdict(one) | {"holds": one.holds} for one in judged]})
    else:
        _say_vectors(judged)
    if not all(one.holds for one in judged):
        raise typer.Exit(DIFFERENCES)


@group.command("rules")
def rules(as_json: Json = False) -> None:
    """Show the rules that the kit checks, and where each stands."""
    if as_json:
        say_json({"rules": [asdict(rule) for rule in RULES.values()]})
        return
    rows = [(rule.id, rule.sentence, rule.source) for rule in RULES.values()]
    say_table(("rule", "says", "source"), rows, empty="no rules")


async def _play(both: "Enrolled", url: str, *, quick: bool, is_quiet: bool) -> list[Finding]:
    from exchange.bootstrap import knock_at
    from exchange.kit.play import plan
    from exchange.kit.play import run as play

    clock, findings, wanted = SystemClock(), list[Finding](), plan(quick=quick)
    if not is_quiet:
        warn(f"the kit speaks as {both.own.code} with {both.partner.agency} at {url}")
    console = Console(stderr=True)
    async with knock_at(url, both.partner) as door:
        with Progress(console=console, transient=True, disable=is_quiet or not console.is_terminal) as bar:
            task = bar.add_task("playing", total=1 + wanted.size)
            async for finding in play(door, both, wanted, now=clock.now, random=secrets.token_bytes):
                findings.append(finding)
                bar.advance(task)
    return findings


def _address_of(both: "Enrolled") -> str:
    addresses = both.partner.addresses
    if not addresses:
        raise UsageError(
            f"{both.partner.agency} has no address in its card", hint="say where it is: --against URL"
        )
    return addresses[0]


def _by_rule(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    return {id: found for id in RULES if (found := [each for each in findings if each.rule == id])}


def _report_of(findings: Sequence[Finding]) -> Answer:
    rows = [
        {
            "rule": id,
            "sentence": RULES[id].sentence,
            "source": RULES[id].source,
            "holds": all(each.holds for each in found),
            "cases": [asdict(each) | {"holds": each.holds} for each in found],
        }
        for id, found in _by_rule(findings).items()
    ]
    return {"holds": all(finding.holds for finding in findings), "rules": rows}


def _say_report(findings: Sequence[Finding]) -> None:
    grouped = _by_rule(findings)
    for id, found in grouped.items():
        failed = [each for each in found if not each.holds]
        word = "FAIL" if failed else "pass"
        say_marked(f"{word}  {id:<24} {len(found):>3}  {RULES[id].sentence}", word)
        for each in failed:
            say(f"      {each.name}: {each.description}")
            say(f"        expected  {each.expected}")
            say(f"        found     {each.found}")
    broken = sum(any(not each.holds for each in found) for found in grouped.values())
    if broken:
        say(f"{broken} of {len(grouped)} rules do not hold")
    else:
        say(f"all {len(grouped)} rules hold in {len(findings)} cases")


def _say_vectors(judged: Sequence["Judged"]) -> None:
    for one in judged:
        if not one.holds:
            say_marked(f"FAIL  {one.file} {one.name} ({one.rule}): {one.description}", "FAIL")
            say(f"        expected  {one.expected}")
            say(f"        found     {one.found}")
    kinds = {one.file for one in judged}
    for kind in sorted(kinds):
        held = [one for one in judged if one.file == kind]
        say(f"{kind:<22} {sum(one.holds for one in held):>4} of {len(held)}")
    if all(one.holds for one in judged):
        say(f"all {len(judged)} vectors get their verdict")
