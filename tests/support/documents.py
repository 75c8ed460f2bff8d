# SPDX-License-Identifier: Apache-2.0
"""Documents to begin with: a notice, a child's notice and a decision, changed at one place by a pointer."""

from copy import deepcopy
from datetime import date
from typing import Any

from exchange.ids import AgencyCode, OfficerNumber
from exchange.messages.filling import Sources
from tests.support.examples import ROOT, load

GONE: Any = object()
"""Takes a member out."""


def example(kind: str, name: str) -> dict[str, Any]:
    return load(ROOT / kind / "valid" / f"{name}.json")


def notice(**changes: Any) -> dict[str, Any]:
    """Return the notice of one adult; `persons__0__sex="F"` changes `/persons/0/sex`."""
    return changed(example("rpn", "adult-with-passport"), changes)


def child_notice(**changes: Any) -> dict[str, Any]:
    return changed(example("rpn", "child-with-guardian-and-best-interests"), changes)


def decision(**changes: Any) -> dict[str, Any]:
    return changed(example("rpd", "one-person-accepted"), changes)


def changed(document: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    document = deepcopy(document)
    for path, value in changes.items():
        steps = [int(step) if step.isdigit() else step for step in path.split("__")]
        place: Any = document
        for step in steps[:-1]:
            place = place[step]
        if value is GONE:
            del place[steps[-1]]
        else:
            place[steps[-1]] = value
    return document


def small_notice(**person: Any) -> dict[str, Any]:
    """Return the smallest notice an officer writes."""
    line: dict[str, Any] = {
        "names": [{"full": "NGUYEN Thi Mai"}],
        "sex": "F",
        "birth": {"value": "2003-05-14"},
        "nationality": [{"country": "VN"}],
        "documents": [{"type": "passport", "number": "C0000000", "expires": "2030-02-01"}],
        "identification": {"status": "confirmed", "on": "2027-09-06"},
        "consents": [{"scope": "return", "state": "given", "giver": "person", "on": "2027-09-08"}],
        "return_mode": "voluntary",
        "proceedings": {"needed": False},
        "needs_on_arrival": [],
    }
    line |= person
    return {
        "type": "RPN",
        "proposed_from": "2027-10-04",
        "proposed_to": "2027-10-08",
        "tracing_result": "she does not want her family to be traced",
        "persons": [{name: value for name, value in line.items() if value is not GONE}],
    }


def sources(**changes: Any) -> Sources:
    """Return what the node of KH-MOSVY-DAHT knows when it writes to VN-MPS-IMM."""
    given: dict[str, Any] = {
        "sender": AgencyCode("KH-MOSVY-DAHT"),
        "partner": AgencyCode("VN-MPS-IMM"),
        "officer": OfficerNumber("P-0007"),
        "office": AgencyCode("KH-MOSVY-DAHT"),
        "office_kind": "social_welfare",
        "usual": {
            "language": "en",
            "checkpoint": "KH-VN-BAVET",
            "funding": "host_state",
            "handling": ["case_only", "no_redisclosure"],
        },
        "today": date(2027, 9, 17),
        "random": lambda count: bytes(range(count)),
    }
    return Sources(**(given | changes))
