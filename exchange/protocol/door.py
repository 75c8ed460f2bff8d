# SPDX-License-Identifier: Apache-2.0
"""Names and sizes of the partner door, shared by the side that calls and the side that listens.

    POST /v1/links/{link}/exchange    a frame in, a frame out
    POST /v1/links/{link}/gate        a signed question of the start gate, its signed answer out
    GET  /.well-known/exchange        the current card; the only request that is not signed

Every other request is signed (RFC 9421): label `exchange`, exactly the components of
`SIGNED_COMPONENTS`, exactly the parameters of `SIGNED_PARAMETERS`. There is no query on any route.
Source: docs/protocol/door.md.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from exchange.errors import IdentifierError
from exchange.ids import LinkId, parse_link
from exchange.protocol import frames

CARD_PATH = "/.well-known/exchange"
CARD_TYPE = "application/jose"
FRAME_TYPE = "application/vnd.exchange.frame"
GATE_TYPE = "application/jose"
PROBLEM_TYPE = "application/problem+json"

MAX_FRAME_BYTES = frames.MAX_FRAME_BYTES + frames.MAX_HEADER_BYTES
"""A frame of messages (8 MiB) and what stands around them: header, cosignature, padding."""
MAX_QUESTION_BYTES = 256 * 1024
"""A question of the gate names heads and numbers only."""
MAX_ANSWER_BYTES = 16 * 1024 * 1024
"""An answer of the gate may give leaves back, and so may a question that was asked for them."""
MAX_CARD_BYTES = 256 * 1024

SIGNATURE_LABEL = "exchange"
SIGNATURE_TAG = "exchange/1"
SIGNED_COMPONENTS = (
    "@method",
    "@path",
    "@query",
    "content-digest",
    "content-type",
    "content-length",
    "x-exchange-to",
)
SIGNED_PARAMETERS = ("created", "keyid", "nonce", "tag")
MAX_AGE = timedelta(seconds=300)
"""How far `created` may lie from our clock, both ways: the clock skew allowed everywhere."""
NONCE_LIFE = timedelta(seconds=600)
"""How long a nonce is remembered: a request made 300 s ahead of us counts for 600 s."""

_POST_PATH = re.compile(r"/v1/links/([A-Za-z0-9_-]{22})/(exchange|gate)", re.ASCII)


class Route(StrEnum):
    """What a signed request asks for."""

    EXCHANGE = "exchange"
    GATE = "gate"


@dataclass(frozen=True)
class Target:
    """The route and link that a path names."""

    route: Route
    link: LinkId


def path_of(route: Route, link: LinkId) -> str:
    """Return the path of a route of a link."""
    return f"/v1/links/{link}/{route}"


def parse_path(path: str) -> Target | None:
    """Return what a path names, or None when it names nothing; only the exact text counts."""
    found = _POST_PATH.fullmatch(path)
    if found is None:
        return None
    try:
        return Target(Route(found[2]), parse_link(found[1]))
    except IdentifierError:
        return None


def type_of(route: Route) -> str:
    """Return the content type of requests and answers of a route."""
    return FRAME_TYPE if route is Route.EXCHANGE else GATE_TYPE


def request_limit(route: Route, *, gives: bool = False) -> int:
    """Return the most bytes that a request of this route may have; `gives`: we asked for leaves or lines."""
    if route is Route.EXCHANGE:
        return MAX_FRAME_BYTES
    return MAX_ANSWER_BYTES if gives else MAX_QUESTION_BYTES


def answer_limit(route: Route) -> int:
    """Return the most bytes that an answer of this route may have."""
    return MAX_FRAME_BYTES if route is Route.EXCHANGE else MAX_ANSWER_BYTES
