# SPDX-License-Identifier: Apache-2.0
"""An observer of published counts, who tries every difference of them to find a hidden one.

It shares no code with what chooses the hidden counts: all published sums are one system of equations, solved
with fractions; and bounds are narrowed because no count is negative.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from exchange.cases.cell_suppression import Sum


def attack(sums: Sequence[Sum], shown: Mapping[str, int | None]) -> dict[str, int]:
    """Return hidden counts an observer finds: all differences of published sums, and never below zero."""
    found = dict(_by_differences(sums, shown))
    low = {name: value or 0 for name, value in shown.items()}
    high = {name: 10**9 if value is None else value for name, value in shown.items()}
    for _ in range(50):
        for one in sums:
            for name, others in ((one.total, one.parts), *_turned(one)):
                sign = 1 if name == one.total else -1
                bounds = _bounds(one, name, others, low, high, sign)
                low[name], high[name] = max(low[name], bounds[0]), min(high[name], bounds[1])
    return found | {n: low[n] for n, value in shown.items() if value is None and low[n] == high[n]}


def _turned(one: Sum) -> Iterator[tuple[str, tuple[str, ...]]]:
    for part in one.parts:
        yield part, tuple(other for other in one.parts if other != part)


def _bounds(
    one: Sum, name: str, others: tuple[str, ...], low: dict[str, int], high: dict[str, int], sign: int
) -> tuple[int, int]:
    if sign == 1:
        return sum(low[other] for other in others), sum(high[other] for other in others)
    return (
        low[one.total] - sum(high[other] for other in others),
        high[one.total] - sum(low[other] for other in others),
    )


def _by_differences(sums: Sequence[Sum], shown: Mapping[str, int | None]) -> Iterator[tuple[str, int]]:
    """Yield what any combination of the sums gives: an independent elimination with fractions."""
    unknown = sorted(name for name, value in shown.items() if value is None)
    rows = []
    for one in sums:
        known = sum(shown[part] or 0 for part in one.parts) - (shown[one.total] or 0)
        factors = [Fraction((name in one.parts) - (name == one.total)) for name in unknown]
        rows.append([*factors, Fraction(-known)])
    rank = 0
    for column in range(len(unknown)):
        pivot = next((at for at in range(rank, len(rows)) if rows[at][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        rows[rank] = [value / rows[rank][column] for value in rows[rank]]
        for at, row in enumerate(rows):
            if at != rank and row[column]:
                rows[at] = [one - row[column] * other for one, other in zip(row, rows[rank], strict=True)]
        rank += 1
    for row in rows[:rank]:
        if sum(bool(value) for value in row[:-1]) == 1:
            yield unknown[next(at for at, value in enumerate(row) if value)], int(row[-1])
