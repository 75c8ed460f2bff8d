# SPDX-License-Identifier: Apache-2.0
"""`exchange init` sets up a node by six questions; `exchange serve` runs it.

Every question is also an option, so that a script can set up a node; only the two passphrases are none.
"""

import re
import secrets
import sys
import zoneinfo
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from exchange.errors import IdentifierError, UsageError
from exchange.ids import OfficerNumber, new_node_id, parse_officer
from exchange.interfaces.cli.options import (
    DATA,
    PASSPHRASE,
    Data,
    Json,
    demand_two_files,
    is_given,
    new_passphrase,
    new_recovery_passphrase,
    read_passphrase,
)
from exchange.interfaces.cli.output import say, say_json
from exchange.messages.codelists import Agency, agencies, agency, codelist
from exchange.protocol.profiles import load_profile

if TYPE_CHECKING:
    from exchange.config import AgencySection

PROFILE_OF_ALL: Final = "neutral"
"""The profile that has a side for every country; it proposes the time zone."""
OFFICE_KINDS: Final = "determining-bodies"
DEFAULT_PORT: Final = 8443
NONE: Final = "none"
ENOUGH_OFFICERS: Final = 2
"""Two officers of each side enrol a partner."""
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.-]{1,253})", re.ASCII)


@dataclass(frozen=True)
class Answers:
    """What the six questions gave."""

    agency: Agency
    name: str
    office: Agency
    address: str
    """`https://host:port`, or "" for a node that only calls."""
    port: int
    zone: str
    officers: dict[OfficerNumber, str]


def _kinds() -> tuple[str, ...]:
    return tuple(codelist(OFFICE_KINDS).codes)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("init")(init)
    app.command("serve")(serve)


