# SPDX-License-Identifier: Apache-2.0
"""One notice about a group, delivered between two nodes in memory, and the disclosure of one of its persons.

lines = group_disclosure()                       # made once, by the product's own commands
write_disclosure(path, changed(lines, "part", with_members(number=3)))
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from exchange.interfaces.api import evidence as commands
from exchange.interfaces.api.desk import Answer, Ask, Desk
from exchange.protocol.parts import Document
from exchange.service.ports import UnitOfWork
from exchange.service.release import release
from exchange.service.rows import Direction, MessageRow
from exchange.verifier.disclosure import FORM
from tests.support.notices import notice
from tests.support.world import OFFICER, SECOND, VN, Agency, World

GROUP = 3
PURPOSE = "court of Phnom Penh, case 12"
Lines = list[bytes]


@dataclass(frozen=True)
class Told:
    """What a story has to ask: the world, and the message that was delivered in it."""

    world: World
    row: MessageRow

    async def ask(self, command: str, agency: Agency | None = None, **members: Any) -> Answer:
        """Ask a command of an agency's desk, by default of the sender."""
        desk = Desk(SimpleNamespace(node=(agency or self.world.kh).node))  # type: ignore[arg-type]
        return await commands.COMMANDS[command](desk, Ask({"message": self.row.id} | members))

    async def propose(self, **members: Any) -> Answer:
        asked = {"person": 2, "officer": OFFICER, "purpose": PURPOSE}
        return await self.ask("evidence.propose", **(asked | members))

    async def disclose(self, digest: str, **members: Any) -> Answer:
        asked = {"person": 2, "officer": SECOND, "purpose": PURPOSE, "digest": digest}
        return await self.ask("evidence.disclose", **(asked | members))


def tell(
    story: Callable[[Told], Awaitable[None]],
    *,
    persons: int = GROUP,
    change: Callable[[Document], None] = lambda _: None,
    limit_s: float = 86_400,
) -> None:
    """Deliver a notice about a group, then tell the story."""

    async def play(world: World) -> None:
        await world.open()
        document = notice(world.kh.node, VN, persons=persons)
        change(document)
        sent = await release(world.kh.node, world.link, document, officer=OFFICER)
        await world.until(lambda: _is_proved(world, sent.seq))
        row = await world.kh.store.read(lambda uow: uow.messages.by_seq(world.link, Direction.OUT, sent.seq))
        assert row is not None
        await story(Told(world, row))

    World(seed=5).run(play, limit_s=limit_s)


async def _is_proved(world: World, seq: int) -> bool:
    """Return whether both sides signed over both entries of a message, and the sender knows it."""

    def unit(uow: UnitOfWork) -> bool:
        row = uow.messages.by_seq(world.link, Direction.OUT, seq)
        sizes = {agency.code: uow.logs.cosigned(world.link, agency.code)[0] for agency in world.agencies}
        return (
            row is not None
            and 0 <= row.verdict_leaf_index < sizes[VN]
            and row.leaf_index < sizes[world.kh.code]
        )

    return await world.kh.store.read(unit)


@cache
def group_disclosure() -> tuple[bytes, ...]:
    """Return the records of the second person of a group, as lines."""
    lines: Lines = []

    async def story(told: Told) -> None:
        shown = await told.propose()
        answer = await told.disclose(shown["digest"])
        lines.extend(f"{word} {value}\n".encode() for word, value in answer["records"])

    tell(story)
    return tuple(lines)


def write_disclosure(path: Path, lines: Lines) -> Path:
    """Write a disclosure of lines with a last line that fits them."""
    body = FORM.first_line + b"".join(lines)
    end = {"lines": len(lines) + 1, "sha256": hashlib.sha256(body).hexdigest()}
    path.write_bytes(body + b"end " + json.dumps(end).encode() + b"\n")
    return path
