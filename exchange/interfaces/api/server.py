# SPDX-License-Identifier: Apache-2.0
"""The local socket: commands of the own staff, as JSON over HTTP on a Unix socket of mode 0600.

    POST /v1/commands/{name}    {members}  ->  200 {answer}
                                           ->  400 or 500 {"error": {reason, message, hint, exit, faults}}

Only the user who runs the node can open the socket; its folder has mode 0700. Error texts are for the
own officers; they carry identifiers and codes, never personal data.
"""

import contextlib
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from exchange.errors import ConfigurationError, ExchangeError, InputError, StrictJsonError
from exchange.interfaces.api import (
    access,
    accounts,
    agenda,
    agreeing,
    answering,
    arrivals,
    backups,
    bookkeeping,
    casebook,
    clientele,
    courier,
    deadlines,
    differing,
    evidence,
    figures,
    files,
    finding,
    handover,
    messaging,
    moving,
    office,
    partnering,
    persons,
    printing,
    records,
    registry,
    retaining,
    returning,
    rights,
    sheets,
    staffing,
    stating,
    telling,
    training,
)
from exchange.interfaces.api.allowed import demand_allowed
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, problem_answer
from exchange.protocol.strictjson import Limits, parse_object

SOCKET_NAME = "control.sock"
MAX_BODY_BYTES = 8 * 1024 * 1024
"""A notice with 1,000 persons is about 6 MiB."""
MAX_SOCKET_PATH = 100
"""The kernel takes 108 bytes of path."""
_LIMITS = Limits(max_bytes=MAX_BODY_BYTES, max_depth=20, max_members=250, max_items=2_000, max_name=64)
COMMANDS: dict[str, Command] = {
    **office.COMMANDS,
    **backups.COMMANDS,
    **clientele.COMMANDS,
    **accounts.COMMANDS,
    **staffing.COMMANDS,
    **access.COMMANDS,
    **telling.COMMANDS,
    **partnering.COMMANDS,
    **moving.COMMANDS,
    **agreeing.COMMANDS,
    **messaging.COMMANDS,
    **returning.COMMANDS,
    **files.COMMANDS,
    **answering.COMMANDS,
    **handover.COMMANDS,
    **records.COMMANDS,
    **bookkeeping.COMMANDS,
    **differing.COMMANDS,
    **stating.COMMANDS,
    **evidence.COMMANDS,
    **casebook.COMMANDS,
    **finding.COMMANDS,
    **figures.COMMANDS,
    **agenda.COMMANDS,
    **deadlines.COMMANDS,
    **arrivals.COMMANDS,
    **persons.COMMANDS,
    **printing.COMMANDS,
    **rights.COMMANDS,
    **retaining.COMMANDS,
    **registry.COMMANDS,
    **sheets.COMMANDS,
    **training.COMMANDS,
    **courier.COMMANDS,
}


@contextlib.asynccontextmanager
async def serve_commands(desk: Desk) -> AsyncIterator[Path]:
    """Listen on the local socket while the context is open.

    Raises:
        ConfigurationError: the path of the data folder is too long for a socket.
    """
    path = desk.opened.folder / "run" / SOCKET_NAME
    reachable = _reachable(path)
    runner = web.AppRunner(_app(desk), access_log=None, handle_signals=False)
    await runner.setup()
    path.unlink(missing_ok=True)
    old = os.umask(0o177)
    try:
        await web.UnixSite(runner, str(reachable)).start()
    finally:
        os.umask(old)
    try:
        yield path
    finally:
        await runner.cleanup()
        path.unlink(missing_ok=True)


async def run_at_the_machine(desk: Desk, name: str, ask: Ask) -> Answer:
    """Run a command that was typed at the machine itself, if the officer who is named may give it."""
    await demand_allowed(desk, name, ask)
    return await COMMANDS[name](desk, ask)


async def run_command(desk: Desk, name: str, members: Mapping[str, Any]) -> Answer:
    """Run a command by its name, for another door of the same staff."""
    return await COMMANDS[name](desk, Ask(dict(members)))


def _reachable(path: Path) -> Path:
    """Return a name for the socket that is short enough for the kernel."""
    if len(os.fsencode(path)) <= MAX_SOCKET_PATH:
        return path
    relative = Path(os.path.relpath(path))
    if len(os.fsencode(relative)) <= MAX_SOCKET_PATH:
        return relative
    raise ConfigurationError(
        f"the path of the data folder is too long for a local socket: {path.parent}",
        hint="choose a shorter path for --data",
    )


def _app(desk: Desk) -> web.Application:
    app = web.Application(client_max_size=MAX_BODY_BYTES)

    async def run(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in COMMANDS:
            return web.json_response(problem_answer(ConfigurationError("no such command")), status=404)
        try:
            members = parse_object(await request.read() or b"{}", _LIMITS)
            ask = Ask(dict(members), read_for_it=True)
            return web.json_response(await run_at_the_machine(desk, name, ask))
        except StrictJsonError as error:
            return web.json_response(problem_answer(InputError(str(error))), status=400)
        except ExchangeError as error:
            return web.json_response(problem_answer(error), status=400)
        except Exception as error:
            desk.node.journal.note("handling_failed", error=type(error).__name__)
            raise

    app.router.add_post("/v1/commands/{name}", run)
    return app
