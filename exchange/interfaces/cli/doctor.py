# SPDX-License-Identifier: Apache-2.0
"""`exchange doctor`: checks an installation and says what to do next; also without a running service.

Checks, in this order; a later one is left out when what it needs has failed:

1. folder and files: there, and readable by their owner only
2. configuration: can be read, each value exists, and it is of the node that runs here
3. passphrase: opens the key file
4. store: in use by the running service, or opens
5. clock: runs in UTC without a jump that would stop the node, and near those of partners (`doctor_running`)
6. recovery key: should not lie on this machine; high water and announced days: can be used (`doctor_files`)
7. partners: each with its state and what to do, why a call failed, and what of it was refused since the
   start; a paused one with since when, by whom and why, so that nobody forgets it
8. officers: at least two, because enrolment needs two
9. backup: once messages exist the last one is at most two days old; an archive is told apart
10. post-quantum key: there; a node of version 0.1 gets it with their next card
11. time stamps: the newest head of a statement is stamped by each authority that is configured; each witness
    that is configured confirms our ledgers
12. outside: certificates, mail server, sign-in service, as far as they are configured (`doctor_outside`)
13. keys: ours and those of partners do not end within 60 days, and the partner door has keys (`doctor_keys`)
14. addresses: our card names the one of the settings; the one of a partner waits for nobody (`moved`)
"""

import asyncio
import stat
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

import typer

from exchange.config import FILE_NAME, Settings, read_settings
from exchange.errors import ExchangeError, NodeError
from exchange.interfaces.cli import doctor_keys, doctor_running
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.doctor_files import of_files
from exchange.interfaces.cli.doctor_newcomers import newcomers
from exchange.interfaces.cli.doctor_outside import Finding, outside, wrong
from exchange.interfaces.cli.moved import own_address, partner_address
from exchange.interfaces.cli.options import DATA, Data, Json, read_passphrase
from exchange.interfaces.cli.output import Answer, say, say_json
from exchange.interfaces.cli.pausing import end_command, paused_line

UNWELL: Final = NodeError.exit_code
OFFICERS_NEEDED: Final = 2
NOT_ASKED: Final = "not_asked_yet"
TAKE_BACK: Final = "or take it back: exchange partner withdraw"
RESUME: Final = "exchange partner resume PARTNER --officer NUMBER --second NUMBER"
NEXT: Final = {
    "words": f"telephone the partner and run: exchange partner confirm; {TAKE_BACK}",
    "countersignature": f"wait until the inviter confirms; the nodes tell each other; {TAKE_BACK}",
    "not_confirmed_there": "wait a minute; if it stays, ask if the partner's officers confirmed the words;"
    " only if they did not, take it back: exchange partner withdraw",
    NOT_ASKED: "wait some seconds; if it stays, the partner's node does not answer",
    "unreachable": "the partner's node does not answer at its address; ask it, check the network",
    "timeout": "the partner's node answers too late; ask it, check the network",
    "tls": "something between the nodes breaks TLS; ask the network administrators of both sides",
    "busy": "the partner's gate is closed; it opens when both nodes have asked each other",
    "clock": "set the clock that is wrong, then restart the service",
    "high_water_missing": f"two officers confirm that this store is the newest: {RESUME}",
    "high_water_unusable": "the folder of paths.high_water cannot be used: see the line high water",
    "high_water_damaged": "a file in paths.high_water was changed: keep it, tell your security officer; then"
    f" two officers: {RESUME}",
    "high_water_ahead": "this store is older than it was: restore the newest backup, or ask two officers",
    "high_water_beside_store": "set paths.high_water to a folder on another disk, or confirm each start: "
    f"{RESUME}",
    "partner_ahead": "this store is an old one: write the partner a parcel, then read its next one",
    "refill_unfinished": "read the partner's last parcel again, or ask it for a new one",
    "refill_by_calls": "wait: what is missing comes with the partner's next calls",
    "refill_unanswered": "the partner does not give back what is missing: put back the newest backup, or give"
    " it an address once; else officers of both sides begin anew: exchange partner renew",
    "entries_missing": "the partner gives them back when it answers; if it stays, put back the newest backup",
    "restored": f"two officers confirm that this store is the newest: {RESUME}",
    "witness_ahead": "a witness saw more than this store has: restore the newest backup, or ask two officers",
    "witness_forked": "a witness saw another history: compare with it before two officers confirm",
    "both_restored": f"a newer backup of one side, two officers ({RESUME}), or begin anew",
    "epoch_decided": "telephone the partner: its officers have to decide the same, exchange partner renew",
    "renew_unconfirmed": "decide again, then read the parcel again: exchange partner renew",
    "epoch_lost": "put back a newer backup; else officers of both sides begin anew: exchange partner renew",
    "log_forked": "keep both data folders; officers of both sides begin anew: exchange partner renew",
    **doctor_keys.NEXT,
}
PASSING: Final = frozenset({"", "busy"})
"""Reasons of a failed call that say nothing of the partner but that it comes up just now."""


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("doctor")(doctor)


