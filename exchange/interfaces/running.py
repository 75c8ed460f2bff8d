# SPDX-License-Identifier: Apache-2.0
"""Runs a node: its loops, and the doors side by side. The doors themselves do not know each other.

1. Key file and store are opened; from here on nobody else can open this data folder.
2. The partner door listens, if the configuration says under which address partners reach it.
3. Pages of the desk and staff API, if configured, the operations listener and the local socket listen.
4. The supervisor asks at the start gate of each link and delivers; beside it `keep_ends` and `keep_days`.
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

from exchange.bootstrap import (
    DESK_EXTRA,
    METRICS_TYPE,
    OpenNode,
    Press,
    announced_days,
    leave_out_locks,
    notices_of,
    open_node,
    partner_door,
    refresh_routes,
    sign_in_elsewhere,
    staff_desk,
)
from exchange.cases.calendars import AnnouncedDays
from exchange.config import StaffSection, is_loopback
from exchange.errors import ClockError, ConfigurationError, ExchangeError, NodeError
from exchange.interfaces.api.desk import Answer, Ask, Desk
from exchange.interfaces.api.server import COMMANDS, run_command, serve_commands
from exchange.interfaces.memory import keep_large_apart, keep_memory_low, set_apart
from exchange.interfaces.operations import Health, serve_operations
from exchange.interfaces.partner.door import partner_app
from exchange.interfaces.server import serve
from exchange.interfaces.staff.call import Office
from exchange.interfaces.staff.door import staff_app
from exchange.interfaces.tls import server_tls
from exchange.interfaces.watching import Watch
from exchange.protocol.suites import KeyUse
from exchange.service.deadlines import keep_ends
from exchange.service.doorkeeper import Doorkeeper
from exchange.service.erasure_day import keep_days
from exchange.service.notice_mails import Notices
from exchange.service.ports import Store
from exchange.service.supervisor import Supervisor

DRAIN_S = 5.0
"""How long the loops may take to finish what they are in."""
ROUTES_S = 60.0
"""How often it is looked whether cards changed how partners are reached."""
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True)
class Running:
    """What a node that has just started tells its administrator."""

    agency: str
    training: bool
    door: str
    """`host:port` of the partner door, or "" when the node only calls, or when `shut_by` names keys."""
    pages: str
    """Address of the pages for the own staff, or "" when there are none."""
    operations: str
    staff: str
    """`host:port` of the staff API, or ""."""
    socket: Path
    shut_by: tuple[str, ...] = ()
    """Uses without an own key that may be used: no partner is let in or called."""


def run(folder: Path, passphrase: Callable[[], str], *, ready: Callable[[Running], None]) -> None:
    """Run a node until a signal stops it; see `run_node`."""
    leave_out_locks()
    keep_large_apart()
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
        notices = notices_of(opened)
        stack.callback(asyncio.create_task(_keep_routes(opened)).cancel)
        stack.callback(asyncio.create_task(keep_memory_low()).cancel)
        running = await _listen(opened, stack)
        set_apart()
        ready(running)
        await _until_stopped(_supervisor(opened, notices), stop)


def _supervisor(opened: OpenNode, notices: Notices) -> Supervisor:
    """Return the loops of a node; beside them its notices, until when answers are due, the daily erasures."""

    async def announced() -> AnnouncedDays:
        return await asyncio.to_thread(announced_days, opened.folder)

    node = opened.node
    beside = (notices.run, lambda: keep_ends(node, announced), lambda: keep_days(node))
    return Supervisor(node, beside=beside)


async def _keep_routes(opened: OpenNode) -> None:
    """Let calls follow what cards say meanwhile: another key of a partner's door, another one of ours.

    A store that fails ends the process by the supervisor, which meets it as well.
    """
    while True:
        await asyncio.sleep(ROUTES_S)
        with contextlib.suppress(NodeError):
            await refresh_routes(opened)


async def _listen(opened: OpenNode, stack: contextlib.AsyncExitStack) -> Running:
    """Open every door on the stack.

    Without keys for it the partner door stays shut. The rest opens: the command that makes new keys asks it.
    """
    settings = opened.settings
    for use in opened.shut_by:
        opened.node.journal.note("door_shut", reason=_no_key(use))
    is_open = settings.door.address and not opened.shut_by
    door = await _partner_door(opened, stack) if is_open else ""
    pages = await _pages(opened, stack) if settings.desk.port else ""
    operations = ""
    if settings.operations.port:
        watch = Watch(opened)
        stack.callback(asyncio.create_task(watch.run()).cancel)
        listener = await stack.enter_async_context(
            serve_operations(
                lambda: health_of(opened, watch),
                lambda: opened.counters.text() + watch.text(),
                metrics_type=METRICS_TYPE,
                host=settings.operations.host,
                port=settings.operations.port,
            )
        )
        operations = f"{listener.host}:{listener.port}"
    staff = await _staff_door(opened, stack) if settings.staff.port else ""
    socket = await stack.enter_async_context(serve_commands(Desk(opened)))
    agency, training, shut = opened.node.agency, opened.node.training, opened.shut_by
    return Running(agency, training, door, pages, operations, staff, socket, shut)


def _no_key(use: KeyUse) -> str:
    """Return the code of a use without a key that may be used."""
    return f"no_{use.value}_key"


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


async def _pages(opened: OpenNode, stack: contextlib.AsyncExitStack) -> str:
    """Open the staff door. Its pages ask the same commands as the local socket."""
    try:
        from exchange.interfaces.web.desk import House
        from exchange.interfaces.web.listening import at_address, serve_staff
        from exchange.interfaces.web.pages.signing_in import BACK
    except ImportError as error:
        raise ConfigurationError("the extra desk is not installed", hint=DESK_EXTRA) from error
    place, agency = opened.settings.desk, opened.settings.agency
    desk = Desk(opened)

    async def ask(name: str, members: Answer) -> Answer:
        return await COMMANDS[name](desk, Ask(members))

    press = await stack.enter_async_context(Press())
    house = House(staff_desk(opened), ask, agency.zone, agency.names, press.print, folder=opened.folder)
    back = f"{place.address.rstrip('/') or f'http://localhost:{place.port}'}{BACK}"
    house = replace(house, elsewhere=sign_in_elsewhere(opened, back), language=agency.language)
    return await stack.enter_async_context(serve_staff(at_address(house, place), place, folder=opened.folder))


def health_of(opened: OpenNode, watch: Watch) -> Health:
    """Return whether this node itself works; a partner that is not reachable is no illness of ours."""
    node = opened.node
    reasons = []
    try:
        node.guard.check()
    except ClockError as error:
        reasons.append(error.reason)
    if node.presence.is_any_frozen:  # not by the routes: a node with its door shut has none
        reasons.append("link_frozen")
    reasons += map(_no_key, opened.shut_by)
    return Health(tuple(reasons), watch.looks())


async def _until_stopped(supervisor: Supervisor, stop: asyncio.Event, *, drain_s: float = DRAIN_S) -> None:
    """Run the loops until the signal, or until one of them fails; then let them come to their end."""
    loops, stopped = asyncio.create_task(supervisor.run()), asyncio.create_task(stop.wait())
    await asyncio.wait({loops, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    supervisor.stop()
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
