# SPDX-License-Identifier: Apache-2.0
"""What every store keeps of named differences and of statements."""

from dataclasses import replace
from datetime import timedelta

import pytest
from exchange.errors import AppendOnlyError, StoreError
from exchange.ledger.differences import Difference, DifferenceKind
from exchange.service.ports import UnitOfWork
from exchange.service.rows import DifferenceState, Direction, MessageState, NamedDifference, StatementRow
from tests.support.store_rows import (
    LINK,
    NOW,
    OTHER_LINK,
    OWN,
    StoreWorld,
    digest,
    link_row,
    message_id,
    message_row,
    named_difference,
    statement_row,
)

WHOLE = named_difference(
    state=DifferenceState.ACCEPTED,
    told=message_id(1),
    told_dg=digest("told"),
    heard=message_id(2),
    heard_dg=digest("heard"),
    heard_no=4,
    ours=message_id(3),
    theirs=message_id(4),
    accepted_by=("P-0001", "P-0002"),
    we_settled=True,
    they_settled=True,
    offered_by="P-0001",
    offered_text="A disk failed.",
)


async def keep(world: StoreWorld, *rows: NamedDifference | StatementRow) -> None:
    def unit(uow: UnitOfWork) -> None:
        for row in rows:
            if isinstance(row, NamedDifference):
                uow.differences.add(row)
            else:
                uow.statements.add(row)

    await world.store.write(unit)


@pytest.mark.parametrize("row", [named_difference(), WHOLE], ids=["new", "every member"])
async def test_difference_comes_back_as_it_was(world: StoreWorld, row: NamedDifference) -> None:
    await keep(world, row)

    assert await world.store.read(lambda uow: uow.differences.get(LINK, row.no)) == row
    assert await world.store.read(lambda uow: uow.differences.of_key(LINK, row.found.key)) == row


async def test_difference_without_a_number_comes_back(world: StoreWorld) -> None:
    row = named_difference(found=Difference(DifferenceKind.HEAD_STALE, (), acts_first=OWN))
    await keep(world, row)

    assert await world.store.read(lambda uow: uow.differences.list(LINK)) == [row]


async def test_difference_is_found_by_either_notice_and_by_its_digest(world: StoreWorld) -> None:
    await keep(world, WHOLE)

    def unit(uow: UnitOfWork) -> list[NamedDifference | None]:
        notices = [uow.differences.of_notice(LINK, message_id(n)) for n in (1, 2, 3)]
        return notices + [uow.differences.of_digest(LINK, digest(label)) for label in ("told", "heard", "x")]

    assert await world.store.read(unit) == [WHOLE, WHOLE, None, WHOLE, WHOLE, None]


async def test_life_of_a_difference_is_changed_and_a_closed_one_is_not_live(world: StoreWorld) -> None:
    first, second = named_difference(1), named_difference(2)
    await keep(world, first, second)
    closed = replace(first, state=DifferenceState.CLOSED, changed_at=NOW + timedelta(hours=1))

    await world.store.write(lambda uow: uow.differences.change(closed))

    def unit(uow: UnitOfWork) -> tuple[object, ...]:
        found = uow.differences
        return found.live(LINK), found.list(LINK), found.last(LINK), found.live(LINK, after=2)

    assert await world.store.read(unit) == ([second], [second, closed], (2, 1), [])


async def test_what_is_proposed_is_found_until_it_is_closed_or_let_go(world: StoreWorld) -> None:
    offer = {"offered_by": "P-0001", "offered_text": "A disk failed."}
    rows = [named_difference(1), named_difference(2, **offer), named_difference(3, **offer)]
    await keep(world, *rows, named_difference(4, state=DifferenceState.CLOSED, **offer))

    async def offered() -> list[int]:
        return [row.no for row in await world.store.read(lambda uow: uow.differences.offered(LINK))]

    assert await offered() == [2, 3]
    gone = replace(rows[1], offered_by="", offered_text="")
    await world.store.write(lambda uow: uow.differences.change(gone))
    assert await offered() == [3]
    assert await world.store.read(lambda uow: uow.differences.offered(OTHER_LINK)) == []


@pytest.mark.parametrize(
    "second", [named_difference(1, key_number=9), named_difference(2, key_number=1)], ids=["number", "key"]
)
async def test_number_and_key_of_a_difference_are_used_once(
    world: StoreWorld, second: NamedDifference
) -> None:
    await keep(world, named_difference(1, key_number=1))

    with pytest.raises(AppendOnlyError):
        await keep(world, second)


