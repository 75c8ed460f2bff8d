# SPDX-License-Identifier: Apache-2.0
"""What a browser asked: read strictly from the request, within limits, before any page sees it.

1. GET without a body, POST with one short form (`application/x-www-form-urlencoded`, UTF-8), or with one that
   brings a file (`uploads`), where the door takes one.
2. A form comes from a page of ours: what the browser says of its origin must fit, if it says anything.
3. Only our two cookies are read: of the sign-in, and of the way to the sign-in service of the agency. Fields
   and query keep the order and the number of their values.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from aiohttp import ClientPayloadError, web

from exchange.i18n import ENGLISH
from exchange.interfaces.server import Refusal, connection_of
from exchange.interfaces.web.languages import wanted_language
from exchange.interfaces.web.uploads import MAX_UPLOAD_BYTES, Uploaded, is_upload, read_upload
from exchange.messages.as_written import ascii_digits

T = TypeVar("T")

MAX_BODY_BYTES = 256 * 1024
"""A page of a form with its longest texts, in three-byte letters and escaped."""
MAX_FIELDS = 2_000
WAY_COOKIE = "-way"
"""What the name of the second cookie has behind that of the first."""
FORM_TYPE = "application/x-www-form-urlencoded"
_MAX_LENGTH_DIGITS = 7

Values = Mapping[str, tuple[str, ...]]
TakesFile = Callable[["Asked"], Awaitable[bool]]
"""Whether a form with a file is taken from whoever asks; nothing of its body is read before."""


@dataclass(frozen=True)
class Asked:
    """One question of a browser."""

    method: str
    path: str
    address: str
    """Of the other end of the connection."""
    token: str
    """From our cookie, "" without one."""
    way: str = ""
    """From the cookie of who went to the sign-in service of the agency."""
    query: Values = field(default_factory=dict)
    fields: Values = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    """The parts of the path that the route names."""
    files: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict)
    """Files of the form, without their names; an input that was left empty has none."""
    wanted: str = ENGLISH
    """Language of the pages that the browser wants most."""

    def text(self, name: str) -> str:
        """Return the first value of a field of the form, without space around it."""
        return (self.fields.get(name) or ("",))[0].strip()

    def written(self, name: str) -> str:
        """Return the first value of a field, which holds a number, with the digits 0 to 9."""
        return ascii_digits(self.text(name))

    def texts(self, name: str) -> tuple[str, ...]:
        return self.fields.get(name, ())

    def said(self, name: str) -> str:
        """Return the first value of the query."""
        return (self.query.get(name) or ("",))[0].strip()

    def file(self, name: str) -> bytes:
        """Return the first file of a field of the form, or nothing."""
        return (self.files.get(name) or (b"",))[0]

    def number(self, name: str) -> int:
        """Return a field of the form as a number, or 0."""
        return number_in(self.text(name))


def number_in(text: str) -> int:
    """Return a text as a number of at most nine digits of any script, or 0."""
    text = ascii_digits(text)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


async def read_asked(
    request: web.BaseRequest, *, cookie: str, own: frozenset[str], takes_file: TakesFile
) -> Asked:
    """Return what was asked; `own` are the origins at which our pages are.

    Raises:
        Refusal: another method, a body that is no form, too long, or from another site.
    """
    parts = urlsplit(request.raw_path)
    if request.method not in ("GET", "HEAD", "POST"):
        raise Refusal(400, "request_invalid")
    asked = Asked(
        method="POST" if request.method == "POST" else "GET",
        path=unquote(parts.path, errors="strict"),
        address=request.remote or "",
        token=_cookie(request, cookie),
        way=_cookie(request, f"{cookie}{WAY_COOKIE}"),
        query=_pairs(parts.query),
        wanted=wanted_language(request.headers.get("Accept-Language", "")),
    )
    if request.method != "POST":
        if request.body_exists:
            raise Refusal(400, "request_invalid")
        return asked
    _demand_own_page(request, own)
    if not is_upload(request.headers):
        return replace(asked, fields=_pairs((await _body(request)).decode("utf-8", errors="strict")))
    if not await takes_file(asked):
        raise Refusal(415, "content_type")
    uploaded = await _uploaded(request)
    return replace(asked, fields=uploaded.texts, files=uploaded.files)


def _demand_own_page(request: web.BaseRequest, own: frozenset[str]) -> None:
    """Refuse a form that the browser says comes from another site (2)."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site not in (None, "same-origin", "none") or (origin is not None and origin not in own):
        raise Refusal(400, "other_site")


async def _body(request: web.BaseRequest) -> bytes:
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != FORM_TYPE:
        raise Refusal(415, "content_type")
    length = _length(request, MAX_BODY_BYTES)
    return await _in_time(request, request.content.readexactly(length))


async def _uploaded(request: web.BaseRequest) -> Uploaded:
    _length(request, MAX_UPLOAD_BYTES)
    return await _in_time(request, read_upload(request))


def _length(request: web.BaseRequest, most: int) -> int:
    """Return the length that the browser says; it says one, and no encoding."""
    fields = request.headers
    length = fields.get("Content-Length", "")
    if "Transfer-Encoding" in fields or "Content-Encoding" in fields:
        raise Refusal(415, "content_type")
    if not (length.isascii() and length.isdigit()) or len(length) > _MAX_LENGTH_DIGITS:
        raise Refusal(400, "length_required")
    if int(length) > most:
        raise Refusal(413, "too_large")
    return int(length)


async def _in_time(request: web.BaseRequest, reading: Awaitable[T]) -> T:
    connection = connection_of(request)
    try:
        async with asyncio.timeout(connection.app.limits.body_s):
            return await reading
    except TimeoutError:
        connection.abort("slow_body")
        raise ConnectionAbortedError("the body does not come") from None
    except (EOFError, ClientPayloadError) as error:
        raise ConnectionAbortedError("the body ends early") from error


def _pairs(text: str) -> Values:
    """Return names and values; line ends become those of the wire."""
    try:
        pairs = parse_qsl(
            text,
            keep_blank_values=True,
            strict_parsing=bool(text),
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError as error:
        raise Refusal(400, "request_invalid") from error
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        found[name] = (*found.get(name, ()), value.replace("\r\n", "\n"))
    return found


def _cookie(request: web.BaseRequest, name: str) -> str:
    for pair in request.headers.get("Cookie", "").split(";"):
        given, _, value = pair.strip().partition("=")
        if given == name:
            return value
    return ""
