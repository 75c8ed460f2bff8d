# SPDX-License-Identifier: Apache-2.0
"""The control messages of the reference's scenarios, built from their steps and judged by the rules.

Every reminder, resume, hold, cancellation, withdrawal, incident and crossing status of a scenario is
accepted with the facts of the steps before it; every rejected one that rules can decide gets its code.
Amendments need the document they change and are judged in `tests/unit/messages`; what a movement or a
case has to say about a message is judged by their tables (`test_scenarios.py`).
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from exchange.ids import AgencyCode, CaseCode
from exchange.messages.context import KnownFacts, RuleContext
from exchange.messages.validation import check_form, check_rules
from tests.support.documents import example

ROOT = Path(__file__).parents[2]
SCENARIOS = json.loads((ROOT / "tests/data/scenarios.json").read_text(encoding="utf-8"))["scenarios"]
MODELS = {
    "RMD": "second-reminder",
    "RSM": "host-ends-its-hold",
    "CWD": "return-withdrawn-at-the-crossing",
    "HLD": "witness-for-thirty-days",
    "CAN": "own-notice",
    "INC": "person-missing",
    "CKS": "closed-without-a-date",
}
"""The example whose members stand for what the reference does not tell."""
DECIDED_BY_TABLES = {(19, "AMD")}
"""A proposal that is not the author's own: the table of movements says so."""
MOVEMENT = "9C3D-5WQK-7RBN"


def _id(step: int) -> str:
    return f"0192f0c1-7a3e-7d10-8c3b-{step:012x}"


def _code(scenario: dict[str, Any], person: str) -> CaseCode:
    return CaseCode(f"0000-0000-{list(scenario['cases']).index(person):04d}")


def _moment(raw: dict[str, Any]) -> datetime:
    moment = datetime.fromisoformat(raw["at"])
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(hour=5, tzinfo=UTC)


def _before(scenario: dict[str, Any], step: int) -> list[dict[str, Any]]:
    return [one for one in scenario.get("steps", []) if one["n"] <= step and one["from"] != "transit"]


def _target(raw: dict[str, Any], earlier: list[dict[str, Any]]) -> str:
    """Return the message a step is about: the one it names, else the newest that fits its persons."""
    fields = raw.get("fields", {})
    named = fields.get("hold" if raw["message"] == "RSM" else "target")
    if isinstance(named, int):
        return _id(named)
    wanted = {"RMD": ("VRQ", "RPN"), "CAN": ("RPN",), "RSM": ("HLD", "HRC")}[raw["message"]]
    mine = [one for one in earlier if set(raw["persons"]) & set(one["persons"])]
    fitting = [one for one in mine if one["message"] in wanted] or mine
    return _id(fitting[-1]["n"]) if fitting else _id(999)


def _document(scenario: dict[str, Any], raw: dict[str, Any], earlier: list[dict[str, Any]]) -> dict[str, Any]:
    document = example(raw["message"].lower(), MODELS[raw["message"]])
    content, header = document["content"], document["header"]
    codes = [_code(scenario, person) for person in raw["persons"]]
    content |= {name: value for name, value in raw.get("fields", {}).items() if name != "target"}
    content.pop("happened_at", None)
    lines = {"reason": content.pop("reason")} if raw["message"] == "HLD" else {}
    document["persons"] = [{"case_code": code} | lines for code in codes]
    for name in content.keys() & {"known_at", "withdrawn_at", "from"}:
        content[name] = _moment(raw).isoformat(timespec="minutes")
    if raw.get("movement"):
        header["movement_code"] = content["target"] = MOVEMENT
    elif raw["message"] in ("RMD", "CAN", "RSM"):
        content["hold" if raw["message"] == "RSM" else "target"] = _target(raw, earlier)
    sides = {side: scenario[side] for side in ("host", "origin")}
    header["sender"] = header["acting_agency"] = sides.pop(raw["from"])
    header["recipient"] = next(iter(sides.values()))
    if codes:
        header["case_codes"] = codes
    if "event_at" in header:
        header["event_at"] = content.get("known_at", content.get("withdrawn_at"))
    return document


def _facts(scenario: dict[str, Any], earlier: list[dict[str, Any]]) -> KnownFacts:
    sides = {side: AgencyCode(scenario[side]) for side in ("host", "origin")}
    codes = {person: _code(scenario, person) for person in scenario["cases"]}
    documents = {
        _id(one["n"]): _document(scenario, one, _before(scenario, one["n"] - 1))
        for one in earlier
        if one["message"] in ("RMD", "RSM")
    }
    return KnownFacts(
        hosts={code: sides["host"] for code in codes.values()},
        types={_id(one["n"]): one["message"] for one in earlier},
        authors={_id(one["n"]): sides[one["from"]] for one in earlier},
        cases={_id(one["n"]): [codes[person] for person in one["persons"]] for one in earlier},
        documents=documents,
        flags={codes[person]: raw.get("flags", ()) for person, raw in scenario["cases"].items()},
    )


def _judge(scenario: dict[str, Any], raw: dict[str, Any], earlier: list[dict[str, Any]]) -> list[str]:
    document = _document(scenario, raw, earlier)
    assert check_form(document) == ()
    agencies = [AgencyCode(scenario["host"]), AgencyCode(scenario["origin"])]
    act = RuleContext(
        sender=AgencyCode(document["header"]["sender"]),
        recipient=AgencyCode(document["header"]["recipient"]),
        numbered_at=_moment(raw),
        types_allowed={raw["message"]: agencies},
    )
    return [fault.code for fault in check_rules(document, act, _facts(scenario, earlier))]


def _steps() -> Iterator[Any]:
    for scenario in SCENARIOS:
        for raw in scenario.get("steps", []):
            if raw["message"] in MODELS:
                yield pytest.param(scenario, raw, id=f"{scenario['id']:02d} {raw['n']} {raw['message']}")


def _rejected() -> Iterator[Any]:
    for scenario in SCENARIOS:
        for raw in scenario["reject"]:
            if (
                raw["message"] in (*MODELS, "AMD")
                and (scenario["id"], raw["message"]) not in DECIDED_BY_TABLES
            ):
                yield pytest.param(scenario, raw, id=f"{scenario['id']:02d} {raw['what'][:60]}")


@pytest.mark.parametrize(("scenario", "raw"), list(_steps()))
def test_control_message_of_the_reference_is_accepted(scenario: dict[str, Any], raw: dict[str, Any]) -> None:
    earlier = _before(scenario, raw["n"] - 1)

    assert _judge(scenario, raw, earlier) == []


@pytest.mark.parametrize(("scenario", "raw"), list(_rejected()))
def test_rejected_control_message_gets_its_code(scenario: dict[str, Any], raw: dict[str, Any]) -> None:
    steps = _before(scenario, raw["after_step"])
    at = raw.get("at") or (steps[-1]["at"] if steps else "2027-01-01")

    assert _judge(scenario, raw | {"at": at}, steps)[:1] == [raw["code"]]


def test_every_rejected_control_message_is_decided_somewhere() -> None:
    found = [
        (scenario["id"], raw["message"])
        for scenario in SCENARIOS
        for raw in scenario["reject"]
        if raw["message"] in (*MODELS, "AMD")
    ]

    assert len(found) == 5
    assert set(found) >= DECIDED_BY_TABLES
