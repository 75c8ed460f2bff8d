# SPDX-License-Identifier: Apache-2.0
"""What is under way when a link is paused ends: nothing is half written, and nothing is written after it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from exchange.errors import BusyError, LinkPausedError, NodeError
from exchange.ids import LinkId
from exchange.ledger.entries import beat
from exchange.protocol.frames import Frame
from exchange.service import logbook
from exchange.service.composing import compose
from exchange.service.converse import LINES_AT_ONCE, answer, call
from exchange.service.drafts import Fate, send
from exchange.service.gate import answer_gate
from exchange.service.node import Held
from exchange.service.parcel_reading import preview
from exchange.service.parcel_writing import LEAST_VOLUME_BYTES
from exchange.service.pausing import end_pause, pause
from exchange.service.ports import Unit, UnitOfWork
from exchange.service.reconcile import reconcile
from exchange.service.refill import PAGE, REFILL
from exchange.service.release import release
from exchange.service.rows import Direction, LinkState
from tests.support.couriers import Courier, FilesInMemory, by_files
from tests.support.faulty import Stage, with_stage
from tests.support.ledger_world import write
from tests.support.notices import notice
from tests.support.world import KH, OFFICER, SECOND, START, VN, Agency, World

WHY = "their node may be in the wrong hands"
PAGES_BACK = 5
"""Commits after a restart until some pages of a refill are back, and not all."""
AT_ONCE_S = 0.01
"""Virtual seconds: what ends within them waited for nothing."""


def hold(agency: Stage | Agency, link: LinkId) -> None:
    """Do what a pause does first, at a moment at which no task of a test can step in."""
    agency.node.presence.of(link).pause = Held(VN, START, OFFICER)


def hold_after(agency: Stage | Agency, link: LinkId, *, commit: int) -> None:
    """Pause right after a commit from now on."""
    left = commit

    def count() -> None:
        nonlocal left
        left -= 1
        if not left:
            hold(agency, link)

    agency.store.on_commit(after=count)


async def stop(agency: Stage | Agency, link: LinkId) -> bytes:
    """Pause a link, and return the store as it was when that was answered."""
    await pause(agency.node, link, reason=WHY, officer=OFFICER)
    return agency.store.snapshot()


async def signed(agency: Stage | Agency, link: LinkId) -> tuple[int, int]:
    """Return how long the own log is, and how long its newest head says it is."""

    def unit(uow: UnitOfWork) -> tuple[int, int]:
        head = uow.logs.head(link, agency.node.agency)
        return uow.logs.position(link, agency.node.agency).size, head.size if head else 0

    return await agency.store.read(unit)


# Frames of the partner


def test_of_a_frame_that_is_being_taken_only_whole_parts_are_there() -> None:
    async def story(stage: Stage) -> None:
        built = [stage.partner.build() for _ in range(LINES_AT_ONCE + 8)]
        stage.partner.announce(*built)
        hold_after(stage, stage.link, commit=1)

        with pytest.raises(LinkPausedError):
            await stage.give(*built)

        rows = await stage.store.read(
            lambda uow: uow.messages.numbers(stage.link, Direction.IN, 1, 2 * LINES_AT_ONCE)
        )
        assert [row.seq for row in rows] == list(range(1, LINES_AT_ONCE + 1))
        size, head = await signed(stage, stage.link)
        assert size == head
        assert await stage.copy_size() > 0

    with_stage(story)


def test_a_frame_that_waits_for_its_turn_takes_nothing() -> None:
    async def story(stage: Stage) -> None:
        built = stage.partner.build()
        stage.partner.announce(built)
        presence = stage.node.presence.of(stage.link)
        async with presence.taking:
            taking = asyncio.create_task(answer(stage.node, stage.link, stage.partner.frame(built.line)))
            await asyncio.sleep(0.1)
            before = await stop(stage, stage.link)

        with pytest.raises(LinkPausedError):
            await taking
        assert stage.store.snapshot() == before

    with_stage(story)


def test_entries_that_need_no_answer_are_not_taken_either() -> None:
    async def story(stage: Stage) -> None:
        stage.partner.log(beat())
        presence = stage.node.presence.of(stage.link)
        async with presence.taking:
            taking = asyncio.create_task(answer(stage.node, stage.link, stage.partner.frame()))
            await asyncio.sleep(0.1)
            before = await stop(stage, stage.link)

        with pytest.raises(LinkPausedError):
            await taking
        assert stage.store.snapshot() == before
        assert await stage.copy_size() == 0

    with_stage(story)


def test_what_was_read_to_be_given_back_does_not_leave() -> None:
    """Who asks may hold stolen keys: the last moment counts."""

    async def story(stage: Stage) -> None:
        raw = stage.partner.word(op="agreement")
        node = replace(stage.node, store=Seen(stage.store, 2, lambda: hold(stage, stage.link)))  # type: ignore[arg-type]

        with pytest.raises(LinkPausedError):
            await answer_gate(node, stage.link, raw)

    with_stage(story)


class Seen:
    """A store at which something happens right after a read."""

    def __init__(self, store: Any, read: int, then: Callable[[], None]) -> None:
        self._store, self._left, self._then = store, read, then
        self.write = store.write

    async def read(self, unit: Unit[Any]) -> Any:
        found = await self._store.read(unit)
        self._left -= 1
        if not self._left:
            self._then()
        return found


def test_a_card_in_a_frame_is_not_taken() -> None:
    async def story(stage: Stage) -> None:
        presence = stage.node.presence.of(stage.link)
        async with presence.taking:
            raw = stage.partner.frame(card="a.b.c")
            taking = asyncio.create_task(answer(stage.node, stage.link, raw))
            await asyncio.sleep(0.1)
            before = await stop(stage, stage.link)

        with pytest.raises(LinkPausedError):
            await taking
        assert stage.store.snapshot() == before

    with_stage(story)


def test_a_held_long_poll_ends_at_once_without_an_answer() -> None:
    async def story(stage: Stage) -> None:
        polling = asyncio.create_task(answer(stage.node, stage.link, stage.partner.frame(wait_s=50)))
        await asyncio.sleep(5)
        assert not polling.done()
        before, at_s = await stop(stage, stage.link), stage.loop.time()

        with pytest.raises(LinkPausedError):
            await polling
        assert stage.loop.time() - at_s < AT_ONCE_S
        assert stage.store.snapshot() == before

    with_stage(story)


# Our own calls


def test_no_frame_is_composed_and_no_line_counts_as_on_its_way() -> None:
    async def story(stage: Stage) -> None:
        document = notice(stage.node, KH, country="KH")
        await release(stage.node, stage.link, document, officer=OFFICER)
        await stop(stage, stage.link)

        with pytest.raises(LinkPausedError):
            await compose(stage.node, stage.link)

        offered = stage.node.presence.of(stage.link).offered
        assert offered.numbers(first=1, now_s=stage.clock.monotonic_s()) == []

    with_stage(story)


def test_an_answer_that_was_composed_just_before_does_not_leave() -> None:
    async def story(stage: Stage) -> None:
        document = notice(stage.node, KH, country="KH")
        await release(stage.node, stage.link, document, officer=OFFICER)
        raw = stage.partner.frame()
        node = replace(stage.node, store=Seen(stage.store, 1, lambda: hold(stage, stage.link)))  # type: ignore[arg-type]

        with pytest.raises(LinkPausedError):
            await answer(node, stage.link, raw)

        offered = stage.node.presence.of(stage.link).offered
        assert offered.numbers(first=1, now_s=stage.clock.monotonic_s()) == []

    with_stage(story)


def slowly(stage: Stage, what: str) -> None:
    """Let the partner answer a call of ours after half a minute, and only then."""
    real = getattr(stage.partner, what)

    async def after_a_while(link: LinkId, raw: bytes, *, timeout_s: float) -> bytes:
        made: bytes = await real(link, raw, timeout_s=timeout_s)
        await asyncio.sleep(30)
        return made

    setattr(stage.partner, what, after_a_while)


def test_a_call_that_is_under_way_is_cut_off_and_its_answer_is_not_taken() -> None:
    async def story(stage: Stage) -> None:
        document = notice(stage.node, KH, country="KH")
        sent = await release(stage.node, stage.link, document, officer=OFFICER)
        stage.partner.log(beat())
        answers = [stage.partner.tail()]
        stage.partner.reply = lambda _: Frame(stage.link, stage.partner.code, stage.target, tail=answers[0])
        slowly(stage, "exchange")
        calling = asyncio.create_task(call(stage.node, stage.link))
        await asyncio.sleep(5)
        assert len(stage.partner.frames[-1].lines) == 1
        before, at_s = await stop(stage, stage.link), stage.loop.time()

        with pytest.raises(LinkPausedError):
            await calling
        assert stage.loop.time() - at_s < AT_ONCE_S
        await asyncio.sleep(60)
        assert stage.store.snapshot() == before
        assert await stage.copy_size() == 0
        offered = stage.node.presence.of(stage.link).offered
        assert sent.seq == 1
        assert offered.numbers(first=1, now_s=stage.clock.monotonic_s()) == []

    with_stage(story)


def test_a_question_at_the_gate_that_is_under_way_is_cut_off() -> None:
    async def story(stage: Stage) -> None:
        slowly(stage, "gate")
        asking = asyncio.create_task(stage.open())
        await asyncio.sleep(5)
        before, at_s = await stop(stage, stage.link), stage.loop.time()

        with pytest.raises(LinkPausedError):
            await asking
        assert stage.loop.time() - at_s < AT_ONCE_S
        assert stage.store.snapshot() == before
        assert stage.node.presence.of(stage.link).start_gate is LinkState.CLOSED

    with_stage(story, closed=True)


def test_a_gate_whose_answer_came_just_before_does_not_open() -> None:
    async def story(stage: Stage) -> None:
        hold_after(stage, stage.link, commit=1)
        with pytest.raises(LinkPausedError):
            await stage.open()

        assert stage.node.presence.of(stage.link).start_gate is LinkState.CLOSED
        assert await stage.log_size() == 0

    with_stage(story, closed=True)


# Releases


@pytest.mark.parametrize("steps", range(8))
def test_a_release_that_is_under_way_has_its_number_before_or_waits(steps: int) -> None:
    async def story(stage: Stage) -> None:
        document = notice(stage.node, KH, country="KH")
        sending = asyncio.create_task(send(stage.node, stage.link, document, OFFICER))
        for _ in range(steps):
            await asyncio.sleep(0)
        await stop(stage, stage.link)
        size = await stage.log_size()

        sent = await sending

        assert await stage.log_size() == size
        drafts = await stage.store.read(lambda uow: uow.drafts.list())
        row = await stage.row(Direction.OUT, 1)
        if sent.fate is Fate.RELEASED:
            assert row is not None
            assert drafts == []
        else:
            assert (sent.fate, sent.reason, row) == (Fate.WAITING, "paused", None)
            assert [draft.waiting for draft in drafts] == [True]

    with_stage(story)


def test_what_was_written_in_the_commit_of_the_pause_has_its_head() -> None:
    """Design 5: nobody has entries of ours without a head over them, and neither have we."""

    async def story(stage: Stage) -> None:
        def entry(uow: UnitOfWork) -> None:
            row = uow.links.get(stage.link)
            assert row is not None
            logbook.write(uow, stage.node, row, [beat()])

        stage.store.write_group(entry, lambda _: hold(stage, stage.link))

        size, head = await signed(stage, stage.link)
        assert size == head
        with pytest.raises(LinkPausedError):
            await stage.store.write(entry)

    with_stage(story)


# Refill


def test_a_refill_stops_between_two_pages_and_goes_on_after_the_pause() -> None:
    """Rule 26: what is back is no log of ours yet, so nothing is signed over it meanwhile."""

    async def story(world: World) -> None:
        await world.open()
        old = world.kh.store.snapshot()
        await write(world.kh, *([beat()] * (3 * PAGE)))
        whole, _ = await signed(world.kh, world.link)
        await world.until(lambda: _is_cosigned(world, whole))
        world.kh.crash()
        world.kh.start(old)
        begun, _ = await signed(world.kh, world.link)

        hold_after(world.kh, world.link, commit=PAGES_BACK)
        await world.until(lambda: _is_held(world))
        world.kh.node.presence.of(world.link).pause = None
        before = await stop(world.kh, world.link)
        await asyncio.sleep(300)
        assert world.kh.store.snapshot() == before
        size, head = await signed(world.kh, world.link)
        assert begun < size < whole
        assert head == begun
        assert await world.kh.store.read(lambda uow: uow.settings.get(REFILL + world.link))

        await end_pause(world.kh.node, world.link, actors=(OFFICER, SECOND))
        await world.open()

        size, head = await signed(world.kh, world.link)
        assert size == head >= whole
        assert not (await reconcile(world.kh.node, world.link)).differences

    World(seed=26).run(story)


async def _is_cosigned(world: World, size: int) -> bool:
    return (await world.kh.store.read(lambda uow: uow.logs.cosigned(world.link, KH)))[0] >= size


async def _is_held(world: World) -> bool:
    return world.kh.node.presence.of(world.link).pause is not None


# Parcels


def test_no_parcel_is_written_and_none_is_read() -> None:
    async def story(world: World) -> None:
        courier = Courier(world)
        await world.open()
        theirs = await courier.write(world.vn)
        before, files = await stop(world.kh, world.link), dict(courier.files.published)

        with pytest.raises(LinkPausedError):
            await courier.write(world.kh)
        with pytest.raises(LinkPausedError):
            await courier.read(world.kh, theirs)
        with pytest.raises(LinkPausedError):
            await preview(world.kh.node, courier.files, theirs)

        assert world.kh.store.snapshot() == before
        assert courier.files.published == files

    by_files(95).run(story)


def test_a_parcel_that_is_being_written_gets_no_name() -> None:
    async def story(world: World) -> None:
        courier = Courier(world)
        await world.open()
        for _ in range(3):
            document = notice(world.kh.node, VN, country="VN")
            await release(world.kh.node, world.link, document, officer=OFFICER)
        courier.files = Watched(lambda: hold(world.kh, world.link))

        with pytest.raises(LinkPausedError):
            await courier.write(world.kh, volume_bytes=LEAST_VOLUME_BYTES)

        assert courier.files.published == {}

    by_files(96).run(story)


class Watched(FilesInMemory):
    """Files of a courier that tell when the first one is begun."""

    def __init__(self, begun: Callable[[], None]) -> None:
        super().__init__()
        self._begun = begun

    async def create(self, path: str, *, room: int) -> Any:
        self._begun()
        return await super().create(path, room=room)


def test_a_parcel_that_is_being_read_is_read_again_afterwards() -> None:
    async def story(world: World) -> None:
        courier = Courier(world)
        await world.open()
        for _ in range(LINES_AT_ONCE + 8):
            document = notice(world.vn.node, KH, country="KH")
            await release(world.vn.node, world.link, document, officer=OFFICER)
        path = await courier.write(world.vn)
        hold_after(world.kh, world.link, commit=6)

        with pytest.raises(LinkPausedError):
            await courier.read(world.kh, path)
        world.kh.store.on_commit(after=lambda: None)
        before = world.kh.store.snapshot()
        with pytest.raises(LinkPausedError):
            await courier.read(world.kh, path)
        assert world.kh.store.snapshot() == before

        world.kh.node.presence.of(world.link).pause = None
        taken = await courier.read(world.kh, path)

        assert taken.messages + taken.known == LINES_AT_ONCE + 8

    by_files(97).run(story)


# A store that has too much to do


class Crowded:
    """A store with no room for the first calls."""

    def __init__(self, store: Any, full: int) -> None:
        self._store, self.left = store, full

    async def write(self, unit: Unit[Any]) -> Any:
        return await self._do(self._store.write, unit)

    async def read(self, unit: Unit[Any]) -> Any:
        return await self._do(self._store.read, unit)

    async def _do(self, act: Callable[[Unit[Any]], Awaitable[Any]], unit: Unit[Any]) -> Any:
        if self.left:
            self.left -= 1
            raise BusyError
        return await act(unit)


def test_the_brake_works_while_the_store_has_too_much_to_do() -> None:
    async def story(stage: Stage) -> None:
        crowded = replace(stage.node, store=Crowded(stage.store, 5))  # type: ignore[arg-type]
        await pause(crowded, stage.link, reason=WHY, officer=OFFICER)

        row = await stage.store.read(lambda uow: uow.links.get(stage.link))
        assert row is not None
        assert row.state is LinkState.PAUSED

    with_stage(story)


def test_a_store_that_never_has_room_is_told_and_the_link_goes_on() -> None:
    async def story(stage: Stage) -> None:
        crowded = replace(stage.node, store=Crowded(stage.store, 1_000))  # type: ignore[arg-type]
        with pytest.raises(NodeError) as refused:
            await pause(crowded, stage.link, reason=WHY, officer=OFFICER)

        assert isinstance(refused.value, BusyError)
        assert stage.node.presence.of(stage.link).gate is LinkState.OPEN

    with_stage(story)
