# SPDX-License-Identifier: Apache-2.0
"""The month's table of the national report, counted from the entries of the home register.

    received       by the country persons came from, children and adults; announced or without notice
    providers      in care at the beginning + taken in = cared for = left + remaining
    reintegration  family being sought + family assessed + followed + closed in the period

Nothing is typed in: every number is a count of entries (procedure, section 11, numbers 10 and 11). A person
in two places at once is a fault of an entry, so that nobody is counted twice as remaining.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from exchange.cases.cell_suppression import Counts, Sum
from exchange.cases.register import Entry, Reintegration, reintegration, stay_on
from exchange.messages.dates import Span

BALANCE = (Reintegration.SOUGHT, Reintegration.ASSESSED, Reintegration.FOLLOWED, Reintegration.CLOSED)
"""Who is under reintegration in a period."""
_AGES = ("children", "adults")


@dataclass(frozen=True)
class Report:
    """The counts of a period and their sums; names are `received/VN/children`, `providers/<code>/left`."""

    period: Span
    counts: Counts


def month_of(text: str) -> Span:
    """Return the days of `YYYY-MM`; raises ValueError if there is no such month."""
    first = date.fromisoformat(f"{text}-01")
    following = (first + timedelta(days=31)).replace(day=1)
    return Span(first, following - timedelta(days=1))


def report(entries: Iterable[Entry], period: Span) -> Report:
    """Return the table of a period."""
    cells: Counter[str] = Counter()
    for entry in entries:
        cells.update(_received(entry, period))
        cells.update(_cared_for(entry, period))
        cells.update(_balance(entry, period))
    countries, providers = _second(cells, "received"), _second(cells, "providers")
    sums = tuple(_sums(countries, providers))
    named = dict.fromkeys(sorted(member for one in sums for member in one.members), 0)
    return Report(period, Counts(named | dict(cells), sums))


def _received(entry: Entry, period: Span) -> Iterable[str]:
    if not _within(entry.received_on, period):
        return ()
    age = "children" if entry.is_child else "adults"
    country = f"received/{entry.received_from}"
    return ("received", country, f"{country}/{age}", f"received_{age}", entry.intake)


def _cared_for(entry: Entry, period: Span) -> Iterable[str]:
    before = stay_on(entry, period.first - timedelta(days=1))
    found = [f"providers/{before.provider}/at_the_beginning"] if before else []
    found += [f"providers/{stay.provider}/taken_in" for stay in entry.stays if _within(stay.in_on, period)]
    found += [
        f"providers/{stay.provider}/left"
        for stay in entry.stays
        if stay.out_on is not None and _within(stay.out_on, period)
    ]
    after = stay_on(entry, period.last)
    found += [f"providers/{after.provider}/remaining", "remaining"] if after else []
    cared = [name for name in found if name.endswith(("/at_the_beginning", "/taken_in"))]
    return (*found, *(f"{name.rpartition('/')[0]}/cared_for" for name in cared))


def _balance(entry: Entry, period: Span) -> Iterable[str]:
    state = reintegration(entry, period)
    return ("reintegration", f"reintegration/{state.value}") if state in BALANCE else ()


def _sums(countries: Iterable[str], providers: Iterable[str]) -> Iterable[Sum]:
    countries, providers = tuple(countries), tuple(providers)
    yield Sum("received", tuple(f"received/{country}" for country in countries))
    yield Sum("received", tuple(f"received_{age}" for age in _AGES))
    yield Sum("received", ("announced", "without_notice"))
    for age in _AGES:
        yield Sum(f"received_{age}", tuple(f"received/{country}/{age}" for country in countries))
    for country in countries:
        yield Sum(f"received/{country}", tuple(f"received/{country}/{age}" for age in _AGES))
    yield Sum("remaining", tuple(f"providers/{provider}/remaining" for provider in providers))
    for provider in providers:
        place = f"providers/{provider}"
        yield Sum(f"{place}/cared_for", (f"{place}/at_the_beginning", f"{place}/taken_in"))
        yield Sum(f"{place}/cared_for", (f"{place}/left", f"{place}/remaining"))
    yield Sum("reintegration", tuple(f"reintegration/{state.value}" for state in BALANCE))


def _second(cells: Iterable[str], first: str) -> list[str]:
    names = (name.split("/") for name in cells)
    return sorted({parts[1] for parts in names if parts[0] == first and len(parts) > 1})


def _within(day: str, period: Span) -> bool:
    return period.first <= date.fromisoformat(day) <= period.last
