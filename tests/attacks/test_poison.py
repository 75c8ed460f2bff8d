# SPDX-License-Identifier: Apache-2.0
"""A message whose handling fails stops only what shares its case (threat model, rule 19)."""

import asyncio
from datetime import timedelta

import pytest
from exchange.messages.document import persons_of
from exchange.protocol.frames import Outcome
from exchange.service import casework
from exchange.service.rows import Direction, MessageState
from exchange.service.supervisor import Supervisor
from tests.attacks.test_order_of_lines import stop_for
from tests.support.faulty import with_stage


@pytest.fixture
def poison(monkeypatch):
    """Let the handling of the cases in a set fail."""
    cases = set()
    real = casework.event_for

    def event(case, *rest, **named):
        if case.code in cases:
            raise KeyError("a fault of the program")
        return real(case, *rest, **named)

    monkeypatch.setattr(casework, "event_for", event)
    return cases


def case_of(document):
    return persons_of(document)[0]["case_code"]


def test_a_line_whose_handling_fails_is_held_and_the_others_are_accepted(poison):
    async def story(stage):
        documents = [stage.partner.document() for _ in range(3)]
        lines = [stage.partner.build(document) for document in documents]
        stage.partner.announce(*lines)
        poison.add(case_of(documents[0]))
        results = await stage.give(*lines)
        assert [r.outcome for r in results] == [Outcome.LOGGED] * 3
        assert await stage.verdicts() == [(1, "held", ""), (2, "accepted", ""), (3, "accepted", "")]

    with_stage(story)


def test_a_later_line_of_the_same_case_waits_behind_it(poison):
    async def story(stage):
        document = stage.partner.document()
        lines = [stage.partner.build(document), stage.partner.build(document), stage.partner.build()]
        stage.partner.announce(*lines)
        poison.add(case_of(document))
        await stage.give(lines[0])
        await stage.give(*lines[1:])
        assert await stage.verdicts() == [(1, "held", ""), (2, "held", ""), (3, "accepted", "")]
        poison.clear()
        await stage.give()
        settled = [(number, verdict) for number, verdict, _ in (await stage.verdicts())[3:]]
        assert [number for number, _ in settled] == [1, 2]
        assert settled[0] == (1, "accp")

    with_stage(story)


def test_after_ten_minutes_it_is_rejected_as_internal_and_the_case_goes_on(poison):
    async def story(stage):
        document = stage.partner.document()
        lines = [stage.partner.build(document), stage.partner.build()]
        stage.partner.announce(*lines)
        poison.add(case_of(document))
        await stage.give(*lines)
        await asyncio.sleep(599)
        await stage.give()
        assert (await stage.row(Direction.IN, 1)).state is MessageState.HELD
        await asyncio.sleep(2)
        await stage.give()
        assert (await stage.verdicts())[-1] == (1, "rejc", "internal")
        assert (await stage.row(Direction.IN, 1)).state is MessageState.REJECTED

    with_stage(story)


def test_a_parked_message_of_200_kb_blocks_neither_another_case_nor_a_stop_and_is_rejected(poison):
    """Rule 19: it is visible as held, and after ten minutes it is rejected also when nobody calls."""

    async def story(stage):
        large, other = stage.partner.document(persons=200), stage.partner.document()
        lines = [stage.partner.build(large), stage.partner.build(other)]
        hold = stage.partner.build(stop_for(stage, case_of(other)))
        stage.partner.announce(*lines, hold)
        poison.add(case_of(large))
        await stage.give(*lines, hold)
        parked = await stage.row(Direction.IN, 1)
        assert parked.line_bytes > 200_000
        assert parked.state is MessageState.HELD
        assert await stage.verdicts() == [(1, "held", ""), (2, "accepted", ""), (3, "accepted", "")]
        assert ("handling_failed", {"message": parked.id, "error": "KeyError"}) in stage.noted.events
        upkeep = asyncio.create_task(Supervisor(stage.node).run())
        await asyncio.sleep(620)
        upkeep.cancel()
        rejected = await stage.row(Direction.IN, 1)
        assert (rejected.state, rejected.code) == (MessageState.REJECTED, "internal")

    with_stage(story)


def test_a_failure_names_no_content_in_the_journal(poison):
    async def story(stage):
        document = stage.partner.document()
        line = stage.partner.build(document)
        stage.partner.announce(line)
        poison.add(case_of(document))
        await stage.give(line)
        noted = [fields for event, fields in stage.noted.events if event == "handling_failed"]
        assert noted
        assert all(set(fields) <= {"message", "link", "error"} for fields in noted)
        assert case_of(document) not in repr(noted)

    with_stage(story)


def test_time_in_doubt_is_no_fault_of_a_line(poison):
    async def story(stage):
        from exchange.errors import ClockError

        line = stage.partner.build()
        stage.partner.announce(line)
        stage.clock.jump(timedelta(seconds=61))
        with pytest.raises(ClockError):
            await stage.give(line)
        assert await stage.own_leaves() == []

    with_stage(story)
