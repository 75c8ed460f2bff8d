# SPDX-License-Identifier: Apache-2.0
"""Working days of a side: the week, the library, and what was announced."""

from datetime import UTC, date, datetime, timedelta

import pytest
from exchange.cases.calendars import CLOSED_IN_A_ROW, NOTHING_ANNOUNCED, Calendar, read_announced
from exchange.errors import ConfigurationError, HolidaysMissingError
from hypothesis import given
from hypothesis import strategies as st
from tests.support.calendars import calendar, moment, terms

NINE = ("KH", "TH", "VN", "LA", "MM", "IN", "MY", "CN", "ID")
"""The countries of the neutral profile."""


def day(text: str) -> date:
    return date.fromisoformat(text)


# --- the library


def test_every_side_of_the_neutral_profile_is_among_the_measured_calendars() -> None:
    assert {side.calendar for side in terms().sides} == set(NINE)


@pytest.mark.parametrize("country", NINE)
@pytest.mark.parametrize("year", range(2026, 2036))
def test_library_covers_every_side_for_ten_years(country: str, year: int) -> None:
    free = [day for day in _days(year) if calendar(country).name_of(day)]

    assert len(free) >= 8


def _days(year: int) -> list[date]:
    return [date(year, 1, 1) + timedelta(days=number) for number in range(365)]


@pytest.mark.parametrize(
    ("country", "free"),
    [
        ("KH", "2027-04-14"), ("KH", "2027-09-30"), ("KH", "2027-11-12"), ("KH", "2027-03-08"),
        ("VN", "2027-02-04"), ("VN", "2027-02-10"), ("VN", "2027-09-03"), ("VN", "2027-05-03"),
        ("TH", "2027-04-13"), ("TH", "2027-10-25"), ("LA", "2027-04-14"), ("MM", "2027-04-21"),
        ("IN", "2027-10-29"), ("MY", "2027-03-10"), ("CN", "2027-10-05"), ("ID", "2027-03-10"),
    ],
)  # fmt: skip
def test_public_holiday_is_free(country: str, free: str) -> None:
    assert not calendar(country).is_working(day(free))


@pytest.mark.parametrize(("country", "free"), [("TH", "2026-05-13"), ("ID", "2027-03-12")])
def test_day_on_which_only_government_offices_close_is_free(country: str, free: str) -> None:
    assert not calendar(country).is_working(day(free))


@pytest.mark.parametrize("country", NINE)
def test_saturday_and_sunday_are_free(country: str) -> None:
    assert not calendar(country).is_working(day("2027-08-21"))
    assert not calendar(country).is_working(day("2027-08-22"))


def test_weekend_that_the_library_knows_as_worked_is_a_working_day() -> None:
    assert calendar("MM").is_working(day("2026-01-03"))


def test_holiday_has_a_name_and_an_ordinary_day_has_none() -> None:
    assert calendar("KH").name_of(day("2027-09-30")) == "Pchum Ben Day"
    assert calendar("KH").name_of(day("2027-09-28")) == ""


@pytest.mark.parametrize(("country", "year"), [("IN", 2036), ("IN", 2000), ("KH", 1990), ("VN", 2101)])
def test_year_that_the_library_does_not_know_is_an_error_and_no_guess(country: str, year: int) -> None:
    with pytest.raises(HolidaysMissingError) as caught:
        calendar(country).is_working(date(year, 3, 4))

    assert str(year) in str(caught.value)
    assert f"complete = [{year}]" in str(caught.value.hint)


def test_country_that_the_library_does_not_know_is_an_error() -> None:
    side = terms().side_of("KH-X")  # type: ignore[arg-type]
    unknown = Calendar(type(side)(**{**vars(side), "calendar": "XX"}), 16)

    with pytest.raises(HolidaysMissingError):
        unknown.is_working(day("2027-03-04"))


# --- announced days

FILE = """
[KH.holidays]
2027-04-13 = "extra day of Khmer New Year"

[KH.working_days]
2027-04-17 = "instead of 13 April"
2027-03-08 = "worked this year"

[IN]
complete = [2036]

[IN.holidays]
2036-01-26 = "Republic Day"
"""


@pytest.mark.parametrize(
    ("country", "which", "works"),
    [
        ("KH", "2027-04-12", True),
        ("KH", "2027-04-13", False),
        ("KH", "2027-04-17", True),
        ("KH", "2027-03-08", True),
        ("VN", "2027-04-13", True),
        ("IN", "2036-01-26", False),
        ("IN", "2036-01-28", True),
        ("IN", "2036-01-27", False),
    ],
    ids=[
        "as before",
        "added holiday",
        "added Saturday",
        "holiday taken back",
        "another country",
        "complete year",
        "ordinary day of a complete year",
        "Sunday of a complete year",
    ],
)
def test_announced_day_counts_before_everything_else(country: str, which: str, works: bool) -> None:
    assert calendar(country, FILE).is_working(day(which)) is works


