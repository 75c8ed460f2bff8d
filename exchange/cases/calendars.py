# SPDX-License-Identifier: Apache-2.0
"""Working days of one side: its week, its public holidays, and the days its government announced.

A day is looked up in this order; the first answer counts:

1. Announced: the local file names it a holiday or a working day (`read_announced`).
2. Holidays: the library `holidays` for the calendar that the agreement names, with the days on which
   only government offices close, where it knows them. It also knows some weekends that are worked.
3. The week: the working days of the side in the agreement.

A year that neither the library covers nor the file declares complete is an error, never a guess. The
file can replace the library for a year: both sides then count with one list that they agreed.

Nothing here reads a file or a clock. A calendar does not bind the partner: it says when we are late and
when we may remind; nothing changes its state because a day has passed.
"""

import sys
import tomllib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from importlib.util import find_spec, module_from_spec
from types import MappingProxyType
from zoneinfo import ZoneInfo

import holidays

from exchange.clock import in_zone
from exchange.errors import ConfigurationError, HolidaysMissingError
from exchange.protocol.terms import Side

CLOSED_IN_A_ROW = 60
"""More free days than that in a row are a mistake in the file, not a holiday."""
_CATEGORIES = ("public", "government")
_MEMBERS = frozenset({"holidays", "working_days", "complete"})


@dataclass(frozen=True)
class CountryDays:
    """What was announced for one calendar: days with their names, and years that are complete here."""

    holidays: Mapping[date, str] = field(default_factory=dict)
    working: Mapping[date, str] = field(default_factory=dict)
    complete: frozenset[int] = frozenset()


@dataclass(frozen=True)
class AnnouncedDays:
    """The local file, by country code of the calendar."""

    countries: Mapping[str, CountryDays] = field(default_factory=dict)
    fault: str = ""
    """Why the file could not be taken, so that these are no days at all; "" if nothing is wrong."""

    def of(self, country: str) -> CountryDays:
        return self.countries.get(country, CountryDays())


NOTHING_ANNOUNCED = AnnouncedDays()


def read_announced(raw: bytes) -> AnnouncedDays:
    """Return the days in the bytes of a `calendar.toml`; the form is in docs/guides/holidays.md.

    Raises:
        ConfigurationError: not TOML, an unknown member, not a day, or a day that is both.
    """
    try:
        members = tomllib.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _wrong("it is not TOML in UTF-8") from error
    return AnnouncedDays({country: _country(country, value) for country, value in members.items()})


def _country(country: str, members: object) -> CountryDays:
    if not (len(country) == 2 and country.isascii() and country.isupper()):
        raise _wrong(f"{country[:20]} is not a country code of two capital letters")
    if not isinstance(members, dict) or not set(members) <= _MEMBERS:
        raise _wrong(f"{country} has other members than {', '.join(sorted(_MEMBERS))}")
    free, worked = _days(country, members.get("holidays")), _days(country, members.get("working_days"))
    both = sorted(set(free) & set(worked))
    if both:
        raise _wrong(f"{both[0]} is a holiday and a working day of {country}")
    years = members.get("complete", [])
    if not isinstance(years, list) or not all(type(year) is int for year in years):
        raise _wrong(f"complete of {country} is not a list of years")
    return CountryDays(free, worked, frozenset(years))


def _days(country: str, members: object) -> Mapping[date, str]:
    if members is None:
        return {}
    if not isinstance(members, dict) or not all(isinstance(name, str) for name in members.values()):
        raise _wrong(f'the days of {country} are not lines of the form 2027-04-13 = "name"')
    return MappingProxyType({_day(country, text): name for text, name in members.items()})


