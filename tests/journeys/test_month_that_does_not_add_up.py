# SPDX-License-Identifier: Apache-2.0
"""A month that does not add up: in the end both auditors hold the same list of named differences."""

import asyncio
from datetime import UTC, datetime, timedelta

from exchange.service.differences import sweep
from exchange.service.reconcile import reconcile
from exchange.service.rows import MessageState
from exchange.service.statements import answer
from tests.support.ledger_world import exchange_some, forget_state, jump, live, play
from tests.support.planting import QUIET_S, duplicate, log_invalid, missing_message, unexpected_message
from tests.support.world import OFFICER, Agency, Pair, World

END_OF_OCTOBER = Pair(start=datetime(2027, 10, 31, 12, 0, tzinfo=UTC))


async def auditors_list(agency: Agency) -> set[tuple[str, str]]:
    """Return what an auditor sees: each difference that is not closed, and who acts first."""
    return {(row.found.key, row.found.acts_first) for row in await live(agency)}


def test_both_auditors_hold_the_same_list_at_the_end_of_the_month() -> None:
    async def story(world: World) -> None:
        kh, vn = world.agencies
        await exchange_some(world)
        expected = await missing_message(world, vn, kh)
        expected |= await unexpected_message(world, vn, kh)
        expected |= await duplicate(world, kh, vn)
        expected |= await log_invalid(world, vn, kh)
        await forget_state(kh, 1, state=MessageState.REJECTED, code="internal")
        expected.add(f"state_mismatch/{kh.code}/1")
        await asyncio.sleep(QUIET_S)

        await jump(world, timedelta(hours=26))
        for agency in world.agencies:
            await sweep(agency.node, world.link)
        await jump(world, timedelta(minutes=61))
        for agency in world.agencies:
            await sweep(agency.node, world.link)
        await asyncio.sleep(QUIET_S)

        lists = [await auditors_list(agency) for agency in world.agencies]
        keys = [{key for key, _ in one} for one in lists]
        assert keys[0] == keys[1] >= expected
        # KH does not count the persons of the message whose verdict it lost, so its statement differs.
        assert {key.split("/")[0] for key in keys[0] - expected} == {"statement_mismatch"}
        without = [{one for one in some if not one[0].startswith("state_mismatch")} for some in lists]
        assert without[0] == without[1]
        for agency in world.agencies:
            told = [row for row in await live(agency) if row.found.kind != "statement_mismatch"]
            assert all(row.notice is not None for row in told)

    play(story, pair=END_OF_OCTOBER)


def test_the_statements_of_such_a_month_are_equal_for_both_ledgers_are() -> None:
    """What differs is in the ledgers, and both hold both: so the sums agree, and name what is open."""

    async def story(world: World) -> None:
        kh, vn = world.agencies
        await exchange_some(world)
        await missing_message(world, kh, vn)
        await jump(world, timedelta(hours=26))
        await asyncio.sleep(QUIET_S)
        rows = await vn.store.read(lambda uow: uow.statements.list(world.link))
        month = next(row for row in rows if not row.is_own and row.period == "2027-10")

        done = await answer(vn.node, world.link, month.no, differs=False, officer=OFFICER)

        assert (done.answer, done.findings) == ("agreed", ())
        kinds = [one.kind for one in (await reconcile(vn.node, world.link)).differences]
        assert kinds == ["missing_message"]

    play(story, pair=END_OF_OCTOBER)
