# SPDX-License-Identifier: Apache-2.0
"""How often somebody may ask."""

import pytest
from exchange.interfaces.staff.pace import Pace


def test_a_burst_is_let_through_and_then_one_for_each_span_of_time() -> None:
    pace = Pace(burst=2, per_s=0.5)

    assert [pace.wait_s("a", at) for at in (0, 0, 0, 1, 2, 2)] == [0, 0, 2, 1, 0, 2]


def test_a_bucket_never_holds_more_than_the_burst() -> None:
    pace = Pace(burst=2, per_s=1)
    pace.wait_s("a", 0)

    assert [pace.wait_s("a", 1_000) for _ in range(3)] == [0, 0, 1]


def test_one_name_does_not_wait_for_another() -> None:
    pace = Pace(burst=1, per_s=1)

    assert (pace.wait_s("a", 0), pace.wait_s("b", 0)) == (0, 0)


@pytest.mark.parametrize("names", [3, 50])
def test_only_so_many_names_are_remembered(names: int) -> None:
    pace = Pace(burst=1, per_s=1, most=2)

    for name in range(names):
        pace.wait_s(str(name), 0)

    assert len(pace._buckets) == 2
