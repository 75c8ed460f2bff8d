# SPDX-License-Identifier: Apache-2.0
"""What one message does to everything it names: one movement, and each of its persons by itself.

1. The movement is judged first, then each line on its own row; one line without a row refuses the whole
   message, and nothing of it takes effect.
2. What AMD and HDP do to a person is derived here: `list` is `final` or `taken_off`; `effect` is that of
   the message, but only for the persons who are taken off if it only takes persons off.
3. A cancelled or changed movement reaches every person on its list, named or not: when a movement leaves
   `confirmed` other than by departure, its persons return. A caller who keeps chronicles enters such a
   message for every case that any message ever listed in the movement (`case_event`): it changes nothing
   for one who is not in the movement at that place, and it opens no case that it does not name.
4. A countersignature repeats no line: each person gets the outcome of the record it names.
5. A CAN that names `persons` takes only these off; their movement stands.

The caller gives the snapshots at the place of the message in the order of effects (`keeper`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from exchange.cases.consent import Consent
from exchange.cases.lifecycle import Step, apply
from exchange.cases.movements import (
    MovementEvent,
    MovementSnapshot,
    MovementStep,
    apply_movement,
    first_movement,
)
from exchange.cases.snapshot import CaseEvent, CaseSnapshot, Fields, Side, Value
from exchange.cases.tables import MovementTable

REACHES_THE_LIST = frozenset({"AMD", "CAN"})
UNNAMED: Fields = {"named": False}
"""Of a message that reaches a person without naming it: it opens no case."""
_NO_ONE: tuple[str, ...] = ()


@dataclass(frozen=True)
class Message:
    """One message in the words of the tables.

    `fields` are common to all persons, `lines` belong to one person. `taken_off` (HDP, AMD) and `added`
    (AMD) are case codes. `roles` names the role of the author for a case where it is not `side`.
    """

    type: str
    side: Side
    on: date
    ref: str = ""
    cases: tuple[str, ...] = ()
    movement: str = ""
    fields: Fields = field(default_factory=dict)
    lines: Mapping[str, Fields] = field(default_factory=dict)
    consents: Mapping[str, tuple[Consent, ...]] = field(default_factory=dict)
    roles: Mapping[str, Side] = field(default_factory=dict)

    @cached_property
    def named(self) -> frozenset[str]:
        """Every case that the message names; made once, for it is asked for each of a thousand persons."""
        return frozenset((*self.cases, *_cases(self, "taken_off"), *_cases(self, "added")))

    @cached_property
    def alone(self) -> dict[str, CaseEvent]:
        """What it means for each person without a movement, as far as somebody has asked."""
        return {}


@dataclass(frozen=True)
class World:
    """Snapshots of what a message may touch; a case or movement that is not here is new."""

    cases: Mapping[str, CaseSnapshot] = field(default_factory=dict)
    movements: Mapping[str, MovementSnapshot] = field(default_factory=dict)


@dataclass(frozen=True)
class Taken:
    """What a message did, and what it means for each subject alone."""

    cases: Mapping[str, Step]
    movement: MovementStep | None
    events: Mapping[str, CaseEvent]
    movement_event: MovementEvent | None
    before: World
    """What it was judged in."""

    def world(self, before: World, movement: str) -> World:
        """Return the snapshots after the message."""
        cases = {**before.cases, **{case: step.snapshot for case, step in self.cases.items()}}
        movements = dict(before.movements)
        if self.movement:
            movements[movement] = self.movement.snapshot
        return World(cases, movements)


def take(table: MovementTable, world: World, message: Message) -> Taken:
    """Return what a message does to its movement and its persons.

    Raises:
        RejectedError: `state_conflict` or `signer_not_authorised`; nothing of it takes effect.
    """
    moved = before = movement = None
    if acts_on_movement(table, message):
        before = world.movements.get(message.movement) or first_movement(table)
        moved = movement_event(message)
        movement = apply_movement(table, before, moved)
    events = case_events(message, before)
    new = table.cases.initial()
    steps = {case: apply(table.cases, world.cases.get(case, new), event) for case, event in events.items()}
    return Taken(steps, movement, events, moved, world)


def acts_on_movement(table: MovementTable, message: Message) -> bool:
    """Return whether a message is judged by the table of movements as well (5)."""
    return bool(message.movement) and message.type in table.messages and not message.fields.get("persons")


def movement_event(message: Message) -> MovementEvent:
    """Return a message as it concerns its movement."""
    outcomes = {case: str(line["outcome"]) for case, line in message.lines.items() if "outcome" in line}
    return MovementEvent(message.type, message.side, message.fields, message.ref, message.cases, outcomes)


def case_events(message: Message, movement: MovementSnapshot | None) -> dict[str, CaseEvent]:
    """Return a message as it concerns each person; `movement` is its movement before the message."""
    cases = [*message.cases, *_cases(message, "taken_off")]
    if movement:
        cases += _signed_outcomes(message, movement)
    if movement and message.type in REACHES_THE_LIST:
        cases += movement.list
    return {case: case_event(message, case, movement) for case in cases}


def case_event(message: Message, case: str, movement: MovementSnapshot | None) -> CaseEvent:
    """Return a message as it concerns one person, also one it reaches without naming it."""
    if movement is not None:
        return _made_event(message, case, movement)
    if case not in message.alone:
        message.alone[case] = _made_event(message, case, None)
    return message.alone[case]


def _made_event(message: Message, case: str, movement: MovementSnapshot | None) -> CaseEvent:
    outcome = _signed_outcomes(message, movement).get(case, {}) if movement else {}
    line = message.lines.get(case, {})
    named = {} if case in message.named or outcome else UNNAMED
    return CaseEvent(
        type=message.type,
        side=message.roles.get(case, message.side),
        fields={**message.fields, **outcome, **line, **_derived(message, case), **named},
        on=message.on,
        ref=_ref(message),
        movement=message.movement,
        consents=message.consents.get(case, ()),
    )


def _derived(message: Message, case: str) -> dict[str, Value]:
    if message.type not in ("HDP", "AMD"):
        return {}
    off = case in _cases(message, "taken_off")
    if message.type == "HDP":
        return {"list": "taken_off" if off else "final"}
    derived: dict[str, Value] = {"added": case in _cases(message, "added")}
    if message.fields.get("effect") == "person_taken_off" and not off:
        derived["effect"] = "details_changed"
    return derived


def _signed_outcomes(message: Message, movement: MovementSnapshot) -> dict[str, dict[str, Value]]:
    named = message.fields.get("countersigns")
    for record in movement.records:
        if record.ref == named:
            return {case: {"outcome": outcome} for case, outcome in record.outcomes.items()}
    return {}


def _ref(message: Message) -> str:
    """Return how later messages name this one: a record by its first HRC."""
    named = message.fields.get("countersigns")
    return named if isinstance(named, str) else message.ref


def _cases(message: Message, key: str) -> tuple[str, ...]:
    value = message.fields.get(key)
    return value if isinstance(value, tuple) else _NO_ONE
