# SPDX-License-Identifier: Apache-2.0
"""The start gate, the clock and the bounds of the outbox (threat model, rules 20, 22, 26)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from exchange.clock import instant_text
from exchange.errors import (
    ClockError,
    FrameInvalidError,
    GateClosedError,
    InputError,
    NodeError,
    SignatureInvalidError,
)
from exchange.ledger.merkle import leaf_hash
from exchange.ledger.notes import Head, sign_head
from exchange.protocol.gatewords import read_gate_word, verify_gate_word
from exchange.protocol.suites import KeyUse
from exchange.service.converse import answer
from exchange.service.gate import answer_gate
from exchange.service.node import ClockGuard
from exchange.service.release import release
from exchange.service.rows import Direction, LinkState
from exchange.service.void import give_up, give_up_expired
from tests.support import identity
from tests.support.faulty import with_stage
from tests.support.notices import notice
from tests.support.world import KH, LIMITS, OFFICER


def right(stage):
    return notice(stage.node, stage.partner.code)


async def send(stage):
    return await release(stage.node, stage.link, right(stage), officer=OFFICER)


def presence(stage):
    return stage.node.presence.of(stage.link)


def restart(stage):
    stage.start(stage.store.snapshot())


# The clock


@pytest.mark.parametrize("seconds", [61, -61, 3_600, -86_400])
def test_no_leaf_is_written_after_the_clock_jumped(seconds):
    """Rule 26: no leaf is written while the clock is in doubt."""

    async def story(stage):
        await send(stage)
        before = stage.store.snapshot()
        stage.clock.jump(timedelta(seconds=seconds))
        with pytest.raises(ClockError):
            await send(stage)
        with pytest.raises(ClockError):
            await give_up(stage.node, stage.link, 1, code="withdrawn", actor=OFFICER)
        line = stage.partner.build()
        stage.partner.announce(line)
        with pytest.raises(ClockError):
            await stage.give(line)
        assert stage.store.snapshot() == before

    with_stage(story, target=KH)


@pytest.mark.parametrize("seconds", [59, -59])
def test_a_small_correction_of_the_clock_stops_nothing(seconds):
    async def story(stage):
        stage.clock.jump(timedelta(seconds=seconds))
        assert (await send(stage)).seq == 1

    with_stage(story, target=KH)


def test_many_small_corrections_are_one_large_jump():
    async def story(stage):
        for _ in range(4):
            stage.clock.jump(timedelta(seconds=20))
        with pytest.raises(ClockError):
            await send(stage)

    with_stage(story, target=KH)


def test_an_expiry_is_not_judged_by_a_clock_that_jumped():
    async def story(stage):
        await send(stage)
        stage.clock.jump(timedelta(days=400))
        with pytest.raises(ClockError):
            await give_up_expired(stage.node, stage.link)
        row = await stage.row(Direction.OUT, 1)
        assert row.state.value == "queued"

    with_stage(story, target=KH)


@pytest.mark.parametrize("seconds", [2, 100, 299])
def test_a_clock_behind_the_own_last_entry_keeps_the_gate_closed_until_it_is_passed(seconds):
    """Design 5: at start behind its last leaf a node writes nothing."""

    async def story(stage):
        await send(stage)
        stage.clock.jump(timedelta(seconds=-seconds))
        restart(stage)
        with pytest.raises(ClockError):
            await stage.open()
        with pytest.raises(GateClosedError):
            await send(stage)
        stage.clock.jump(timedelta(seconds=seconds))
        stage.node.guard.settle()
        await stage.open()
        assert (await send(stage)).seq == 2

    with_stage(story, target=KH)


@pytest.mark.parametrize("seconds", [301, -301])
def test_a_clock_far_from_the_partners_keeps_the_gate_closed(seconds):
    async def story(stage):
        stage.partner.clock.jump(timedelta(seconds=seconds))
        with pytest.raises(ClockError):
            await stage.open()
        assert await stage.log_size() == 0

    with_stage(story, target=KH, closed=True)


def test_a_guard_that_people_settled_writes_again():
    async def story(stage):
        stage.clock.jump(timedelta(hours=1))
        with pytest.raises(ClockError):
            await send(stage)
        stage.node.guard.settle()
        assert (await send(stage)).seq == 1

    with_stage(story, target=KH)


def test_the_guard_compares_with_the_monotonic_clock_only():
    async def story(stage):
        guard = ClockGuard(stage.clock)
        import asyncio

        await asyncio.sleep(10_000)
        assert instant_text(guard.check()) == instant_text(stage.clock.now())

    with_stage(story, target=KH)


# While the gate is closed


def test_while_the_gate_is_closed_nothing_is_written_or_answered():
    async def story(stage):
        before = stage.store.snapshot()
        with pytest.raises(GateClosedError):
            await send(stage)
        line = stage.partner.build()
        stage.partner.announce(line)
        with pytest.raises(GateClosedError):
            await answer(stage.node, stage.link, stage.partner.frame(line.line))
        assert stage.store.snapshot() == before

    with_stage(story, target=KH, closed=True)


def test_a_frame_without_lines_is_not_answered_either():
    async def story(stage):
        with pytest.raises(GateClosedError):
            await stage.give()
        assert await stage.copy_size() == 0

    with_stage(story, target=KH, closed=True)


# What a partner says at the gate


def own_head(stage, size, key=None):
    """Return a head of the node's own log over another history."""
    head = Head(link=stage.link, by=stage.target, ep=1, size=size, root=leaf_hash(b"another history"))
    key = key or identity.agency(stage.target).keys.keyring().signing(KeyUse.HEAD, stage.clock.now())
    return sign_head(head, key, by=stage.target)


