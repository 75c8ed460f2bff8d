# SPDX-License-Identifier: Apache-2.0
"""Deadlines counted by hand, rule by rule of `exchange.cases.deadlines`."""

from datetime import UTC, date, datetime, timedelta

import pytest
from exchange.cases.deadlines import Due, DueState, Pause, answer_by, months_after, next_reminder
from exchange.errors import HolidaysMissingError
from exchange.protocol.terms import Deadline, Span, Unit
from hypothesis import given
from hypothesis import strategies as st
from tests.support.calendars import calendar, moment, steps, terms

DAYS = [
    # who acts, deadline, urgency, local arrival, last day, why
    ("KH", "DL-RPD", "routine", "2027-04-05 10:00", "2027-04-12", "five days, no holiday"),
    ("KH", "DL-RPD", "routine", "2027-04-06 10:00", "2027-04-13", "the last day before Khmer New Year"),
    ("KH", "DL-RPD", "routine", "2027-04-07 10:00", "2027-04-19", "Khmer New Year, 14 to 16 April"),
    ("KH", "DL-RPD", "routine", "2027-04-09 15:59", "2027-04-21", "before the cut-off hour"),
    ("KH", "DL-RPD", "routine", "2027-04-09 16:00", "2027-04-21", "at the cut-off hour"),
    ("KH", "DL-RPD", "routine", "2027-04-09 16:01", "2027-04-22", "after it: arrived on Monday"),
    ("KH", "DL-RPD", "routine", "2027-04-10 09:00", "2027-04-22", "Saturday: arrived on Monday"),
    ("KH", "DL-RPD", "routine", "2027-04-13 17:00", "2027-04-26", "late on the eve of the New Year"),
    ("KH", "DL-RPD", "routine", "2027-04-14 09:00", "2027-04-26", "on a holiday: arrived after the New Year"),
    ("KH", "DL-RPD", "priority", "2027-04-12 10:00", "2027-04-19", "two days with the New Year between"),
    ("KH", "DL-RPD", "emergency", "2027-04-13 22:00", "2027-04-14", "twelve hours run through the holiday"),
    ("KH", "DL-HRP", "routine", "2027-04-12 10:00", "2027-04-19", "two days"),
    ("KH", "DL-HRP", "priority", "2027-04-12 10:00", "2027-04-19", "no priority span: routine"),
    ("KH", "DL-TDS", "routine", "2027-04-13 09:00", "2027-04-23", "five days after the New Year"),
    ("KH", "DL-TDS", "emergency", "2027-04-13 09:00", "2027-04-23", "neither span: routine"),
    ("KH", "DL-VRS", "priority", "2027-04-05 10:00", "2027-04-29", "scenario 2"),
    ("KH", "DL-VRS", "priority", "2027-03-04 10:05", "2027-03-26", "scenario 1: 8 March is a holiday"),
    ("KH", "DL-VRS", "priority", "2027-06-07 15:30", "2027-06-29", "scenario 4: 18 June is a holiday"),
    ("KH", "DL-VRS", "routine", "2027-02-01 11:30", "2027-03-16", "scenario 12: thirty days"),
    ("VN", "DL-RPD", "routine", "2027-02-01 10:00", "2027-02-15", "Tet, 4 to 10 February"),
    ("VN", "DL-RPD", "routine", "2027-02-03 16:30", "2027-02-18", "late on the eve of Tet"),
    ("VN", "DL-RPD", "routine", "2027-02-06 09:00", "2027-02-18", "on the first day of the year"),
    ("VN", "DL-RPD", "priority", "2027-02-03 08:00", "2027-02-12", "two days with Tet between"),
    ("VN", "DL-HRP", "routine", "2027-02-03 09:00", "2027-02-12", "two days with Tet between"),
    ("KH", "DL-RPD", "routine", "2027-02-01 10:00", "2027-02-08", "Tet does not concern Cambodia"),
    ("VN", "DL-VRS", "routine", "2027-08-02 09:10", "2027-09-15", "scenario 8: 20 and 10 working days"),
    ("VN", "DL-VRS", "routine", "2027-01-04 10:00", "2027-02-22", "the second step has Tet in it"),
    ("VN", "DL-VRS", "priority", "2027-01-04 10:00", "2027-02-22", "the steps have no shorter span"),
    ("TH", "DL-RPD", "routine", "2027-04-05 10:00", "2027-04-16", "Chakri day, then Songkran"),
    ("TH", "DL-RPD", "routine", "2027-04-12 10:00", "2027-04-22", "Songkran, 13 to 15 April"),
    ("TH", "DL-HRP", "routine", "2027-04-12 17:00", "2027-04-20", "late before Songkran"),
    ("TH", "DL-VRS", "routine", "2027-04-01 10:00", "2027-05-24", "thirty days with eight holidays"),
    ("KH", "DL-RPD", "routine", "2027-09-22 10:00", "2027-10-05", "24 September and Pchum Ben"),
    ("KH", "DL-RPD", "routine", "2027-09-23 16:30", "2027-10-07", "late before 24 September"),
    ("KH", "DL-RPD", "routine", "2027-09-30 10:00", "2027-10-11", "in Pchum Ben"),
    ("KH", "DL-INR", "priority", "2027-09-28 10:00", "2027-10-05", "two days with Pchum Ben between"),
    ("KH", "DL-TDS", "routine", "2027-10-11 10:00", "2027-10-19", "15 October is a holiday"),
    ("KH", "DL-RPN-ADVANCE", "routine", "2027-09-17 10:00", "2027-10-07", "ten days, Cambodian"),
    ("VN", "DL-RPN-ADVANCE", "routine", "2027-09-17 10:00", "2027-10-01", "scenario 8: ten days, Vietnamese"),
    ("KH", "DL-RPD", "routine", "2027-11-08 10:00", "2027-11-17", "9 November and the water festival"),
    ("KH", "DL-RPD", "routine", "2027-12-27 10:00", "2028-01-04", "over the end of the year"),
    ("MM", "DL-RPD", "routine", "2027-04-12 10:00", "2027-04-28", "Thingyan, 13 to 21 April"),
    ("VN", "DL-VN-EXIT", "routine", "2027-02-03 10:00", "2027-02-08", "calendar days end in Tet"),
    ("VN", "DL-VN-EXIT", "routine", "2027-02-03 17:00", "2027-02-16", "calendar days after a late arrival"),
    ("VN", "DL-VN-RETURNCERT", "routine", "2027-10-05 09:30", "2027-10-05", "at once: the same day"),
    ("KH", "DL-DELIVERY", "routine", "2027-02-01 18:00", "2027-03-03", "no calendar, no cut-off hour"),
    ("KH", "DL-FUP-1", "routine", "2027-04-20 14:00", "2027-05-20", "scenario 1; the day is a holiday"),
    ("KH", "DL-FUP-4", "routine", "2027-04-20 14:00", "2028-04-20", "a year"),
    ("KH", "DL-FUP-1", "routine", "2028-01-31 10:00", "2028-02-29", "the end of a leap February"),
    ("KH", "DL-FUP-1", "routine", "2027-01-29 10:00", "2027-02-28", "the end of a short month"),
    ("KH", "DL-FUP-1", "routine", "2027-01-31 10:00", "2027-03-01", "a Sunday: arrived on 1 February"),
    ("KH", "DL-FUP-4", "routine", "2028-02-29 10:00", "2029-02-28", "a year after a leap day"),
    ("KH", "DL-FUP-2", "routine", "2027-11-30 10:00", "2028-02-29", "three months into a leap February"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("country", "code", "urgency", "arrival", "last"),
    [row[:5] for row in DAYS],
    ids=[f"{row[0]} {row[1]} {row[3]}: {row[5]}" for row in DAYS],
)
def test_last_day_equals_the_one_counted_by_hand(
    country: str, code: str, urgency: str, arrival: str, last: str
) -> None:
    due = due_of(country, code, arrival, urgency=urgency)

    assert due.on == date.fromisoformat(last)


def due_of(country: str, code: str, arrival: str, **more: object) -> Due:
    due = answer_by(steps(code, country), moment(country, arrival), calendar=calendar(country), **more)  # type: ignore[arg-type]
    assert due is not None
    return due


@pytest.mark.parametrize(
    ("country", "last"),
    [("KH", "2027-02-09"), ("MM", "2027-02-08"), ("IN", "2027-02-08"), ("MY", "2027-02-10")],
    ids=[
        "16:15 in Phnom Penh is too late",
        "15:45 in Yangon is not",
        "14:45 in Delhi is not",
        "17:15 in Kuala Lumpur is too late, and 8 February is free",
    ],
)
def test_same_instant_arrives_on_different_days(country: str, last: str) -> None:
    arrival = datetime(2027, 2, 1, 9, 15, tzinfo=UTC)

    due = answer_by(steps("DL-RPD", country), arrival, calendar=calendar(country))

    assert due is not None
    assert due.on == date.fromisoformat(last)


@pytest.mark.parametrize(
    ("country", "shown", "over"),
    [
        ("KH", "2027-02-08T09:00:00+00:00", "2027-02-08T17:00:00+00:00"),
        ("MM", "2027-02-08T09:30:00+00:00", "2027-02-08T17:30:00+00:00"),
        ("IN", "2027-02-08T10:30:00+00:00", "2027-02-08T18:30:00+00:00"),
    ],
)
def test_last_day_is_shown_with_the_cut_off_hour_and_ends_at_local_midnight(
    country: str, shown: str, over: str
) -> None:
    due = due_of(country, "DL-RPD", "2027-02-01 10:00")

    assert due.at == datetime.fromisoformat(shown)
    assert due.over_at == datetime.fromisoformat(over)


@pytest.mark.parametrize(
    ("code", "urgency", "minutes"),
    [("DL-RPD", "emergency", 720), ("DL-VRS", "emergency", 4320), ("DL-HRP", "emergency", 240),
     ("DL-ACK-DELIVERED", "routine", 15), ("DL-ACK-OPENED", "priority", 240), ("DL-CWD", "routine", 240)],
)  # fmt: skip
def test_hours_and_minutes_run_day_and_night(code: str, urgency: str, minutes: int) -> None:
    arrival = moment("KH", "2027-04-13 23:30")

    due = due_of("KH", code, "2027-04-13 23:30", urgency=urgency)

    assert due.at == due.over_at == arrival + timedelta(minutes=minutes)


def test_step_of_hours_after_a_step_of_days_begins_at_the_cut_off_hour() -> None:
    days = Deadline("DL-A", 1, Unit.WORKING_DAY, "recipient")
    hours = Deadline("DL-B", 2, Unit.HOUR, "none")

    due = answer_by((days, hours), moment("KH", "2027-04-12 10:00"), calendar=calendar("KH"))

    assert due is not None
    assert due.at == moment("KH", "2027-04-13 18:00")


# --- states


@pytest.mark.parametrize(
    ("now", "state"),
    [
        ("2027-04-11 23:59", DueState.OPEN),
        ("2027-04-12 00:00", DueState.TODAY),
        ("2027-04-12 16:01", DueState.TODAY),
        ("2027-04-12 23:59", DueState.TODAY),
        ("2027-04-13 00:00", DueState.OVERDUE),
    ],
)
def test_last_day_itself_is_never_overdue(now: str, state: DueState) -> None:
    """Scenario 12: a reminder on the last day of the deadline is refused."""
    due = due_of("KH", "DL-RPD", "2027-04-05 10:00")

    assert due.state(moment("KH", now)) is state


def test_tolerance_delays_only_the_moment_of_being_overdue() -> None:
    due = due_of("KH", "DL-ACK-ACCEPTED", "2027-04-05 10:00", offline=True)

    assert due.at == moment("KH", "2027-04-05 11:00")
    assert due.over_at == moment("KH", "2027-04-06 11:00")


def test_tolerance_is_not_given_to_a_side_with_a_line() -> None:
    due = due_of("KH", "DL-ACK-ACCEPTED", "2027-04-05 10:00")

    assert due.over_at == due.at


# --- holds


HELD_AT, RESUMED_AT = moment("KH", "2027-04-08 09:00"), moment("KH", "2027-05-03 10:00")


def test_hold_that_lasts_stops_the_deadline() -> None:
    arrival = moment("KH", "2027-04-05 10:00")
    holds = (Pause(HELD_AT, RESUMED_AT), Pause(RESUMED_AT))

    due = answer_by(steps("DL-RPD", "KH"), arrival, calendar=calendar("KH"), holds=holds)

    assert due is None


def test_deadline_starts_again_when_the_hold_ends() -> None:
    due = due_of("KH", "DL-RPD", "2027-04-05 10:00", holds=(Pause(HELD_AT, RESUMED_AT),))

    assert due.began_at == RESUMED_AT
    assert due.on == date(2027, 5, 10)


def test_hold_that_ended_before_the_arrival_changes_nothing() -> None:
    due = due_of("KH", "DL-RPD", "2027-05-05 10:00", holds=(Pause(HELD_AT, RESUMED_AT),))

    assert due == due_of("KH", "DL-RPD", "2027-05-05 10:00")


def test_last_of_several_holds_decides() -> None:
    later = Pause(RESUMED_AT, moment("KH", "2027-06-01 10:00"))

    due = due_of("KH", "DL-RPD", "2027-04-05 10:00", holds=(later, Pause(HELD_AT, RESUMED_AT)))

    assert due.on == date(2027, 6, 8)


def test_no_hold_stops_a_maximum() -> None:
    due = due_of("KH", "DL-HOLD-REVIEW", "2027-04-08 09:00", holds=(Pause(HELD_AT),))

    assert due.on == date(2027, 5, 8)


# --- reminders


@pytest.mark.parametrize(
    ("sent", "level", "on"),
    [
        (set(), "first", "2027-03-17"),
        ({"first"}, "second", "2027-03-23"),
        ({"first", "second"}, "escalation", "2027-03-30"),
    ],
)
def test_reminders_follow_one_another_in_the_calendar_of_the_side_that_waits(
    sent: set[str], level: str, on: str
) -> None:
    """Scenario 12, which counts no Indian holiday in March: they are announced here as working days."""
    india = calendar("IN", '[IN.working_days]\n2027-03-22 = "Holi"\n2027-03-26 = "Good Friday"\n')
    due = due_of("KH", "DL-VRS", "2027-02-01 11:30")

    reminder = next_reminder(terms(), due, calendar=india, sent=frozenset(sent))

    assert reminder is not None
    assert (reminder.level, reminder.on) == (level, date.fromisoformat(on))


def test_holiday_of_the_waiting_side_delays_its_reminder() -> None:
    due = due_of("KH", "DL-VRS", "2027-02-01 11:30")

    reminder = next_reminder(terms(), due, calendar=calendar("IN"), sent=frozenset({"first"}))

    assert reminder is not None
    assert reminder.on == date(2027, 3, 24)


def test_nothing_follows_the_escalation() -> None:
    due = due_of("KH", "DL-RPD", "2027-04-05 10:00")

    assert next_reminder(terms(), due, calendar=calendar("VN"), sent=ALL_LEVELS) is None


def test_second_reminder_never_comes_before_the_first() -> None:
    due = due_of("KH", "DL-RPD", "2027-04-05 10:00")

    reminder = next_reminder(terms(), due, calendar=calendar("VN"), sent=frozenset({"second"}))

    assert reminder is not None
    assert reminder.level == "first"


ALL_LEVELS = frozenset({"first", "second", "escalation"})


# --- wrong inputs


def test_period_that_the_calendar_does_not_cover_is_an_error() -> None:
    with pytest.raises(HolidaysMissingError):
        due_of("IN", "DL-VRS", "2035-12-20 10:00")


def test_deadline_without_a_step_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one step"):
        answer_by((), moment("KH", "2027-04-05 10:00"), calendar=calendar("KH"))


# --- properties


COUNTRIES = st.sampled_from(["KH", "TH", "VN", "LA", "ID", "MY", "CN", "IN", "MM"])
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 5 * 365 * 24 * 60).map(lambda minutes: FIRST + timedelta(minutes=minutes))
SPANS = st.builds(Span, st.integers(0, 40), st.sampled_from(list(Unit)))


