# SPDX-License-Identifier: Apache-2.0
"""What a unit wrote is there for whoever reads next, however the store puts its statements together."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from exchange.errors import AppendOnlyError, ExchangeError, StoreDamagedError, StoreError
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, Direction, MessageRow, MessageState, Part, QuestionRow
from tests.support.store_rows import (
    CODE,
    LINK,
    NOW,
    OFFICER,
    OWN,
    StoreWorld,
    case_event,
    case_row,
    grow,
    link_row,
    message_row,
)

OUT = Direction.OUT
PARTS = [Part(0, None, b"header"), Part(2, CODE, b"person")]


class ChangedMindError(Exception):
    """A unit gives up."""


def send(uow: UnitOfWork, seq: int = 1) -> None:
    """Write what a numbered message writes."""
    row = message_row(seq, line_bytes=100)
    link = uow.links.get(LINK)
    assert link is not None
    assert uow.cases.get(LINK, CODE) is None or seq > 1
    uow.messages.add(row, envelope=b"envelope", body=b"body")
    uow.contents.add(LINK, OUT, seq, PARTS)
    if seq == 1:
        uow.cases.add(case_row())
    uow.cases.add_event(case_event(seq))
    uow.questions.put(QuestionRow(LINK, OUT, seq, CODE, "RPN", "routine", effective=False))
    grow(uow)
    uow.links.update(replace(link, next_seq=seq + 1))
    uow.audit.record(AuditRow(NOW, OFFICER, "message_released", row.id))


READS: dict[str, Callable[[UnitOfWork], object]] = {
    "the line": lambda uow: uow.messages.line(LINK, OUT, 1),
    "the message": lambda uow: uow.messages.by_seq(LINK, OUT, 1),
    "the message by its id": lambda uow: uow.messages.by_id(LINK, OUT, message_row(1).id),
    "the parts": lambda uow: uow.contents.parts(LINK, OUT, 1),
    "the cases of the message": lambda uow: uow.cases.of_message(LINK, OUT, 1),
    "the messages of the case": lambda uow: uow.cases.messages(LINK, CODE),
    "the case": lambda uow: uow.cases.get(LINK, CODE),
    "the events": lambda uow: uow.cases.events(LINK, CODE),
    "the questions": lambda uow: uow.questions.of_message(LINK, OUT, 1),
    "the stale questions": lambda uow: uow.questions.stale(),
    "the leaves": lambda uow: uow.logs.leaves(LINK, OWN, 0, 1),
    "the position": lambda uow: uow.logs.position(LINK, OWN),
    "the link": lambda uow: uow.links.get(LINK),
    "all links": lambda uow: uow.links.all(),
    "the outbox": lambda uow: uow.messages.open_count(LINK),
    "what is due": lambda uow: uow.messages.due(LINK, now=NOW, limit=9, max_bytes=10_000, window=256),
    "the audit record": lambda uow: uow.audit.list(),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
async def test_unit_reads_what_it_wrote(world: StoreWorld, read: Callable[[UnitOfWork], object]) -> None:
    def unit(uow: UnitOfWork) -> object:
        send(uow)
        return read(uow)

    inside = await world.store.write(unit)

    assert inside
    assert inside == await world.store.read(read)


async def test_outbox_counts_inside_a_unit_what_was_added_and_settled(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> list[tuple[int, int]]:
        counts = [uow.messages.open_count(LINK)]
        for seq in (1, 2):
            send(uow, seq)
            counts.append(uow.messages.open_count(LINK))
        row = uow.messages.by_seq(LINK, OUT, 1)
        assert row is not None
        uow.messages.update(replace(row, state=MessageState.ACCEPTED))
        return [*counts, uow.messages.open_count(LINK)]

    counts = await world.store.write(unit)

    assert counts == [(0, 0), (1, 100), (2, 200), (1, 100)]
    assert await world.store.read(lambda uow: uow.messages.open_count(LINK)) == (1, 100)


async def test_failed_unit_takes_back_its_own_and_nothing_of_others(world: StoreWorld) -> None:
    def fail(uow: UnitOfWork) -> None:
        send(uow, 2)
        uow.audit.list()  # makes what waits run inside of the savepoint
        raise ChangedMindError

    def unit(uow: UnitOfWork) -> None:
        send(uow, 1)
        with pytest.raises(ChangedMindError):
            uow.attempt(lambda: fail(uow))
        send(uow, 2)

    await world.store.write(unit)

    found = await world.store.read(
        lambda uow: (len(uow.audit.list()), len(uow.cases.events(LINK, CODE)), uow.links.get(LINK))
    )
    assert found == (2, 2, link_row(next_seq=3))
    assert await world.store.read(lambda uow: len(uow.logs.leaves(LINK, OWN, 0, 9))) == 2


async def test_unit_that_failed_before_it_wrote_leaves_the_one_around_it_whole(world: StoreWorld) -> None:
    def fail(uow: UnitOfWork) -> None:
        send(uow, 2)
        raise ChangedMindError

    def inner(uow: UnitOfWork) -> None:
        send(uow, 1)
        with pytest.raises(ChangedMindError):
            uow.attempt(lambda: fail(uow))
        uow.audit.list()  # makes what waits run, and both savepoints around it begin

    def outer(uow: UnitOfWork) -> None:
        uow.attempt(lambda: inner(uow))
        send(uow, 2)

    await world.store.write(outer)

    assert len(await world.store.read(lambda uow: uow.messages.list())) == 2
    assert await world.store.read(lambda uow: uow.links.get(LINK)) == link_row(next_seq=3)


async def test_savepoint_undone_around_one_that_was_kept_takes_both_back(world: StoreWorld) -> None:
    def outer(uow: UnitOfWork) -> None:
        uow.attempt(lambda: (send(uow, 1), uow.audit.list()))
        raise ChangedMindError

    def unit(uow: UnitOfWork) -> None:
        with pytest.raises(ChangedMindError):
            uow.attempt(lambda: outer(uow))

    await world.store.write(unit)

    assert await world.store.read(lambda uow: (uow.messages.list(), uow.audit.list())) == ([], [])


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(message_row(1), id="the same message"),
        pytest.param(message_row(2, id=message_row(1).id), id="its id under another number"),
        pytest.param(message_row(1, id=message_row(2).id), id="its number under another id"),
    ],
)
@pytest.mark.parametrize("is_stored", [False, True], ids=["while it waits", "when it is stored"])
async def test_used_id_or_number_is_refused(world: StoreWorld, again: MessageRow, is_stored: bool) -> None:
    def unit(uow: UnitOfWork) -> None:
        send(uow)
        if is_stored:
            uow.audit.list()
        with pytest.raises(AppendOnlyError, match="used"):
            uow.messages.add(again, envelope=b"", body=None)

    await world.store.write(unit)

    assert await world.store.read(lambda uow: uow.messages.list()) == [message_row(1, line_bytes=100)]


async def test_id_and_number_of_an_undone_message_are_free_again(world: StoreWorld) -> None:
    def fail(uow: UnitOfWork) -> None:
        send(uow)
        raise ChangedMindError

    def unit(uow: UnitOfWork) -> bool:
        with pytest.raises(ChangedMindError):
            uow.attempt(lambda: fail(uow))
        is_used = uow.messages.is_used(LINK, OUT, message_row(1).id, 1)
        send(uow)
        return is_used

    assert await world.store.write(unit) is False


async def test_salt_is_seen_by_the_next_unit_and_not_after_an_undone_one(world: StoreWorld) -> None:
    salts = [b"s" * 32, b"t" * 32]

    def fail(uow: UnitOfWork) -> None:
        uow.contents.seen_salts(salts)
        raise ChangedMindError

    def unit(uow: UnitOfWork) -> list[bool]:
        with pytest.raises(ChangedMindError):
            uow.attempt(lambda: fail(uow))
        return [uow.contents.seen_salts(each) for each in (salts, salts[1:], [b"u" * 32] * 2)]

    assert await world.store.write(unit) == [False, True, True]
    assert await world.store.write(lambda uow: uow.contents.seen_salts(salts[:1]))


async def test_questions_of_a_message_take_effect_together(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        for seq in (1, 2):
            send(uow, seq)
        uow.questions.take_effect(LINK, OUT, 1)
        uow.questions.take_effect(LINK, OUT, 7)

    await world.store.write(unit)

    asked = await world.store.read(lambda uow: uow.questions.of_case(LINK, CODE))
    assert [(one.seq, one.effective) for one in asked] == [(1, True), (2, False)]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda uow: uow.contents.add(LINK, OUT, 1, [PARTS[1]]), id="a part a second time"),
        pytest.param(
            lambda uow: uow.contents.add(LINK, OUT, 1, [Part(3, None, b"")] * 2), id="twice at once"
        ),
        pytest.param(lambda uow: uow.links.update(link_row(next_seq=1)), id="a number that goes down"),
        pytest.param(
            lambda uow: uow.logs.append(replace(uow.logs.position(LINK, OWN), size=0), [b"x"], peaks=b""),
            id="a leaf at another place",
        ),
    ],
)
async def test_what_a_guard_refuses_is_refused_to_the_unit_that_asked(
    world: StoreWorld, fault: Callable[[UnitOfWork], object]
) -> None:
    def unit(uow: UnitOfWork) -> None:
        send(uow)
        with pytest.raises(AppendOnlyError):
            uow.attempt(lambda: fault(uow))

    await world.store.write(unit)

    assert await world.store.read(lambda uow: uow.contents.parts(LINK, OUT, 1)) == PARTS


async def test_row_that_only_the_end_of_a_group_refuses_ends_the_store(world: StoreWorld) -> None:
    """Nobody could say whose unit it was, and what else the store does not keep as it says."""
    await world.raw(
        lambda c: c.execute(
            "CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'broken'); END"
        ).fetchall()
    )

    with pytest.raises(StoreError, match="audit_add was refused"):
        await world.store.write(send)

    with pytest.raises(StoreError, match="audit_add was refused"):
        await world.store.read(lambda uow: uow.links.get(LINK))


async def test_update_that_meets_no_row_ends_the_store(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        send(uow)
        uow.cases.update(case_row(state="accepted"))

    await world.raw(
        lambda c: c.execute(
            "CREATE TRIGGER lost BEFORE UPDATE ON case_state BEGIN SELECT RAISE(IGNORE); END"
        ).fetchall()
    )

    with pytest.raises(StoreError, match="case_update changed 0 of 1 rows"):
        await world.store.write(unit)


async def test_failing_finish_leaves_nothing_that_waits_behind(world: StoreWorld) -> None:
    world.finishes.fault = ExchangeError("no key")
    with pytest.raises(ExchangeError, match="no key"):
        await world.store.write(send)
    world.finishes.fault = None

    await world.store.write(send)

    assert (
        await world.store.read(lambda uow: uow.logs.position(LINK, OWN).peaks)
        == hashlib.sha256(b"1").digest()
    )
    assert len(await world.store.read(lambda uow: uow.audit.list())) == 1


async def test_outbox_counts_a_message_that_changes_in_another_transaction(world: StoreWorld) -> None:
    def change(state: MessageState) -> Callable[[UnitOfWork], tuple[int, int]]:
        def unit(uow: UnitOfWork) -> tuple[int, int]:
            uow.messages.update(message_row(1, state=state))
            return uow.messages.open_count(LINK)

        return unit

    await world.store.write(lambda uow: send(uow, 1))

    counts = [
        await world.store.write(change(state))
        for state in (MessageState.HELD, MessageState.REJECTED, MessageState.REJECTED, MessageState.STOPPED)
    ]

    assert counts == [(1, 100), (0, 0), (0, 0), (1, 100)]
    await world.store.verify()


async def test_outbox_does_not_count_what_a_failed_unit_sent(world: StoreWorld) -> None:
    def fail(uow: UnitOfWork) -> None:
        send(uow, 2)
        raise ChangedMindError

    def unit(uow: UnitOfWork) -> tuple[int, int]:
        send(uow, 1)
        with pytest.raises(ChangedMindError):
            uow.attempt(lambda: fail(uow))
        send(uow, 3)
        return uow.messages.open_count(LINK)

    assert await world.store.write(unit) == (2, 200)
    await world.store.verify()


async def test_check_of_the_store_counts_the_outbox(world: StoreWorld) -> None:
    await world.store.write(lambda uow: send(uow, 1))
    await world.raw(lambda connection: connection.execute("UPDATE outbox SET messages = 2"))

    with pytest.raises(StoreDamagedError, match="outbox"):
        await world.store.verify()
