# SPDX-License-Identifier: Apache-2.0
"""What the partner sent and nobody of this office has opened yet, and the port that keeps it."""

from dataclasses import dataclass
from typing import Protocol

from exchange.service.open_questions import BEGIN, Place
from exchange.service.rows import MessageRow


@dataclass(frozen=True)
class UnopenedCount:
    """How many accepted messages wait to be opened."""

    stops: int
    others: int


class Unopened(Protocol):
    """Accepted messages of the partner until somebody opens them; stops are kept apart from the others."""

    def add(self, row: MessageRow, *, stop: bool) -> None:
        """Keep a message that is in the store; one that is kept already stays."""
        ...

    def drop(self, row: MessageRow) -> None:
        """Let a message go; one that is not kept is no fault."""
        ...

    def page(self, *, stops: bool, after: Place = BEGIN, limit: int = 100) -> tuple[list[MessageRow], Place]:
        """Return messages after a place, newest first, and the place after them; BEGIN when no more come."""
        ...

    def count(self) -> UnopenedCount: ...
