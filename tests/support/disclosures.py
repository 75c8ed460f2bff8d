# SPDX-License-Identifier: Apache-2.0
"""One notice about a group, delivered between two nodes in memory, and the disclosure of one of its persons.

lines = group_disclosure()                       # made once, by the product's own commands
write_disclosure(path, changed(lines, "part", with_members(number=3)))
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from exchange.interfaces.api import evidence as commands
from exchange.interfaces.api.desk import Answer, Ask, Desk
from exchange.ledger.notes import head_text, read_head
from exchange.ledger.witnessing import WitnessKey
from exchange.protocol.parts import Document
from exchange.protocol.suites import KeyUse
from exchange.service.ledgers import HeadStamp
from exchange.service.ports import UnitOfWork
from exchange.service.release import release
from exchange.service.rows import Direction, MessageRow
from exchange.service.second_signatures import keep, sign_again
from exchange.service.surroundings import Witnesses
from exchange.service.witnesses import show_heads
from exchange.verifier.disclosure import FORM
from tests.support.notices import notice
from tests.support.tsa import RIGHT, Authority, request_over
from tests.support.witness import NAME, WitnessInMemory, witness_key
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
    prepare: Callable[[World], None] = lambda _: None,
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

    world = World(seed=5)
    prepare(world)
    world.run(play, limit_s=limit_s)


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


@dataclass(frozen=True)
class Seen:
    """A disclosure with what third parties and second keys said, and what a reader may hold against it."""

    lines: tuple[bytes, ...]
    witness: str
    """Key of the witness."""
    authority: bytes
    """Certificate of the time-stamping authority, as PEM."""


@cache
def seen_disclosure(*, apart: bool = False) -> Seen:
    """Return the disclosure of a message about one person; a witness saw two heads over it.

    The first of these heads was stamped and signed a second time, too; the log grew in between. `apart`: the
    partner did not get what came in between, so the second head is larger than all that it signed.
    """
    lines: Lines = []
    authority = Authority()

    def prepare(world: World) -> None:
        keys = {world.kh.code: world.kh.keys.keyring().public(KeyUse.HEAD)}
        witness = WitnessInMemory(Path(folder), keys)
        opened.callback(witness.store.close)
        world.kh.witnesses = Witnesses((witness.chosen,), witness)

    async def story(told: Told) -> None:
        node, link = told.world.kh.node, told.world.link
        await _seen(told.world, authority)
        told.world.weather.down = apart
        again = await release(node, link, notice(node, VN), officer=OFFICER)
        if not apart:
            await told.world.until(lambda: _is_proved(told.world, again.seq))
        await show_heads(node, link, at=node.clock.now())
        shown = await told.propose(person=0)
        answer = await told.disclose(shown["digest"], person=0)
        lines.extend(f"{word} {value}\n".encode() for word, value in answer["records"])

    with TemporaryDirectory() as folder, ExitStack() as opened:
        tell(story, persons=1, prepare=prepare)
    return Seen(tuple(lines), str(WitnessKey(NAME, witness_key().public)), authority.pem)


async def _seen(world: World, authority: Authority) -> None:
    """Let a witness, a second key and an authority see the newest head of the sender."""
    node, link = world.kh.node, world.link
    await show_heads(node, link, at=node.clock.now())
    kept = await world.kh.store.read(lambda uow: uow.logs.head(link, node.agency))
    assert kept is not None
    head = read_head(kept.note).claimed
    reply = authority.reply(request_over(head_text(head).encode()), RIGHT)

    def unit(uow: UnitOfWork) -> None:
        now = node.clock.now()
        keep(uow, link, node.agency, sign_again(node, head), epoch=1, at=now)
        stamp = HeadStamp(head.size, "tsa.example", reply, authority.at)
        uow.stamps.add(link, node.agency, stamp, epoch=1)

    await world.kh.store.write(unit)


def write_disclosure(path: Path, lines: Lines) -> Path:
    """Write a disclosure of lines with a last line that fits them."""
    body = FORM.first_line + b"".join(lines)
    end = {"lines": len(lines) + 1, "sha256": hashlib.sha256(body).hexdigest()}
    path.write_bytes(body + b"end " + json.dumps(end).encode() + b"\n")
    return path
