# SPDX-License-Identifier: Apache-2.0
"""How punctual answers were: counted, and in working days, without a person.

    asked    = answered + open + not needed          answered = in time + late
                                                     open     = not due yet + overdue

What is counted are questions, not persons: a 0 is shown, a count from 1 to below the threshold is hidden.
*Not needed* is what was cancelled, replaced or ended before an answer. Days are working days of the side that
had to answer: the day of arrival is not counted, the day of the answer is. The median is the middle answer,
*90 %* the number of days in which nine of ten were given (the nearest rank of both).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import ceil

from exchange.cases.calendars import Calendar
from exchange.cases.cell_suppression import Counts, Sum
from exchange.cases.deadlines import Due
from exchange.cases.publication import Period, published


class Fate(StrEnum):
    """What became of one question."""

    IN_TIME = "in_time"
    LATE = "late"
    NOT_DUE = "not_due_yet"
    OVERDUE = "overdue"
    NOT_NEEDED = "not_needed"


SUMS = (
    Sum("asked", ("answered", "open", "not_needed")),
    Sum("answered", ("in_time", "late")),
    Sum("open", ("not_due_yet", "overdue")),
)
_WITHIN = {
    Fate.IN_TIME: ("asked", "answered"),
    Fate.LATE: ("asked", "answered"),
    Fate.NOT_DUE: ("asked", "open"),
    Fate.OVERDUE: ("asked", "open"),
    Fate.NOT_NEEDED: ("asked",),
}
NINE_TENTHS = 0.9


@dataclass(frozen=True)
class Answer:
    """One question with what became of it; `days` only of an answered one."""

    fate: Fate
    days: int = 0


@dataclass(frozen=True)
class Punctuality:
    """What may be published of the questions of one type to one side; None is hidden."""

    counts: Mapping[str, int | None]
    median_days: int | None
    nine_tenths_days: int | None


def fate_of(due: Due | None, answered_at: datetime | None, now: datetime, *, awaited: bool) -> Fate:
    """Return what became of a question; without a deadline an answer is in time."""
    if answered_at is not None:
        return Fate.LATE if due is not None and answered_at >= due.over_at else Fate.IN_TIME
    if not awaited:
        return Fate.NOT_NEEDED
    return Fate.OVERDUE if due is not None and now >= due.over_at else Fate.NOT_DUE


def days_used(began_at: datetime, answered_at: datetime, calendar: Calendar) -> int:
    """Return the working days from arrival to the answer, the day of arrival not counted.

    Raises:
        HolidaysMissingError: the calendar does not cover the period.
    """
    arrived_on, answered_on = calendar.arrival(began_at), calendar.local(answered_at).date()
    return sum(calendar.is_working(day) for day in _days_after(arrived_on, answered_on))


def _days_after(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=each) for each in range(1, (last - first).days + 1))


def punctuality(answers: Mapping[str, Sequence[Answer]], period: Period, threshold: int) -> Punctuality:
    """Return what may be published of the questions of some months; days where the answers are shown."""
    months = {month: counts_of(some).cells for month, some in answers.items()}
    shown = published(months, period, threshold, SUMS, zeros=True)
    every = (one for month in period.months for one in answers.get(month, ()))
    days = sorted(one.days for one in every if one.fate in (Fate.IN_TIME, Fate.LATE))
    if shown["answered"] is None or not days:
        return Punctuality(shown, None, None)
    return Punctuality(shown, _ranked(days, 0.5), _ranked(days, NINE_TENTHS))


def counts_of(answers: Iterable[Answer]) -> Counts:
    """Return the counts of some questions, unhidden."""
    cells: Counter[str] = Counter(dict.fromkeys((name for one in SUMS for name in one.members), 0))
    for one in answers:
        cells.update((one.fate.value, *_WITHIN[one.fate]))
    return Counts(dict(cells), SUMS)


def _ranked(days: Sequence[int], share: float) -> int:
    """Return the value of the nearest rank; requires at least one."""
    return days[max(ceil(share * len(days)), 1) - 1]