def doctor(data: Data = DATA, as_json: Json = False) -> None:
    """Check everything and say what to do next. Exit 6 if something is wrong."""
    findings = list(examine(data))
    if as_json:
        say_json(
            {"well": all(item.well for item in findings), "findings": [asdict(item) for item in findings]}
        )
    else:
        for item in findings:
            say(f"{'ok   ' if item.well else 'WRONG'}  {item.what}: {item.found}")
            for line in item.todo.splitlines():
                say(f"       {line}")
    if not all(item.well for item in findings):
        raise typer.Exit(UNWELL)


def examine(folder: Path) -> Iterator[Finding]:
    """Yield what was checked, in the order of the checks."""
    yield _modes(folder)
    if not folder.is_dir():
        return
    settings = _settings(folder)
    if isinstance(settings, Finding):
        yield settings
        return
    yield Finding("configuration", True, str(folder / FILE_NAME))
    passphrase = _passphrase()
    keys = passphrase if isinstance(passphrase, Finding) else _keys(folder, passphrase)
    yield keys
    service = Service(folder)
    if service.is_running():
        yield from _asked(service, settings)
    else:
        if keys.well and isinstance(passphrase, str):
            yield from _store(folder, passphrase)
        yield Finding("service", False, "does not run", f"run: exchange serve --data {folder}")
    yield _recovery(folder, training=settings.agency.training)
    yield from of_files(folder, settings)
    yield from outside(settings)


def _modes(folder: Path) -> Finding:
    """Check that nobody but the owner can read anything in the folder (check 1)."""
    if not folder.is_dir():
        return Finding("folder", False, f"there is no folder {folder}", "run: exchange init --data <folder>")
    for path in (folder, *sorted(folder.rglob("*"))):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if not path.is_symlink() and mode & 0o077:
            return Finding("folder", False, f"{path} has mode {mode:04o}", f"run: chmod -R go= {folder}")
    return Finding("folder", True, f"{folder}, readable by its owner only")


def _settings(folder: Path) -> Settings | Finding:
    try:
        return read_settings(folder)
    except ExchangeError as error:
        return wrong("configuration", error)


def _passphrase() -> str | Finding:
    try:
        return read_passphrase()
    except ExchangeError as error:
        return wrong("key file", error)


def _keys(folder: Path, passphrase: str) -> Finding:
    from exchange.bootstrap import check_keys

    try:
        check_keys(folder, passphrase)
    except ExchangeError as error:
        return wrong("key file", error)
    return Finding("key file", True, "opens with the passphrase")


def _store(folder: Path, passphrase: str) -> Iterator[Finding]:
    """Open the store as the service would, look at the keys, and close it again (checks 4 and 13)."""
    from exchange.bootstrap import open_node
    from exchange.service.key_ends import key_ends

    async def look() -> list[Finding]:
        async with open_node(folder, lambda: passphrase) as opened:
            ends = await opened.node.store.read(lambda uow: key_ends(uow, opened.node))
        partners = {str(partner): [end.told for end in theirs] for partner, theirs in ends.partners.items()}
        return list(doctor_keys.keys_of([end.told for end in ends.own], opened.shut_by, partners))

    try:
        found = asyncio.run(look())
    except ExchangeError as error:
        yield wrong("store", error)
        return
    yield Finding("store", True, "opens")
    yield from found


