# SPDX-License-Identifier: Apache-2.0
"""The life of a difference between two real nodes: named by both, told, answered, closed in both logs."""

import asyncio
from datetime import timedelta

import pytest
from exchange.errors import UsageError
from exchange.ledger.entries import Event, decode_leaf
from exchange.service.differences import sweep
from exchange.service.reconcile import reconcile
from exchange.service.resolving import How, settle
from exchange.service.rows import DifferenceState, MessageState, NamedDifference
from tests.support.ledger_world import exchange_some, forget_state, jump, live, named, play
from tests.support.world import OFFICER, SECOND, Agency, World

HOURS = timedelta(hours=26)
TAILS_S = 150
"""A frame with nothing but a tail goes once a minute."""


async def one(agency: Agency) -> NamedDifference:
    rows = await live(agency)
    assert len(rows) == 1, [row.found.words for row in rows]
    return rows[0]


async def settled_leaves(agency: Agency) -> list[str]:
    """Return what the own log of an agency says of differences."""

    def unit(uow):  # type: ignore[no-untyped-def]
        size = uow.logs.position(agency.world.link, agency.code).size
        return uow.logs.leaves(agency.world.link, agency.code, 0, size)

    leaves = [decode_leaf(raw) for raw in await agency.store.read(unit)]
    return [
        f"{leaf.ev} {leaf.fields.get('k', '')}".strip()
        for leaf in leaves
        if leaf.ev in (Event.DSCO, Event.DSCR)
    ]


async def a_lost_state(world: World) -> None:
    """Let KH act on another verdict than the ledgers have; it names the difference and tells it."""
    await exchange_some(world)
    await forget_state(world.kh, 1, state=MessageState.REJECTED, code="internal")
    await sweep(world.kh.node, world.link)


def test_a_message_that_does_not_arrive_is_named_by_both_and_closed_when_it_does() -> None:
    async def story(world: World) -> None:
        await exchange_some(world)
        world.weather.lost = {(world.kh.code, 3)}
        await exchange_some(world, world.kh)
        await jump(world, HOURS)
        for agency in world.agencies:
            await sweep(agency.node, world.link)
        here, there = await one(world.kh), await one(world.vn)
        assert here.found.key == there.found.key == f"missing_message/{world.kh.code}/3"
        assert here.found.acts_first == there.found.acts_first == world.kh.code
        assert here.state is DifferenceState.RESENT

        world.weather.lost = set()
        await asyncio.sleep(120)
        for agency in world.agencies:
            await sweep(agency.node, world.link)
            kinds = [(row.found.kind, row.state) for row in await named(agency)]
            assert kinds == [("missing_message", "closed"), ("late", "open")]

    play(story)


def test_what_is_not_mended_within_an_hour_is_told_and_answered() -> None:
    async def story(world: World) -> None:
        await a_lost_state(world)
        assert (await one(world.kh)).notice is None
        await jump(world, timedelta(minutes=61))
        await sweep(world.kh.node, world.link)
        await asyncio.sleep(60)

        here, there = await one(world.kh), await one(world.vn)
        assert here.found.kind == "state_mismatch"
        assert (there.found.key, there.is_hearsay, there.heard) == (here.found.key, True, here.told)
        assert there.heard_no == here.no
        await settle(
            world.vn.node, world.link, there.no, How.EXPLAIN, text="Our log is right.", officer=OFFICER
        )
        await asyncio.sleep(60)
        assert (await one(world.kh)).state is DifferenceState.EXPLAINED
        assert await settled_leaves(world.vn) == ["dscr open"]

    play(story)


def test_what_ended_after_it_was_told_is_closed_in_both_logs() -> None:
    async def story(world: World) -> None:
        await a_lost_state(world)
        await jump(world, timedelta(minutes=61))
        await sweep(world.kh.node, world.link)
        await asyncio.sleep(60)
        await forget_state(world.kh, 1, state=MessageState.ACCEPTED, code="")
        for agency in (world.kh, world.vn, world.kh):
            await sweep(agency.node, world.link)
            await asyncio.sleep(60)

        assert await live(world.kh) == await live(world.vn) == []
        assert await settled_leaves(world.kh) == ["dsco", "dscr settled"]
        assert await settled_leaves(world.vn) == ["dscr settled"]
        assert (await reconcile(world.vn.node, world.link)).agrees

    play(story)


def test_two_persons_of_each_side_accept_a_difference_as_it_is() -> None:
    async def story(world: World) -> None:
        await a_lost_state(world)
        first = await one(world.kh)
        text = "A disk failed; the message was rejected by hand."
        await settle(
            world.kh.node, world.link, first.no, How.ACCEPT, text=text, officer=OFFICER, second=SECOND
        )
        await asyncio.sleep(60)
        assert (await one(world.kh)).state is DifferenceState.ACCEPTED
        assert (await one(world.vn)).state is DifferenceState.EXPLAINED

        there = await one(world.vn)
        await settle(
            world.vn.node, world.link, there.no, How.ACCEPT, text="So it is.", officer=OFFICER, second=SECOND
        )
        await asyncio.sleep(TAILS_S)
        assert await live(world.kh) == await live(world.vn) == []
        assert (await named(world.kh))[0].accepted_by == (OFFICER, SECOND)
        assert await settled_leaves(world.kh) == ["dsco", "dscr open", "dscr settled"]

    play(story)


def test_accepted_difference_is_still_found_and_stays_closed() -> None:
    async def story(world: World) -> None:
        await a_lost_state(world)
        for agency in world.agencies:
            row = await one(agency)
            await settle(
                agency.node, world.link, row.no, How.ACCEPT, text="Known.", officer=OFFICER, second=SECOND
            )
            await asyncio.sleep(60)
        await sweep(world.kh.node, world.link)

        assert [one.kind for one in (await reconcile(world.kh.node, world.link)).differences] == [
            "state_mismatch"
        ]
        assert await live(world.kh) == []

    play(story)


def test_escalated_difference_stays_open_and_nothing_is_sent() -> None:
    async def story(world: World) -> None:
        await a_lost_state(world)
        row = await one(world.kh)

        done = await settle(world.kh.node, world.link, row.no, How.ESCALATE, text="", officer=OFFICER)

        assert (done.state, done.notice) == (DifferenceState.ESCALATED, None)

    play(story)


@pytest.mark.parametrize(
    ("no", "how", "more", "words"),
    [
        (9, How.EXPLAIN, {}, "not named"),
        (1, How.EXPLAIN, {"text": " "}, "needs an explanation"),
        (1, How.ACCEPT, {}, "two persons"),
        (1, How.ACCEPT, {"second": OFFICER}, "two persons"),
        (1, How.CORRECT, {}, "names the message or the entry"),
        (1, How.EXPLAIN, {"correction": {"message": "x"}}, "nothing else does"),
    ],
)
def test_settling_refuses_what_is_incomplete(no: int, how: How, more: dict[str, object], words: str) -> None:
    async def story(world: World) -> None:
        await a_lost_state(world)
        given: dict[str, object] = {"text": "So it came.", "officer": OFFICER, **more}
        with pytest.raises(UsageError, match=words):
            await settle(world.kh.node, world.link, no, how, **given)  # type: ignore[arg-type]
        assert (await one(world.kh)).state is DifferenceState.OPEN

    play(story)
