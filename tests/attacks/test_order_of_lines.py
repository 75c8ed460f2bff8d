# SPDX-License-Identifier: Apache-2.0
"""Lines that come early, late, without their entry, or after they were given up: rules 15, 16, 19, 22."""

from dataclasses import replace
from datetime import timedelta

from exchange.ledger.entries import void
from exchange.messages.filling import fill
from exchange.protocol.frames import Outcome
from exchange.service.rows import Direction, MessageState
from tests.support.faulty import OTHER_DIGEST, Named, with_stage
from tests.support.keys import seeded_random
from tests.support.notices import sources
from tests.support.world import LIMITS, VN


def said(results):
    return [(result.outcome.value, result.code) for result in results]


def test_a_line_without_its_entry_is_asked_for_again_and_not_logged():
    async def story(stage):
        line = stage.partner.build()
        assert said(await stage.give(line)) == [("again", "tail_needed")]
        assert await stage.own_leaves() == []
        stage.partner.announce(line)
        assert said(await stage.give(line)) == [("logged", "")]

    with_stage(story)


def test_a_line_whose_entry_differs_is_not_logged():
    async def story(stage):
        for wrong in ("eh", "cd", "pc"):
            line = stage.partner.build()
            entry = line.entry
            stage.partner.log(replace(entry, fields={**entry.fields, wrong: OTHER_DIGEST}))
            assert said(await stage.give(line)) == [("again", "tail_needed")]
        assert await stage.own_leaves() == []

    with_stage(story)


def test_a_line_whose_entry_has_another_number_or_id_is_not_logged():
    async def story(stage):
        line, other = stage.partner.build(), stage.partner.build()
        stage.partner.log(replace(line.entry, fields={**line.entry.fields, "id": other.envelope.id}))
        assert said(await stage.give(line)) == [("again", "tail_needed")]
        assert said(await stage.give(other)) == [("again", "tail_needed")]
        assert await stage.own_leaves() == []

    with_stage(story)


def test_lines_behind_a_gap_are_held_and_take_their_turn_when_it_closes():
    async def story(stage):
        lines = [stage.partner.build() for _ in range(4)]
        stage.partner.announce(*lines)
        assert said(await stage.give(lines[3], lines[1])) == [("logged", "")] * 2
        assert await stage.cases() == []
        assert said(await stage.give(lines[0])) == [("logged", "")]
        assert said(await stage.give(lines[2])) == [("logged", "")]
        assert await stage.verdicts() == [
            (4, "held", ""), (2, "held", ""), (1, "accepted", ""), (2, "accp", ""), (3, "accepted", ""),
            (4, "accp", ""),
        ]  # fmt: skip
        assert len(await stage.cases()) == 4

    with_stage(story)


def test_a_held_line_again_changes_nothing():
    async def story(stage):
        stage.partner.build()
        second = stage.partner.build(seq=2)
        stage.partner.announce(stage.partner.build(seq=1), second)
        for _ in range(3):
            assert said(await stage.give(second)) == [("logged", "")]
        assert await stage.verdicts() == [(2, "held", "")]

    with_stage(story)


def test_a_line_that_closes_the_gap_does_not_let_later_ones_of_the_case_pass_a_held_one():
    """Rule 18: effects on one case keep their order, also when gap and follower share a frame."""

    async def story(stage):
        first, notice = stage.partner.build(), stage.partner.document()
        second, third = stage.partner.build(notice), stage.partner.build(notice)
        stage.partner.announce(first, second, third)
        await stage.give(second)
        await stage.give(first, third)
        order = [number for number, verdict, _ in await stage.verdicts() if verdict != "held"]
        assert order == [1, 2, 3]
        assert (await stage.row(Direction.IN, 2)).state is MessageState.ACCEPTED

    with_stage(story)


def test_a_number_just_inside_the_window_is_held_and_one_beyond_is_not_stored():
    async def story(stage):
        inside, beyond = stage.partner.build(seq=1 + 256), stage.partner.build(seq=2 + 256)
        stage.partner.announce(inside, beyond)
        assert said(await stage.give(beyond, inside)) == [("again", "gap"), ("logged", "")]
        assert await stage.row(Direction.IN, 2 + 256) is None
        assert await stage.verdicts() == [(257, "held", "")]

    with_stage(story)


def stop_for(stage, case):
    small = {
        "type": "HLD",
        "purpose": "return_arrangement",
        "case_codes": [case],
        "effect": "all_steps",
        "review_on": "2027-10-20",
        "persons": [{"case_code": case, "reason": "safety_review"}],
    }
    return fill(small, sources(Named(stage.partner.code, seeded_random("hold")), VN)).document


def test_a_stop_acts_behind_a_gap_however_far_ahead_it_is():
    """Rule 19: a stop is never held, so no window bounds it."""

    async def story(stage):
        notice = stage.partner.document()
        (case,) = notice["header"]["case_codes"]
        first, late = stage.partner.build(notice), stage.partner.build(notice)
        hold = stage.partner.build(stop_for(stage, case), seq=1000)
        stage.partner.announce(first, late, hold)
        assert said(await stage.give(first, hold)) == [("logged", ""), ("logged", "")]
        assert await stage.verdicts() == [(1, "accepted", ""), (1000, "accepted", "")]
        assert [row.state for row in await stage.cases()] == ["on_hold"]
        await stage.give(late)
        assert (await stage.row(Direction.IN, 2)).code == "state_conflict"

    with_stage(story)


