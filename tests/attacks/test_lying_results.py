# SPDX-License-Identifier: Apache-2.0
"""Results that lie: only a signed leaf ends a message (threat model, rules 14, 15, 19)."""

import asyncio

import pytest
from exchange.errors import FrameInvalidError, TransportError
from exchange.protocol.frames import Frame, Outcome, Result
from exchange.service.converse import NO_ID, call
from exchange.service.deliver import need_of
from exchange.service.release import release
from exchange.service.rows import Direction, MessageState
from tests.support.faulty import verdict_on, with_stage
from tests.support.notices import notice
from tests.support.world import KH, OFFICER


async def queue(stage, count):
    """Release notices and return their rows."""
    for _ in range(count):
        await release(stage.node, stage.link, notice(stage.node, stage.partner.code), officer=OFFICER)
    return [await stage.row(Direction.OUT, number) for number in range(1, count + 1)]


async def told(stage, *results, tail=None):
    """Let the node call, and answer with these results."""
    partner = stage.partner
    partner.reply = lambda _: Frame(stage.link, partner.code, stage.target, tail=tail, results=results)
    before = len(partner.frames)
    await call(stage.node, stage.link)
    return partner.frames[before]


async def states(stage, count):
    return [(await stage.row(Direction.OUT, number)).state for number in range(1, count + 1)]


def result(row, outcome, code=""):
    return Result(row.seq, row.id, outcome, code)


def test_logged_without_a_leaf_leaves_the_message_queued_and_it_is_offered_again():
    async def story(stage):
        [row] = await queue(stage, 1)
        frame = await told(stage, result(row, Outcome.LOGGED))
        assert await states(stage, 1) == [MessageState.QUEUED]
        await asyncio.sleep(stage.limits.in_flight_s + 1)
        again = await told(stage)
        assert again.lines == frame.lines != ()

    with_stage(story, target=KH)


def test_refused_stops_exactly_that_line():
    async def story(stage):
        rows = await queue(stage, 3)
        await told(stage, result(rows[1], Outcome.REFUSED, "refused"))
        assert await states(stage, 3) == [MessageState.QUEUED, MessageState.STOPPED, MessageState.QUEUED]
        await asyncio.sleep(stage.limits.in_flight_s + 1)
        assert len((await told(stage)).lines) == 2

    with_stage(story, target=KH)


def test_a_stopped_line_is_ended_by_a_leaf_all_the_same():
    """Rule 19: no answer ends a message; the leaf does."""

    async def story(stage):
        [row] = await queue(stage, 1)
        await told(stage, result(row, Outcome.REFUSED, "refused"))
        stage.partner.log(verdict_on(row, "accepted"))
        await stage.give()
        assert await states(stage, 1) == [MessageState.ACCEPTED]

    with_stage(story, target=KH)


@pytest.mark.parametrize("code", ["tail_needed", "gap", "not_yet", "busy", "internal", "anything"])
def test_again_is_tried_again_later_with_the_same_bytes(code):
    async def story(stage):
        [row] = await queue(stage, 1)
        frame = await told(stage, result(row, Outcome.AGAIN, code))
        assert await states(stage, 1) == [MessageState.QUEUED]
        waits = await stage.row(Direction.OUT, 1)
        assert waits.next_attempt_at > stage.clock.now()
        assert (await told(stage)).lines == ()
        await asyncio.sleep(stage.limits.retry_longest_s + 1)
        assert (await told(stage)).lines == frame.lines

    with_stage(story, target=KH)


def test_again_for_ever_keeps_a_bounded_wait():
    """Rules 19 and 20: waits grow, are jittered, and have a longest."""

    async def story(stage):
        [row] = await queue(stage, 1)
        for _ in range(40):
            await told(stage, result(row, Outcome.AGAIN, "busy"))
            wait = (await stage.row(Direction.OUT, 1)).next_attempt_at - stage.clock.now()
            assert 0 < wait.total_seconds() <= stage.limits.retry_longest_s + 1
            await asyncio.sleep(stage.limits.retry_longest_s + 1)
        assert await states(stage, 1) == [MessageState.QUEUED]

    with_stage(story, target=KH)


