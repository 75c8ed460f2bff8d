# SPDX-License-Identifier: Apache-2.0
"""`exchange backup …`: make a backup of the running node, look at it, try it, restore it.

    exchange backup make -o /backup/2027-10-04.7-days.backup     while the service runs
    exchange backup list /backup                                 what lies there, and what has to be destroyed
    exchange backup try FILE                                     opens and checks it; changes nothing
    exchange backup restore FILE --data <empty folder>           no service may run on the folder
    exchange backup restore FILE --keys-only --data <folder>     a damaged key file; the store stays as it is

The passphrase is that of the key file at the time of the backup.
"""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from exchange.clock import SystemClock, instant_text
from exchange.errors import InputError, UsageError
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.options import DATA, Data, Json, read_passphrase
from exchange.interfaces.cli.output import Answer, say, say_json, say_table, warn

group = typer.Typer(help="Make, list, try and restore backups.", no_args_is_help=True)

TIMEOUT_S: Final = 6 * 3_600.0
"""A store of 100 GB on a slow disk."""
MAX_LISTED: Final = 10_000
File = Annotated[Path, typer.Argument(help="The backup file.")]


@group.command("make")
def make(
    out: Annotated[Path, typer.Option("-o", "--out", help="File to write, *.7-days.backup or *.backup.")],
    data: Data = DATA,
    without_data_keys: Annotated[
        bool,
        typer.Option("--without-data-keys", help="For the archive: may be kept, opens no content by itself."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Write a backup of the running node, sealed under its passphrase."""
    service = Service(data, timeout_s=TIMEOUT_S)
    found = service.ask("backup.make", file=str(out.absolute()), with_data_keys=not without_data_keys)
    if as_json:
        say_json(found)
        return
    say(f"backup of {found['made']} written to {out}, {_size(found['bytes'])}")
    if found["destroy_by"]:
        say(f"destroy it by {found['destroy_by']}: what is erased until then would come back with it")
    say(f"next: exchange backup try {out}")


@group.command("list")
def list_backups(
    folder: Annotated[Path, typer.Argument(help="Folder with backups.")],
    as_json: Json = False,
) -> None:
    """Show the backups in a folder, and which of them has to be destroyed."""
    now = instant_text(SystemClock().now())
    rows = [_listed(path, now) for path in _backups_in(folder)]
    if as_json:
        say_json({"backups": rows})
        return
    table = [(row["file"], row["agency"], row["made"], _size(row["bytes"]), row["keep"]) for row in rows]
    say_table(("file", "agency", "made", "size", "keep"), table, empty=f"no backup in {folder}")
    if rows:
        warn("only the first line of each was read; whether one is whole says: exchange backup try FILE")


@group.command("try")
def try_one(file: File, as_json: Json = False) -> None:
    """Open a backup in a temporary folder and check everything in it; nothing is changed."""
    from exchange.bootstrap import look_at, try_backup

    look_at(file)  # a wrong name is told before a passphrase is asked for
    tried = try_backup(file, read_passphrase())
    found = _described(tried)
    if as_json:
        say_json(found)
        return
    _say_found(found)
    say("the backup opens; every page, every reference and the root of every ledger are right")


@group.command("restore")
def restore(
    file: File,
    data: Data = DATA,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the store of this same node; the old one is put aside.")
    ] = False,
    data_keys: Annotated[
        Path | None, typer.Option("--data-keys", help="Younger backup that has the data keys.")
    ] = None,
    keys_only: Annotated[
        bool,
        typer.Option("--keys-only", help="Only damaged or lost key files of this node; its store stays."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Restore a backup; the start gate then asks the partner how far the ledger went."""
    from exchange.bootstrap import look_at, restore_backup

    if keys_only and (replace or data_keys):
        raise UsageError(
            "--keys-only goes without --replace and --data-keys", hint="the store stays as it is"
        )
    look_at(file)
    if Service(data).is_running():
        raise UsageError(f"a service runs on {data}", hint="stop it first, and keep it stopped")
    if keys_only:
        _keys_only(file, data, as_json=as_json)
        return
    tried = restore_backup(file, data, read_passphrase(), replace=replace, data_keys=data_keys)
    found = _described(tried)
    if as_json:
        say_json(found | {"data": str(data), "acting": _acting(tried)})
        return
    _say_found(found)
    say(f"restored into {data}; what came after the backup comes back from the partners")
    for line in acting_lines(found["made"], _acting(tried)):
        say(line)
    warn("never start the old node again: two stores of one node write two histories")
    say(f"next: exchange serve --data {data}, then: exchange doctor --data {data}")
    _say_resume(data, found)


def _say_resume(data: Path, found: Answer) -> None:
    """Say what two officers have to do for each partner whose high-water file is not here."""
    from exchange.bootstrap import lacks_marks

    lacking = [link["partner"] for link in found["links"] if lacks_marks(data, link["link"])]
    if lacking:
        say("no high-water file is here: two officers confirm that the store is the newest, or a witness:")
    for partner in lacking:
        say(f"  exchange partner resume {partner} --officer NUMBER --second NUMBER --data {data}")


def _keys_only(file: Path, data: Path, *, as_json: bool) -> None:
    from exchange.bootstrap import restore_keys

    done = restore_keys(file, data, read_passphrase())
    made = instant_text(done.card.made_at)
    if as_json:
        say_json({"node": done.card.node, "made": made, "aside": [str(path) for path in done.aside]})
        return
    say(f"the key files are those of the backup of {made}; the store is as it was")
    for path in done.aside:
        say(f"  put aside: {path}")
    say(f"next: exchange serve --data {data}, then: exchange doctor --data {data}")


def _backups_in(folder: Path) -> list[Path]:
    try:
        found = sorted(path for path in folder.iterdir() if path.name.endswith(".backup"))
    except OSError as error:
        raise InputError(f"{folder} cannot be read", hint="name a folder") from error
    return found[:MAX_LISTED]


def _listed(path: Path, now: str) -> Answer:
    """Return what a backup says of itself; a file that is none says so in its row."""
    from exchange.bootstrap import look_at

    row: dict[str, Any] = {"file": path.name, "bytes": path.stat().st_size}
    try:
        card = look_at(path)
    except InputError as error:
        return row | {"agency": "", "made": "", "data_keys": None, "destroy_by": None, "keep": str(error)}
    until = instant_text(card.destroy_by) if card.destroy_by else None
    keep = "without data keys, may be kept" if until is None else f"destroy by {until}"
    if until is not None and until < now:
        keep = f"overdue: {keep}"
    made = instant_text(card.made_at)
    return row | {
        "agency": card.agency,
        "made": made,
        "data_keys": card.has_data_keys,
        "destroy_by": until,
        "keep": keep,
    }


def _described(tried: Any) -> Answer:
    card = tried.card
    links = [
        {
            "partner": each.partner,
            "link": each.link,
            "own_entries": each.own_entries,
            "partner_entries": each.partner_entries,
            "sent": each.sent,
            "announced": each.announced,
        }
        for each in tried.inventory.links
    ]
    made = instant_text(card.made_at)
    return {
        "agency": card.agency,
        "node": card.node,
        "made": made,
        "data_keys": card.has_data_keys,
        "links": links,
    }


def _acting(tried: Any) -> list[Answer]:
    return [{"number": one.number, "roles": list(one.roles)} for one in tried.acting]


def acting_lines(made: str, acting: list[Answer]) -> list[str]:
    """Return who may act in a store that was put back: no partner knows who left since, or came."""
    rows = [f"  {one['number']}  {', '.join(one['roles']) or 'no account'}" for one in acting]
    return [
        f"officers, accounts, roles and passwords are those of {made}; compare them with what changed since:",
        *rows,
        "  who left or lost a device since may come in again: exchange officer end, exchange officer account",
    ]


def _say_found(found: Answer) -> None:
    keys = "with" if found["data_keys"] else "without"
    say(f"{found['agency']}, node {found['node']}, made {found['made']}, {keys} data keys")
    for link in found["links"]:
        say(
            f"  {link['partner']}  ours {link['own_entries']} entries, {link['sent']} sent;"
            f" theirs {link['partner_entries']} entries, {link['announced']} announced"
        )


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB"
