# SPDX-License-Identifier: Apache-2.0
"""Scenarios of the domain reference: handover messages that must pass the forms and rules, and that must not.

Checked is what form and rules can decide. A rejection that rests on the state of a case or movement, on a
withdrawal in the case, on keys or on the meaning of a text is decided elsewhere; it is counted, so that
nothing is left out without notice.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from exchange.errors import Fault
from exchange.messages.validation import check_form, check_rules
from tests.support.handover_story import HANDOVER, Story, code_of

ROOT = Path(__file__).parents[2]
SCENARIOS = json.loads((ROOT / "tests/data/scenarios.json").read_text(encoding="utf-8"))["scenarios"]
STORIES = [one for one in SCENARIOS if any(raw["message"] in HANDOVER for raw in one.get("steps", []))]
ELSEWHERE = {"state": 12, "protocol": 1, "person": 1, "consent": 1}
"""Rejections of handover messages that neither form nor rule decides, by what a test needs to find them."""


def judged(story: Story, raw: dict[str, Any], document: dict[str, Any]) -> tuple[Fault, ...]:
    return check_form(document) or check_rules(document, story.context(raw), story.facts())


def rejections(scenario: dict[str, Any], after_step: int) -> Iterator[dict[str, Any]]:
    for raw in scenario["reject"]:
        if raw["after_step"] == after_step and raw["message"] in HANDOVER and raw["check"] not in ELSEWHERE:
            yield raw


def spoiled(story: Story, raw: dict[str, Any]) -> dict[str, Any]:
    """Return the message of a rejection, with what the scenario says is wrong with it."""
    if "treat_as_child" in raw:
        story.children |= set(raw["treat_as_child"])
    document = story.documents(raw)[0]
    for name in raw.get("extra", ()):
        document["persons"][0][name] = "somewhere"
    for name in raw.get("missing", ()):
        if name == "lines":
            document["persons"] = []
        else:
            document["persons"][0].pop(name, None)
    for person in document["persons"]:
        for name in raw.get("lacks", {}).get(story.key_of(person["case_code"]), ()):
            del person[name]
    if "bad_form" in raw:
        document["content"]["started_at"] = document["content"]["started_at"][:16]
    return document


def prepare(story: Story, raw: dict[str, Any]) -> None:
    """Set the circumstances that a rejection rests on."""
    story.session = raw.get("session_limit")
    story.closed = raw["check"] == "crossing" and raw["code"] == "state_conflict"
    story.unpaid = raw["check"] == "rule"
    if "final_list_instead" in raw:
        final = story.codes(raw["final_list_instead"])
        story.take({**raw, "n": "before", "message": "HDP"}, [{"header": {"case_codes": final}}])


@pytest.mark.parametrize("scenario", STORIES, ids=lambda one: f"{one['id']:02d} {one['title']}")
def test_every_handover_message_of_a_scenario_passes_form_and_rules(scenario: dict[str, Any]) -> None:
    story = Story(scenario)

    for raw in scenario["steps"]:
        documents = story.documents(raw)
        for document in documents:
            assert judged(story, raw, document) == (), f"step {raw['n']}"
        story.take(raw, documents)


@pytest.mark.parametrize("scenario", STORIES, ids=lambda one: f"{one['id']:02d} {one['title']}")
def test_what_form_and_rules_must_reject_gets_its_code(scenario: dict[str, Any]) -> None:
    for number in range(len(scenario["steps"]) + 1):
        for raw in rejections(scenario, number):
            story = Story(scenario)
            for step in scenario["steps"][:number]:
                story.take(step, story.documents(step))
            at = scenario["steps"][max(number - 1, 0)]["at"]
            step = {"at": at, "n": "rejected", **raw}
            prepare(story, step)

            faults = judged(story, step, spoiled(story, step))

            assert [fault.code for fault in faults][:1] == [raw["code"]], raw["what"]


def test_every_rejection_of_a_handover_message_is_checked_here_or_counted() -> None:
    kinds = Counter(
        raw["check"] for scenario in SCENARIOS for raw in scenario["reject"] if raw["message"] in HANDOVER
    )

    assert {kind: kinds[kind] for kind in ELSEWHERE} == ELSEWHERE
    assert sum(kinds.values()) - sum(ELSEWHERE.values()) == sum(
        1 for scenario in STORIES for n in range(99) for _ in rejections(scenario, n)
    )


def test_two_persons_never_get_one_code() -> None:
    assert code_of("1/K1/0") != code_of("1/K2/0") != code_of("2/K1/0")
