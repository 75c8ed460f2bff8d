# SPDX-License-Identifier: Apache-2.0
"""Forms of the handover and what follows it: every member has a title and a class, every list its bounds."""

from typing import Any

import pytest
from exchange.messages.catalog import FORMS, PERSON_BLOCK, message_types
from exchange.messages.form_tree import form_tree
from exchange.messages.schemas import schemas

HANDOVER = ("HPR", "HRP", "HDP", "HRC", "RCV", "RFN", "FUP", "CLO")
NO_TELEPHONE = ("HPR", "HRP", "HRC", "RCV", "RFN", "FUP", "CLO")


def own_members(code: str) -> dict[str, Any]:
    """Return the members of content and line that do not come from the person block."""
    schema = schemas()[FORMS[code].schema]
    parts = (schema["properties"]["content"], schema["$defs"][FORMS[code].line])
    found = {name: part for each in parts for name, part in each["properties"].items()}
    return {name: part for name, part in found.items() if name not in PERSON_BLOCK}


@pytest.mark.parametrize("code", HANDOVER)
def test_every_member_has_a_title_and_a_class(code: str) -> None:
    members = own_members(code)

    assert not [name for name, part in members.items() if "x-class" not in part or "title" not in part]


@pytest.mark.parametrize("code", HANDOVER)
def test_list_of_parts_has_the_same_bounds_in_model_and_schema(code: str) -> None:
    schema = schemas()[FORMS[code].schema]["properties"]["persons"]
    model = FORMS[code].model.model_json_schema()["properties"]["persons"]

    assert [schema.get(key) for key in ("minItems", "maxItems")] == [
        model.get(key) for key in ("minItems", "maxItems")
    ]


@pytest.mark.parametrize("code", HANDOVER)
def test_highest_class_of_a_form_fits_the_list_of_types(code: str) -> None:
    """Remarks and attachments apart, only a form with flags can become restricted."""
    tree = form_tree(code)
    assert tree is not None
    highest = max(str(tree.members[part].ceiling) for part in ("content", "persons"))

    assert highest <= message_types()[code].max_sensitivity


@pytest.mark.parametrize("code", NO_TELEPHONE)
def test_only_the_departure_notice_has_a_telephone_number(code: str) -> None:
    assert "escort_contact" not in own_members(code)
    assert "escort_contact" in own_members("HDP")


@pytest.mark.parametrize("code", ["HPR", "HRP", "HDP", "HRC"])
def test_message_of_a_movement_names_it(code: str) -> None:
    assert "movement_code" in schemas()[FORMS[code].schema]["properties"]["header"]["required"]


@pytest.mark.parametrize("code", ["HDP", "HRC", "RCV", "CLO"])
def test_message_about_an_event_says_when_it_happened(code: str) -> None:
    assert "event_at" in schemas()[FORMS[code].schema]["properties"]["header"]["required"]
