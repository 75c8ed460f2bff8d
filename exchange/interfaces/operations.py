# SPDX-License-Identifier: Apache-2.0
"""The operations listener: is this node well, and what has it counted.

    GET /health     200 or 503, {"status": "ok" | "look" | "unwell", "reasons": [codes]}
    GET /metrics    counts and gauges in the text format of Prometheus

*unwell* is 503: this node does not work as it should. *look* is 200: it works, and people have to do
something. A balancer that acts on the status must leave such a node where it is: its start gate opens only if
partners go on reaching it, and a restart closes every gate.

It listens on loopback; whoever wants it elsewhere says so in the configuration. It shows codes and
numbers only, takes no body, and changes nothing.
"""

import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from aiohttp import web

from exchange.config import is_loopback
from exchange.errors import ConfigurationError
from exchange.interfaces.server import HttpServer, Listener, Refusal, ServerLimits, answer_with, serve

HEALTH_PATH = "/health"
METRICS_PATH = "/metrics"
LIMITS = ServerLimits(connections=32, per_address=32, body_s=1, idle_s=30, write_s=10)
"""A few monitors of one machine, not the world."""


@dataclass(frozen=True)
class Health:
    """Whether the node works, and if not, why, as reason codes."""

    reasons: tuple[str, ...] = ()
    looks: tuple[str, ...] = ()
    """Why people should look at it although it works."""

    @property
    def is_well(self) -> bool:
        return not self.reasons

    @property
    def status(self) -> str:
        if self.reasons:
            return "unwell"
        return "look" if self.looks else "ok"


@contextlib.asynccontextmanager
async def serve_operations(
    health: Callable[[], Health],
    metrics: Callable[[], bytes],
    *,
    metrics_type: str,
    port: int,
    host: str = "127.0.0.1",
    beyond_loopback: bool = False,
) -> AsyncIterator[Listener]:
    """Listen for monitors while the context is open.

    Raises:
        ConfigurationError: the host is not loopback and `beyond_loopback` is not said, or cannot be used.
    """
    if not beyond_loopback and not is_loopback(host):
        raise ConfigurationError(
            f"the operations listener would be open beyond this machine, on {host}",
            hint="use 127.0.0.1, or say beyond_loopback in the configuration",
        )

    async def answer(request: web.BaseRequest) -> web.Response:
        if request.method != "GET" or request.body_exists:
            raise Refusal(400, "request_invalid")
        if request.raw_path == HEALTH_PATH:
            return _health_page(health())
        if request.raw_path == METRICS_PATH:
            return answer_with(metrics(), content_type=metrics_type)
        raise Refusal(404, "not_found")

    async with serve(HttpServer(answer, limits=LIMITS), host=host, port=port, ssl_context=None) as listener:
        yield listener


def _health_page(health: Health) -> web.Response:
    page = {"status": health.status, "reasons": [*health.reasons, *health.looks]}
    status = 200 if health.is_well else 503
    return answer_with(json.dumps(page).encode(), status=status, content_type="application/json")
