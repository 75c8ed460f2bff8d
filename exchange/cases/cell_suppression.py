# SPDX-License-Identifier: Apache-2.0
"""Which counts of persons may be published: none below the threshold, and none that lets one be computed.

    counts = Counts({"all": 25, "women": 22, "men": 3}, (Sum("all", ("women", "men")),))
    counts.published(10)        # {"all": 25, "women": None, "men": None}

Counts hang together by sums, `total = parts`. What is hidden is chosen in this order, which statisticians
call primary (1) and complementary (2, 3) cell suppression:

1. every count below the threshold, also 0: that nobody is among so many says something about each of them;
2. in each sum so many more, the smallest first, that what is hidden of it is two counts or more and together
   not below the threshold: else a subtraction gives a hidden count, or a small sum of them;
3. whatever an observer can still work out: by adding and subtracting published counts in any way (the hidden
   counts as unknowns of all sums at once), or because counts are never negative. For each such count the
   smallest published one that hangs together with it is hidden, until nothing can be worked out.

What was published before stays as it was, and what comes later is chosen so that both together give nothing
away (`earlier`). Both sides of a link publish the same, because the choice follows from the counts and their
names alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

_PRIME = (1 << 61) - 1
"""Sums are solved modulo a prime, with whole numbers; a false zero has a chance below 1e-15."""
_UNBOUNDED = 1 << 60
Row = dict[str, int]


@dataclass(frozen=True)
class Sum:
    """`total` is the sum of `parts`, all of them named."""

    total: str
    parts: tuple[str, ...]

    @property
    def members(self) -> tuple[str, ...]:
        return (self.total, *self.parts)


@dataclass(frozen=True)
class Counts:
    """Counts of persons by name, and how they hang together."""

    cells: Mapping[str, int] = field(default_factory=dict)
    sums: tuple[Sum, ...] = ()

    def published(
        self,
        threshold: int,
        *,
        earlier: Mapping[str, int | None] = MappingProxyType({}),
        zeros: bool = False,
    ) -> dict[str, int | None]:
        """Return each count, or None where it has to be hidden.

        What was published or hidden `earlier` stays as it is. With `zeros` a 0 is shown: for counts of
        something else than persons.
        """
        hidden = hidden_counts(self.cells, self.sums, threshold, earlier, zeros=zeros)
        return {name: None if name in hidden else value for name, value in self.cells.items()}

    def broken(self) -> list[Sum]:
        """Return the sums that do not hold."""
        return [
            one for one in self.sums if self.cells[one.total] != sum(self.cells[part] for part in one.parts)
        ]


def hidden_counts(
    cells: Mapping[str, int],
    sums: Sequence[Sum],
    threshold: int,
    earlier: Mapping[str, int | None] = MappingProxyType({}),
    *,
    zeros: bool = False,
) -> frozenset[str]:
    """Return the names of the counts that must not be published."""
    shown = {name for name, value in earlier.items() if value is not None}
    shown |= {one.total for one in sums if shown.issuperset(one.parts)}
    small = {name for name, value in cells.items() if value < threshold and not (zeros and value == 0)}
    hidden = ({name for name, value in earlier.items() if value is None} | small) - shown
    sums = sorted(sums, key=lambda one: one.members)
    while True:
        _protect_each_sum(cells, sums, hidden, shown, threshold)
        told = _worked_out(cells, sums, hidden, threshold)
        more = {name for name in (_neighbour(cells, sums, hidden | shown, one) for one in told) if name}
        if not more:
            return frozenset(hidden)
        hidden |= more


def _protect_each_sum(
    cells: Mapping[str, int], sums: Sequence[Sum], hidden: set[str], shown: set[str], threshold: int
) -> None:
    changed = True
    while changed:
        changed = False
        for one in sums:
            more = _to_hide(cells, one, hidden, shown, threshold)
            if more:
                hidden.add(more)
                changed = True


def _to_hide(cells: Mapping[str, int], one: Sum, hidden: set[str], shown: set[str], threshold: int) -> str:
    """Return what has to be hidden of a sum next, or "" if nothing more has to or can be."""
    gone = [part for part in one.parts if part in hidden]
    free = [part for part in one.parts if part not in hidden and part not in shown]
    if one.total in hidden:
        return "" if gone else _smallest(cells, free)
    if not gone or (len(gone) > 1 and sum(cells[part] for part in gone) >= threshold):
        return ""
    return _smallest(cells, free) or ("" if one.total in shown else one.total)


def _smallest(cells: Mapping[str, int], names: Iterable[str]) -> str:
    return min(names, key=lambda name: (cells[name], name), default="")


def _neighbour(cells: Mapping[str, int], sums: Sequence[Sum], taken: set[str], name: str) -> str:
    """Return the nearest and smallest count that hangs together with a hidden one and can be hidden."""
    reached, frontier = {name}, {name}
    while frontier:
        near = {member for one in sums if frontier & set(one.members) for member in one.members} - reached
        found = _smallest(cells, (member for member in near if member not in taken))
        if found:
            return found
        reached |= near
        frontier = near
    return ""


def _worked_out(cells: Mapping[str, int], sums: Sequence[Sum], hidden: set[str], threshold: int) -> set[str]:
    """Return hidden counts that follow from the published ones, or whose sum follows and is too small."""
    found = set[str]()
    for row in _solved(sums, hidden):
        if len(row) == 1:
            found |= set(row)
        elif all(factor == 1 for factor in row.values()) and sum(cells[name] for name in row) < threshold:
            found.add(min(row))
    return found | _pinned(cells, sums, hidden)


def _solved(sums: Sequence[Sum], hidden: set[str]) -> list[Row]:
    """Return the sums as equations of the hidden counts, solved as far as they go (Gauss and Jordan)."""
    solved: dict[str, Row] = {}
    for one in sums:
        row = _reduced({name: factor for name, factor in _equation(one).items() if name in hidden}, solved)
        if not row:
            continue
        lead = min(row)
        inverse = pow(row[lead], -1, _PRIME)
        row = {name: factor * inverse % _PRIME for name, factor in row.items()}
        for other, known in solved.items():
            if lead in known:
                solved[other] = _minus(known, row, known[lead])
        solved[lead] = row
    return list(solved.values())


def _equation(one: Sum) -> Row:
    row = dict.fromkeys(one.parts, 1)
    row[one.total] = row.get(one.total, 0) - 1
    return {name: factor % _PRIME for name, factor in row.items() if factor}


def _reduced(row: Row, solved: Mapping[str, Row]) -> Row:
    for lead in [name for name in row if name in solved]:
        if lead in row:
            row = _minus(row, solved[lead], row[lead])
    return row


def _minus(row: Row, other: Row, factor: int) -> Row:
    left = dict(row)
    for name, value in other.items():
        left[name] = (left.get(name, 0) - factor * value) % _PRIME
    return {name: value for name, value in left.items() if value}


def _pinned(cells: Mapping[str, int], sums: Sequence[Sum], hidden: set[str]) -> set[str]:
    """Return hidden counts that have only one possible value because no count is negative."""
    low = {name: 0 if name in hidden else value for name, value in cells.items()}
    high = {name: _UNBOUNDED if name in hidden else value for name, value in cells.items()}
    moved = True
    while moved:
        moved = False
        for one in sums:
            moved |= _narrow(one, low, high)
    return {name for name in hidden if low[name] == high[name]}


def _narrow(one: Sum, low: dict[str, int], high: dict[str, int]) -> bool:
    """Narrow the bounds of the members of a sum; return whether something moved."""
    least, most = sum(low[part] for part in one.parts), sum(high[part] for part in one.parts)
    wanted = [(one.total, least, most)]
    for part in one.parts:
        rest_least, rest_most = least - low[part], most - high[part]
        wanted.append((part, low[one.total] - rest_most, high[one.total] - rest_least))
    moved = False
    for name, lower, upper in wanted:
        if lower > low[name] or upper < high[name]:
            low[name], high[name] = max(low[name], lower), min(high[name], upper)
            moved = True
    return moved
