# SPDX-License-Identifier: Apache-2.0
"""Groups between two real nodes: a notice of 1,000 persons, and movements that are not notices."""

from typing import Any

import pytest
from exchange.errors import InputError
from exchange.messages.document import persons_of
from exchange.service.equations import equations
from exchange.service.meaning import document_of
from exchange.service.persons import balance_of
from exchange.service.rows import Direction, MessageState
from tests.support.careless import send
from tests.support.handover_story import moment
from tests.support.journey_stage import Stage
from tests.support.notices import decision, notice
from tests.support.world import Agency, World

MOST = 1_000
"""Persons of the largest notice (list `limits`, notice_persons_max)."""
REFUSED = 3


async def judged(world: World, agency: Agency, seq: int) -> Any:
    found: list[Any] = []

    async def reached() -> bool:
        row = await agency.store.read(lambda uow: uow.messages.by_seq(world.link, Direction.OUT, seq))
        found[:] = [row]
        return row is not None and row.state in (MessageState.ACCEPTED, MessageState.REJECTED)

    await world.until(reached)
    return found[0]


def test_a_notice_of_a_thousand_persons_is_one_message_with_a_part_and_a_decision_for_each() -> None:
    world = World(5)

    async def story(world: World) -> None:
        await world.open()
        kh, vn = world.agencies
        document = notice(kh.node, vn.code, persons=MOST)
        row = await judged(world, kh, (await send(kh, document)).seq)
        assert row.state is MessageState.ACCEPTED, row.code
        there = await vn.store.read(lambda uow: uow.messages.by_id(world.link, Direction.IN, row.id))
        parts = await vn.store.read(lambda uow: uow.contents.parts(world.link, Direction.IN, there.seq))
        assert len(parts) == 2 + MOST

        kept = await vn.store.read(lambda uow: document_of(uow, there))
        answer = decision(vn.node, kh.code, kept, refuse=REFUSED)
        row = await judged(world, vn, (await send(vn, answer)).seq)
        assert row.state is MessageState.ACCEPTED, row.code

        for agency in world.agencies:
            cases = await agency.store.read(lambda uow: uow.cases.list(link=world.link, limit=2 * MOST))
            states = [case.state for case in cases]
            assert (states.count("accepted"), states.count("refused")) == (MOST - REFUSED, REFUSED)
            found = await agency.store.read(lambda uow: balance_of(uow, world.link))
            assert found.in_notices == MOST
            assert all(equation.holds for equation in equations(found))

    world.run(story)


def test_one_person_more_is_stopped_before_it_leaves() -> None:
    world = World(5)

    async def story(world: World) -> None:
        await world.open()
        kh, vn = world.agencies
        document = notice(kh.node, vn.code, persons=MOST + 1)

        with pytest.raises(InputError) as refused:
            await send(kh, document)

        assert refused.value.faults[0].code == "form_invalid"

    world.run(story)


GROUPS: dict[str, Any] = {
    "id": 101, "host": "VN-MPS-IMM", "origin": "KH-MOSVY-DAHT", "profile": "kh-vn",
    "cases": {key: {"count": 2, "start": "presumed", "passport": True} for key in ("A", "B", "C")},
    "movements": {"M1": "draft", "M2": "draft"}, "reject": [],
}  # fmt: skip


def step(n: int, side: str, message: str, persons: list[str], day: int, **more: Any) -> dict[str, Any]:
    at = f"2027-06-{day:02}T09:{n:02}+07:00"
    return {"n": n, "at": at, "from": side, "message": message, "persons": persons, "fields": {}, **more}


def movement(n: int, name: str, keys: list[str], day: int) -> list[dict[str, Any]]:
    """Return a movement from its proposal to the reception."""
    more: dict[str, Any] = {"movement": name}
    signed = {"signature": "second", "countersigns": n + 3, "agreed": True}
    return [
        step(n, "host", "HPR", keys, day, **more, fields={"checkpoint": "KH-VN-BAVET"}),
        step(n + 1, "origin", "HRP", keys, day, **more, fields={"response": "confirm"}),
        step(n + 2, "host", "HDP", keys, day + 1, **more),
        step(n + 3, "host", "HRC", keys, day + 2, **more, fields={"signature": "first"}),
        step(n + 4, "origin", "HRC", keys, day + 2, **more, fields=signed),
        step(n + 5, "origin", "RCV", keys, day + 2),
    ]


def test_one_notice_has_several_movements_and_one_movement_several_notices() -> None:
    """Notice 1 names A and B, notice 2 names C; movement 1 takes A, movement 2 takes B and C."""
    accepted = {"outcome": "accepted", "valid_until": "2027-09-01"}
    steps = [
        step(1, "host", "RPN", ["A", "B"], 1),
        step(2, "host", "RPN", ["C"], 1),
        step(3, "origin", "RPD", ["A", "B"], 3, fields=accepted),
        step(4, "origin", "RPD", ["C"], 3, fields=accepted),
        *movement(5, "M1", ["A"], 8),
        *movement(11, "M2", ["B", "C"], 14),
    ]
    stage = Stage({**GROUPS, "steps": steps}, steps)

    async def story(world: World) -> None:
        await stage.open()
        for raw in steps:
            await play(stage, raw)
        for agency in world.agencies:
            states = await stage.states(agency)
            assert {state for state, _ in states.values()} == {"received", "completed"}
            assert len(states) == 8
            found = await agency.store.read(lambda uow: balance_of(uow, world.link))
            assert (found.in_notices, found.on_lists, found.taken_over, found.received) == (6, 6, 6, 6)
            assert dict(found.accepted) == {"handed_over": 6}

    stage.world.run(story, limit_s=10 * 86_400)


async def play(stage: Stage, raw: dict[str, Any]) -> None:
    """Play one step, and demand that it is accepted."""
    route = stage.route(raw)
    stage.lapse(moment(raw))
    (document,) = stage.writer.documents(raw, route.here.node)
    row = await send(route.here, document)
    stage.writer.remember(raw, document, id=row.id, pc=row.commitment)
    (done,) = await stage.judged(route.here, [row])
    assert done.state is MessageState.ACCEPTED, (raw, done.code)
    assert len(persons_of(document)) <= MOST
