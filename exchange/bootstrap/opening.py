# SPDX-License-Identifier: Apache-2.0
"""Opens key file and store of a data folder; nothing listens yet."""

import contextlib
import os
import secrets
import shlex
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from exchange.adapters.keys.files import KeyFiles, check_folder
from exchange.adapters.keys.material import NodeKeys
from exchange.adapters.keys.renewal import PreparedCard, destroyable
from exchange.adapters.storage.highwater import HighWaterFiles
from exchange.adapters.storage.sqlite import SqliteStore
from exchange.adapters.telemetry.counters import PrometheusCounters
from exchange.adapters.telemetry.journal import open_journal
from exchange.adapters.transport.http import HttpCarrier, PartnerRoute
from exchange.adapters.transport.parcels import CourierFiles
from exchange.adapters.transport.twin import (
    VARIABLE,
    Fault,
    FaultyCarrier,
    StrangeKeyring,
    Twin,
)
from exchange.bootstrap.founded import demand_founded
from exchange.bootstrap.restoring import finish
from exchange.bootstrap.third_parties import chosen_stampers, open_witnesses
from exchange.cases.tables import LifecycleTable, MovementTable
from exchange.clock import Clock, SystemClock
from exchange.config import Settings, read_settings
from exchange.errors import ConfigurationError
from exchange.ids import AgencyCode, LinkId, parse_agency, parse_node
from exchange.messages.codelists import raw_list
from exchange.protocol.cards import Card, read_card
from exchange.protocol.keyring import Keyring
from exchange.protocol.suites import KeyUse, PublicKey
from exchange.service.accounts import Desk
from exchange.service.addresses import standing_of
from exchange.service.keychange import adopt_card, is_quiet, past_keys
from exchange.service.logbook import head_signer
from exchange.service.node import ClockGuard, Node, Presence
from exchange.service.pairing import Pairing, own_card, pairing_of
from exchange.service.pausing import recall
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow


@dataclass
class OpenNode:
    """An opened node with what its doors need."""

    node: Node
    folder: Path
    settings: Settings
    keys: NodeKeys
    card: Card
    counters: PrometheusCounters
    routes: dict[LinkId, PartnerRoute] = field(default_factory=dict)
    parcels: CourierFiles = field(default_factory=CourierFiles)
    fault: Fault | None = None
    """How a training node misbehaves on purpose."""
    desk: Desk | None = None
    """Accounts of the own staff, once somebody asked for them: `staff_desk`."""
    shut_by: tuple[KeyUse, ...] = ()
    """Uses without a key of ours that may be used at the start: no partner is called or let in."""


@contextlib.asynccontextmanager
async def open_node(folder: Path, passphrase: Callable[[], str]) -> AsyncIterator[OpenNode]:
    """Open key file and store of a data folder for as long as the context lasts.

    Raises:
        NodeError: anything about the folder, its modes, keys or store that keeps the node from running.
    """
    settings = _settings_of(folder)
    check_folder(folder)
    check_folder(
        folder / "store", hint=f"exchange backup restore FILE --replace --data {shlex.quote(str(folder))}"
    )
    files, secret = KeyFiles(folder / "keys"), passphrase()
    keys, prepared = files.read(secret), files.prepared_card()
    clock, counters = SystemClock(), PrometheusCounters()
    own, fault = parse_agency(settings.agency.code), wanted_fault(settings)
    async with contextlib.AsyncExitStack() as stack:
        journal = stack.enter_context(
            open_journal(folder / "log" / "exchange.log", clock=clock, node=parse_node(settings.agency.node))
        )
        routes: dict[LinkId, PartnerRoute] = {}
        carrier = await stack.enter_async_context(
            HttpCarrier(routes.get, clock=clock, random=secrets.token_bytes)
        )
        made: list[Node] = []
        store = await _open_store(folder, keys, own, made)
        stack.push_async_callback(store.close)
        keys = await _without_old_keys(store, files, keys, secret, clock=clock)
        past = await store.read(lambda uow: past_keys(uow, own))
        node = Node(
            agency=own,
            node=parse_node(settings.agency.node),
            keys=_keyring(keys, fault, past),
            store=store,
            carrier=FaultyCarrier(carrier, fault) if fault else carrier,
            high_water=high_water_of(folder, settings),
            counters=counters,
            journal=journal,
            clock=clock,
            guard=ClockGuard(clock),
            random=secrets.token_bytes,
            tables=_tables(),
            presence=Presence(),
            training=settings.agency.training,
            only_calls=not settings.door.address,
            witnesses=await stack.enter_async_context(open_witnesses(settings)),
            stampers=chosen_stampers(settings, clock),
        )
        made.append(node)
        await recall(node)
        card = await _newest_card(node, keys, prepared)
        demand_founded(settings, card)
        opened = OpenNode(node, folder, settings, keys, card, counters, routes, fault=fault)
        opened.shut_by = _shut_by(opened)
        await refresh_routes(opened)
        yield opened


