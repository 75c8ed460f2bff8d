# SPDX-License-Identifier: Apache-2.0
"""Scenarios of the domain reference as journeys over two real nodes (`tests.support.journey`)."""

from copy import deepcopy
from typing import Any

import pytest
from exchange.service import intake
from tests.journeys_table import PLAYED, journey, scenarios, table
from tests.support.journey import Tally, WrongTurnError

WITH_REJECTIONS = {
    1: 8, 2: 4, 3: 4, 4: 5, 5: 4, 6: 4, 7: 4, 8: 4, 9: 2, 10: 3, 11: 3, 12: 4, 13: 3, 14: 3, 15: 2, 16: 3,
    17: 2, 18: 0, 19: 6,
}  # fmt: skip


def changed(number: int, at: int, **members: Any) -> dict[str, Any]:
    """Return a scenario in which one rejection says something else."""
    scenario = deepcopy(scenarios()[number])
    scenario["reject"] = [scenario["reject"][at] | members]
    return scenario


@pytest.mark.parametrize("number", PLAYED)
def test_both_nodes_hold_the_states_of_the_scenario_after_each_step_and_refuse_what_it_refuses(
    number: int,
) -> None:
    scenario = scenarios()[number]

    tally = journey(scenario).play()

    assert tally.steps == len(scenario.get("wire") or scenario["steps"])
    assert tally.recipient + tally.persons + tally.one_end == WITH_REJECTIONS[number]
    assert len(scenario["reject"]) == WITH_REJECTIONS[number]


def test_only_a_retired_key_is_seen_by_the_recipient_alone() -> None:
    tally = journey(scenarios()[6]).play()

    assert (tally.own, tally.recipient) == (3, 4)


def test_what_rests_on_the_decision_of_a_third_state_is_seen_by_the_host_alone() -> None:
    tally = journey(scenarios()[5]).play()

    assert (tally.own, tally.recipient, tally.one_end) == (4, 3, 1)


def test_what_crossed_on_the_line_is_let_go_by_its_sender_and_refused_by_the_keeper() -> None:
    tally = journey(scenarios()[10]).play()

    assert (tally.own, tally.recipient) == (2, 3)


def test_another_state_than_that_of_the_scenario_is_found() -> None:
    scenario = deepcopy(scenarios()[16])
    scenario["steps"][6]["after"]["C2"] = "handed_over"

    with pytest.raises(WrongTurnError, match=r"step 7: at .*not_presented.*handed_over"):
        journey(scenario).play()


def test_another_state_of_a_movement_is_found() -> None:
    scenario = deepcopy(scenarios()[16])
    scenario["steps"][6]["movement_after"] = "completed"

    with pytest.raises(WrongTurnError, match="step 7"):
        journey(scenario).play()


def test_a_row_that_was_not_taken_silently_is_found() -> None:
    scenario = deepcopy(scenarios()[16])
    scenario["steps"][0]["implied"]["C1"] = ["presumed > notified"]

    with pytest.raises(WrongTurnError, match="step 1: rows taken silently"):
        journey(scenario).play()


def test_another_code_than_that_of_the_scenario_is_found() -> None:
    with pytest.raises(WrongTurnError, match="own node says 'count_invalid', not 'form_invalid'"):
        journey(changed(16, 0, code="form_invalid")).play()


def test_a_message_that_nobody_stops_is_found() -> None:
    right = {"fields": {"signature": "first"}, "persons": ["C1", "C2"], "lines": {}}

    with pytest.raises(WrongTurnError, match="own node says 'released'"):
        journey(changed(16, 0, **right)).play()


def test_a_recipient_that_does_not_look_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The own node stops it; the faulty partner sends it anyway, and the recipient takes it."""
    monkeypatch.setattr(intake, "check_rules", lambda *_: ())

    with pytest.raises(WrongTurnError, match="recipient says 'accepted', not 'count_invalid'"):
        journey(changed(16, 2)).play()


def test_another_verdict_on_a_number_is_found() -> None:
    scenario = deepcopy(scenarios()[18])
    scenario["wire"][5]["released"]["233"] = "accepted"

    with pytest.raises(WrongTurnError, match="number 232"):
        journey(scenario).play()


def test_the_table_has_a_row_for_each_scenario_and_a_sum() -> None:
    rows = table({1: Tally(steps=22, messages=44, own=8, notes=["a note"]), 16: Tally(steps=8, messages=8)})

    assert [row.split()[0] for row in rows[2:5]] == ["1", "16", "sum"]
    assert rows[4].split()[1:3] == ["30", "52"]
    assert rows[-1] == " 1: a note"
