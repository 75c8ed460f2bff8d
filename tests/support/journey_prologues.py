# SPDX-License-Identifier: Apache-2.0
"""What must have been sent before a scenario that begins in the middle.

`prologue_of` writes it from the starts that a scenario names: the shortest way of messages to each state, a
day for each message, the persons on the list of one movement together. Two scenarios have theirs
written down, because their steps point at messages of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.support.handover_story import moment, text

Raw = Mapping[str, Any]
WAYS: Mapping[str, Sequence[str]] = {
    "nationality_confirmed": ("VRQ", "VRS"),
    "notice_pending": ("RPN",),
    "accepted": ("RPN", "RPD"),
    "ready": ("RPN", "RPD", "TDS"),
    "scheduled": ("RPN", "RPD", "TDS", "HPR", "HRP"),
    "handed_over": ("RPN", "RPD", "TDS", "HPR", "HRP", "HDP", "HRC", "HRC"),
    "monitoring": ("RPN", "RPD", "TDS", "HPR", "HRP", "HDP", "HRC", "HRC", "RCV", "FUP"),
}
"""Messages that lead from a new case to a start."""
OF_ORIGIN = frozenset({"VRS", "RPD", "TDS", "HRP", "RCV", "FUP"})
OF_MOVEMENT = frozenset({"HPR", "HRP", "HDP", "HRC"})
DAYS_BEFORE = 20

PROLOGUES: dict[int, list[dict[str, Any]]] = {
    9: [
        {
            "n": "notice", "at": "2027-10-12T10:00+08:00", "from": "host", "message": "RPN",
            "persons": ["F", "Z"], "fields": {"proposed_checkpoint": "KH-AIR-KTI"},
            "after": {"F": "notice_pending", "Z": "notice_pending"},
        },
        {
            "n": "decision", "at": "2027-10-15T10:00+07:00", "from": "origin", "message": "RPD",
            "persons": ["F", "Z"], "fields": {"outcome": "accepted", "valid_until": "2028-01-15"},
            "after": {"F": "accepted", "Z": "accepted"},
        },
        {
            "n": "proposal", "at": "2027-11-01T10:00+08:00", "from": "host", "message": "HPR",
            "persons": ["F", "Z"], "movement": "M1", "fields": {"checkpoint": "KH-AIR-KTI"},
            "after": {"F": "ready", "Z": "ready"}, "movement_after": "proposed",
        },
        {
            "n": "answer", "at": "2027-11-02T10:00+07:00", "from": "origin", "message": "HRP",
            "persons": ["F", "Z"], "movement": "M1", "fields": {"response": "confirm"},
            "after": {"F": "scheduled", "Z": "scheduled"}, "movement_after": "confirmed",
        },
    ],
    18: [
        {
            "n": "check of Q", "at": "2027-10-20T10:00+07:00", "from": "host", "message": "VRQ",
            "persons": ["Q"], "after": {"Q": "verification_pending"},
        },
        {
            "n": "notice of Y", "at": "2027-10-28T10:00+07:00", "from": "host", "message": "RPN",
            "persons": ["Y"], "fields": {"proposed_checkpoint": "KH-TH-POIPET"},
            "after": {"Y": "notice_pending"},
        },
        {
            "n": "decision on Y", "at": "2027-10-31T10:00+07:00", "from": "origin", "message": "RPD",
            "persons": ["Y"], "fields": {"outcome": "accepted", "valid_until": "2028-01-31"},
            "after": {"Y": "accepted"},
        },
        {
            "n": "result for Q", "at": "2027-11-05T10:00+07:00", "from": "origin", "message": "VRS",
            "persons": ["Q"], "fields": {"result": "national"}, "after": {"Q": "nationality_confirmed"},
        },
        {
            "n": "notice of X", "at": "2027-11-17T10:00+07:00", "from": "host", "message": "RPN",
            "persons": ["X"], "fields": {"proposed_checkpoint": "KH-TH-POIPET"},
            "after": {"X": "notice_pending"},
        },
        {
            "n": "question on X", "at": "2027-11-18T10:00+07:00", "from": "host", "message": "INQ",
            "persons": ["X"], "after": {"X": "notice_pending"},
        },
        {
            "n": "proposal", "at": "2027-11-19T10:00+07:00", "from": "host", "message": "HPR",
            "persons": ["Y"], "movement": "M1", "fields": {"checkpoint": "KH-TH-POIPET"},
            "after": {"Y": "ready"}, "movement_after": "proposed",
        },
    ],
}  # fmt: skip
"""By scenario; the end of each is the start that the scenario names."""


def prologue_of(scenario: Raw, steps: Sequence[Raw]) -> list[Raw]:
    """Return the steps before the first one, in the order of their times."""
    if scenario["id"] in PROLOGUES:
        return list(PROLOGUES[scenario["id"]])
    if not steps:
        return []
    begins = moment(dict(steps[0])) - timedelta(days=DAYS_BEFORE)
    used = {key for raw in steps for key in raw["persons"]}
    found = [raw for group in _groups(scenario, used) for raw in _way(scenario, group, begins)]
    return sorted(found, key=lambda raw: moment(dict(raw)))


def _groups(scenario: Raw, used: set[str]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield start, movement and persons that go the same way: those on one list, or one key alone."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    movements = scenario["movements"].items()
    listed = {key: name for name, raw in movements if isinstance(raw, dict) for key in raw["list"]}
    for key, case in scenario["cases"].items():
        if key in used and case["start"] in WAYS:
            movement = listed.get(key, f"before {key}" if "HPR" in WAYS[case["start"]] else "")
            alone = "" if key in listed else key
            groups.setdefault((case["start"], movement, alone), []).append(key)
    yield from ((start, movement, keys) for (start, movement, _), keys in groups.items())


def _way(scenario: Raw, group: tuple[str, str, list[str]], begins: datetime) -> Iterator[Raw]:
    start, movement, keys = group
    until = scenario["cases"][keys[0]].get("acceptance_valid_until")
    for day, kind in enumerate(WAYS[start]):
        fields: dict[str, Any] = {}
        match kind:
            case "VRS":
                fields = {"result": "national"}
            case "RPD":
                fields = {"outcome": "accepted"} | ({"valid_until": until} if until else {})
            case "TDS":
                fields = {"status": "issued"}
            case "HRP":
                fields = {"response": "confirm"}
            case "FUP":
                fields = {"outcome": "stable"}
            case "HRC":
                signs = day == WAYS[start].index("HRC") + 1
                fields = {"signature": "second" if signs else "first"}
                fields |= {"countersigns": f"HRC {keys[0]} {day - 1}", "agreed": True} if signs else {}
        second = fields.get("signature") == "second"
        yield {
            "n": f"{kind} {keys[0]} {day}",
            "at": text(begins + timedelta(days=day)),
            "from": "origin" if kind in OF_ORIGIN or second else "host",
            "message": kind,
            "persons": keys,
            "fields": fields,
            **({"movement": movement} if kind in OF_MOVEMENT else {}),
        }
