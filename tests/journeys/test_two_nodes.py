# SPDX-License-Identifier: Apache-2.0
"""A notice and its decision between two real nodes on simulated time."""

import pytest
from exchange.protocol.suites import Suite
from exchange.service.meaning import document_of
from exchange.service.reconcile import reconcile, refresh, verify
from exchange.service.release import release
from exchange.service.rows import Direction, MessageState
from tests.support.notices import decision, notice
from tests.support.world import KH, OFFICER, VN, World


async def _state(agency, world, direction, seq):
    row = await agency.store.read(lambda uow: uow.messages.by_seq(world.link, direction, seq))
    return row.state if row else None


@pytest.mark.parametrize("suite", list(Suite))
def test_a_notice_is_delivered_answered_and_reconciled(suite):
    async def story(world):
        await world.open()
        sent = await release(world.kh.node, world.link, notice(world.kh.node, VN), officer=OFFICER)

        async def accepted():
            return await _state(world.kh, world, Direction.OUT, sent.seq) is MessageState.ACCEPTED

        await world.until(accepted)
        received = await world.vn.store.read(
            lambda uow: document_of(uow, uow.messages.by_seq(world.link, Direction.IN, 1))
        )
        answered = await release(
            world.vn.node, world.link, decision(world.vn.node, KH, received), officer=OFFICER
        )

        async def decided():
            return await _state(world.vn, world, Direction.OUT, answered.seq) is MessageState.ACCEPTED

        await world.until(decided)
        for agency in world.agencies:
            cases = await agency.store.read(lambda uow: uow.cases.list(link=world.link))
            assert [case.state for case in cases] == ["accepted"]
            assert await refresh(agency.node, world.link)
            found = await reconcile(agency.node, world.link)
            assert found.agrees, found.differences
            reports = await verify(agency.node, world.link)
            assert not any(report.faults for report in reports)

    World(seed=1, suite=suite).run(story)
