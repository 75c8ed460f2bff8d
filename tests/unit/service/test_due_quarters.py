# SPDX-License-Identifier: Apache-2.0
"""`due` over whole quarters with Tet, Khmer New Year and Pchum Ben: a table counted by hand.

The notices of a quarter are sent one after the other at the hours of the table, over two real nodes. Between
two of them both nodes stop, and their clocks go on. At the end both sides have to list the same last days.

Free days besides Saturday and Sunday. Viet Nam: 4 to 10 February (Tet), 16 April, 30 April, 3 May (for
Saturday 1 May), 2 and 3 September. Cambodia: 8 March, 14 to 16 April, 14 May, 24 September, 29 September to
1 October (Pchum Ben), 15 October. What arrives after 16:00, or on a free day, arrived on the next
working day.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from exchange.cases.calendars import NOTHING_ANNOUNCED
from exchange.ids import MessageId
from exchange.messages.filling import fill
from exchange.protocol.parts import Document
from exchange.service.due import worklist
from exchange.service.release import release
from exchange.service.rows import Direction, MessageState
from tests.support.notices import small_notice, sources
from tests.support.world import OFFICER, Agency, Pair, World

ZONES = {"KH": ZoneInfo("Asia/Phnom_Penh"), "VN": ZoneInfo("Asia/Ho_Chi_Minh")}
EARLIER = timedelta(minutes=2)
"""How long before its hour a notice's nodes start: both gates have to open."""

QUARTERS = {
    "Tet": [
        ("VN", "routine", "2027-01-25 10:00", "2027-02-01", "26 to 29 January and a Monday"),
        ("VN", "routine", "2027-01-28 10:00", "2027-02-11", "four days, then the first one after Tet"),
        ("VN", "routine", "2027-01-29 10:00", "2027-02-12", "three days before Tet, two after it"),
        ("VN", "routine", "2027-02-01 10:00", "2027-02-15", "two days before Tet, three after it"),
        ("KH", "routine", "2027-02-01 10:00", "2027-02-08", "Tet does not concern Cambodia"),
        ("VN", "routine", "2027-02-02 10:00", "2027-02-16", "one day before Tet"),
        ("VN", "priority", "2027-02-03 08:00", "2027-02-12", "two days, both after Tet"),
        ("VN", "routine", "2027-02-03 10:00", "2027-02-17", "five days, all after Tet"),
        ("VN", "routine", "2027-02-03 16:30", "2027-02-18", "after the cut-off hour on the eve"),
        ("VN", "routine", "2027-02-06 09:00", "2027-02-18", "on the first day of the year"),
        ("VN", "routine", "2027-02-11 10:00", "2027-02-18", "on the first working day of the year"),
        ("KH", "routine", "2027-03-03 10:00", "2027-03-11", "8 March is free"),
        ("VN", "routine", "2027-03-03 10:05", "2027-03-10", "8 March is not free in Viet Nam"),
        ("KH", "routine", "2027-03-05 17:00", "2027-03-16", "late on the Friday before 8 March"),
    ],
    "Khmer New Year": [
        ("KH", "routine", "2027-04-05 10:00", "2027-04-12", "no free day"),
        ("KH", "routine", "2027-04-06 10:00", "2027-04-13", "ends on the eve"),
        ("KH", "routine", "2027-04-07 10:00", "2027-04-19", "the fifth day is after the New Year"),
        ("KH", "routine", "2027-04-08 10:00", "2027-04-20", "two days after it"),
        ("KH", "routine", "2027-04-09 15:50", "2027-04-21", "before the cut-off hour"),
        ("KH", "routine", "2027-04-09 16:10", "2027-04-22", "after it: arrived on Monday"),
        ("KH", "routine", "2027-04-10 09:00", "2027-04-22", "on a Saturday: arrived on Monday"),
        ("KH", "priority", "2027-04-12 10:00", "2027-04-19", "two days with the New Year between"),
        ("VN", "routine", "2027-04-12 10:05", "2027-04-20", "16 April is free in Viet Nam"),
        ("KH", "routine", "2027-04-13 10:00", "2027-04-23", "all five after the New Year"),
        ("KH", "routine", "2027-04-13 17:00", "2027-04-26", "late on the eve"),
        ("KH", "routine", "2027-04-14 09:00", "2027-04-26", "on the first day of the New Year"),
        ("VN", "routine", "2027-04-27 10:00", "2027-05-06", "30 April and 3 May are free"),
        ("KH", "routine", "2027-05-10 10:00", "2027-05-18", "14 May is free"),
    ],
    "Pchum Ben": [
        ("VN", "routine", "2027-08-27 10:00", "2027-09-07", "2 and 3 September are free"),
        ("VN", "routine", "2027-09-01 16:30", "2027-09-13", "late before the national day"),
        ("KH", "routine", "2027-09-20 10:00", "2027-09-28", "24 September is free"),
        ("KH", "routine", "2027-09-22 10:00", "2027-10-05", "24 September and Pchum Ben"),
        ("KH", "routine", "2027-09-23 16:30", "2027-10-07", "late before 24 September"),
        ("KH", "routine", "2027-09-24 10:00", "2027-10-07", "on 24 September"),
        ("KH", "routine", "2027-09-28 10:00", "2027-10-08", "all five after Pchum Ben"),
        ("VN", "routine", "2027-09-28 10:05", "2027-10-05", "Pchum Ben does not concern Viet Nam"),
        ("KH", "priority", "2027-09-28 10:10", "2027-10-05", "two days, both after Pchum Ben"),
        ("KH", "routine", "2027-09-30 10:00", "2027-10-11", "in Pchum Ben"),
        ("KH", "routine", "2027-10-11 10:00", "2027-10-19", "15 October is free"),
        ("KH", "routine", "2027-10-14 16:05", "2027-10-25", "late before 15 October"),
    ],
}  # fmt: skip
"""Who has to answer, urgency, local hour of arrival, last day, why."""


