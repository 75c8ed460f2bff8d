# SPDX-License-Identifier: Apache-2.0
"""The persons of a scenario, as far as each type of message may show them.

Nobody here exists. What a scenario does not say about a person is invented: the name, the birth, the
guardian, the relatives. A consent is dated before the first step, so a withdrawal is always newer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from exchange.ids import AgencyCode
from exchange.messages.catalog import PERSON_BLOCK, PERSON_COLUMNS, message_types
from tests.support.handover_story import code_of, moment

NEEDED_HERE = {
    "IDN": {"names", "links"}, "RPN": {"documents"}, "RFN": {"is_child"}, "FUP": {"is_child"},
}  # fmt: skip
"""Optional members that the scenarios tell."""
OF_CHILDREN = frozenset({"guardian", "best_interests"})
SUITABLE = {"KH": "KH-DOSVY-SVR", "VN": "VN-MOH", "TH": "TH-MSDHS-WPC"}
"""An office of the origin side that receives people."""
AFTER_RETURN = frozenset({"RFN", "FUP"})

Raw = Mapping[str, Any]


@dataclass
class Cast:
    """Who plays: cases, their codes and their sides."""

    scenario: Raw
    host: AgencyCode
    origin: AgencyCode
    scopes_from: date = field(init=False)
    treated_as_children: frozenset[str] = frozenset()
    """Persons whom one message takes for children."""

    def __post_init__(self) -> None:
        first = (self.scenario.get("steps") or self.scenario["wire"])[0]
        self.scopes_from = moment(first).date() - timedelta(days=60)

    def codes(self, keys: list[str]) -> list[str]:
        """Return the case codes of the persons behind some keys."""
        number, cases = self.scenario["id"], self.scenario["cases"]
        return [code_of(f"{number}/{key}/{n}") for key in keys for n in range(cases[key].get("count", 1))]

    def key_of(self, code: str) -> str:
        return next(key for key in self.scenario["cases"] if code in self.codes([key]))

    def movement(self, name: str) -> str:
        return code_of(f"{self.scenario['id']}/{name}")

    def another(self, code: str) -> str:
        """Return the first case of another key."""
        return next(self.codes([key])[0] for key in self.scenario["cases"] if code not in self.codes([key]))

    def guardian(self) -> dict[str, Any]:
        return {"kind": "agency", "agency": self.host, "from": self.scopes_from.isoformat()}

    def is_child(self, code: str, at: datetime, kind: str) -> bool:
        """Return whether a person is treated as a child: until reception, whatever birthday passes."""
        key = self.key_of(code)
        raw = self.scenario["cases"][key]
        if (
            code in self.treated_as_children
            or code in self.codes([key])[raw.get("count", 1) - raw.get("children", 0) :]
        ):
            return True
        grown = "adult_from" in raw and at.date() >= date.fromisoformat(raw["adult_from"])
        return bool(raw.get("child")) and not (grown and kind in AFTER_RETURN)

    def person(
        self, code: str, at: datetime, kind: str, givers: Raw, states: Raw | None = None
    ) -> dict[str, Any]:
        """Return the block of one person as it travels in a type."""
        is_child = self.is_child(code, at, kind)
        shown = self._everything(code, at, kind, is_child=is_child)
        shown["consents"] = self.consents(kind, is_child=is_child, givers=givers, states=states or {})
        column = PERSON_COLUMNS.index(kind)
        marks = {name: marks[column] for name, marks in PERSON_BLOCK.items()}
        chosen = {name for name, mark in marks.items() if mark == "R"} | NEEDED_HERE.get(kind, set())
        if is_child:
            chosen |= {name for name in OF_CHILDREN if marks[name] == "C"}
        return {name: shown[name] for name in PERSON_BLOCK if name in chosen}

    def consents(self, kind: str, *, is_child: bool, givers: Raw, states: Raw) -> list[dict[str, Any]]:
        since = self.scopes_from.isoformat()
        usual = ("guardian", "child_assent") if is_child else ("person",)
        return [
            {"scope": scope, "state": states.get(scope, "given"), "giver": giver, "on": since}
            for scope in message_types()[kind].consents
            for giver in givers.get(scope, usual)
        ]

    def _everything(self, code: str, at: datetime, kind: str, *, is_child: bool) -> dict[str, Any]:
        raw, country = self.scenario["cases"][self.key_of(code)], self.origin[:2]
        side = self.origin if kind in {"RCV", *AFTER_RETURN} else self.host
        place = {"country": country, "units": ["Northern Province"]}
        since = self.scopes_from.isoformat()
        return {
            "case_code": code,
            "names": [{"full": f"TEST {code[:4]}", "script": "Latn", "kind": "as_heard"}],
            "sex": "F" if is_child else "M",
            "birth": self._birth(raw, is_child=is_child),
            "is_child": is_child,
            "nationality": [{"country": country}],
            "documents": self._papers(raw, country),
            "place_of_origin": place,
            "relatives": [
                {"ref": "R1", "relationship": "grandparent", "may_be_contacted": True},
                {"ref": "R2", "relationship": "aunt_uncle", "may_be_contacted": False},
            ],
            "identification": {"status": "presumed" if kind == "IDN" else "confirmed", "on": since},
            "flags": ["child", *raw.get("flags", ())] if is_child else [],
            "languages": {"spoken": [], "understood": []},
            "guardian": {"kind": "agency", "agency": side, "from": since},
            "best_interests": {
                "decision": "return_to_relatives",
                "body": "multidisciplinary_team",
                "on": (at.date() - timedelta(days=1)).isoformat(),
                "summary": "The child wants to go home and can be cared for there.",
            },
            "return_wishes": {},
            "links": self._links(code, raw) if kind == "IDN" else [],
            "belongings": [],
        }

    def _links(self, code: str, raw: Raw) -> list[dict[str, str]]:
        others = self.codes([key for key, other in self.scenario["cases"].items() if other.get("child")])
        siblings = [other for other in others if other != code and raw.get("child")]
        return [{"kind": "sibling", "case_code": other} for other in siblings]

    def _birth(self, raw: Raw, *, is_child: bool) -> dict[str, str]:
        if "adult_from" in raw:
            born = date.fromisoformat(raw["adult_from"])
            value, precision = born.replace(year=born.year - 18).isoformat(), "day"
        else:
            value, precision = ("2014" if is_child else "1996"), "year"
        return {"value": value, "precision": precision, "basis": "self_reported", "calendar": "gregorian"}

    def _papers(self, raw: Raw, country: str) -> list[dict[str, str]]:
        if not raw.get("passport"):
            return []
        return [{"type": "passport", "number": "N0000001", "country": country, "expires": "2032-01-31"}]
