# SPDX-License-Identifier: Apache-2.0
"""Command about notices: a test by each way of telling people and systems that something arrived."""

from exchange.bootstrap import notices_of
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk


async def try_notices(desk: Desk, _: Ask) -> Answer:
    """Send a test by each way of telling people and systems that something arrived."""
    found = await notices_of(desk.opened).try_all()
    return {"channels": [{"channel": one.channel, "reason": one.reason} for one in found]}


COMMANDS: dict[str, Command] = {"notice.test": try_notices}
