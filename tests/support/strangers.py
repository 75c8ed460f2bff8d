# SPDX-License-Identifier: Apache-2.0
"""What every attack on the door has in common: what a stranger may see, and that partners go on."""

import contextlib
import json
from collections.abc import AsyncIterator

from exchange.interfaces.server import ServerLimits
from tests.support.door_world import (
    LINK,
    Door,
    Reply,
    carrier_of,
    open_door,
)

STRANGERS = {400, 404, 413, 415, 429, 503}
MARK = "e7f1-planted"
FRAME = b"frame"


async def serves_partners(door: Door) -> bool:
    """Return whether a good partner is served now."""
    door.clock.pass_by(1)
    async with carrier_of(door.route(), door.clock, label="afterwards") as carrier:
        return await carrier.exchange(LINK, b"good", timeout_s=5) == b"good"


def unechoed(reply: Reply) -> Reply:
    """Return a reply that is a problem document for strangers and repeats nothing of the request."""
    whole = reply.head + reply.body.decode()
    assert reply.status in STRANGERS
    assert MARK not in whole
    assert "Server: exchange\r\n" in reply.head
    assert "aiohttp" not in whole.lower()
    assert "python" not in whole.lower()
    if reply.body:
        assert "application/problem+json" in reply.head
        assert set(json.loads(reply.body)) == {"status", "reason", "request"}
    return reply


@contextlib.asynccontextmanager
async def quiet_door(**limits: float) -> AsyncIterator[Door]:
    """Open a door with small limits; afterwards it must have served nobody and still serve a partner."""
    async with open_door(limits=ServerLimits(**{"stop_s": 1, "linger_s": 0.2, **limits})) as door:
        yield door
        assert door.service.taken == []
        assert await serves_partners(door)


def edited(fields: dict[str, str], **changes: str | None) -> dict[str, str]:
    """Return fields with some replaced, added or (None) left out; `_` stands for `-`."""
    named = {name.replace("_", "-").title(): value for name, value in changes.items()}
    kept = {name: value for name, value in fields.items() if name.title() not in named}
    return kept | {name: value for name, value in named.items() if value is not None}
