# SPDX-License-Identifier: Apache-2.0
"""Days in documents: impossible ones, Buddhist years, ages in doubt.

A day is text until here. Every day is Gregorian; a year between 2400 and 2700 is an unconverted year of
the Buddhist Era (message-fields, rule 3). An age is judged by the span of days on which the person may
have been born, so that doubt stays visible: a child is who may be under 18.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta

from exchange.errors import Fault
from exchange.messages.context import ADULT_FROM_AGE
from exchange.messages.document import pointer
from exchange.messages.people import Birth
from exchange.messages.wording import fault

BUDDHIST_YEARS = range(2400, 2701)
_BUDDHIST_BEGINNINGS = frozenset({"24", "25", "26", "27"})
"""How a year begins that may be one of them: nearly every other day is told apart by that."""
OLDEST_YEARS = 110
"""No person in a case is older."""
_BUDDHIST_HINT = "a Thai year minus 543 is the Gregorian year; a Khmer one minus 543 or 544"


@dataclass(frozen=True)
class Span:
    """First and last day on which something may have happened."""

    first: date
    last: date

    def is_surely_under(self, years: int, day: date) -> bool:
        return age(self.first, day) < years

    def is_surely_adult(self, day: date) -> bool:
        return age(self.last, day) >= ADULT_FROM_AGE


def order_hint(first: str, second: str) -> str:
    """Return how a fault of order names its two members."""
    return f"{first} comes before {second}"


def members_in_order(hint: str) -> tuple[str, str] | None:
    """Return the two members that a fault of order names, the earlier one first."""
    first, between, second = hint.partition(" comes before ")
    return (first, second) if between else None


def as_day(text: str) -> date | None:
    """Return the day of `YYYY-MM-DD`, or None if the calendar has no such day."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def age(born: date, day: date) -> int:
    """Return the full years between two days; who is born on 29 February gets older on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def birth_span(birth: Birth) -> Span | None:
    """Return the days on which the person may have been born; None if nothing is known."""
    if birth.value is not None:
        return value_span(birth.value)
    first, last = as_day(birth.from_ or ""), as_day(birth.to or "")
    return Span(first, last) if first and last else None


def value_span(value: str) -> Span | None:
    """Return the days that `YYYY`, `YYYY-MM` or `YYYY-MM-DD` may mean."""
    first = as_day((value + "-01-01")[:10]) if len(value) < 10 else as_day(value)
    if first is None or len(value) == 10:
        return Span(first, first) if first else None
    month = 12 if len(value) == 4 else first.month
    return Span(first, date(first.year, month, monthrange(first.year, month)[1]))


def _as_moment(text: str) -> datetime | None:
    """Return a moment in UTC; None if the calendar has none, or it lies in the first or last year of it.

    There a time zone or a day more leads out of the calendar, on every page that shows the moment.
    """
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if MINYEAR < moment.year < MAXYEAR else None


class Days:
    """Reads the days of one document and collects what is wrong with them."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def read(self, text: str | None, *place: str | int) -> date | None:
        """Return the day of a member, or None when it is missing or not a day (then a fault is kept)."""
        if text is None or (text[:2] in _BUDDHIST_BEGINNINGS and self._is_buddhist(text, place)):
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self._keep("date.impossible", place, "a day of the Gregorian calendar", "no such day")
            return None

    def not_after(self, limit: date, text: str | None, *place: str | int) -> date | None:
        """Read a day that must have begun."""
        day = None if text is None else self.read(text, *place)
        if day is not None and day > limit:
            self._keep("date.future", place, "a day that has begun", "a later day")
        return day

    def not_before(
        self, limit: date, text: str | None, *place: str | int, rule: str = "date.past"
    ) -> date | None:
        """Read a day that must not be over (rule `date.past` or `date.expired`)."""
        day = None if text is None else self.read(text, *place)
        if day is not None and day < limit:
            self._keep(rule, place, "the day of sending or later", "an earlier day")
        return day

    def moment_not_before(self, limit: datetime, text: str | None, *place: str | int) -> datetime | None:
        """Read a moment with offset that must lie ahead."""
        moment = self.moment(text, *place)
        if moment is not None and moment < limit:
            self._keep("date.past", place, "a moment that lies ahead", "an earlier moment")
        return moment

    def inside_acceptance(self, last: date, day: date | None, *place: str | int) -> None:
        """Demand that a day does not lie after the last day of an acceptance."""
        if day is not None and day > last:
            self._keep("date.acceptance", place, "a day inside every acceptance", "a later day")

    def in_order(self, first: date | None, second: date | None, *place: str | int, after: str = "") -> None:
        """Demand that `second` does not lie before `first`; `after` is the member beside it with `first`."""
        if first is not None and second is not None and second < first:
            hint = order_hint(after, str(place[-1])) if after else ""
            self._keep("date.order", place, "the same day or later", "an earlier day", hint)

    def not_later(self, limit: date, text: str | None, *place: str | int) -> None:
        """Read a day that may lie ahead, but not after `limit`."""
        day = self.read(text, *place)
        if day is not None and day > limit:
            self._keep("date.late", place, "a day within the deadline", "a later day")

    def moment(self, text: str | None, *place: str | int) -> datetime | None:
        """Return the moment of a member in UTC, or None when it is missing or no moment."""
        if text is None or (text[:2] in _BUDDHIST_BEGINNINGS and self._is_buddhist(text, place)):
            return None
        moment = _as_moment(text)
        if moment is None:
            self._keep("date.impossible", place, "a moment of the Gregorian calendar", "no such moment")
        return moment

    def moment_not_after(self, limit: datetime, text: str | None, *place: str | int) -> datetime | None:
        """Read a moment with offset that must have passed."""
        moment = None if text is None else self.moment(text, *place)
        if moment is not None and moment > limit:
            self._keep("date.future", place, "a moment that has passed", "a later moment")
        return moment

    def moments_in_order(
        self,
        first: datetime | None,
        second: datetime | None,
        *place: str | int,
        apart: bool = False,
        after: str = "",
        before: str = "",
    ) -> None:
        """Demand that `second` does not lie before `first`; with `apart`, that it lies after it.

        `after` or `before` is the member beside the place that holds the other moment.
        """
        if first is not None and second is not None and (second < first or (apart and second == first)):
            expected = "a later moment" if apart else "the same moment or later"
            own = str(place[-1])
            hint = order_hint(after or own, before or own) if after or before else ""
            self._keep("date.order", place, expected, "an earlier moment", hint)

    def birth(self, birth: Birth, day: date, *place: str | int) -> None:
        """Read a birth: possible days, and a year from 110 years ago until now."""
        for name, text in (("value", birth.value), ("from", birth.from_), ("to", birth.to)):
            if text is not None:
                self._birth_year(text, day, (*place, name))
        if birth.from_ and birth.to:
            self.in_order(as_day(birth.from_), as_day(birth.to), *place, "to", after="from")

    def _birth_year(self, text: str, day: date, place: tuple[str | int, ...]) -> None:
        if text[:2] in _BUDDHIST_BEGINNINGS and self._is_buddhist(text, place):
            return
        if value_span(text) is None:
            self._keep("date.impossible", place, "a day of the Gregorian calendar", "no such day")
        elif not day.year - OLDEST_YEARS <= int(text[:4]) <= day.year:
            self._keep("date.birth", place, f"a year of the last {OLDEST_YEARS}", "another year")
        elif len(text) == 10 and text > (day + timedelta(days=1)).isoformat():
            self._keep("date.future", place, "a day that has begun", "a later day")

    def _is_buddhist(self, text: str, place: tuple[str | int, ...]) -> bool:
        if int(text[:4]) not in BUDDHIST_YEARS:
            return False
        self._keep("date.buddhist", place, "a Gregorian year", "a year from 2400 to 2700", _BUDDHIST_HINT)
        return True

    def _keep(
        self, rule: str, place: tuple[str | int, ...], expected: str, found: str, hint: str = ""
    ) -> None:
        self.faults.append(
            fault("date_invalid", rule, pointer(*place), expected=expected, found=found, hint=hint)
        )
