# SPDX-License-Identifier: Apache-2.0
"""Opens the staff door: where it listens, how it is protected, and which cookie it may use.

1. Beyond loopback it listens with TLS only: certificate and key of the configuration.
2. With an address that begins with https, ours or that of a proxy on this machine, the cookie is
   `__Host-exchange`: a browser sends it over TLS, to this very name, and to no path or other name.
3. On plain loopback, for a demo or behind nothing, browsers refuse such a cookie; it is `exchange-loopback`.
"""

import asyncio
import contextlib
import ipaddress
import ssl
import threading
from collections.abc import AsyncIterator, Collection
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from exchange.config import DeskSection
from exchange.errors import ConfigurationError
from exchange.interfaces.server import Listener, serve
from exchange.interfaces.tls import server_tls
from exchange.interfaces.web.desk import House
from exchange.interfaces.web.door import staff_app
from exchange.messages.catalog import FORMS
from exchange.messages.questions import questions_of
from exchange.service.passkeys import Passkeys, Questions
from exchange.service.staff import PasskeyPlace

SECURE_COOKIE: Final = "__Host-exchange"
LOOPBACK_COOKIE: Final = "exchange-loopback"
_HTTPS: Final = "https://"


@contextlib.asynccontextmanager
async def serve_staff(house: House, place: DeskSection, *, folder: Path) -> AsyncIterator[str]:
    """Listen for the own staff while the context is open; gives the address for a browser.

    Raises:
        ConfigurationError: it would be open beyond this machine without TLS, or a file cannot be read.
    """
    tls = _tls(place, folder)
    if tls is None and not is_loopback(place.host):
        raise ConfigurationError(
            f"the pages would be open beyond this machine without TLS, on {place.host}",
            hint="say certificate and key in [desk], or listen on 127.0.0.1 behind a proxy",
        )
    async with serve(staff_app(house), host=place.host, port=place.port, ssl_context=tls) as listener:
        stops = threading.Event()
        made = asyncio.create_task(asyncio.to_thread(_make_questions, stops))
        try:
            yield address_of(place, listener)
        finally:
            stops.set()
            await made


def _make_questions(stops: threading.Event) -> None:
    """Make the questions of every type beside the loop, once: each takes 0.2 s the first time."""
    for type_code in FORMS:
        if stops.is_set():
            return
        questions_of(type_code)


def at_address(house: House, place: DeskSection) -> House:
    """Return the house as browsers see it: cookie and origins."""
    secure = bool(place.certificate) or place.address.startswith(_HTTPS)
    named = place.address or address_of(place, Listener(place.host, place.port))
    origins = {named.rstrip("/"), address_of(place, Listener(place.host, place.port))}
    origins |= set() if secure else {f"http://localhost:{place.port}"}
    cookie = SECURE_COOKIE if secure else LOOPBACK_COOKIE
    passkeys = passkeys_at(house, origins)
    return replace(house, origins=frozenset(origins), cookie=cookie, secure=secure, passkeys=passkeys)


def passkeys_at(house: House, origins: Collection[str]) -> Passkeys | None:
    """Return how passkeys are used at these origins; browsers know none at a bare address."""
    names = {origin: urlsplit(origin).hostname or "" for origin in origins}
    hosts = [name for name in sorted(names.values()) if not _is_address(name)]
    if house.staff.devices is None or not hosts:
        return None
    place = PasskeyPlace(hosts[0], tuple(sorted(one for one, name in names.items() if name == hosts[0])))
    return Passkeys(house.staff, house.staff.devices, place, Questions(house.node.random(32)))


def address_of(place: DeskSection, listener: Listener) -> str:
    """Return the address that a browser opens."""
    if place.address:
        return place.address
    scheme = "https" if place.certificate else "http"
    return f"{scheme}://{listener.host}:{listener.port}"


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return not host
    return True


def _tls(place: DeskSection, folder: Path) -> ssl.SSLContext | None:
    if not place.certificate:
        return None
    try:
        certificate, key = Path(place.certificate).read_bytes(), Path(place.key).read_bytes()
        return server_tls(certificate, key, folder=folder / "run")
    except (OSError, ValueError, ssl.SSLError) as error:
        raise ConfigurationError(
            "certificate or key of [desk] cannot be read", hint="give the paths of two PEM files"
        ) from error
