# SPDX-License-Identifier: Apache-2.0
"""What became of a question, how many working days an answer took, and what of it is published."""

from datetime import UTC, datetime, timedelta

import pytest
from exchange.cases.deadlines import Due, answer_by
from exchange.cases.publication import Period
from exchange.cases.timeliness import Answer, Fate, counts_of, days_used, fate_of, punctuality
from tests.support.calendars import calendar, moment, steps

ASKED = datetime(2027, 10, 4, 3, tzinfo=UTC)
JUNE = Period("2027-06", "2027-06")


def due() -> Due:
    found = answer_by(steps("DL-RPD", "VN"), ASKED, calendar=calendar("VN"))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("answered", "now", "awaited", "fate"),
    [
        (timedelta(0), 0, True, Fate.IN_TIME),
        (timedelta(seconds=-1), 0, True, Fate.IN_TIME),
        (timedelta(days=9), 0, False, Fate.LATE),
        (None, -1, True, Fate.NOT_DUE),
        (None, 0, True, Fate.OVERDUE),
        (None, 0, False, Fate.NOT_NEEDED),
        (None, -1, False, Fate.NOT_NEEDED),
    ],
    ids=["at once", "before", "late", "open", "overdue", "cancelled late", "cancelled early"],
)
def test_fate_of_a_question(answered: timedelta | None, now: int, awaited: bool, fate: Fate) -> None:
    end = due().over_at
    answered_at = None if answered is None else (ASKED if not answered else end + answered)

    assert fate_of(due(), answered_at, end + timedelta(seconds=now), awaited=awaited) is fate


@pytest.mark.parametrize(("late", "fate"), [(-1, Fate.IN_TIME), (0, Fate.LATE), (1, Fate.LATE)])
def test_answer_is_late_from_the_midnight_after_the_last_day(late: int, fate: Fate) -> None:
    answered_at = due().over_at + timedelta(milliseconds=late)

    assert fate_of(due(), answered_at, answered_at, awaited=False) is fate


def test_answer_without_a_deadline_is_in_time() -> None:
    assert fate_of(None, ASKED, ASKED, awaited=False) is Fate.IN_TIME
    assert fate_of(None, None, ASKED, awaited=True) is Fate.NOT_DUE


@pytest.mark.parametrize(
    ("asked", "answered", "days"),
    [
        ("2027-10-04 10:00", "2027-10-04 15:00", 0),
        ("2027-10-04 10:00", "2027-10-05 08:00", 1),
        ("2027-10-04 17:00", "2027-10-05 08:00", 0),
        ("2027-10-08 10:00", "2027-10-11 09:00", 1),
        ("2027-10-09 10:00", "2027-10-11 09:00", 0),
        ("2027-10-09 10:00", "2027-10-10 09:00", 0),
        ("2027-08-31 10:00", "2027-09-06 09:00", 2),
    ],
    ids=[
        "the same day",
        "the next day",
        "after hours",
        "a weekend",
        "on Saturday",
        "in a weekend",
        "holidays",
    ],
)
def test_days_are_working_days_of_the_side_that_answers(asked: str, answered: str, days: int) -> None:
    assert days_used(moment("VN", asked), moment("VN", answered), calendar("VN")) == days


def answers(**counts: int) -> list[Answer]:
    return [Answer(Fate(fate), days=number) for fate, count in counts.items() for number in range(count)]


def test_counts_close() -> None:
    counts = counts_of(answers(in_time=12, late=3, not_due_yet=2, overdue=1, not_needed=4))

    assert counts.broken() == []
    assert (counts.cells["asked"], counts.cells["answered"], counts.cells["open"]) == (22, 15, 3)


def test_median_and_nine_tenths_are_of_the_nearest_rank() -> None:
    found = punctuality({"2027-06": answers(in_time=20)}, JUNE, 10)

    assert (found.median_days, found.nine_tenths_days) == (9, 17)
    assert found.counts["answered"] == 20


@pytest.mark.parametrize("count", [1, 9])
def test_days_of_few_answers_are_hidden_with_their_count(count: int) -> None:
    found = punctuality({"2027-06": answers(in_time=count, not_needed=30)}, JUNE, 10)

    assert found.counts["answered"] is None
    assert (found.median_days, found.nine_tenths_days) == (None, None)


def test_question_that_nobody_answered_late_is_shown_as_zero() -> None:
    found = punctuality({"2027-06": answers(in_time=20)}, JUNE, 10)

    assert (found.counts["late"], found.counts["overdue"]) == (0, 0)


def test_answers_of_another_month_are_no_part_of_a_month_that_is_hidden() -> None:
    both = {"2027-06": answers(in_time=30), "2027-07": answers(in_time=3)}

    assert punctuality(both, JUNE, 10).median_days == 14
    assert punctuality(both, Period("2027-06", "2027-07"), 10).median_days is None
