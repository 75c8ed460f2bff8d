# SPDX-License-Identifier: Apache-2.0
"""Statements between two real nodes: made in time, compared, answered, and a missing one noticed."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from exchange.errors import UsageError
from exchange.service.ledgers import HeadLine
from exchange.service.reconcile import reconcile
from exchange.service.rows import StatementRow
from exchange.service.statements import answer, check, make
from tests.support.ledger_world import exchange_some, jump, play
from tests.support.world import OFFICER, VN, Agency, Pair, World

FIRST_DAY = "2027-10-04"
HOUR_S = 3_600
LATE = Pair(start=datetime(2027, 10, 4, 23, 30, tzinfo=UTC))
LAST_OF_MONTH = Pair(start=datetime(2027, 10, 31, 23, 30, tzinfo=UTC))


async def statements(agency: Agency) -> list[StatementRow]:
    return await agency.store.read(lambda uow: uow.statements.list(agency.world.link))


async def statement(agency: Agency, *, is_own: bool, no: int = 1) -> StatementRow | None:
    return await agency.store.read(lambda uow: uow.statements.get(agency.world.link, is_own=is_own, no=no))


async def answered(world: World, agency: Agency, no: int = 1) -> StatementRow:
    """Wait for the partner's answer to a statement of an agency."""
    found: list[StatementRow] = []

    async def reached() -> bool:
        row = await statement(agency, is_own=True, no=no)
        found[:] = [row] if row and row.answer else []
        return bool(found)

    await world.until(reached, limit_s=2 * HOUR_S)
    return found[0]


async def day_after(world: World) -> None:
    """Let the day end, and the hour after it."""
    await asyncio.sleep(60)
    await jump(world, timedelta(hours=2))


def test_each_side_makes_the_statement_of_a_day_and_the_other_agrees() -> None:
    async def story(world: World) -> None:
        await exchange_some(world)
        await day_after(world)

        for agency in world.agencies:
            row = await answered(world, agency)
            assert (row.no, row.period, row.answer, row.answered_by) == (1, FIRST_DAY, "agreed", "partner")
            shown = await check(agency.node, row)
            assert shown.content is not None
            balance: Any = shown.content["balance"]
            assert [one["used"] for one in balance] == ([2, 1] if agency is world.kh else [1, 2])
            assert [one["accepted"] for one in balance] == [one["used"] for one in balance]
            heard = await statement(world.other(agency), is_own=False)
            assert heard is not None
            assert (heard.dg, heard.answer, heard.answered_by) == (row.dg, "agreed", "node")
            assert (await reconcile(agency.node, world.link)).agrees

    play(story, pair=LATE)


def test_head_of_a_statement_is_signed_again_and_both_sides_keep_the_signature() -> None:
    async def story(world: World) -> None:
        await exchange_some(world)
        await day_after(world)

        for agency in world.agencies:
            shown = await check(agency.node, await answered(world, agency))
            held = [await second_signatures(side, agency) for side in (agency, world.other(agency))]

            assert shown.content is not None
            heads: Any = shown.content["heads"]
            assert [line.size for line in held[0]] == [heads[0]["size"]]
            assert held[0] == held[1]

    play(story, pair=LATE)


def test_partner_that_knows_the_first_version_gets_a_statement_without_second_signature() -> None:
    async def story(world: World) -> None:
        await exchange_some(world)
        await day_after(world)

        row = await answered(world, world.kh)
        shown = await check(world.kh.node, row)
        assert row.answer == "agreed"
        assert shown.content is not None
        assert "head_signatures" not in shown.content
        assert len(await second_signatures(world.kh, world.kh)) == 1
        assert await second_signatures(world.vn, world.kh) == []

    play(story, pair=replace(LATE, only_first_versions=(VN,)))


async def second_signatures(agency: Agency, writer: Agency) -> list[HeadLine]:
    return await agency.store.read(
        lambda uow: uow.head_lines.page(agency.world.link, writer.node.agency, epoch=1, after=0, limit=10)
    )


def test_statement_of_the_next_day_begins_where_the_last_ended() -> None:
    async def story(world: World) -> None:
        await exchange_some(world)
        await day_after(world)
        first = await check(world.kh.node, await answered(world, world.kh))
        await jump(world, timedelta(days=1))
        second = await check(world.kh.node, await answered(world, world.kh, no=2))

        assert first.content is not None
        assert second.content is not None
        heads: Any = first.content["heads"]
        balance: Any = second.content["balance"]
        assert [one["opening"] for one in balance] == [head["size"] for head in heads]
        assert second.row.period == "2027-10-05"

    play(story, pair=LATE)


def test_month_is_made_by_the_node_and_agreed_to_by_a_person() -> None:
    async def story(world: World) -> None:
        await exchange_some(world)
        await jump(world, timedelta(hours=8))
        await asyncio.sleep(120)
        months = [row for row in await statements(world.vn) if row.period == "2027-10" and not row.is_own]

        assert [row.answer for row in months] == [""]
        done = await answer(world.vn.node, world.link, months[0].no, differs=False, officer=OFFICER)
        assert (done.answer, done.answered_by) == ("agreed", OFFICER)
        assert (await answered(world, world.kh, no=months[0].no)).answer == "agreed"

    play(story, pair=LAST_OF_MONTH)


@pytest.mark.parametrize(
    ("period", "words"),
    [("2027-10-04", "not over"), ("2028-01", "not over"), ("yesterday", "no day"), ("2027-13", "no day")],
)
def test_period_that_is_not_over_or_none_has_no_statement(period: str, words: str) -> None:
    async def story(world: World) -> None:
        with pytest.raises(UsageError, match=words):
            await make(world.kh.node, world.link, period, officer=OFFICER)
        assert await statements(world.kh) == []

    play(story, pair=LATE)


def test_period_has_one_statement() -> None:
    async def story(world: World) -> None:
        await day_after(world)
        await answered(world, world.kh)
        with pytest.raises(UsageError, match="statement 1 is of 2027-10-04 already"):
            await make(world.kh.node, world.link, FIRST_DAY, officer=OFFICER)

    play(story, pair=LATE)


def test_statement_that_was_never_made_is_not_answered() -> None:
    async def story(world: World) -> None:
        with pytest.raises(UsageError, match="made no statement 3"):
            await answer(world.kh.node, world.link, 3, differs=False, officer=OFFICER)

    play(story, pair=LATE)