def test_another_history_that_we_signed_freezes_the_link_for_people():
    async def story(stage):
        size = await stage.log_size()
        restart(stage)
        stage.partner.seen_size, stage.partner.seen_note = size, own_head(stage, size)
        with pytest.raises(NodeError) as caught:
            await stage.open()
        assert (presence(stage).gate, caught.value.reason) == (LinkState.FROZEN, "log_forked")
        stage.partner.seen_size, stage.partner.seen_note = 0, ""
        with pytest.raises(NodeError):
            await stage.open()
        assert presence(stage).gate is LinkState.FROZEN
        with pytest.raises(GateClosedError):
            await send(stage)
        assert await stage.log_size() == size

    with_stage(story, target=KH)


def test_a_history_that_we_did_not_sign_freezes_nothing():
    """Only our own signature proves that we wrote two histories; a partner's word does not."""

    async def story(stage):
        size = await stage.log_size()
        restart(stage)
        stranger = stage.partner.key(KeyUse.HEAD)
        stage.partner.seen_size, stage.partner.seen_note = size, own_head(stage, size, stranger)
        with pytest.raises(FrameInvalidError):
            await stage.open()
        assert presence(stage).gate is LinkState.CLOSED
        stage.partner.seen_size, stage.partner.seen_note = 0, ""
        await stage.open()
        assert (await send(stage)).seq == 1

    with_stage(story, target=KH)


@pytest.mark.parametrize("note", ["", "x", "exchange/v1/x/y/1\n1\nAAAA\n\n"])
def test_a_size_without_our_head_opens_nothing(note):
    async def story(stage):
        stage.partner.seen_size, stage.partner.seen_note = await stage.log_size(), note
        restart(stage)
        with pytest.raises(FrameInvalidError):
            await stage.open()
        assert presence(stage).gate is LinkState.CLOSED

    with_stage(story, target=KH)


def test_a_size_beyond_our_log_that_the_partner_cannot_give_back_opens_nothing():
    async def story(stage):
        size = await stage.log_size()
        restart(stage)
        stage.partner.seen_size, stage.partner.seen_note = size + 5, own_head(stage, size + 5)
        with pytest.raises(NodeError):
            await stage.open()
        assert presence(stage).gate is not LinkState.OPEN
        assert await stage.log_size() == size

    with_stage(story, target=KH)


@pytest.mark.parametrize(
    "report",
    [
        {"seen": None},
        {"seen": []},
        {"seen": {}},
        {"seen": {"ep": 1, "size": -1, "note": ""}},
        {"seen": {"ep": 1, "size": "1", "note": ""}},
        {"seen": {"ep": 1, "size": True, "note": ""}},
        {"numbers": "all"},
        {"own": 5},
        {"copy": {"size": "1"}},
    ],
)
def test_a_report_of_a_strange_form_opens_nothing(report):
    async def story(stage):
        stage.partner.report = report
        with pytest.raises(FrameInvalidError):
            await stage.open()
        assert await stage.log_size() == 0

    with_stage(story, target=KH, closed=True)


