# SPDX-License-Identifier: Apache-2.0
"""What the doors and the conformance kit need of the outside: pages, mail, partner door, stores in memory."""

import secrets
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from exchange.adapters.identity.sign_in_service import SignInService
from exchange.adapters.keys.files import KeyFiles
from exchange.adapters.keys.material import STORE_KEY_BYTES
from exchange.adapters.keys.tlscert import certificate_pem, make_certificate
from exchange.adapters.notify.mail import SmtpMailer
from exchange.adapters.notify.webhooks import WebhookBell
from exchange.adapters.storage.memory import DirectStore
from exchange.adapters.transport.http import HttpCarrier, PartnerRoute
from exchange.adapters.transport.knocking import HttpDoor
from exchange.adapters.transport.signing import RequestGuard
from exchange.adapters.transport.twin import (
    FaultyDoor,
)
from exchange.bootstrap.opening import OpenNode
from exchange.cases.calendars import NOTHING_ANNOUNCED, AnnouncedDays, read_announced
from exchange.clock import SystemClock
from exchange.config import MAX_FILE_BYTES, read_settings
from exchange.errors import ConfigurationError, UsageError
from exchange.i18n import LANGUAGES
from exchange.ids import AgencyCode, LinkId, RandomSource
from exchange.protocol.cards import Card, read_card
from exchange.protocol.suites import KeyUse, tls_private_key
from exchange.service.accounts import Desk
from exchange.service.doorkeeper import Doorkeeper
from exchange.service.notice_mails import Notices, Readers
from exchange.service.notices import Channel
from exchange.service.passkeys import Questions
from exchange.service.ports import Finish
from exchange.service.signing_on import Elsewhere

DESK_EXTRA = "install it, in the folder of the source: pip install '.[desk]'"
REHEARSAL_TIMEOUT_S = 30.0
CALENDAR_FILE = "calendar.toml"


def announced_days(folder: Path) -> AnnouncedDays:
    """Return the days to count with: those of `calendar.toml`, or none, with the reason, if it is wrong.

    A wrong file must not hide what is due. It is read each time, because governments announce late and nobody
    wants to restart a node for it.
    """
    try:
        return read_calendar(folder) or NOTHING_ANNOUNCED
    except ConfigurationError as error:
        return AnnouncedDays(fault=str(error))


def announced_for_figures(folder: Path) -> AnnouncedDays:
    """Return the days to count with for figures that are signed or leave the office.

    Raises:
        ConfigurationError: as `read_calendar`; a figure that was counted without the file would be wrong.
    """
    return read_calendar(folder) or NOTHING_ANNOUNCED


def read_calendar(folder: Path) -> AnnouncedDays | None:
    """Return what was announced in `calendar.toml` of a data folder; None without one.

    Raises:
        ConfigurationError: the file cannot be read, is too large, or is wrong; names it.
    """
    path = folder / CALENDAR_FILE
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read", hint="check its owner and its mode") from error
    if len(raw) > MAX_FILE_BYTES:
        raise ConfigurationError(f"{path} has more than {MAX_FILE_BYTES} bytes")
    try:
        return read_announced(raw)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}", hint=error.hint) from error


def notices_of(opened: OpenNode) -> Notices:
    """Return what tells people and systems of the own agency, as the configuration says.

    Raises:
        ConfigurationError: mail is wanted and its package or its password is missing.
    """
    wanted, node = opened.settings.notify, opened.node
    unknown = sorted(set(wanted.languages.values()) - set(LANGUAGES))
    if unknown:
        raise ConfigurationError(
            f"[notify] languages has {unknown[0][:8]}, in which there are no texts",
            hint=f"languages: {', '.join(LANGUAGES)}",
        )
    password = line_of(wanted.password_file, "[notify] password_file") if wanted.user else ""
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
        wanted.languages,
    )
    return Notices(
        node,
        readers,
        mailer,
        bells=tuple(Channel(f"webhook:{bell.name}", bell.ring) for bell in bells),
        announced=lambda: announced_days(opened.folder),
    )


def line_of(path: str, setting: str) -> str:
    """Return the one line of a file that the configuration names.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_FILE_BYTES).decode("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"the file {path or '(none)'} of {setting} cannot be read", hint="it holds one line"
        ) from error


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
            from exchange.adapters.identity.passkeys import BrowserDevices
            from exchange.adapters.identity.passwords import ArgonPasswords
        except ImportError as error:
            raise ConfigurationError("the extra desk is not installed", hint=DESK_EXTRA) from error
        opened.desk = Desk(
            opened.node,
            ArgonPasswords(),
            DeviceCodes(),
            codes_needed=settings.desk.codes,
            devices=BrowserDevices(),
        )
    return opened.desk


def sign_in_elsewhere(opened: OpenNode, back: str) -> Elsewhere | None:
    """Return how officers sign in at the service of the agency; `back` is where their browsers come back.

    Raises:
        ConfigurationError: the secret cannot be read.
    """
    wanted, node = opened.settings.oidc, opened.node
    if not wanted.issuer:
        return None
    secret = line_of(wanted.secret_file, "[oidc] secret_file") if wanted.secret_file else ""
    provider = SignInService(wanted, secret, back, node.clock)
    questions = Questions(node.random(32))
    return Elsewhere(staff_desk(opened), provider, wanted.issuer, wanted.name or wanted.issuer, questions)


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
    """Return what the partner door needs: service, guard, certificate (PEM), its key (PEM).

    Requires that no use is missing for it (`OpenNode.shut_by`).
    """
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
