# SPDX-License-Identifier: Apache-2.0
"""The port that keeps movements: handover appointments with their events and the cases on them."""

import builtins
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from exchange.ids import AgencyCode, CaseCode, LinkId, MovementCode
from exchange.service.rows import Direction, MovementEventRow, MovementRow


@dataclass(frozen=True)
class NotReceived:
    """A movement with persons who were handed over and whose reception nobody has confirmed."""

    row: MovementRow
    persons: int


class Movements(Protocol):
    """Movements, their events and the cases on them. Codes are stored encrypted and found by keyed tokens.

    A movement goes with the last of its cases (`Cases.erase`); events stay: numbers, states, times.
    """

    def get(self, link: LinkId, code: MovementCode) -> MovementRow | None: ...
    def add(self, row: MovementRow) -> None: ...
    def update(self, row: MovementRow) -> None:
        """Replace state, snapshot, provisional and changed_at.

        When its window begins has to be read again.
        """
        ...

    def find(self, prefix: str) -> list[MovementRow]:
        """Return movements whose code begins with `prefix` (at least the first group of four), at most 20."""
        ...

    def list(self, *, link: LinkId | None = None, limit: int = 100, skip: int = 0) -> list[MovementRow]:
        """Return movements, last changed first; without a link those behind the first `skip`."""
        ...

    def add_event(self, row: MovementEventRow) -> None: ...
    def events(self, link: LinkId, code: MovementCode) -> builtins.list[MovementEventRow]: ...
    def of_message(self, link: LinkId, direction: Direction, seq: int) -> MovementCode | None:
        """Return the movement that a message had an effect on."""
        ...

    def enlist(self, link: LinkId, code: MovementCode, cases: Iterable[CaseCode]) -> builtins.list[CaseCode]:
        """Remember cases that a message named in the movement; return those that are new there."""
        ...

    def listed(self, link: LinkId, code: MovementCode) -> builtins.list[CaseCode]:
        """Return every case that a message ever named in the movement, apart from erased ones."""
        ...

    def of_case(self, link: LinkId, case: CaseCode) -> builtins.list[MovementCode]:
        """Return the movements in which a case was ever named, oldest first."""
        ...

    def without_window(self, *, limit: int) -> builtins.list[MovementRow]:
        """Return movements under way of which it is not kept since their last change when they begin."""
        ...

    def keep_window(self, link: LinkId, code: MovementCode, begins_at: datetime) -> None:
        """Keep when the window of a movement begins, until the movement changes."""
        ...

    def to_be_received(self, origin: AgencyCode, *, limit: int) -> builtins.list[NotReceived]:
        """Return movements of an origin side with persons whose reception is owed, the first one first."""
        ...

    def under_way(self, *, since: datetime, before: datetime, limit: int) -> builtins.list[MovementRow]:
        """Return movements under way whose kept window begins in a time, the first to begin first."""
        ...

    def left_open(self, *, before: datetime, limit: int) -> builtins.list[MovementRow]:
        """Return movements under way whose kept window began before an instant, the last to begin first."""
        ...
