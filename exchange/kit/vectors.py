# SPDX-License-Identifier: Apache-2.0
"""Shows the vectors of a folder to this program, and says for each what was due and what was found.

A file is JSON, one vector a line: `name`, `rule`, `description`, what is given, and `expect`. Kinds that need
no memory are judged by `judges`; lines and gate dialogues are shown to a node in memory, a new one for each
vector, as it stands after the context of the vector.
"""

import asyncio
import base64
import contextlib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final

from exchange.errors import ExchangeError, InputError
from exchange.ids import RandomSource
from exchange.kit.agency import SEED
from exchange.kit.contexts import Context, Contexts, read_contexts
from exchange.kit.drafts import drafts_like
from exchange.kit.judges import JUDGES, Vector
from exchange.kit.offering import what_follows
from exchange.kit.play import text_of
from exchange.kit.rehearsal import MovingClock, Rehearsal, StandingClock, StoreFactory, rehearse
from exchange.kit.scribe import Scribe
from exchange.kit.talk import Talk
from exchange.kit.verdicts import Heard, heard_in
from exchange.ledger.entries import Leaf, decode_leaf
from exchange.protocol.frames import Frame, FrameTail, decode_frame, encode_frame

SUFFIX: Final = ".jsonl"
KINDS: Final = (*JUDGES, "gate", "results", "lines")
"""The order in which a new program goes through them: from the small to the whole."""
NONCE_BYTES: Final = 16


@dataclass(frozen=True)
class Judged:
    """One vector and what this program made of it."""

    file: str
    name: str
    rule: str
    description: str
    expected: str
    found: str

    @property
    def holds(self) -> bool:
        return self.expected == self.found


def judge_folder(folder: Path, make_store: StoreFactory, kinds: Sequence[str] = KINDS) -> list[Judged]:
    """Return what this program makes of the vectors in a folder.

    Raises:
        InputError: the folder holds no vectors of this version.
    """
    contexts = read_contexts(folder)
    node = _Node(contexts, make_store)
    judged = []
    with asyncio.Runner() as runner:
        for kind in kinds:
            for vector in vectors_of(folder, kind):
                expected, found = runner.run(_judge(contexts, node, kind, vector))
                named = (vector["name"], vector["rule"], vector["description"])
                judged.append(Judged(kind + SUFFIX, *named, expected, found))
    return judged


def vectors_of(folder: Path, kind: str) -> list[Vector]:
    """Return the vectors of one kind."""
    path = folder / (kind + SUFFIX)
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as vectors", hint="take the whole folder") from error


async def _judge(contexts: Contexts, node: "_Node", kind: str, vector: Vector) -> tuple[str, str]:
    if kind == "lines":
        return await node.lines(vector)
    if kind == "gate":
        return ", ".join(vector["expect"]), await node.gate(vector)
    if kind == "results":
        return vector["expect"], await node.result(vector)
    return vector["expect"], JUDGES[kind](contexts, vector)


def seeded(label: str) -> RandomSource:
    """Return randomness that follows from a label, for what a vector does not depend on."""
    drawn = count()

    def draw(length: int) -> bytes:
        return hashlib.shake_256(f"{SEED}/random/{label}/{next(drawn)}".encode()).digest(length)

    return draw


def scribe_in(contexts: Contexts, context: Context, label: str, *, begun: bool = True) -> Scribe:
    """Return the sender of a context; its log has begun as the context says, or is empty."""
    setting = context.setting
    scribe = Scribe(
        own=setting.sender,
        partner=setting.recipient.card,
        agreement=setting.agreed[0].agreement,
        now=lambda: contexts.now,
        random=seeded(label),
        draft=drafts_like(dict(contexts.drafts["notice"])),
        stop=drafts_like(dict(contexts.drafts["stop"])),
    )
    scribe.take_back(context.log if begun else ())
    return scribe


