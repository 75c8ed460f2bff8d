# SPDX-License-Identifier: Apache-2.0
"""The staff door: judges a request by the table of routes, and answers it.

The order; nothing of a body is read before step 6:

1. The token. Without a right one everything is 404, at the cost of one look-up and one comparison; who
   tries wrong ones has to wait. There are no cookies and no fields for other origins: a browser page of
   somebody else can do nothing here.
2. The pace of the client.
3. The route. Unknown, foreign and forbidden are one answer (threat model, section 5).
4. Path and query, by the forms of the table; what is not described is refused.
5. Opening content about persons: at most `OPENED` for one officer in ten minutes.
6. The body, within its length and time, by the strict parser, by its form.
7. A write: at most once for its key (`service.repeats`).
8. The act. Whatever opens or changes something records which client it was, in the same commit.

Every answer has the number of the request, and none may be stored.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import jsonschema_rs
from aiohttp import web

from exchange.errors import ExchangeError, Fault, StoreError
from exchange.interfaces.reading import body_length, read_body
from exchange.interfaces.server import HttpServer, Refusal, ServerLimits, answer_with, connection_of
from exchange.interfaces.staff.call import Answer, Call, Office, Parameter, Route, absent
from exchange.interfaces.staff.description import KEY_NAME, KEY_PATTERN, REQUEST_NAME
from exchange.interfaces.staff.forms import COMPONENTS
from exchange.interfaces.staff.pace import Pace
from exchange.interfaces.staff.problems import FaultyRefusal, problem_members, refusal_of
from exchange.interfaces.staff.routes import ROUTES
from exchange.protocol.door import PROBLEM_TYPE
from exchange.protocol.strictjson import Limits, parse_object
from exchange.service.admission import MAX_TOKEN, Caller, may, recognise
from exchange.service.clients import AnswerState
from exchange.service.node import Node
from exchange.service.ports import Store, UnitOfWork
from exchange.service.repeats import AccompaniedStore, Repeats
from exchange.service.rows import AuditRow

LIMITS = ServerLimits(connections=64, per_address=64, body_s=60, idle_s=75)
"""A few systems of one agency, perhaps all behind one address."""
BURST, PER_S = 200, 50.0
"""Requests of one client: a page of work at once, and more than officers type."""
GUESSES, GUESSES_PER_S = 20, 5 / 60
"""Wrong tokens of one address: threat model section 7, five a minute; the burst is for an old token."""
OPENED, OPENED_PER_S = 60, 60 / 600
"""Threat model section 7: cases opened by one officer in ten minutes."""
MAX_QUERY = 10
MAX_BODY_FAULTS = 20
JSON_TYPE = "application/json"
_TYPES = frozenset({JSON_TYPE, f"{JSON_TYPE}; charset=utf-8", f"{JSON_TYPE};charset=utf-8"})
_KEY = re.compile(KEY_PATTERN[1:-1], re.ASCII)
_DIGITS = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)
_BEARER = "Bearer "


def staff_app(node: Node, office: Office, *, routes: Sequence[Route] = ROUTES) -> HttpServer:
    """Return the server of the staff API; must be called inside a running event loop."""

    def note(event: str, reason: str) -> None:
        node.counters.count(event, reason="" if event == "request_failed" else reason)
        if event == "request_failed":
            node.journal.note(event, place=reason)

    return HttpServer(_Door(node, office, routes).answer, limits=LIMITS, note=note, random=node.random)


class _Door:
    def __init__(self, node: Node, office: Office, routes: Sequence[Route]) -> None:
        self._node = node
        self._office = office
        self._routes = [(re.compile(_pattern(route), re.ASCII), route) for route in routes]
        self._forms = {name: _gate({"$ref": f"#/components/schemas/{name}"}) for name in _bodies(routes)}
        self._parameters = {
            (route.operation, one.name): _gate(one.schema) for route in routes for one in route.parameters
        }
        self._repeats = Repeats(node)
        self._pace = Pace(BURST, PER_S)
        self._guesses = Pace(GUESSES, GUESSES_PER_S)
        self._opened = Pace(OPENED, OPENED_PER_S)

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Answer a request, or say by a problem document why not."""
        number = self._node.random(6).hex()
        try:
            caller = await self._admit(request)
            response = await self._serve(request, caller)
        except Refusal as refusal:
            response = self._refuse(request, refusal, number)
        except StoreError:
            raise
        except ExchangeError as error:
            response = self._refuse(request, refusal_of(error), number)
        response.headers[REQUEST_NAME] = number
        return response

    def _refuse(self, request: web.BaseRequest, refusal: Refusal, number: str) -> web.Response:
        connection_of(request).app.note("request_refused", refusal.reason)
        body = _encode(problem_members(refusal, number))
        response = answer_with(body, status=refusal.status, content_type=PROBLEM_TYPE)
        if refusal.retry_after_s is not None:
            response.headers["Retry-After"] = str(refusal.retry_after_s)
        if refusal.close:
            response.force_close()
        return response

    async def _admit(self, request: web.BaseRequest) -> Caller:
        """Return who asks (steps 1 and 2)."""
        caller = await recognise(self._node, _token(request))
        now_s = self._node.clock.monotonic_s()
        if caller is None:
            self._demand_pace(self._guesses, connection_of(request).seat.address, now_s)
            raise Refusal(404, "not_found")
        self._demand_pace(self._pace, caller.name, now_s)
        return caller

    def _demand_pace(self, pace: Pace, name: str, now_s: float) -> None:
        wait_s = pace.wait_s(name, now_s)
        if wait_s:
            raise Refusal(429, "too_many", retry_after_s=wait_s, close=False)

    async def _serve(self, request: web.BaseRequest, caller: Caller) -> web.Response:
        """Judge what is asked by the table (steps 3 to 6), and do it."""
        raw_path, _, raw_query = request.raw_path.partition("?")
        route, path = self._find(request.method, raw_path, caller)
        query = self._read_query(route, raw_query)
        if route.opens:
            self._demand_pace(self._opened, caller.officer, self._node.clock.monotonic_s())
        raw = await _read(request, route)
        body = self._read_body(route, raw)
        store = self._accompanied(route, caller)
        call = Call(self._node, self._office, store, caller, path, query, body)
        if route.writes:
            return await self._write(request, route, call, raw)
        return answer_with(_encode(await route.act(call)), content_type=JSON_TYPE)

    def _find(self, method: str, path: str, caller: Caller) -> tuple[Route, Mapping[str, str]]:
        for pattern, route in self._routes:
            found = pattern.fullmatch(path)
            if found is None or route.method != method:
                continue
            known = all(
                self._parameters[route.operation, name].is_valid(value)
                for name, value in found.groupdict().items()
            )
            if known and may(caller, route.roles):
                return route, found.groupdict()
        raise absent()

    def _is_described(self, route: Route, values: Mapping[str, Any]) -> bool:
        return all(self._parameters[route.operation, name].is_valid(value) for name, value in values.items())

    def _read_query(self, route: Route, raw: str) -> Mapping[str, Any]:
        given = _pairs(raw)
        described = {one.name: one for one in route.parameters if one.place == "query"}
        if not set(given) <= set(described):
            raise Refusal(400, "query_invalid", close=False)
        read = {name: _value(described[name], text) for name, text in given.items()}
        missing = [name for name, one in described.items() if one.required and name not in read]
        if missing or not self._is_described(route, read):
            raise Refusal(400, "query_invalid", close=False)
        return read

    def _read_body(self, route: Route, raw: bytes) -> Mapping[str, Any]:
        if not route.body:
            return {}
        limits = Limits(
            max_bytes=route.max_bytes, max_depth=20, max_members=250, max_items=2_000, max_name=64
        )
        body = parse_object(raw, limits)
        wrong = [
            Fault(
                "form_invalid",
                "".join(f"/{step}" for step in error.instance_path),
                "form",
                "the described form",
                "",
            )
            for error in self._forms[route.body].iter_errors(body)
        ]
        if wrong:
            raise FaultyRefusal(400, "body_invalid", tuple(wrong[:MAX_BODY_FAULTS]))
        return body

    def _accompanied(self, route: Route, caller: Caller) -> Store:
        """Return a store that records with each commit which client it was for."""
        if not (route.writes or route.opens):
            return self._node.store

        def record(uow: UnitOfWork) -> None:
            now = self._node.clock.now()
            uow.audit.record(AuditRow(now, caller.officer, "client_acted", route.operation, caller.name))

        return AccompaniedStore(self._node.store, record)

    async def _write(self, request: web.BaseRequest, route: Route, call: Call, raw: bytes) -> web.Response:
        """Do a write once (step 7)."""
        row = await self._repeats.begin(call.caller, _key(request), _asked(request, raw))
        if row.state is AnswerState.ANSWERED:
            return answer_with(row.answer, content_type=JSON_TYPE)
        try:
            answer = await route.act(replace(call, store=self._repeats.store(row, call.store)))
        except BaseException:
            await self._repeats.forget(row)
            raise
        body = _encode(answer)
        await self._repeats.finish(row, body)
        return answer_with(body, content_type=JSON_TYPE)


