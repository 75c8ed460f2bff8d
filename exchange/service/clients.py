# SPDX-License-Identifier: Apache-2.0
"""What is kept of client systems and of their writes, and the port; the rules are in `admission`."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from exchange.ids import OfficerNumber


@dataclass(frozen=True)
class ClientRow:
    """One client system."""

    name: str
    officer: OfficerNumber
    """Who answers for what it does."""
    roles: tuple[str, ...]
    token: bytes
    """SHA-256 of the secret."""
    made_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None

    def is_active(self, now: datetime) -> bool:
        return self.ended_at is None and now < self.expires_at


class AnswerState(StrEnum):
    """How far a write of a client came."""

    RUNNING = "running"
    """It was begun, and nothing was changed yet."""
    DONE = "done"
    """Its change is in the store; it stands in the same commit."""
    ANSWERED = "answered"


@dataclass(frozen=True)
class KeptAnswer:
    """What is kept of one write, for whoever asks again. `key` and `request` are keyed digests."""

    client: str
    key: bytes
    request: bytes
    begun_at: datetime
    state: AnswerState = AnswerState.RUNNING
    answer: bytes = b""


class Clients(Protocol):
    """Client systems and what is kept of their writes; answers are encrypted at rest."""

    def add(self, row: ClientRow) -> None:
        """Keep a new client. Raises AppendOnlyError when the name was used before."""
        ...

    def get(self, name: str) -> ClientRow | None: ...
    def list(self) -> list[ClientRow]: ...
    def end(self, name: str, at: datetime) -> None: ...
    def put_answer(self, row: KeptAnswer) -> None: ...
    def answer(self, client: str, key: bytes) -> KeptAnswer | None: ...
    def drop_answer(self, client: str, key: bytes) -> None: ...
    def forget_answers(self, before: datetime, limit: int) -> None: ...
    def blank_answers(self, texts: Collection[str]) -> int:
        """Let the content of answers go in which one of the texts stands; their writes stay done."""
        ...
