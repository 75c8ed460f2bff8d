# SPDX-License-Identifier: Apache-2.0
"""Command about persons: the balance of a partner, in numbers and without a name."""

from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta

from exchange.errors import UsageError
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk
from exchange.service.equations import Equation, equations
from exchange.service.persons import ALWAYS, Period, balance_of


async def balance_persons(desk: Desk, ask: Ask) -> Answer:
    """Return how many persons were announced, handed over and received, and whether that closes.

    `since` and `until` are days in UTC, both included; without them everything is counted.
    """
    link = await desk.link(ask.text("partner", ""))
    period = _period(ask.text("since", ""), ask.text("until", ""))
    found = await desk.node.store.read(lambda uow: balance_of(uow, link.link, period))
    return {
        "equations": [_equation(one) for one in equations(found)],
        "partner": link.partner,
        "in_notices": found.in_notices,
        "decisions": dict(found.decisions),
        "on_lists": found.on_lists,
        "outcomes": dict(found.outcomes),
        "added": found.added,
        "taken_over": found.taken_over,
        "received": found.received,
        "unconfirmed": found.unconfirmed,
        "holds": found.holds,
    }


def _equation(equation: Equation) -> Answer:
    return {
        "total": asdict(equation.total),
        "parts": [asdict(part) for part in equation.parts],
        "holds": equation.holds,
    }


def _period(since: str, until: str) -> Period:
    begins, ends = _day(since), _day(until)
    if begins and ends and ends < begins:
        raise UsageError("the period ends before it begins")
    return Period(begins or ALWAYS.begins, ends + timedelta(days=1) if ends else ALWAYS.ends)


def _day(text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError as error:
        raise UsageError(f"{text[:20]} is no day", hint="write it like 2027-06-30") from error


COMMANDS: dict[str, Command] = {"persons.balance": balance_persons}
