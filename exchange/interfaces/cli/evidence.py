# SPDX-License-Identifier: Apache-2.0
"""`exchange evidence export | verify | verifier`: proof that needs nobody, in one file.

How a pack is written stands in `packing`, what it holds and how it is verified in `exchange.verifier`.
"""

from pathlib import Path
from typing import Annotated

import typer

from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.options import DATA, Data, Json, Officer, the_officer, write_file
from exchange.interfaces.cli.output import say, say_json
from exchange.interfaces.cli.packing import write_pack
from exchange.verifier.main import main as run_verifier
from exchange.verifier.onefile import one_file

group = typer.Typer(help="Evidence: write a pack, verify it, get the verifier.", no_args_is_help=True)

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


@group.command("verify")
def verify(
    packs: Annotated[list[Path], typer.Argument(help="One pack, or two of one link.")],
    as_json: Json = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page that can be printed.")] = None,
) -> None:
    """Verify one pack, or two against each other. Needs no service. Exit 1 if something differs."""
    options = [*(["--json"] if as_json else []), *(["--html", str(html)] if html else [])]
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
