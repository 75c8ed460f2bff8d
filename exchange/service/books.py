# SPDX-License-Identifier: Apache-2.0
"""What the use cases need of the store to keep books: differences, statements, and who did what.

Tables of one unit of work, as `ports` has the others. Those about the ledger hold numbers, entries and
states, never a type of a case or a name.
"""

import builtins
from collections.abc import Collection
from typing import Protocol

from exchange.ids import Digest, LinkId, MessageId
from exchange.service.rows import (
    AuditRow,
    DifferenceRow,
    Direction,
    MessageRow,
    MessageState,
    NamedDifference,
    StatementRow,
)


class Differences(Protocol):
    """Differences with their life. They are never deleted; class, key and number never change."""

    def add(self, row: NamedDifference) -> None:
        """Keep a new one; raises AppendOnlyError when its number or its key is used."""
        ...

    def change(self, row: NamedDifference) -> None:
        """Replace what the life of `row.no` changes."""
        ...

    def get(self, link: LinkId, no: int) -> NamedDifference | None: ...
    def of_key(self, link: LinkId, key: str) -> NamedDifference | None: ...
    def of_notice(self, link: LinkId, message: MessageId) -> NamedDifference | None:
        """Return the one that a difference notice of either side is about."""
        ...

    def of_digest(self, link: LinkId, dg: Digest) -> NamedDifference | None:
        """Return the one whose notice has this commitment."""
        ...

    def live(self, link: LinkId, *, after: int = 0, limit: int = 100) -> list[NamedDifference]:
        """Return those that are not closed, by number."""
        ...

    def list(self, link: LinkId, *, limit: int = 100) -> builtins.list[NamedDifference]:
        """Return every one, the newest first."""
        ...

    def offered(self, link: LinkId, *, limit: int = 100) -> builtins.list[NamedDifference]:
        """Return those that somebody of this side proposed to accept as they are, and that are not closed."""
        ...

    def last(self, link: LinkId) -> tuple[int, int]:
        """Return the highest number used, and how many are not closed."""
        ...

    def held_states(
        self, link: LinkId, direction: Direction, start: int, limit: int
    ) -> builtins.list[tuple[int, MessageState, int]]:
        """Return number, state and place of the verdict of messages with seq >= start, in order."""
        ...


class Statements(Protocol):
    """Statements of both sides. They are never deleted; only the answer is added."""

    def add(self, row: StatementRow) -> None:
        """Keep a new one; raises AppendOnlyError when its number is used."""
        ...

    def answer(self, row: StatementRow) -> None:
        """Replace the answer and what was found."""
        ...

    def get(self, link: LinkId, *, is_own: bool, no: int) -> StatementRow | None: ...
    def unanswered(self, link: LinkId, *, is_own: bool) -> list[StatementRow]: ...
    def list(self, link: LinkId, *, limit: int = 100) -> builtins.list[StatementRow]:
        """Return those of both sides, the newest first."""
        ...

    def last(self, link: LinkId, *, is_own: bool, monthly: bool) -> StatementRow | None: ...
    def messages(
        self, link: LinkId, direction: Direction, type_code: str, *, limit: int
    ) -> builtins.list[MessageRow]:
        """Return messages of STM, DSC or DRS, newest first."""
        ...


class Audit(Protocol):
    """Append-only record of acts, and kept evidence."""

    def record(self, row: AuditRow) -> int:
        """Record an act and return its number in the record, from 1."""
        ...

    def get(self, n: int) -> AuditRow | None: ...
    def list(self, *, limit: int = 100) -> list[AuditRow]: ...
    def of_acts(self, acts: Collection[str], *, after: int) -> tuple[builtins.list[AuditRow], int]:
        """Return records of some acts in one page behind a place, oldest first, and the next place or 0."""
        ...

    def keep(self, row: DifferenceRow) -> bool:
        """Keep evidence; return False when three copies of this kind and subject are kept already."""
        ...

    def kept(self, link: LinkId) -> builtins.list[DifferenceRow]: ...
    def kept_behind(self, link: LinkId, after: int) -> tuple[builtins.list[DifferenceRow], int]:
        """Return a page of kept evidence behind a place, oldest first, and the next place or 0."""
        ...
