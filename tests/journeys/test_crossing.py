# SPDX-License-Identifier: Apache-2.0
"""Random two-sided histories with stops, movements and gaps; the long form is `tests.simulate --crossing`."""

import pytest
from exchange.service import casework
from tests.support.crossing import BrokenCrossingError, CrossingHistory

SEEDS = range(50)


@pytest.mark.parametrize("seed", SEEDS)
def test_both_nodes_end_in_the_same_state_and_no_stop_was_late(seed: int) -> None:
    CrossingHistory(seed).play()


def test_a_node_that_forgets_verdicts_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The property can fail: a node that keeps what was rejected is found within a few seeds."""
    real = casework.settle

    def deaf(*args: object, accepted: bool, **named: object) -> None:
        real(*args, accepted=True, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(casework, "settle", deaf)

    with pytest.raises(BrokenCrossingError):
        _play(200)


def _play(seeds: int) -> None:
    for seed in range(seeds):
        CrossingHistory(seed).play()
