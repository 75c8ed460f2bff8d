# SPDX-License-Identifier: Apache-2.0
"""Documents of the handover messages of the domain scenarios, with what earlier steps have settled.

The scenarios name persons by keys and give only the fields that matter; everything else is taken from the
published examples and fitted to the step: parties, persons, times, the messages that are answered.

    story = Story(scenario)
    for raw in scenario["steps"]:
        documents = story.documents(raw)      # none for a type outside the handover
        story.take(raw, documents)
"""

import hashlib
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from exchange.ids import CROCKFORD, AgencyCode, CaseCode, Digest, MessageId
from exchange.messages.context import RuleContext
from exchange.messages.earlier import Announced, Appointment, EarlierMessage, OpenCrossing
from exchange.messages.validation import KnownFacts
from tests.support.documents import example

HANDOVER = ("HPR", "HRP", "HDP", "HRC", "RCV", "RFN", "FUP", "CLO")
FIRST, SECOND = "first-record-two-handed-over", "countersignature-agreed"
BASES = {
    "HPR": "two-persons-by-bus", "HRP": "confirmed", "HDP": "three-persons", "RCV": "two-persons-arrived",
    "RFN": "one-person", "FUP": "second-report-stable", "CLO": "reintegrated",
}  # fmt: skip
ONE_EACH = ("FUP", "CLO")
"""Types about one person: a step for three is three messages."""


@cache
def code_of(text: str) -> str:
    raw = hashlib.sha256(text.encode()).digest()
    code = "".join(CROCKFORD[byte & 31] for byte in raw[:12])
    return "-".join((code[:4], code[4:8], code[8:]))


def number_of(text: str) -> MessageId:
    raw = hashlib.sha256(text.encode()).hexdigest()
    return MessageId(f"{raw[:8]}-{raw[8:12]}-7{raw[12:15]}-8{raw[15:18]}-{raw[18:30]}")


def commitment_of(text: str) -> Digest:
    return Digest(hashlib.sha256(text.encode()).hexdigest()[:43])


def moment(raw: dict[str, Any]) -> datetime:
    at = str(raw["at"])
    return datetime.fromisoformat(at if "T" in at else f"{at}T10:00+07:00")


def text(at: datetime) -> str:
    return at.isoformat(timespec="minutes")


