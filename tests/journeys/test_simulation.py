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
    assert any(_is_broken(History(seed, plant="answer_before_commit")) for seed in range(60))


def _is_broken(history: History) -> bool:
    try:
        history.play()
    except BrokenInvariantError:
        return True
    return False