def _asked(service: Service, settings: Settings) -> Iterator[Finding]:
    """Ask the running service (checks 4, 5, 7 to 12)."""
    try:
        status, health = service.ask("status"), service.ask("health")
    except ExchangeError as error:
        yield wrong("service", error)
        return
    yield Finding("service", True, f"{status['agency']} runs; the store is in use by it")
    yield from doctor_running.founded(settings, status)
    yield Finding("clock", True, f"{status['now']} for the service")
    count = health["officers"]
    todo = "" if count >= OFFICERS_NEEDED else "run: exchange officer add <NUMBER> <name>"
    yield Finding("officers", count >= OFFICERS_NEEDED, f"{count} active, {OFFICERS_NEEDED} needed", todo)
    yield from doctor_running.backups_of(health, status["now"])
    yield _second_key(health["signs_again"])
    partners = {row["partner"]: row["keys"] for row in status["partners"]}
    yield from doctor_keys.keys_of(status["keys"], status["shut_by"], partners)
    yield from doctor_keys.renewed(status.get("recovery_waits", ()))
    yield from map(_stamp, health["stamps"])
    yield from doctor_running.witnesses_of(health, status["now"])
    yield own_address(settings.door.address, status)
    yield from newcomers(status)
    for row in status["partners"]:
        yield _partner(row)
        if row.get("refused"):
            yield _refused(row)
        yield from partner_address(row)
    yield from doctor_running.clocks_of(status)


def _second_key(is_there: bool) -> Finding:
    """Judge the key for second signatures (check 10); nothing waits for it."""
    if is_there:
        return Finding("post-quantum key", True, "the heads of statements are signed by it, too")
    return Finding("post-quantum key", True, "none yet", "with the next card: exchange key rotate")


def _stamp(row: Answer) -> Finding:
    """Judge the time stamps of one authority over one ledger (check 11); nothing waits for them."""
    found = f"newest over the ledger with {row['partner']}: {row['at'] or 'none'}"
    todo = "the newest statement is not stamped; check [[tsa]] and the network" if row["missing"] else ""
    return Finding(f"time stamps of {row['tsa']}", True, found, todo)


def _partner(row: Answer) -> Finding:
    reason, failure = row["reason"] or "", row["failure"]
    is_open = row["state"] == "open"
    well = is_open and failure in PASSING
    found = f"{row['state']}{f' ({reason})' if reason else ''}, {row['waiting']} waiting"
    if held := row.get("pause"):
        found = f"{paused_line(row)}; {row['waiting']} waiting"
    if failure and not held:
        found = f"{found}, the last call failed ({failure})"
    cause = failure if failure not in PASSING and (is_open or reason == NOT_ASKED) else reason
    todo = (
        ""
        if well
        else _paused_todo(row) or NEXT.get(cause, "read the log of the service, and ask the partner")
    )
    if row["calls_us"] and cause == NOT_ASKED:
        todo = doctor_keys.CALLS_US
    if not well and row.get("clock_apart_s"):
        todo = f"see the line: clock of {row['partner']}"
    if well and row["waiting"]:
        todo = f"nothing is lost; last contact {row['last_contact'] or 'none'}; if it stays, ask the partner"
    return Finding(f"partner {row['partner']}", well, found, todo)


def _paused_todo(row: Answer) -> str:
    """Return what to do with a paused partner, "" for another one."""
    if not row.get("pause"):
        return ""
    return f"telephone {row['partner']}; when it is well, two officers: {end_command(row['partner'])}"


def _refused(row: Answer) -> Finding:
    """Say what of a partner was refused (check 7); why stands in the log, and the partner mends it.

    A partner whose key is not known here cannot mend it by itself.
    """
    counts = ", ".join(f"{what} {count}" for what, count in row["refused"].items())
    rule = row["refused_rule"]
    found, is_strange = f"since the start: {counts}", doctor_keys.is_strange(rule)
    if rule:
        found = f"{found}; the last request: {rule}"
    todo = (
        "each stands in log/exchange.log with its rule: request_refused, line_refused, ...; tell the partner"
    )
    if is_strange:
        todo = f"it signs with a door key that is not in its card here: {doctor_keys.TAKE_CARD}"
    return Finding(f"refused of {row['partner']}", not is_strange, found, todo)


def _recovery(folder: Path, *, training: bool) -> Finding:
    path = folder / "keys" / "recovery.key"
    if not path.exists():
        return Finding("recovery key", True, "not on this machine")
    if training:
        return Finding("recovery key", True, "on this machine; a training node may keep it")
    todo = f"two copies on two media, in two safes; then: rm {path}"
    return Finding("recovery key", True, "still on this machine", todo)
