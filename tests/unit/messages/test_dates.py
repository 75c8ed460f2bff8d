# SPDX-License-Identifier: Apache-2.0
"""Days, ages and their doubt."""

from datetime import date
from typing import Any

import pytest
from exchange.messages.dates import Days, Span, age, birth_span, value_span
from exchange.messages.people import Birth

DAY = date(2027, 9, 17)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2003", date(2003, 1, 1), date(2003, 12, 31)),
        ("2004-02", date(2004, 2, 1), date(2004, 2, 29)),
        ("2003-02", date(2003, 2, 1), date(2003, 2, 28)),
        ("2003-05-14", date(2003, 5, 14), date(2003, 5, 14)),
    ],
)
def test_value_means_a_span_of_days(text: str, first: date, last: date) -> None:
    assert value_span(text) == Span(first, last)


@pytest.mark.parametrize("text", ["2003-02-30", "0000", "2003-13", "2100-02-29"])
def test_impossible_value_means_no_day(text: str) -> None:
    assert value_span(text) is None


@pytest.mark.parametrize(
    ("born", "day", "years"),
    [
        (date(2009, 9, 17), date(2027, 9, 16), 17),
        (date(2009, 9, 17), date(2027, 9, 17), 18),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_age_in_full_years(born: date, day: date, years: int) -> None:
    assert age(born, day) == years


def test_year_of_the_eighteenth_birthday_leaves_a_doubt() -> None:
    span = value_span("2009")

    assert span is not None
    assert not span.is_surely_adult(DAY)
    assert not span.is_surely_under(18, DAY)


def _birth(**members: str) -> Birth:
    return Birth.model_validate({"basis": "self_reported", "calendar": "unknown", **members})


def test_birth_without_a_value_has_no_span() -> None:
    assert birth_span(_birth(precision="unknown")) is None
    assert birth_span(_birth(precision="range", **{"from": "2003-02-30", "to": "2004-01-01"})) is None


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ({"value": "2400", "precision": "year"}, "date.buddhist"),
        ({"value": "2545-03", "precision": "month"}, "date.buddhist"),
        ({"value": "2700-01-01", "precision": "day"}, "date.buddhist"),
        ({"value": "2399", "precision": "year"}, "date.birth"),
        ({"value": "2701", "precision": "year"}, "date.birth"),
        ({"value": "1916-12-31", "precision": "day"}, "date.birth"),
        ({"value": "2028", "precision": "year"}, "date.birth"),
        ({"value": "2027-09-19", "precision": "day"}, "date.future"),
        ({"value": "2027-02-29", "precision": "day"}, "date.impossible"),
        ({"from": "2004-01-01", "to": "2003-01-01", "precision": "range"}, "date.order"),
        ({"from": "2545-01-01", "to": "2003-01-01", "precision": "range"}, "date.buddhist"),
    ],
)
def test_impossible_birth_is_a_fault(members: dict[str, str], rule: str) -> None:
    days = Days()

    days.birth(_birth(**members), DAY, "persons", 0, "birth")

    assert days.faults[0].rule == rule
    assert all(fault.code == "date_invalid" for fault in days.faults)


@pytest.mark.parametrize("value", ["1917", "1917-01", "2027", "2027-09-18", "2004-02-29"])
def test_possible_birth_is_no_fault(value: str) -> None:
    days = Days()
    precision = {4: "year", 7: "month", 10: "day"}[len(value)]

    days.birth(_birth(value=value, precision=precision), DAY, "persons", 0, "birth")

    assert days.faults == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("2027-09-17T10:06+07:00", "date.future"),
        ("2570-09-17T09:40+07:00", "date.buddhist"),
        ("2027-02-30T09:40+07:00", "date.impossible"),
        ("0001-01-01T00:00+23:59", "date.impossible"),
        ("0000-01-01T00:00Z", "date.impossible"),
        ("0001-12-31T23:59Z", "date.impossible"),
        ("9999-01-01T00:00+00:00", "date.impossible"),
        ("9999-12-31T23:30+00:00", "date.impossible"),
    ],
)
def test_moment_that_cannot_be(text: str, rule: str) -> None:
    from datetime import UTC, datetime

    days = Days()

    days.moment_not_after(datetime(2027, 9, 17, 3, 5, tzinfo=UTC), text, "content", "telephone_notice", "at")

    assert [fault.rule for fault in days.faults] == [rule]


def test_missing_day_is_no_fault() -> None:
    days = Days()

    found: Any = (days.read(None, "x"), days.not_after(DAY, None, "x"), days.not_before(DAY, None, "x"))
    days.in_order(None, DAY, "x")

    assert found == (None, None, None)
    assert days.faults == []
