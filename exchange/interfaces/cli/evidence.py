# SPDX-License-Identifier: Apache-2.0
"""`exchange evidence export | tiles | disclose | verify | verifier`: proof that needs nobody, in one file.

How a pack is written stands in `packing`, what it holds and how it is verified in `exchange.verifier`.
"""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from exchange.errors import UsageError
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.options import DATA, Data, Json, Officer, the_officer, write_file
from exchange.interfaces.cli.output import Answer, say, say_json
from exchange.interfaces.cli.packing import write_pack, write_records
from exchange.interfaces.cli.tiling import write_tiles
from exchange.verifier.disclosure import FORM
from exchange.verifier.main import main as run_verifier
from exchange.verifier.onefile import one_file

group = typer.Typer(
    help="Evidence: write a pack, disclose one message, verify, get the verifier.", no_args_is_help=True
)

Output = Annotated[Path | None, typer.Option("-o", "--output", help="File to write; it must not exist.")]


@group.command("export")
def export(
    partner: Annotated[str, typer.Argument(help="Code of the partner.")] = "",
    output: Output = None,
    ledger: Annotated[
        int, typer.Option("--ledger", help="Number of the ledger, of one begun anew; default: the present.")
    ] = 0,
    officer: Officer = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Write the evidence of a link: both ledgers with all signatures, no content of any message."""
    path, lines = write_pack(
        Service(data), output, partner=partner, officer=the_officer(officer), ledger=ledger
    )
    if as_json:
        say_json({"file": str(path), "lines": lines})
        return
    say(f"{path}: {lines} lines, no content of any message")
    say("verify it anywhere: exchange evidence verifier -o verify.py, then python3 verify.py " + path.name)


@group.command("tiles")
def tiles(
    partner: Annotated[str, typer.Argument(help="Code of the partner.")] = "",
    folder: Annotated[Path, typer.Option("-o", "--output", help="Folder; what it lacks is added.")] = Path(
        "tiles"
    ),
    ledger: Annotated[
        int, typer.Option("--ledger", help="Number of the ledger, of one begun anew; default: the present.")
    ] = 0,
    officer: Officer = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Write the hashes of both ledgers as tiles (C2SP tlog-tiles), for any proof; no entries."""
    written = write_tiles(Service(data), folder, partner=partner, officer=the_officer(officer), ledger=ledger)
    if as_json:
        say_json({"folder": str(folder), "written": written})
        return
    say(f"{folder}: {written} tiles written, hashes only")


@group.command("disclose")
def disclose(
    message: Annotated[str, typer.Argument(help="Number of the message.")],
    person: Annotated[int, typer.Option("--person", help="Which person of a group, from 1.")] = 0,
    purpose: Annotated[str, typer.Option("--purpose", help="What it is for; recorded.")] = "",
    confirm: Annotated[
        str, typer.Option("--confirm", help="Digest that was shown to the first person.")
    ] = "",
    output: Output = None,
    officer: Officer = "",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Disclose one message, of a group one person. One officer proposes, another one confirms."""
    asked = {"message": message, "person": person, "purpose": purpose, "officer": the_officer(officer)}
    if not confirm:
        _show_proposal(Service(data).ask("evidence.propose", **asked), as_json=as_json)
        return
    if output is not None and output.exists():
        raise UsageError(f"{output} exists", hint="choose another name with -o")
    answer = Service(data).ask("evidence.disclose", digest=confirm, **asked)
    path = output or Path(f"message-{answer['message'][-8:]}.disclosure")
    lines = write_records(path, map(tuple, answer["records"]), first_line=FORM.first_line)
    if as_json:
        say_json({"file": str(path), "lines": lines})
        return
    say(f"{path}: {lines} lines; it holds personal data")
    say(f"verify it anywhere: python3 verify.py {path.name} --html page.html")


def _show_proposal(shown: Answer, *, as_json: bool) -> None:
    if as_json:
        say_json(shown)
        return
    say(f"message {shown['message']}: {len(shown['parts'])} parts go out, {shown['closed']} stay closed")
    for part in shown["parts"]:
        say(f"part {part['number']}: {part['text']}")
    person = f" --person {shown['person']}" if shown["persons"] > 1 else ""
    again = f"exchange evidence disclose {shown['message']}{person} --purpose {shlex.quote(shown['purpose'])}"
    say("another officer reads the same, without --confirm, and confirms it within seven days:")
    say(f"{again} --confirm {shown['digest']}")


@group.command("verify")
def verify(
    packs: Annotated[list[Path], typer.Argument(help="One pack or disclosure, or two packs of one link.")],
    as_json: Json = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page that can be printed.")] = None,
    tsa_roots: Annotated[
        Path | None, typer.Option("--tsa-roots", help="Certificates that time stamps lead to, as PEM.")
    ] = None,
    stamps: Annotated[
        Path | None, typer.Option("--stamps", help="Folder for the time stamps, to check with openssl ts.")
    ] = None,
    witness: Annotated[
        list[str] | None,
        typer.Option("--witness", help="Key of a witness, as it tells it; repeatable."),
    ] = None,
) -> None:
    """Verify a disclosure, a pack, or two packs. Needs no service. Exit 1 if something differs."""
    files = {"--html": html, "--tsa-roots": tsa_roots, "--stamps": stamps}
    options = [part for name, path in files.items() if path for part in (name, str(path))]
    options += [part for key in witness or () for part in ("--witness", key)]
    options += ["--json"] if as_json else []
    raise typer.Exit(run_verifier([*map(str, packs), *options]))


@group.command("verifier")
def verifier(output: Output = None, as_json: Json = False) -> None:
    """Write the verifier as one Python file that runs alone, for somebody who has only Python."""
    path = output or Path("verify.py")
    write_file(path, one_file().encode("utf-8"), force=False)
    if as_json:
        say_json({"file": str(path)})
        return
    say(f"{path}: run it with python3 {path.name} PACK")
