# SPDX-License-Identifier: Apache-2.0
"""Days as people write them."""

import pytest
from exchange.messages.as_written import as_day, ascii_digits, gregorian_year

WRITTEN = [
    ("14/5/2001", "2001-05-14"),
    ("14.05.2001", "2001-05-14"),
    ("4-5-2001", "2001-05-04"),
    ("14 5 2001", "2001-05-14"),
    (" 14 / 5 / 2001 ", "2001-05-14"),
    ("១៤/៥/២០០១", "2001-05-14"),
    ("๑๔/๕/๒๐๐๑", "2001-05-14"),
    ("໑໔/໕/໒໐໐໑", "2001-05-14"),
    ("5/2001", "2001-05"),
    ("2001", "2001"),
    ("២០០១", "2001"),
    ("2001-05-14", "2001-05-14"),
    ("2001-05", "2001-05"),
]


@pytest.mark.parametrize(("text", "day"), WRITTEN)
def test_a_day_month_or_year_is_understood(text: str, day: str) -> None:
    assert as_day(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "14/5/01",
        "14/5",
        "2001/5/14",
        "14//2001",
        "5 May 2001",
        "14/5/2001/1",
        "14,5,2001",
        "unknown",
        "",
        "1",
    ],
)
def test_what_is_no_day_stays_as_it_was(text: str) -> None:
    assert as_day(text) == text


def test_a_day_that_the_calendar_has_not_is_left_to_the_rules() -> None:
    assert as_day("31/2/2001") == "2001-02-31"


def test_a_year_of_the_buddhist_era_is_not_converted_in_silence() -> None:
    assert as_day("14/5/2546") == "2546-05-14"
    assert (gregorian_year(2546), gregorian_year(2003), gregorian_year(2701)) == (2003, 2003, 2701)


def test_only_digits_become_digits() -> None:
    assert ascii_digits("ក១២² ๓") == "ក12² 3"
