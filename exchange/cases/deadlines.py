# SPDX-License-Identifier: Apache-2.0
"""Until when something must be done: the deadlines of an agreement, counted for the side that acts.

How it is counted (docs/reference/deadlines.md has examples for each rule):

 1. Working days are those of the side that has to act; so are its hours and its midnight.
 2. The day of arrival is not counted. What arrives after the cut-off hour, or on a free day, counts as
    arrived on the next working day.
 3. Calendar days and months run from the same day of arrival and may end on a free day. A month ends on
    the day of the same number, or on the last day of a shorter month.
 4. A deadline whose calendar is `none` knows no offices: its days run from the local day of arrival.
 5. Hours and minutes run from the instant of arrival, day and night.
 6. A deadline in days is met until its last day is over. It is shown with the cut-off hour of that day:
    what is sent later reaches an office that has closed.
 7. Steps follow one another: the next one begins on the last day of the one before.
 8. The urgency of the message chooses the span; without one of its own, the next less urgent counts.
 9. A hold stops the deadlines of the person; when it ends they start again, from its end. A `maximum` is
    a limit, not an answer: no hold stops it.
10. An agreed tolerance for a side without a line delays only the moment from which it is overdue.

11. What is decided at a fixed time cannot be answered later: a proposal of a handover is due at its go/no-go
    time, if that comes before the deadline.
12. A reminder waits for so many working days of the side that waits, after the last day of the deadline.

Nothing follows from a missed deadline but a reminder: silence is never acceptance (ADR 0010).
"""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import assert_never

from exchange.cases.calendars import Calendar
from exchange.protocol.terms import Deadline, Terms, Unit


class DueState(StrEnum):
    """Where a deadline stands. Nothing else follows from it."""

    OPEN = "open"
    TODAY = "due_today"
    OVERDUE = "overdue"
    STOPPED = "stopped"
    """A hold stops it; there is no day."""


@dataclass(frozen=True)
class Pause:
    """A hold of the person: from when, and until when; None while it lasts."""

    from_at: datetime
    until_at: datetime | None = None


@dataclass(frozen=True)
class Due:
    """The end of a deadline. Instants are UTC; `on` is a day of the side that acts."""

    on: date
    """The last day."""
    at: datetime
    """The moment to show: the cut-off hour of the last day, or the exact end of hours and minutes."""
    today_at: datetime
    """Begin of the last day."""
    over_at: datetime
    """From this instant on it is overdue."""
    began_at: datetime
    """What it was counted from: arrival, or the end of the last hold."""

    def state(self, now: datetime) -> DueState:
        """Return where it stands at `now`."""
        if now >= self.over_at:
            return DueState.OVERDUE
        return DueState.TODAY if now >= self.today_at else DueState.OPEN


def answer_by(
    steps: Sequence[Deadline],
    received_at: datetime,
    *,
    calendar: Calendar,
    urgency: str = "routine",
    holds: Iterable[Pause] = (),
    offline: bool = False,
) -> Due | None:
    """Return until when the side of `calendar` is on time, or None while a hold stops the deadline.

    `steps` are deadlines that follow one another (`Terms.deadlines_for`), at least one.

    Raises:
        HolidaysMissingError: the calendar does not cover the period.
        ValueError: no steps.
    """
    if not steps:
        raise ValueError("a deadline has at least one step")
    began_at = received_at
    if not any(step.maximum for step in steps):
        resumed = _resumed(received_at, holds)
        if resumed is None:
            return None
        began_at = resumed
    end = _End.of_arrival(began_at, calendar, by_day=steps[0].calendar_of != "none")
    for step in steps:
        end = _counted(step, urgency, end, calendar)
    over_at = end.over_at + _tolerance(steps if offline else ())
    return Due(end.on, end.at, calendar.start(end.on), over_at, began_at)


def no_later_than(due: Due, moment: datetime, *, calendar: Calendar) -> Due:
    """Return the end of a deadline, or an earlier moment at which the answer comes too late (11)."""
    if due.at <= moment:
        return replace(due, over_at=min(due.over_at, moment))
    on = calendar.local(moment).date()
    return replace(due, on=on, at=moment, today_at=calendar.start(on), over_at=moment)


def _resumed(received_at: datetime, holds: Iterable[Pause]) -> datetime | None:
    """Return when the deadline starts for good: on arrival, or at the end of the last hold after it."""
    began_at = received_at
    for hold in holds:
        if hold.until_at is None:
            return None
        began_at = max(began_at, hold.until_at)
    return began_at


@dataclass(frozen=True)
class _End:
    """Where a step ends and the next one begins."""

    on: date
    at: datetime
    over_at: datetime

    @staticmethod
    def of_arrival(moment: datetime, calendar: Calendar, *, by_day: bool) -> "_End":
        """Return an arrival as a place to count from; `by_day` applies working days and cut-off hour."""
        day = calendar.arrival(moment) if by_day else calendar.local(moment).date()
        return _End(day, moment, moment)

    @staticmethod
    def of_day(day: date, calendar: Calendar) -> "_End":
        return _End(day, calendar.closing(day), calendar.start(day + timedelta(days=1)))

    @staticmethod
    def of_instant(moment: datetime, calendar: Calendar) -> "_End":
        return _End(calendar.local(moment).date(), moment, moment)


def _counted(step: Deadline, urgency: str, start: _End, calendar: Calendar) -> _End:
    span = step.span(urgency)
    match span.unit:
        case Unit.MINUTE:
            return _End.of_instant(start.at + timedelta(minutes=span.amount), calendar)
        case Unit.HOUR:
            return _End.of_instant(start.at + timedelta(hours=span.amount), calendar)
        case Unit.CALENDAR_DAY:
            return _End.of_day(start.on + timedelta(days=span.amount), calendar)
        case Unit.WORKING_DAY:
            return _End.of_day(calendar.after(start.on, span.amount), calendar)
        case Unit.MONTH:
            return _End.of_day(months_after(start.on, span.amount), calendar)
        case _:
            assert_never(span.unit)


def months_after(day: date, months: int) -> date:
    """Return the day of the same number so many months later, or the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _tolerance(steps: Iterable[Deadline]) -> timedelta:
    return timedelta(hours=sum(step.offline_tolerance_hours for step in steps))


@dataclass(frozen=True)
class Reminder:
    """The next reminder of a missed deadline; `level` is a code of `reminder-levels`."""

    level: str
    on: date
    """First day on which it may be sent, in the calendar of the side that waits."""


REMINDERS = (("first", "DL-RMD-1"), ("second", "DL-RMD-2"), ("escalation", "DL-RMD-ESC"))
"""Levels of `reminder-levels` in their order, each with its deadline."""


def next_reminder(
    terms: Terms, due: Due, *, calendar: Calendar, sent: frozenset[str] = frozenset()
) -> Reminder | None:
    """Return the level that follows those in `sent` and its first day, or None after the last level.

    Levels are never left out. Days are counted from the last day of the missed deadline, working days of
    the side that waits (`calendar`); a level that was not agreed ends the row.
    """
    for level, code in REMINDERS:
        if level in sent:
            continue
        deadline = terms.deadline(code)
        if deadline is None:
            return None
        last_on = calendar.local(due.at).date()
        return Reminder(level, _counted(deadline, "routine", _End.of_day(last_on, calendar), calendar).on)
    return None