def high_water_of(folder: Path, settings: Settings) -> HighWaterFiles:
    """Return the high-water files of a data folder, where the settings want them."""
    return HighWaterFiles(Path(settings.paths.high_water or folder / "high-water"), data=folder)


async def _open_store(folder: Path, keys: NodeKeys, own: AgencyCode, made: Sequence[Node]) -> SqliteStore:
    """Open the store; its heads are signed by the node in `made`, which needs the store before."""
    return await SqliteStore.open(
        folder / "store",
        store_key=keys.store_key,
        own=own,
        finish=lambda uow, links: head_signer(made[0])(uow, links),
    )


def _settings_of(folder: Path) -> Settings:
    """Finish a restore that was broken off, and return the settings of the folder."""
    finish(folder)
    return read_settings(folder)


async def _newest_card(node: Node, keys: NodeKeys, prepared: PreparedCard | None) -> Card:
    """Take over a card that was prepared with all of its keys; return the one that counts."""
    if prepared and prepared.is_whole(keys):
        offered = read_card(prepared.raw, pinned_recovery=None)
        await adopt_card(node, offered, act=prepared.act, officers=prepared.officers)
    return await node.store.read(lambda uow: own_card(uow, node))


async def _without_old_keys(
    store: SqliteStore, files: KeyFiles, keys: NodeKeys, passphrase: str, *, clock: Clock
) -> NodeKeys:
    """Destroy the sealing keys whose time is over; what was sealed to them stays closed for ever."""
    now = clock.now()
    gone = destroyable(keys, now=now, is_quiet=await store.read(is_quiet))
    if not gone:
        return keys
    kept = keys.without(gone)
    files.replace(kept, passphrase, random=secrets.token_bytes)

    def unit(uow: UnitOfWork) -> None:
        for kid in gone:
            uow.audit.record(AuditRow(now, "node", "key_destroyed", kid))

    await store.write(unit)
    return kept


def wanted_fault(settings: Settings) -> Fault | None:
    """Return how a training node is to misbehave, from the environment; a real node never does.

    Raises:
        ConfigurationError: no such way.
    """
    wanted = os.environ.get(VARIABLE, "") if settings.agency.training else ""
    if wanted and wanted not in list(Twin):
        raise ConfigurationError(f"{VARIABLE} is none of {', '.join(Twin)}")
    return Fault(Twin(wanted)) if wanted else None


def _keyring(keys: NodeKeys, fault: Fault | None, past: Iterable[PublicKey]) -> Keyring:
    if fault is None or fault.twin is not Twin.WRONG_KEY:
        return keys.keyring(past)
    return StrangeKeyring(keys.keys, fault, secrets.token_bytes)


def _tables() -> MovementTable:
    cases = LifecycleTable.from_json(raw_list("case-states"))
    return MovementTable.from_json(raw_list("movement-states"), cases)


def _shut_by(opened: OpenNode) -> tuple[KeyUse, ...]:
    """Return the uses that the way to partners needs and for which no own key may be used now.

    The node runs all the same: new keys are made by its own command, which needs it.
    """
    needed = (KeyUse.DOOR, KeyUse.TLS) if opened.settings.door.address else (KeyUse.DOOR,)
    return tuple(use for use in needed if not opened.node.keys.may_sign(use, opened.node.clock.now()))


async def refresh_routes(opened: OpenNode) -> None:
    """Read from the store how each partner is reached; called at start and after an enrolment.

    Without a door key of ours nobody is called; that a partner has an address is known all the same.
    """
    node = opened.node

    def unit(uow: UnitOfWork) -> dict[LinkId, tuple[Pairing, str]]:
        found = {}
        for row in uow.links.all():
            pairing = pairing_of(uow, node, row.link)
            found[row.link] = pairing, standing_of(uow, pairing.partner_card).in_use
        return found

    found = await node.store.read(unit)
    can_call = node.keys.may_sign(KeyUse.DOOR, node.clock.now())
    opened.routes.clear()
    for link, (pairing, address) in found.items():
        node.presence.of(link).only_answers = not address
        if address and can_call:
            opened.routes[link] = _route(node, pairing, address)


def _route(node: Node, pairing: Pairing, address: str) -> PartnerRoute:
    return PartnerRoute(
        link=pairing.link.link,
        base_url=address,
        recipient=pairing.partner,
        tls_pins=frozenset(
            key.public for key in pairing.partner_card.keys_for(KeyUse.TLS) if key.revoked is None
        ),
        door_key=node.keys.signing(KeyUse.DOOR, node.clock.now()),
    )
