# SPDX-License-Identifier: Apache-2.0
"""Commands about client systems of the staff API: add, end, list. A token is in the answer of `add` alone."""

from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, when
from exchange.service.admission import USUAL_DAYS, add_client, end_client
from exchange.service.clients import ClientRow


async def add(desk: Desk, ask: Ask) -> Answer:
    """Enter a client system; its token cannot be shown again."""
    made = await add_client(
        desk.node, ask.text("name"), ask.officer(), ask.texts("roles"), days=ask.number("days", USUAL_DAYS)
    )
    return {**_client(desk, made.row), "token": made.token}


async def end(desk: Desk, ask: Ask) -> Answer:
    return _client(desk, await end_client(desk.node, ask.text("name")))


async def list_all(desk: Desk, _: Ask) -> Answer:
    rows = await desk.node.store.read(lambda uow: uow.clients.list())
    return {"clients": [_client(desk, row) for row in rows]}


def _client(desk: Desk, row: ClientRow) -> Answer:
    return {
        "name": row.name,
        "officer": row.officer,
        "roles": list(row.roles),
        "from": when(row.made_at),
        "until": when(row.ended_at or row.expires_at),
        "active": row.is_active(desk.node.clock.now()),
    }


COMMANDS: dict[str, Command] = {
    "client.add": add,
    "client.end": end,
    "client.list": list_all,
}
