# SPDX-License-Identifier: Apache-2.0
"""Plays scenario 15, which has figures and no steps: statements, differences and their resolutions.

Both sides send the statement with the figures of the scenario; it is accepted only if every total equals
its parts. For each difference of the month one side sends a notice and the other resolves it. What the
figures are computed from is no matter of the messages.
"""

from typing import Any

from tests.support.handover_story import commitment_of
from tests.support.journey import Journey
from tests.support.journey_stage import Raw, Tally

AT = "2027-07-07T10:{:02}+07:00"
"""The fifth working day of July."""


class FigureJourney(Journey):
    """Scenario 15 over one link."""

    def __init__(self, scenario: Raw) -> None:
        statement = _statement(scenario)
        last = 2 + 2 * len(scenario["figures"]["differences"])
        rejected = [
            {**raw, "fields": statement, "at": AT.format(last + 1), "after_step": last}
            for raw in scenario["reject"]
        ]
        steps = list(_steps(scenario, statement))
        super().__init__({**scenario, "steps": steps, "reject": rejected})

    def play(self) -> Tally:
        tally = super().play()
        tally.steps = 0
        tally.notes.append(f"figures, no steps: {tally.messages} statements, differences and resolutions")
        return tally


def _steps(scenario: Raw, statement: dict[str, Any]) -> list[Raw]:
    steps: list[Raw] = []

    def add(message: str, side: str, fields: dict[str, Any], **more: Any) -> int:
        n = len(steps) + 1
        one = {"n": n, "at": AT.format(n), "from": side, "message": message, "persons": [], "fields": fields}
        steps.append({**one, **more})
        return n

    add("STM", "origin", statement)
    add("STM", "host", statement)
    for number, difference in enumerate(scenario["figures"]["differences"]):
        item = {"sender": scenario["origin"], "number": 230 + number, "expected": "rcvd", "found": "none"}
        asked = add("DSC", "host", {"difference": difference, "items": [item]})
        correction = {"leaf": {"log": scenario["origin"], "index": 500 + number}}
        told = {"explanation": "Made good by a later entry.", "correction": correction, "settled": True}
        add("DRS", "origin", told, answers=asked)
    return steps


def _statement(scenario: Raw) -> dict[str, Any]:
    sides = {"KH": scenario["origin"], "TH": scenario["host"]}
    numbers = scenario["figures"]["numbers"]
    return {
        "period_from": "2027-06-01T00:00:00.000Z",
        "period_to": "2027-07-01T00:00:00.000Z",
        "heads": [{"log": code, "size": 900, "root": _root(code)} for code in sides.values()],
        "balance": [
            {
                "sender": sides[key], "opening": 0, "movements": 900, "closing": 900, "used": found["used"],
                "accepted": found["received"], "rejected": 0, "voided": found["voided"], "open": 0,
            }
            for key, found in numbers.items()
        ],
        "roots": [
            {"sender": code, "delivery": _root(code + "d"), "verdict": _root(code + "v")}
            for code in sides.values()
        ],
        "person_totals": _persons(scenario["figures"]),
        "counted": {"unreceived_person": 1},
        "open_items": [],
    }  # fmt: skip


def _persons(figures: Raw) -> dict[str, Any]:
    persons, accepted = figures["persons"], figures["persons"]["accepted"]
    kept = ("total", "withdrawn", "on_hold", "open", "refused_later")
    return {
        **{name: persons[name] for name in ("in_notices", "on_lists", "taken_over")},
        "accepted": {name: accepted[name] for name in kept}
        | {"handed_over": accepted["handed_over_from_lists"]},
        "added_without_acceptance": persons["added_without_acceptance"],
        "reintegration": figures["reintegration"],
    }


def _root(label: str) -> str:
    return commitment_of(label)
