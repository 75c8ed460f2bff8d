# SPDX-License-Identifier: Apache-2.0
"""A write that a client asks for again is done once (`Idempotency-Key`).

    begin    first time: kept as running      again: the kept answer, or a refusal that says why not
    store    what the write works on: its change and `done` stand in the same commit
    finish   the answer is kept for `KEPT`    forget: nothing was changed, so the key is free again

1. The same key with another request is refused for as long as the key is kept.
2. While a write runs, the same key is refused. Whether it runs is known to the process alone.
3. A process that dies before the commit leaves `running`: nothing happened, and the next one does it. One
   that dies after it leaves `done`: the change stands, its answer is lost, and the client is told so.
4. A request that was refused changed nothing and keeps nothing.

Key and request are kept as keyed digests only: a request holds persons, and a plain digest could confirm a
guess.
"""

from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from exchange.errors import ExchangeError
from exchange.service.admission import Caller
from exchange.service.clients import AnswerState, KeptAnswer
from exchange.service.node import Node
from exchange.service.ports import Store, Unit, UnitOfWork

T = TypeVar("T")

KEPT = timedelta(hours=24)
FORGET_AT_ONCE = 100
"""Old answers forgotten in one unit; a client adds one at a time."""


class RepeatError(ExchangeError):
    """A repeated write is not done. `reason` is `key_reused`, `still_running` or `answer_lost`."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the same key was used before: {reason}")
        self.reason = reason


@dataclass(frozen=True)
class AccompaniedStore:
    """The store of the node; each unit that writes is followed by another one, in the same commit."""

    inner: Store
    also: Unit[None]

    def write(self, unit: Unit[T]) -> Awaitable[T]:
        def both(uow: UnitOfWork) -> T:
            result = unit(uow)
            self.also(uow)
            return result

        return self.inner.write(both)

    def read(self, unit: Unit[T]) -> Awaitable[T]:
        return self.inner.read(unit)


class Repeats:
    """The writes of client systems of one running node."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._running: set[tuple[str, bytes]] = set()

    async def begin(self, caller: Caller, key: bytes, request: bytes) -> KeptAnswer:
        """Return the row of a write: `answered` if there is nothing to do, else `running`.

        What is running must come to `finish` or `forget`.

        Raises:
            RepeatError: the key belongs to another request, or its answer cannot be given.
        """
        row = KeptAnswer(
            caller.name,
            caller.digest(b"key", key),
            caller.digest(b"request", request),
            self._node.clock.now(),
        )
        place = (row.client, row.key)
        if place in self._running:
            raise RepeatError("still_running")
        self._running.add(place)
        try:
            found = await self._node.store.write(lambda uow: _begin(uow, row))
        except BaseException:
            self._running.discard(place)
            raise
        if found.state is AnswerState.ANSWERED:
            self._running.discard(place)
        return found

    def store(self, row: KeptAnswer, inner: Store) -> Store:
        """Return the store on which a running write works: its commit says that it is done."""
        done = replace(row, state=AnswerState.DONE)
        return AccompaniedStore(inner, lambda uow: uow.clients.put_answer(done))

    async def finish(self, row: KeptAnswer, answer: bytes) -> None:
        """Keep the answer of a write."""
        answered = replace(row, state=AnswerState.ANSWERED, answer=answer)
        try:
            await self._node.store.write(lambda uow: uow.clients.put_answer(answered))
        finally:
            self._running.discard((row.client, row.key))

    async def forget(self, row: KeptAnswer) -> None:
        """Free the key of a write that changed nothing; one that is done stays as it is."""

        def unit(uow: UnitOfWork) -> None:
            kept = uow.clients.answer(row.client, row.key)
            if kept is not None and kept.state is AnswerState.RUNNING:
                uow.clients.drop_answer(row.client, row.key)

        try:
            await self._node.store.write(unit)
        finally:
            self._running.discard((row.client, row.key))


def _begin(uow: UnitOfWork, row: KeptAnswer) -> KeptAnswer:
    uow.clients.forget_answers(row.begun_at - KEPT, FORGET_AT_ONCE)
    kept = uow.clients.answer(row.client, row.key)
    if kept is not None and row.begun_at - kept.begun_at < KEPT:
        if kept.request != row.request:
            raise RepeatError("key_reused")
        if kept.state is AnswerState.DONE:
            raise RepeatError("answer_lost")
        if kept.state is AnswerState.ANSWERED:
            return kept
    uow.clients.put_answer(row)
    return row
