# SPDX-License-Identifier: Apache-2.0
"""`exchange reconcile` and `exchange ledger …`: what an auditor runs. No name of a person is read.

People count entries from 1; programs (`--json`) get the index of the leaf, from 0.
"""

import csv
from io import StringIO
from typing import Annotated, Final

import typer

from exchange.errors import UsageError, WaitingError
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.differing import DIFFERENCES, say_light
from exchange.interfaces.cli.options import DATA, Data, Json, Partner
from exchange.interfaces.cli.output import Answer, say, say_json, say_marked, say_table
from exchange.interfaces.cli.sending import short

group = typer.Typer(help="The ledgers of a link: list, show, verify.", no_args_is_help=True)

Log = Annotated[str, typer.Option("--log", help="own or partner: whose ledger.")]
_IN_HEADINGS: Final = frozenset({"index", "at", "event"})
_DIGESTS: Final = frozenset({"eh", "cd", "pc", "ad", "crd", "dg", "root"})
UNREACHED: Final = WaitingError.exit_code
"""Exit code of a comparison without the partner: nothing is wrong that is known, and nothing is proved."""
CLOSED: Final = "closed"
"""State of a difference that both sides have settled."""
_NAMES: Final = {
    "seq": "number",
    "id": "message",
    "k": "verdict",
    "sz": "bytes",
    "n": "agreement",
    "op": "key",
    "use": "for",
    "cs": "card",
    "fs": "from number",
}


def register(app: typer.Typer) -> None:
    """Add the commands of this module that are in no group."""
    app.command("reconcile")(reconcile)


