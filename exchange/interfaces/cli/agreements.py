# SPDX-License-Identifier: Apache-2.0
"""`exchange agreement …`: what is agreed with a partner, a new version of it, and the annex on paper.

    show       the terms of a version, who signed it, since which numbers it holds
    change     makes and signs the next version from a file of changes; writes a file for the partner
    recovery   makes and signs the version that names our new recovery key, and nothing else
    sign       the partner's side of both; or takes our own proposal back with the partner's signature
    withdraw   gives up a version that is on its way
    print      the annex for both ministries, in English and the languages of the two sides, as HTML

What changes is shown in words before anything is signed. The recovery key is read for one signature and
forgotten. Who signs a new recovery key of the partner compares eight words with it on the telephone, as at
enrolment. Each node switches by itself as soon as both hold both signatures; see docs/guides/agreements.md.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from exchange.errors import InputError, StrictJsonError, UsageError
from exchange.ids import AgencyCode, parse_officer, unb64url
from exchange.interfaces.annex.page import annex
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.enrolling import demand_same
from exchange.interfaces.cli.options import (
    DATA,
    Data,
    Json,
    Officer,
    Partner,
    RecoveryKey,
    Second,
    demand_free,
    open_recovery_key,
    read_bytes,
    read_document,
    the_officer,
    the_second,
    write_file,
)
from exchange.interfaces.cli.output import Answer, say, say_json, say_table
from exchange.interfaces.cli.spoken import spoken_words
from exchange.protocol.agreement import (
    Agreement,
    read_agreement,
    renewed_party,
    shown,
    sign_agreement,
    words,
)
from exchange.protocol.amendment import amended, differences, in_words, renewed
from exchange.protocol.strictjson import encode, parse_object
from exchange.protocol.versions import MAX_VERSION_FILE_BYTES, read_version, write_version

group = typer.Typer(help="What is agreed with a partner, and how it is changed.", no_args_is_help=True)

Version = Annotated[int, typer.Option("--version", help="Which version; the newest one if not said.", min=0)]
Out = Annotated[Path, typer.Option("-o", "--out", help="File to write.")]
Force = Annotated[bool, typer.Option("--force", help="Write over an existing file.")]
Yes = Annotated[bool, typer.Option("--yes", help="Sign without being asked.")]
ThePartner = Annotated[str, typer.Argument(help="Code of the partner, when there are several.")]
_NOT_YET = "not yet"


@group.command("show")
def show(
    partner: ThePartner = "",
    version: Version = 0,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show the terms of a version, who signed it, and since which numbers it holds."""
    found = Service(data).ask("agreement.show", partner=partner, version=version)
    if as_json:
        say_json(found)
        return
    for line in _heading(found):
        say(line)
    say()
    say_table(("term", "value"), _terms_table(found["terms"]), empty="")
    say()
    say_table(
        ("version", "signed by us", "by the partner", "our messages from", "the partner's from"),
        [_version_row(row) for row in found["versions"]],
        empty="",
    )


