# SPDX-License-Identifier: Apache-2.0
"""Small invented notices and decisions, completed as an officer's file would be."""

from datetime import date, timedelta
from typing import Any

from exchange.ids import CaseCode, OfficerNumber
from exchange.messages.answering import PersonDecision, answer
from exchange.messages.document import persons_of
from exchange.messages.filling import Sources, fill
from exchange.protocol.parts import Document
from exchange.service.node import Node

NAMES = ("NGUYEN Thi Mai", "TRAN Van Binh", "LE Thi Hoa", "PHAM Minh Duc")
TODAY = date(2027, 10, 4)


def small_notice(country: str = "VN", persons: int = 1) -> dict[str, Any]:
    """Return the smallest notice for adults, as an officer types it."""
    return {
        "type": "RPN",
        "proposed_from": "2027-10-20",
        "proposed_to": "2027-10-24",
        "tracing_result": "the person does not want the family to be traced",
        "persons": [_person(country, number) for number in range(persons)],
    }


def _person(country: str, number: int) -> dict[str, Any]:
    return {
        "names": [{"full": NAMES[number % len(NAMES)]}],
        "sex": "F",
        "birth": {"value": "2003-05-14"},
        "nationality": [{"country": country}],
        "documents": [{"type": "passport", "number": f"C000000{number}", "expires": "2030-02-01"}],
        "identification": {"status": "confirmed", "on": "2027-09-06"},
        "consents": [{"scope": "return", "state": "given", "giver": "person", "on": "2027-09-08"}],
        "return_mode": "voluntary",
        "proceedings": {"needed": False},
        "needs_on_arrival": [],
    }


def sources(node: Node, partner: Any, officer: str = "P-0001") -> Sources:
    return Sources(
        sender=node.agency,
        partner=partner,
        officer=OfficerNumber(officer),
        office=node.agency,
        office_kind="social_welfare",
        usual={
            "language": "en",
            "checkpoint": "KH-VN-BAVET",
            "funding": "host_state",
            "handling": ["case_only"],
        },
        today=TODAY,
        random=node.random,
    )


def notice(node: Node, partner: Any, *, persons: int = 1, country: str = "VN") -> Document:
    return fill(small_notice(country, persons), sources(node, partner)).document


def decision(node: Node, partner: Any, notice: Document, *, refuse: int = 0) -> Document:
    """Return a decision on a notice that refuses its last `refuse` persons."""
    codes = [CaseCode(str(person["case_code"])) for person in persons_of(notice)]
    accepted = PersonDecision("accepted", valid_until="2027-12-20", reception=node.agency)
    refused = PersonDecision(
        "refused", refusal_reason="nationality_not_established", reasons="not found in the register"
    )
    split = len(codes) - refuse
    decisions = {code: accepted if place < split else refused for place, code in enumerate(codes)}
    return answer(notice, decisions, sources=sources(node, partner)).document


def real_notice(country: str = "VN", persons: int = 1) -> dict[str, Any]:
    """Return the smallest notice with days that fit the clock of this machine."""
    today = date.today()
    small = small_notice(country, persons)
    small["proposed_from"] = str(today + timedelta(days=16))
    small["proposed_to"] = str(today + timedelta(days=20))
    for person in small["persons"]:
        person["documents"][0]["expires"] = str(today.replace(year=today.year + 3, day=1))
        person["identification"]["on"] = str(today - timedelta(days=30))
        person["consents"][0]["on"] = str(today - timedelta(days=28))
    return small


def child_notice(node: Node, partner: Any) -> Document:
    """Return a right notice of a child, which needs two persons of the sender's side."""
    small = small_notice(str(partner)[:2])
    small["escorts"] = [{"role": "social_worker", "number": 1}]
    small["persons"][0] |= {
        "birth": {"value": "2016-02-11"},
        "flags": ["child", "unaccompanied_child"],
        "consents": [
            {"scope": "return", "state": "given", "giver": giver, "on": "2027-09-08"}
            for giver in ("guardian", "child_assent")
        ],
        "return_mode": "child_best_interests",
        "guardian": {
            "kind": "agency",
            "agency": node.agency,
            "from": "2027-08-20",
            "order_number": "W 118/2027",
        },
        "best_interests": {
            "decision": "return_to_relatives",
            "body": "multidisciplinary_team",
            "on": "2027-09-10",
            "summary": "The child wants to live with the grandmother, who can care for her with support.",
        },
    }
    return fill(small, sources(node, partner)).document
