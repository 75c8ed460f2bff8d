# SPDX-License-Identifier: Apache-2.0
"""Commands that only a training node answers: they show what a partner's node refuses."""

from exchange.errors import UsageError
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, message_of
from exchange.protocol.envelope import join_line
from exchange.service.rows import Direction


async def own_line(desk: Desk, ask: Ask) -> Answer:
    """Return the exact line of a message of our own, as it was signed and sealed.

    Raises:
        UsageError: this node is real, or the message is not ours.
    """
    if not desk.node.training:
        raise UsageError("lines are handed out by training nodes only")
    row = await message_of(desk, ask.text("id"))
    if row.direction is not Direction.OUT:
        raise UsageError(f"message {row.id} is not ours")
    envelope, body = await desk.node.store.read(
        lambda uow: uow.messages.line(row.link, row.direction, row.seq)
    )
    return {"id": row.id, "link": row.link, "line": join_line(envelope, body or b"").decode("ascii")}


async def count_faults(desk: Desk, _: Ask) -> Answer:
    """Return how this node misbehaves on purpose, and how often it did."""
    fault = desk.opened.fault
    return {"twin": fault.twin.value if fault else "", "done": fault.done if fault else 0}


COMMANDS: dict[str, Command] = {"message.line": own_line, "training.faults": count_faults}
