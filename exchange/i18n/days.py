# SPDX-License-Identifier: Apache-2.0
"""Days and times as people read them; each language says which calendar it counts in.

* All days are Gregorian inside. Where another count of years is usual (Buddhist Era, 543 more), both years
  are written, each with the name of its era, so that nobody has to guess which one is meant.
* Digits are 0 to 9 in every language: numbers are read out on the telephone between two countries.
* A time has its offset from UTC. Which zone is right (of the crossing, of an office) is the caller's choice.

The names of months are data of the calendar, so they stand here and not in the catalogues: a day can be
written without them.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from types import MappingProxyType
from typing import Final

from exchange.clock import in_zone
from exchange.i18n.languages import ENGLISH, demand_language

BUDDHIST_YEARS: Final = 543
"""The Buddhist Era of the official calendar begins 543 years before the common era."""
_PARTS: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


@dataclass(frozen=True)
class _Calendar:
    """Names of months, and the patterns of a day, a month and a year."""

    months: tuple[str, ...]
    day: str
    month: str
    year: str


_CALENDARS: Final = MappingProxyType(
    {
        ENGLISH: _Calendar(
            months=(
                "January", "February", "March", "April", "May", "June",
                "July", "August", "September", "October", "November", "December",
            ),
            day="{day} {month} {year}",
            month="{month} {year}",
            year="{year}",
        ),
        "km": _Calendar(
            months=(
                "មករា", "កុម្ភៈ", "មីនា", "មេសា", "ឧសភា", "មិថុនា",
                "កក្កដា", "សីហា", "កញ្ញា", "តុលា", "វិច្ឆិកា", "ធ្នូ",
            ),
            day="ថ្ងៃទី {day} ខែ{month} ឆ្នាំ {year} គ.ស.",
            month="ខែ{month} ឆ្នាំ {year} គ.ស.",
            year="ឆ្នាំ {year} គ.ស.",
        ),
        "th": _Calendar(
            months=(
                "มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน",
                "กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม",
            ),
            day="{day} {month} พ.ศ. {buddhist} (ค.ศ. {year})",
            month="{month} พ.ศ. {buddhist} (ค.ศ. {year})",
            year="พ.ศ. {buddhist} (ค.ศ. {year})",
        ),
        "vi": _Calendar(
            months=tuple(f"tháng {number}" for number in range(1, 13)),
            day="ngày {day} {month} năm {year}",
            month="{month} năm {year}",
            year="năm {year}",
        ),
    }
)  # fmt: skip


def day(value: date, language: str) -> str:
    """Return a day, for example `21 October 2027` or `21 ตุลาคม พ.ศ. 2570 (ค.ศ. 2027)`.

    Raises:
        UsageError: there are no texts in the language.
    """
    calendar = _CALENDARS[demand_language(language)]
    return _filled(calendar, calendar.day, year=value.year, month=value.month, day=value.day)


def moment(value: datetime, language: str, zone: tzinfo | None = None) -> str:
    """Return a day and a time with its offset, in a zone or as the value is.

    `21 October 2027, 09:05 (UTC+07:00)`. Requires an aware value.
    """
    local = in_zone(value, zone) if zone else value
    offset = local.isoformat(timespec="minutes")[len("2027-10-21T09:05") :]
    return f"{day(local, language)}, {local:%H:%M} (UTC{'' if offset == '+00:00' else offset})"


def written_day(text: str, language: str) -> str:
    """Return a year, month or day that a message writes as `2003`, `2003-05` or `2003-05-14`.

    Any other text is given back as it is: it comes from a message that was checked elsewhere.
    """
    found, calendar = _PARTS.fullmatch(text), _CALENDARS[demand_language(language)]
    if found is None:
        return text
    year, month, the_day = (int(part) if part else 0 for part in found.groups())
    if not 0 <= month <= len(calendar.months):
        return text
    pattern = calendar.day if the_day else calendar.month if month else calendar.year
    return _filled(calendar, pattern, year=year, month=month, day=the_day)


def _filled(calendar: _Calendar, pattern: str, *, year: int, month: int, day: int) -> str:
    name = calendar.months[month - 1] if month else ""
    return pattern.format(day=day, month=name, year=year, buddhist=year + BUDDHIST_YEARS)
