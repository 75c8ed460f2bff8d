# SPDX-License-Identifier: Apache-2.0
"""Lines behind a gap: what is held makes none dearer, and all are settled in small units, in order."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from exchange.ledger.entries import void
from exchange.service import casework, converse, held
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, LinkState, MessageRow, MessageState
from tests.support.faulty import Built, Stage, with_stage
from tests.support.world import SimulatedCrashError

FEW, MANY = 3, 40


@contextmanager
def statements(stage: Stage) -> Iterator[list[str]]:
    """Return the statements that the store runs meanwhile."""
    seen: list[str] = []
    stage.store._store.set_trace_callback(seen.append)
    yield seen
    stage.store._store.set_trace_callback(None)


def announced(stage: Stage, count: int) -> list[Built]:
    lines = [stage.partner.build() for _ in range(count)]
    stage.partner.announce(*lines)
    return lines


async def read_for(stage: Stage, lines: Sequence[Built]) -> list[str]:
    """Return what the store was asked while it took some lines."""
    with statements(stage) as seen:
        await stage.give(*lines)
    return [statement for statement in seen if statement.startswith("SELECT")]


def test_a_line_behind_a_gap_asks_as_much_whatever_is_held_and_reads_no_row_of_it() -> None:
    async def story(stage: Stage) -> None:
        lines = announced(stage, MANY + 3)
        await stage.give(*lines[1:FEW])
        few = await read_for(stage, [lines[FEW]])
        await stage.give(*lines[FEW + 1 : MANY])

        many = await read_for(stage, [lines[MANY]])
        assert len(many) == len(few)
        assert [one for one in many if "message_row" in one and "state = 'held'" in one] == []

    with_stage(story)


def test_held_lines_are_opened_once_for_all_lines_that_follow_them(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    right = held.named_by

    def named_by(uow: UnitOfWork, row: MessageRow) -> frozenset[str]:
        opened.append(row.seq)
        return right(uow, row)

    monkeypatch.setattr(held, "named_by", named_by)

    async def story(stage: Stage) -> None:
        lines = announced(stage, 9)
        await stage.give(*lines[1:5])
        assert opened == []

        await stage.give(lines[0], *lines[5:])
        assert sorted(opened) == [2, 3, 4, 5]
        assert [said for said in await stage.verdicts() if said[1] == "held"] == [
            (number, "held", "") for number in (2, 3, 4, 5)
        ]

    with_stage(story)


def test_no_held_line_is_looked_for_where_none_is() -> None:
    async def story(stage: Stage) -> None:
        lines = announced(stage, 3)
        await stage.give(lines[0])

        asked = await read_for(stage, lines[1:])
        assert [one for one in asked if "sum(line_bytes)" in one] == []
        assert len([one for one in asked if "state = 'held'" in one]) == 1  # once a frame: the mark
        assert [said[1] for said in await stage.verdicts()] == ["accepted"] * 3

    with_stage(story)


# --- settling in units

AT_ONCE = 4
HELD = 2 * AT_ONCE + 3
LAST = HELD + 1
IN_ORDER = [(number, "accp", "") for number in range(2, LAST + 1)]


@pytest.fixture
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(converse, "LINES_AT_ONCE", AT_ONCE)


async def held_behind_a_gap(stage: Stage, *documents: tuple[int, Any]) -> list[Built]:
    """Give all lines but the first; some of them have a document that is given."""
    given = dict(documents)
    lines = [stage.partner.build(given.get(number)) for number in range(1, LAST + 1)]
    stage.partner.announce(*lines)
    for at in range(1, LAST, AT_ONCE):
        await stage.give(*lines[at : at + AT_ONCE])
    return lines


async def settled(stage: Stage) -> list[tuple[Any, ...]]:
    return [said for said in await stage.verdicts() if said[1] != "held"]


def on_commit(stage: Stage, act: Callable[[list[int]], None], *, moment: str = "after") -> None:
    """Call `act` at each commit with the numbers that have their verdict there."""

    def call() -> None:
        store = stage.store._store
        rows = store.execute(
            "SELECT seq FROM message WHERE direction = 'in' AND state <> 'held' ORDER BY seq"
        )
        act([seq for (seq,) in rows.fetchall()])

    stage.store.on_commit(**{moment: call})


@pytest.mark.usefixtures("small_units")
def test_no_unit_settles_more_than_its_share_and_all_are_settled_in_order() -> None:
    async def story(stage: Stage) -> None:
        lines = await held_behind_a_gap(stage)
        durable: list[list[int]] = []
        on_commit(stage, durable.append)

        assert [result.outcome for result in await stage.give(lines[0])] == ["logged"]

        sizes = [len(numbers) for numbers in durable]
        steps = [after - before for before, after in zip([0, *sizes], sizes, strict=False)]
        assert steps[:3] == [AT_ONCE, AT_ONCE, AT_ONCE]
        assert sum(steps) == LAST
        assert await settled(stage) == [(1, "accepted", ""), *IN_ORDER]
        assert len(await stage.cases()) == LAST

    with_stage(story)


@pytest.mark.usefixtures("small_units")
def test_a_full_frame_that_lets_nothing_in_takes_no_unit_more() -> None:
    async def story(stage: Stage) -> None:
        lines = announced(stage, 2 * AT_ONCE)
        await stage.give(stage.partner.build(seq=1000))  # takes the tail
        commits = list[list[int]]()
        on_commit(stage, commits.append)

        await stage.give(*lines)
        assert len(commits) == 2

    with_stage(story)


@pytest.mark.usefixtures("small_units")
def test_numbers_that_were_given_up_take_their_turn_and_count_in_a_unit() -> None:
    async def story(stage: Stage) -> None:
        lines = announced(stage, LAST)
        await stage.give(*lines[-2:])
        durable: list[list[int]] = []
        on_commit(stage, durable.append)
        for number in range(1, LAST - 1):
            stage.partner.log(void(seq=number, id=lines[number - 1].envelope.id, code="withdrawn"))
        await stage.give()

        sizes = [len(numbers) for numbers in durable]
        assert max(after - before for before, after in zip([0, *sizes], sizes, strict=False)) == AT_ONCE
        voided = [(number, "rejected", "voided") for number in range(1, LAST - 1)]
        assert await settled(stage) == [*voided, *IN_ORDER[-2:]]

    with_stage(story)


@dataclass
class Fault:
    """Handling of a line fails while this stands; plant it with `plant`."""

    number: int
    stands: bool = True

    def plant(self, monkeypatch: pytest.MonkeyPatch) -> None:
        right = casework.weigh

        def weigh(
            uow: UnitOfWork, node: Node, pairing: Any, row: MessageRow, *given: Any, **more: Any
        ) -> Any:
            if self.stands and row.seq == self.number:
                raise KeyError("a fault of the program")
            return right(uow, node, pairing, row, *given, **more)

        monkeypatch.setattr(casework, "weigh", weigh)


@pytest.mark.usefixtures("small_units")
def test_a_line_that_fails_holds_back_what_shares_its_case_in_a_later_unit_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rules 18 and 19."""
    fault = Fault(number=3)
    fault.plant(monkeypatch)

    async def story(stage: Stage) -> None:
        notice = stage.partner.document()
        same = [*range(3, 4 + AT_ONCE), LAST - 1]
        lines = await held_behind_a_gap(stage, *((number, notice) for number in same))
        await stage.give(lines[0])
        others = [said for said in IN_ORDER if said[0] not in same]
        assert await settled(stage) == [(1, "accepted", ""), *others]
        failed = [event for event, _ in stage.noted.events if event == "handling_failed"]
        assert len(failed) == 1  # it is tried once a frame

        fault.stands = False
        await stage.give()
        repeated = [(number, "rejc", "state_conflict") for number in same[1:]]
        assert (await settled(stage))[-len(same) :] == [(3, "accp", ""), *repeated]

    with_stage(story)


