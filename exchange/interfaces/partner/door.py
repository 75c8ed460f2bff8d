# SPDX-License-Identifier: Apache-2.0
"""The partner door: the only listener that the other country can reach.

The order in which a request is judged; nothing of its body is read before step 6:

1. Form: method, path, content type, a length within the limit, no transfer or content encoding.
2. The claimed key is looked up among the keys of the partner of that link.
3. The signature of the fields is verified. An unknown link, an unknown key, a bad, old or repeated
   signature are all 404, and all cost one verification.
4. The connection belongs to one partner, and a partner has at most four.
5. While the start gate is closed, frames get 503; questions of the gate are always answered.
6. The body is read within 60 s, and must have the signed length and digest.
7. The service takes it.

Codes go out, never causes. Each refusal leaves one line in the log, with the rule, the partner whose link was
named, and the number that the answer gave. What the service waits for in a long poll is its own business.
"""

from typing import Protocol

from aiohttp import web

from exchange.errors import (
    AgainError,
    FrameInvalidError,
    NodeError,
    ProtocolError,
    RefusedError,
    SignatureInvalidError,
)
from exchange.ids import AgencyCode, KeyId, LinkId
from exchange.interfaces.reading import body_length, read_body
from exchange.interfaces.server import HttpServer, Refusal, ServerLimits, answer_with, connection_of
from exchange.protocol.door import (
    CARD_PATH,
    CARD_TYPE,
    Route,
    Target,
    parse_path,
    request_limit,
    type_of,
)
from exchange.protocol.suites import PublicKey
from exchange.service.surroundings import Counters, Journal

RETRY_CLOSED_S = 5
"""How soon a partner may ask again while our gate is closed: it opens within seconds, or by people."""
RETRY_BUSY_S = 2
WORD_INVALID = "word_invalid"
"""A word of the gate that has not the agreed form, or is of another link or agency."""
PASSING = frozenset({429, 503})
"""Refusals that only ask for patience; they are logged, and not counted as faults of a partner."""

Field = tuple[str, str]


class PartnerService(Protocol):
    """What stands behind the door."""

    async def door_key(self, link: LinkId, key: KeyId) -> PublicKey | None:
        """Return the door key that the partner of `link` has under this id, or None."""
        ...

    async def take_frame(self, link: LinkId, raw: bytes) -> bytes:
        """Take a frame of the partner and return the answering frame, at the latest after 55 s."""
        ...

    async def answer_gate(self, link: LinkId, raw: bytes) -> bytes:
        """Answer a signed word of the partner's start gate; a report in every state."""
        ...

    def asks(self, link: LinkId) -> bool:
        """Return whether the partner of a link may give more than a question of the gate holds."""
        ...

    def note_refused(self, link: LinkId, *, counts: bool, rule: str) -> AgencyCode | None:
        """Count a refused request that named a link, and return the partner of the link, if it is ours."""
        ...

    def note_clock(self, link: LinkId, apart_s: int) -> None:
        """Remember that the partner of a link signed with a clock so many seconds ahead of ours."""
        ...

    def card(self) -> bytes:
        """Return our current card."""
        ...

    def accepts(self) -> bool:
        """Return whether frames are taken now."""
        ...


class Guard(Protocol):
    """Judges signatures of requests; `RequestGuard` of the transport adapter is the one."""

    def claimed_key(self, fields: list[Field]) -> KeyId:
        """Return the key that a request names, or raise SignatureInvalidError."""
        ...

    def verify(
        self, method: str, path: str, *, query: str, fields: list[Field], key: PublicKey | None
    ) -> KeyId:
        """Return the key that signed, or raise SignatureInvalidError, or AgainError when it is full."""
        ...

    def check_body(self, fields: list[Field], body: bytes) -> None:
        """Return if `body` is what was signed, or raise SignatureInvalidError."""
        ...


