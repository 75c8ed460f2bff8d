# SPDX-License-Identifier: Apache-2.0
"""Part of the command `due`: handovers that are near, and receptions that are owed; crossings, no names."""

from datetime import datetime
from zoneinfo import ZoneInfo

from exchange.cases.calendars import AnnouncedDays
from exchange.clock import in_zone
from exchange.interfaces.api.desk import Answer, Desk, when
from exchange.messages.codelists import codelist
from exchange.messages.document import text_at
from exchange.service.handover_tasks import HandoverTask, Reception, handover_tasks, receptions
from exchange.service.handovers import Handover
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork

SHOWN = 10
"""Handovers beside other work; all of them stand in `handover.list`."""


async def handover_answer(desk: Desk, announced: AnnouncedDays) -> Answer:
    """Return what has to be done next at the crossing and after it, the first to be done first.

    Raises:
        HolidaysMissingError: the calendar of our side does not cover a period.
    """
    near = await handover_tasks(desk.node, limit=SHOWN)
    owed = await receptions(desk.node, announced, limit=SHOWN)

    def unit(uow: UnitOfWork) -> Answer:
        return {
            "handovers": [_handover(desk, one) for one in near],
            "receptions": [_reception(uow, desk, one) for one in owed],
        }

    return await desk.node.store.read(unit)


def _handover(desk: Desk, one: HandoverTask) -> Answer:
    movement, until_at = one.handover, one.until_at
    is_host = movement.row.host == desk.node.agency
    zones = (movement.host_zone, movement.origin_zone)
    own_zone, partner_zone = zones if is_host else zones[::-1]
    return {
        "movement": movement.row.code,
        "partner": movement.row.origin if is_host else movement.row.host,
        "crossing": _crossing(movement),
        "persons": len(movement.listed),
        "staying": one.staying,
        "state": movement.state,
        "act": one.act.value,
        "ours": one.is_ours,
        "until": when(until_at),
        "overdue": until_at is not None and desk.node.clock.now() >= until_at,
        "own_time": _begins(movement, own_zone),
        "partner_time": _begins(movement, partner_zone),
        "after": one.after,
        "reserved_by_us": one.reserved_by_us,
    }


def _crossing(movement: Handover) -> str:
    terms = dict(movement.terms)
    return text_at(terms, "checkpoint_name") or codelist("checkpoints").label(text_at(terms, "checkpoint"))


def _begins(movement: Handover, zone: str) -> Answer:
    text = text_at(dict(movement.terms), "window_from")
    moment = datetime.fromisoformat(text) if text else None
    return _local(moment, zone)


def _local(moment: datetime | None, zone: str) -> Answer:
    """Return an instant as the clocks of a zone show it."""
    local = in_zone(moment, ZoneInfo(zone)).isoformat(timespec="minutes") if moment else None
    return {"zone": zone, "at": local}


def _reception(uow: UnitOfWork, desk: Desk, one: Reception) -> Answer:
    row, due = one.movement, one.due
    terms = pairing_of(uow, desk.node, row.link).agreement.terms
    at, partner = (due.at if due else None), row.host
    return {
        "movement": row.code,
        "partner": partner,
        "persons": one.persons,
        "record": one.record,
        "until": when(at),
        "state": due.state(desk.node.clock.now()).value if due else "open",
        "own_time": _local(at, terms.side_of(desk.node.agency).zone),
        "partner_time": _local(at, terms.side_of(partner).zone),
    }
