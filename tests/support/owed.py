# SPDX-License-Identifier: Apache-2.0
"""Messages that their recipient has to answer, and does not: what two agencies count in content."""

from collections import Counter
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from exchange.cases.calendars import NOTHING_ANNOUNCED
from exchange.messages.filling import fill
from exchange.service.rows import Direction, MessageRow, MessageState
from exchange.service.statement_figures import counted_in_content
from tests.support.careless import send
from tests.support.handover_story import text
from tests.support.journey_documents import Writer
from tests.support.journey_persons import Cast
from tests.support.notices import small_notice, sources
from tests.support.world import Agency, World

ANSWERED_WITHIN = timedelta(days=10)
"""Whatever is older was not answered in time: five working days are never more than nine. What is younger is
in time, but for an emergency, which has twelve hours."""
HANDOVER = (
    ("host", "RPN", {}),
    ("origin", "RPD", {"outcome": "accepted", "valid_until": "2027-12-20"}),
    ("host", "HPR", {}),
    ("origin", "HRP", {"response": "confirm"}),
    ("host", "HDP", {}),
    ("host", "HRC", {"signature": "first"}),
)
"""One person from the notice to the record that only one side has signed."""
MOVES = frozenset({"HPR", "HRP", "HDP", "HRC"})


async def unanswered(world: World, here: Agency, there: Agency) -> set[str]:
    """A side announces somebody in an emergency, and the other side says nothing."""
    partner = there.code
    small = small_notice(partner[:2]) | {"proposed_from": "2027-11-15", "proposed_to": "2027-11-19"}
    call = {"telephone_notice": {"at": text(here.clock.now()), "officer": "duty officer"}}
    document = fill(small | call | {"urgency": "emergency"}, sources(here.node, partner)).document
    await _accepted(world, here, await send(here, document))
    return set()


async def countersignature_missing(world: World, here: Agency, there: Agency) -> set[str]:
    """A side hands a person over and signs the record; the other side never does."""
    steps = [_step(number, world, *raw) for number, raw in enumerate(HANDOVER)]
    cases = {"A": {"start": "presumed"}}
    scenario = {"id": f"seed {world.seed}", "cases": cases, "steps": steps, "movements": {}}
    writer = Writer(Cast(scenario, here.code, there.code), steps)
    for raw in steps:
        sender = here if raw["from"] == "host" else there
        (document,) = writer.documents(raw, sender.node)
        row = await send(sender, document)
        writer.remember(raw, document, id=row.id, pc=row.commitment)
        await _accepted(world, sender, row)
    return set()


def _step(number: int, world: World, side: str, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
    at = text(world.kh.clock.now())
    step = {"n": number, "at": at, "from": side, "message": kind, "persons": ["A"], "fields": fields}
    return step | ({"movement": "M1"} if kind in MOVES else {})


async def owed(world: World, planted: Collection[str]) -> set[str]:
    """Return what both sides must count: notices without an answer, and the record with one signature."""
    now, counts = world.kh.clock.now(), Counter[str]()
    notices = [row for agency in world.agencies for row in await _notices(agency)]
    old = sum(now - row.created_at > ANSWERED_WITHIN for row in notices)
    counts["unanswered"] = old - (countersignature_missing.__name__ in planted) if old else 0
    counts["unanswered"] += unanswered.__name__ in planted and not old
    counts["signature_missing"] = int(countersignature_missing.__name__ in planted)
    return _named(counts)


async def _notices(agency: Agency) -> list[MessageRow]:
    rows = await agency.store.read(lambda uow: uow.messages.list(link=agency.world.link, limit=100))
    own = [row for row in rows if (row.direction, row.type) == (Direction.OUT, "RPN")]
    return [row for row in own if row.state is MessageState.ACCEPTED]


async def found_in_content(world: World, agency: Agency) -> set[str]:
    """Return what a side counts, as its daily statement and its auditor's page do."""
    counted: Any = await counted_in_content(agency.node, world.link, NOTHING_ANNOUNCED)
    return _named(Counter(counted))


def _named(counts: Counter[str]) -> set[str]:
    return {f"{kind}: {count}" for kind, count in counts.items() if count}


async def _accepted(world: World, sender: Agency, row: MessageRow) -> None:
    async def reached() -> bool:
        now = await sender.store.read(lambda uow: uow.messages.by_seq(world.link, Direction.OUT, row.seq))
        assert now is not None
        assert now.state is not MessageState.REJECTED, now.code
        return now.state is MessageState.ACCEPTED

    await world.until(reached, limit_s=6 * 3_600)
