# SPDX-License-Identifier: Apache-2.0
"""Days and times as people read them, each with its calendar."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from exchange.errors import UsageError
from exchange.i18n import LANGUAGES, day, moment, written_day

THE_DAY = date(2027, 10, 21)
PLUS_SEVEN = timezone(timedelta(hours=7))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "21 October 2027"),
        ("km", "ថ្ងៃទី 21 ខែតុលា ឆ្នាំ 2027 គ.ស."),
        ("th", "21 ตุลาคม พ.ศ. 2570 (ค.ศ. 2027)"),
        ("vi", "ngày 21 tháng 10 năm 2027"),
    ],
)
def test_a_day_is_said_with_the_month_in_words_and_the_era(language: str, said: str) -> None:
    assert day(THE_DAY, language) == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_twelve_months_have_twelve_names(language: str) -> None:
    said = {day(date(2027, month, 1), language) for month in range(1, 13)}

    assert len(said) == 12


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("2003", "th", "พ.ศ. 2546 (ค.ศ. 2003)"),
        ("2003-05", "km", "ខែឧសភា ឆ្នាំ 2003 គ.ស."),
        ("2003-05-14", "vi", "ngày 14 tháng 5 năm 2003"),
        ("2003-05", "en", "May 2003"),
    ],
)
def test_a_day_of_which_only_a_part_is_known_says_that_part(text: str, language: str, said: str) -> None:
    assert written_day(text, language) == said


@pytest.mark.parametrize(
    "text", ["", "2003-13", "2003-5", "14.05.2003", "២០០៣", "2003-05-14T10:00Z", "about 20"]
)
def test_what_is_no_day_is_given_back_as_it_is(text: str) -> None:
    assert written_day(text, "th") == text


def test_a_time_is_said_with_its_offset() -> None:
    at = datetime(2027, 10, 21, 9, 5, tzinfo=PLUS_SEVEN)

    assert moment(at, "en") == "21 October 2027, 09:05 (UTC+07:00)"


def test_a_time_in_another_zone_may_be_another_day() -> None:
    at = datetime(2027, 12, 31, 22, 0, tzinfo=UTC)

    assert moment(at, "th", ZoneInfo("Asia/Bangkok")) == "1 มกราคม พ.ศ. 2571 (ค.ศ. 2028), 05:00 (UTC+07:00)"


def test_a_time_without_offset_is_called_utc() -> None:
    assert moment(datetime(2027, 10, 21, 2, 5, tzinfo=UTC), "en") == "21 October 2027, 02:05 (UTC)"


@pytest.mark.parametrize("language", ["lo", "KM", "", "en-GB", "../km"])
def test_a_language_without_texts_is_refused(language: str) -> None:
    with pytest.raises(UsageError):
        day(THE_DAY, language)
