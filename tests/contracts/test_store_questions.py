# SPDX-License-Identifier: Apache-2.0
"""What every store keeps of open questions."""

from dataclasses import replace
from typing import Any

import pytest
from exchange.errors import StoreError
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, QuestionRow
from tests.support.store_rows import CODE, LINK, OTHER_CODE, OTHER_LINK, StoreWorld, case_row, link_row

IN, OUT = Direction.IN, Direction.OUT


def question(seq: int = 1, direction: Direction = IN, **changes: Any) -> QuestionRow:
    values: dict[str, Any] = {"case": CODE, "type": "RPN", "urgency": "routine"}
    return QuestionRow(LINK, direction, seq, **(values | changes))


async def put(world: StoreWorld, *rows: QuestionRow) -> None:
    def unit(uow: UnitOfWork) -> None:
        for row in rows:
            uow.questions.put(row)

    await world.store.write(unit)


async def of_message(world: StoreWorld, seq: int = 1, direction: Direction = IN) -> list[QuestionRow]:
    return await world.store.read(lambda uow: uow.questions.of_message(LINK, direction, seq))


@pytest.mark.parametrize(
    "row",
    [
        question(),
        question(direction=OUT, effective=False, reply=7),
        question(case=None, type="STM", urgency="priority"),
    ],
    ids=["of a case", "every member", "without a case"],
)
async def test_question_comes_back_as_it_was(world: StoreWorld, row: QuestionRow) -> None:
    await put(world, row)

    assert await of_message(world, direction=row.direction) == [row]


async def test_message_has_one_question_for_each_of_its_cases(world: StoreWorld) -> None:
    rows = [question(), question(case=OTHER_CODE)]
    await put(world, *rows, *rows)

    assert await of_message(world) == rows


async def test_accepted_message_makes_its_questions_effective(world: StoreWorld) -> None:
    rows = [
        question(direction=OUT, effective=False),
        question(direction=OUT, effective=False, case=OTHER_CODE),
    ]
    await put(world, *rows, question(2, OUT, effective=False), question(direction=IN, effective=False))

    await world.store.write(lambda uow: uow.questions.take_effect(LINK, OUT, 1))

    assert await of_message(world, direction=OUT) == [replace(row, effective=True) for row in rows]
    assert await of_message(world, 2, OUT) == [question(2, OUT, effective=False)]
    assert await of_message(world, direction=IN) == [question(direction=IN, effective=False)]


async def test_question_of_a_case_is_found_by_the_case(world: StoreWorld) -> None:
    await put(world, question(1), question(2, OUT), question(3, case=OTHER_CODE), question(4, case=None))

    found = await world.store.read(lambda uow: uow.questions.of_case(LINK, CODE))

    assert [(row.direction, row.seq) for row in found] == [(IN, 1), (OUT, 2)]


async def test_question_is_found_by_the_answer_under_way(world: StoreWorld) -> None:
    await put(world, question(1, reply=9), question(2, reply=8), question(3))

    found = await world.store.read(lambda uow: uow.questions.of_reply(LINK, 9))

    assert [row.seq for row in found] == [1]


async def test_second_put_replaces_only_what_may_change(world: StoreWorld) -> None:
    await put(world, question(effective=False), question(effective=True, reply=4, urgency="emergency"))

    assert await of_message(world) == [question(effective=True, reply=4)]


async def test_dropped_question_is_gone_and_its_neighbours_stay(world: StoreWorld) -> None:
    await put(world, question(), question(case=OTHER_CODE), question(case=None), question(2))

    await world.store.write(lambda uow: uow.questions.drop(question()))
    await world.store.write(lambda uow: uow.questions.drop(question(case=None)))

    assert await of_message(world) == [question(case=OTHER_CODE)]
    assert await of_message(world, 2) == [question(2)]


async def test_dropping_what_is_not_there_changes_nothing(world: StoreWorld) -> None:
    await put(world, question(1))

    await world.store.write(lambda uow: uow.questions.drop(question(2)))
    await world.store.write(lambda uow: uow.questions.drop(question(1, case=OTHER_CODE)))

    assert await of_message(world) == [question(1)]


async def test_questions_of_another_link_are_not_seen(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.links.add(link_row(OTHER_LINK, partner="VN-MPS-IMM")))
    await put(world, replace(question(), link=OTHER_LINK))

    assert await of_message(world) == []
    assert await world.store.read(lambda uow: uow.questions.of_case(LINK, CODE)) == []


async def test_erased_case_takes_its_questions_along(world: StoreWorld) -> None:
    await put(world, question(), question(case=OTHER_CODE))
    await world.store.write(lambda uow: uow.cases.add(case_row()))

    await world.store.write(lambda uow: uow.cases.erase(LINK, CODE))

    assert await of_message(world) == [question(case=OTHER_CODE)]


async def test_question_on_an_unknown_link_is_refused(world: StoreWorld) -> None:
    with pytest.raises(StoreError):
        await put(world, replace(question(), link=OTHER_LINK))
