# SPDX-License-Identifier: Apache-2.0
"""`exchange partner …`: enrolment with two files and one telephone call, and how partners stand."""

from pathlib import Path
from typing import Annotated

import typer

from exchange.errors import IdentifierError, UsageError
from exchange.ids import AgencyCode, parse_agency, parse_officer
from exchange.interfaces.cli import enrolling, pausing
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.moved import NO_ADDRESS, decision, moved_line, place
from exchange.interfaces.cli.options import (
    DATA,
    Data,
    Json,
    Officer,
    RecoveryKey,
    Second,
    demand_free,
    open_recovery_key,
    read_bytes,
    the_officer,
    the_second,
    write_file,
)
from exchange.interfaces.cli.output import Answer, say, say_json, say_table
from exchange.interfaces.cli.spoken import spoken_words
from exchange.protocol.enrolment import shown
from exchange.protocol.invitations import MAX_FILE_BYTES
from exchange.protocol.profiles import profile_codes

group = typer.Typer(
    help="Enrol partners: invite, join, confirm; list, show and pause them.", no_args_is_help=True
)

Out = Annotated[Path, typer.Option("-o", "--out", help="File to write, for the partner.")]
Force = Annotated[bool, typer.Option("--force", help="Write over an existing file.")]


@group.command("invite")
def invite(
    partner: Annotated[str, typer.Argument(help="Code of the partner, for example VN-MPS-IMM.")],
    out: Out,
    data: Data = DATA,
    profile: Annotated[
        str, typer.Option("--profile", help=f"Profile of the agreement: {', '.join(profile_codes())}.")
    ] = "",
    answer_to: Annotated[
        str, typer.Option("--answer-to", help="Where the answer shall be sent, for people.")
    ] = "",
    officer: Officer = "",
    recovery_key: RecoveryKey = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """1: write an invitation for a partner."""
    service, acting = Service(data), parse_officer(the_officer(officer))
    demand_free(out, force=force)
    raw = enrolling.invite(
        service,
        open_recovery_key(data, recovery_key),
        partner,
        profile=profile,
        answer_to=answer_to,
        officer=acting,
    )
    write_file(out, raw, force=force)
    if as_json:
        say_json({"partner": partner, "file": str(out)})
        return
    say(f"invitation for {partner} written to {out}; it holds no secret, send it by any way")
    say(f"next: when the answer comes, telephone, then: exchange partner confirm <answer file> --data {data}")


@group.command("join")
def join(
    invitation: Annotated[Path, typer.Argument(help="The invitation file.")],
    out: Out,
    data: Data = DATA,
    officer: Officer = "",
    second: Second = "",
    recovery_key: RecoveryKey = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """2: answer an invitation; needs two officers."""
    officers = _two(officer, second)
    raw = read_bytes(invitation, what="the invitation", max_bytes=MAX_FILE_BYTES)
    demand_free(out, force=force)
    done = enrolling.join(Service(data), open_recovery_key(data, recovery_key), raw, officers=officers)
    write_file(out, done.file, force=force)
    if as_json:
        say_json({"partner": done.partner, "profile": done.profile, "words": done.words, "file": str(out)})
        return
    say(f"answer to {done.partner} written to {out}; agreement {done.profile} version 1 signed by us")
    say(f"next: send {out}, then telephone {done.partner} and compare eight words:")
    say(f"      exchange partner confirm {done.partner} --data {data}")


@group.command("confirm")
def confirm(
    file_or_partner: Annotated[
        str, typer.Argument(help="The inviter names the answer file, the joiner the partner.")
    ],
    data: Data = DATA,
    words: Annotated[str, typer.Option("--words", help="The eight words, if they were compared.")] = "",
    officer: Officer = "",
    second: Second = "",
    recovery_key: RecoveryKey = None,
    as_json: Json = False,
) -> None:
    """3: say that the eight words were the same on the telephone; needs two officers."""
    officers, service = _two(officer, second), Service(data)
    partner = _agency_named(file_or_partner)
    if partner is not None:
        expected = enrolling.words_with(service, partner)
        spoken = spoken_words(words, expected, reads_first=False)
        enrolling.confirm_as_joiner(service, partner, spoken=spoken, officers=officers)
    else:
        raw = read_bytes(Path(file_or_partner), what="the answer", max_bytes=MAX_FILE_BYTES)
        judged = enrolling.judge(service, raw)
        partner, expected = judged.partner, judged.words
        spoken = spoken_words(words, expected, reads_first=True)
        enrolling.demand_same(expected, spoken)
        key = open_recovery_key(data, recovery_key)
        enrolling.countersign(service, key, judged, spoken=spoken, officers=officers)
    if as_json:
        say_json({"partner": partner, "words": expected})
        return
    say(f"{partner} is enrolled: {shown(expected)}")
    say(f"next: exchange partner list --data {data}   (open as soon as both nodes have talked)")


@group.command("withdraw")
def withdraw(
    partner: Annotated[str, typer.Argument(help="Code of the partner.")],
    data: Data = DATA,
    officer: Officer = "",
    second: Second = "",
    as_json: Json = False,
) -> None:
    """Take back an invitation, or an enrolment that did not come to its end; needs two officers."""
    two = _as_two(officer, second)
    answer = Service(data).ask("partner.withdraw", partner=partner, **two)
    if as_json:
        say_json(answer)
        return
    what = "enrolment" if answer["link"] else "invitation"
    say(f"{answer['partner']}: the {what} is taken back; files that were made for it are of no use any more")
    say("next: tell the partner to do the same, then begin anew: exchange partner invite, or join")


@group.command("list")
def list_partners(data: Data = DATA, as_json: Json = False) -> None:
    """Show every partner and how it stands."""
    answer = Service(data).ask("partner.list")
    if as_json:
        say_json(answer)
        return
    rows = [
        (row["partner"], row["state"], pausing.paused_line(row) or row["reason"] or "", row["link"])
        for row in answer["partners"]
    ]
    rows += [
        (row["partner"], "invited", f"since {row['created']}, waits for the answer", "")
        for row in answer.get("invitations", [])
    ]
    say_table(("partner", "state", "why", "link"), rows, empty="no partner yet: exchange partner invite")


@group.command("show")
def show(
    partner: Annotated[str, typer.Argument(help="Code of the partner.")] = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show what is agreed with a partner, and how far both ledgers are."""
    found = Service(data).ask("partner.show", partner=partner)
    if as_json:
        say_json(found)
        return
    say(f"{found['partner']}  {found['state']}{'' if found.get('pause') else _because(found['reason'])}")
    if found.get("pause"):
        say(f"  {pausing.paused_line(found)}")
        say(f"             two officers end it: {pausing.end_command(found['partner'])}")
    say(f"  link       {found['link']}")
    say(f"  agreement  {found['profile']} version {found['agreement']}, suite {found['suite']}")
    say(f"  address    {found['address'] or _no_address(found)}")
    say(f"  card       serial {found['card_serial']}")
    _say_moved(found)
    if found["unknown_uses"]:
        say(f"             keys of uses that this version does not know: {', '.join(found['unknown_uses'])}")
    say(f"  ledgers    ours {found['entries']['own']}, of which it signed {found['signed_by_partner']};")
    say(f"             theirs {found['entries']['partner']}")


@group.command("card")
def take_card(
    file: Annotated[Path, typer.Argument(help="The card that the partner sent: exchange key card.")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Take a partner's newer card from a file; only its pinned recovery key can have signed it."""
    raw = read_bytes(file, what="the card", max_bytes=MAX_FILE_BYTES)
    found = Service(data).ask("partner.take_card", card=raw.decode("ascii", "replace").strip())
    if as_json:
        say_json(found)
        return
    say(f"card {found['serial']} of {found['partner']} is the one that counts now")
    _say_moved(found)


@group.command("address")
def decide_address(
    partner: Annotated[str, typer.Argument(help="Code of the partner.")],
    address: Annotated[str, typer.Argument(help="The address that its card names, or none.")],
    refuse: Annotated[bool, typer.Option("--refuse", help="Go on with the address of before.")] = False,
    data: Data = DATA,
    officer: Officer = "",
    second: Second = "",
    as_json: Json = False,
) -> None:
    """Take the new address of a partner, as two officers who asked it on the telephone; or refuse it."""
    two = _as_two(officer, second)
    answer = Service(data).ask(
        "partner.address",
        partner=partner,
        address="" if address == NO_ADDRESS else address,
        decision="refuse" if refuse else "take",
        **two,
    )
    if as_json:
        say_json(answer)
        return
    done = "refused the new address" if refuse else "took the new address"
    say(f"{answer['partner']}: two officers {done}; we call {place(answer['address'])}")


@group.command("resume")
def resume(
    partner: Annotated[str, typer.Argument(help="Code of the partner.")],
    end_pause: pausing.EndPause = False,
    data: Data = DATA,
    officer: Officer = "",
    second: Second = "",
    as_json: Json = False,
) -> None:
    """Confirm as two officers that this store is the newest one; or end a pause, with --end-pause."""
    two = _as_two(officer, second)
    if end_pause:
        pausing.end(Service(data), partner, **two, as_json=as_json)
        return
    answer = Service(data).ask("partner.resume", partner=partner, **two)
    if as_json:
        say_json(answer)
        return
    say(f"{partner}: two officers confirmed this store; the node asks the partner again")


@group.command("renew")
def renew(
    partner: Annotated[str, typer.Argument(help="Code of the partner.")],
    reason: Annotated[str, typer.Option("--reason", help="both_restored, two_histories or entries_lost.")],
    from_number: Annotated[
        int, typer.Option("--from-number", help="First number of our messages; default: the next thousand.")
    ] = 0,
    data: Data = DATA,
    officer: Officer = "",
    second: Second = "",
    as_json: Json = False,
) -> None:
    """Begin the ledger with a partner anew, as two officers; the partner has to do the same."""
    two = _as_two(officer, second)
    answer = Service(data).ask("partner.renew", partner=partner, reason=reason, first=from_number, **two)
    if as_json:
        say_json(answer)
        return
    say(f"{answer['partner']}: two officers decided that the ledger begins anew, as number {answer['epoch']}")
    say("it begins when the partner's officers have done the same; the old ledger stays as it is")
    say(f"next: telephone {answer['partner']}; then: exchange partner show {answer['partner']} --data {data}")
    if answer["by_files"]:
        say(
            "      this link goes by files: write a parcel, let the partner decide and write one, and read it"
        )


def _agency_named(text: str) -> AgencyCode | None:
    """Return the agency if the text is its code, None if it must be a file."""
    try:
        return parse_agency(text)
    except IdentifierError:
        return None


def _two(officer: str, second: str) -> enrolling.Officers:
    first, other = parse_officer(the_officer(officer)), parse_officer(the_second(second))
    if first == other:
        raise UsageError("this act needs two different officers", hint="say the second one with --second")
    return enrolling.Officers(first, other)


def _as_two(officer: str, second: str) -> dict[str, str]:
    """Return the members of a command that two officers give."""
    officers = _two(officer, second)
    return {"officer": officers.first, "second": officers.second}


def _no_address(found: Answer) -> str:
    return "none, and we have none: parcels only" if found.get("by_files") else "none: it calls us"


def _say_moved(found: Answer) -> None:
    """Say that the card of a partner names another address, and what to do."""
    if moved := found.get("moved"):
        say(f"  moved      {moved_line(moved)}")
        if todo := decision(found["partner"], moved):
            say(f"             {todo}")


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""