@pytest.mark.parametrize("quarter", QUARTERS)
def test_both_sides_list_the_days_counted_by_hand(quarter: str) -> None:
    rows = QUARTERS[quarter]
    first = _instant(*rows[0][:3:2]) - EARLIER
    expected: dict[MessageId, date] = {}

    async def story(world: World) -> None:
        for country, urgency, hour, last, _ in rows:
            await _go_to(world, _instant(country, hour))
            expected[await _ask(world, country, urgency)] = date.fromisoformat(last)

        for agency in world.agencies:
            tasks = await worklist(agency.node, NOTHING_ANNOUNCED)
            assert {task.message: task.due.on if task.due else None for task in tasks} == expected

    World(seed=9, pair=Pair(start=first, periods=3)).run(story)


def test_the_table_has_forty_rows() -> None:
    assert sum(len(rows) for rows in QUARTERS.values()) == 40


def _instant(country: str, hour: str) -> datetime:
    return datetime.fromisoformat(hour).replace(tzinfo=ZONES[country]).astimezone(UTC)


async def _go_to(world: World, moment: datetime) -> None:
    """Stop both nodes, let their clocks go on to just before a moment, start them again, wait for it."""
    for agency in world.agencies:
        agency.crash()
        agency.clock.jump(moment - EARLIER - agency.clock.now())
        agency.start()
    await world.open()

    async def reached() -> bool:
        return world.kh.clock.now() >= moment

    await world.until(reached)


async def _ask(world: World, country: str, urgency: str) -> MessageId:
    """Send a notice to the side that has to answer; return its id when it is accepted."""
    asking = world.vn if country == "KH" else world.kh
    done = await release(asking.node, world.link, _notice(world, asking, country, urgency), officer=OFFICER)

    async def accepted() -> bool:
        row = await asking.store.read(lambda uow: uow.messages.by_seq(world.link, Direction.OUT, done.seq))
        return row is not None and row.state is MessageState.ACCEPTED

    await world.until(accepted)
    return done.id


def _notice(world: World, asking: Agency, country: str, urgency: str) -> Document:
    today = asking.clock.now().date()
    small = small_notice(country) | {
        "urgency": urgency,
        "proposed_from": str(today + timedelta(days=30)),
        "proposed_to": str(today + timedelta(days=34)),
    }
    for person in small["persons"]:
        person["identification"]["on"] = person["consents"][0]["on"] = str(today - timedelta(days=10))
    known = replace(sources(asking.node, world.other(asking).code), today=today)
    return fill(small, known).document
