# SPDX-License-Identifier: Apache-2.0
"""What a page gives back, and the fields that every answer of the staff door carries.

No page may be framed, nothing is kept in the browser or sent to another site. A style sheet and letters are
all that a page loads. Script may run on two pages only, where a passkey is used or made, and only our own
file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Final

from aiohttp import web

from exchange.interfaces.server import SERVER_NAME

POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
WITH_SCRIPT: Final = f"{POLICY}; script-src 'self'"
FIELDS: Final = {
    "Server": SERVER_NAME,
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
SANDBOX: Final = "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""Policy of a file that a partner or an officer made."""
KEPT_S: Final = 3600
"""How long a browser may keep the style sheet; its address changes with it."""


@dataclass(frozen=True)
class Page:
    """A template with what it shows."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    script: bool = False
    """Our own script may run on it."""


@dataclass(frozen=True)
class Redirect:
    """Go and look at another page of ours."""

    to: str


@dataclass(frozen=True)
class Download:
    """A file that the browser keeps or hands to another program, never shows as a page of ours."""

    content: bytes | IO[bytes]
    """A file is sent piece by piece, and closed."""
    kind: str
    """Media type, one of a closed set: never what somebody else wrote."""
    name: str
    """Name for the disk: a type and a number of ours, nothing of a person (rule 31)."""


Reply = Page | Redirect


def html_answer(text: str, *, status: int, script: bool = False) -> web.Response:
    more = {"Cache-Control": "no-store"} | ({"Content-Security-Policy": WITH_SCRIPT} if script else {})
    return _answer(text.encode(), "text/html; charset=utf-8", status, more)


def redirect_answer(to: str) -> web.Response:
    return _answer(b"", "text/plain; charset=utf-8", 303, {"Cache-Control": "no-store", "Location": to})


def download_answer(reply: Download) -> web.Response:
    """Return a file for the disk: even opened as a page it may do nothing (`sandbox`)."""
    more = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{reply.name}"',
        "Content-Security-Policy": SANDBOX,
    }
    return _answer(reply.content, reply.kind, 200, more)


def file_answer(content: bytes, kind: str) -> web.Response:
    return _answer(content, kind, 200, {"Cache-Control": f"public, max-age={KEPT_S}, immutable"})


def _answer(body: bytes | IO[bytes], kind: str, status: int, more: Mapping[str, str]) -> web.Response:
    return web.Response(body=body, status=status, headers={"Content-Type": kind, **FIELDS, **more})
