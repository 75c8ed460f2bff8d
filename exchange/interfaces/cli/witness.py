# SPDX-License-Identifier: Apache-2.0
"""`exchange witness …`: be a witness of other agencies' ledgers, or tell a witness of one's own.

    exchange witness init FOLDER --name witness.example/w1    a key, an empty store, a policy without logs
    exchange witness request                                  what a witness has to know of this node
    exchange witness serve FOLDER                             answer until Ctrl-C
    exchange witness list FOLDER                              how far each log went, and evidence against one

A witness sees how many entries a ledger has and when it grew: never a message, a type, a person.
"""

import asyncio
import contextlib
import secrets
import signal
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from exchange.bootstrap import make_witness_key, read_witness_key
from exchange.clock import SystemClock
from exchange.errors import ConfigurationError
from exchange.interfaces.cli.client import Service
from exchange.interfaces.cli.options import DATA, Data, Json, new_passphrase, read_passphrase
from exchange.interfaces.cli.output import say, say_json, say_table
from exchange.ledger.witnessing import WitnessKey, demand_witness_name
from exchange.protocol.suites import PrivateKey
from exchange.witness.keeping import WitnessStore
from exchange.witness.policy import POLICY_NAME, read_policy

group = typer.Typer(help="Witness: remember how far the ledgers of others went.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="Folder of the witness.")]
_POLICY: Final = """# The policy of this witness, read again before each request: docs/guides/witness.md.
name = "{name}"
host = "127.0.0.1"
port = 8090

# For each agency paste what its administrator prints with `exchange witness request`.
"""


@group.command("init")
def init(
    folder: Folder,
    name: Annotated[str, typer.Option("--name", help="Name in its signatures, for example a host name.")],
    as_json: Json = False,
) -> None:
    """Make a witness: its key, an empty store, a policy without logs."""
    demand_witness_name(name)
    _make(folder)
    if any(folder.iterdir()):
        raise ConfigurationError(f"{folder} is not empty", hint="a witness is made once, in an empty folder")
    key = make_witness_key(folder, new_passphrase(), random=secrets.token_bytes)
    WitnessStore(folder, create=True).close()
    (folder / POLICY_NAME).write_text(_POLICY.format(name=name), encoding="utf-8")
    told = str(WitnessKey(name, key.public))
    if as_json:
        say_json({"folder": str(folder), "name": name, "key": told})
        return
    say(f"made a witness in {folder}")
    say(f"its key, for the nodes that use it: {told}")
    say(f"next: enter the logs in {folder / POLICY_NAME}, then: exchange witness serve {folder}")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"{folder} cannot be made: {error.strerror}",
            hint="name a folder that this user may make, or let the administrator of the machine make it",
        ) from error


@group.command("serve")
def serve(folder: Folder) -> None:
    """Answer until Ctrl-C; behind a proxy that speaks TLS."""
    key = read_witness_key(folder, read_passphrase())
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(folder, key))


async def _serve(folder: Path, key: PrivateKey) -> None:
    from exchange.interfaces.witnessing import serve_witness

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serve_witness(folder, key, clock=SystemClock()) as (listener, policy):
        say(f"witness {policy.name} of {len(policy.log)} agencies on {listener.host}:{listener.port}")
        await stop.wait()


@group.command("request")
def request(data: Data = DATA, as_json: Json = False) -> None:
    """Print what a witness has to know of this node: paste it into the policy of the witness."""
    told = Service(data).ask("witness.request")
    if as_json:
        say_json(told)
        return
    say("[[log]]")
    say(f'agency = "{told["agency"]}"')
    say("keys = [" + ", ".join(f'"{key}"' for key in told["keys"]) + "]")


@group.command("list")
def list_logs(folder: Folder, as_json: Json = False) -> None:
    """Show how far each log went, and whether there is evidence of a second history."""
    read_policy(folder)
    with WitnessStore(folder) as store:
        seen = store.seen()
    if as_json:
        say_json({"logs": [asdict(each) for each in seen]})
        return
    rows = [(each.origin, each.size, each.at, each.evidence or "") for each in seen]
    say_table(("log", "entries", "cosigned", "evidence"), rows, empty="no log was witnessed yet")
