# SPDX-License-Identifier: Apache-2.0
"""Both nodes end in the same state, whatever they write and however it crosses on the line.

Messages arrive in the order of their numbers, stops may overtake; tails arrive at any time. Two persons
and one movement are followed from several starts, across the handing over of the order.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

import pytest
from exchange.cases.effects import Message, World
from exchange.cases.movements import FirstRecord, MovementSnapshot, first_movement
from exchange.cases.snapshot import CaseSnapshot, Side
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from tests.support.case_tables import CASES, MOVEMENTS
from tests.support.two_logs import DAY, MOVEMENT, Link, Node

A, B = "A", "B"
UNTIL = DAY + timedelta(days=90)
GROUPS = ((A,), (B,), (A, B))
BY_HOST = ("IDN", "VRQ", "TRQ", "RPN", "TDQ", "ROP")
BY_ORIGIN = ("RCV", "RFN", "FUP", "ROP")
ANSWERS = {
    "VRS": ("result", ("national", "not_found", "not_national", "more_information")),
    "TRS": ("result", ("found_suitable", "in_progress", "not_needed")),
    "RPD": ("outcome", ("accepted", "refused", "deferred")),
    "TDS": ("status", ("issued", "pending", "denied")),
}
OUTCOMES = ("handed_over", "not_presented", "not_taken_over", "diverted_medical", "added")
ENDING = CASES.stops | {"CLO"}
"""Written less often, because little can follow them."""
EFFECTS = ("time_or_place_changed", "person_added", "person_taken_off", "details_changed", "date_open")


def _case(state: str, *, opened: bool = True, movement: str = "") -> CaseSnapshot:
    listed = (MOVEMENT,) if movement else ()
    travels = movement if state in CASES.travelling else ""
    return replace(
        CASES.initial(), state=state, opened=opened, valid_until=UNTIL, movement=travels, listed=listed
    )


def _movement(state: str, **more: object) -> MovementSnapshot:
    return replace(first_movement(MOVEMENTS), state=state, list=(A, B), **more)


RECORD = FirstRecord("first", "host", {A: "handed_over", B: "not_presented"})
STARTS = {
    "nothing is known": (_case("presumed", opened=False), _movement("draft")),
    "check under way": (_case("verification_pending"), _movement("draft")),
    "notice open": (_case("notice_pending"), _movement("draft")),
    "ready": (_case("ready"), _movement("draft")),
    "proposed": (_case("ready", movement=MOVEMENT), _movement("proposed", proposer="host")),
    "confirmed": (_case("scheduled", movement=MOVEMENT), _movement("confirmed", proposer="host")),
    "left": (_case("in_transfer", movement=MOVEMENT), _movement("departed")),
    "signed once": (_case("in_transfer", movement=MOVEMENT), _movement("departed", records=(RECORD,))),
}


def _link(start: str) -> Link:
    case, movement = STARTS[start]
    world = World({A: case, B: case}, {MOVEMENT: movement})
    return Link(Node(MOVEMENTS, "host", world), Node(MOVEMENTS, "origin", world))


def _messages(side: Side, world: World) -> list[Message]:
    """Return what an officer of a side might think of; most of it does not fit."""
    return [*_stops(side, world), *_of_persons(side), *_of_movement(side, world)]


def _message(side: Side, kind: str, cases: tuple[str, ...], movement: str = "", **fields: object) -> Message:
    return Message(kind, side, DAY, cases=cases, movement=movement, fields=fields)


def _of_persons(side: Side) -> Iterator[Message]:
    for group in GROUPS:
        for kind in BY_HOST if side == "host" else BY_ORIGIN:
            yield _message(side, kind, group, arrived=True)
        if side == "origin":
            yield from (_message(side, kind, group, **fields) for kind, fields in _answers())
        yield _message(side, "CLO", group, reason="died")


def _answers() -> Iterator[tuple[str, dict[str, object]]]:
    for kind, (key, values) in ANSWERS.items():
        for value in values:
            for revises in (False, True) if kind == "RPD" else (False,):
                yield kind, {key: value, "revises": revises, "valid_until": UNTIL.isoformat()}


def _stops(side: Side, world: World) -> Iterator[Message]:
    for group in GROUPS:
        yield _message(side, "HLD", group)
        yield _message(side, "CWD", group, scope=("return",))
        yield _message(side, "CWD", group, scope=("statistics",))
        yield _message(side, "INC", group, incident="missing")
        yield _message(side, "CAN", group, target="notice")
        for hold in world.cases[group[0]].holds:
            yield _message(side, "RSM", group, hold=hold.ref)
    yield _message(side, "CAN", (A, B), MOVEMENT, target="movement")


def _of_movement(side: Side, world: World) -> Iterator[Message]:
    for group in GROUPS:
        others = tuple(case for case in (A, B) if case not in group)
        yield _message(side, "HPR", group, MOVEMENT)
        yield _message(side, "HDP", group, MOVEMENT, taken_off=others)
        yield from (_message(side, "HRP", group, MOVEMENT, response=one) for one in ("confirm", "counter"))
        for outcome in OUTCOMES:
            lines = {A: {"outcome": "handed_over"}, B: {"outcome": outcome}}
            first = _message(side, "HRC", group, MOVEMENT, signature="first")
            yield replace(first, lines={case: lines[case] for case in group})
        for effect in EFFECTS:
            yield _message(side, "AMD", (A, B), MOVEMENT, effect=effect, added=group, taken_off=())
            yield _message(side, "AMD", (A, B), MOVEMENT, effect=effect, added=(), taken_off=group)
    for record in world.movements[MOVEMENT].records:
        for agreed in (True, False):
            fields = {"signature": "second", "agreed": agreed, "countersigns": record.ref}
            yield _message(side, "HRC", tuple(record.outcomes), MOVEMENT, **fields)


@dataclass(frozen=True)
class Act:
    """One thing that happens on the link."""

    kind: str
    side: Side
    number: int


ACTS = st.builds(
    Act,
    kind=st.sampled_from(("write", "write", "write", "carry", "carry", "tail", "overtake")),
    side=st.sampled_from(("host", "origin")),
    number=st.integers(0, 10_000),
)


def _play(link: Link, act: Act) -> None:
    if act.kind == "write":
        _write(link.node(act.side), act.number)
    elif act.kind == "carry":
        link.carry(act.side, act.number % 3 + 1)
    elif act.kind == "tail":
        link.tail(act.side)
    else:
        link.overtake(act.side)


def _write(node: Node, number: int) -> None:
    """Write a message that fits what the node shows: types in some order, then one of the first that fits."""
    chance = Random(number)
    messages = _messages(node.own, node.world())
    rank = {
        kind: chance.random() * (8 if kind in ENDING else 1) for kind in sorted({m.type for m in messages})
    }
    chance.shuffle(messages)
    for message in sorted(messages, key=lambda one: rank[one.type]):
        if node.write(message):
            note(f"{node.own} writes {node.written[-1].type} {message.cases} {dict(message.fields)}")
            return


def _assert_same(link: Link) -> None:
    host, origin = link.host, link.origin
    assert host.world(shown=False) == origin.world(shown=False)
    for node in (host, origin):
        assert node.world() == node.world(shown=False)
        assert all(subject.view(node.own).provisional == 0 for subject in node.subjects.values())


@pytest.mark.parametrize("start", STARTS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=st.lists(ACTS, min_size=4, max_size=24))
def test_both_nodes_end_in_the_same_state_whatever_crosses(start: str, acts: list[Act]) -> None:
    link = _link(start)

    for act in acts:
        _play(link, act)
    link.calm()

    _assert_same(link)


@pytest.mark.parametrize("start", STARTS)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    acts=st.lists(ACTS, min_size=4, max_size=24), refused=st.sets(st.integers(0, 8), min_size=1, max_size=4)
)
def test_a_message_refused_for_another_reason_loses_its_effect_at_both(
    start: str, acts: list[Act], refused: set[int]
) -> None:
    """A missing consent or a wrong form takes back what the keeper had already applied for itself."""
    link = _link(start)
    link.origin.refuses = {f"host-{number}" for number in refused}
    link.host.refuses = {f"origin-{number}" for number in refused if number % 2}

    for act in acts:
        _play(link, act)
    link.calm()

    _assert_same(link)


@pytest.mark.parametrize("start", STARTS)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=st.lists(ACTS, min_size=4, max_size=24))
def test_while_the_host_side_keeps_the_order_the_other_refuses_none_of_its_messages(
    start: str, acts: list[Act]
) -> None:
    link = _link(start)

    for act in acts:
        _play(link, act)
    link.calm()

    if _host_keeps(link):
        assert all(link.origin.judged.values())
        assert not any(subject.view("host").ineffective for subject in link.host.subjects.values())


def _host_keeps(link: Link) -> bool:
    """Return whether no record was completed and no case was opened by a reception."""
    by_record = any(
        message.fields.get("agreed") for node in (link.host, link.origin) for message in node.written
    )
    by_reception = any(message.type == "RCV" for message in link.origin.written)
    return not by_record and not by_reception