@group.command("change")
def change(
    file: Annotated[Path, typer.Argument(help="JSON or TOML with what changes, or the whole terms.")],
    out: Out,
    partner: Partner = "",
    data: Data = DATA,
    officer: Officer = "",
    second: Second = "",
    recovery_key: RecoveryKey = None,
    yes: Yes = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Make and sign the next version; needs two officers and the recovery key."""
    officers = _officers(officer, second)
    demand_free(out, force=force)
    service = Service(data)
    held = _held(service.ask("agreement.show", partner=partner))
    new = amended(held, _changes(file))
    _say_differences(held, new, as_json=as_json)
    _demand_yes(f"sign version {new.n} for {_own(service, partner)}?", yes=yes)
    own = _own(service, partner)
    raw = write_version(new, {own: sign_agreement(new.raw, open_recovery_key(data, recovery_key))})
    done = service.ask("agreement.propose", partner=partner, file=raw.decode("ascii"), **officers)
    write_file(out, raw, force=force)
    if as_json:
        say_json({**done, "file": str(out), "changes": _changes_as_data(held, new)})
        return
    say(f"version {new.n} is signed by us and written to {out}; it holds no secret, send it by any way")
    say(f"next: {done['partner']} runs: exchange agreement sign {out.name}")


@group.command("recovery")
def recovery(
    out: Out,
    partner: ThePartner = "",
    data: Data = DATA,
    officer: Officer = "",
    second: Second = "",
    recovery_key: RecoveryKey = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Ask a partner to pin our new recovery key: signs the version that names it; needs two officers."""
    officers = _officers(officer, second)
    demand_free(out, force=force)
    service = Service(data)
    found = service.ask("agreement.show", partner=partner)
    held, own, key = _held(found), _own_of(found), open_recovery_key(data, recovery_key)
    new = renewed(held, own, key.public)
    raw = write_version(new, {own: sign_agreement(new.raw, key)})
    done = service.ask("agreement.propose", partner=partner, file=raw.decode("ascii"), **officers)
    write_file(out, raw, force=force)
    eight = words(new.raw, new.link_id)
    if as_json:
        say_json({**done, "file": str(out), "words": eight, "changes": _changes_as_data(held, new)})
        return
    say(f"version {new.n} names our new recovery key {key.kid}; it is signed by us and written to {out}")
    say(f"next: send the file, by any way, and telephone {done['partner']} at a number known from elsewhere:")
    say(f"      there two officers run: exchange agreement sign {out.name}")
    say(f"      you read the first four words aloud, they the last four: {shown(eight)}")


@group.command("sign")
def sign(
    file: Annotated[Path, typer.Argument(help="The file of the version, from the partner.")],
    partner: Partner = "",
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="Write the file with both signatures, for a courier.")
    ] = None,
    data: Data = DATA,
    officer: Officer = "",
    second: Second = "",
    recovery_key: RecoveryKey = None,
    spoken: Annotated[
        str, typer.Option("--words", help="The eight words of a new recovery key, if they were compared.")
    ] = "",
    yes: Yes = False,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Sign the version that the partner proposes, or take ours back with its signature; two officers."""
    officers, service = _officers(officer, second), Service(data)
    if out is not None:
        demand_free(out, force=force)
    offered = read_version(read_bytes(file, what="the version", max_bytes=MAX_VERSION_FILE_BYTES))
    held, own = _held(service.ask("agreement.show", partner=partner)), _own(service, partner)
    signatures, heard = dict(offered.signatures), tuple[str, ...]()
    if own not in signatures:
        if offered.agreement.raw == held.raw:
            raise UsageError(
                f"version {held.n} is agreed on already", hint="look at: exchange agreement show"
            )
        _say_differences(held, offered.agreement, as_json=as_json)
        heard = _compared(held, offered.agreement, own, spoken)
        _demand_yes(f"sign version {offered.agreement.n} for {own}?", yes=yes)
        signatures[own] = sign_agreement(offered.agreement.raw, open_recovery_key(data, recovery_key))
    raw = write_version(offered.agreement, signatures)
    done = service.ask(
        "agreement.sign", partner=partner, file=raw.decode("ascii"), words=list(heard), **officers
    )
    if out is not None:
        write_file(out, raw, force=force)
    if as_json:
        say_json({**done, "file": str(out) if out else ""})
        return
    say(f"version {done['n']} is signed by both sides")
    say("next: nothing; each node switches as soon as it knows that the other one holds both signatures")
    if out is not None:
        say(f"      where the nodes cannot talk, send {out} back: exchange agreement sign {out.name}")


@group.command("withdraw")
def withdraw(
    partner: ThePartner = "",
    data: Data = DATA,
    officer: Officer = "",
    second: Second = "",
    as_json: Json = False,
) -> None:
    """Give up a version that is on its way; needs two officers."""
    done = Service(data).ask("agreement.withdraw", partner=partner, **_officers(officer, second))
    if as_json:
        say_json({"partner": done["partner"], "n": done["n"]})
        return
    say(f"version {done['n']} is given up on our side; tell {done['partner']}, so that it gives it up, too")


@group.command("print")
def print_annex(
    out: Out,
    partner: ThePartner = "",
    version: Version = 0,
    language: Annotated[
        list[str] | None,
        typer.Option("--language", help="Language beside English: km, th, vi, lo; repeat for two."),
    ] = None,
    data: Data = DATA,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write the annex for both ministries: terms, fingerprints in words, places to sign; one HTML file."""
    demand_free(out, force=force)
    found = Service(data).ask("agreement.show", partner=partner, version=version)
    page = annex(
        _held(found),
        signed=found["signed"],
        own=_own_of(found),
        languages=tuple(language or ()),
        training=found["training"],
    )
    write_file(out, page.encode("utf-8"), force=force)
    if as_json:
        say_json({"partner": found["partner"], "n": found["n"], "file": str(out)})
        return
    say(f"annex of version {found['n']} with {found['partner']} written to {out}; open it and print it on A4")
    say("      the texts beside English are drafts until a native speaker has checked them")


