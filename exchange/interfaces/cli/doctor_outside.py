# SPDX-License-Identifier: Apache-2.0
"""The checks of `exchange doctor` for what the configuration names outside the node.

1. certificate and key of the pages and of the staff API: readable, and belong together
2. mail server: answers, and takes the login; nothing is sent
3. sign-in service of the agency: answers, and names only addresses of its own

What is not configured is not mentioned. The partner, witnesses and webhooks are not called from here.
"""

import asyncio
import secrets
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

from exchange.config import Settings
from exchange.errors import ExchangeError


@dataclass(frozen=True)
class Finding:
    """One thing that was checked."""

    what: str
    well: bool
    found: str
    todo: str = ""


def outside(settings: Settings) -> Iterator[Finding]:
    """Yield what was found."""
    from exchange.bootstrap import ask_sign_in_service, greet_mail_server

    yield from _tls(settings)
    if settings.notify.server:
        place = f"{settings.notify.server}:{settings.notify.port}"
        greeted = greet_mail_server(settings.notify, secrets.token_bytes)
        yield _tried("mail server", f"{place} answers", greeted, "check [notify] and the network")
    if settings.oidc.issuer:
        asked = ask_sign_in_service(settings.oidc)
        found = f"{settings.oidc.issuer} describes itself"
        yield _tried("sign-in service", found, asked, "check [oidc] and the network; passwords go on")


def wrong(what: str, error: ExchangeError, todo: str = "") -> Finding:
    return Finding(what, False, str(error).rstrip("."), error.hint or todo)


def _tls(settings: Settings) -> Iterator[Finding]:
    from exchange.bootstrap import read_tls_files

    try:
        names = read_tls_files(settings)
    except ExchangeError as error:
        yield wrong("certificates", error)
        return
    if names:
        sections = ", ".join(f"[{name}]" for name in names)
        yield Finding("certificates", True, f"{sections}: certificate and key belong together")


def _tried(what: str, found: str, attempt: Coroutine[Any, Any, None], todo: str) -> Finding:
    try:
        asyncio.run(attempt)
    except ExchangeError as error:
        return wrong(what, error, todo)
    return Finding(what, True, found)
