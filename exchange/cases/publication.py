# SPDX-License-Identifier: Apache-2.0
"""When counts of a month, a year or another period may be published, so that periods do not give counts away.

1. A month is published when it is over, alone (`cell_suppression` hides within it).
2. A calendar year is published when it is over, so that with its months it gives nothing away.
3. Any other row of months is the sum of the published months, hidden where one of them is hidden: it tells
   nothing that the months do not.

So whatever is asked for, in whatever order, no difference of two answers is a hidden count. What changes
later in a published month (a decision that comes late) is not seen here: a table is published once.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from exchange.cases.cell_suppression import Counts, Sum

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)
Cells = Mapping[str, int]
Shown = Mapping[str, int | None]


@dataclass(frozen=True)
class Period:
    """Whole months, from the first to the last."""

    first: str
    last: str

    @property
    def months(self) -> tuple[str, ...]:
        """Return every month, in order."""
        year, month = map(int, self.first.split("-"))
        found = []
        while (name := f"{year:04}-{month:02}") <= self.last:
            found.append(name)
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        return tuple(found)

    @property
    def is_year(self) -> bool:
        """Return whether these are the months of one calendar year."""
        return self.first.endswith("-01") and self.last == f"{self.first[:4]}-12"


def period_of(first: str, last: str, now: datetime) -> Period:
    """Return the period between two months that are over.

    Raises:
        ValueError: not months, in the wrong order, or not over yet.
    """
    if not (_MONTH.fullmatch(first) and _MONTH.fullmatch(last)):
        raise ValueError("not months of the form 2027-06")
    if last < first:
        raise ValueError("the last month lies before the first")
    if last >= month_of(now):
        raise ValueError("a month is counted when it is over")
    return Period(first, last)


def month_of(moment: datetime | date) -> str:
    """Return the month of an instant in UTC, as both sides have it."""
    return f"{moment.year:04}-{moment.month:02}"


def names_in(sums: Iterable[Sum]) -> tuple[str, ...]:
    """Return the names of the counts of some sums, each once."""
    return tuple(dict.fromkeys(member for one in sums for member in one.members))


def whole(cells: Cells, sums: tuple[Sum, ...]) -> Counts:
    """Return counts with every name of their sums."""
    return Counts(dict.fromkeys(names_in(sums), 0) | dict(cells), sums)


def added(months: Iterable[Cells], sums: tuple[Sum, ...]) -> Counts:
    """Return the counts of several months together."""
    total = dict.fromkeys(names_in(sums), 0)
    for cells in months:
        for name, count in cells.items():
            total[name] += count
    return Counts(total, sums)


def published(
    months: Mapping[str, Cells],
    period: Period,
    threshold: int,
    sums: tuple[Sum, ...],
    *,
    zeros: bool = False,
) -> dict[str, int | None]:
    """Return what may be published of a period; `months` has the counts of every month that has any."""
    counts = {month: whole(months.get(month, {}), sums) for month in period.months}
    shown = {month: each.published(threshold, zeros=zeros) for month, each in counts.items()}
    if len(shown) > 1 and period.is_year:
        return _year(counts, shown, threshold, zeros=zeros)
    return {name: _sum([cells[name] for cells in shown.values()]) for name in names_in(sums)}


def _year(
    months: Mapping[str, Counts], shown: Mapping[str, Shown], threshold: int, *, zeros: bool
) -> dict[str, int | None]:
    """Return what may be published of a year beside what is published of its months."""
    sums = next(iter(months.values())).sums
    year = added((counts.cells for counts in months.values()), sums)
    cells, every = dict(year.cells), list(sums)
    earlier: dict[str, int | None] = {}
    for month, counts in months.items():
        cells |= {f"{month}|{name}": count for name, count in counts.cells.items()}
        earlier |= {f"{month}|{name}": count for name, count in shown[month].items()}
        every += [Sum(f"{month}|{one.total}", tuple(f"{month}|{part}" for part in one.parts)) for one in sums]
    every += [Sum(name, tuple(f"{month}|{name}" for month in shown)) for name in year.cells]
    found = Counts(cells, tuple(every)).published(threshold, earlier=earlier, zeros=zeros)
    return {name: found[name] for name in year.cells}


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
