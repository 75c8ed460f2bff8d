# SPDX-License-Identifier: Apache-2.0
"""Days and times as people read them: in the time of a place, with the calendar of the language.

Thai pages count years of the Buddhist era and say พ.ศ.; the store and the wire never do.
"""

from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime

from exchange.clock import in_zone
from exchange.i18n.days import BUDDHIST_YEARS, written_day

BUDDHIST_FROM = 2400
"""No day of a living person or of a return has such a year of the common era."""
ERAS = {"th": ("พ.ศ.", BUDDHIST_YEARS)}
"""Languages in which years are counted from another year, with the name of the era and the difference."""


def moment_text(moment: datetime, zone: str, language: str) -> str:
    """Return a moment in the time of a place: `Fri 24 Sep 2027, 16:00`."""
    local = in_zone(moment, ZoneInfo(zone))
    day = _day(local, language, "EEE d MMM")
    return f"{day}, {format_datetime(local, 'HH:mm', locale=_locale(language))}"


def end_text(first: datetime, last: datetime, zone: str, language: str) -> str:
    """Return the end of a window in the time of a place; of the same day only its clock: `18:00`."""
    begins, ends = (in_zone(moment, ZoneInfo(zone)) for moment in (first, last))
    return f"{ends:%H:%M}" if begins.date() == ends.date() else moment_text(last, zone, language)


def born_text(text: str, language: str) -> str:
    """Return a year, a month or a day as a message writes it: `2003`, `2003-05` or `2003-05-14`."""
    return (
        written_day(text, language)
        if len(text) < len("2003-05-14")
        else day_text(date.fromisoformat(text), language)
    )


def day_text(day: date, language: str) -> str:
    """Return a day: `24 September 2027`."""
    return _day(day, language, "d MMMM")


def era_name(language: str) -> str:
    """Return the era in which a language counts years, "" for the common one."""
    return ERAS.get(language, ("", 0))[0]


def year_text(text: str, language: str) -> str:
    """Return a year as the language counts it; what is no year of the common era as it is."""
    difference = ERAS.get(language, ("", 0))[1]
    is_year = text.isascii() and text.isdigit() and len(text) == len("2027")
    return str(int(text) + difference) if is_year and int(text) < BUDDHIST_FROM else text


@cache
def _locale(language: str) -> Locale:
    """Return what Babel knows of a language of the pages; read once, for a page has hundreds of days."""
    return Locale.parse(language)


def _day(day: date | datetime, language: str, form: str) -> str:
    written = format_date(day, form, locale=_locale(language))
    era, difference = ERAS.get(language, ("", 0))
    return f"{written} {era} {day.year + difference}" if era else f"{written} {day.year}"
