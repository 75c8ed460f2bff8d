# SPDX-License-Identifier: Apache-2.0
"""No count below the threshold is published, nor can one be worked out from what is."""

import itertools
from random import Random

import pytest
from exchange.cases.cell_suppression import Counts, Sum
from tests.support.differences import attack

T = 10


def table(rows: list[list[int]]) -> Counts:
    """Return a table with its margins: cells `r0c0`, rows `r0`, columns `c0`, and `all`."""
    heights, widths = range(len(rows)), range(len(rows[0]))
    cells = {f"r{y}c{x}": rows[y][x] for y in heights for x in widths}
    cells |= {f"r{y}": sum(rows[y]) for y in heights} | {f"c{x}": sum(row[x] for row in rows) for x in widths}
    cells["all"] = sum(map(sum, rows))
    sums = [Sum(f"r{y}", tuple(f"r{y}c{x}" for x in widths)) for y in heights]
    sums += [Sum(f"c{x}", tuple(f"r{y}c{x}" for y in heights)) for x in widths]
    sums += [Sum("all", tuple(f"r{y}" for y in heights)), Sum("all", tuple(f"c{x}" for x in widths))]
    return Counts(cells, tuple(sums))


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        ({"all": 25, "a": 15, "b": 10}, {"all": 25, "a": 15, "b": 10}),
        ({"all": 25, "a": 22, "b": 3}, {"all": 25, "a": None, "b": None}),
        ({"all": 100, "a": 100, "b": 0}, {"all": 100, "a": None, "b": None}),
        ({"all": 9, "a": 9, "b": 0}, {"all": None, "a": None, "b": None}),
        ({"all": 10, "a": 5, "b": 5}, {"all": 10, "a": None, "b": None}),
    ],
    ids=["all large", "one small", "one empty", "all small", "small ones with a large total"],
)
def test_small_counts_of_one_sum_are_hidden_with_one_more(
    cells: dict[str, int], shown: dict[str, int | None]
) -> None:
    assert Counts(cells, (Sum("all", ("a", "b")),)).published(T) == shown


def test_two_small_counts_that_are_small_together_take_a_third_with_them() -> None:
    counts = Counts({"all": 35, "a": 1, "b": 2, "c": 12, "d": 20}, (Sum("all", ("a", "b", "c", "d")),))

    assert counts.published(T) == {"all": 35, "a": None, "b": None, "c": None, "d": 20}


def test_counts_at_the_threshold_are_published_and_below_it_are_not() -> None:
    assert Counts({"a": 10, "b": 9}).published(10) == {"a": 10, "b": None}
    assert Counts({"a": 10, "b": 9}).published(9) == {"a": 10, "b": 9}


def test_what_is_hidden_in_a_row_cannot_be_computed_from_its_column() -> None:
    counts = table([[3, 40, 50], [60, 70, 80], [90, 100, 110]])
    shown = counts.published(T)

    assert shown["r0c0"] is None
    assert attack(counts.sums, shown) == {}
    assert sum(value is None for value in shown.values()) == 4


def test_two_hidden_blocks_joined_by_one_cell_do_not_give_the_cell_away() -> None:
    """Each row and column hides two cells, and still one of them follows from all sums together."""
    counts = table([[1, 2, 40, 41], [3, 4, 42, 43], [44, 45, 5, 6], [46, 47, 7, 80], [50, 1, 90, 95]])

    assert attack(counts.sums, counts.published(T)) == {}


@pytest.mark.parametrize("seed", range(120))
def test_no_difference_of_published_counts_gives_a_hidden_one(seed: int) -> None:
    dice = Random(seed)
    size = (dice.randint(1, 5), dice.randint(2, 5))
    most = dice.choice((6, 15, 60))
    counts = table([[dice.randint(0, most) for _ in range(size[1])] for _ in range(size[0])])

    shown = counts.published(T)

    assert attack(counts.sums, shown) == {}
    assert all(value is None or value >= T for value in shown.values())


@pytest.mark.parametrize("seed", range(60))
def test_every_difference_of_two_sums_is_large_or_unknown(seed: int) -> None:
    """What is left of a published total after its published parts is a count, too."""
    dice = Random(f"differences {seed}")
    counts = table([[dice.randint(0, 30) for _ in range(4)] for _ in range(3)])
    shown = counts.published(T)

    for one in counts.sums:
        total = shown[one.total]
        known = [value for part in one.parts if (value := shown[part]) is not None]
        if total is None or len(known) == len(one.parts):
            continue
        for some in itertools.combinations(known, len(known)):
            assert total - sum(some) >= T


def test_the_attacker_of_this_page_finds_what_is_hidden_badly() -> None:
    counts = table([[3, 40], [50, 60]])
    badly = counts.published(T) | {"r0c1": 40, "c0": 53}

    assert attack(counts.sums, badly)["r0c0"] == 3


def test_choice_does_not_depend_on_the_order_of_the_counts() -> None:
    counts = table([[3, 40, 12], [12, 12, 80]])
    turned = Counts(dict(reversed(list(counts.cells.items()))), counts.sums[::-1])

    assert turned.published(T) == counts.published(T)


def test_sum_that_does_not_hold_is_named() -> None:
    right, wrong = Sum("all", ("a", "b")), Sum("all", ("a",))

    assert Counts({"all": 3, "a": 1, "b": 2}, (right, wrong)).broken() == [wrong]
