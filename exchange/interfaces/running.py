# SPDX-License-Identifier: Apache-2.0
"""Runs a node: its loops, and the doors side by side. The doors themselves do not know each other.

1. Key file and store are opened; from here on nobody else can open this data folder.
2. The partner door listens, if the configuration says under which address partners reach it.
3. The operations listener (loopback), the staff API if it is configured, and the local socket listen.
4. The supervisor asks at the start gate of each link and delivers.
5. SIGTERM and SIGINT end it: answers that were held for a partner are given at once, an exchange or a
   parcel under way finishes what it has begun, new ones are put off, the loops end, then the doors, then
   the store. What does not end in time is cut off, as by a power cut, and loses nothing.

The first error that is no known, transient one ends the process (rule 21): it comes out of `run_node`.
"""

import asyncio
import contextlib
import signal
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import uvloop

from exchange.bootstrap import METRICS_TYPE, OpenNode, notices_of, open_node, partner_door
from exchange.config import StaffSection, is_loopback
from exchange.errors import ClockError, ConfigurationError, ExchangeError
from exchange.interfaces.api.desk import Answer, Desk
from exchange.interfaces.api.server import run_command, serve_commands
from exchange.interfaces.operations import Health, serve_operations
from exchange.interfaces.partner.door import partner_app
from exchange.interfaces.server import serve
from exchange.interfaces.staff.call import Office
from exchange.interfaces.staff.door import staff_app
from exchange.interfaces.tls import server_tls
from exchange.service.doorkeeper import Doorkeeper
from exchange.service.ports import Store
from exchange.service.rows import LinkState
from exchange.service.supervisor import Supervisor

DRAIN_S = 5.0
"""How long the loops may take to finish what they are in."""
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True)
class Running:
    """What a node that has just started tells its administrator."""

    agency: str
    training: bool
    door: str
    """`host:port` of the partner door, or "" when the node only calls."""
    operations: str
    staff: str
    """`host:port` of the staff API, or ""."""
    socket: Path


def run(folder: Path, passphrase: Callable[[], str], *, ready: Callable[[Running], None]) -> None:
    """Run a node until a signal stops it; see `run_node`."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_node(folder, passphrase, ready=ready))


async def run_node(folder: Path, passphrase: Callable[[], str], *, ready: Callable[[Running], None]) -> None:
    """Run a node until a signal stops it; `ready` is called once everything listens.

    Raises:
        NodeError: it cannot start, or its store failed.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    async with open_node(folder, passphrase) as opened, contextlib.AsyncExitStack() as stack:
        loops = _Loops(opened)
        running = await _listen(opened, stack)
        ready(running)
        await _until_stopped(loops, stop)


class _Loops:
    """What a node does by itself: the supervisor, and what is told to people beside it."""

    def __init__(self, opened: OpenNode) -> None:
        self._supervisor = Supervisor(opened.node)
        self._notices = notices_of(opened)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._supervisor.run())
            group.create_task(self._notices.run())

    def stop(self) -> None:
        self._supervisor.stop()


async def _listen(opened: OpenNode, stack: contextlib.AsyncExitStack) -> Running:
    """Open every door on the stack."""
    settings = opened.settings
    door = await _partner_door(opened, stack) if settings.door.address else ""
    operations = ""
    if settings.operations.port:
        listener = await stack.enter_async_context(
            serve_operations(
                lambda: health_of(opened),
                opened.counters.text,
                metrics_type=METRICS_TYPE,
                host=settings.operations.host,
                port=settings.operations.port,
            )
        )
        operations = f"{listener.host}:{listener.port}"
    staff = await _staff_door(opened, stack) if settings.staff.port else ""
    socket = await stack.enter_async_context(serve_commands(Desk(opened)))
    return Running(opened.node.agency, opened.node.training, door, operations, staff, socket)


async def _partner_door(opened: OpenNode, stack: contextlib.AsyncExitStack) -> str:
    doorkeeper, guard, certificate, key = partner_door(opened)
    app = partner_app(doorkeeper, guard=guard, journal=opened.node.journal, counters=opened.counters)
    tls = server_tls(certificate, key, folder=opened.folder / "run")
    place = opened.settings.door
    listener = await stack.enter_async_context(serve(app, host=place.host, port=place.port, ssl_context=tls))
    stack.callback(Doorkeeper.stop, doorkeeper)
    return f"{listener.host}:{listener.port}"


async def _staff_door(opened: OpenNode, stack: contextlib.AsyncExitStack) -> str:
    """Open the staff API; beyond this machine only with TLS.

    Raises:
        ConfigurationError: TLS is missing, or its files cannot be read.
    """
    place, tls = opened.settings.staff, None
    if place.certificate or place.key:
        tls = _staff_tls(place, opened.folder / "run")
    elif not is_loopback(place.host):
        raise ConfigurationError(
            f"the staff API would be open beyond this machine without TLS, on {place.host}",
            hint="set certificate and key in [staff], or use 127.0.0.1 behind a proxy on this machine",
        )
    app = staff_app(opened.node, office_of(opened))
    listener = await stack.enter_async_context(serve(app, host=place.host, port=place.port, ssl_context=tls))
    return f"{listener.host}:{listener.port}"


def _staff_tls(place: StaffSection, folder: Path) -> ssl.SSLContext:
    certificate, key = _pem(place.certificate), _pem(place.key)
    try:
        return server_tls(certificate, key, folder=folder)
    except (ValueError, TypeError, ssl.SSLError) as error:
        raise ConfigurationError(
            "certificate and key of [staff] do not belong together, or are no PEM files",
            hint="the key must have no passphrase",
        ) from error


def _pem(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"the file {path or '(none)'} of [staff] cannot be read",
            hint="certificate and key belong together",
        ) from error


def office_of(opened: OpenNode) -> Office:
    """Return the commands of the own staff as another door asks for them, on a store of its choice."""

    async def run(store: Store, command: str, members: Mapping[str, Any]) -> Answer:
        desk = Desk(replace(opened, node=replace(opened.node, store=store)))
        return await run_command(desk, command, members)

    return run


def health_of(opened: OpenNode) -> Health:
    """Return whether this node itself works; a partner that is not reachable is no illness of ours."""
    node = opened.node
    reasons = []
    try:
        node.guard.check()
    except ClockError as error:
        reasons.append(error.reason)
    if any(node.presence.of(link).gate is LinkState.FROZEN for link in opened.routes):
        reasons.append("link_frozen")
    return Health(tuple(reasons))


async def _until_stopped(own: _Loops, stop: asyncio.Event, *, drain_s: float = DRAIN_S) -> None:
    """Run the loops until the signal, or until one of them fails; then let them come to their end."""
    loops, stopped = asyncio.create_task(own.run()), asyncio.create_task(stop.wait())
    await asyncio.wait({loops, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    own.stop()
    await asyncio.wait({loops}, timeout=drain_s)
    if not loops.done():
        loops.cancel()
    try:
        await loops
    except asyncio.CancelledError:
        return
    except BaseExceptionGroup as group:
        known = first_known(group)
        raise known if known is not None else group from group


def first_known(group: BaseExceptionGroup[BaseException]) -> ExchangeError | None:
    """Return the first error of ours inside a group of tasks that failed together."""
    for error in group.exceptions:
        if isinstance(error, ExchangeError):
            return error
        if isinstance(error, BaseExceptionGroup) and (inner := first_known(error)) is not None:
            return inner
    return None