class Story:
    """One scenario on its way."""

    def __init__(self, scenario: dict[str, Any]) -> None:
        self.id, self.cases = str(scenario["id"]), scenario["cases"]
        self.sides = {"host": AgencyCode(scenario["host"]), "origin": AgencyCode(scenario["origin"])}
        self.known = {key for key, raw in self.cases.items() if raw["start"] != "presumed"}
        self.children = {key for key, raw in self.cases.items() if raw.get("child")}
        self.messages: dict[str, EarlierMessage] = {}
        self.appointments: dict[str, Appointment] = {}
        self.records: dict[str, tuple[MessageId, str]] = {}
        self.reports: dict[str, int] = {}
        self.closed = False
        self.session: int | None = None
        self.transit: dict[str, frozenset[str]] = {}
        self.unpaid = False
        for key, raw in self.cases.items():
            if raw["start"] == "handed_over":
                self._handed_over_before(key)
        for name, raw in scenario["movements"].items():
            if isinstance(raw, dict):
                number = number_of(f"{self.id}/{name}/before")
                listed = self.codes(raw["list"])
                self._appoint(name, number, listed)

    def codes(self, keys: list[str]) -> list[str]:
        """Return the case codes of the persons behind some keys."""
        return [
            code_of(f"{self.id}/{key}/{n}") for key in keys for n in range(self.cases[key].get("count", 1))
        ]

    def key_of(self, code: str) -> str:
        return next(key for key in self.cases if code in self.codes([key]))

    def documents(self, raw: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the messages of a step, one for each person where the type is about one."""
        if raw["message"] not in HANDOVER:
            return []
        if raw["message"] in ONE_EACH:
            return [self._document(raw, [code]) for code in self.codes(raw["persons"])]
        return [self._document(raw, self.codes(raw["persons"]))]

    def take(self, raw: dict[str, Any], documents: list[dict[str, Any]]) -> None:
        """Remember what a step settled."""
        fields, message = raw.get("fields", {}), raw["message"]
        self.known |= set(raw["persons"])
        for document in documents:
            self._remember(raw, document)
        if message == "AMD" and "movement" in raw:
            number = number_of(f"{self.id}/{raw['n']}")
            self._known_message(number, raw, self.codes(raw["persons"]))
            standing = self.appointments[raw["movement"]]
            off, more = (
                self.codes(list(fields.get("taken_off", ()))),
                self.codes(list(fields.get("added", ()))),
            )
            listed = [code for code in (*standing.listed, *more) if code not in off]
            self._appoint(raw["movement"], number, listed)
        if message == "TRD" and fields.get("decision", "accepted") == "accepted":
            self.transit = {code_of(f"{self.id}/{name}"): frozenset({"LA"}) for name in ("M1", "M2", "M3")}

    def context(self, raw: dict[str, Any]) -> RuleContext:
        other = "origin" if raw["from"] == "host" else "host"
        both = tuple(self.sides.values())
        return RuleContext(
            sender=self.sides[raw["from"]],
            recipient=self.sides[other],
            numbered_at=(moment(raw) + timedelta(minutes=5)).astimezone(UTC),
            types_allowed=dict.fromkeys(HANDOVER, both),
        )

    def facts(self) -> KnownFacts:
        codes = [code for key in self.known for code in self.codes([key])]
        return KnownFacts(
            hosts=dict.fromkeys(codes, self.sides["host"]),
            types={number: message.type for number, message in self.messages.items()},
            cases={number: message.cases for number, message in self.messages.items()},
            messages=self.messages,
            notices={
                code: Announced(funding="not_settled" if self.unpaid else "host_state") for code in codes
            },
            appointments={code_of(f"{self.id}/{name}"): one for name, one in self.appointments.items()},
            reports=self.reports,
            transit=self.transit,
            crossings=_Everywhere(OpenCrossing(self.closed, self.session)),
        )

    def _document(self, raw: dict[str, Any], codes: list[str]) -> dict[str, Any]:
        second = raw["message"] == "HRC" and raw.get("fields", {}).get("signature") == "second"
        base = (SECOND if second else FIRST) if raw["message"] == "HRC" else BASES[raw["message"]]
        document = example(raw["message"].lower(), base)
        header, at = document["header"], moment(raw)
        context = self.context(raw)
        header |= {"sender": context.sender, "recipient": context.recipient, "case_codes": codes}
        header["acting_agency"] = raw.get("acting_agency", context.sender)
        if "movement" in raw:
            header["movement_code"] = code_of(f"{self.id}/{raw['movement']}")
        if "event_at" in header:
            header["event_at"] = text(at)
        getattr(self, f"_{raw['message'].lower()}")(document, raw, codes, at)
        return document

    def _hpr(self, document: dict[str, Any], raw: dict[str, Any], codes: list[str], at: datetime) -> None:
        fields, content = raw.get("fields", {}), document["content"]
        content |= {"case_list": codes, "group_size": fields.get("group_size", len(codes))}
        crossing = fields.get("checkpoint", "OTHER")
        content |= {"checkpoint": crossing, "alternative": fields.get("alternative", crossing)}
        content |= {"checkpoint_name": "road gate", "alternative_name": "road gate"}
        begin = at + timedelta(days=3)
        content |= {"window_from": text(begin), "window_to": text(begin + timedelta(hours=1))}
        content["go_no_go_at"] = text(begin - timedelta(hours=1))

    def _hrp(self, document: dict[str, Any], raw: dict[str, Any], codes: list[str], at: datetime) -> None:
        standing = self.appointments[raw["movement"]]
        document["header"] |= {"in_reply_to": standing.last_change, "case_codes": list(standing.listed)}
        response = raw["fields"]["response"]
        content: dict[str, Any] = {"response": response}
        if response == "confirm":
            named = {"id": standing.last_change, "pc": commitment_of(standing.last_change)}
            content |= {"receiving_officers": ["P-0031"], "confirms": named}
        elif response == "counter":
            later = datetime.fromisoformat(str(standing.terms["window_to"])) + timedelta(hours=1)
            content |= {"changes": {"window_to": text(later)}, "reasons": "one hour later"}
        else:
            content |= {"reasons": "no reception on that day"}
        document["content"] = content

    def _hdp(self, document: dict[str, Any], raw: dict[str, Any], codes: list[str], at: datetime) -> None:
        document["content"] |= {"departed_at": text(at), "expected_at": text(at + timedelta(hours=2))}
        off = raw.get("fields", {}).get("taken_off", {})
        if off:
            document["content"]["taken_off"] = [
                {"case_code": code, "reason": reason}
                for key, reason in off.items()
                for code in self.codes([key])
            ]
        document["persons"] = [self._person(document["persons"], code) for code in codes]

    def _hrc(self, document: dict[str, Any], raw: dict[str, Any], codes: list[str], at: datetime) -> None:
        fields, content = raw.get("fields", {}), document["content"]
        content["signatory"] |= {"side": raw["from"], "at": text(at)}
        if fields.get("signature") == "second":
            number = number_of(f"{self.id}/{fields['countersigns']}")
            content |= {
                "countersigns": {"id": number, "pc": commitment_of(number)},
                "agreed": fields["agreed"],
            }
            if not fields["agreed"]:
                content["reservations"] = "not agreed"
            document["header"]["in_reply_to"] = number
            return
        content |= {"checkpoint": "OTHER", "checkpoint_name": "road gate"}
        content |= {
            "started_at": text(at - timedelta(minutes=20)),
            "ended_at": text(at - timedelta(minutes=2)),
        }
        document["persons"] = [self._line(document["persons"], raw, code) for code in codes]
        outcomes = [line["outcome"] for line in document["persons"]]
        content["totals"] = fields.get("totals") or {name: outcomes.count(name) for name in set(outcomes)}

    def _rcv(self, document: dict[str, Any], raw: dict[str, Any], codes: list[str], at: datetime) -> None:
        fields, content = raw.get("fields", {}), document["content"]
        content["reception_agency"] = document["header"]["acting_agency"]
        document["persons"] = [self._person(document["persons"], code) for code in codes]
        for person in document["persons"]:
            person["arrived_at"] = text(at)
            if fields.get("arrived") is False:
                del person["arrived_at"], person["condition"]
                person |= {"arrived": False, "missing_reason": fields["missing_reason"]}
        if codes[0] in self.records:
            content["record"], document["header"]["movement_code"] = self.records[codes[0]]
        else:
            del content["record"], document["header"]["movement_code"]

    def _rfn(self, document: dict[str, Any], raw: dict[str, Any], codes: list[str], at: datetime) -> None:
        document["persons"] = [self._person(document["persons"], code) for code in codes]
        for person in document["persons"]:
            person["services"] = raw.get("fields", {}).get("services", ["health"])
            self._consent(person, at)

    def _fup(self, document: dict[str, Any], raw: dict[str, Any], codes: list[str], at: datetime) -> None:
        (person,) = document["persons"] = [self._person(document["persons"], codes[0])]
        person |= {"outcome": raw["fields"]["outcome"], "visited_on": at.date().isoformat()}
        person["sequence_number"] = self.reports.get(codes[0], 0) + 1
        person["next_on"] = (at.date() + timedelta(days=60)).isoformat()
        self._consent(person, at)

    def _clo(self, document: dict[str, Any], raw: dict[str, Any], codes: list[str], at: datetime) -> None:
        (line,) = document["persons"]
        fields = raw["fields"]
        line |= {"case_code": codes[0], "reason": fields["reason"]}
        if "explanation" in fields:
            line["explanation"] = "visits and calls, without an answer"
        if "linked_case" in fields:
            line["linked_case"] = code_of(f"{self.id}/linked")

    def _person(self, like: list[dict[str, Any]], code: str) -> dict[str, Any]:
        person = deepcopy(like[0])
        is_child = self.key_of(code) in self.children
        person |= {"case_code": code, "is_child": is_child}
        if "links" in person:
            person["links"], person["documents"] = [], []
        if is_child:
            person["guardian"] = {"kind": "agency", "agency": "KH-MOSVY", "from": "2026-12-01"}
        return person

    def _line(self, like: list[dict[str, Any]], raw: dict[str, Any], code: str) -> dict[str, Any]:
        line = self._person(like, code)
        said = raw.get("lines", {}).get(self.key_of(code), {"outcome": "handed_over"})
        line["outcome"] = said["outcome"]
        if line["is_child"]:
            line["custody"] = {"kind": "agency", "agency": "KH-MOSVY"}
        if said["outcome"] == "not_presented":
            del line["condition"]
        if said["outcome"] == "added":
            givers = ("guardian", "child_assent") if line["is_child"] else ("person",)
            on = moment(raw).date().isoformat()
            line["consents"] = [
                {"scope": "return", "state": "given", "giver": giver, "on": on} for giver in givers
            ]
        elif said["outcome"] != "handed_over":
            line["reason"] = said.get("reason", "unknown")
        return line

    def _consent(self, person: dict[str, Any], at: datetime) -> None:
        givers = ("guardian", "child_assent", "person") if person["is_child"] else ("person",)
        on = (at.date() - timedelta(days=30)).isoformat()
        person["consents"] = [
            {"scope": scope, "state": "given", "giver": giver, "on": on}
            for scope in ("feedback_host", "contact_after_return")
            for giver in givers
        ]

    def _remember(self, raw: dict[str, Any], document: dict[str, Any]) -> None:
        number, codes = number_of(f"{self.id}/{raw['n']}"), document["header"]["case_codes"]
        self._known_message(number, raw, codes)
        match raw["message"]:
            case "HPR":
                self._appoint(raw["movement"], number, codes, document["content"])
            case "HRP" if raw["fields"]["response"] == "counter":
                listed = list(self.appointments[raw["movement"]].listed)
                self._appoint(raw["movement"], number, listed)
            case "HDP":
                standing = self.appointments[raw["movement"]]
                self.appointments[raw["movement"]] = Appointment(
                    standing.last_change, standing.terms, standing.listed, _cases(codes)
                )
            case "HRC" if document["persons"]:
                movement = document["header"]["movement_code"]
                self.records |= dict.fromkeys(codes, (number, movement))
            case "FUP":
                self.reports[codes[0]] = self.reports.get(codes[0], 0) + 1

    def _known_message(self, number: MessageId, raw: dict[str, Any], codes: list[str]) -> None:
        self.messages[number] = EarlierMessage(
            type=raw["message"],
            sender=self.sides[raw["from"]],
            pc=commitment_of(number),
            cases=_cases(codes),
            movement=code_of(f"{self.id}/{raw['movement']}") if "movement" in raw else "",
        )

    def _handed_over_before(self, key: str) -> None:
        number, codes, movement = number_of(f"{self.id}/{key}/record"), self.codes([key]), "before"
        step = {"message": "HRC", "from": "host", "movement": movement}
        self._known_message(number, step, codes)
        self.records |= dict.fromkeys(codes, (number, code_of(f"{self.id}/{movement}")))

    def _appoint(self, name: str, number: MessageId, listed: list[str], terms: Any = None) -> None:
        before = self.appointments.get(name)
        kept = terms or (before.terms if before else example("hpr", BASES["HPR"])["content"])
        self.appointments[name] = Appointment(number, kept, _cases(listed))


class _Everywhere(dict[str, OpenCrossing]):
    """The same news about every crossing."""

    def __init__(self, news: OpenCrossing) -> None:
        super().__init__()
        self.news = news

    def get(self, name: str, default: Any = None) -> Any:
        return self.news


def _cases(codes: list[str]) -> tuple[CaseCode, ...]:
    return tuple(CaseCode(code) for code in codes)
