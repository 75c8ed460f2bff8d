# SPDX-License-Identifier: Apache-2.0
"""What every store must keep about who may read: readers, desks, openings, stops, emergencies."""

import sqlite3
from datetime import timedelta

import pytest
from exchange.errors import StoreError
from exchange.ids import AgencyCode, OfficerNumber
from exchange.service.access import CasePlace, EmergencyOpening, ReaderRow, StopRow
from exchange.service.ports import UnitOfWork
from tests.support.store_rows import CODE, LINK, NOW, OFFICER, StoreWorld, case_row, officer_row

PLACE = CasePlace(LINK, CODE)
SECOND, READER = OfficerNumber("P-0002"), OfficerNumber("P-0003")
PROPOSED = ReaderRow(PLACE, READER, OFFICER, NOW)
OPENING = EmergencyOpening(0, PLACE, OFFICER, "life_at_risk", NOW, NOW + timedelta(hours=24))


def begin(uow: UnitOfWork) -> None:
    for number in (OFFICER, SECOND, READER):
        uow.officers.add(officer_row(number))
    uow.cases.add(case_row())


async def test_reader_is_proposed_confirmed_and_ended(world: StoreWorld) -> None:
    await world.store.write(begin)
    await world.store.write(lambda uow: uow.access.propose_reader(PROPOSED))
    proposed = await world.store.read(lambda uow: uow.access.readers(PLACE))

    await world.store.write(lambda uow: uow.access.confirm_reader(PROPOSED, SECOND, NOW))
    (confirmed,) = await world.store.read(lambda uow: uow.access.readers(PLACE))
    await world.store.write(lambda uow: uow.access.end_reader(PROPOSED, NOW))

    assert proposed == [PROPOSED]
    assert (confirmed.confirmed_by, confirmed.confirmed_at) == (SECOND, NOW)
    assert await world.store.read(lambda uow: uow.access.readers(PLACE)) == []


@pytest.mark.parametrize("by", [OFFICER, READER], ids=["who proposed", "the reader"])
async def test_reader_is_not_confirmed_by_one_of_the_two(world: StoreWorld, by: OfficerNumber) -> None:
    """Rule 28 holds in the store as well."""
    await world.store.write(begin)
    await world.store.write(lambda uow: uow.access.propose_reader(PROPOSED))

    with pytest.raises(StoreError):
        await world.store.write(lambda uow: uow.access.confirm_reader(PROPOSED, by, NOW))


async def test_reader_is_named_once_at_a_time(world: StoreWorld) -> None:
    await world.store.write(begin)
    await world.store.write(lambda uow: uow.access.propose_reader(PROPOSED))

    with pytest.raises(StoreError):
        await world.store.write(lambda uow: uow.access.propose_reader(PROPOSED))


async def test_case_lies_at_the_offices_it_was_given_to(world: StoreWorld) -> None:
    await world.store.write(begin)
    none = await world.store.read(lambda uow: uow.access.desks(PLACE))
    office = AgencyCode("KH-DOSVY-SVR")

    for _ in range(2):
        await world.store.write(lambda uow: uow.access.give_to_desk(PLACE, office, OFFICER, NOW))

    assert none == frozenset()
    assert await world.store.read(lambda uow: uow.access.desks(PLACE)) == {office}


async def test_openings_are_counted_once_each_and_forgotten(world: StoreWorld) -> None:
    await world.store.write(begin)

    def open_some(uow: UnitOfWork) -> None:
        for object, minute in (("a", 0), ("b", 1), ("a", 2)):
            uow.access.note_opening(OFFICER, object, NOW + timedelta(minutes=minute))

    await world.store.write(open_some)
    both = await world.store.read(lambda uow: uow.access.openings_since(OFFICER, NOW - timedelta(minutes=1)))
    late = await world.store.read(lambda uow: uow.access.openings_since(OFFICER, NOW + timedelta(minutes=1)))
    await world.store.write(lambda uow: uow.access.forget_openings(before=NOW + timedelta(minutes=1)))
    left = await world.store.read(lambda uow: uow.access.openings_since(OFFICER, NOW - timedelta(1)))
    other = await world.store.read(lambda uow: uow.access.openings_since(SECOND, NOW - timedelta(1)))

    assert (both, late, left, other) == (2, 1, 1, 0)


async def test_what_was_opened_cannot_be_read_from_the_count(world: StoreWorld) -> None:
    await world.store.write(begin)
    await world.store.write(lambda uow: uow.access.note_opening(OFFICER, CODE, NOW))

    def tokens(connection: sqlite3.Connection) -> list[bytes]:
        return [row[0] for row in connection.execute("SELECT token FROM opening")]

    (token,) = await world.raw(tokens)
    assert CODE.encode() not in token


async def test_stop_is_open_until_somebody_else_releases_it(world: StoreWorld) -> None:
    await world.store.write(begin)
    stop = StopRow(OFFICER, NOW, 60)
    await world.store.write(lambda uow: uow.access.stop(stop))
    open_ones = await world.store.read(lambda uow: uow.access.stops())

    with pytest.raises(StoreError):
        await world.store.write(lambda uow: uow.access.release_stop(OFFICER, OFFICER, NOW))
    await world.store.write(lambda uow: uow.access.release_stop(OFFICER, SECOND, NOW))

    assert open_ones == [stop]
    assert await world.store.read(lambda uow: uow.access.stop_of(OFFICER)) is None


async def test_emergency_is_looked_at_once_and_by_somebody_else(world: StoreWorld) -> None:
    await world.store.write(begin)
    n = await world.store.write(lambda uow: uow.access.open_in_emergency(OPENING))
    (waits,) = await world.store.read(lambda uow: uow.access.emergencies_to_see())

    with pytest.raises(StoreError):
        await world.store.write(lambda uow: uow.access.emergency_seen(n, OFFICER, NOW, agrees=True))
    await world.store.write(lambda uow: uow.access.emergency_seen(n, SECOND, NOW, agrees=False))
    with pytest.raises(StoreError):
        await world.store.write(lambda uow: uow.access.emergency_seen(n, READER, NOW, agrees=True))

    seen = await world.store.read(lambda uow: uow.access.emergency(n))
    assert (waits.n, waits.place, waits.purpose) == (n, PLACE, "life_at_risk")
    assert seen is not None
    assert (seen.seen_by, seen.agrees) == (SECOND, False)
    assert await world.store.read(lambda uow: uow.access.emergencies_to_see()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE case_reader SET proposed_by = 'P-0002'",
        "DELETE FROM case_reader",
        "UPDATE reading_stop SET officer = 'P-0002'",
        "DELETE FROM reading_stop",
        "UPDATE emergency_opening SET purpose = 'desk_not_reached'",
        "DELETE FROM emergency_opening",
    ],
)
async def test_what_was_done_is_never_rewritten(world: StoreWorld, statement: str) -> None:
    await world.store.write(begin)

    def some(uow: UnitOfWork) -> None:
        uow.access.propose_reader(PROPOSED)
        uow.access.stop(StopRow(OFFICER, NOW, 60))
        uow.access.open_in_emergency(OPENING)

    await world.store.write(some)

    def attack(connection: sqlite3.Connection) -> None:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)

    await world.raw(attack)
