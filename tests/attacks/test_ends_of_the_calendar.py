# SPDX-License-Identifier: Apache-2.0
"""A partner that claims the first or the last moment of the calendar: nobody else notices anything of it.

Threat model, adversary P; rules 19, 20 and 22: time is data with doubt, and what fails with the data of one
partner ends neither the work of the others nor the process.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from exchange.cases.calendars import NOTHING_ANNOUNCED
from exchange.ids import AgencyCode
from exchange.ledger.entries import Entry, beat, eras, stmt
from exchange.service.deadlines import keep_ends
from exchange.service.due import count_work
from exchange.service.node import Node
from exchange.service.release import release
from exchange.service.retention import what_is_due
from exchange.service.rows import Direction, LinkState
from exchange.service.statements import answer_days
from exchange.service.supervisor import Supervisor
from tests.support.faulty import OTHER_DIGEST, Stage, verdict_on, with_stage
from tests.support.notices import notice
from tests.support.visitors import Visitor, give_account, open_house
from tests.support.world import KH, LIMITS, OFFICER

FIRST, LAST = "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"
Story = Callable[[Stage], Awaitable[None]]


def play(story: Story) -> None:
    async def begun(stage: Stage) -> None:
        await stage.give()
        await story(stage)

    with_stage(begun, target=KH, limits=replace(LIMITS, keeps_books=True))


async def claims(stage: Stage, *entries: Entry, t: str) -> None:
    """Let the partner write entries that claim a time, and show them."""
    for entry in entries:
        stage.partner.leaves.append(stage.partner.leaf(entry, t=t))
    await stage.give()


async def runs_for(stage: Stage, seconds: float, *beside: Callable[[], Awaitable[None]]) -> None:
    """Let the node run by itself for a while; whatever would end its process is raised."""
    supervisor = Supervisor(stage.node, beside=beside)
    running = asyncio.create_task(supervisor.run())
    await asyncio.sleep(seconds)
    assert not running.done(), running
    supervisor.stop()
    await running


@pytest.mark.parametrize("period", ["9999-12-31", "9999-12", "0000-01", "2026-02-30"])
def test_statement_of_no_period_that_can_be_ends_no_process_and_holds_up_no_other(period: str) -> None:
    async def story(stage: Stage) -> None:
        await claims(stage, stmt(no=1, per=period, dg=OTHER_DIGEST), t="2027-10-04T09:00:00.000Z")

        await runs_for(stage, 300)

        assert stage.node.presence.of(stage.link).gate is LinkState.OPEN
        assert await answer_days(stage.node, stage.link) == 0

    play(story)


@pytest.mark.parametrize("t", [FIRST, "1800-01-01T00:00:00.000Z", LAST])
def test_verdict_of_another_age_leaves_the_list_of_work_as_it_is(t: str) -> None:
    async def nothing() -> Any:
        return NOTHING_ANNOUNCED

    async def story(stage: Stage) -> None:
        document = notice(stage.node, stage.partner.code, country="VN")
        await release(stage.node, stage.link, document, officer=OFFICER)
        row = await stage.row(Direction.OUT, 1)
        assert row is not None

        await claims(stage, verdict_on(row, "accepted"), t=t)

        await runs_for(stage, 60, lambda: keep_ends(stage.node, nothing))
        (count,) = await count_work(stage.node, NOTHING_ANNOUNCED)
        assert (count.tasks, count.late) == (1, 0)

    play(story)


@pytest.mark.parametrize("t", [FIRST, LAST])
def test_erasure_at_the_end_of_time_is_owed_from_now_on(t: str) -> None:
    async def story(stage: Stage) -> None:
        await claims(stage, eras(dg=OTHER_DIGEST, n=1), t=t)

        (owed,) = (await what_is_due(stage.node)).owed

        assert owed.at <= stage.clock.now()
        assert owed.until - owed.at == timedelta(days=30)

    play(story)


@dataclass(frozen=True)
class Side:
    code: AgencyCode
    node: Node


@pytest.mark.parametrize("t", [FIRST, LAST])
def test_auditor_reads_the_entries_and_differences_of_a_ledger_that_claims_it(tmp_path: Path, t: str) -> None:
    async def story(stage: Stage) -> None:
        stage.partner.leaves.append(stage.partner.raw_leaf(ev="nothing", t=t))
        await claims(stage, beat(), t=t)
        house = await open_house(Side(KH, stage.node), tmp_path)
        await give_account(house, "P-0051", "auditor")
        auditor, partner, size = Visitor(house), stage.partner.code, await stage.copy_size()
        await auditor.sign_in("P-0051")
        await auditor.post(f"/audit/{partner}/differences")

        for page in ("entries/partner", f"entry/partner/{size - 1}", f"entry/partner/{size}", "difference/1"):
            assert (await auditor.get(f"/audit/{partner}/{page}")).status == 200, page

    play(story)
