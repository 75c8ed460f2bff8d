# SPDX-License-Identifier: Apache-2.0
"""Each class planted into the ledgers of two real nodes is found, named right, and by both sides alike.

The carrier between them loses, doubles, delays and reorders in each history. The long form, with random
pairs: `make differences ARGS="--seeds 10000 --workers 2"`.
"""

import pytest
from tests.support.planting import PLANTS, Planted


@pytest.mark.parametrize("name", sorted(PLANTS))
def test_planted_difference_is_named_by_both_and_nothing_else_is(name: str) -> None:
    Planted(5, (name,)).play()


@pytest.mark.parametrize("seed", range(4))
def test_two_planted_differences_are_both_named_and_none_is_invented(seed: int) -> None:
    Planted(seed).play()


def test_carrier_of_a_history_loses_doubles_delays_and_reorders() -> None:
    history = Planted(2)

    history.play()

    for deed in ("lost", "answer lost", "doubled", "late", "reordered"):
        assert history.carried[deed] > 0, deed
