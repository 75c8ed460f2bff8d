# SPDX-License-Identifier: Apache-2.0
"""Every installed form, its model and the person table say the same, whatever the type."""

from typing import Any, get_args

import pytest
from exchange.messages.catalog import FORMS, PERSON_BLOCK, PERSON_COLUMNS, message_types
from exchange.messages.form_tree import FormNode, form_tree
from exchange.messages.schemas import schemas
from pydantic import BaseModel
from tests.conformance.test_schemas_equal_models import model_schema, of_file

NOT_BY_FORM = {"consents"}
"""Needed, but demanded by the rules: a message without it has a code of its own."""
WITH_BLOCK = sorted(set(FORMS) & set(PERSON_COLUMNS))


def line_of(code: str) -> dict[str, Any]:
    form = FORMS[code]
    line: dict[str, Any] = schemas()[form.schema]["$defs"][form.line]
    return line


def parts_of(model: type[BaseModel]) -> tuple[type[BaseModel], type[BaseModel]]:
    """Return the models of the content and of one person or line."""
    content, persons = (model.model_fields[name].annotation for name in ("content", "persons"))
    assert isinstance(content, type)
    return content, get_args(persons)[0]


@pytest.mark.parametrize("code", sorted(FORMS))
def test_models_of_a_form_equal_its_schema(code: str) -> None:
    form = FORMS[code]
    content, line = parts_of(form.model)

    assert model_schema(content) == of_file(schemas()[form.schema]["properties"]["content"], form.schema)
    assert model_schema(line) == of_file(line_of(code), form.schema)


@pytest.mark.parametrize("code", sorted(FORMS))
def test_list_of_persons_is_as_long_as_the_scope_allows(code: str) -> None:
    persons = schemas()[FORMS[code].schema]["properties"]["persons"]

    if message_types()[code].scope == "person":
        assert (persons["minItems"], persons["maxItems"]) == (1, 1)
    elif message_types()[code].scope == "persons":
        assert (persons["minItems"], persons["maxItems"]) == (1, 1000)


@pytest.mark.parametrize("code", WITH_BLOCK)
def test_form_carries_the_members_of_the_person_table_and_no_others(code: str) -> None:
    carried = set(line_of(code)["properties"]) & set(PERSON_BLOCK)

    assert carried == message_types()[code].person_members


@pytest.mark.parametrize("code", WITH_BLOCK)
def test_members_marked_as_needed_are_demanded(code: str) -> None:
    column = PERSON_COLUMNS.index(code)
    needed = {name for name, marks in PERSON_BLOCK.items() if marks[column] == "R"}

    assert set(line_of(code)["required"]) & set(PERSON_BLOCK) == needed - NOT_BY_FORM


@pytest.mark.parametrize("code", sorted(FORMS))
def test_every_member_of_content_and_line_states_its_class(code: str) -> None:
    form = FORMS[code]
    groups = (schemas()[form.schema]["properties"]["content"]["properties"], line_of(code)["properties"])

    missing = [
        name for group in groups for name, part in group.items() if "x-class" not in of_reference(part)
    ]

    assert missing == []


def of_reference(part: dict[str, Any]) -> dict[str, Any]:
    """Return a member with what the person block says about it."""
    name, _, steps = str(part.get("$ref", "")).partition("#/properties/")
    return {**schemas()[name]["properties"][steps], **part} if steps else part


@pytest.mark.parametrize("code", sorted(FORMS))
def test_no_class_of_a_required_member_is_above_the_class_of_the_type(code: str) -> None:
    tree = form_tree(code)
    assert tree is not None
    line = tree.members["persons"].items
    assert line is not None

    above = [name for name in line_of(code)["required"] if _above(line.members[name], code)]

    assert above == []


def _above(node: FormNode, code: str) -> bool:
    """Return whether a member may not travel in its type; the code of a case always may."""
    if node is form_tree(code).members["persons"].items.members["case_code"]:  # type: ignore[union-attr]
        return False
    return node.own.name > message_types()[code].max_sensitivity