def reconcile(
    partner: Annotated[str, typer.Argument(help="Code of the partner.")] = "",
    offline: Annotated[bool, typer.Option("--offline", help="Compare what is held; ask nobody.")] = False,
    persons: Annotated[
        bool, typer.Option("--persons", help="Count persons as well, with the rule of each figure.")
    ] = False,
    since: Annotated[str, typer.Option("--since", help="First day of the period of persons, UTC.")] = "",
    until: Annotated[str, typer.Option("--until", help="Last day of the period of persons, UTC.")] = "",
    month: Annotated[str, typer.Option("--month", help="Only what was sent in a month, 2027-10.")] = "",
    first: Annotated[str, typer.Option("--from", help="Only what was sent from this day on, UTC.")] = "",
    last: Annotated[str, typer.Option("--to", help="Only what was sent until this day, UTC.")] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="The differences as a table for a sheet.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Compare both ledgers of a link and name every difference.

    Exit 1 if one is not closed; 5 if none is, but the partner was not reached.
    """
    service = Service(data)
    asked = {"partner": partner, "month": month, "since": first, "until": last}
    found = service.ask("reconcile", **asked, flush=not offline)
    if persons:
        found["persons"] = service.ask("persons.balance", partner=partner, since=since, until=until)
    if as_json:
        say_json(found)
    elif as_csv:
        print(_csv(found), end="")
    else:
        _say_comparison(found)
        _say_persons(found["persons"] if persons else None)
    code = _exit_code(found)
    if code:
        raise typer.Exit(code)


def _exit_code(found: Answer) -> int:
    """Return 0 only if everything agrees and the partner was asked, or nobody wanted to ask it."""
    balance = found.get("persons")
    if balance and not balance["holds"]:
        return DIFFERENCES
    if found.get("unreached"):
        return UNREACHED
    return 0 if found["light"] == "green" else DIFFERENCES


@group.command("list")
def list_entries(
    partner: Partner = "",
    log: Log = "own",
    start: Annotated[int, typer.Option("--start", help="First entry, from 1.", min=1)] = 1,
    limit: Annotated[int, typer.Option("--limit", help="How many.", min=1, max=500)] = 50,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show entries, oldest first."""
    found = Service(data).ask("ledger.list", partner=partner, log=log, start=start - 1, limit=limit)
    if as_json:
        say_json(found)
        return
    say(f"ledger of {found['log']}, {found['size']} entries")
    rows = [(row["index"] + 1, row["at"], row["event"], _fields(row)) for row in found["entries"]]
    say_table(("entry", "at", "event", "what"), rows, empty="no entry there")
    say("the whole entry with its digests: exchange ledger show <entry>, or --json")


@group.command("show")
def show(
    entry: Annotated[int, typer.Argument(help="Number of the entry, from 1.", min=1)],
    partner: Partner = "",
    log: Log = "own",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show one entry as it was hashed, and who has signed it."""
    found = Service(data).ask("ledger.show", partner=partner, log=log, index=entry - 1)
    if as_json:
        say_json(found)
        return
    say(f"entry {entry} of {found['log']}")
    say(found["bytes"])
    say(f"  signed by its writer: {_yes(found['signed'])}")
    say(f"  held and signed by the other side: {_yes(found['signed_by_other_side'])}")


@group.command("verify")
def verify(
    partner: Annotated[str, typer.Argument(help="Code of the partner.")] = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Recompute both ledgers of a link and check every signature. Exit 1 if something does not hold."""
    found = Service(data).ask("ledger.verify", partner=partner)
    if as_json:
        say_json(found)
    else:
        for row in found["logs"]:
            _say_report(row)
    if not found["holds"]:
        raise typer.Exit(DIFFERENCES)


def _say_report(row: Answer) -> None:
    word = "differs" if row["faults"] else "holds"
    say_marked(f"{row['log']}  {word}, {row['entries']} entries, root {row['root']}", word)
    say(f"  signed to {row['signed']}, by the other side to {row['signed_by_other_side']}")
    for fault in row["faults"]:
        say(f"  {fault}")


def _say_comparison(found: Answer) -> None:
    out, into, differences = found["outgoing"], found["incoming"], found["differences"]
    say_light(found)
    say(f"  at {found['at']}")
    if found["period"]:
        say(f"  what was sent from {found['period']['from']} to {found['period']['to']}")
    if found["reached"] is False:
        say("  not reached now: compared with what is here of its ledger")
    say(f"  we sent {out['sent']}, received there {out['received']}, accepted {out['accepted']}")
    say(f"  they sent {into['sent']}, received here {into['received']}, accepted {into['accepted']}")
    closed = sum(row["state"] == CLOSED for row in differences)
    differs = len(differences) > closed or found["faults"] or found.get("behind")
    word = "differs" if differs else "matched"
    line = f"  matched {found['matched']}, in transit {found['in_transit']}"
    line += f", differences {len(differences) - closed}" + (f", and {closed} closed" if closed else "")
    say_marked(f"{line}: {word}" if word == "differs" else line, word)
    ours, theirs = found["entries"]["own"], found["entries"]["partner"]
    if ours == found["cosigned"]["own"] and theirs == found["cosigned"]["partner"]:
        say(f"  both sides hold {ours + theirs} entries and have signed all of them")
    say(f"  ledgers: ours {ours} entries, signed by them to {found['cosigned']['own']};")
    say(f"           theirs {theirs} entries, signed by us to {found['cosigned']['partner']}")
    _say_differences(found)


def _say_differences(found: Answer) -> None:
    for row in found["differences"]:
        say(f"difference {row['class']}{_number(row)}: {row['words']}")
        for entry in row["entries"]:
            say(f"  entry {entry['index'] + 1} of {entry['log']}")
        known = f", difference {row['no']}" if row["no"] else ""
        say(f"  {row['state']}{known}; acts first: {row['acts_first']}")
    for name, count in found["counted"].items():
        if count:
            say(f"counted {name.replace('_', ' ')}: {count}")
    for fault in found["faults"]:
        say(f"ledger: {fault}")


def _csv(found: Answer) -> str:
    """Return the differences with one line each, in the form that spreadsheets read."""
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(
        ("difference", "state", "class", "sender", "number", "last_number", "entries", "acts_first")
    )
    for row in found["differences"]:
        entries = " ".join(f"{entry['log']}:{entry['index'] + 1}" for entry in row["entries"])
        named = (row["no"] or "", row["state"], row["class"], row["sender"] or "")
        table.writerow((*named, row["number"] or "", row["last_number"] or "", entries, row["acts_first"]))
    return text.getvalue()


def _say_persons(found: Answer | None) -> None:
    """Print every equation of persons, and under each figure the rule by which it was counted."""
    for row in found["equations"] if found else ():
        total, parts = row["total"], row["parts"]
        sum_of = " + ".join(f"{part['name']} {part['persons']}" for part in parts)
        say_marked(f"persons {total['name']} {total['persons']} = {sum_of}", "holds" if row["holds"] else "")
        for figure in (total, *parts):
            say(f"    {figure['name']} {figure['persons']}: {figure['rule']}")


def _number(row: Answer) -> str:
    if not row["number"]:
        return ""
    last = f" to {row['last_number']}" if row["last_number"] > row["number"] else ""
    return f" {row['number']}{last} of {row['sender']}"


def _fields(row: Answer) -> str:
    """Return what people look for in an entry: numbers, ends of ids and codes, no digest."""
    shown = []
    for name, value in row.items():
        if name in _IN_HEADINGS or name in _DIGESTS:
            continue
        shown.append(f"{_NAMES.get(name, name)} {short(value) if name == 'id' else value}")
    return ", ".join(shown)


def _yes(value: object) -> str:
    if not isinstance(value, bool):
        raise UsageError("the service answered with another form than expected")
    return "yes" if value else "not yet"
