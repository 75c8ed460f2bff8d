# SPDX-License-Identifier: Apache-2.0
"""What every store keeps of the ends of open questions, and when it says that one may be wrong."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from exchange.cases.deadlines import Due
from exchange.ids import CaseCode
from exchange.service.open_questions import BEGIN, EndRow, Place, StaleRow, TaskRow
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, QuestionRow
from tests.support.store_rows import (
    CODE,
    LINK,
    NOW,
    OTHER_CODE,
    OWN,
    PARTNER,
    StoreWorld,
    case_event,
    case_row,
    message_id,
    message_row,
)

IN, OUT = Direction.IN, Direction.OUT


def question(seq: int = 1, case: CaseCode | None = CODE, **changes: Any) -> QuestionRow:
    values: dict[str, Any] = {"direction": IN, "type": "RPN", "urgency": "routine"}
    return QuestionRow(LINK, seq=seq, case=case, **(values | changes))


def due(hours: int = 1) -> Due:
    """Return an end so many hours from now; it is late an hour after it."""
    at = NOW + timedelta(hours=hours)
    return Due(at.date(), at, at - timedelta(hours=9), at + timedelta(hours=1), NOW)


@dataclass(frozen=True)
class End:
    """The end of a question, before the store says how it names the question."""

    question: QuestionRow
    awaited: bool
    due: Due | None
    held: bool

    def keep(self, uow: UnitOfWork) -> None:
        uow.questions.keep_ends([EndRow(stale_row(uow, self.question), self.awaited, self.due, self.held)])


def end(seq: int = 1, hours: int | None = 1, **changes: Any) -> End:
    held = changes.pop("held", False)
    awaited = changes.pop("awaited", True)
    return End(question(seq, **changes), awaited, due(hours) if hours is not None else None, held)


def stale_row(uow: UnitOfWork, row: QuestionRow) -> StaleRow:
    found = [
        one
        for one in uow.questions.stale()[0]
        if (one.direction, one.seq, uow.questions.case_of(one)) == (row.direction, row.seq, row.case)
    ]
    assert len(found) == 1
    return found[0]


async def keep(world: StoreWorld, *rows: End) -> None:
    """Keep questions with their ends; cases are in the store."""

    def unit(uow: UnitOfWork) -> None:
        for code in (CODE, OTHER_CODE):
            if uow.cases.get(LINK, code) is None:
                uow.cases.add(case_row(code))
        for row in rows:
            uow.questions.put(row.question)
        for row in rows:
            row.keep(uow)

    await world.store.write(unit)


async def stale(world: StoreWorld) -> list[int]:
    questions, _ = await world.store.read(lambda uow: uow.questions.stale())
    return [row.seq for row in questions]


async def tasks(world: StoreWorld, **page: Any) -> list[TaskRow]:
    return (await world.store.read(lambda uow: uow.questions.tasks(**page)))[0]


async def test_new_question_has_a_stale_end_until_one_is_kept(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.questions.put(question()))
    assert await stale(world) == [1]

    await keep(world, end())

    assert await stale(world) == []


CHANGES: dict[str, Callable[[UnitOfWork], object]] = {
    "the state of its case changes": lambda uow: uow.cases.update(case_row(state="on_hold")),
    "something happens in its case": lambda uow: uow.cases.add_event(case_event(9)),
    "it becomes effective again": lambda uow: uow.questions.put(question(effective=True)),
    "an answer is on its way": lambda uow: uow.questions.put(question(reply=4)),
    "another question of the case comes": lambda uow: uow.questions.put(question(5)),
    "another question of the case goes": lambda uow: uow.questions.drop(question(2)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_end_is_stale_when(world: StoreWorld, change: Callable[[UnitOfWork], object]) -> None:
    await keep(world, end(1), end(2), end(3, case=OTHER_CODE))

    await world.store.write(change)

    assert 1 in await stale(world)
    assert 3 not in await stale(world)


async def test_end_stays_when_the_change_is_undone(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        uow.cases.update(case_row(state="on_hold"))
        raise ValueError("undone")

    await keep(world, end())

    with pytest.raises(ValueError, match="undone"):
        await world.store.write(unit)

    assert await stale(world) == []


async def test_stale_ends_come_in_pages(world: StoreWorld) -> None:
    for seq in range(1, 6):
        await world.store.write(lambda uow, seq=seq: uow.questions.put(question(seq)))
    found: list[int] = []
    place: Place = BEGIN

    for _ in range(3):
        page, place = await world.store.read(
            lambda uow, place=place: uow.questions.stale(after=place, limit=2)
        )
        found += [row.seq for row in page]

    assert (found, place) == ([1, 2, 3, 4, 5], BEGIN)


async def test_pages_are_marked_stale_one_after_the_other(world: StoreWorld) -> None:
    await keep(world, *(end(seq) for seq in range(1, 6)))

    place = await world.store.write(lambda uow: uow.questions.mark_stale(limit=2))
    assert await stale(world) == [1, 2]
    place = await world.store.write(lambda uow: uow.questions.mark_stale(after=place, limit=2))
    assert await stale(world) == [1, 2, 3, 4]
    place = await world.store.write(lambda uow: uow.questions.mark_stale(after=place, limit=2))

    assert (await stale(world), place) == ([1, 2, 3, 4, 5], BEGIN)


async def test_end_comes_back_as_it_was_kept(world: StoreWorld) -> None:
    await keep(world, end(1, 3, reply=8))

    assert await tasks(world) == [TaskRow(LINK, IN, 1, "RPN", "routine", due(3), held=False, answering=True)]


async def test_tasks_stand_in_the_order_of_their_ends_and_without_one_last(world: StoreWorld) -> None:
    await keep(world, end(1, None), end(2, 5), end(3, 2), end(4, None, held=True))

    assert [task.seq for task in await tasks(world)] == [3, 2, 1, 4]


async def test_persons_of_one_message_with_the_same_end_are_one_task(world: StoreWorld) -> None:
    await keep(world, end(1), end(1, case=OTHER_CODE), end(2), end(2, 2, case=OTHER_CODE))

    found = await tasks(world)
    cases = [await world.store.read(lambda uow, task=task: uow.questions.cases_of(task)) for task in found]

    assert [(task.seq, set(of)) for task, of in zip(found, cases, strict=True)] == [
        (1, {CODE, OTHER_CODE}),
        (2, {CODE}),
        (2, {OTHER_CODE}),
    ]


async def test_what_nobody_owes_is_no_task(world: StoreWorld) -> None:
    await keep(world, end(1, awaited=False), end(2, case=None))

    assert [task.seq for task in await tasks(world)] == [2]


async def test_pages_of_tasks_follow_each_other_without_a_gap(world: StoreWorld) -> None:
    await keep(world, *(end(seq, seq % 3) for seq in range(1, 8)))
    found: list[int] = []
    place: Place = BEGIN

    for _ in range(4):
        page, place = await world.store.read(
            lambda uow, place=place: uow.questions.tasks(after=place, limit=2)
        )
        found += [task.seq for task in page]

    assert (found, place) == ([3, 6, 1, 4, 7, 2, 5], BEGIN)


async def test_late_tasks_alone_are_those_whose_end_is_over(world: StoreWorld) -> None:
    await keep(world, end(1, 1), end(2, 3), end(3, None))

    found = await tasks(world, late_at=NOW + timedelta(hours=2))

    assert [task.seq for task in found] == [1]


async def counted(world: StoreWorld, hours: int = 2) -> dict[tuple[Direction, bool], tuple[int, int]]:
    found = await world.store.read(lambda uow: uow.questions.count_tasks(NOW + timedelta(hours=hours)))
    return {(each.direction, each.answering): (each.tasks, each.late) for each in found}


async def test_persons_of_one_message_with_the_same_end_are_counted_once(world: StoreWorld) -> None:
    shared = [end(1), end(1, case=OTHER_CODE)]

    await keep(world, *shared, end(2, 9), end(3, 1, direction=OUT), end(4, reply=6))

    assert await counted(world) == {(IN, False): (2, 1), (OUT, False): (1, 1), (IN, True): (1, 1)}


async def test_time_alone_makes_a_counted_task_late(world: StoreWorld) -> None:
    await keep(world, end(1, 1), end(2, 3), end(3, None))

    assert [(await counted(world, hours))[IN, False] for hours in (0, 1, 2, 9)] == [
        (3, 0),
        (3, 0),
        (3, 1),
        (3, 2),
    ]


async def test_task_counts_until_the_question_of_its_last_person_goes(world: StoreWorld) -> None:
    await keep(world, end(1), end(1, case=OTHER_CODE))

    await world.store.write(lambda uow: uow.questions.drop(question(1)))
    assert await counted(world) == {(IN, False): (1, 1)}
    await world.store.write(lambda uow: uow.questions.drop(question(1, OTHER_CODE)))

    assert await counted(world) == {}


async def test_questions_of_an_erased_person_are_not_counted(world: StoreWorld) -> None:
    await keep(world, end(1), end(2, case=OTHER_CODE))

    await world.store.write(lambda uow: uow.cases.erase(LINK, CODE))

    assert await counted(world) == {(IN, False): (1, 1)}


async def test_count_of_an_undone_unit_is_undone_as_well(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        uow.questions.drop(question(1))
        raise ValueError("undone")

    await keep(world, end(1))

    with pytest.raises(ValueError, match="undone"):
        await world.store.write(unit)

    assert await counted(world) == {(IN, False): (1, 1)}


def _some_change(random: Random) -> Callable[[UnitOfWork], object]:
    """Return one random change of a question of six: asked, gone, or its end is kept."""
    changes: dict[str, Any] = {
        "case": random.choice((CODE, OTHER_CODE)),
        "direction": random.choice((IN, OUT)),
        "reply": random.choice((None, None, 6)),
    }
    row = question(random.randint(1, 3), **changes)
    match random.randrange(6):
        case 0:
            return lambda uow: uow.questions.put(row)
        case 1:
            return lambda uow: uow.questions.drop(row)
    kept = end(
        row.seq,
        random.choice((None, -5, 1, 5)),
        awaited=random.random() < 0.8,
        held=random.random() < 0.2,
        **changes,
    )

    def unit(uow: UnitOfWork) -> None:
        uow.questions.put(row)
        kept.keep(uow)

    return unit


def _walked(uow: UnitOfWork) -> Counter[tuple[Direction, bool, bool]]:
    """Return how many tasks there are of each kind and whether they are late, from the whole worklist."""
    tasks, place = uow.questions.tasks(limit=1_000)
    assert place == BEGIN
    return Counter((row.direction, row.answering, bool(row.due and row.due.over_at <= NOW)) for row in tasks)


def _kept(uow: UnitOfWork) -> Counter[tuple[Direction, bool, bool]]:
    found: Counter[tuple[Direction, bool, bool]] = Counter()
    for each in uow.questions.count_tasks(NOW):
        found[each.direction, each.answering, True] += each.late
        found[each.direction, each.answering, False] += each.tasks - each.late
    return found


@pytest.mark.parametrize("seed", range(5))
async def test_kept_count_is_that_of_the_worklist_after_any_history(world: StoreWorld, seed: int) -> None:
    random = Random(seed)
    await keep(world)
    for _ in range(120):
        await world.store.write(_some_change(random))

        assert await world.store.read(_kept) == await world.store.read(_walked)


async def test_tasks_of_one_message_are_found_by_it(world: StoreWorld) -> None:
    await keep(world, end(1), end(2))

    found = await world.store.read(lambda uow: uow.questions.tasks_of(LINK, IN, 2))

    assert [task.seq for task in found] == [2]


async def test_reminders_of_the_asking_side_are_found_by_the_message(world: StoreWorld) -> None:
    await keep(world, end(1))

    def unit(uow: UnitOfWork) -> None:
        for seq, direction in ((7, IN), (8, OUT)):
            uow.cases.add_event(replace(case_event(seq), type="RMD", direction=direction))

    await world.store.write(unit)

    assert await world.store.read(lambda uow: uow.questions.reminders_of(LINK, IN, 1)) == [7]


async def stale_rows(world: StoreWorld) -> dict[int, StaleRow]:
    rows, _ = await world.store.read(lambda uow: uow.questions.stale())
    return {row.seq: row for row in rows}


async def test_stale_question_comes_with_its_message_and_the_entry_of_the_verdict(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        for by, seq, direction in ((OWN, 1, IN), (PARTNER, 2, OUT)):
            position = uow.logs.position(LINK, by)
            uow.logs.append(position, [f"first {by}".encode(), f"verdict {by}".encode()], peaks=bytes(32))
            values: dict[str, Any] = {"verdict_at": NOW + timedelta(seconds=seq), "verdict_leaf_index": 1}
            uow.messages.add(message_row(seq, direction, **values), envelope=b"e", body=b"b")
            uow.questions.put(question(seq, direction=direction, case=None))

    await world.store.write(unit)
    found = await stale_rows(world)

    assert found[1].verdict == f"verdict {OWN}".encode()
    assert found[2].verdict == f"verdict {PARTNER}".encode()
    assert (found[2].message, found[2].agreement_n) == (message_id(2), 1)
    assert found[2].known_at == NOW + timedelta(seconds=2)


async def test_question_without_its_message_has_no_instant(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.questions.put(question(case=None)))

    row = (await stale_rows(world))[1]

    assert (row.message, row.known_at, row.verdict) == (None, None, b"")
    assert (row.of_case, row.state, row.states) == (False, "", frozenset())


async def test_stale_question_comes_with_what_became_of_its_case(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        uow.cases.add(case_row(state="assessed"))
        uow.cases.add_event(case_event(7, state_after="on_hold"))
        uow.cases.add_event(case_event(8, state_after="assessed"))
        uow.questions.put(question())

    await world.store.write(unit)
    row = (await stale_rows(world))[1]

    assert (row.of_case, row.state, row.states) == (True, "assessed", {"on_hold", "assessed"})
    assert await world.store.read(lambda uow: uow.questions.case_of(row)) == CODE


LATER: dict[str, tuple[QuestionRow, bool]] = {
    "the same is asked again": (question(2), False),
    "the same is asked, but does not count yet": (question(2, effective=False), True),
    "something else is asked": (question(2, type="VRQ"), True),
    "the other side asks": (question(2, direction=OUT), True),
    "the same is asked about another case": (question(2, case=OTHER_CODE), True),
    "a message without a case asks the same": (question(2, case=None), True),
}


@pytest.mark.parametrize(("later", "is_latest"), LATER.values(), ids=LATER.keys())
async def test_question_is_the_latest_unless(world: StoreWorld, later: QuestionRow, is_latest: bool) -> None:
    await world.store.write(lambda uow: uow.questions.put(question()))
    await world.store.write(lambda uow: uow.questions.put(later))

    assert (await stale_rows(world))[1].is_latest is is_latest
