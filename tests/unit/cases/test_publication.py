# SPDX-License-Identifier: Apache-2.0
"""Months, a year and rows of months are published so that no difference of them is a hidden count."""

import itertools
from datetime import UTC, datetime
from random import Random

import pytest
from exchange.cases.cell_suppression import Sum
from exchange.cases.publication import Period, added, month_of, period_of, published
from exchange.cases.statistics import CELLS, SUMS
from tests.support.differences import attack

T = 10
YEAR = Period("2027-01", "2027-12")
SMALL = (Sum("all", ("a", "b", "c")), Sum("all", ("x", "y")))
ASKED = [
    *itertools.pairwise(YEAR.months),
    ("2027-01", "2027-06"),
    ("2027-03", "2027-11"),
    ("2027-01", "2027-12"),
]
"""Rows of months that overlap, and the year."""
NOW = datetime(2028, 2, 3, tzinfo=UTC)
Months = dict[str, dict[str, int]]


def some_year(seed: int, most: int) -> Months:
    dice = Random(seed)
    months: Months = {}
    for month in YEAR.months:
        parts = [dice.choice((0, dice.randint(0, most), dice.randint(0, 9))) for _ in range(3)]
        total = sum(parts)
        x = dice.randint(0, total)
        months[month] = {"all": total, "a": parts[0], "b": parts[1], "c": parts[2], "x": x, "y": total - x}
    return months


def everything_published(months: Months) -> tuple[list[Sum], dict[str, int | None]]:
    """Return tables of months, rows of months and the year, as one system of counts and sums."""
    shown: dict[str, int | None] = {}
    sums: list[Sum] = []
    names = ("all", "a", "b", "c", "x", "y")
    for month in YEAR.months:
        cells = published(months, Period(month, month), T, SMALL)
        shown |= {f"{month}|{name}": cells[name] for name in names}
        sums += [Sum(f"{month}|{one.total}", tuple(f"{month}|{part}" for part in one.parts)) for one in SMALL]
    for first, last in ASKED:
        period = Period(first, last)
        cells = published(months, period, T, SMALL)
        for name in names:
            shown[f"{first}..{last}|{name}"] = cells[name]
            sums.append(Sum(f"{first}..{last}|{name}", tuple(f"{month}|{name}" for month in period.months)))
        sums += [
            Sum(f"{first}..{last}|{one.total}", tuple(f"{first}..{last}|{part}" for part in one.parts))
            for one in SMALL
        ]
    return sums, shown


@pytest.mark.parametrize("seed", range(4))
def test_no_difference_of_any_two_periods_gives_a_hidden_count(seed: int) -> None:
    months = some_year(seed, most=(12, 25, 60)[seed % 3])
    sums, shown = everything_published(months)

    hidden_months = {name for name in shown if ".." not in name and shown[name] is None}
    year = {name for name in shown if name.startswith("2027-01..2027-12") and shown[name] is None}

    assert hidden_months
    assert not (hidden_months | year) & set(attack(sums, shown))
    assert all(value is None or value >= T for value in shown.values())


@pytest.mark.parametrize("seed", range(30))
def test_published_months_stay_as_they_were_when_the_year_is_published(seed: int) -> None:
    """A year is chosen so that it fits the months that are out already."""
    months = some_year(seed, most=25)
    before = {month: published(months, Period(month, month), T, SMALL) for month in YEAR.months}

    year = published(months, YEAR, T, SMALL)

    for name, count in year.items():
        shown = [before[month][name] for month in YEAR.months]
        hidden = sum(months[month][name] for month in YEAR.months if before[month][name] is None)
        if count is not None:
            assert count == sum(months[month][name] for month in YEAR.months)
            assert None not in shown or (shown.count(None) > 1 and hidden >= T)


def test_year_of_small_months_is_published() -> None:
    months = {month: {"all": 8, "a": 5, "b": 2, "c": 1, "x": 4, "y": 4} for month in YEAR.months}

    assert published(months, YEAR, T, SMALL) == {"all": 96, "a": 60, "b": 24, "c": 12, "x": 48, "y": 48}
    assert set(published(months, Period("2027-01", "2027-01"), T, SMALL).values()) == {None}


def test_row_of_months_is_the_sum_of_what_is_published_and_hidden_with_a_hidden_month() -> None:
    months = {"2027-01": {"all": 20, "a": 20}, "2027-02": {"all": 9, "a": 9}, "2027-03": {"all": 30, "a": 30}}
    sums = (Sum("all", ("a",)),)

    def shown(first: str, last: str) -> int | None:
        return published(months, Period(first, last), T, sums)["all"]

    assert (shown("2027-01", "2027-02"), shown("2027-02", "2027-03")) == (None, None)
    assert shown("2026-12", "2027-01") is None


def test_every_count_of_the_statistics_has_its_name_and_its_sum() -> None:
    cells = dict.fromkeys(CELLS, 0) | {"notices": 12, "notices/accepted": 12, "notices/children": 12}

    assert added([cells], SUMS).broken() == [
        Sum("accepted_once", ("notices/accepted", "accepted_once/not_any_more"))
    ]


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        ("2027-06", "2027-06", ("2027-06",)),
        ("2026-11", "2027-02", ("2026-11", "2026-12", "2027-01", "2027-02")),
    ],
)
def test_period_has_each_of_its_months(first: str, last: str, months: tuple[str, ...]) -> None:
    assert period_of(first, last, NOW).months == months


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("", ""),
        ("2027", "2027"),
        ("2027-13", "2027-13"),
        ("2027-6", "2027-6"),
        ("2027-06-01", "2027-06-30"),
        ("2027-06", "2027-05"),
        ("2028-02", "2028-02"),
        ("2028-01", "2028-03"),
        ("២០២៧-០៦", "២០២៧-០៦"),
    ],
)
def test_other_periods_are_refused(first: str, last: str) -> None:
    with pytest.raises(ValueError, match=r"month"):
        period_of(first, last, NOW)


def test_month_of_an_instant_is_that_of_utc() -> None:
    assert month_of(datetime(2027, 6, 30, 23, 59, tzinfo=UTC)) == "2027-06"
