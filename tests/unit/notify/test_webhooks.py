# SPDX-License-Identifier: Apache-2.0
"""Webhooks: what is told, how it is signed, and that nobody else is called."""

import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest
from aiohttp import web
from exchange.adapters.notify.webhooks import WebhookBell
from exchange.config import WebhookSection
from exchange.errors import TransportError
from exchange.service.notices import Arrival
from tests.support.door_world import GivenClock

SECRET = "test " * 8
NOW = datetime(2027, 10, 4, 9, 12, 4, 123000, tzinfo=UTC)
ARRIVAL = Arrival(NOW, "0123456789ab")
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextlib.asynccontextmanager
async def listening(answer: Answer) -> AsyncIterator[str]:
    """Yield the address of a system that answers as the test says."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


def bell(url: str) -> WebhookBell:
    return WebhookBell(WebhookSection(url=url, secret=SECRET), clock=GivenClock(NOW))


async def test_nothing_but_that_something_arrived_is_told_and_it_is_signed() -> None:
    got: list[tuple[str, bytes, str]] = []

    async def take(request: web.Request) -> web.Response:
        got.append((request.method, await request.read(), request.headers["Exchange-Signature"]))
        return web.Response(status=204)

    async with listening(take) as url:
        await bell(url).ring(ARRIVAL)

    ((method, body, signature),) = got
    at = str(int(NOW.timestamp()))
    right = hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert method == "POST"
    assert json.loads(body) == {
        "event": "message_arrived", "at": "2027-10-04T09:12:04.123Z", "request": "0123456789ab",
    }  # fmt: skip
    assert signature == f"t={at},v1={right}"


@pytest.mark.parametrize("status", [300, 301, 302, 307, 308, 400, 404, 429, 500, 503])
async def test_any_other_answer_than_success_is_a_refusal(status: int) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return web.Response(status=status)

    async with listening(refuse) as url:
        with pytest.raises(TransportError) as refused:
            await bell(url).ring(ARRIVAL)

    assert refused.value.reason == "webhook_refused"


async def test_a_redirect_is_not_followed() -> None:
    """Threat model, rule 32."""
    asked = []

    async def elsewhere(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=307, headers={"Location": "/other"})

    async with listening(elsewhere) as url:
        with pytest.raises(TransportError):
            await bell(url).ring(ARRIVAL)

    assert asked == ["/hook"]


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    async def take(_: web.Request) -> web.Response:
        return web.Response()

    async with listening(take) as url:
        await bell(url).ring(ARRIVAL)


async def test_a_system_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(TransportError) as failed:
        await bell("http://127.0.0.1:9/hook").ring(ARRIVAL)

    assert failed.value.reason == "webhook_unreachable"
    assert "127" not in str(failed.value)
