# SPDX-License-Identifier: Apache-2.0
"""A write that is asked for again is done once, also when the process ends in the middle (rule 17)."""

from typing import Any

import pytest
from exchange.errors import InputError
from exchange.service.admission import Caller
from exchange.service.clients import AnswerState, ClientRow
from exchange.service.ports import UnitOfWork
from exchange.service.repeats import RepeatError, Repeats
from tests.support.faulty import with_stage
from tests.support.world import KH, OFFICER, START, SimulatedCrashError

CALLER = Caller("files", OFFICER, frozenset({"officer"}), b"s" * 32)


async def enter(stage: Any) -> None:
    row = ClientRow("files", OFFICER, ("officer",), b"t" * 32, START, START)
    await stage.store.write(lambda uow: uow.clients.add(row))


def change(uow: UnitOfWork) -> None:
    """Stand for what a write changes."""
    uow.settings.put("changed", str(int(uow.settings.get("changed") or 0) + 1))


def restarted(stage: Any) -> Repeats:
    """Return what a new process knows of writes: what is in the store, and nothing else."""
    return Repeats(stage.node)


async def changes(stage: Any) -> str | None:
    found: str | None = await stage.store.read(lambda uow: uow.settings.get("changed"))
    return found


def crash(stage: Any, moment: str) -> None:
    def die() -> None:
        stage.store.on_commit(before=lambda: None, after=lambda: None)
        raise SimulatedCrashError

    stage.store.on_commit(**{moment: die})


def test_a_write_that_runs_is_not_begun_again():
    async def story(stage):
        await enter(stage)
        repeats = Repeats(stage.node)
        await repeats.begin(CALLER, b"key", b"request")

        with pytest.raises(RepeatError) as refused:
            await repeats.begin(CALLER, b"key", b"request")
        assert refused.value.reason == "still_running"

    with_stage(story, target=KH)


def test_a_process_that_ends_before_the_commit_leaves_the_write_to_the_next_one():
    async def story(stage):
        await enter(stage)
        row = await Repeats(stage.node).begin(CALLER, b"key", b"request")
        crash(stage, "before")
        with pytest.raises(SimulatedCrashError):
            await Repeats(stage.node).store(row, stage.store).write(change)

        again = await restarted(stage).begin(CALLER, b"key", b"request")

        assert again.state is AnswerState.RUNNING
        assert await changes(stage) is None

    with_stage(story, target=KH)


def test_a_process_that_ends_after_the_commit_never_does_the_write_again():
    async def story(stage):
        await enter(stage)
        row = await Repeats(stage.node).begin(CALLER, b"key", b"request")
        crash(stage, "after")
        with pytest.raises(SimulatedCrashError):
            await Repeats(stage.node).store(row, stage.store).write(change)

        with pytest.raises(RepeatError) as refused:
            await restarted(stage).begin(CALLER, b"key", b"request")

        assert refused.value.reason == "answer_lost"
        assert await changes(stage) == "1"

    with_stage(story, target=KH)


def test_a_write_that_failed_is_not_marked_as_done():
    async def story(stage):
        await enter(stage)
        repeats = Repeats(stage.node)
        row = await repeats.begin(CALLER, b"key", b"request")

        def wrong(uow):
            change(uow)
            raise InputError

        with pytest.raises(InputError):
            await repeats.store(row, stage.store).write(wrong)
        await repeats.forget(row)

        assert (await repeats.begin(CALLER, b"key", b"request")).state is AnswerState.RUNNING
        assert await changes(stage) is None

    with_stage(story, target=KH)


def test_a_write_that_was_done_keeps_its_key_when_its_answer_fails():
    async def story(stage):
        await enter(stage)
        repeats = Repeats(stage.node)
        row = await repeats.begin(CALLER, b"key", b"request")
        await repeats.store(row, stage.store).write(change)
        await repeats.forget(row)

        with pytest.raises(RepeatError) as refused:
            await repeats.begin(CALLER, b"key", b"request")
        assert refused.value.reason == "answer_lost"

    with_stage(story, target=KH)


def test_neither_key_nor_request_nor_answer_can_be_read_in_the_store():
    async def story(stage):
        await enter(stage)
        repeats = Repeats(stage.node)
        row = await repeats.begin(CALLER, b"key-of-NGUYEN", b"request about NGUYEN")
        await repeats.finish(row, b"answer about NGUYEN")

        kept = await restarted(stage).begin(CALLER, b"key-of-NGUYEN", b"request about NGUYEN")

        assert kept.answer == b"answer about NGUYEN"
        assert b"NGUYEN" not in stage.store.snapshot()

    with_stage(story, target=KH)