def _day(country: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise _wrong(f"{country} names {text[:20]}, which is not a day") from error
    if day.isoformat() != text:
        raise _wrong(f"{country} names {text[:20]}; write it as {day.isoformat()}")
    return day


def _wrong(what: str) -> ConfigurationError:
    return ConfigurationError(
        f"the file of announced days is wrong: {what}", hint="correct it; see docs/guides/holidays.md"
    )


@dataclass(frozen=True)
class Calendar:
    """The calendar of one side of an agreement, with what was announced for it."""

    side: Side
    cut_off_hour: int
    """What arrives after this hour of a working day counts as arrived on the next one."""
    announced: AnnouncedDays = field(default=NOTHING_ANNOUNCED, hash=False)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.side.zone)

    @cached_property
    def _counted(self) -> dict[tuple[date, int], date]:
        """Working days counted before; what arrived on one day asks for the same."""
        return {}

    def local(self, moment: datetime) -> datetime:
        """Return an instant as the clocks of this side show it."""
        return in_zone(moment, self.zone)

    def is_working(self, day: date) -> bool:
        """Return whether the offices of this side work on a day.

        Raises:
            HolidaysMissingError: the calendar does not cover the year.
        """
        said = self.announced.of(self.side.calendar)
        if day in said.working:
            return True
        if day in said.holidays:
            return False
        year = _Year() if day.year in said.complete else _library_year(self.side.calendar, day.year)
        if day in year.worked:
            return True
        return day.isoweekday() in self.side.days and day not in year.free

    def name_of(self, day: date) -> str:
        """Return the name of a holiday, "" for any other day."""
        said = self.announced.of(self.side.calendar)
        if day in said.holidays:
            return said.holidays[day]
        if day in said.working or day.year in said.complete:
            return ""
        return _library_year(self.side.calendar, day.year).free.get(day, "")

    def next_working(self, day: date) -> date:
        """Return the first working day after `day`."""
        for _ in range(CLOSED_IN_A_ROW):
            day += timedelta(days=1)
            if self.is_working(day):
                return day
        raise HolidaysMissingError(
            f"the calendar of {self.side.country} has no working day in the {CLOSED_IN_A_ROW} days "
            f"before {day}",
            hint="correct the file of announced days; see docs/guides/holidays.md",
        )

    def after(self, day: date, working_days: int) -> date:
        """Return the working day that is `working_days` after `day`, which is not counted.

        Requires working_days >= 0; with 0 it is `day` itself, or the next working day if it is free.
        """
        found = self._counted.get((day, working_days))
        if found is None:
            found = self._counted[day, working_days] = self._after(day, working_days)
        return found

    def _after(self, day: date, working_days: int) -> date:
        if working_days == 0 and not self.is_working(day):
            return self.next_working(day)
        for _ in range(working_days):
            day = self.next_working(day)
        return day

    def arrival(self, moment: datetime) -> date:
        """Return the working day on which something counts as arrived.

        After the cut-off hour, and on a free day, that is the next working day: who sends later never
        gets an answer earlier.
        """
        local = self.local(moment)
        late = local.time() > time(self.cut_off_hour)
        if not late and self.is_working(local.date()):
            return local.date()
        return self.next_working(local.date())

    def closing(self, day: date) -> datetime:
        """Return the cut-off hour of a day as an instant."""
        return datetime.combine(day, time(self.cut_off_hour), self.zone).astimezone(UTC)

    def start(self, day: date) -> datetime:
        """Return the midnight with which a day begins here, as an instant."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


@dataclass(frozen=True)
class _Year:
    """What the library says about one year of one country."""

    free: Mapping[date, str] = field(default_factory=dict)
    worked: frozenset[date] = frozenset()


@lru_cache(maxsize=256)
def _library_year(country: str, year: int) -> _Year:
    """Return a year of the library; it warns, or gives nothing, where it does not know a year."""
    _load_no_other_country()
    try:
        kind = holidays.country_holidays(country)
    except NotImplementedError as error:
        raise _missing(country, year) from error
    categories = tuple(name for name in _CATEGORIES if name in kind.supported_categories)
    language = "en_US" if "en_US" in kind.supported_languages else None
    with warnings.catch_warnings(record=True) as doubts:
        warnings.simplefilter("always")
        found = holidays.country_holidays(country, years=year, categories=categories, language=language)
        free = {day: name for day, name in found.items() if day.year == year}
    if doubts or not free:
        raise _missing(country, year)
    worked = frozenset(day for day in found.weekend_workdays if day.year == year)
    return _Year(MappingProxyType(free), worked)


def _load_no_other_country() -> None:
    """Put the library's package of countries in place without running it: it would load all 250 of them.

    They are 8 MB of a node for good, and half a second of its first message. What it loads by itself is the
    module of the country that is asked for.
    """
    name = "holidays.countries"
    spec = find_spec(name) if name not in sys.modules else None
    if spec is not None:
        sys.modules[name] = module_from_spec(spec)


def _missing(country: str, year: int) -> HolidaysMissingError:
    return HolidaysMissingError(
        f"the holidays of {country} are not known for {year}",
        hint=f"list them in calendar.toml and add: complete = [{year}]; see docs/guides/holidays.md",
    )
