# SPDX-License-Identifier: Apache-2.0
"""A backup of every age, of one side or of both: equal logs and nothing used twice, or a closed gate.

The long form: `python -m tests.simulate --ages 2000 --every 100 --seeds 1`; again with `--unsettled`, and
with `--calls`.
"""

from tests.support.ages import Ages


def test_a_store_of_any_age_is_made_whole_or_writes_nothing() -> None:
    """Adversary R, rules 16 and 26: an old backup brings no number, no entry and no message back twice."""
    outcomes = Ages(seed=3, messages=6, every=3).play()

    assert outcomes.broken == []
    closed = {name: number for name, number in outcomes.counts.items() if name != "opened"}
    assert outcomes.counts["opened"] == 8
    assert sum(closed.values()) == 4
    assert all("both_restored" in name or "high_water_ahead" in name for name in closed)


def test_a_store_that_was_kept_while_messages_were_under_way_is_made_whole_too() -> None:
    outcomes = Ages(seed=5, messages=4, every=3, unsettled=True).play()

    assert outcomes.under_way > 0
    assert outcomes.broken == []
    assert outcomes.counts["opened"] >= 6


def test_a_store_of_any_age_is_made_whole_by_a_partner_that_only_calls() -> None:
    outcomes = Ages(seed=7, messages=6, every=3, calls=True).play()

    assert outcomes.broken == []
    assert outcomes.counts["opened"] == 8
    assert sum(outcomes.counts.values()) == 12