def partner_app(
    service: PartnerService,
    *,
    guard: Guard,
    journal: Journal,
    counters: Counters,
    limits: ServerLimits | None = None,
) -> HttpServer:
    """Return the server of the partner door; must be called inside a running event loop."""

    def note(event: str, reason: str) -> None:
        counters.count(event, reason="" if event == "request_failed" else reason)
        if event == "request_failed":
            journal.note(event, place=reason)

    def told(refusal: Refusal, number: str) -> None:
        counts = refusal.status not in PASSING
        link, rule = LinkId(refusal.link), refusal.rule or refusal.reason
        partner = service.note_refused(link, counts=counts, rule=rule) if link else None
        named = {"rule": refusal.rule, "partner": partner or ""}
        fields = {name: value for name, value in named.items() if value}
        journal.note("request_refused", reason=refusal.reason, request=number, **fields)

    return HttpServer(_Door(service, guard).answer, limits=limits, note=note, told=told)


class _Door:
    def __init__(self, service: PartnerService, guard: Guard) -> None:
        self._service = service
        self._guard = guard

    async def answer(self, request: web.BaseRequest) -> web.Response:
        path = request.raw_path
        if path == CARD_PATH:
            return self._card(request)
        target = parse_path(path)
        if target is None or request.method != "POST":
            raise Refusal(404, "not_found", rule="no_route")
        try:
            return await self._answer_for(request, target)
        except Refusal as refusal:
            refusal.link = target.link
            raise

    async def _answer_for(self, request: web.BaseRequest, target: Target) -> web.Response:
        most = request_limit(target.route, gives=self._service.asks(target.link))
        size = body_length(request, frozenset({type_of(target.route)}), max_bytes=most)
        fields = list(request.headers.items())
        await self._admit(request, target, fields)
        body = await read_body(request, size)
        try:
            self._guard.check_body(fields, body)
        except SignatureInvalidError as error:
            raise Refusal(400, "refused", rule=error.rule) from error
        answered = await self._serve(target, body)
        return answer_with(answered, content_type=type_of(target.route))

    def _card(self, request: web.BaseRequest) -> web.Response:
        if request.method != "GET" or request.body_exists:
            raise Refusal(400, "request_invalid")
        return answer_with(self._service.card(), content_type=CARD_TYPE)

    async def _admit(self, request: web.BaseRequest, target: Target, fields: list[Field]) -> None:
        """Let a request through whose fields are signed by the partner of its link (steps 2 to 5)."""
        try:
            claimed = self._guard.claimed_key(fields)
            key = await self._service.door_key(target.link, claimed)
            self._guard.verify(request.method, request.raw_path, query="", fields=fields, key=key)
        except SignatureInvalidError as error:
            if error.apart_s:
                self._service.note_clock(target.link, error.apart_s)
            raise Refusal(404, "not_found", rule=error.rule) from error
        except AgainError as error:
            raise Refusal(503, "busy", retry_after_s=RETRY_BUSY_S) from error
        connection = connection_of(request)
        if not connection.app.seats.claim(connection.seat, target.link):
            raise Refusal(429, "too_many_connections", retry_after_s=RETRY_BUSY_S)
        if target.route is Route.EXCHANGE and not self._service.accepts():
            raise Refusal(503, "not_ready", retry_after_s=RETRY_CLOSED_S, close=False)

    async def _serve(self, target: Target, body: bytes) -> bytes:
        """Give a request to the service; its refusals become codes (step 7)."""
        serve = self._service.take_frame if target.route is Route.EXCHANGE else self._service.answer_gate
        try:
            return await serve(target.link, body)
        except (ProtocolError, RefusedError) as error:
            is_word = target.route is Route.GATE and isinstance(error, FrameInvalidError)
            raise Refusal(400, WORD_INVALID if is_word else error.reason, close=False) from error
        except AgainError as error:
            raise Refusal(429, error.reason, retry_after_s=RETRY_BUSY_S, close=False) from error
        except NodeError as error:
            raise Refusal(503, "not_ready", retry_after_s=RETRY_CLOSED_S, close=False) from error
