# SPDX-License-Identifier: Apache-2.0
"""What waits to be opened: which messages, and what becomes of them after a restore and an erasure."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from exchange.ids import MessageId
from exchange.messages.catalog import message_types
from exchange.protocol.parts import Document
from exchange.service.arrivals import FRESH, note, note_opened, note_restored
from exchange.service.meaning import document_of
from exchange.service.ports import UnitOfWork
from exchange.service.release import release
from exchange.service.rows import Direction
from exchange.service.unopened import UnopenedCount
from tests.support.checks import exchange_all
from tests.support.erasing import BINH, MAI, erase, group_notice, settled
from tests.support.notices import decision
from tests.support.plain_store import PlainUnopened
from tests.support.restoring import restore, talk
from tests.support.store_rows import NOW, message_id, message_row
from tests.support.world import KH, OFFICER, Agency, World

IN, OUT = Direction.IN, Direction.OUT
STOPS = {"CWD", "HLD", "CAN", "INC", "CKS"}
ASK = {"VRQ", "TRQ", "RPN", "TDQ", "HPR", "HDP", "HRC", "INQ", "COR", "PDR", "TRA"}
OF_NO_OFFICER = {"STM", "DSC", "DRS", "DIR", "KEY"}


@dataclass
class Kept:
    """What the rules need of a unit of work."""

    unopened: PlainUnopened = field(default_factory=PlainUnopened)


def kept(type_code: str, *, reply: MessageId | None = None) -> dict[MessageId, bool]:
    uow: Any = Kept()
    note(uow, message_row(1, IN, type=type_code, in_reply_to=reply))
    return uow.unopened.stops  # type: ignore[no-any-return]


@pytest.mark.parametrize("type_code", [code for code, row in message_types().items() if row.is_message])
def test_everything_that_asks_nothing_waits_to_be_opened_and_stops_are_told_apart(type_code: str) -> None:
    found = list(kept(type_code).values())

    assert found == ([] if type_code in ASK | OF_NO_OFFICER else [type_code in STOPS])


def test_a_countersignature_asks_nothing_and_waits_to_be_opened() -> None:
    assert list(kept("HRC", reply=message_id(7)).values()) == [False]


def test_a_type_that_nobody_knows_is_no_work() -> None:
    assert kept("XXX") == {}


@pytest.mark.parametrize(
    ("age", "waits"),
    [
        (timedelta(0), True),
        (FRESH, True),
        (FRESH + timedelta(seconds=1), False),
        (timedelta(days=900), False),
    ],
)
def test_what_came_back_waits_only_if_it_was_signed_in_the_last_days(age: timedelta, waits: bool) -> None:
    uow: Any = Kept()
    row = message_row(1, IN, type="CWD", created_at=NOW - age)
    note(uow, row)

    note_restored(uow, row, now=NOW)

    assert bool(uow.unopened.stops) is waits


def test_to_open_our_own_message_opens_none_of_the_partner() -> None:
    uow: Any = Kept()
    theirs = message_row(1, IN, type="RPD")
    note(uow, theirs)

    note_opened(uow, replace(theirs, direction=OUT))
    left = dict(uow.unopened.stops)
    note_opened(uow, theirs)

    assert (list(left), uow.unopened.stops) == ([theirs.id], {})


# --- in a store


def _first(uow: UnitOfWork, world: World) -> Document:
    """Return the first message that came in."""
    row = uow.messages.by_seq(world.link, IN, 1)
    document = document_of(uow, row) if row else None
    assert document is not None
    return document


async def waiting(agency: Agency) -> UnopenedCount:
    return await agency.store.read(lambda uow: uow.unopened.count())


async def open_all(agency: Agency) -> None:
    rows, _ = await agency.store.read(lambda uow: uow.unopened.page(stops=False))
    for row in rows:
        await agency.store.write(lambda uow, row=row: note_opened(uow, row))


def test_a_restore_makes_nothing_new_again_that_the_backup_knew_as_opened() -> None:
    async def story(world: World) -> None:
        await world.open()
        await talk(world, 2)
        await open_all(world.kh)
        snapshot = world.kh.store.snapshot()
        await talk(world, 3)
        await open_all(world.kh)
        restore(world.kh, snapshot)
        await world.open()
        await exchange_all(world.kh)

        assert await waiting(world.kh) == UnopenedCount(stops=0, others=2)

    World(seed=11).run(story)


def test_what_nobody_opened_before_a_restore_waits_after_it() -> None:
    async def story(world: World) -> None:
        await world.open()
        await talk(world, 2)
        restore(world.kh, world.kh.store.snapshot())
        await world.open()
        await exchange_all(world.kh)

        assert await waiting(world.kh) == UnopenedCount(stops=0, others=2)

    World(seed=12).run(story)


def test_with_the_last_person_of_a_message_nothing_is_left_to_open() -> None:
    async def story(world: World) -> None:
        await group_notice(world)
        notice = await world.vn.store.read(lambda uow: _first(uow, world))
        answer = decision(world.vn.node, KH, notice)
        await release(world.vn.node, world.link, answer, officer=OFFICER)
        await settled(world)
        before = await waiting(world.kh)
        await erase(world.kh, MAI)
        between = await waiting(world.kh)
        await erase(world.kh, BINH)

        assert (before.others, between.others, (await waiting(world.kh)).others) == (1, 1, 0)

    World(seed=13).run(story)
