# SPDX-License-Identifier: Apache-2.0
"""Random histories of two agencies; the long form is `make simulate`."""

import pytest

from tests.support.history import BrokenInvariantError, History

SEEDS = range(60)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_history_with_crashes_losses_and_clock_jumps_ends_whole(seed: int) -> None:
    History(seed).play()


def test_a_verdict_that_is_answered_before_its_commit_is_found() -> None:
    """The simulation can fail: a store that answers too early is found within a few seeds."""
    with pytest.raises(BrokenInvariantError):
        for seed in range(60):
            History(seed, plant="answer_before_commit").play()
