# SPDX-License-Identifier: Apache-2.0
"""What one answer makes a form need or refuse, read from the schema files (`messages.conditions`)."""

from typing import Any

import pytest
from exchange.messages.catalog import FORMS
from exchange.messages.conditions import Demands, demands_of
from exchange.messages.forms import check_form
from tests.support.examples import files, load

NOTHING = Demands()


@pytest.mark.parametrize(
    ("type_code", "part", "said", "needed", "refused"),
    [
        ("RPD", "persons", {"outcome": "deferred"}, {"new_date"}, {"conditions", "valid_until", "reception"}),
        ("VRS", "persons", {"result": "not_national"}, {"reasons"}, {"missing", "other_case"}),
        ("RCV", "persons", {"arrived": False}, {"missing_reason"}, {"arrived_at", "condition"}),
        ("RCV", "persons", {"arrived": True}, {"arrived_at", "condition"}, {"missing_reason"}),
        ("TDS", "persons", {"status": "pending"}, {"reasons"}, {"document"}),
        ("HRP", "content", {"response": "decline"}, {"reasons"}, {"changes", "receiving_officers"}),
        ("HPR", "content", {"transport": ["bus", "police_vehicle"]}, {"transport_reason"}, set()),
        ("HPR", "content", {"checkpoint": "OTHER"}, {"checkpoint_name"}, set()),
        ("CLO", "persons", {"reason": "lost_contact"}, {"explanation"}, set()),
        ("INC", "content", {"incident": "abuse_allegation"}, {"restricted_to"}, set()),
    ],
)
def test_an_answer_demands_what_the_form_demands(
    type_code: str, part: Any, said: dict[str, Any], needed: set[str], refused: set[str]
) -> None:
    found = demands_of(type_code, part, said)

    assert found.needed >= needed
    assert found.refused >= refused


@pytest.mark.parametrize(
    ("type_code", "part", "said"),
    [
        ("RPD", "persons", {}),
        ("RPD", "persons", {"outcome": "approved"}),
        ("RPD", "content", {"outcome": "refused"}),
        ("RPD", "header", {"outcome": "refused"}),
        ("HPR", "content", {"transport": ["bus"]}),
        ("HPR", "content", {"transport": "police_vehicle"}),
        ("VRS", "persons", {"reasons": "not_national"}),
        ("STM", "persons", {"outcome": "refused"}),
        ("HRC", "content", {"minutes_number": "1"}),
    ],
)
def test_nothing_is_demanded_by_an_answer_that_no_condition_names(
    type_code: str, part: Any, said: dict[str, Any]
) -> None:
    assert demands_of(type_code, part, said) == NOTHING


def test_every_valid_example_has_what_it_demands_and_nothing_that_it_refuses() -> None:
    seen = 0
    for path in files("valid"):
        document = load(path)
        code = document["header"]["type"]
        if FORMS[code].version != document["header"]["type_version"]:
            continue
        groups: list[tuple[Any, Any]] = [("content", document["content"])]
        groups += [("persons", person) for person in document["persons"]]
        for part, group in groups:
            found = demands_of(code, part, group)
            seen += found != NOTHING

            assert (check_form(document), found.needed - group.keys(), found.refused & group.keys()) == (
                (),
                set(),
                set(),
            )
    assert seen > 50