def init(
    data: Data = DATA,
    agency_code: Annotated[str, typer.Option("--agency", help="1: code of your agency.")] = "",
    name: Annotated[str, typer.Option("--name", help="2: its name, for people.")] = "",
    office: Annotated[str, typer.Option("--office", help="3: office that acts; usually the agency.")] = "",
    address: Annotated[
        str, typer.Option("--address", help="4: host:port at which partners reach you, or none.")
    ] = "",
    zone: Annotated[str, typer.Option("--zone", help="5: time zone, for example Asia/Phnom_Penh.")] = "",
    officer: Annotated[
        list[str] | None, typer.Option("--officer", help="6: NUMBER=NAME, for two officers or more.")
    ] = None,
    host: Annotated[str, typer.Option("--host", help="Address of this machine to listen on.")] = "0.0.0.0",  # noqa: S104
    port: Annotated[int, typer.Option("--port", help="Port to listen on, if not that of --address.")] = 0,
    office_kind: Annotated[
        str,
        typer.Option("--office-kind", help=f"Kind of your office: {', '.join(_kinds())}.", show_default=True),
    ] = "social_welfare",
    high_water: Annotated[
        Path | None,
        typer.Option("--high-water", help="Folder on another disk that notices an old store put back."),
    ] = None,
    training: Annotated[
        bool, typer.Option("--training", help="No real persons; meets training only.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Set up this agency: six questions, two passphrases, then keys, card and store in a new folder."""
    from exchange.bootstrap import set_up
    from exchange.config import DoorSection, PathsSection, Settings

    _demand_right(data, office_kind)
    answers = _ask_all(agency_code, name, office, address, zone, officer or [])
    marks = _marks(data, high_water, answers.address)
    settings = Settings(
        agency=_agency_of(answers, office_kind=office_kind, training=training),
        door=DoorSection(host=host, port=port or answers.port, address=answers.address),
        paths=PathsSection(high_water=str(marks or "")),
    )
    passphrase = new_passphrase("passphrase of the node")
    card = set_up(
        data,
        settings,
        passphrase,
        recovery_passphrase=_recovery_passphrase(passphrase, training=training),
        officers=answers.officers,
    )
    if as_json:
        say_json({"agency": card.agency, "node": card.node, "data": str(data), "card": card.digest})
        return
    _say_done(data, answers, marks=marks, training=training)


def _marks(data: Path, given: Path | None, address: str) -> Path | None:
    """Return where the high-water files go: without an address they must not lie in the data folder."""
    if given is not None:
        return given.absolute()
    return None if address else data.absolute().with_name(f"{data.absolute().name}-high-water")


def _agency_of(answers: Answers, *, office_kind: str, training: bool) -> "AgencySection":
    from exchange.config import AgencySection

    return AgencySection(
        code=answers.agency.code,
        node=new_node_id(secrets.token_bytes),
        names={"en": answers.name},
        office=answers.office.code,
        office_kind=office_kind,
        zone=answers.zone,
        training=training,
    )


def _ask_all(
    agency_code: str, name: str, office: str, address: str, zone: str, officers: list[str]
) -> Answers:
    own = contact_point(agency_code or _question(1, "code of your agency"))
    name = name or _question(2, "its name", own.label)
    acting = office_of(own, office or _question(3, "office that acts", own.code))
    where, port = address_of(address or _question(4, "host:port at which partners reach you, or none"))
    zone = checked_zone(zone or _question(5, "time zone", _zones().get(own.country, "UTC")))
    return Answers(own, name, acting, where, port, zone, officers_of(officers or _ask_officers()))


def contact_point(code: str) -> Agency:
    """Return the agency that this node speaks for.

    Raises:
        UsageError: unknown, or not the contact point of its country; with close matches.
    """
    points = {point: entry for point, entry in agencies().items() if entry.contact_point}
    found = agency(code.upper())
    if found is not None and found.contact_point:
        return found
    if found is not None:
        own = ", ".join(point for point, entry in points.items() if entry.country == found.country)
        raise UsageError(
            f"{found.code} is not the contact point of its country",
            hint=f"the contact point is {own}; say --agency {own} --office {found.code}",
        )
    near = get_close_matches(code.upper(), list(points), n=3, cutoff=0.4) or sorted(points)
    raise UsageError(f"{code[:40]} is no agency of the list", hint=f"did you mean {', '.join(near)}")


def office_of(own: Agency, code: str) -> Agency:
    """Return the office that acts, of the same country.

    Raises:
        UsageError: unknown, or of another country; with close matches.
    """
    found = agency(code.upper())
    if found is not None and found.country == own.country:
        return found
    offices = [entry.code for entry in agencies().values() if entry.country == own.country]
    near = get_close_matches(code.upper(), offices, n=3, cutoff=0.4) or sorted(offices)[:5]
    raise UsageError(f"{code[:40]} is no office of {own.country}", hint=f"did you mean {', '.join(near)}")


def address_of(text: str) -> tuple[str, int]:
    """Return the address as partners call it, and its port; ("", 8443) for a node that only calls.

    Raises:
        UsageError: not host:port.
    """
    if text.lower() == NONE:
        return "", DEFAULT_PORT
    host, _, port = text.removeprefix("https://").rstrip("/").rpartition(":")
    if not host or _HOST.fullmatch(host) is None or not port.isdigit() or not 0 < int(port) < 65536:
        raise UsageError(
            "the address is not host:port",
            hint="for example --address exchange.example.gov.kh:8443, or --address none",
        )
    return f"https://{host}:{int(port)}", int(port)


def _zones() -> dict[str, str]:
    """Return the time zone of each country, as the profile for any pair has it."""
    return {side.country: side.zone for side in load_profile(PROFILE_OF_ALL).sides}


def checked_zone(name: str) -> str:
    """Return the name of a time zone.

    Raises:
        UsageError: there is no such zone; with close matches.
    """
    zones = zoneinfo.available_timezones()
    if name in zones:
        return name
    near = get_close_matches(name, zones, n=3, cutoff=0.6)
    raise UsageError(
        f"there is no time zone {name[:40]}",
        hint=f"did you mean {', '.join(near or sorted(_zones().values()))}",
    )


def officers_of(listed: list[str]) -> dict[OfficerNumber, str]:
    """Return the officers of `NUMBER=NAME` texts.

    Raises:
        UsageError: another form, or a number twice.
    """
    found: dict[OfficerNumber, str] = {}
    for text in listed:
        number, _, name = (part.strip() for part in text.partition("="))
        try:
            key = parse_officer(number)
        except IdentifierError as error:
            raise UsageError(
                f"an officer is not NUMBER=NAME: {error}", hint='--officer "P-0001=Name"'
            ) from error
        if not name or key in found:
            raise UsageError(f"officer {key} has no name, or is named twice", hint='--officer "P-0001=Name"')
        found[key] = name
    return found


def serve(data: Data = DATA) -> None:
    """Run this agency: listen for partners, deliver, answer the command line. Ctrl-C stops it."""
    from exchange.interfaces.running import Running, run

    def ready(running: Running) -> None:
        kind = " (training)" if running.training else ""
        say(f"{running.agency} is running{kind}")
        if running.shut_by:
            say(f"  partners    SHUT: no key of ours for {' and '.join(running.shut_by)} may be used now")
            say("              nobody is called or let in; two officers with the recovery key:")
            say(f"              exchange key rotate --data {data}; then start the service again")
        else:
            say(f"  partners    {running.door or 'this node only calls; nobody can call it'}")
        if running.pages:
            say(f"  pages       {running.pages}")
        if running.operations:
            say(f"  operations  http://{running.operations}/health, /metrics")
        if running.staff:
            say(f"  staff API   {running.staff}")
        say(f"  commands    {running.socket}")
        sys.stdout.flush()

    run(data, read_passphrase, ready=ready)
    say("stopped")


def _recovery_passphrase(passphrase: str, *, training: bool) -> str:
    """Return the passphrase of the recovery key; only a script and a training node take one for both.

    Raises:
        UsageError: both were typed, and are the same; who can start the node could then sign a card alone.
    """
    recovery = new_recovery_passphrase()
    if recovery == passphrase and not training and not is_given(PASSPHRASE):
        raise UsageError(
            "the recovery key has the passphrase of the node",
            hint="the recovery key belongs to two other persons: begin again, with one of its own",
        )
    return recovery


def _ask_officers() -> list[str]:
    typed = _question(6, "two officers or more, as P-0001=Name, P-0002=Name")
    return [part for part in typed.split(",") if part.strip()]


def _question(number: int, text: str, default: str | None = None) -> str:
    """Return what is typed; without a terminal the default, if the question has one."""
    if sys.stdin.isatty():
        return str(typer.prompt(f"{number} of 6  {text}", default=default)).strip()
    if default is None:
        raise UsageError(
            f"question {number} has no answer: {text}", hint="say it with an option: exchange init --help"
        )
    return default


def _demand_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"{folder} is not empty", hint="choose a new one with --data; nothing is overwritten"
        )


def _demand_right(folder: Path, office_kind: str) -> None:
    """Refuse what can be seen before anything is asked."""
    _demand_empty(folder)
    demand_two_files()
    _demand_kind(office_kind)


def _demand_kind(code: str) -> None:
    if code not in _kinds():
        raise UsageError(
            f"--office-kind {code[:40]} is no kind of office", hint=f"kinds: {', '.join(_kinds())}"
        )


def _say_marks(data: Path, marks: Path | None, *, has_address: bool) -> None:
    """Say where the high-water files lie, and what that means on the day a backup is put back."""
    if marks is None:
        say(f"  high water    {data / 'high-water'}; better on another disk: exchange init --high-water")
        say("                lost with this machine: when a backup is put back on a new one, two officers")
        say("                confirm each partner: exchange partner resume")
    elif not has_address:
        say("  high water    beside the data folder; better on another disk: exchange init --high-water")
    else:
        say(f"  high water    {marks}")


def _say_done(data: Path, answers: Answers, *, marks: Path | None, training: bool) -> None:
    kind = ", a training node" if training else ""
    say(f"{answers.agency.code} is set up in {data}{kind}")
    say(f"  officers      {', '.join(answers.officers) or 'none yet'}")
    if len(answers.officers) < ENOUGH_OFFICERS:
        say("                the first partner needs two: exchange officer add P-0002 <name>")
    _say_marks(data, marks, has_address=bool(answers.address))
    say(f"  key file      {data / 'keys' / 'keys.sealed'}")
    say(f"  recovery key  {data / 'keys' / 'recovery.key'}")
    say(
        "                take it off this machine: two copies on two media, in two safes; then remove it here"
    )
    say("                it is needed for each new partner, and every quarter for new keys")
    say()
    say(f"next: exchange serve --data {data}")
    say(f"      exchange doctor --data {data}")
    say(f"      exchange partner invite <PARTNER> -o invitation.txt --data {data}")