def _compared(held: Agreement, offered: Agreement, own: AgencyCode, spoken: str) -> tuple[str, ...]:
    """Return the eight words that were compared if a version has a new recovery key of the partner.

    Raises:
        WordsDifferError: they are others; nothing was signed.
    """
    party = renewed_party(held, offered)
    if party is None or party.agency == own:
        return ()
    say(f"{party.agency} has a new recovery key. Whoever holds it says from now on which keys count for")
    say(f"{party.agency}, so it has to be compared on the telephone, as at enrolment.")
    expected = words(offered.raw, offered.link_id)
    heard = spoken_words(spoken, expected, reads_first=False)
    demand_same(expected, heard)
    return heard


def _heading(found: Answer) -> list[str]:
    signed = [name for name, key in (("us", "own"), (found["partner"], "partner")) if found["signed"][key]]
    return [
        f"{found['partner']}  profile {found['profile']}, version {found['n']}, suite {found['suite']}",
        f"  link     {found['link']}",
        f"  digest   {found['digest']}",
        f"  signed   by {' and '.join(signed) or 'nobody'}",
        *_new_key_lines(found),
        f"  in force for our messages: version {found['in_force']['own']}; "
        f"for those of {found['partner']}: version {found['in_force']['partner']}",
    ]


def _new_key_lines(found: Answer) -> list[str]:
    """Return what there is to say of a version that has a new recovery key: whose, and the words."""
    if not found["renews"]:
        return []
    agreement = _held(found)
    key = agreement.party(AgencyCode(found["renews"])).recovery.kid
    return [
        f"  new      recovery key of {found['renews']}: {key}",
        f"  words    {shown(words(agreement.raw, agreement.link_id))}",
    ]


def _terms_table(terms: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the terms as rows of two; lists of rows get a row each."""
    rows: list[tuple[str, str]] = []
    keys = {"deadlines": "code", "sides": "country", "release": "act", "instead": "code"}
    for name, value in terms.items():
        if name in keys:
            rest = [(row[keys[name]], {k: v for k, v in row.items() if k != keys[name]}) for row in value]
            rows += [(f"{name}: {code}", in_words(row)) for code, row in rest]
        elif isinstance(value, dict):
            rows += [(f"{name}: {key}", in_words(item)) for key, item in value.items()]
        else:
            rows.append((name, in_words(value)))
    return rows


def _version_row(row: Answer) -> tuple[object, ...]:
    signed, begin = row["signed"], row["from"]
    return (
        row["n"],
        "yes" if signed["own"] else _NOT_YET,
        "yes" if signed["partner"] else _NOT_YET,
        f"number {begin['own']}" if begin["own"] else _NOT_YET,
        f"number {begin['partner']}" if begin["partner"] else _NOT_YET,
    )


def _say_differences(old: Agreement, new: Agreement, *, as_json: bool) -> None:
    if as_json:
        return
    rows = [(c.what, c.old or "not there", c.new or "not there") for c in differences(old, new)]
    say(f"version {new.n} differs from version {old.n}:")
    say_table(("what", f"version {old.n}", f"version {new.n}"), rows, empty="nothing")
    say()


def _changes_as_data(old: Agreement, new: Agreement) -> list[Answer]:
    return [{"pointer": c.pointer, "what": c.what, "old": c.old, "new": c.new} for c in differences(old, new)]


def _changes(file: Path) -> dict[str, Any]:
    """Return what a file of changes says; TOML if its name ends so, JSON otherwise.

    Raises:
        InputError: it cannot be read, or is not of its form.
    """
    if file.suffix != ".toml":
        return read_document(file)
    raw = read_bytes(file, what="the file")
    try:
        return dict(parse_object(encode(tomllib.loads(raw.decode("utf-8")))))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, StrictJsonError) as error:
        raise InputError(
            f"{file} is not TOML that can be read: {error}", hint="nothing was signed"
        ) from error


def _held(found: Answer) -> Agreement:
    return read_agreement(unb64url(found["agreement"]))


def _own_of(found: Answer) -> AgencyCode:
    return AgencyCode(next(party["agency"] for party in found["parties"] if party["own"]))


def _own(service: Service, partner: str) -> AgencyCode:
    return _own_of(service.ask("agreement.show", partner=partner))


def _demand_yes(question: str, *, yes: bool) -> None:
    if not yes and not typer.confirm(question, err=True):
        raise UsageError("nothing was signed", hint="say --yes to sign without being asked")


def _officers(officer: str, second: str) -> dict[str, str]:
    first, other = parse_officer(the_officer(officer)), parse_officer(the_second(second))
    if first == other:
        raise UsageError(
            "a change of the agreement needs two different officers", hint="say the second one with --second"
        )
    return {"officer": first, "second": other}