@given(COUNTRIES, SPANS, INSTANTS, INSTANTS)
def test_later_arrival_never_gives_an_earlier_end(
    country: str, span: Span, one: datetime, two: datetime
) -> None:
    step = (Deadline("DL-X", span.amount, span.unit, "recipient"),)
    first, second = sorted((one, two))

    earlier, later = (answer_by(step, at, calendar=calendar(country)) for at in (first, second))

    assert earlier is not None
    assert later is not None
    assert earlier.on <= later.on
    assert earlier.at <= later.at
    assert earlier.over_at <= later.over_at


@given(COUNTRIES, st.integers(0, 40), INSTANTS)
def test_working_days_never_end_on_a_free_day(country: str, days: int, arrival: datetime) -> None:
    step = (Deadline("DL-X", days, Unit.WORKING_DAY, "recipient"),)

    due = answer_by(step, arrival, calendar=calendar(country))

    assert due is not None
    assert calendar(country).is_working(due.on)


@given(COUNTRIES, st.integers(1, 20), INSTANTS)
def test_a_step_of_days_is_as_long_as_two_that_share_it(country: str, days: int, arrival: datetime) -> None:
    one = Deadline("DL-X", days, Unit.WORKING_DAY, "recipient")
    both = Deadline("DL-Y", 2 * days, Unit.WORKING_DAY, "recipient")

    chained = answer_by((one, one), arrival, calendar=calendar(country))

    assert chained == answer_by((both,), arrival, calendar=calendar(country))


@given(COUNTRIES, SPANS, INSTANTS)
def test_the_three_instants_of_a_deadline_are_in_order(country: str, span: Span, arrival: datetime) -> None:
    due = answer_by(
        (Deadline("DL-X", span.amount, span.unit, "recipient"),), arrival, calendar=calendar(country)
    )

    assert due is not None
    assert due.today_at <= due.at <= due.over_at


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(0, 48))
def test_months_end_in_the_month_that_is_meant(day: date, months: int) -> None:
    end = months_after(day, months)

    assert (end.year * 12 + end.month) - (day.year * 12 + day.month) == months
    assert end.day <= day.day
