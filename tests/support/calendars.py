# SPDX-License-Identifier: Apache-2.0
"""Calendars and deadlines of the neutral profile, for tests that count days."""

from datetime import datetime
from functools import cache

from exchange.cases.calendars import NOTHING_ANNOUNCED, AnnouncedDays, Calendar, read_announced
from exchange.ids import AgencyCode
from exchange.protocol.profiles import load_profile
from exchange.protocol.terms import Deadline, Terms


@cache
def terms() -> Terms:
    return load_profile("neutral")


def calendar(country: str, announced: AnnouncedDays | str = NOTHING_ANNOUNCED) -> Calendar:
    """Return the calendar of a side; `announced` may be the text of a file."""
    days = read_announced(announced.encode()) if isinstance(announced, str) else announced
    return Calendar(terms().side_of(AgencyCode(f"{country}-X")), terms().cut_off_hour, days)


def steps(code: str, country: str) -> tuple[Deadline, ...]:
    """Return the steps of a deadline for an agency of a country."""
    found = terms().deadlines_for(code, acting=AgencyCode(f"{country}-X"))
    assert found, f"the neutral profile has no {code}"
    return found


def moment(country: str, text: str) -> datetime:
    """Return the instant of a local time: `2027-04-09 10:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=calendar(country).zone)
