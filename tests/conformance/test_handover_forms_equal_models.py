# SPDX-License-Identifier: Apache-2.0
"""Forms of the handover and what follows it: the models equal the schema files, every member has a class."""

from typing import Any

import pytest
from exchange.messages import aftercare, appointment, departure, record
from exchange.messages.catalog import FORMS, PERSON_BLOCK, message_types
from exchange.messages.form_tree import form_tree
from exchange.messages.handover_parts import NoContent, NoPart
from exchange.messages.people import PersonBlock
from exchange.messages.schemas import schemas
from pydantic import BaseModel
from tests.conformance.test_schemas_equal_models import model_schema, of_file

CONTENT = ("properties", "content")
HANDOVER = ("HPR", "HRP", "HDP", "HRC", "RCV", "RFN", "FUP", "CLO")
PARTS = [
    ("HPR", appointment.ProposalContent, CONTENT),
    ("HPR", NoPart, ("$defs", "no_part")),
    ("HRP", appointment.ResponseContent, CONTENT),
    ("HRP", NoPart, ("$defs", "no_part")),
    ("HDP", departure.DepartureContent, CONTENT),
    ("HDP", departure.Traveller, ("$defs", "person")),
    ("HRC", record.RecordContent, CONTENT),
    ("HRC", record.RecordLine, ("$defs", "line")),
    ("RCV", aftercare.ReceptionContent, CONTENT),
    ("RCV", aftercare.ReceptionLine, ("$defs", "line")),
    ("RFN", NoContent, CONTENT),
    ("RFN", aftercare.ReferralLine, ("$defs", "line")),
    ("FUP", NoContent, CONTENT),
    ("FUP", aftercare.FollowUpLine, ("$defs", "line")),
    ("CLO", NoContent, CONTENT),
    ("CLO", aftercare.ClosureLine, ("$defs", "line")),
]
REQUIRED_BY_RULE = {"consents", "guardian"}
"""Marked R or C in the person table, but missing ones have a code of their own."""


def part_of(code: str, path: tuple[str, ...]) -> dict[str, Any]:
    part: Any = schemas()[FORMS[code].schema]
    for step in path:
        part = part[step]
    found: dict[str, Any] = part
    return found


@pytest.mark.parametrize(("code", "model", "path"), PARTS)
def test_model_equals_the_schema(code: str, model: type[BaseModel], path: tuple[str, ...]) -> None:
    assert model_schema(model) == of_file(part_of(code, path), FORMS[code].schema)


@pytest.mark.parametrize("code", HANDOVER)
def test_list_of_parts_has_the_bounds_of_the_schema(code: str) -> None:
    schema = schemas()[FORMS[code].schema]["properties"]["persons"]
    model = FORMS[code].model.model_json_schema()["properties"]["persons"]

    assert {key: schema.get(key) for key in ("minItems", "maxItems")} == {
        key: model.get(key) for key in ("minItems", "maxItems")
    }


@pytest.mark.parametrize(("code", "path"), [(code, path) for code, _, path in PARTS])
def test_every_member_has_a_title_and_a_class(code: str, path: tuple[str, ...]) -> None:
    own = {name: part for name, part in part_of(code, path)["properties"].items() if name not in PERSON_BLOCK}

    assert not [name for name, part in own.items() if "x-class" not in part or "title" not in part]


@pytest.mark.parametrize("code", ["HDP", "HRC", "RCV", "RFN", "FUP"])
def test_line_carries_the_members_of_the_person_table_and_no_other(code: str) -> None:
    line = FORMS[code].line
    part = part_of(code, ("$defs", line))
    shared = set(part["properties"]) & set(PersonBlock.model_fields)
    tree = form_tree(code)
    assert tree is not None

    assert shared == message_types()[code].person_members
    assert {name for name in PERSON_BLOCK if _mark(code, name) == "R"} <= set(
        part["required"]
    ) | REQUIRED_BY_RULE
    assert {name for name in part["required"] if name in shared} <= {
        name for name in shared if _mark(code, name) == "R"
    }


def _mark(code: str, name: str) -> str:
    columns = ("IDN", "VRQ", "TRQ", "RPN", "TDQ", "HDP", "HRC", "RCV", "RFN", "FUP")
    return PERSON_BLOCK[name][columns.index(code)]


@pytest.mark.parametrize("code", HANDOVER)
def test_highest_class_of_a_form_fits_the_list_of_types(code: str) -> None:
    """Remarks and attachments apart, a form without flags can never be restricted."""
    tree = form_tree(code)
    assert tree is not None
    highest = max(str(tree.members[part].ceiling) for part in ("content", "persons"))

    assert highest <= message_types()[code].max_sensitivity
