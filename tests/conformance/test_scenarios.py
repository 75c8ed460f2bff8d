# SPDX-License-Identifier: Apache-2.0
"""Every scenario of the domain reference, walked through the tables of cases and movements.

Checked are, step by step, the state of every person, the state of the movement and the implied rows; and
every rejected message that the tables can decide, at its place, with its code. What needs other facts
(forms, consents of the message, directory, calendars) is counted by kind, so that nothing is left out
without notice; it is decided in other packages.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from exchange.cases.effects import Message, Taken, World, take
from exchange.cases.movements import MovementSnapshot, first_movement
from exchange.cases.snapshot import CaseSnapshot, Fields, Value
from exchange.cases.tables import LifecycleTable, MovementTable
from exchange.errors import RejectedError

ROOT = Path(__file__).parents[2]
SCENARIOS = json.loads((ROOT / "tests/data/scenarios.json").read_text(encoding="utf-8"))["scenarios"]
DECIDED_HERE = ("state", "direction")
"""Kinds of check that the tables decide."""
DECIDED_ELSEWHERE = {
    "count": 8, "person": 6, "consent": 5, "form": 5, "disclosure": 5, "safeguard": 4, "directory": 4,
    "crossing": 3, "reminder": 2, "rule": 1, "attachment": 1, "protocol": 1, "date": 1,
}  # fmt: skip
NOT_STEPS = ("transit",)
"""A decision of the transit side touches no case of this pair."""


def _list(name: str) -> dict[str, Any]:
    return json.loads((ROOT / "schemas/codelists" / f"{name}.json").read_text(encoding="utf-8"))


CASES = LifecycleTable.from_json(_list("case-states"))
TABLE = MovementTable.from_json(_list("movement-states"), CASES)


@dataclass
class Walk:
    """One scenario on its way through the tables."""

    world: World
    lines: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def message(self, raw: Mapping[str, Any]) -> Message:
        lines = {case: _fields(line) for case, line in raw.get("lines", {}).items()}
        return Message(
            type=raw["message"],
            side=raw["from"],
            on=date.fromisoformat(raw["at"][:10]),
            ref=str(raw.get("n", "")),
            cases=tuple(raw["persons"]),
            movement=raw.get("movement", ""),
            fields=_fields(raw.get("fields", {})),
            lines=lines,
        )

    def step(self, raw: Mapping[str, Any]) -> Taken:
        message = self.message(raw)
        taken = take(TABLE, self.world, message)
        self.world = taken.world(self.world, message.movement)
        return taken

    def judge(self, raw: Mapping[str, Any]) -> str:
        """Return the code with which a message is rejected now, or "" if it fits."""
        try:
            take(TABLE, self.world, self.message(raw))
        except RejectedError as error:
            return error.reason
        return ""


def _fields(raw: Mapping[str, Any]) -> Fields:
    """Return the fields of a step as the tables take them: references as text, sets as case codes."""
    fields: dict[str, Value] = {}
    for key, value in raw.items():
        if key in ("revises", "hold", "countersigns"):
            fields[key] = str(value)
        elif isinstance(value, str | bool | int):
            fields[key] = value
        elif isinstance(value, list | dict):
            fields[key] = tuple(str(one) for one in value)
    return fields


def _start(scenario: Mapping[str, Any]) -> Walk:
    lists = {name: raw for name, raw in scenario["movements"].items() if isinstance(raw, dict)}
    cases = {name: _case(name, raw, lists) for name, raw in scenario["cases"].items()}
    movements = {name: _movement(raw) for name, raw in scenario["movements"].items()}
    return Walk(World(cases, movements))


def _case(name: str, raw: Mapping[str, Any], lists: Mapping[str, Any]) -> CaseSnapshot:
    listed = tuple(movement for movement, value in lists.items() if name in value["list"])
    travels = raw["start"] in CASES.travelling
    until = raw.get("acceptance_valid_until")
    return replace(
        CASES.initial(),
        state=raw["start"],
        opened=raw["start"] != CASES.start,
        valid_until=date.fromisoformat(until) if until else None,
        after_return=raw.get("returned", False),
        listed=listed,
        movement=listed[0] if travels and listed else "",
    )


def _movement(raw: Any) -> MovementSnapshot:
    new = first_movement(TABLE)
    if isinstance(raw, str):
        return replace(new, state=raw)
    return replace(new, state=raw["start"], list=tuple(raw["list"]), proposer=raw.get("last_proposer"))


def _rejects(scenario: Mapping[str, Any], after_step: int) -> Iterator[Mapping[str, Any]]:
    for raw in scenario["reject"]:
        if raw["after_step"] == after_step and raw["check"] in DECIDED_HERE:
            yield raw


def _named(scenario: Mapping[str, Any]) -> str:
    return f"{scenario['id']:02d} {scenario['title']}"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=_named)
def test_every_step_gives_the_states_and_the_implied_rows_of_the_reference(scenario: dict[str, Any]) -> None:
    walk = _start(scenario)

    for raw in scenario.get("steps", []):
        if raw["from"] in NOT_STEPS:
            continue
        taken = walk.step(raw)

        after = {case: walk.world.cases[case].state for case in raw.get("after", {})}
        implied = {case: list(step.implied) for case, step in taken.cases.items() if step.implied}
        assert after == raw.get("after", {}), f"step {raw['n']}"
        assert implied == raw.get("implied", {}), f"step {raw['n']}"
        if "movement_after" in raw:
            assert walk.world.movements[raw["movement"]].state == raw["movement_after"], f"step {raw['n']}"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=_named)
def test_what_does_not_fit_is_rejected_with_its_code_and_changes_nothing(scenario: dict[str, Any]) -> None:
    walk = _start(scenario)
    at = {"at": "2027-01-01"}

    for number in range(len(scenario.get("steps", [])) + 1):
        if number:
            at = scenario["steps"][number - 1]
            if at["from"] not in NOT_STEPS:
                walk.step(at)
        for raw in _rejects(scenario, number):
            before = walk.world
            code = walk.judge({"at": at["at"], **raw})

            assert code == raw["code"], raw["what"]
            assert walk.world == before


def test_every_rejection_of_the_reference_is_played_here_or_counted_by_kind() -> None:
    kinds = Counter(raw["check"] for scenario in SCENARIOS for raw in scenario["reject"])

    assert {kind: kinds[kind] for kind in DECIDED_HERE} == {"state": 18, "direction": 4}
    assert {kind: number for kind, number in kinds.items() if kind not in DECIDED_HERE} == DECIDED_ELSEWHERE


def test_a_closed_crossing_is_no_state_of_a_case_and_is_decided_elsewhere() -> None:
    """Two rejections with `state_conflict` rest on a CKS or a deadline, not on the tables."""
    codes = Counter(
        raw["check"]
        for scenario in SCENARIOS
        for raw in scenario["reject"]
        if raw["code"] in ("state_conflict", "signer_not_authorised") and raw["check"] not in DECIDED_HERE
    )

    assert codes == {"crossing": 1, "reminder": 2, "directory": 3}


def test_numbers_on_the_wire_give_their_states_in_the_order_of_the_host_side() -> None:
    """Scenario 18: a verdict that is held, voided, repeated or expired has no effect on a case."""
    (scenario,) = [one for one in SCENARIOS if "wire" in one]
    walk = _start(scenario)
    held: dict[str, Mapping[str, Any]] = {}

    for raw in scenario["wire"]:
        expect = raw["expect"]
        if expect == "accepted":
            walk.step(raw)
        elif expect == "held":
            held[str(raw["number"])] = raw
        for number, verdict in raw.get("released", {}).items():
            assert f"rejected:{walk.judge(held.pop(number))}" == verdict

        after = {case: walk.world.cases[case].state for case in raw.get("after", {})}
        assert after == raw.get("after", {}), raw["number"]
        if "movement_after" in raw:
            assert walk.world.movements["M1"].state == raw["movement_after"]
    assert not held