def test_an_answer_to_another_question_opens_nothing(monkeypatch):
    """Rule 9: an answer binds the nonce that it answers."""

    async def story(stage):
        old = []
        real = stage.partner.gate

        async def gate(link, question, *, timeout_s):
            if not old:
                old.append(await real(link, question, timeout_s=timeout_s))
            return old[0]

        monkeypatch.setattr(stage.partner, "gate", gate)
        await stage.open()
        restart(stage)
        with pytest.raises(FrameInvalidError):
            await stage.open()
        assert presence(stage).gate is LinkState.CLOSED

    with_stage(story, target=KH, closed=True)


def test_our_own_question_does_not_answer_itself(monkeypatch):
    async def story(stage):
        async def gate(link, question, *, timeout_s):
            return question

        monkeypatch.setattr(stage.partner, "gate", gate)
        with pytest.raises((FrameInvalidError, SignatureInvalidError)):
            await stage.open()
        assert await stage.log_size() == 0

    with_stage(story, target=KH, closed=True)


@pytest.mark.parametrize("raw", [b"", b"..", b"a.b.c", b"\xff" * 40])
def test_a_question_that_is_no_statement_is_refused(raw):
    async def story(stage):
        from exchange.errors import ProtocolError

        with pytest.raises(ProtocolError):
            await answer_gate(stage.node, stage.link, raw)

    with_stage(story, target=KH)


# The bound of the outbox


def test_at_the_bound_sending_is_refused_with_a_clear_error_and_nothing_is_dropped():
    """Rule 20 and section 7: the officer is told; nothing is dropped."""

    async def story(stage):
        for _ in range(3):
            await send(stage)
        before = stage.store.snapshot()
        with pytest.raises(NodeError) as caught:
            await send(stage)
        assert not isinstance(caught.value, InputError)
        assert "3 messages wait" in str(caught.value)
        assert "nothing was dropped" in str(caught.value.hint)
        assert stage.store.snapshot() == before
        rows = await stage.store.read(lambda uow: uow.messages.numbers(stage.link, Direction.OUT, 1, 10))
        assert [row.seq for row in rows] == [1, 2, 3]

    with_stage(story, target=KH, limits=replace(LIMITS, open_messages=3))


def test_at_the_bound_of_bytes_sending_is_refused():
    async def story(stage):
        await send(stage)
        before = stage.store.snapshot()
        with pytest.raises(NodeError):
            await send(stage)
        assert stage.store.snapshot() == before

    with_stage(story, target=KH, limits=replace(LIMITS, open_bytes=9_000))


def test_room_comes_back_with_a_verdict():
    async def story(stage):
        from tests.support.faulty import verdict_on

        await send(stage)
        with pytest.raises(NodeError):
            await send(stage)
        stage.partner.log(verdict_on(await stage.row(Direction.OUT, 1), "accepted"))
        await stage.give()
        assert (await send(stage)).seq == 2

    with_stage(story, target=KH, limits=replace(LIMITS, open_messages=1))


# Before people have compared the words


async def _unconfirm(stage):
    """Put the link back to where a joiner stands before the telephone call."""

    def unit(uow):
        row = uow.links.get(stage.link)
        uow.links.update(replace(row, state=LinkState.JOINED, reason="words"))

    await stage.store.write(unit)


async def _knock_twice(stage):
    """Ask as a partner without an address does: once, and once more naming the nonce of the answer."""
    presence(stage).only_answers = True
    raw = read_gate_word(await answer_gate(stage.node, stage.link, stage.partner.word()))
    key = stage.partner.theirs.find(KeyUse.DOOR, raw.kid)
    first = verify_gate_word(raw, key)
    await answer_gate(stage.node, stage.link, stage.partner.word(to_nonce=first.nonce))


def test_a_question_does_not_open_the_gate_before_the_words_are_compared():
    async def story(stage):
        await _unconfirm(stage)

        await _knock_twice(stage)

        assert presence(stage).gate is LinkState.CLOSED
        assert presence(stage).reason == "not_agreed"
        assert await stage.log_size() == 0

    with_stage(story, closed=True)


def test_two_questions_open_the_gate_once_the_words_are_compared():
    async def story(stage):
        await _knock_twice(stage)

        assert presence(stage).gate is LinkState.OPEN

    with_stage(story, closed=True)


def test_an_own_question_does_not_open_the_gate_before_the_words_are_compared():
    async def story(stage):
        await _unconfirm(stage)

        with pytest.raises(NodeError) as refused:
            await stage.open()

        assert refused.value.reason == "not_agreed"
        assert await stage.log_size() == 0

    with_stage(story, closed=True)