async def test_unknown_difference_and_statement_are_not_changed(world: StoreWorld) -> None:
    with pytest.raises(StoreError):
        await world.store.write(lambda uow: uow.differences.change(named_difference(7)))
    with pytest.raises(StoreError):
        await world.store.write(lambda uow: uow.statements.answer(statement_row(7)))


async def test_no_difference_is_number_0(world: StoreWorld) -> None:
    assert await world.store.read(lambda uow: uow.differences.last(LINK)) == (0, 0)


async def test_differences_of_another_link_are_not_seen(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.links.add(link_row(OTHER_LINK, partner="VN-MPS-IMM")))
    await keep(world, replace(WHOLE, link=OTHER_LINK))

    def unit(uow: UnitOfWork) -> tuple[object, ...]:
        found = uow.differences
        return found.list(LINK), found.of_key(LINK, WHOLE.found.key), found.of_digest(LINK, digest("told"))

    assert await world.store.read(unit) == ([], None, None)


async def test_states_of_messages_come_in_the_order_of_their_numbers(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        for seq in (3, 1, 2):
            row = message_row(seq, verdict_leaf_index=10 * seq, state=MessageState.ACCEPTED)
            uow.messages.add(row, envelope=b"e", body=None)

    await world.store.write(unit)

    found = await world.store.read(lambda uow: uow.differences.held_states(LINK, Direction.OUT, 2, 5))
    assert found == [(2, MessageState.ACCEPTED, 20), (3, MessageState.ACCEPTED, 30)]


@pytest.mark.parametrize(
    "row",
    [
        statement_row(),
        statement_row(is_own=False, answer="differs", answered_at=NOW, answered_by="P-0001",
                      findings=("/balance/0/used", "/roots/1")),
    ],
    ids=["new", "every member"],
)  # fmt: skip
async def test_statement_comes_back_as_it_was(world: StoreWorld, row: StatementRow) -> None:
    await keep(world, row)

    found = await world.store.read(lambda uow: uow.statements.get(LINK, is_own=row.is_own, no=row.no))
    assert found == row
    other = await world.store.read(lambda uow: uow.statements.get(LINK, is_own=not row.is_own, no=row.no))
    assert other is None


async def test_statement_is_unanswered_until_its_answer_is_kept(world: StoreWorld) -> None:
    await keep(world, statement_row(1), statement_row(2), statement_row(1, is_own=False))
    answered = statement_row(1, answer="agreed", answered_at=NOW, answered_by="partner")

    await world.store.write(lambda uow: uow.statements.answer(answered))

    def unit(uow: UnitOfWork) -> list[list[StatementRow]]:
        return [uow.statements.unanswered(LINK, is_own=own) for own in (True, False)]

    assert await world.store.read(unit) == [[statement_row(2)], [statement_row(1, is_own=False)]]
    assert answered in await world.store.read(lambda uow: uow.statements.list(LINK))


async def test_last_statement_is_that_of_its_kind_of_period(world: StoreWorld) -> None:
    day, month = statement_row(1), statement_row(2, period="2027-10")
    await keep(world, day, month, statement_row(9, is_own=False))

    def unit(uow: UnitOfWork) -> list[StatementRow | None]:
        return [uow.statements.last(LINK, is_own=True, monthly=monthly) for monthly in (False, True)]

    assert await world.store.read(unit) == [day, month]


async def test_number_of_a_statement_is_used_once_by_each_side(world: StoreWorld) -> None:
    await keep(world, statement_row(1), statement_row(1, is_own=False))

    with pytest.raises(AppendOnlyError):
        await keep(world, statement_row(1, period="2027-11"))


async def test_messages_about_the_ledger_are_found_by_type_and_direction(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        for seq, type_code in enumerate(("STM", "DSC", "STM", "RPN"), 1):
            uow.messages.add(message_row(seq, type=type_code), envelope=b"e", body=None)

    await world.store.write(unit)

    def found(uow: UnitOfWork) -> list[list[int]]:
        directions = (Direction.OUT, Direction.IN)
        return [
            [row.seq for row in uow.statements.messages(LINK, direction, "STM", limit=9)]
            for direction in directions
        ]

    assert await world.store.read(found) == [[3, 1], []]