@pytest.mark.usefixtures("small_units")
def test_a_line_that_fails_for_ten_minutes_is_rejected_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Fault(number=3).plant(monkeypatch)

    async def story(stage: Stage) -> None:
        lines = await held_behind_a_gap(stage)
        await asyncio.sleep(660)  # of the loop's own time
        await stage.give(lines[0])

        expected = [(3, "rejc", "internal") if said[0] == 3 else said for said in IN_ORDER]
        assert await settled(stage) == [(1, "accepted", ""), *expected]

    with_stage(story)


async def closed_with_a_crash(stage: Stage, at: int, moment: str) -> list[Built]:
    """Close the gap; the process dies at a commit and begins again on what is durable."""
    lines = await held_behind_a_gap(stage)
    left = at

    def die(_: list[int]) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise SimulatedCrashError

    on_commit(stage, die, moment=moment)
    with suppress(SimulatedCrashError):
        await stage.give(lines[0])
    stage.start(stage.store.snapshot())
    await stage.open()
    return lines


@pytest.mark.usefixtures("small_units")
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_crash_between_units_loses_and_doubles_nothing(at: int, moment: str) -> None:
    async def story(stage: Stage) -> None:
        lines = await closed_with_a_crash(stage, at, moment)
        before = await settled(stage)
        durable = min((at if moment == "after" else at - 1) * AT_ONCE, LAST)
        assert len(before) == durable

        await stage.give(lines[0], tail=stage.partner.tail(0))
        assert await settled(stage) == [(1, "accepted", ""), *IN_ORDER]
        assert len(await stage.cases()) == LAST
        rows = [await stage.row(Direction.IN, number) for number in range(1, LAST + 1)]
        assert {row.state for row in rows if row} == {MessageState.ACCEPTED}

    with_stage(story)


@pytest.mark.usefixtures("small_units")
def test_any_frame_goes_on_where_a_process_died() -> None:
    async def story(stage: Stage) -> None:
        await closed_with_a_crash(stage, 1, "after")
        assert len(await settled(stage)) == AT_ONCE

        await stage.give()
        assert await settled(stage) == [(1, "accepted", ""), *IN_ORDER]

    with_stage(story)


@pytest.mark.usefixtures("small_units")
def test_a_gate_that_closes_between_two_units_leaves_the_rest_held() -> None:
    """A new epoch rejects what is held; a line that is accepted meanwhile would be in neither ledger."""

    async def story(stage: Stage) -> None:
        lines = await held_behind_a_gap(stage)
        presence = stage.node.presence.of(stage.link)

        def close(_: list[int]) -> None:
            presence.gate = LinkState.CLOSED

        on_commit(stage, close)
        await stage.give(lines[0])
        assert len(await settled(stage)) == AT_ONCE

        on_commit(stage, lambda _: None)
        presence.gate = LinkState.OPEN
        await stage.give()
        assert await settled(stage) == [(1, "accepted", ""), *IN_ORDER]

    with_stage(story)
