# SPDX-License-Identifier: Apache-2.0
"""The schema file and the model of every installed form are equal, for its content and for one line."""

from typing import Any, get_args

import pytest
from exchange.messages.catalog import FORMS, Form
from exchange.messages.schemas import schemas
from exchange.messages.versions import forms_of
from tests.conformance.test_schemas_equal_models import model_schema, of_file

INSTALLED = [
    pytest.param(form, id=f"{code}-{form.version}") for code in sorted(FORMS) for form in forms_of(code)
]


def _line_model(form: Form) -> Any:
    annotation = form.model.model_fields["persons"].annotation
    return next(part for part in get_args(annotation) if part is not Ellipsis)


@pytest.mark.parametrize("form", INSTALLED)
def test_content_of_a_form_equals_its_model(form: Form) -> None:
    content: Any = form.model.model_fields["content"].annotation

    assert model_schema(content) == of_file(schemas()[form.schema]["properties"]["content"], form.schema)


@pytest.mark.parametrize("form", INSTALLED)
def test_line_of_a_form_equals_its_model(form: Form) -> None:
    assert model_schema(_line_model(form)) == of_file(schemas()[form.schema]["$defs"][form.line], form.schema)


@pytest.mark.parametrize("form", INSTALLED)
def test_list_of_a_form_has_the_bounds_of_its_model(form: Form) -> None:
    bounds = {name: schemas()[form.schema]["properties"]["persons"].get(name) for name in BOUNDS}

    model = form.model.model_json_schema()["properties"]["persons"]

    assert {name: model.get(name) for name in BOUNDS} == bounds


@pytest.mark.parametrize("code", sorted(FORMS))
def test_every_member_of_a_form_has_a_class(code: str) -> None:
    schema = schemas()[FORMS[code].schema]
    members = schema["properties"]["content"]["properties"] | schema["$defs"][FORMS[code].line]["properties"]

    missing = [name for name, part in members.items() if "x-class" not in part and name != "case_code"]

    assert not [name for name in missing if not members[name].get("$ref", "").startswith(PERSON)]


BOUNDS = ("minItems", "maxItems")
PERSON = "urn:exchange:schema:person:1.0#"
"""A member that refers to the person block takes its class from there."""
