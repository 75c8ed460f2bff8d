# SPDX-License-Identifier: Apache-2.0
"""Statements on the pages: listed, opened, compared, answered, made by hand, printed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from exchange.interfaces.web.desk import House
from exchange.service.rows import MessageState, StatementRow
from tests.support.ledger_world import exchange_some, forget_state, jump, play
from tests.support.visitors import Visitor, acts, give_account, open_house
from tests.support.world import OFFICER, VN, Pair, World

AUDITOR = "P-0005"
END_OF_OCTOBER = Pair(start=datetime(2027, 10, 31, 12, 0, tzinfo=UTC))
OCTOBER = "October 2027"
LIST = f"/audit/{VN}/statements"
Story = Callable[[World, House, Visitor], Awaitable[None]]


def played(folder: Path, story: Story) -> None:
    """Play a story of an auditor at KH on 1 November: both sides have made the statement of October."""

    async def told(world: World) -> None:
        await exchange_some(world)
        await asyncio.sleep(60)
        await jump(world, timedelta(hours=26))

        async def there() -> bool:
            rows = await month_statements(world)
            return len(rows) == 2

        await world.until(there, limit_s=7_200)
        await asyncio.sleep(120)
        house = await open_house(world.kh, folder)
        await give_account(house, AUDITOR, "auditor")
        await give_account(house, OFFICER, "officer")
        auditor = Visitor(house)
        await auditor.sign_in(AUDITOR)
        await story(world, house, auditor)

    play(told, pair=END_OF_OCTOBER)


async def month_statements(world: World) -> list[StatementRow]:
    rows = await world.kh.store.read(lambda uow: uow.statements.list(world.link))
    return [row for row in rows if row.period == "2027-10"]


async def theirs(world: World) -> StatementRow:
    return next(row for row in await month_statements(world) if not row.is_own)


async def page_of(world: World) -> str:
    return f"/audit/{VN}/statement/partner/{(await theirs(world)).no}"


def test_a_month_of_the_partner_waits_for_an_answer_and_is_agreed_to(tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        page, row = await page_of(world), await theirs(world)
        listed = await auditor.get(LIST)
        shown = await auditor.get(page)
        compared = await auditor.post(page, do="compare")
        before = await theirs(world)
        await auditor.post(page, do="agreed")
        done = await auditor.follow()

        assert listed.says(f"To answer {OCTOBER}, number {row.no}")
        assert f'href="{page}"' in listed.text
        assert shown.says(f"Statement of {OCTOBER}")
        assert not shown.says("Our own ledgers give the same figures.")
        assert compared.says("Our own ledgers give the same figures.")
        assert before.answer == ""
        answered = await theirs(world)
        assert (answered.answer, answered.answered_by) == ("agreed", AUDITOR)
        assert done.says("Your answer is written in the ledger")
        assert not done.says("Your answer Before an answer is written")
        assert not (await auditor.get(LIST)).says("To answer")

    played(tmp_path, story)


def test_the_sums_stand_on_the_page(tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        shown = await auditor.get(await page_of(world))

        assert shown.says("Entries of both ledgers before new now")
        assert shown.says("Numbers of messages used accepted rejected given up open")
        assert shown.says("from us 2 2 0 0 0")
        assert shown.says("Persons in notices 3 = Accepted 0 + Refused 0")

    played(tmp_path, story)


def test_figures_that_our_ledgers_do_not_give_are_not_agreed_to(tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        await forget_state(world.kh, 1, state=MessageState.REJECTED, code="internal")
        page = await page_of(world)
        await auditor.get(page)
        refused = await auditor.post(page, do="agreed")
        between = await theirs(world)
        await auditor.post(page, do="differs", because="other_figures")
        done = await auditor.follow()

        assert refused.status == 409
        assert refused.says("Not agreed to: our own ledgers give other figures.")
        assert refused.says("What our own ledgers do not give")
        assert between.answer == ""
        assert (await theirs(world)).answer == "differs"
        assert done.says("What our own ledgers do not give")

    played(tmp_path, story)


@pytest.mark.parametrize(
    ("because", "words"),
    [
        ("", "Choose why it differs"),
        ("I do not like it", "Choose why it differs"),
        ("other_figures", "Our own ledgers give the same figures. Choose another reason, or agree"),
    ],
)
def test_who_says_that_it_differs_says_why_and_nothing_untrue(
    because: str, words: str, tmp_path: Path
) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        page = await page_of(world)
        await auditor.get(page)

        refused = await auditor.post(page, do="differs", because=because)

        assert refused.status == 400
        assert refused.words.count(words) == 2
        assert (await theirs(world)).answer == ""
        assert [
            row for row in await acts(house) if row.act == "statement_answered" and row.actor != "node"
        ] == []

    played(tmp_path, story)


def test_the_reason_is_recorded_and_the_auditors_read_it(tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        page = await page_of(world)
        await auditor.get(page)
        await auditor.post(page, do="differs", because="papers_say_otherwise")

        assert (await theirs(world)).answer == "differs"
        found = [(row.actor, row.purpose) for row in await acts(house) if row.act == "statement_answered"]
        assert (AUDITOR, "papers_say_otherwise") in found
        assert (await auditor.get("/acts")).says("Signed papers say something else")

    played(tmp_path, story)


def test_a_statement_says_until_when_it_counts(tmp_path: Path) -> None:
    """Heads are those of the time of making, not of the end of the period."""

    async def story(world: World, house: House, auditor: Visitor) -> None:
        shown = await auditor.get(await page_of(world))

        assert shown.says("Written on Mon 1 Nov 2027,")
        assert shown.says("Entries after the end of the period, Mon 1 Nov 2027, 07:00, are counted, too.")
        assert shown.says("Persons are counted for the period alone.")

    played(tmp_path, story)


@pytest.mark.parametrize("do", ["", "yes", "agree"])
def test_an_answer_that_is_none_is_refused(do: str, tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        page = await page_of(world)
        await auditor.get(page)

        assert (await auditor.post(page, do=do)).status == 400
        own = next(row for row in await month_statements(world) if row.is_own)
        assert (await auditor.post(f"/audit/{VN}/statement/own/{own.no}", do="agreed")).status == 400
        assert (await theirs(world)).answer == ""

    played(tmp_path, story)


@pytest.mark.parametrize("path", ["partner/99", "own/0", "own/x", "ours/1"])
def test_a_statement_that_is_not_there_is_said_to_be_none(path: str, tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        shown = await auditor.get(f"/audit/{VN}/statement/{path}")

        assert shown.status == 400
        assert shown.says("This cannot be done now")

    played(tmp_path, story)


@pytest.mark.parametrize(
    ("period", "words"),
    [
        ("", "Enter a month or a day that is over"),
        ("October", "Enter a month or a day that is over"),
        ("2027-13", "Enter a month or a day that is over"),
        ("2027-11", "Enter a month or a day that is over"),
        ("2027-10", "There is a statement of this time already, or of a later one"),
        ("2027-09", "There is a statement of this time already, or of a later one"),
    ],
)
def test_a_period_that_has_none_is_refused_at_its_field(period: str, words: str, tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        before = await month_statements(world)
        await auditor.get(LIST)
        shown = await auditor.post(LIST, period=period)

        assert shown.status == 400
        assert shown.words.count(words) == 2
        assert await month_statements(world) == before

    played(tmp_path, story)


def test_the_examples_are_times_that_are_over_today(tmp_path: Path) -> None:
    """An auditor copies what stands there; a month to come would be refused."""

    async def story(world: World, house: House, auditor: Visitor) -> None:
        today = world.kh.node.clock.now().date()
        yesterday = today - timedelta(days=1)

        shown = await auditor.get(LIST)
        pack = await auditor.get(LIST.replace("statements", "evidence"))

        month = today.replace(day=1) - timedelta(days=1)
        assert shown.says(f"in UTC: {month:%Y-%m} or {yesterday}.")
        assert pack.says(f"-{today}.pack")

    played(tmp_path, story)


def test_a_statement_is_made_by_hand(tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        await asyncio.sleep(10.4 * 3_600)
        await auditor.sign_in(AUDITOR)
        await auditor.get(LIST)
        await auditor.post(LIST, period="2027-11-01")
        done = await auditor.follow()

        assert done.says("The statement is made and on its way to the partner.")
        assert done.says("1 November 2027")

    played(tmp_path, story)


def test_a_statement_is_printed_and_that_is_recorded(tmp_path: Path) -> None:
    async def story(world: World, house: House, auditor: Visitor) -> None:
        page = await page_of(world)
        await auditor.get(page)
        paper = await auditor.post(f"{page}/print", first="km", second="en")
        wrong = await auditor.post(f"{page}/print", first="xx")

        assert (paper.status, paper.fields["Content-Type"]) == (200, "application/pdf")
        assert "2027-10" in paper.text or OCTOBER in paper.text
        assert wrong.status == 400
        printed = [row.actor for row in await acts(house) if row.act == "statement_printed"]
        assert printed == [AUDITOR]

    played(tmp_path, story)
