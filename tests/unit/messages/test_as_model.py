# SPDX-License-Identifier: Apache-2.0
"""A model that is made of a checked document equals the one that a check would have made."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from exchange.messages.as_model import as_model
from exchange.messages.catalog import FORMS
from exchange.messages.fields import Form
from exchange.messages.versions import forms_of, understood
from pydantic import BaseModel
from tests.support.examples import files, load


@pytest.mark.parametrize("code", sorted(FORMS))
def test_model_of_every_example_equals_the_validated_one(code: str) -> None:
    examples = [load(path) for path in files("valid") if path.parts[-3].upper() == code]

    for document in examples:
        read = understood(document)
        assert read.form is not None
        made, validated = (
            as_model(read.form.model, read.document),
            read.form.model.model_validate(read.document),
        )
        assert (made, made.model_dump()) == (validated, validated.model_dump())

    assert examples


@pytest.mark.parametrize("code", sorted(FORMS))
def test_every_installed_form_can_be_made(code: str) -> None:
    for form in forms_of(code):
        assert isinstance(as_model(form.model, {}), form.model)


def _kinds(schema: Any) -> Iterator[str]:
    """Yield the kind of every part of what pydantic checks."""
    if isinstance(schema, dict):
        if isinstance(schema.get("type"), str):
            yield schema["type"]
        for name, part in schema.items():
            if name not in ("metadata", "cls", "config"):
                yield from _kinds(part)
    elif isinstance(schema, list | tuple):
        for part in schema:
            yield from _kinds(part)


@pytest.mark.parametrize("code", sorted(FORMS))
def test_no_form_demands_what_only_code_can_check(code: str) -> None:
    for form in forms_of(code):
        form.model.model_rebuild()
        kinds = set(_kinds(form.model.__pydantic_core_schema__))

        assert "model" in kinds
        assert not {kind for kind in kinds if kind.startswith("function")}


def test_document_is_not_changed() -> None:
    document = load(files("valid")[0])
    before = deepcopy(document)

    as_model(FORMS[document["header"]["type"]].model, document)

    assert document == before


def test_made_model_stays_as_it_is() -> None:
    document = load(files("valid")[0])
    made: Any = as_model(FORMS[document["header"]["type"]].model, document)

    with pytest.raises(ValueError, match="frozen"):
        made.header.type = "RPN"


class Inner(Form):
    number: int


class Outer(Form):
    number: int | None = None
    numbers: tuple[int, ...] = ()
    inner: Inner | None = None
    told: str | Inner = ""


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"number": 1.0}, id="in a member"),
        pytest.param({"number": True}, id="a truth value"),
        pytest.param({"numbers": [1, 2.0]}, id="in a list"),
        pytest.param({"inner": {"number": 3.0}}, id="in a group"),
        pytest.param({"told": {"number": 4.0}}, id="in a group that might be a text"),
    ],
)
def test_number_that_is_not_whole_is_refused(document: Any) -> None:
    with pytest.raises(ValueError, match="not whole"):
        as_model(Outer, document)


class Either(Form):
    one_of: Inner | Outer


def test_model_with_a_choice_of_groups_is_refused() -> None:
    def make(model: type[BaseModel]) -> None:
        as_model(model, {"one_of": {"number": 1}})

    with pytest.raises(TypeError, match="several groups"):
        make(Either)