class _Node:
    """Makes the node that a vector is shown to; the state after a context is made once."""

    def __init__(self, contexts: Contexts, make_store: StoreFactory) -> None:
        self._contexts, self._make_store = contexts, make_store
        self._snapshots: dict[str, bytes] = {}

    async def lines(self, vector: Vector) -> tuple[str, str]:
        """Return what is due for the steps of a vector, and what a node makes of them."""
        context = self._contexts.named[vector["context"]]
        clock = MovingClock(self._contexts.now)
        node = await self._after(vector["context"], context, clock)
        place, seen = len(context.log), 0
        due, found = [], []
        for step in vector["steps"]:
            due.append(text_of(step["expect"], step.get("then", ())))
            node.handling.fails = step.get("fails", False)
            clock.move(timedelta(seconds=step.get("later_s", 0)))
            try:
                answer = decode_frame(await node.frame(encode_frame(_frame(context, place, step))))
            except ExchangeError as error:
                return "; ".join(due), f"no answer: {error.reason}"
            place += len(step.get("leaves", ()))
            leaves = _leaves(answer)
            heard = heard_in(answer.results, _bytes(step["lines"]), leaves[seen:])
            found.append(_told(heard))
            seen = len(leaves)
        return "; ".join(due), "; ".join(found)

    async def gate(self, vector: Vector) -> str:
        """Return how the gate stands after each answer; before each the node starts again."""
        contexts, asked = self._contexts, base64.urlsafe_b64decode(self._contexts.nonce + "==")
        other = seeded("gate")

        def random(length: int) -> bytes:
            return asked if length == NONCE_BYTES else other(length)

        node = await rehearse(
            contexts.usual.setting, self._make_store, clock=StandingClock(contexts.now), random=random
        )
        states = []
        for number, answer in enumerate(vector["answers"]):
            node.close()
            if number == vector.get("decided"):
                await node.decide_anew()
            with contextlib.suppress(ExchangeError):
                await node.ask_at_the_gate(answer.encode("utf-8"))
            states.append(node.state)
        return ", ".join(states)

    async def result(self, vector: Vector) -> str:
        """Return what a new node does with its line after a result."""
        contexts, clock = self._contexts, MovingClock(self._contexts.now)
        node = await rehearse(contexts.usual.setting, self._make_store, clock=clock, random=seeded("result"))
        scribe = scribe_in(contexts, contexts.usual, "result")
        scribe.now = clock.now
        return await what_follows(node, scribe, clock, random=seeded("draft"), result=vector["result"])

    async def _after(self, name: str, context: Context, clock: MovingClock) -> Rehearsal:
        """Return a node that has opened its gate and holds the log of the context."""
        setting = context.setting
        if name not in self._snapshots:
            node = await rehearse(setting, self._make_store, clock=clock, random=seeded(name))
            await Talk(scribe_in(self._contexts, context, name), node).begin()
            self._snapshots[name] = node.snapshot()
        node = await rehearse(
            setting, self._make_store, clock=clock, random=seeded(name), snapshot=self._snapshots[name]
        )
        node.open()
        return node


def _frame(context: Context, place: int, step: Mapping[str, Any]) -> Frame:
    setting, leaves = context.setting, step.get("leaves", ())
    own = setting.sender.code
    tail = FrameTail(own, 1, place, tuple(_bytes(leaves)), step["head"]) if leaves else None
    return Frame(
        setting.link,
        own,
        setting.recipient.code,
        tail=tail,
        lines=tuple(_bytes(step["lines"])),
        card=step.get("card", ""),
    )


def _bytes(texts: Sequence[str | Sequence[tuple[str, int]]]) -> list[bytes]:
    """Return lines or leaves; a long one stands as pieces with the number of times that each is repeated."""
    return [_whole(text).encode("utf-8") for text in texts]


def _whole(text: str | Sequence[tuple[str, int]]) -> str:
    return text if isinstance(text, str) else "".join(piece * times for piece, times in text)


def _leaves(answer: Frame) -> list[Leaf]:
    return [decode_leaf(raw) for raw in answer.tail.leaves] if answer.tail else []


def _told(heard: Heard) -> str:
    return text_of(heard.verdicts, heard.later)
