# SPDX-License-Identifier: Apache-2.0
"""Drafts that come back with a backup, once or several times: nothing is sent twice or lost (rule 16)."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from exchange.clock import instant_text
from exchange.errors import DraftMovedError
from exchange.messages.filling import fill
from exchange.service.drafts import Fate, approve, release_waiting, send
from exchange.service.release import release
from exchange.service.renewal import RESTORED
from exchange.service.restored_drafts import sent_as
from exchange.service.rows import Direction, LinkState, MessageState
from tests.support.checks import rows, settle
from tests.support.faulty import with_stage
from tests.support.notices import sources
from tests.support.restoring import restore
from tests.support.world import KH, OFFICER, SECOND, VN, World

SEARCH = {
    "type": "INQ",
    "purpose": "identification_notice",
    "search": {
        "whom": "A woman of about 24, who left for work in the spring.",
        "may_say": "That her mother is well and asks for a sign of life.",
        "asked_by": "her mother, at the commune office",
    },
    "question": "Is she known to a service of your side?",
    "asks_second_look": False,
}
STOP = {
    "type": "INC",
    "event_at": "2027-10-04T08:10+07:00",
    "incident": "key_compromise",
    "known_at": "2027-10-04T08:10+07:00",
    "measures": "New card follows.",
}


def written(node, small=SEARCH):
    return fill(small, sources(node, VN)).document


async def put_back(agency, snapshot):
    """Restore an agency from a backup, as the command does."""
    restore(agency, snapshot)
    await mark_restored(agency.store, agency.node.clock.now())


async def mark_restored(store, at):
    await store.write(lambda uow: uow.settings.put(RESTORED, instant_text(at)))


async def cut_off(world):
    """Start the first agency again while the second one is down: its gate stays shut."""
    world.vn.crash()
    world.kh.crash()
    world.kh.start()


async def back_on_line(world):
    """Let both sides run until no draft waits for the gate any more."""
    await settle(world)
    await world.open()

    async def is_done():
        return not any(row.waiting for row in await drafts(world.kh))

    await world.until(is_done)
    await settle(world)


async def drafts(agency):
    return await agency.store.read(lambda uow: uow.drafts.list())


async def arrived(world):
    return [row.id for row in await rows(world.vn, Direction.IN)]


async def waits_since_before_a_restore(world, small=SEARCH):
    """Let a released draft wait through a restore; return it, and a backup from after that restore."""
    await world.open()
    await cut_off(world)
    sent = await send(world.kh.node, world.link, written(world.kh.node, small), OFFICER)
    assert sent.fate is Fate.WAITING
    await put_back(world.kh, world.kh.store.snapshot())
    return sent, world.kh.store.snapshot()


def test_a_draft_from_before_two_restores_goes_out_once():
    async def story(world):
        sent, between = await waits_since_before_a_restore(world)
        await back_on_line(world)
        assert await arrived(world) == []
        done = await approve(world.kh.node, sent.id, SECOND)
        await settle(world)
        await put_back(world.kh, between)

        await back_on_line(world)

        assert await arrived(world) == [done.id]
        (draft,) = await drafts(world.kh)
        with pytest.raises(DraftMovedError, match=done.id):
            await approve(world.kh.node, draft.id, SECOND)
        assert await arrived(world) == [done.id]

    World(seed=5).run(story)


def test_a_stop_that_waits_goes_out_after_a_restore_and_only_once_after_two():
    """One that does not arrive would be worse; what the partner gave back names it."""

    async def story(world):
        sent, between = await waits_since_before_a_restore(world, STOP)
        await back_on_line(world)
        first = await arrived(world)
        assert len(first) == 1
        await put_back(world.kh, between)

        await back_on_line(world)

        assert await arrived(world) == first
        (draft,) = await drafts(world.kh)
        assert (draft.id, draft.waiting) == (sent.id, False)

    World(seed=6).run(story)


def test_a_draft_whose_message_the_partner_gives_back_under_its_number_is_done():
    async def story(world):
        await world.open()
        await cut_off(world)
        sent = await send(world.kh.node, world.link, written(world.kh.node), OFFICER)
        backup = world.kh.store.snapshot()
        await back_on_line(world)
        await put_back(world.kh, backup)

        await back_on_line(world)

        assert await arrived(world) == [sent.id]
        assert await drafts(world.kh) == []

    World(seed=7).run(story)


def shut(stage):
    stage.node.presence.of(stage.link).gate = LinkState.CLOSED


async def waiting(stage, small=SEARCH):
    shut(stage)
    sent = await send(stage.node, stage.link, written(stage.node, small), OFFICER)
    assert sent.fate is Fate.WAITING
    return sent


async def messages(stage):
    return await stage.store.read(lambda uow: uow.messages.numbers(stage.link, Direction.OUT, 1, 100))


def play(story):
    with_stage(story, target=KH)


@pytest.mark.parametrize(("after_s", "released"), [(60, 0), (0, 0), (-60, 1)])
def test_only_what_was_begun_before_a_restore_waits_for_people(after_s, released):
    async def story(stage):
        await waiting(stage)
        await mark_restored(stage.store, stage.node.clock.now() + timedelta(seconds=after_s))
        await stage.open()

        assert await release_waiting(stage.node, stage.link) == released

        assert [row.waiting for row in await drafts(stage)] == [False] * (1 - released)

    play(story)


def test_what_people_released_again_waits_for_the_next_gate_by_itself():
    async def story(stage):
        sent = await waiting(stage)
        await mark_restored(stage.store, stage.node.clock.now())
        await stage.open()
        await release_waiting(stage.node, stage.link)
        shut(stage)
        assert (await approve(stage.node, sent.id, SECOND)).fate is Fate.WAITING
        await stage.open()

        assert await release_waiting(stage.node, stage.link) == 1

    play(story)


def test_in_a_ledger_that_began_anew_what_waited_before_waits_for_people():
    async def story(stage):
        await waiting(stage)
        await stage.open()
        row = await stage.store.read(lambda uow: uow.links.get(stage.link))
        await stage.store.write(lambda uow: uow.links.update(replace(row, own_epoch=2)))

        assert await release_waiting(stage.node, stage.link) == 0

        assert [row.waiting for row in await drafts(stage)] == [False]

    play(story)


def test_what_was_held_is_recorded_and_needs_its_second_person_again():
    async def story(stage):
        sent = await waiting(stage)
        (draft,) = await drafts(stage)
        await stage.store.write(lambda uow: uow.drafts.save(replace(draft, approved_by=SECOND)))
        await mark_restored(stage.store, stage.node.clock.now())
        await stage.open()

        await release_waiting(stage.node, stage.link)

        assert [row.approved_by for row in await drafts(stage)] == [None]
        acts = await stage.store.read(lambda uow: uow.audit.list(limit=5))
        assert ("node", "waiting_draft_held", sent.id) in [(row.actor, row.act, row.object) for row in acts]

    play(story)


@pytest.mark.parametrize("state", [MessageState.REJECTED, MessageState.VOIDING, MessageState.VOIDED])
def test_a_message_that_came_to_nothing_does_not_stand_for_its_draft(state):
    async def story(stage):
        await waiting(stage)
        (draft,) = await drafts(stage)
        await stage.open()
        await release(stage.node, stage.link, written(stage.node), officer=OFFICER)
        await mark_restored(stage.store, stage.node.clock.now())
        (row,) = await messages(stage)
        assert await sent_as(stage.node, stage.link, draft) == row.id

        await stage.store.write(lambda uow: uow.messages.update(replace(row, state=state)))

        assert await sent_as(stage.node, stage.link, draft) is None

    play(story)


def test_a_message_that_says_something_else_or_is_older_does_not_stand_for_a_draft():
    async def story(stage):
        await stage.open()
        await release(stage.node, stage.link, written(stage.node), officer=OFFICER)
        await asyncio.sleep(3_600)  # of the simulated clock
        await waiting(stage)
        (draft,) = await drafts(stage)
        await stage.open()
        other = written(stage.node, {**SEARCH, "question": "Is her brother known?"})
        await release(stage.node, stage.link, other, officer=OFFICER)
        await mark_restored(stage.store, stage.node.clock.now())

        assert await sent_as(stage.node, stage.link, draft) is None

    play(story)


def test_a_message_many_numbers_back_is_found():
    async def story(stage):
        await waiting(stage)
        (draft,) = await drafts(stage)
        await stage.open()
        await release(stage.node, stage.link, written(stage.node), officer=OFFICER)
        for number in range(45):
            other = written(stage.node, {**SEARCH, "question": f"Question {number}?"})
            await release(stage.node, stage.link, other, officer=OFFICER)
        await mark_restored(stage.store, stage.node.clock.now())

        assert await sent_as(stage.node, stage.link, draft) == (await messages(stage))[0].id

    play(story)
