# SPDX-License-Identifier: Apache-2.0
"""Real messages made of the steps of a scenario: changes, stops, questions, data, transit, reopening.

The other half of `journey_documents`, for the types that are about other messages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from exchange.protocol.parts import Document
from tests.support.handover_story import moment, text
from tests.support.journey_persons import Cast

Raw = Mapping[str, Any]
ASKS = ("INQ", "COR", "PDR", "VRS", "HRC")
"""What an answer may answer, the usual one first."""
ENDS = ("CWD", "CLO")


@dataclass(frozen=True)
class Sent:
    """A message of an earlier step."""

    step: Any
    type: str
    id: str
    pc: str
    codes: tuple[str, ...]
    movement: str
    document: Document
    side: str = ""

    @property
    def changes_terms(self) -> bool:
        """Whether an answer to the appointment confirms this message."""
        content: Any = self.document["content"]
        return self.type in {"HPR", "AMD"} or (self.type == "HRP" and "changes" in content)


@dataclass
class ControlWriter:
    """Writes the messages that concern other messages, and remembers what was sent."""

    cast: Cast
    steps: list[Raw]
    sent: list[Sent] = field(default_factory=list)

    def newest(self, kind: str, code: str) -> Sent | None:
        return next((one for one in reversed(self.sent) if one.type == kind and code in one.codes), None)

    def of_step(self, step: Any, code: str = "") -> Sent:
        return next(one for one in self.sent if one.step == step and (not code or code in one.codes))

    def _straight(self, small: Any, codes: list[str], **more: Any) -> None:
        small["persons"] = [{"case_code": code, **more} for code in codes]

    # Changes and stops

    def _amd(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        fields, content = raw["fields"], small["content"]
        content["reason"] = "known better in the meantime"
        if "movement" not in raw:
            content |= {"target": self.of_step(fields["target"]).id, "changes": []}
            self._straight(small, codes, changes=[dict(fields["change"])])
            return
        ours = [one for one in self.sent if one.type == "HPR" and one.movement == raw["movement"]]
        target = ours[-1]
        content |= {"target": target.id, "effect": fields["effect"]}
        content["changes"] = self._changes(fields, target)
        self._straight(small, codes)

    def _changes(self, fields: Raw, target: Sent) -> list[dict[str, Any]]:
        terms: Any = target.document["content"]
        match fields["effect"]:
            case "person_added":
                old = list(target.codes)
                new = [*old, *self.cast.codes(list(fields.get("added", ())))]
                return [
                    {"pointer": "/case_list", "old": old, "new": new},
                    {"pointer": "/group_size", "old": len(old), "new": len(new)},
                ]
            case "time_or_place_changed":
                place = terms["place_detail"]
                return [{"pointer": "/place_detail", "old": place, "new": f"{place}, west door"}]
            case "details_changed":
                escorts = terms["escorts"]
                more = [{**escort, "number": escort["number"] + 1} for escort in escorts]
                return [{"pointer": "/escorts", "old": escorts, "new": more}]
            case _:
                return []

    def _can(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        fields = raw["fields"]
        target = fields["target"]
        if target == "movement":
            target = self.cast.movement(raw["movement"])
        elif target == "notice":
            notice = self.newest("RPN", codes[0])
            target = notice.id if notice else target
        small["content"] |= {"target": target, "reason": fields["reason"]}
        self._straight(small, codes)

    def _rmd(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        fields = raw["fields"]
        asked = self.of_step(fields["target"]) if "target" in fields else self._unanswered(codes[0])
        small["content"] |= {"target": asked.id, "level": fields["level"], "due_on": fields["due_on"]}
        purpose = asked.document["header"]["purpose"]  # type: ignore[index, call-overload]
        small["header"]["purpose"] = purpose
        self._straight(small, codes)

    def _unanswered(self, code: str) -> Sent:
        return next(one for kind in ("RPN", "VRQ") if (one := self.newest(kind, code)) is not None)

    def _hld(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        fields = raw["fields"]
        small["content"] |= {"effect": fields["effect"], "review_on": fields["review_on"]}
        self._straight(small, codes, reason=fields["reason"])

    def _rsm(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        named = raw.get("fields", {}).get("hold")
        held = self.of_step(named, codes[0]) if named else self._hold(codes[0])
        small["content"]["hold"] = held.id if held else self.sent[-1].id
        self._straight(small, codes)

    def _hold(self, code: str) -> Sent | None:
        return self.newest("HLD", code) or next(
            (one for one in reversed(self.sent) if one.type == "HRC" and code in one.codes), None
        )

    def _cwd(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        small["content"] |= {"scope": list(raw["fields"]["scope"]), "withdrawn_at": text(at)}
        self._straight(small, codes)

    def _inc(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        fields = raw["fields"]
        measures = fields.get("measures", "the police looks into it")
        small["content"] |= {"incident": fields["incident"], "known_at": text(at), "measures": measures}
        self._straight(small, codes)

    def _cks(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        fields = raw["fields"]
        small["content"] |= {"checkpoint": fields["checkpoint"], "status": fields["status"], "from": text(at)}

    # Questions and data of the person

    def _inq(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        fields, content = raw.get("fields", {}), small["content"]
        content["question"] = "Please say what you know."
        content["asks_second_look"] = fields.get("asks_second_look", False)
        if not codes:
            asked_by = fields.get("search", "a family")
            content["search"] = {"whom": "a woman of 22", "may_say": "all are well", "asked_by": asked_by}
            return
        decision = self.newest("RPD", codes[0]) if content["asks_second_look"] else None
        content["target"] = decision.id if decision else codes[0]
        self._straight(small, codes)

    def _inr(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        fields, content = raw.get("fields", {}), small["content"]
        content["answer"] = "What we know stands in our messages."
        if "turned_back_by_mistake" in fields:
            content["turned_back_by_mistake"] = fields["turned_back_by_mistake"]
        small["header"]["in_reply_to"] = self._asked(raw, codes).id
        self._straight(small, codes)

    def _asked(self, raw: Raw, codes: list[str]) -> Sent:
        if "answers" in raw:
            return self.of_step(raw["answers"], codes[0] if codes else "")
        of_others = [one for one in self.sent if one.side != raw["from"] and set(codes) <= set(one.codes)]
        found = (one for kind in ASKS for one in reversed(of_others) if one.type == kind)
        return next(found)

    def _cor(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        change = {"pointer": "/birth/value", "wrong": "1996", "right": "1997", "basis": "the civil register"}
        small["persons"] = [{"case_code": codes[0], "changes": [change], "passed_on_to": []}]

    def _pdr(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        fields = raw["fields"]
        line = {"case_code": codes[0], "kind": fields["kind"], "answer_by": fields["answer_by"]}
        small["persons"] = [line]

    def _rop(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        ended = next(one for one in reversed(self.sent) if one.type in ENDS and codes[0] in one.codes)
        is_child = self.cast.is_child(codes[0], at, "ROP")
        scopes = raw.get("consent_given", ["return"])
        givers = ("guardian", "child_assent") if is_child else ("person",)
        day = at.date().isoformat()
        line: dict[str, Any] = {
            "case_code": codes[0],
            "is_child": is_child,
            "consents": [
                {"scope": scope, "state": "given", "giver": giver, "on": day}
                for scope in scopes
                for giver in givers
            ],
            "reason": raw.get("fields", {}).get("reason", "the person asked for it"),
            "earlier_closure": ended.id,
        }
        if is_child:
            line["guardian"] = self.cast.guardian()
        small["persons"] = [line]

    # Transit and the exchange itself

    def _tra(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        fields = raw.get("fields", {})
        proposals = (one for one in self.steps if one["message"] == "HPR")
        later = next(one for one in proposals if moment(dict(one)) > at)
        small["header"]["movement_code"] = self.cast.movement(later["movement"])
        begin = at + timedelta(days=4)
        small["content"] |= {
            "persons_count": fields.get("persons_count", 12),
            "children_count": fields.get("children_count", 2),
            "needs": [],
            "entry": "OTHER",
            "entry_name": "bridge of the neighbours",
            "exit": later["fields"]["checkpoint"],
            "window_from": text(begin),
            "window_to": text(begin + timedelta(days=10)),
        }

    def _trd(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        asked = self.of_step(raw["answers"])
        small["header"] |= {"in_reply_to": asked.id}
        movement = asked.document["header"]["movement_code"]  # type: ignore[index, call-overload]
        small["header"]["movement_code"] = movement
        small["content"]["decision"] = raw["fields"]["decision"]

    def _stm(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        small["content"] |= raw["fields"]

    def _dsc(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        small["content"] |= raw["fields"]

    def _drs(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        small["header"]["in_reply_to"] = self.of_step(raw["answers"]).id
        small["content"] |= raw["fields"]