@pytest.mark.parametrize("code", ["gap", "busy"])
def test_the_wait_grows_whatever_the_partner_says(code):
    """Rule 19: nothing retries without a wait that grows, also where the reason lies in another line."""

    async def story(stage):
        [row] = await queue(stage, 1)
        for number in range(1, 9):
            await told(stage, result(row, Outcome.AGAIN, code))
            assert (await stage.row(Direction.OUT, 1)).attempts == number
            await asyncio.sleep(stage.limits.retry_longest_s + 1)

    with_stage(story, target=KH)


def test_results_on_lines_that_we_never_sent_change_nothing():
    async def story(stage):
        rows = await queue(stage, 2)
        await told(
            stage,
            Result(99, rows[0].id, Outcome.REFUSED, "refused"),
            Result(1, rows[1].id, Outcome.REFUSED, "refused"),
            Result(2, NO_ID, Outcome.REFUSED, "refused"),
            Result(0, NO_ID, Outcome.REFUSED, "refused"),
        )
        assert await states(stage, 2) == [MessageState.QUEUED] * 2

    with_stage(story, target=KH)


def test_refused_does_not_take_back_an_acceptance():
    async def story(stage):
        [row] = await queue(stage, 1)
        stage.partner.log(verdict_on(row, "accepted"))
        await stage.give()
        await told(stage, result(row, Outcome.REFUSED, "refused"), result(row, Outcome.AGAIN, "gap"))
        assert await states(stage, 1) == [MessageState.ACCEPTED]

    with_stage(story, target=KH)


def test_no_answer_returns_the_lines_to_the_queue_at_once():
    async def story(stage):
        await queue(stage, 2)
        stage.partner.reply = None
        with pytest.raises(TransportError):
            await call(stage.node, stage.link)
        need = await stage.store.read(lambda uow: need_of(uow, stage.node, stage.link))
        assert need.lines
        assert len((await told(stage)).lines) == 2

    with_stage(story, target=KH)


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"{}\n\n", b"<html>502 Bad Gateway</html>\n", b"\xff" * 4096 + b"\n"]
)
def test_an_answer_that_is_no_frame_changes_nothing(raw, monkeypatch):
    async def story(stage):
        await queue(stage, 1)

        async def exchange(link, frame, *, timeout_s):
            return raw

        monkeypatch.setattr(stage.partner, "exchange", exchange)
        before = stage.store.snapshot()
        with pytest.raises(FrameInvalidError):
            await call(stage.node, stage.link)
        assert stage.store.snapshot() == before
        assert await states(stage, 1) == [MessageState.QUEUED]

    with_stage(story, target=KH)


def test_an_answer_for_another_link_or_agency_changes_nothing():
    async def story(stage):
        [row] = await queue(stage, 1)
        partner, refused = stage.partner, (result(row, Outcome.REFUSED, "refused"),)
        wrong = (
            Frame("A" * 22, partner.code, stage.target, results=refused),
            Frame(stage.link, stage.target, partner.code, results=refused),
            Frame(stage.link, "TH-MSDHS-DATIP", stage.target, results=refused),
        )
        for frame in wrong:
            partner.reply = lambda _, frame=frame: frame
            with pytest.raises(FrameInvalidError):
                await call(stage.node, stage.link)
        assert await states(stage, 1) == [MessageState.QUEUED]

    with_stage(story, target=KH)


def test_an_answer_that_is_no_frame_lets_the_lines_be_offered_again():
    """The lines may have been taken or not; the same bytes are offered until a leaf says so."""

    async def story(stage):
        await queue(stage, 1)
        partner = stage.partner
        partner.reply = lambda _: Frame("A" * 22, partner.code, stage.target)
        with pytest.raises(FrameInvalidError):
            await call(stage.node, stage.link)
        await asyncio.sleep(stage.limits.in_flight_s + 1)
        assert len((await told(stage)).lines) == 1

    with_stage(story, target=KH)
