# SPDX-License-Identifier: Apache-2.0
"""Real messages made of the steps of a scenario.

A step names a type, its persons and the fields that matter. The rest is written as an officer would: what
is answered is the newest message that asked, times are those of the step, and the program's own filling
completes it. What was sent before is remembered with its number and commitment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from exchange.ids import AgencyCode
from exchange.messages.catalog import message_types
from exchange.messages.filling import Sources, fill
from exchange.protocol.parts import Document
from exchange.service.node import Node
from tests.support.handover_story import moment, text
from tests.support.journey_control import ControlWriter, Sent
from tests.support.journey_persons import SUITABLE
from tests.support.world import OFFICER

ASKED_BY = {"VRS": "VRQ", "TRS": "TRQ", "RPD": "RPN", "TDS": "TDQ"}
FREE_PURPOSE = {
    "AMD": "handover", "CAN": "handover", "RMD": "nationality_verification", "HLD": "return_arrangement",
    "CWD": "follow_up", "CLO": "follow_up", "RSM": "return_arrangement", "INQ": "identification_notice",
    "INR": "identification_notice", "ROP": "return_arrangement",
}  # fmt: skip
TAKEN_OVER = {"acting_agency": "acting_agency", "recipient": "to"}
OF_TRANSIT = frozenset({"TRA", "TRD"})
AT_THE_BORDER = {"TH": "TH-MSDHS-PROV", "KH": "KH-DOSVY-SVR", "VN": "VN-BG"}
"""An office that may sign a record, where a step names none."""
TELL_WHEN = frozenset({"HDP", "HRC", "RCV", "INC", "CWD", "CLO"})

Raw = Mapping[str, Any]


@dataclass
class Writer(ControlWriter):
    """Writes the messages of one scenario, and remembers those that were sent."""

    def documents(self, raw: Raw, node: Node) -> list[Document]:
        """Return the messages of a step; a type about one person gives one for each."""
        codes = self.cast.codes(list(raw["persons"]))
        alone = message_types()[raw["message"]].scope == "person"
        groups = [[code] for code in codes] if alone else [codes]
        return [self._document(raw, group, node) for group in groups]

    def remember(self, raw: Raw, document: Document, *, id: str, pc: str) -> None:
        codes = tuple(document["header"].get("case_codes", ()))  # type: ignore[union-attr, arg-type]
        movement = raw.get("movement", "")
        one = Sent(raw.get("n"), raw["message"], id, pc, codes, movement, document, raw["from"])
        self.sent.append(one)

    def side(self, raw: Raw) -> AgencyCode:
        if raw["from"] == "transit":
            return AgencyCode(self.cast.scenario["transit"])
        return self.cast.host if raw["from"] == "host" else self.cast.origin

    def _document(self, raw: Raw, codes: list[str], node: Node) -> Document:
        kind, at, fields = raw["message"], moment(raw), raw.get("fields", {})
        self.cast.treated_as_children = frozenset(self.cast.codes(list(raw.get("treat_as_child", ()))))
        small: dict[str, Any] = {"header": {"type": kind}, "content": {}, "persons": []}
        header = small["header"]
        header |= {name: raw[key] for name, key in TAKEN_OVER.items() if key in raw}
        header |= {name: fields[name] for name in ("urgency",) if name in fields}
        header |= self._signs(raw) if kind == "HRC" else {}
        if codes:
            header["case_codes"] = codes
        if "movement" in raw:
            header["movement_code"] = self.cast.movement(raw["movement"])
        if kind in FREE_PURPOSE:
            header["purpose"] = FREE_PURPOSE[kind]
        if kind in TELL_WHEN:
            header["event_at"] = text(at)
        header |= self._answers(raw, codes)
        if "entered_at" in fields:
            header |= {"event_at": fields["event_at"], "entered_at": fields["entered_at"]}
        getattr(self, f"_{kind.lower()}")(small, raw, codes, at)
        return fill(small, self._sources(raw, node)).document

    def _answers(self, raw: Raw, codes: list[str]) -> dict[str, str]:
        """Return which request a result, decision or status answers: the named one, or the newest."""
        kind = raw["message"]
        if kind not in ASKED_BY or not codes:
            return {}
        named = self.of_step(raw["answers"], codes[0]) if "answers" in raw else None
        asked = named or self.newest(ASKED_BY[kind], codes[0])
        return {"in_reply_to": asked.id} if asked else {}

    def _signs(self, raw: Raw) -> dict[str, str]:
        """Return the office that signs a record."""
        side = self.side(raw)
        return {"acting_agency": raw.get("acting_agency", AT_THE_BORDER.get(side[:2], side))}

    def _sources(self, raw: Raw, node: Node) -> Sources:
        sender = self.side(raw)
        other = self.cast.origin if sender == self.cast.host else self.cast.host
        return Sources(
            sender=sender,
            partner=None if raw["message"] in OF_TRANSIT else other,
            officer=OFFICER,
            office=sender,
            office_kind="social_welfare",
            usual={"language": "en", "handling": ["case_only"], "funding": "host_state"},
            today=moment(raw).date(),
            random=node.random,
        )

    def _persons(self, raw: Raw, codes: list[str], at: datetime) -> list[dict[str, Any]]:
        givers = raw.get("consent_givers", raw.get("fields", {}).get("consent_givers", {}))
        states = raw.get("consent_states", {})
        return [self.cast.person(code, at, raw["message"], givers, states) for code in codes]

    def _said(self, raw: Raw, code: str) -> Raw:
        """Return the fields of one person."""
        line: Raw = raw.get("lines", {}).get(self.cast.key_of(code), {})
        return {**raw.get("fields", {}), **line}

    # Before the notice

    def _idn(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        (person,) = small["persons"] = self._persons(raw, codes, at)
        found = {"found_on": self.cast.scopes_from.isoformat(), "care": "temporary_shelter"}
        person |= found | {"contact_wish": "none for now"}

    def _vrq(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        (person,) = small["persons"] = self._persons(raw, codes, at)
        person["question"] = list(raw.get("fields", {}).get("question", ["nationality"]))
        if "birth" in raw.get("fields", {}):
            person["birth"] |= {"value": raw["fields"]["birth"], "precision": "day"}
        if "reexamination_of" in raw.get("fields", {}):
            person["reexamination_of"] = self.of_step(raw["fields"]["reexamination_of"], codes[0]).id
            person["new_facts"] = "a relative remembers the name in the register"

    def _vrs(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        line = {"case_code": codes[0], "result": self._said(raw, codes[0]).get("result", "national")}
        line["proof"] = "civil register"
        if line["result"] == "more_information":
            line["missing"] = "the birth paper"
        if line["result"] == "duplicate_case":
            line["other_case"] = self.cast.another(codes[0])
        if line["result"] == "not_national":
            line["reasons"] = "no entry, and no residence before the departure"
        if line["result"] == "identity_other":
            line["registered_identity"] = {"birth": {"value": "1990", "precision": "year"}}
            line["registered_identity"]["birth"] |= {"basis": "document", "calendar": "gregorian"}
            line["reasons"] = "the entry belongs to another person"
        small["persons"] = [line]

    def _trq(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        (person,) = small["persons"] = self._persons(raw, codes, at)
        person |= {
            "whom": [{"ref": "R1", "relationship": "grandparent"}],
            "not_to_contact": [{"ref": "R2", "relationship": "aunt_uncle"}],
            "message_to_family": "safe and well",
            "method": ["visit"],
            "assess": ["safety"],
        }

    def _trs(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        fields = raw.get("fields", {})
        found = {
            "found": [{"relationship": "grandparent", "names": ["TEST"]}],
            "assessment": {"safety": "no danger known"},
        }
        line = {
            "case_code": codes[0],
            "result": fields["result"],
            **(found if fields["result"].startswith(("found", "relatives")) else {}),
            "risks": "none known",
            "recommendation": fields.get("recommendation", "return_to_family"),
            "done_by": SUITABLE[self.cast.origin[:2]],
            "done_on": (at.date() - timedelta(days=1)).isoformat(),
        }
        small["persons"] = [line]

    # The return

    def _rpn(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        fields, persons = raw.get("fields", {}), self._persons(raw, codes, at)
        small["content"] |= {
            "proposed_from": (at.date() + timedelta(days=1)).isoformat(),
            "proposed_to": (at.date() + timedelta(days=40)).isoformat(),
            "proposed_checkpoint": fields.get("proposed_checkpoint", self._crossing()),
            "escorts": [{"role": "social_worker", "number": 1}],
        }
        if small["content"]["proposed_checkpoint"] == "OTHER":
            small["content"]["checkpoint_name"] = "road gate"
        if fields.get("late"):
            record = next(one for one in reversed(self.sent) if one.type == "HRC" and codes[0] in one.codes)
            small["content"]["record"] = record.id
        for name in ("persons_count", "children_count", "funding"):
            if name in fields:
                small["content"][name] = fields[name]
        if fields.get("urgency") == "emergency":
            called = text(at - timedelta(minutes=50))
            small["content"]["telephone_notice"] = {"at": called, "officer": "officer on duty"}
        for person in persons:
            traced = self.newest("TRS", person["case_code"])
            person |= {
                "return_mode": "child_best_interests" if person["is_child"] else "voluntary",
                "needs_on_arrival": [],
                "proceedings": {"needed": False},
                "tracing_result": {"message": traced.id} if traced else "no result of tracing is needed yet",
            }
        small["persons"] = persons

    def _rpd(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        for code in codes:
            small["persons"].append(self._decision(code, self._said(raw, code), at))
        if "revises" in raw.get("fields", {}):
            earlier = self.newest("RPD", codes[0])
            assert earlier is not None
            small["content"]["revises"] = earlier.id

    def _decision(self, code: str, said: Raw, at: datetime) -> dict[str, Any]:
        line: dict[str, Any] = {"case_code": code, "outcome": said["outcome"]}
        match said["outcome"]:
            case "refused":
                why = said["refusal_reason"]
                return line | {"refusal_reason": why, "reasons": "two entries fit, with other parents"}
            case "deferred":
                return line | {"new_date": said.get("new_date", (at.date() + timedelta(days=14)).isoformat())}
        if said["outcome"] == "accepted_with_conditions":
            line["conditions"] = said.get("conditions", ["medical_escort_required"])
        ends = (at.date() + timedelta(days=90)).isoformat()
        office = SUITABLE[self.cast.origin[:2]]
        line |= {"valid_until": said.get("valid_until", ends), "reception": office}
        if self.cast.is_child(code, at, "RPD"):
            line["child_receiver"] = {"kind": "agency", "agency": said.get("child_receiver", office)}
        return line

    def _tdq(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        small["content"] |= {
            "document_wanted": "emergency_travel_document",
            "needed_by": (at.date() + timedelta(days=7)).isoformat(),
            "pickup": "embassy, by a social worker",
        }
        small["persons"] = self._persons(raw, codes, at)

    def _tds(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        for code in codes:
            line: dict[str, Any] = {"case_code": code, "status": self._said(raw, code)["status"]}
            if line["status"] == "pending":
                line["reasons"] = "the photograph is too dark"
            else:
                expires = (at.date() + timedelta(days=365)).isoformat()
                issued = {"type": "emergency_travel_document", "number": "E 000123", "single_journey": True}
                line["document"] = issued | {"issued": at.date().isoformat(), "expires": expires}
            small["persons"].append(line)

    # The handover

    def _hpr(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        fields = raw.get("fields", {})
        crossing = fields.get("checkpoint", self._crossing())
        begin = self._departure(raw.get("movement", ""), at) + timedelta(hours=1)
        small["content"] |= {
            "checkpoint": crossing,
            "alternative": fields.get("alternative", crossing),
            "place_detail": fields.get("place_detail", "arrival hall"),
            "window_from": text(begin),
            "window_to": text(begin + timedelta(hours=9)),
            "go_no_go_at": text(begin - timedelta(minutes=30)),
            "stop_officers": [{"side": side, "officer": OFFICER} for side in ("host", "origin")],
            "case_list": codes,
            "transport": ["bus"],
            "escorts": [{"side": "host", "role": "social_worker", "number": 1}],
            "photography": False,
            "record_form": "electronic",
        }
        if "group_size" in fields:
            small["content"]["group_size"] = fields["group_size"]
        for name in ("checkpoint", "alternative"):
            if small["content"][name] == "OTHER":
                small["content"][f"{name}_name"] = "road gate"

    def _hrp(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        last = self._last_change(raw["movement"])
        response, content = raw["fields"]["response"], small["content"]
        content["response"] = response
        match response:
            case "confirm":
                small["content"] |= {
                    "receiving_officers": [OFFICER],
                    "confirms": {"id": last.id, "pc": last.pc},
                }
                return
            case "counter":
                later = self._window_end(raw["movement"]) + timedelta(hours=1)
                content |= {"changes": {"window_to": text(later)}, "reasons": "one hour later"}
            case _:
                content["reasons"] = "no reception on that day"
        small["header"]["in_reply_to"] = last.id

    def _last_change(self, movement: str) -> Sent:
        return next(one for one in reversed(self.sent) if one.movement == movement and one.changes_terms)

    def _window_end(self, movement: str) -> datetime:
        terms: Any = {}
        for one in self.sent:
            content: Any = one.document["content"]
            if one.movement == movement and one.type == "HPR":
                terms = dict(content)
            elif one.movement == movement and one.type == "HRP":
                terms |= content.get("changes", {})
        return datetime.fromisoformat(terms["window_to"])

    def _hdp(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        off = raw.get("fields", {}).get("taken_off", {})
        small["content"] |= {
            "departed_at": text(at),
            "expected_at": text(at + timedelta(hours=2)),
            "escort_contact": "+66 2 000 0000",
        }
        if off:
            small["content"]["taken_off"] = [
                {"case_code": code, "reason": why}
                for key, why in off.items()
                for code in self.cast.codes([key])
            ]
        small["persons"] = self._persons(raw, codes, at)

    def _hrc(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        fields, content = raw.get("fields", {}), small["content"]
        content["signatory"] = {"side": raw["from"], "officer": OFFICER, "at": text(at), "kind": "electronic"}
        if fields.get("signature") == "second":
            record = self.of_step(fields["countersigns"])
            content |= {"agreed": fields["agreed"], "countersigns": {"id": record.id, "pc": record.pc}}
            if not fields["agreed"]:
                content["reservations"] = "the time is another one"
            return
        content |= {
            "minutes_number": f"{self.cast.scenario['id']}/2027",
            "checkpoint": self._place_of(raw["movement"]),
            "started_at": text(at - timedelta(minutes=20)),
            "ended_at": text(at - timedelta(minutes=2)),
        }
        if content["checkpoint"] == "OTHER":
            content["checkpoint_name"] = "road gate"
        if "totals" in fields:
            content["totals"] = dict(fields["totals"])
        small["persons"] = [self._line(raw, person) for person in self._persons(raw, codes, at)]

    def _line(self, raw: Raw, person: dict[str, Any]) -> dict[str, Any]:
        said = raw.get("lines", {}).get(self.cast.key_of(person["case_code"]), {"outcome": "handed_over"})
        person |= {"outcome": said["outcome"], "identity_check": "known to the escort", "papers": []}
        if said["outcome"] in {"handed_over", "added"}:
            person["condition"] = "well"
        else:
            person["reason"] = said.get("reason", "ill")
        if said["outcome"] in {"diverted_medical", "not_taken_over", "returned_to_host"}:
            person["condition"] = "needs_care"
        if said["outcome"] == "added":
            givers = ("guardian", "child_assent") if person["is_child"] else ("person",)
            day = self.cast.scopes_from.isoformat()
            person["consents"] = [
                {"scope": "return", "state": "given", "giver": giver, "on": day} for giver in givers
            ]
        if person["is_child"]:
            keeper = said.get("custody", SUITABLE[self.cast.origin[:2]])
            person["custody"] = {"kind": "agency", "agency": keeper}
            if keeper in self.cast.scenario["cases"]:
                name = f"TEST {self.cast.codes([keeper])[0][:4]}"
                person["custody"] = {"kind": "person", "name": name, "relationship": "mother"}
        return person

    # After the handover

    def _rcv(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        records = [one for one in self.sent if one.type == "HRC" and one.document["persons"]]
        record = next((one for one in reversed(records) if codes[0] in one.codes), None)
        if record is not None:
            small["content"]["record"] = record.id
            small["header"]["movement_code"] = self.cast.movement(record.movement)
        agency = raw.get("acting_agency", SUITABLE[self.cast.origin[:2]])
        small["content"]["reception_agency"] = agency
        arrived = {"arrived": True, "arrived_at": text(at), "condition": "well"}
        if not raw.get("fields", {}).get("arrived", True):
            arrived = {"arrived": False, "missing_reason": raw["fields"]["missing_reason"]}
        small["persons"] = [person | arrived for person in self._persons(raw, codes, at)]

    def _rfn(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        services = raw.get("fields", {}).get("services", ["temporary_shelter"])
        small["persons"] = [person | {"services": services} for person in self._persons(raw, codes, at)]

    def _fup(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        (person,) = small["persons"] = self._persons(raw, codes, at)
        person |= {
            "sequence_number": sum(one.type == "FUP" and codes[0] in one.codes for one in self.sent) + 1,
            "visited_on": at.date().isoformat(),
            "method": "home visit",
            "outcome": raw["fields"]["outcome"],
            "next_on": (at.date() + timedelta(days=60)).isoformat(),
        }

    def _clo(self, small: Any, raw: Raw, codes: list[str], at: datetime) -> None:
        fields = raw["fields"]
        line = {"case_code": codes[0], "reason": fields["reason"], "other_side_must_close": True}
        if "explanation" in fields:
            line["explanation"] = "visits and calls, without an answer"
        if "linked_case" in fields:
            line["linked_case"] = self.cast.codes([fields["linked_case"]])[0]
        small["persons"] = [line]

    # Places and times

    def _crossing(self) -> str:
        """Return the crossing that the scenario names first; one without a code where it names none."""
        named = (raw.get("fields", {}) for raw in self.steps)
        found = (
            str(fields.get("checkpoint", fields.get("proposed_checkpoint")))
            for fields in named
            if "checkpoint" in fields or "proposed_checkpoint" in fields
        )
        return next(found, "OTHER")

    def _place_of(self, movement: str) -> str:
        ours = [one for one in self.sent if one.type == "HPR" and one.movement == movement]
        proposal = ours[-1]
        return str(proposal.document["content"]["checkpoint"])  # type: ignore[index, call-overload]

    def _departure(self, movement: str, at: datetime) -> datetime:
        """Return when the persons of a movement leave, as the scenario goes on to tell."""
        leaving = (
            moment(raw) for raw in self.steps if raw["message"] == "HDP" and raw.get("movement") == movement
        )
        return next((left for left in leaving if left > at), at + timedelta(days=5))
