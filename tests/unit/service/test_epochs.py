# SPDX-License-Identifier: Apache-2.0
"""A ledger that cannot go on begins anew, by two persons of each side; nothing is lost without a word."""

import asyncio

import pytest
from exchange.errors import GateClosedError, UsageError
from exchange.ledger.entries import decode_leaf
from exchange.service.comparing import all_differences, walk
from exchange.service.epochs import LEAP, decide
from exchange.service.rows import Direction, LinkState, MessageState
from tests.support.anew import TWO, both_decide, fork, gate, send, until_open
from tests.support.checks import keep_up, settle
from tests.support.world import KH, World


async def log(agency, by, *, epoch=None):
    world = agency.world
    raw = await agency.store.read(lambda uow: uow.logs.leaves(world.link, by.code, 0, 10_000, epoch=epoch))
    return [decode_leaf(one) for one in raw]


async def rows(agency, direction):
    world = agency.world
    return await agency.store.read(lambda uow: uow.messages.numbers(world.link, direction, 1, 10_000))


async def agreed(agency):
    """Return what a comparison of the logs of the present epoch finds."""
    walked = await walk(agency.node, agency.world.link)
    return walked.found.differences


async def everything(agency):
    """Return all differences that an auditor of one side is shown."""
    walked = await walk(agency.node, agency.world.link)
    return (await all_differences(agency.node, walked)).differences


def test_both_sides_begin_anew_and_messages_go_on_with_numbers_that_were_never_used():
    async def story(world):
        await fork(world)
        old = {agency.code: await log(agency, agency) for agency in world.agencies}
        await both_decide(world)
        await until_open(world)
        sent = await send(world.kh)
        await send(world.vn)
        await settle(world)

        assert sent.seq == LEAP + 1
        for agency in world.agencies:
            leaves = await log(agency, agency)
            assert [leaf.ev for leaf in leaves[:3]] == ["open", "agrx", "epch"]
            assert {leaf.ep for leaf in leaves} == {2}
            assert leaves == await log(world.other(agency), agency)
            assert await log(agency, agency, epoch=1) == old[agency.code]
            assert await agreed(agency) == ()

    World(seed=31).run(story)


def test_the_first_leaves_bind_where_the_old_logs_ended_and_why():
    async def story(world):
        await fork(world)
        ended = await world.kh.store.read(lambda uow: uow.logs.position(world.link, KH))
        await both_decide(world)
        await until_open(world)

        bound = (await log(world.kh, world.kh))[2].fields
        assert (bound["pe"], bound["sz"], bound["why"]) == (1, ended.size, "two_histories")
        kept = await world.kh.store.read(lambda uow: uow.audit.kept(world.link))
        assert [(row.subject, row.reason) for row in kept if row.kind == "epoch_ended"] == [
            ("1", "two_histories")
        ]

    World(seed=32).run(story)


def test_every_open_message_gets_its_end_in_the_new_log():
    """Number 2 and 3 of the new history never arrived; number 2 of the old one was accepted."""

    async def story(world):
        await fork(world)
        await both_decide(world)
        await until_open(world)
        await settle(world)

        out = {row.seq: row.state for row in await rows(world.kh, Direction.OUT)}
        assert out == {1: MessageState.ACCEPTED, 2: MessageState.VOIDED, 3: MessageState.VOIDED}
        ids = {row.seq: row.id for row in await rows(world.vn, Direction.IN)}
        assert ids.keys() == {1, 2}
        answers = [leaf for leaf in await log(world.vn, world.vn) if leaf.ev in ("rcvd", "rejc")]
        assert [(leaf.fields["seq"], leaf.fields["code"]) for leaf in answers] == [
            (2, "voided"),
            (3, "voided"),
        ]

    World(seed=33).run(story)


def test_a_verdict_that_the_sender_never_heard_is_said_again_in_the_new_log():
    """Both sides lost the end of their logs; what the recipient accepted before counts on both sides."""

    async def story(world):
        await world.open()
        await send(world.kh)
        await asyncio.sleep(1)
        await settle(world)
        await lose_verdict(world)
        await both_decide(world, why="entries_lost")
        await until_open(world)
        await settle(world)

        out = await rows(world.kh, Direction.OUT)
        assert [(row.seq, row.state) for row in out] == [(1, MessageState.ACCEPTED)]
        said = [leaf for leaf in await log(world.vn, world.vn) if leaf.ev == "rcvd"]
        assert [(leaf.fields["seq"], leaf.fields["k"]) for leaf in said] == [(1, "accepted")]
        assert await agreed(world.kh) == await agreed(world.vn) == ()

    World(seed=34).run(story)


async def lose_verdict(world):
    """Let the sender wait for what the recipient has accepted, behind closed gates."""

    def unit(uow):
        row = uow.messages.by_seq(world.link, Direction.OUT, 1)
        from dataclasses import replace

        uow.messages.update(replace(row, state=MessageState.QUEUED, verdict_at=None, verdict_leaf_index=-1))

    for agency in world.agencies:
        agency.crash()
    world.weather.down = True
    for agency in world.agencies:
        agency.start()
    await world.kh.store.write(unit)
    for agency in world.agencies:
        await close(agency)
    world.weather.down = False


async def close(agency):
    """Keep a gate closed by a high-water file that is ahead."""
    link = agency.world.link
    epoch, size, root, number = agency.high_water.marks[link]
    agency.high_water.marks[link] = (epoch, size + 50, root, number)