def test_bytes_beyond_the_window_are_not_stored():
    async def story(stage):
        lines = [stage.partner.build(seq=number) for number in (2, 3, 4)]
        stage.partner.announce(*lines)
        results = said(await stage.give(*lines))
        assert results == [("logged", ""), ("logged", ""), ("again", "gap")]

    with_stage(story, limits=replace(LIMITS, window_bytes=15_000))


def test_a_line_from_the_future_waits_until_it_is_time():
    async def story(stage):
        stage.partner.clock.jump(timedelta(seconds=301))
        line = stage.partner.build()
        stage.partner.announce(line)
        assert said(await stage.give(line)) == [("again", "not_yet")]
        assert await stage.own_leaves() == []
        stage.partner.clock.jump(timedelta(seconds=-2))
        assert said(await stage.give(stage.partner.again(line))) == [("again", "not_yet")]

    with_stage(story)


def test_a_line_within_the_tolerated_skew_is_accepted():
    async def story(stage):
        stage.partner.clock.jump(timedelta(seconds=299))
        line = stage.partner.build()
        stage.partner.announce(line)
        assert said(await stage.give(line)) == [("logged", "")]
        assert await stage.verdicts() == [(1, "accepted", "")]

    with_stage(story)


def test_an_expired_line_uses_its_number_and_has_no_effect():
    async def story(stage):
        created = stage.clock.now() - timedelta(days=31)
        line = stage.partner.build(created_at=created, expires_at=created + timedelta(days=30))
        following = stage.partner.build()
        stage.partner.announce(line, following)
        assert said(await stage.give(line, following)) == [("logged", "")] * 2
        assert await stage.verdicts() == [(1, "rejected", "expired"), (2, "accepted", "")]
        assert len(await stage.cases()) == 1

    with_stage(story)


def test_a_number_given_up_before_it_came_is_closed_and_the_following_go_on():
    async def story(stage):
        lost, following = stage.partner.build(), stage.partner.build()
        stage.partner.announce(lost, following)
        await stage.give(following)
        stage.partner.log(void(seq=1, id=lost.envelope.id, code="withdrawn"))
        await stage.give()
        assert await stage.verdicts() == [(2, "held", ""), (1, "rejected", "voided"), (2, "accp", "")]
        assert said(await stage.give(lost)) == [("logged", "")]
        assert len(await stage.verdicts()) == 3
        assert len(await stage.cases()) == 1

    with_stage(story)


def test_a_line_that_comes_with_its_own_void_is_rejected_as_voided():
    async def story(stage):
        line = stage.partner.build()
        stage.partner.announce(line)
        stage.partner.log(void(seq=1, id=line.envelope.id, code="superseded"))
        await stage.give(line)
        assert await stage.verdicts() == [(1, "rejected", "voided")]
        assert await stage.cases() == []

    with_stage(story)


def test_a_held_line_that_is_given_up_is_rejected_as_voided():
    async def story(stage):
        first, second = stage.partner.build(), stage.partner.build()
        stage.partner.announce(first, second)
        await stage.give(second)
        stage.partner.log(void(seq=2, id=second.envelope.id, code="withdrawn"))
        await stage.give(first)
        assert await stage.verdicts() == [(2, "held", ""), (1, "accepted", ""), (2, "rejc", "voided")]

    with_stage(story)


def test_an_accepted_message_stays_accepted_when_its_number_is_given_up_afterwards():
    async def story(stage):
        line = stage.partner.build()
        stage.partner.announce(line)
        await stage.give(line)
        stage.partner.log(void(seq=1, id=line.envelope.id, code="withdrawn"))
        await stage.give()
        assert await stage.verdicts() == [(1, "accepted", "")]
        assert (await stage.row(Direction.IN, 1)).state is MessageState.ACCEPTED
        assert said(await stage.give(line)) == [("logged", "")]

    with_stage(story)


def test_a_void_under_another_id_gives_up_nothing():
    """Ledger, judge rule 3: a number is given up under the id that it was sent with."""

    async def story(stage):
        line, other = stage.partner.build(), stage.partner.build(seq=9)
        stage.partner.announce(line)
        stage.partner.log(void(seq=1, id=other.envelope.id, code="withdrawn"))
        await stage.give()
        assert await stage.own_leaves() == []
        assert await stage.kinds() == ["log_invalid"]
        assert said(await stage.give(line)) == [("logged", "")]
        assert await stage.verdicts() == [(1, "accepted", "")]

    with_stage(story)


def test_a_void_of_a_number_that_was_never_sent_is_kept_as_evidence():
    async def story(stage):
        line = stage.partner.build()
        stage.partner.log(void(seq=1, id=line.envelope.id, code="withdrawn"))
        await stage.give()
        assert await stage.kinds() == ["log_invalid"]
        stage.partner.announce(line)
        assert said(await stage.give(line)) == [("logged", "")]
        assert await stage.verdicts() == [(1, "accepted", "")]

    with_stage(story)


def test_one_faulty_line_harms_no_other_line_of_its_frame():
    async def story(stage):
        lines = [stage.partner.build() for _ in range(5)]
        stage.partner.announce(lines[0], lines[1], lines[3], lines[4])
        results = await stage.give(lines[0], b"nonsense", lines[2], lines[1], lines[4])
        assert said(results) == [
            ("logged", ""), ("refused", "refused"), ("again", "tail_needed"), ("logged", ""), ("logged", ""),
        ]  # fmt: skip
        assert [r.outcome for r in results].count(Outcome.LOGGED) == 3
        assert await stage.verdicts() == [(1, "accepted", ""), (2, "accepted", ""), (5, "held", "")]

    with_stage(story)
