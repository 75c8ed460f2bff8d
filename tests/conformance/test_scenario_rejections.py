# SPDX-License-Identifier: Apache-2.0
"""Rejections of the scenarios that form and rules decide, for IDN, VRQ, VRS, TRQ, TRS, TDQ and TDS.

Each entry of the data is made from a valid example by the one change it names. What depends on the state of
a case is decided by the tables (`test_scenarios.py`), the meaning of a text by a person.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from exchange.messages.codelists import codelist
from tests.support.documents import GONE, changed, example
from tests.support.examples import judged

OURS = frozenset({"IDN", "VRQ", "VRS", "TRQ", "TRS", "TDQ", "TDS"})
DECIDED_ELSEWHERE = frozenset({"state", "person", "protocol"})
SCENARIOS = json.loads((Path(__file__).parents[1] / "data/scenarios.json").read_text(encoding="utf-8"))
REFUSED = [{"scope": "verify_nationality", "state": "refused", "giver": "person", "on": "2027-09-08"}]
AUNT = {"ref": "R2", "relationship": "aunt_uncle"}

Entry = dict[str, Any]
DOCUMENTS: dict[tuple[int, str], Entry] = {
    (1, "TRQ that names the aunt in whom"): changed(
        example("trq", "child-with-a-threat-in-the-family"),
        {"persons__0__whom": [AUNT], "persons__0__not_to_contact": [AUNT]},
    ),
    (1, "Correction of K2’s birth year sent as a second VRS"): changed(
        example("vrs", "national-with-another-birth-year"), {"header__in_reply_to": GONE}
    ),
    (3, "VRQ for B4 before she agreed"): changed(
        example("vrq", "adult-with-declaration"), {"persons__0__consents": REFUSED}
    ),
    (7, "VRQ for the child without guardian"): changed(
        example("vrq", "child-with-photograph"), {"persons__0__guardian": GONE}
    ),
    (7, "Birth date 2555-03-01"): changed(
        example("vrq", "child-with-photograph"),
        {
            "persons__0__birth": {
                "value": "2555-03-01",
                "precision": "day",
                "basis": "document",
                "calendar": "buddhist_th",
            }
        },
    ),
}
"""By scenario and the beginning of `what`."""


def entries() -> list[tuple[int, Entry]]:
    """Return the rejections of our types that form and rules decide."""
    return [
        (scenario["id"], entry)
        for scenario in SCENARIOS["scenarios"]
        for entry in scenario.get("reject", [])
        if entry["message"] in OURS and entry["check"] not in DECIDED_ELSEWHERE
    ]


def document_for(scenario: int, entry: Entry) -> Entry:
    (found,) = (
        document
        for (number, what), document in DOCUMENTS.items()
        if number == scenario and entry["what"].startswith(what)
    )
    return found


@pytest.mark.parametrize(
    ("scenario", "entry"), entries(), ids=lambda value: value["what"][:40] if isinstance(value, dict) else ""
)
def test_rejection_of_a_scenario_has_its_code(scenario: int, entry: Entry) -> None:
    document = document_for(scenario, entry)

    assert document["header"]["type"] == entry["message"]
    assert judged(document)[0].code == entry["code"]


def test_every_rejection_of_the_table_is_one_of_the_data() -> None:
    assert len(entries()) == len(DOCUMENTS)


def test_deciders_are_those_of_the_list() -> None:
    decided = {entry["decided_by"] for _, entry in entries()}

    assert decided == {"rule", "form"}
    assert decided <= set(codelist("rejection-deciders").codes)
