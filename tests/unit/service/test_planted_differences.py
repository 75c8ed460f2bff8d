# SPDX-License-Identifier: Apache-2.0
"""Each class planted into the ledgers of two real nodes is found, named right, and by both sides alike.

The long form, also with random pairs: `make differences ARGS="--seeds 200"`.
"""

import pytest
from tests.support.planting import PLANTS, Planted


@pytest.mark.parametrize("name", sorted(PLANTS))
def test_planted_difference_is_named_by_both_and_nothing_else_is(name: str) -> None:
    Planted(5, (name,)).play()


@pytest.mark.parametrize("seed", range(4))
def test_two_planted_differences_are_both_named_and_none_is_invented(seed: int) -> None:
    Planted(seed).play()
