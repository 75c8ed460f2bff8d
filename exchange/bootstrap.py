# SPDX-License-Identifier: Apache-2.0
"""The only place that joins ports and adapters: sets up a data folder, opens a node, runs it.

    set_up      makes keys, card, store and `exchange.toml` in an empty folder
    open_node   opens key file and store of a folder; nothing listens yet
    run_node    listens for partners and for the command line, and runs the loops
    knock_at, memory_store    what the conformance kit needs of the outside

A data folder holds `exchange.toml`, `calendar.toml` if days were announced, `keys/` (`keys.sealed`,
`recovery.key`), `store/`, `high-water/`, `run/control.sock`, `log/exchange.log`. All of it has mode 0700
or 0600.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from exchange.adapters.documents.pdf import write_pdf as write_pdf
from exchange.adapters.documents.spreadsheets import read_spreadsheet as read_spreadsheet
from exchange.adapters.documents.spreadsheets import write_spreadsheet as write_spreadsheet
from exchange.adapters.keys.files import KeyFiles, check_folder
from exchange.adapters.keys.material import STORE_KEY_BYTES, NodeKeys, make_keys
from exchange.adapters.keys.tlscert import certificate_pem, make_certificate
from exchange.adapters.keys.witness import make_witness_key as make_witness_key
from exchange.adapters.keys.witness import read_witness_key as read_witness_key
from exchange.adapters.notify.mail import SmtpMailer
from exchange.adapters.notify.webhooks import WebhookBell
from exchange.adapters.storage.highwater import HighWaterFiles
from exchange.adapters.storage.memory import DirectStore
from exchange.adapters.storage.sqlite import SqliteStore
from exchange.adapters.telemetry.counters import METRICS_TYPE as METRICS_TYPE
from exchange.adapters.telemetry.counters import PrometheusCounters
from exchange.adapters.telemetry.journal import open_journal
from exchange.adapters.transport.http import HttpCarrier, PartnerRoute
from exchange.adapters.transport.knocking import HttpDoor
from exchange.adapters.transport.parcels import CourierFiles
from exchange.adapters.transport.signing import RequestGuard
from exchange.adapters.transport.twin import (
    VARIABLE,
    Fault,
    FaultyCarrier,
    FaultyDoor,
    StrangeKeyring,
    Twin,
)
from exchange.adapters.transport.witness import HttpWitnesses, check_url
from exchange.cases.calendars import NOTHING_ANNOUNCED, AnnouncedDays, read_announced
from exchange.cases.tables import LifecycleTable, MovementTable
from exchange.clock import Clock, SystemClock
from exchange.config import FILE_NAME, MAX_FILE_BYTES, Settings, read_settings, settings_text
from exchange.errors import ConfigurationError, ProtocolError, UsageError
from exchange.ids import AgencyCode, LinkId, OfficerNumber, RandomSource, parse_agency, parse_node
from exchange.ledger.witnessing import WitnessKey
from exchange.messages.codelists import agency, raw_list
from exchange.messages.versions import installed_versions
from exchange.protocol.cardform import CardFields
from exchange.protocol.cards import Card, read_card, sign_card
from exchange.protocol.keyring import Keyring
from exchange.protocol.suites import KeyUse, PrivateKey, Suite, tls_private_key
from exchange.service.accounts import Desk
from exchange.service.digests import Notices, Readers
from exchange.service.doorkeeper import Doorkeeper
from exchange.service.logbook import head_signer
from exchange.service.node import ClockGuard, Node, Presence
from exchange.service.notices import Channel
from exchange.service.pairing import own_card, pairing_of
from exchange.service.ports import Finish, UnitOfWork
from exchange.service.rows import AuditRow, CardRow, OfficerRow
from exchange.service.surroundings import Witness, Witnesses

DESK_EXTRA = "install it: pip install 'repatriation-exchange[desk]'"
REHEARSAL_TIMEOUT_S = 30.0
CALENDAR_FILE = "calendar.toml"
FOLDERS = ("keys", "store", "high-water", "run", "log")


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


def set_up(
    folder: Path,
    settings: Settings,
    passphrase: str,
    *,
    recovery_passphrase: str = "",
    officers: Mapping[OfficerNumber, str] | None = None,
) -> Card:
    """Make a new node in an empty folder and return its card; `officers` get every function of the office.

    Raises:
        ConfigurationError: the folder is not empty.
        PassphraseError: a passphrase is too short. Then, as after every error, the folder is empty again.
    """
    if folder.exists() and any(folder.iterdir()):
        raise ConfigurationError(
            f"{folder} is not empty", hint="choose an empty folder; nothing is overwritten"
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    try:
        return _fill(folder, settings, passphrase, recovery_passphrase, officers or {})
    except BaseException:
        for name in FOLDERS:
            shutil.rmtree(folder / name, ignore_errors=True)
        (folder / FILE_NAME).unlink(missing_ok=True)
        raise


def _fill(
    folder: Path,
    settings: Settings,
    passphrase: str,
    recovery_passphrase: str,
    officers: Mapping[OfficerNumber, str],
) -> Card:
    """Write everything into a new folder; the caller removes it when this fails."""
    for name in FOLDERS:
        (folder / name).mkdir(mode=0o700)
    if settings.paths.high_water:
        Path(settings.paths.high_water).mkdir(mode=0o700, parents=True, exist_ok=True)
    clock = SystemClock()
    keys = make_keys(secrets.token_bytes, clock.now())
    KeyFiles(folder / "keys").create(
        keys, passphrase, random=secrets.token_bytes, recovery_passphrase=recovery_passphrase
    )
    if keys.recovery is None:
        raise ConfigurationError("new keys came without a recovery key")
    card = first_card(settings, keys, keys.recovery, clock)
    asyncio.run(_keep_first_rows(folder, settings, keys, card, clock=clock, officers=officers))
    _write_settings(folder, settings)
    return card


def first_card(settings: Settings, keys: NodeKeys, recovery: PrivateKey, clock: Clock) -> Card:
    """Return the card with serial 1."""
    content = CardFields(
        agency=parse_agency(settings.agency.code),
        names=dict(settings.agency.names),
        node=parse_node(settings.agency.node),
        serial=1,
        issued_at=clock.now(),
        training=settings.agency.training,
        keys=keys.entries(),
        addresses=(settings.door.address,) if settings.door.address else (),
        suites=(int(Suite.CLASSICAL), int(Suite.HYBRID)),
        messages=installed_versions(),
        limits={},
    )
    return read_card(sign_card(content, key=recovery), pinned_recovery=recovery.public)


async def _keep_first_rows(
    folder: Path,
    settings: Settings,
    keys: NodeKeys,
    card: Card,
    *,
    clock: Clock,
    officers: Mapping[OfficerNumber, str],
) -> None:
    """Make the store with the own card and the first officers in it."""
    office = parse_agency(settings.agency.office)
    entry = agency(office)
    functions = tuple(sorted(entry.functions)) if entry else ()

    def unit(uow: UnitOfWork) -> None:
        now = clock.now()
        uow.links.add_card(CardRow(card.agency, card.serial, card.raw, card.digest, now))
        uow.audit.record(AuditRow(now, "node", "node_set_up", card.node))
        for number, name in officers.items():
            uow.officers.add(OfficerRow(number, name, office, functions, now, None))
            uow.audit.record(AuditRow(now, "administrator", "officer_added", number))

    store = await SqliteStore.open(
        folder / "store",
        store_key=keys.store_key,
        own=parse_agency(settings.agency.code),
        finish=lambda *_: None,
        create=True,
    )
    try:
        await store.write(unit)
    finally:
        await store.close()


def _write_settings(folder: Path, settings: Settings) -> None:
    path = folder / FILE_NAME
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(settings_text(settings))


def announced_days(folder: Path) -> AnnouncedDays:
    """Return the holidays that were announced in `calendar.toml` of a data folder; nothing without one.

    It is read each time, because governments announce late and nobody wants to restart a node for it.

    Raises:
        ConfigurationError: the file cannot be read, is too large, or is wrong.
    """
    path = folder / CALENDAR_FILE
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return NOTHING_ANNOUNCED
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read", hint="check its owner and its mode") from error
    if len(raw) > MAX_FILE_BYTES:
        raise ConfigurationError(f"{path} has more than {MAX_FILE_BYTES} bytes")
    return read_announced(raw)


def recovery_key(folder: Path, passphrase: str, path: Path | None = None) -> PrivateKey:
    """Return the recovery key from its file, by default in the data folder; for enrolment and new cards.

    Raises:
        ConfigurationError: there is no such file.
        FileModeError, PassphraseError, StoreDamagedError: others can read it; wrong passphrase; damaged.
    """
    return KeyFiles(folder / "keys").read_recovery(passphrase, path)


def check_keys(folder: Path, passphrase: str) -> None:
    """Return if the key file of a data folder opens; works while the service runs.

    Raises:
        NodeError: as `open_node`.
    """
    check_folder(folder)
    KeyFiles(folder / "keys").read(passphrase)


@contextlib.asynccontextmanager
async def open_node(folder: Path, passphrase: Callable[[], str]) -> AsyncIterator[OpenNode]:
    """Open key file and store of a data folder for as long as the context lasts.

    Raises:
        NodeError: anything about the folder, its modes, keys or store that keeps the node from running.
    """
    settings = read_settings(folder)
    check_folder(folder)
    check_folder(folder / "store")
    keys = KeyFiles(folder / "keys").read(passphrase())
    clock, counters = SystemClock(), PrometheusCounters()
    own, fault = parse_agency(settings.agency.code), wanted_fault(settings)
    witnesses = chosen_witnesses(settings)
    async with contextlib.AsyncExitStack() as stack:
        journal = stack.enter_context(
            open_journal(folder / "log" / "exchange.log", clock=clock, node=parse_node(settings.agency.node))
        )
        routes: dict[LinkId, PartnerRoute] = {}
        carrier = await stack.enter_async_context(
            HttpCarrier(routes.get, clock=clock, random=secrets.token_bytes)
        )
        made: list[Node] = []
        store = await SqliteStore.open(
            folder / "store",
            store_key=keys.store_key,
            own=own,
            finish=lambda uow, links: head_signer(made[0])(uow, links),
        )
        stack.push_async_callback(store.close)
        node = Node(
            agency=own,
            node=parse_node(settings.agency.node),
            keys=_keyring(keys, fault),
            store=store,
            carrier=FaultyCarrier(carrier, fault) if fault else carrier,
            high_water=HighWaterFiles(Path(settings.paths.high_water or folder / "high-water"), data=folder),
            counters=counters,
            journal=journal,
            clock=clock,
            guard=ClockGuard(clock),
            random=secrets.token_bytes,
            tables=_tables(),
            presence=Presence(),
            training=settings.agency.training,
            only_calls=not settings.door.address,
            witnesses=Witnesses(witnesses, await stack.enter_async_context(HttpWitnesses())),
        )
        made.append(node)
        card = await store.read(lambda uow: own_card(uow, node))
        opened = OpenNode(node, folder, settings, keys, card, counters, routes, fault=fault)
        await refresh_routes(opened)
        yield opened


def chosen_witnesses(settings: Settings) -> tuple[Witness, ...]:
    """Return the witnesses of a configuration.

    Raises:
        ConfigurationError: an address or a key that cannot be one.
    """
    try:
        return tuple(
            Witness(str(check_url(each.url)), WitnessKey.parse(each.key)) for each in settings.witness
        )
    except ProtocolError as error:
        raise ConfigurationError(
            f"a witness in {FILE_NAME}: {error}", hint="copy the key that its administrator gave you"
        ) from error


def notices_of(opened: OpenNode) -> Notices:
    """Return what tells people and systems of the own agency, as the configuration says.

    Raises:
        ConfigurationError: mail is wanted and its package or its password is missing.
    """
    wanted, node = opened.settings.notify, opened.node
    password = _mail_password(wanted.password_file) if wanted.user else ""
    mailer = None
    if wanted.server:
        mailer = SmtpMailer(wanted, password=password, clock=node.clock, random=node.random)
    bells = [WebhookBell(each, clock=node.clock) for each in opened.settings.staff.webhook]
    readers = Readers(
        wanted.arrivals,
        wanted.overdue,
        wanted.administrator,
        wanted.hour,
        opened.settings.agency.zone or "UTC",
    )
    return Notices(
        node,
        readers,
        mailer,
        bells=tuple(Channel(f"webhook:{bell.name}", bell.ring) for bell in bells),
        announced=lambda: announced_days(opened.folder),
    )


def _mail_password(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_FILE_BYTES).decode("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"the file {path or '(none)'} of [notify] password_file cannot be read", hint="it holds one line"
        ) from error


def wanted_fault(settings: Settings) -> Fault | None:
    """Return how a training node is to misbehave, from the environment; a real node never does.

    Raises:
        ConfigurationError: no such way.
    """
    wanted = os.environ.get(VARIABLE, "") if settings.agency.training else ""
    if wanted and wanted not in list(Twin):
        raise ConfigurationError(f"{VARIABLE} is none of {', '.join(Twin)}")
    return Fault(Twin(wanted)) if wanted else None


def _keyring(keys: NodeKeys, fault: Fault | None) -> Keyring:
    if fault is None or fault.twin is not Twin.WRONG_KEY:
        return keys.keyring()
    return StrangeKeyring(keys.keys, fault, secrets.token_bytes)


def _tables() -> MovementTable:
    cases = LifecycleTable.from_json(raw_list("case-states"))
    return MovementTable.from_json(raw_list("movement-states"), cases)


async def refresh_routes(opened: OpenNode) -> None:
    """Read from the store how each partner is reached; called at start and after an enrolment."""
    node = opened.node

    def unit(uow: UnitOfWork) -> dict[LinkId, PartnerRoute]:
        found = {}
        for row in uow.links.all():
            pairing = pairing_of(uow, node, row.link)
            address = uow.settings.get(f"address:{row.partner}") or next(
                iter(pairing.partner_card.addresses), ""
            )
            if address:
                found[row.link] = PartnerRoute(
                    link=row.link,
                    base_url=address,
                    recipient=row.partner,
                    tls_pins=frozenset(
                        key.public for key in pairing.partner_card.keys_for(KeyUse.TLS) if key.revoked is None
                    ),
                    door_key=node.keys.signing(KeyUse.DOOR, node.clock.now()),
                )
        return found

    found = await node.store.read(unit)
    links = await node.store.read(lambda uow: [row.link for row in uow.links.all()])
    opened.routes.clear()
    opened.routes.update(found)
    for link in links:
        node.presence.of(link).only_answers = link not in found


def staff_desk(opened: OpenNode) -> Desk:
    """Return what accounts and sign-ins of the own staff work on.

    Raises:
        ConfigurationError: the extra `desk` is not installed, or a real node would go without codes.
    """
    settings = opened.settings
    if not settings.desk.codes and not settings.agency.training:
        raise ConfigurationError(
            "[desk] codes = false is for training nodes only", hint="take it out of exchange.toml"
        )
    if opened.desk is None:
        try:
            from exchange.adapters.identity.codes import DeviceCodes
            from exchange.adapters.identity.passwords import ArgonPasswords
        except ImportError as error:
            raise ConfigurationError("the extra desk is not installed", hint=DESK_EXTRA) from error
        opened.desk = Desk(opened.node, ArgonPasswords(), DeviceCodes(), codes_needed=settings.desk.codes)
    return opened.desk


async def rehearse_frame(
    folder: Path, passphrase: str, frame: bytes, *, partner_card: bytes, link: LinkId
) -> bytes:
    """Send a frame of one's own making to a training partner, and return its answer.

    It shows that a partner's node takes nothing that is wrong, also from somebody who holds our keys.
    Nothing of it is stored here.

    Raises:
        UsageError: one of the two is no training node.
        TransportError: no proper answer.
    """
    settings, card = read_settings(folder), read_card(partner_card, pinned_recovery=None)
    if not (settings.agency.training and card.training):
        raise UsageError("frames are rehearsed between training nodes only")
    clock, keys = SystemClock(), KeyFiles(folder / "keys").read(passphrase)
    route = PartnerRoute(
        link=link,
        base_url=card.addresses[0],
        recipient=card.agency,
        tls_pins=frozenset(key.public for key in card.keys_for(KeyUse.TLS)),
        door_key=keys.keyring().signing(KeyUse.DOOR, clock.now()),
    )
    async with HttpCarrier(lambda _: route, clock=clock, random=secrets.token_bytes) as carrier:
        return await carrier.exchange(link, frame, timeout_s=REHEARSAL_TIMEOUT_S)


def partner_door(opened: OpenNode) -> tuple[Doorkeeper, RequestGuard, bytes, bytes]:
    """Return what the partner door needs: service, guard, certificate (PEM), its key (PEM)."""
    node, now = opened.node, opened.node.clock.now()
    own = next(
        own
        for own in opened.keys.keys
        if own.key.use is KeyUse.TLS and own.valid_from <= now < own.valid_until
    )
    host = opened.settings.door.address.removeprefix("https://").rsplit(":", 1)[0].strip("[]") or "localhost"
    certificate = make_certificate(own, hosts=[host], random=node.random)
    pem = tls_private_key(own.key).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    guard = RequestGuard(recipient=node.agency, clock=node.clock)
    raw, fault = opened.card.raw, opened.fault
    doorkeeper = FaultyDoor(node, raw, fault) if fault else Doorkeeper(node, raw)
    return doorkeeper, guard, certificate_pem(certificate), pem


def knock_at(base_url: str, card: Card) -> HttpDoor:
    """Return how the conformance kit reaches a door; only a TLS key of the card opens the connection."""
    pins = [key.public for key in card.keys_for(KeyUse.TLS) if key.revoked is None]
    return HttpDoor(base_url, pins)


def memory_store(own: AgencyCode, finish: Finish, random: RandomSource, snapshot: bytes) -> DirectStore:
    """Return a store in memory, new or from a snapshot, for a node to which only vectors are shown.

    Nothing of it is ever written anywhere, so its key protects nothing and is no secret.
    """
    store_key = bytes(STORE_KEY_BYTES)
    if not snapshot:
        return DirectStore.empty(own=own, store_key=store_key, finish=finish, random=random)
    return DirectStore.from_snapshot(snapshot, own=own, store_key=store_key, finish=finish, random=random)
