# SPDX-License-Identifier: Apache-2.0
"""`exchange key …`: the keys of this agency, and how they are changed.

    list      what our card names; card writes it into a file for partners
    rotate    the next period of every key, every quarter, when the recovery key comes out of its safe
    retire    ends the use of keys; revoke: somebody else may have them; several keys in one change
    drill     shows that all of this would work today, and changes nothing
    address   makes a card with the address of the settings; no key changes
    recovery  makes a new recovery key, in the place of one that is lost or known to others
    announce  tells a partner by a message which card is the newest

What changes keys needs two officers, the recovery key and its passphrase, and the running service. It takes
effect when the service starts again. Guides: docs/guides/keys.md, docs/guides/recovery-key.md.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exchange.clock import SystemClock
from exchange.errors import NodeError, UsageError
from exchange.ids import KeyId, OfficerNumber, parse_key_id, parse_officer
from exchange.interfaces.cli import sending
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.moved import place
from exchange.interfaces.cli.options import (
    DATA,
    Data,
    Json,
    Officer,
    RecoveryKey,
    Second,
    To,
    new_recovery_passphrase,
    open_recovery_key,
    read_passphrase,
    the_officer,
    the_second,
    write_file,
)
from exchange.interfaces.cli.output import Answer, say, say_json, say_table
from exchange.protocol.cards import Card, read_card
from exchange.protocol.suites import KeyUse

if TYPE_CHECKING:
    from exchange.bootstrap import KeyAct

group = typer.Typer(
    help="The keys of this agency: list, rotate, retire, revoke, address; try it with drill.",
    no_args_is_help=True,
)

KeyNumbers = Annotated[
    list[str], typer.Argument(metavar="KEY...", help="Key ids, 16 characters each: exchange key list.")
]


@group.command("list")
def list_keys(data: Data = DATA, as_json: Json = False) -> None:
    """Show the public keys of our card."""
    answer = Service(data).ask("key.list")
    if as_json:
        say_json(answer)
        return
    recovery = answer["recovery"]
    rows = [(recovery["use"], recovery["kid"], recovery["algorithm"], "", "", "kept apart")]
    rows += [
        (row["use"], row["kid"], row["algorithm"], row["from"], row["until"], _standing(row))
        for row in answer["keys"]
    ]
    say(f"card serial {answer['serial']}, {answer['digest']}")
    say_table(("use", "key", "algorithm", "from", "until", "usable now"), rows, empty="no keys")
    for partner in answer.get("recovery_waits", []):
        say(f"{partner} has not agreed to this recovery key yet: exchange agreement recovery {partner}")


def _standing(row: Answer) -> str:
    return str(row["revoked"]) if row["revoked"] else ("yes" if row["usable"] else "no")


@group.command("card")
def card_file(
    out: Annotated[Path, typer.Option("-o", "--out", help="File to write.")],
    data: Data = DATA,
    force: Annotated[bool, typer.Option("--force", help="Write over an existing file.")] = False,
    as_json: Json = False,
) -> None:
    """Write our newest card into a file; a partner takes it with: exchange partner card FILE."""
    raw = str(Service(data).ask("partner.here")["card"]).encode("ascii")
    write_file(out, raw, force=force)
    serial = _card(raw).serial
    if as_json:
        say_json({"serial": serial, "file": str(out)})
        return
    say(f"card {serial} written to {out}; it holds no secret")


@group.command("rotate")
def rotate(
    data: Data = DATA,
    officer: Officer = "",
    second: Second = "",
    recovery_key: RecoveryKey = None,
    as_json: Json = False,
) -> None:
    """Make the next period of every key; needs two officers and the recovery key."""
    _change("rotate", [], data, officer, second, recovery_key, as_json=as_json)


@group.command("retire")
def retire(
    keys: KeyNumbers,
    data: Data = DATA,
    officer: Officer = "",
    second: Second = "",
    recovery_key: RecoveryKey = None,
    as_json: Json = False,
) -> None:
    """End the use of keys; what they signed stays valid. Needs two officers and the recovery key."""
    _change("retire", keys, data, officer, second, recovery_key, as_json=as_json)


@group.command("revoke")
def revoke(
    keys: KeyNumbers,
    data: Data = DATA,
    officer: Officer = "",
    second: Second = "",
    recovery_key: RecoveryKey = None,
    as_json: Json = False,
) -> None:
    """Revoke keys that may be in other hands; queued messages under them are given up. Needs two officers."""
    _change("revoke", keys, data, officer, second, recovery_key, as_json=as_json)


@group.command("address")
def address(
    data: Data = DATA,
    officer: Officer = "",
    second: Second = "",
    recovery_key: RecoveryKey = None,
    as_json: Json = False,
) -> None:
    """Make a card with the address that [door] in exchange.toml names now. Needs two officers."""
    _change("address", [], data, officer, second, recovery_key, as_json=as_json)


@group.command("recovery")
def recovery(
    data: Data = DATA,
    officer: Officer = "",
    second: Second = "",
    new_key: Annotated[
        Path | None,
        typer.Option("--new-key", help="File to write; default: recovery.key of the data folder."),
    ] = None,
    above: Annotated[
        int, typer.Option("--above", help="Highest serial of a card of ours that any partner holds.", min=0)
    ] = 0,
    as_json: Json = False,
) -> None:
    """Make a new recovery key when the old one is lost or known to others; needs two officers."""
    from exchange.bootstrap import new_recovery_key

    officers = _two(officer, second)
    permitted = _permitted(data, officers, "recovery")
    made, place = new_recovery_key(
        data,
        read_passphrase(),
        new_recovery_passphrase(),
        held=permitted.card,
        above=above,
        officers=officers,
        path=new_key,
    )
    partners = [row["partner"] for row in permitted.partners]
    if as_json:
        say_json(
            {"serial": made.serial, "recovery": made.recovery.kid, "file": str(place), "partners": partners}
        )
        return
    say(f"recovery key {made.recovery.kid} is written to {place}; card {made.serial} is prepared with it")
    say(f"partners still have recovery key {permitted.card.recovery.kid}, and go on with what they have")
    say(f"next: make two copies of {place}, as at the ceremony")
    say(f"      restart the service: exchange serve --data {data}")
    for partner in partners:
        say(f"      exchange agreement recovery {partner} -o {partner}.version, and telephone {partner}")


def _change(
    act: str,
    named: list[str],
    data: Path,
    officer: str,
    second: str,
    recovery_path: Path | None,
    *,
    as_json: bool,
) -> None:
    from exchange.bootstrap import KeyAct, prepare_keys

    kids, officers, wanted = tuple(map(parse_key_id, named)), _two(officer, second), KeyAct(act)
    permitted = _permitted(data, officers, act)
    held, needing = permitted.card, _by_hand(permitted.card, kids, permitted.partners)
    if needing and not as_json:
        say(f"partners that need the new card by hand, telephone them first: {', '.join(needing)}")
        say("  until they have it, nothing goes between them and this node; nothing is lost")
    recovery, passphrase = open_recovery_key(data, recovery_path), read_passphrase()
    made = prepare_keys(data, passphrase, recovery, held=held, act=wanted, kids=kids, officers=officers)
    if as_json:
        answer = {"act": act, "serial": made.serial, "digest": made.digest, "keys": kids, "by_hand": needing}
        say_json(answer)
        return
    say(f"card {made.serial} is prepared, signed by the recovery key; card {held.serial} is still in use")
    if made.address != held.address:
        say(f"it names {place(made.address)} instead of {place(held.address)}")
    for line in _next_steps(wanted, data, needing):
        say(line)
    if made.address != held.address:
        say("      each partner: telephone it; there two officers run: exchange partner address")
        say("      a partner that only calls and still calls the old one: exchange key card -o card.jws")


def _by_hand(held: Card, kids: tuple[KeyId, ...], partners: list[Answer]) -> list[str]:
    """Return the partners that cannot learn by themselves of the keys that this node shows them from now on.

    Nobody verifies a word that is signed by a door key that is not known. Another TLS key is told by our next
    call, but a partner that only calls is never called.
    """
    now = SystemClock().now()
    going = {key.use for key in held.keys if key.kid in kids and key.valid_from <= now}
    over = {
        use for use in (KeyUse.DOOR, KeyUse.TLS) if not any(key.is_usable(now) for key in held.keys_for(use))
    }
    if KeyUse.DOOR in going | over:
        return [row["partner"] for row in partners]
    if KeyUse.TLS in going | over and held.addresses:
        return [row["partner"] for row in partners if row["calls_us"]]
    return []


def _next_steps(act: "KeyAct", data: Path, needing: list[str]) -> list[str]:
    lines = [f"next: put the recovery key back; restart the service: exchange serve --data {data}"]
    if needing:
        lines.append(f"      by hand, by any way, to {', '.join(needing)}: exchange key card -o card.jws")
        lines.append("      there: exchange partner card card.jws; it holds no secret")
    lines.append("      then tell each partner: exchange key announce")
    if act.value == "revoke":
        lines.append("      messages with the code rekeyed were given up: send again what still holds")
    lines.append("      make a backup: an older one does not have the new keys: exchange backup make")
    return lines


@group.command("drill")
def drill(
    data: Data = DATA,
    officer: Officer = "",
    second: Second = "",
    recovery_key: RecoveryKey = None,
    as_json: Json = False,
) -> None:
    """Show that keys could be changed today; nothing is changed, the drill is recorded."""
    from exchange.bootstrap import rehearse_keys

    officers = _two(officer, second)
    permitted = _permitted(data, officers, "drill")
    held, waits = permitted.card, [row["partner"] for row in permitted.partners if row.get("waits")]
    recovery = open_recovery_key(data, recovery_key)
    made = rehearse_keys(data, read_passphrase(), recovery, held=held)
    trial = Service(data).ask("key.drilled", officer=officers[0], second=officers[1])
    ending, failing = _ending(held), _failing(trial)
    if as_json:
        answer = {"serial": held.serial, "next_serial": made.serial, "ending": ending, "failing": failing}
        say_json(answer)
        raise typer.Exit(NodeError.exit_code if failing else 0)
    pinned = f"not agreed on yet with {', '.join(waits)}" if waits else "the one that partners have pinned"
    say(f"the key file opens, the recovery key is {pinned}")
    say(f"card {made.serial} could be signed today, with {len(made.keys)} keys; nothing was written")
    for row in ending:
        say(f"  {row['use']} {row['kid']} ends on {row['until']}, and nothing follows it yet")
    if failing:
        say(f"the running node does not work with: {', '.join(failing)}")
        say("next: exchange key rotate, and start the service again")
        raise typer.Exit(NodeError.exit_code)
    say("the running node signs with every key of its card, and opens what is sealed to it")
    say("next: exchange key rotate" if ending else "no key ends within 60 days without a successor")


def _failing(trial: Answer) -> list[str]:
    """Return the uses of keys that the running node does not sign or open with."""
    rows = (row for row in trial["found"] if row["part"] in ("signing", "sealing"))
    return [name for row in rows for name in row["names"]]


def _ending(held: Card) -> list[Answer]:
    """Return the keys that end soon and have no successor in the card."""
    from exchange.service.key_trial import ending

    return [
        {"use": key.use.value, "kid": key.kid, "until": f"{key.valid_until:%Y-%m-%d}"}
        for key in ending(held, SystemClock().now())
    ]


@group.command("announce")
def announce(
    reason: Annotated[str, typer.Option("--reason", help="Why there is a new card.")] = "rotation of keys",
    to: To = "",
    data: Data = DATA,
    officer: Officer = "",
    as_json: Json = False,
) -> None:
    """Tell a partner by a message KEY which card of ours is the newest."""
    from exchange.bootstrap import prepared_serial

    service = Service(data)
    found = service.ask("key.list")
    if (prepared := prepared_serial(data)) > found["serial"]:
        raise UsageError(
            f"card {prepared} is prepared and not in use yet; nothing was sent",
            hint=f"restart the service first: exchange serve --data {data}; if it says the same then, repeat"
            " the key command, which was broken off",
        )
    document = {
        "type": "KEY", "card_serial": found["serial"], "card_digest": found["digest"], "reason": reason,
    }  # fmt: skip
    sent = service.ask("message.send", document=document, to=to, officer=the_officer(officer))
    sending.report(sending.follow(service, sent, wait=True), as_json=as_json)


@dataclass(frozen=True)
class _Permitted:
    """What the service says when it has recorded who wants to change keys."""

    card: Card
    """Our card as it stands."""
    partners: list[Answer]


def _permitted(data: Path, officers: tuple[OfficerNumber, OfficerNumber], act: str) -> _Permitted:
    first, other = officers
    answer = Service(data).ask("key.prepare", act=act, officer=first, second=other)
    return _Permitted(_card(str(answer["card"]).encode("ascii")), answer["partners"])


def _two(officer: str, second: str) -> tuple[OfficerNumber, OfficerNumber]:
    first, other = parse_officer(the_officer(officer)), parse_officer(the_second(second))
    if first == other:
        raise UsageError(
            "keys are changed by two different officers", hint="say the second one with --second"
        )
    return first, other


def _card(raw: bytes) -> Card:
    return read_card(raw, pinned_recovery=None)
