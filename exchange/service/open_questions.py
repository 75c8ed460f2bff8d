# SPDX-License-Identifier: Apache-2.0
"""What is open: questions that wait for an answer, until when, and the port that keeps them.

The end of a question is kept beside it. Whatever it follows from marks it stale, in the transaction of the
change (the question itself, another question of its case, state and events of the case). `deadlines`
computes stale ends again; nothing else writes one. So a kept end that is not stale is the one that would
be computed now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from exchange.cases.deadlines import Due
from exchange.ids import CaseCode, LinkId, MessageId
from exchange.service.rows import Direction, QuestionRow

Place = tuple[int | str, ...]
"""Where a page of the store ended; only the store knows what it means."""
BEGIN: Place = ()
"""The place before everything, and after the last page."""


@dataclass(frozen=True)
class StaleRow:
    """A question whose kept end may be wrong, with everything that an end usually follows from."""

    place: Place
    """Which question it is; its code stays sealed, for hardly any end needs it."""
    link: LinkId
    direction: Direction
    seq: int
    type: str
    urgency: str
    effective: bool
    answering: bool
    """Our answer is on its way."""
    message: MessageId | None
    """None when its message is not here; then there is no agreement and no time either."""
    agreement_n: int
    known_at: datetime | None
    """When its verdict was known here."""
    verdict: bytes
    """The leaf at the place of its verdict in the newest log of the recipient; empty without one."""
    of_case: bool
    state: str
    """The state of its case; empty if it has none."""
    states: frozenset[str]
    """Every state to which an event ever led the case."""
    is_latest: bool
    """No later question of the case that counts asks the same."""


@dataclass(frozen=True)
class EndRow:
    """Until when one question has to be answered, as it was last computed."""

    question: StaleRow
    awaited: bool
    """Somebody owes the answer now; what nobody owes is on no worklist."""
    due: Due | None = None
    """None while a hold stops it, or when no deadline was agreed."""
    held: bool = False
    """A hold of the person lasts."""


@dataclass(frozen=True)
class TaskRow:
    """The persons of one message whose answers have the same end."""

    link: LinkId
    direction: Direction
    """In: we have to answer. Out: the partner has to."""
    seq: int
    type: str
    urgency: str
    due: Due | None
    held: bool
    answering: bool
    """Our answer is on its way; the partner has not confirmed it yet."""


@dataclass(frozen=True)
class TaskCount:
    """How many tasks of one kind there are on a link."""

    link: LinkId
    direction: Direction
    answering: bool
    tasks: int
    late: int


class Questions(Protocol):
    """Messages that wait for an answer, by message and case; what is answered is not here any more."""

    def put(self, row: QuestionRow) -> None:
        """Keep a question; for a kept one replace `effective` and `reply`."""
        ...

    def take_effect(self, link: LinkId, direction: Direction, seq: int) -> None:
        """Let every kept question of a message count; a message without any is none."""
        ...

    def drop(self, row: QuestionRow) -> None: ...
    def of_message(self, link: LinkId, direction: Direction, seq: int) -> list[QuestionRow]: ...
    def of_case(self, link: LinkId, code: CaseCode) -> list[QuestionRow]: ...
    def of_reply(self, link: LinkId, seq: int) -> list[QuestionRow]:
        """Return the questions that wait for the verdict on our answer with number `seq`."""
        ...

    def stale(self, *, after: Place = BEGIN, limit: int = 100) -> tuple[list[StaleRow], Place]:
        """Return questions whose kept end may be wrong, and the place after them; BEGIN when no more come."""
        ...

    def case_of(self, row: StaleRow) -> CaseCode | None:
        """Return the case of a question; None if it names none, or an erased one."""
        ...

    def keep_ends(self, rows: Sequence[EndRow]) -> None:
        """Keep until when questions have to be answered; what it follows from marks it stale again."""
        ...

    def mark_stale(self, *, after: Place = BEGIN, limit: int = 100) -> Place:
        """Mark the kept ends of a page of questions as stale; return the place after it."""
        ...

    def tasks(
        self,
        *,
        after: Place = BEGIN,
        limit: int = 100,
        late_at: datetime | None = None,
        direction: Direction | None = None,
    ) -> tuple[list[TaskRow], Place]:
        """Return a page of tasks, the first to be done first.

        With `late_at` only what is late then; with `direction` only what waits for that side and is not
        being answered.
        """
        ...

    def tasks_of(self, link: LinkId, direction: Direction, seq: int) -> list[TaskRow]: ...
    def count_tasks(self, now: datetime) -> list[TaskCount]:
        """Return how many tasks there are of each kind, and how many of them are late at `now`."""
        ...

    def late_types(self, link: LinkId, now: datetime) -> dict[str, int]:
        """Return how many tasks of a link are late at `now`, by type of message."""
        ...

    def cases_of(self, task: TaskRow) -> list[CaseCode]: ...
    def reminders_of(self, link: LinkId, direction: Direction, seq: int) -> list[int]:
        """Return the numbers of the reminders that the asking side sent in the cases of a message."""
        ...
