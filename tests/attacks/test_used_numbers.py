# SPDX-License-Identifier: Apache-2.0
"""A partner with right keys uses a number or a message id twice (threat model, rule 16)."""

from exchange.protocol.frames import Outcome
from tests.support.faulty import with_stage
from tests.support.keys import seeded_random


async def accepted(stage, count=1):
    built = [stage.partner.build() for _ in range(count)]
    stage.partner.announce(*built)
    assert [r.outcome for r in await stage.give(*built)] == [Outcome.LOGGED] * count
    return built


def test_the_same_line_again_is_answered_by_the_leaves_that_exist():
    async def story(stage):
        [line] = await accepted(stage)
        size, cases = await stage.log_size(), await stage.cases()
        for _ in range(3):
            assert [r.outcome for r in await stage.give(line, line)] == [Outcome.LOGGED] * 2
        assert (await stage.log_size(), await stage.cases()) == (size, cases)
        assert await stage.kept() == []

    with_stage(story)


def test_the_same_line_twice_in_one_frame_is_logged_once():
    async def story(stage):
        line = stage.partner.build()
        stage.partner.announce(line)
        assert [r.outcome for r in await stage.give(line, line)] == [Outcome.LOGGED] * 2
        assert await stage.verdicts() == [(1, "accepted", "")]

    with_stage(story)


def test_the_same_id_with_other_bytes_is_refused_and_three_copies_are_kept():
    async def story(stage):
        [line] = await accepted(stage)
        before = await stage.own_leaves()
        for _ in range(5):
            other = stage.partner.build(seq=1, id=line.envelope.id)
            assert [(r.outcome, r.code) for r in await stage.give(other)] == [(Outcome.REFUSED, "refused")]
        assert await stage.own_leaves() == before
        assert await stage.kinds() == ["conflict"] * 3
        assert stage.noted.counts.count(("line_refused", "conflict")) == 5

    with_stage(story)


def test_the_same_number_with_another_id_is_refused_and_three_copies_are_kept():
    async def story(stage):
        await accepted(stage)
        before = await stage.own_leaves()
        for _ in range(5):
            assert [r.code for r in await stage.give(stage.partner.build(seq=1))] == ["refused"]
        assert await stage.own_leaves() == before
        assert await stage.kinds() == ["conflict"] * 3

    with_stage(story)


def test_the_same_id_under_many_numbers_is_refused_and_only_three_copies_are_kept():
    """Rule 20: what is kept as evidence has a bound, whatever number the partner writes on it."""

    async def story(stage):
        [line] = await accepted(stage)
        for seq in range(2, 8):
            other = stage.partner.again(line, seq=seq)
            assert [r.code for r in await stage.give(other)] == ["refused"]
        assert await stage.kinds() == ["conflict"] * 3
        assert stage.noted.counts.count(("line_refused", "conflict")) == 6

    with_stage(story)


def test_evidence_of_a_conflict_is_the_line_as_it_came():
    async def story(stage):
        [line] = await accepted(stage)
        other = stage.partner.build(seq=1, id=line.envelope.id)
        await stage.give(other)
        [kept] = await stage.kept()
        assert (kept.evidence, kept.subject) == (other.line, "1")

    with_stage(story)


def test_a_conflict_does_not_harm_the_other_lines_of_its_frame():
    async def story(stage):
        await accepted(stage)
        good = stage.partner.build()
        stage.partner.announce(good)
        results = await stage.give(stage.partner.build(seq=1), good, stage.partner.build(seq=1))
        assert [r.outcome for r in results] == [Outcome.REFUSED, Outcome.LOGGED, Outcome.REFUSED]
        assert await stage.verdicts() == [(1, "accepted", ""), (2, "accepted", "")]

    with_stage(story)


def test_a_number_whose_message_was_rejected_stays_used():
    async def story(stage):
        late = stage.partner.build(header={"type_version": "9.9"})
        stage.partner.announce(late)
        await stage.give(late)
        assert [r.code for r in await stage.give(stage.partner.build(seq=1))] == ["refused"]
        assert len(await stage.verdicts()) == 1

    with_stage(story)


def test_a_repeated_salt_is_rejected():
    """Design 4.3: a salt that was used before would let an erased part be guessed."""

    async def story(stage):
        draw = seeded_random("salt")
        drawn = [draw(32) for _ in range(3)]
        for _ in (1, 2):
            salts = iter(drawn)
            line = stage.partner.build(salts=lambda _, salts=salts: next(salts))
            stage.partner.announce(line)
            await stage.give(line)
        first, second = await stage.verdicts()
        assert first == (1, "accepted", "")
        assert second == (2, "rejected", "commitment_mismatch")

    with_stage(story)


def test_a_salt_that_stands_twice_in_one_message_is_rejected():
    async def story(stage):
        line = stage.partner.build(salts=lambda size: b"s" * size)
        stage.partner.announce(line)
        await stage.give(line)
        assert await stage.verdicts() == [(1, "rejected", "form_invalid")]

    with_stage(story)
