# SPDX-License-Identifier: Apache-2.0
"""What a message of ours has done once it is accepted: is an answer owed, has a state changed.

It is told to the officer who sent it; what a message does by the tables says `cases.effects`. Read from the
chronicles of the first person and of the movement; no content is opened. A message about several persons is
told by the first one, for the page after sending says one sentence about all of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CaseEventRow, MessageRow, MovementEventRow


@dataclass(frozen=True)
class Effect:
    """What one message did."""

    awaits: bool
    """The other side owes an answer."""
    changed_case: bool
    """The state of the first person is another one."""
    changed_movement: bool
    on_hold: bool
    """The first person is on hold after it."""


def effect_of(uow: UnitOfWork, node: Node, row: MessageRow) -> Effect:
    """Return what a message did, as far as it is known here."""
    cases = uow.cases.of_message(row.link, row.direction, row.seq)
    movement = uow.movements.of_message(row.link, row.direction, row.seq)
    before, after = _states(row, uow.cases.events(row.link, cases[0])) if cases else ("", "")
    moved = _states(row, uow.movements.events(row.link, movement)) if movement else ("", "")
    return Effect(
        awaits=bool(uow.questions.of_message(row.link, row.direction, row.seq)),
        changed_case=before != after,
        changed_movement=moved[0] != moved[1],
        on_hold=after in node.tables.cases.holding,
    )


def _states(row: MessageRow, events: Iterable[CaseEventRow | MovementEventRow]) -> tuple[str, str]:
    """Return the states before and after a message, "" where it is no event."""
    own = [event for event in events if event.message == row.id]
    return (own[0].state_before, own[-1].state_after) if own else ("", "")
