# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI 3.1 description of the staff API, made from the table of routes and from nothing else.

It is the same on every node: it names no agency, address or version of the program. The page
`docs/reference/staff-api.json` holds the same document as `GET /v1/openapi.json`; `make pages` writes it.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from exchange.interfaces.staff.call import Answer, Parameter, Route
from exchange.interfaces.staff.forms import COMPONENTS, form
from exchange.protocol.door import PROBLEM_TYPE

KEY_NAME: Final = "Idempotency-Key"
KEY_PATTERN: Final = "^[!-~]{8,64}$"
REQUEST_NAME: Final = "Exchange-Request"
ALWAYS: Final = frozenset({400, 404, 429, 500, 503})
WITH_BODY: Final = frozenset({413, 415})
WORDS: Final = {
    400: "The request does not have the described form.",
    404: "There is no such object, or this client may not see it, or the token is not known.",
    409: "It cannot be done now, and was not done; `reason` says why.",
    413: "The body is too large.",
    415: "The body is not JSON, or is encoded.",
    422: "The message is wrong, `faults` says where; or the key was used for another request.",
    429: "Too much at once; wait as long as Retry-After says.",
    500: "A fault of the program; tell your administrator the number of the request.",
    503: "Not now: the start gate is closed, or the node is busy; the same request may succeed later.",
}
_ABOUT: Final = (
    "For other systems of the same agency. Every request carries a token of `exchange client add`. "
    "See docs/reference/staff-api.md."
)


def describe(routes: Sequence[Route]) -> Answer:
    """Return the description."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "exchange: staff API", "version": "1.0.0", "description": _ABOUT},
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": dict(COMPONENTS),
        },
    }


def description_text(answer: Answer) -> str:
    """Return the text of the description as it stands in the documentation."""
    return json.dumps(answer, indent=1, ensure_ascii=False) + "\n"


def statuses(route: Route) -> frozenset[int]:
    """Return every status but success that a route may answer."""
    return ALWAYS | route.problems | (WITH_BODY if route.body else frozenset())


def _operation(route: Route) -> Answer:
    answers = {"200": _success(route)} | {str(status): _problem(status) for status in sorted(statuses(route))}
    operation: Answer = {
        "operationId": route.operation,
        "summary": route.summary,
        "x-roles": sorted(route.roles),
        "parameters": [_parameter(one) for one in route.parameters] + ([_key()] if route.writes else []),
        "responses": answers,
    }
    if route.body:
        content = {"application/json": {"schema": form(route.body)}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameter(one: Parameter) -> Answer:
    return {
        "name": one.name,
        "in": one.place,
        "required": one.required,
        "description": one.description,
        "schema": dict(one.schema),
    }


def _key() -> Answer:
    return {
        "name": KEY_NAME,
        "in": "header",
        "required": True,
        "description": "A new one for each new write. Same key and body within 24 hours: same answer.",
        "schema": {"type": "string", "pattern": KEY_PATTERN},
    }


def _success(route: Route) -> Answer:
    return {
        "description": "Done.",
        "headers": {REQUEST_NAME: {"schema": {"type": "string"}, "description": "Number of the request."}},
        "content": {"application/json": {"schema": form(route.answer)}},
    }


def _problem(status: int) -> Answer:
    described: Answer = {
        "description": WORDS[status],
        "content": {PROBLEM_TYPE: {"schema": form("Problem")}},
    }
    if status in (429, 503):
        described["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
    return described
