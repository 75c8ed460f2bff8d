# SPDX-License-Identifier: Apache-2.0
"""What every store must keep: messages of both directions and the partners' announcements."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from exchange.errors import AppendOnlyError, ExchangeError, StoreError
from exchange.ids import OfficerNumber
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageRow, MessageState
from tests.support.store_rows import (
    LINK,
    NOW,
    OFFICER,
    OTHER_LINK,
    StoreWorld,
    announced_row,
    digest,
    link_row,
    message_id,
    message_row,
)

IN, OUT = Direction.IN, Direction.OUT
LATER = NOW + timedelta(hours=1)


async def add(world: StoreWorld, *rows: MessageRow) -> None:
    """Keep messages with lines that name their number."""

    def unit(uow: UnitOfWork) -> None:
        for row in rows:
            uow.messages.add(row, envelope=b"envelope %d" % row.seq, body=b"body %d" % row.seq)

    await world.store.write(unit)


async def due(
    world: StoreWorld, *, limit: int = 100, max_bytes: int = 10_000, window: int = 256
) -> list[int]:
    rows = await world.store.read(
        lambda uow: uow.messages.due(LINK, now=NOW, limit=limit, max_bytes=max_bytes, window=window)
    )
    return [row.seq for row in rows]


# --- messages


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ({}, [9, 3, 4, 5]),
        ({"next_attempt_at": NOW + timedelta(minutes=1)}, [9, 4, 5]),
        ({"state": MessageState.STOPPED}, [9, 4, 5]),
        ({"state": MessageState.HELD}, [9, 4, 5, 6]),
        ({"state": MessageState.ACCEPTED}, [9, 4, 5, 6]),
    ],
    ids=["due", "put off", "stopped", "held there", "accepted"],
)
async def test_due_messages_end_where_the_partner_takes_no_more(
    world: StoreWorld, first: dict[str, Any], expected: list[int]
) -> None:
    """Two numbers ahead of the first one of which the partner has no line; a stop may be any number ahead."""
    settled = (message_row(seq, state=MessageState.ACCEPTED) for seq in (1, 2))
    others = (message_row(seq) for seq in range(4, 9))
    await add(world, *settled, message_row(3, **first), *others, message_row(9, stop=True))

    assert await due(world, window=2) == expected


async def test_due_messages_leave_out_the_numbers_that_are_on_their_way(world: StoreWorld) -> None:
    await add(world, *(message_row(seq) for seq in range(1, 6)))

    rows = await world.store.read(
        lambda uow: uow.messages.due(LINK, now=NOW, limit=2, max_bytes=10_000, window=256, without=(1, 3, 9))
    )

    assert [row.seq for row in rows] == [2, 4]


@pytest.mark.parametrize(
    ("stops", "after", "limit", "expected"),
    [
        (False, 0, 9, [1, 3, 4]),
        (False, 1, 9, [3, 4]),
        (False, 0, 1, [1]),
        (True, 0, 9, [2, 7]),
        (True, 7, 9, []),
    ],
)
async def test_queued_messages_come_by_number_whether_they_are_due_or_not(
    world: StoreWorld, stops: bool, after: int, limit: int, expected: list[int]
) -> None:
    """A parcel takes along what the network would try later."""
    await add(
        world,
        message_row(seq=1),
        message_row(seq=2, stop=True),
        message_row(seq=3, next_attempt_at=LATER),
        message_row(seq=4, attempts=3, next_attempt_at=LATER),
        message_row(seq=5, state=MessageState.ACCEPTED),
        message_row(seq=6, state=MessageState.STOPPED),
        message_row(seq=7, stop=True, next_attempt_at=LATER),
        message_row(seq=8, direction=IN),
    )

    rows = await world.store.read(
        lambda uow: uow.messages.queued(LINK, stops=stops, after=after, limit=limit)
    )

    assert [row.seq for row in rows] == expected


@pytest.mark.parametrize(
    ("waiting", "expected"),
    [
        ([], None),
        ([(3, False), (2, True), (4, False)], 2),
        ([(3, True), (2, False)], 2),
        ([(5, True)], 5),
        ([(6, False)], 6),
    ],
)
async def test_first_queued_number_is_the_lowest_of_stops_and_others(
    world: StoreWorld, waiting: list[tuple[int, bool]], expected: int | None
) -> None:
    await add(
        world,
        message_row(seq=1, state=MessageState.ACCEPTED),
        message_row(seq=1, direction=IN),
        *(message_row(seq=seq, stop=stop, next_attempt_at=LATER) for seq, stop in waiting),
    )

    assert await world.store.read(lambda uow: uow.messages.first_queued(LINK)) == expected


async def test_message_comes_back_with_every_column(world: StoreWorld) -> None:
    row = message_row(
        direction=IN, state=MessageState.REJECTED, code="expired", verdict_at=LATER, leaf_index=4,
        verdict_leaf_index=5, in_reply_to=message_id(9), officer=OFFICER, released_by=OfficerNumber("P-0008"),
        attempts=3, next_attempt_at=LATER, stop=True,
    )  # fmt: skip
    await add(world, row)

    found = await world.store.read(
        lambda uow: (uow.messages.by_seq(LINK, IN, 1), uow.messages.by_id(LINK, IN, row.id))
    )

    assert found == (row, row)


async def test_line_comes_back_byte_for_byte(world: StoreWorld) -> None:
    await add(world, message_row())
    await world.store.write(lambda uow: uow.messages.add(message_row(2), envelope=b"e", body=None))

    lines = await world.store.read(lambda uow: [uow.messages.line(LINK, OUT, n) for n in (1, 2)])

    assert lines == [(b"envelope 1", b"body 1"), (b"e", None)]


async def test_unknown_message_is_none_and_has_no_line(world: StoreWorld) -> None:
    await add(world, message_row())

    found = await world.store.read(
        lambda uow: [
            uow.messages.by_seq(LINK, IN, 1),
            uow.messages.by_seq(LINK, OUT, 2),
            uow.messages.by_seq(OTHER_LINK, OUT, 1),
            uow.messages.by_id(LINK, IN, message_id(1)),
        ]
    )

    assert found == [None] * 4
    with pytest.raises(StoreError, match="not in the store"):
        await world.store.read(lambda uow: uow.messages.line(LINK, OUT, 2))


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(message_row(1), id="same message"),
        pytest.param(message_row(1, id=message_id(2)), id="same number, other id"),
        pytest.param(message_row(2, id=message_id(1)), id="same id, other number"),
    ],
)
async def test_used_id_or_number_is_refused_for_ever(world: StoreWorld, again: MessageRow) -> None:
    """Threat-model rule 16."""
    await add(world, message_row(1))

    with pytest.raises(AppendOnlyError, match="used"):
        await add(world, again)

    assert await world.store.read(lambda uow: uow.messages.by_seq(LINK, OUT, 1)) == message_row(1)


async def test_other_direction_counts_for_itself(world: StoreWorld) -> None:
    await add(world, message_row(1), message_row(1, IN, id=message_id(1)))

    found = await world.store.read(lambda uow: uow.messages.by_id(LINK, IN, message_id(1)))
    assert found is not None


async def test_message_on_an_unknown_link_is_refused(world: StoreWorld) -> None:
    with pytest.raises(StoreError, match="not in the store"):
        await add(world, message_row(link=OTHER_LINK))


@pytest.mark.parametrize(
    "wrong",
    [
        {"envelope_hash": "A" * 42 + "B"},
        {"commitment": "A" * 42},
        {"body_hash": "A" * 42 + "="},
        {"id": message_id(1).upper()},
        {"id": message_id(1).replace("-", "")},
        {"seq": 0},
        {"state": "done"},
        {"direction": "sideways"},
    ],
    ids=str,
)
async def test_row_that_is_not_canonical_is_refused(world: StoreWorld, wrong: dict[str, object]) -> None:
    with pytest.raises((ExchangeError, ValueError)):
        await add(world, replace(message_row(), **wrong))

    assert await world.store.write(lambda uow: uow.messages.list()) == []


async def test_update_changes_what_may_change_and_nothing_else(world: StoreWorld) -> None:
    await add(world, message_row())
    changed = message_row(
        state=MessageState.ACCEPTED, code="c", type="CLO", verdict_at=LATER, verdict_leaf_index=8, attempts=2,
        next_attempt_at=LATER,
    )  # fmt: skip
    sent = replace(changed, id=message_id(9), commitment=digest("other"), leaf_index=7, stop=True)

    await world.store.write(lambda uow: uow.messages.update(sent))

    assert await world.store.read(lambda uow: uow.messages.by_seq(LINK, OUT, 1)) == changed


async def test_update_of_an_unknown_message_is_refused(world: StoreWorld) -> None:
    with pytest.raises(StoreError, match="not in the store"):
        await world.store.write(lambda uow: uow.messages.update(message_row(4)))


async def test_due_messages_come_stops_first_then_by_number(world: StoreWorld) -> None:
    """Design D12."""
    await add(world, message_row(3, stop=True), message_row(2), message_row(4, stop=True), message_row(1))

    assert await due(world) == [3, 4, 1, 2]
    assert await due(world, limit=3) == [3, 4, 1]


async def test_message_is_not_due_before_its_next_attempt(world: StoreWorld) -> None:
    soon = NOW + timedelta(milliseconds=1)
    await add(
        world, message_row(1, next_attempt_at=soon), message_row(2, next_attempt_at=NOW), message_row(3)
    )

    assert await due(world) == [2, 3]


@pytest.mark.parametrize("state", [state for state in MessageState if state is not MessageState.QUEUED])
async def test_message_in_another_state_is_not_due(world: StoreWorld, state: MessageState) -> None:
    await add(world, message_row(1), message_row(2, IN, state=state))
    await world.store.write(lambda uow: uow.messages.update(message_row(1, state=state)))

    assert await due(world) == []


@pytest.mark.parametrize(("max_bytes", "expected"), [(0, [1]), (100, [1]), (299, [1, 2]), (300, [1, 2, 3])])
async def test_due_messages_fit_the_bytes_but_one_always_goes(
    world: StoreWorld, max_bytes: int, expected: list[int]
) -> None:
    await add(world, *(message_row(n) for n in (1, 2, 3)))

    assert await due(world, max_bytes=max_bytes) == expected


async def test_open_messages_are_counted_until_their_verdict(world: StoreWorld) -> None:
    await add(world, message_row(1), message_row(2), message_row(3), message_row(1, IN))
    counts = [await world.store.read(lambda uow: uow.messages.open_count(LINK))]
    for state in (MessageState.HELD, MessageState.VOIDING, MessageState.VOIDED, MessageState.QUEUED):
        await world.store.write(lambda uow, state=state: uow.messages.update(message_row(2, state=state)))
        counts.append(await world.store.read(lambda uow: uow.messages.open_count(LINK)))

    assert counts == [(3, 300), (3, 300), (3, 300), (2, 200), (3, 300)]
    assert await world.store.read(lambda uow: uow.messages.open_count(OTHER_LINK)) == (0, 0)


async def test_lists_by_state_name_their_own_direction(world: StoreWorld) -> None:
    await add(
        world,
        message_row(2, IN, state=MessageState.HELD),
        message_row(1, IN, state=MessageState.HELD),
        message_row(1, state=MessageState.HELD),
        message_row(3, state=MessageState.STOPPED),
        message_row(2, state=MessageState.STOPPED),
    )

    def lists(uow: UnitOfWork) -> list[list[int]]:
        found = uow.messages.held(LINK), uow.messages.stopped(LINK)
        return [[row.seq for row in rows] for rows in found]

    assert await world.store.read(lists) == [[1, 2], [2, 3]]


def waiting(uow: UnitOfWork) -> tuple[list[int], int]:
    return list(uow.messages.held_numbers(LINK)), uow.messages.held_bytes(LINK)


async def test_what_is_held_counts_received_messages_of_its_link_until_their_verdict(
    world: StoreWorld,
) -> None:
    held = {"state": MessageState.HELD}
    await world.store.write(lambda uow: uow.links.add(link_row(link=OTHER_LINK, partner="LA-MLSW")))
    await add(
        world,
        message_row(7, IN, **held, line_bytes=50),
        message_row(4, IN, **held),
        message_row(5, IN, state=MessageState.ACCEPTED),
        message_row(6, **held),
        message_row(8, IN, **held, link=OTHER_LINK),
    )
    assert await world.store.read(waiting) == ([4, 7], 150)

    await world.store.write(lambda uow: uow.messages.update(message_row(4, IN, state=MessageState.REJECTED)))
    assert await world.store.read(waiting) == ([7], 50)


async def test_what_is_held_is_right_while_a_transaction_changes_it(world: StoreWorld) -> None:
    """Also when a savepoint is undone: what it held is held no more."""
    held, line = {"state": MessageState.HELD}, {"envelope": b"envelope", "body": None}
    await add(world, message_row(4, IN, **held), message_row(6, IN, **held))

    def unit(uow: UnitOfWork) -> list[tuple[list[int], int]]:
        def fails() -> None:
            uow.messages.add(message_row(7, IN, **held, line_bytes=70), **line)
            uow.messages.update(message_row(4, IN, state=MessageState.ACCEPTED))
            seen.append(waiting(uow))
            raise KeyError

        seen = [waiting(uow)]
        uow.messages.add(message_row(5, IN, **held, line_bytes=50), **line)
        uow.messages.add(message_row(3, IN, state=MessageState.ACCEPTED), **line)
        seen.append(waiting(uow))
        with pytest.raises(KeyError):
            uow.attempt(fails)
        seen.append(waiting(uow))
        uow.messages.update(message_row(6, IN, state=MessageState.ACCEPTED))
        return [*seen, waiting(uow)]

    assert await world.store.write(unit) == [
        ([4, 6], 200), ([4, 5, 6], 250), ([5, 6, 7], 220), ([4, 5, 6], 250), ([4, 5], 150),
    ]  # fmt: skip
    assert await world.store.read(waiting) == ([4, 5], 150)


@pytest.mark.parametrize(
    ("here", "start", "expected"),
    [
        ([], 1, 1),
        ([1, 2, 3], 1, 4),
        ([1, 2, 4, 5], 1, 3),
        ([1, 2, 4, 5], 2, 3),
        ([1, 2, 4, 5], 3, 3),
        ([1, 2, 4, 5], 4, 6),
        ([1, 2, 4, 5], 9, 9),
        ([2, 3], 1, 1),
    ],
    ids=["nothing", "no gap", "a gap", "within", "the gap", "behind it", "far ahead", "the first"],
)
async def test_first_missing_number_is_the_one_no_received_message_has(
    world: StoreWorld, here: list[int], start: int, expected: int
) -> None:
    await world.store.write(lambda uow: uow.links.add(link_row(link=OTHER_LINK, partner="LA-MLSW")))
    others = [message_row(n) for n in range(1, 12)]
    there = [message_row(n, IN, link=OTHER_LINK) for n in range(1, 12)]
    states = (MessageState.HELD, MessageState.ACCEPTED, MessageState.REJECTED)
    received = [message_row(n, IN, state=states[n % 3]) for n in here]
    await add(world, *others, *there, *received)

    assert await world.store.read(lambda uow: uow.messages.first_missing(LINK, start)) == expected


async def test_first_missing_number_is_right_while_a_transaction_adds_messages(world: StoreWorld) -> None:
    line = {"envelope": b"envelope", "body": None}
    await add(world, message_row(1, IN), message_row(3, IN))

    def unit(uow: UnitOfWork) -> list[int]:
        def fails() -> None:
            uow.messages.add(message_row(2, IN), **line)
            seen.append(uow.messages.first_missing(LINK, 1))
            raise KeyError

        seen = [uow.messages.first_missing(LINK, 1)]
        for seq in (5, 4):
            uow.messages.add(message_row(seq, IN), **line)
            seen.append(uow.messages.first_missing(LINK, 1))
        with pytest.raises(KeyError):
            uow.attempt(fails)
        seen.append(uow.messages.first_missing(LINK, 1))
        return [*seen, uow.messages.first_missing(LINK, 3), uow.messages.first_missing(LINK, 1)]

    assert await world.store.write(unit) == [2, 2, 2, 6, 2, 6, 2]


async def test_expired_messages_are_those_without_verdict_that_were_not_given_up(world: StoreWorld) -> None:
    past = {"expires_at": NOW - timedelta(milliseconds=1)}
    await add(
        world,
        message_row(1, **past),
        message_row(2, expires_at=NOW),
        message_row(3, state=MessageState.HELD, **past),
        message_row(4, state=MessageState.VOIDING, **past),
        message_row(5, state=MessageState.ACCEPTED, **past),
        message_row(6, IN, state=MessageState.HELD, **past),
    )

    rows = await world.store.read(lambda uow: uow.messages.expired(LINK, now=NOW, limit=10))

    assert sorted(row.seq for row in rows) == [1, 3]
    assert len(await world.store.read(lambda uow: uow.messages.expired(LINK, now=NOW, limit=1))) == 1


async def test_message_is_found_by_the_beginning_or_end_of_its_id(world: StoreWorld) -> None:
    await add(world, *(message_row(n) for n in range(1, 30)))
    id = message_id(17)

    for text in (id, id[:13], id[-4:], id[-7:], id[-10:], id[-16:].upper(), id[-17:]):
        rows = await world.store.read(lambda uow, text=text: uow.messages.find(text))
        assert id in [row.id for row in rows], text
        assert all(row.id.startswith(text) or row.id.endswith(text.lower()) for row in rows)


@pytest.mark.parametrize("text", ["", "abc", "----", "zzzz", "%%%%", "____", "0192'", "0" * 33, "ffffffff"])
async def test_text_that_no_id_begins_or_ends_with_finds_nothing(world: StoreWorld, text: str) -> None:
    await add(world, message_row())

    assert await world.store.read(lambda uow: uow.messages.find(text)) == []


async def test_search_returns_at_most_twenty_newest_messages(world: StoreWorld) -> None:
    await add(world, *(message_row(n) for n in range(1, 30)))

    rows = await world.store.read(lambda uow: uow.messages.find("0192f0c1"))

    assert [row.seq for row in rows] == list(range(29, 9, -1))


async def test_messages_are_listed_newest_first_page_by_page(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.links.add(link_row(OTHER_LINK)))
    await add(
        world,
        message_row(1),
        message_row(1, IN),
        message_row(2, link=OTHER_LINK),
        message_row(3),
        message_row(4),
    )

    def pages(uow: UnitOfWork) -> list[int]:
        first = uow.messages.list(link=LINK, limit=2)
        second = uow.messages.list(link=LINK, limit=2, after=(first[-1].id, first[-1].seq))
        third = uow.messages.list(link=LINK, limit=2, after=(second[-1].id, second[-1].seq))
        return [row.seq for row in (*first, *second, *third)]

    assert await world.store.read(pages) == [4, 3, 1, 1]
    assert len(await world.store.read(lambda uow: uow.messages.list())) == 5
    outgoing = await world.store.read(lambda uow: uow.messages.list(direction=OUT))
    assert [row.seq for row in outgoing] == [4, 3, 2, 1]
    assert [
        row.direction
        for row in await world.store.read(lambda uow: uow.messages.list(link=LINK, direction=IN))
    ] == [IN]


async def test_messages_are_paged_by_number(world: StoreWorld) -> None:
    await add(world, *(message_row(n) for n in (4, 2, 1, 3)), message_row(5, IN))

    rows = await world.store.read(lambda uow: uow.messages.numbers(LINK, OUT, 2, 2))

    assert [row.seq for row in rows] == [2, 3]


# --- announcements


async def test_announcement_is_kept_once(world: StoreWorld) -> None:
    assert await world.store.write(lambda uow: uow.messages.announce(announced_row(3)))

    for again in (announced_row(3), announced_row(4, id=message_id(3)), announced_row(3, id=message_id(4))):
        assert not await world.store.write(lambda uow, again=again: uow.messages.announce(again))

    assert await world.store.read(lambda uow: uow.messages.announced_numbers(LINK, 0, 9)) == [
        announced_row(3)
    ]


async def test_announcements_are_found_by_number(world: StoreWorld) -> None:
    def unit(uow: UnitOfWork) -> None:
        for n in (2, 5):
            uow.messages.announce(announced_row(n))

    assert await world.store.read(lambda uow: uow.messages.announced_last(LINK)) == 0
    await world.store.write(unit)

    found = await world.store.read(lambda uow: [uow.messages.announced(LINK, n) for n in (1, 2, 3)])
    assert found == [None, announced_row(2), None]
    assert await world.store.read(lambda uow: uow.messages.announced_last(LINK)) == 5


async def test_first_void_of_an_announced_number_stays(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.messages.announce(announced_row(2)))

    for seq, code in ((2, "expired"), (2, "lost"), (7, "lost")):
        await world.store.write(lambda uow, seq=seq, code=code: uow.messages.void_announced(LINK, seq, code))

    found = await world.store.read(lambda uow: uow.messages.announced_numbers(LINK, 1, 9))
    assert found == [announced_row(2, void_code="expired")]
