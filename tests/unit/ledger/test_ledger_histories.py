# SPDX-License-Identifier: Apache-2.0
"""Random ledgers with planted differences: both sides name exactly these, alone and together.

The long form: `make differences ARGS="--ledgers 10000"`.
"""

import pytest
from tests.support.ledger_histories import LEDGER_PLANTS, LedgerHistory


@pytest.mark.parametrize("name", sorted(LEDGER_PLANTS))
def test_a_planted_difference_is_named_by_both_and_nothing_else_is(name: str) -> None:
    for seed in range(5):
        LedgerHistory(seed, (name,)).play()


def test_differences_that_meet_are_all_named_and_none_is_invented() -> None:
    for seed in range(60):
        LedgerHistory(seed).play()