def test_announced_holiday_has_its_name() -> None:
    assert calendar("KH", FILE).name_of(day("2027-04-13")) == "extra day of Khmer New Year"
    assert calendar("KH", FILE).name_of(day("2027-03-08")) == ""
    assert calendar("IN", FILE).name_of(day("2036-08-15")) == ""


def test_empty_file_announces_nothing() -> None:
    assert read_announced(b"") == NOTHING_ANNOUNCED


@pytest.mark.parametrize(
    "text",
    [
        "not toml",
        "[KH.holidays]\n2027-04-13 = 1\n",
        "[KH.holidays]\n2027-04-31 = 'no such day'\n",
        "[KH.holidays]\n20270413 = 'another form'\n",
        "[KH.holidays]\n2027-W15-2 = 'another form'\n",
        "[KH.holidays]\nNewYear = 'no day'\n",
        "[KH.holidays]\n2027-04-13 = 'a'\n2027-04-13 = 'b'\n",
        "[KH.holidays]\n2027-04-13 = 'a'\n[KH.working_days]\n2027-04-13 = 'b'\n",
        "[KH]\nholiday = 3\n",
        "[KH]\nholidays = ['2027-04-13']\n",
        "[KH]\ncomplete = 2036\n",
        "[KH]\ncomplete = ['2036']\n",
        "[KH]\ncomplete = [true]\n",
        "[kh.holidays]\n2027-04-13 = 'a'\n",
        "[Cambodia.holidays]\n2027-04-13 = 'a'\n",
        "KH = 3\n",
    ],
)
def test_wrong_file_is_refused_with_the_place_of_its_form(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_announced(text.encode())

    assert "docs/guides/holidays.md" in str(caught.value.hint)


def test_file_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        read_announced(b"[KH.holidays]\n2027-04-13 = '\xff'\n")


def test_office_that_never_opens_is_an_error_and_no_endless_search() -> None:
    start = day("2027-06-01")
    lines = (f'{start + timedelta(days=number)} = "closed"\n' for number in range(CLOSED_IN_A_ROW + 1))

    with pytest.raises(HolidaysMissingError):
        calendar("KH", "[KH.holidays]\n" + "".join(lines)).after(start, 1)


# --- arrival


@pytest.mark.parametrize(
    ("arrival", "counts_as"),
    [
        ("2027-04-09 00:00", "2027-04-09"),
        ("2027-04-09 16:00", "2027-04-09"),
        ("2027-04-09 16:01", "2027-04-12"),
        ("2027-04-09 23:59", "2027-04-12"),
        ("2027-04-10 09:00", "2027-04-12"),
        ("2027-04-11 23:00", "2027-04-12"),
        ("2027-04-13 16:30", "2027-04-19"),
        ("2027-04-15 09:00", "2027-04-19"),
    ],
)
def test_arrival_counts_from_the_working_day_that_can_see_it(arrival: str, counts_as: str) -> None:
    assert calendar("KH").arrival(moment("KH", arrival)) == day(counts_as)


@pytest.mark.parametrize(
    ("country", "offset"),
    [
        ("KH", 420),
        ("VN", 420),
        ("TH", 420),
        ("LA", 420),
        ("ID", 420),
        ("MM", 390),
        ("IN", 330),
        ("MY", 480),
        ("CN", 480),
    ],
)
def test_offset_of_a_side_is_the_same_all_year(country: str, offset: int) -> None:
    """None of these countries changes its clocks; a zone that does would still be counted in its own time."""
    for month in range(1, 13):
        local = calendar(country).local(datetime(2027, month, 15, tzinfo=UTC))
        assert local.utcoffset() == timedelta(minutes=offset)


# --- properties

DATES = st.dates(date(2026, 1, 1), date(2034, 12, 31))


@given(st.sampled_from(NINE), DATES)
def test_next_working_day_is_later_and_nothing_between_is_worked(country: str, start: date) -> None:
    side = calendar(country)

    following = side.next_working(start)

    assert following > start
    assert side.is_working(following)
    between = (start + timedelta(days=number) for number in range(1, (following - start).days))
    assert not any(side.is_working(each) for each in between)


@given(st.sampled_from(NINE), DATES, st.integers(0, 30), st.integers(0, 30))
def test_working_days_add_up(country: str, start: date, one: int, two: int) -> None:
    side = calendar(country)
    begin = side.after(start, 0)

    assert side.after(side.after(begin, one), two) == side.after(begin, one + two)