def _token(request: web.BaseRequest) -> str:
    """Return the token of a request; "" when it has none of the one form."""
    fields = request.headers.getall("Authorization", [])
    if len(fields) != 1 or not fields[0].startswith(_BEARER) or len(fields[0]) > MAX_TOKEN:
        return ""
    return fields[0].removeprefix(_BEARER)


def _pattern(route: Route) -> str:
    return re.sub(r"\\{(\w+)\\}", r"(?P<\1>[A-Za-z0-9._-]{1,64})", re.escape(route.path))


def _bodies(routes: Sequence[Route]) -> set[str]:
    return {route.body for route in routes if route.body}


def _gate(schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        {**schema, "components": {"schemas": dict(COMPONENTS)}}, offline=True, validate_formats=False
    )


def _pairs(raw: str) -> dict[str, str]:
    """Return the members of a query, each of which may stand once."""
    if not raw:
        return {}
    try:
        pairs = parse_qsl(
            raw, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MAX_QUERY
        )
    except ValueError as error:
        raise Refusal(400, "query_invalid", close=False) from error
    if len(dict(pairs)) != len(pairs):
        raise Refusal(400, "query_invalid", close=False)
    return dict(pairs)


def _value(one: Parameter, text: str) -> str | int:
    is_number = one.schema.get("type") == "integer" and _DIGITS.fullmatch(text)
    return int(text) if is_number else text


async def _read(request: web.BaseRequest, route: Route) -> bytes:
    if not route.body:
        if request.body_exists:
            raise Refusal(400, "request_invalid")
        return b""
    return await read_body(request, body_length(request, _TYPES, max_bytes=route.max_bytes))


def _key(request: web.BaseRequest) -> bytes:
    keys = request.headers.getall(KEY_NAME, [])
    if len(keys) != 1 or not _KEY.fullmatch(keys[0]):
        raise Refusal(400, "key_missing", close=False)
    return keys[0].encode("ascii")


def _asked(request: web.BaseRequest, raw: bytes) -> bytes:
    return f"{request.method} {request.raw_path}\n".encode() + raw


def _encode(answer: Answer) -> bytes:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()
