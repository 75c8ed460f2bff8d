# SPDX-License-Identifier: Apache-2.0
"""`exchange demo`: two agencies on this computer exchange cases, and try what must not work.

Everything is done as two real agencies would do it: two processes, two sets of keys, enrolment with two
files and eight words, sealed messages, two ledgers that are compared from both sides. Exit 0 only if all
of it held; otherwise the last line names what did not hold and the log to read.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from exchange.errors import NodeError, UsageError
from exchange.interfaces.cli import (
    demo_courier,
    demo_files,
    demo_nodes,
    demo_pages,
    demo_stories,
    demo_trials,
    demo_twins,
)
from exchange.interfaces.cli.demo_nodes import FIRST
from exchange.interfaces.cli.demo_stage import Demo, RefusedAsItMustError
from exchange.interfaces.cli.demo_twins import Twin
from exchange.interfaces.cli.options import read_document
from exchange.interfaces.cli.output import say, say_marked
from exchange.protocol.enrolment import shown

FOLDER: Final = Path("demo")
UNWELL: Final = NodeError.exit_code
_LOOK_S: Final = 0.5


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("demo")(demo)


def demo(
    serve: Annotated[bool, typer.Option("--serve", help="Keep both agencies running until Ctrl-C.")] = False,
    file: Annotated[
        Path | None, typer.Option("--file", help="Your own notice; MoSVY sends it as well.")
    ] = None,
    folder: Annotated[Path, typer.Option("--folder", help="Where both data folders are made.")] = FOLDER,
    twin: Annotated[
        Twin | None, typer.Option("--twin", help="How the partner behaves badly, to see what happens then.")
    ] = None,
    by_files: Annotated[
        bool, typer.Option("--by-files", help="Nobody can be called: a courier carries parcels.")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Go on with the agencies of the last demo; do not make new ones.")
    ] = False,
) -> None:
    """Show two agencies that exchange cases on this computer."""
    document = read_document(file) if file else None
    continued = keep and demo_nodes.is_made(folder)
    if not continued:
        demo_nodes.new_folder(folder)
    host, origin = demo_nodes.the_sites(folder)
    told = Demo(host, origin, datetime.now(demo_files.ZONE).date())
    if by_files and twin is not None:
        raise UsageError("a demo goes by files or has a twin, not both")
    demo_twins.prepare(told, twin)
    if serve and not continued:
        demo_pages.prepare(told.sites)
    if by_files:
        demo_courier.prepare(told, folder)
    _introduce(told)
    with _running(told, continued=continued):
        _meet(told, folder, continued=continued)
        try:
            _tell(told, document)
            demo_twins.conclude(told, twin)
        except RefusedAsItMustError:
            demo_twins.conclude_refusal(told)
        say()
        _conclude(told, twin)
        if serve and not told.broken:
            _serve(told)
    if told.broken:
        raise typer.Exit(UNWELL)


@contextlib.contextmanager
def _running(told: Demo, *, continued: bool) -> Iterator[None]:
    """Run both processes while the context is open; SIGTERM ends it as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if not continued:
            demo_nodes.set_up_all(told.sites)
        demo_nodes.start_all(told.sites)
        yield
    finally:
        demo_nodes.stop_all(told.sites)
        signal.signal(signal.SIGTERM, before)


def _introduce(told: Demo) -> None:
    """Say who is here, before the seconds in which keys are made."""
    say("Two agencies on this computer, two processes, two sets of keys, nothing shared")
    width = max(len(site.label) for site in told.sites)
    for site in told.sites:
        where = "no address" if site.by_files else f"port {site.port}"
        say(f"  {site.agency:<14}  {site.label:<{width}}    {where}   data in {site.folder}")


def _meet(told: Demo, folder: Path, *, continued: bool) -> None:
    """Enrol the two unless they know each other, and wait until both start gates are open."""
    if continued:
        say("  they know each other from the last demo")
    else:
        words = demo_nodes.enrol(told.host, told.origin, folder)
        agreement = f"agreement {demo_nodes.PROFILE} v1 signed by both"
        say(f"  invitation read, words compared ({shown(words)}), {agreement}")
        demo_nodes.add_officers(told.sites)
    if told.by_files and not continued:
        demo_courier.finish_enrolment(told)
    demo_nodes.await_open(told.sites)
    say()


def _tell(told: Demo, document: dict[str, Any] | None) -> None:
    """Tell the stories, try what must not work, compare the ledgers."""
    first = demo_stories.returns_home(told)
    if told.by_files:
        demo_courier.restart(told)
    demo_stories.two_women(told)
    if document is not None:
        demo_stories.own_file(told, document)
    say()
    demo_trials.what_must_not_work(told, first)
    say()
    if told.by_files:
        demo_courier.settle(told)
    demo_trials.compare(told)


def _conclude(told: Demo, twin: Twin | None) -> None:
    """Print the last line: what to try next, or what did not hold and where to read."""
    if told.broken:
        logs = ", ".join(str(site.log) for site in told.sites)
        say_marked(f"It differs: {'; '.join(told.broken)}; read {logs}", "differs")
        return
    serve, lossy = _command("--serve"), _command("--twin lossy")
    width = max(len(serve), len(lossy))
    say(f"All of it held. Try next:   {serve:<{width}}  keep both running and send your own file")
    if twin is None:
        say(f"{'':<28}{lossy:<{width}}  a partner that loses every third answer")


def _command(options: str) -> str:
    """Return how this demo is called again with other options."""
    if "MAKELEVEL" not in os.environ:
        return f"{_program()} demo {options}"
    return f'make demo ARGS="{options}"' if " " in options else f"make demo ARGS={options}"


def _serve(told: Demo) -> None:
    """Keep both agencies running until Ctrl-C, or until one of them ends."""
    say()
    if told.host.pages:
        demo_pages.say_accounts(told.sites)
    say("Both agencies run until Ctrl-C. In another window, in this folder:")
    for site in told.sites:
        settings = (
            f"export EXCHANGE_DATA={site.folder} EXCHANGE_OFFICER={FIRST} "
            f"EXCHANGE_PASSPHRASE_FILE={site.passphrase_file}"
        )
        say(f"  as {site.agency}:")
        say(f"    {settings}")
    say("  then")
    say(f"    {_program()} message new RPN --example > notice.json")
    say(f"    {_program()} message send notice.json")
    with contextlib.suppress(KeyboardInterrupt):
        while all(site.process is not None and site.process.poll() is None for site in told.sites):
            time.sleep(_LOOK_S)
        ended = [site for site in told.sites if site.process is None or site.process.poll() is not None]
        hint = ", ".join(str(site.printed) for site in ended)
        raise NodeError(f"the node of {ended[0].agency} ended", hint=f"read {hint}")
    say()
    say("stopped")


def _program() -> str:
    """Return how this program is called from here: not every setting has it on the path."""
    if shutil.which("exchange"):
        return "exchange"
    called = Path(sys.argv[0])
    return str(called) if called.name == "exchange" else f"{sys.executable} -m exchange"