def test_what_its_writer_lost_is_named_to_the_people_of_the_other_side():
    """The other side holds messages of which the sender's old log has no entry any more."""

    async def story(world):
        await fork(world, first=3, second=1)
        await both_decide(world)
        ended = (await world.kh.store.read(lambda uow: uow.logs.position(world.link, KH))).size
        copied = await log(world.vn, world.kh, epoch=1)
        await until_open(world)
        await settle(world)

        lost = [leaf for leaf in copied[ended:] if leaf.ev in ("sent", "rcvd")]
        kept = await world.vn.store.read(lambda uow: uow.audit.kept(world.link))
        named = [(row.kind, row.evidence) for row in kept if row.kind == "unexpected_message"]
        assert named == [("unexpected_message", leaf.raw) for leaf in lost]
        assert lost
        for agency in world.agencies:
            found = await everything(agency)
            assert [(one.kind, one.acts_first) for one in found if one.reason == "entries_lost"] == [
                ("log_shrunk", KH)
            ]
            assert "log_invalid" not in [one.kind for one in found]

    World(seed=45).run(story)


def test_one_side_alone_begins_nothing():
    async def story(world):
        await fork(world)
        before = [await log(agency, agency) for agency in world.agencies]
        await decide(world.kh.node, world.link, why="two_histories", actors=TWO)
        await asyncio.sleep(600)

        assert gate(world.kh) is not LinkState.OPEN
        with pytest.raises(GateClosedError):
            await send(world.kh)
        assert [await log(agency, agency) for agency in world.agencies] == before

    World(seed=35).run(story)


def test_while_the_gate_is_open_nothing_can_be_ended():
    async def story(world):
        await world.open()
        with pytest.raises(UsageError, match="open on both sides"):
            await decide(world.kh.node, world.link, why="two_histories", actors=TWO)

    World(seed=36).run(story)


@pytest.mark.parametrize(
    ("why", "first"),
    [("because", 0), ("", 0), ("two_histories", 1), ("two_histories", LEAP), ("two_histories", 2_000_000)],
)
def test_a_strange_reason_or_a_used_number_is_refused(why, first):
    async def story(world):
        await fork(world)
        with pytest.raises(UsageError) as caught:
            await decide(world.kh.node, world.link, why=why, first=first, actors=TWO)
        assert caught.value.hint

    World(seed=37).run(story)


@pytest.mark.parametrize("claimed", [2_000_000, 2**40, 2**53 - 1])
def test_a_number_that_the_partner_only_claims_to_have_seen_is_not_gone_on_from(claimed):
    """The table of both ledgers would take 49 bytes for each number up to it."""

    async def story(world):
        await fork(world)
        for agency in world.agencies:
            agency.node.presence.of(world.link).numbers_told = claimed
        await both_decide(world)
        await until_open(world)
        sent = await send(world.kh)
        await settle(world)

        assert sent.seq == LEAP + 1
        assert await agreed(world.vn) == ()

    World(seed=39).run(story)


def test_people_may_name_the_number_that_the_new_ledger_begins_with():
    async def story(world):
        await fork(world)
        await decide(world.kh.node, world.link, why="two_histories", first=250_001, actors=TWO)
        await decide(world.vn.node, world.link, why="two_histories", actors=TWO)
        await until_open(world)
        sent = await send(world.kh)
        await settle(world)

        assert sent.seq == 250_001
        received = await rows(world.vn, Direction.IN)
        assert (received[-1].seq, received[-1].state) == (250_001, MessageState.ACCEPTED)
        assert await agreed(world.vn) == ()

    World(seed=38).run(story)


def test_a_store_from_before_the_new_ledger_does_not_begin_it_a_second_time():
    """The decision is in the backup; the entries that followed it are not. It takes one more decision."""

    async def story(world):
        await fork(world)
        await both_decide(world)
        backup = world.kh.store.snapshot()
        await until_open(world)
        await send(world.kh)
        await settle(world)
        world.kh.crash()
        world.kh.high_water.marks.clear()
        world.kh.start(backup)
        await asyncio.sleep(120)

        presence = world.kh.node.presence.of(world.link)
        assert (presence.gate, presence.reason) == (LinkState.CLOSED, "epoch_lost")
        world.vn.crash()
        world.vn.start()
        await asyncio.sleep(30)
        world.kh.node.presence.of(world.link).gate = LinkState.CLOSED
        world.vn.node.presence.of(world.link).gate = LinkState.CLOSED
        await both_decide(world, why="entries_lost")
        await until_open(world)
        sent = await send(world.kh)
        await settle(world)
        assert sent.seq == 2 * LEAP + 1
        assert {leaf.ep for leaf in await log(world.vn, world.kh)} == {3}

    World(seed=39).run(story)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("place", range(1, 5))
@pytest.mark.parametrize("side", ["kh", "vn"])
def test_a_kill_while_it_begins_loses_and_doubles_nothing(side, place, moment):
    async def story(world):
        await fork(world)
        await both_decide(world)
        agency = getattr(world, side)
        agency.crash_at(moment, commit=place)
        reviver = asyncio.create_task(keep_up(world))
        await until_open(world)
        await send(world.kh)
        await settle(world)
        reviver.cancel()

        for one in world.agencies:
            leaves = await log(one, one)
            assert [leaf.ev for leaf in leaves].count("epch") == 1
            assert {leaf.ep for leaf in leaves} == {2}
            assert leaves == await log(world.other(one), one)
            assert await agreed(one) == ()

    World(seed=40 + place).run(story)
