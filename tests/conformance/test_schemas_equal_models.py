# SPDX-License-Identifier: Apache-2.0
"""The schema files are the contract; the models have the same members, needs, lists and bounds."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from exchange.messages.catalog import FORMS, PERSON_BLOCK, RETURN_PERSON, message_types
from exchange.messages.codelists import codelist, list_versions
from exchange.messages.document import RELEASE_FIELDS
from exchange.messages.form_tree import form_tree
from exchange.messages.header import Header
from exchange.messages.people import PersonBlock
from exchange.messages.returns import Decision, DecisionContent, DecisionLine, NoticeContent, NoticePerson
from exchange.messages.schemas import HEADER, compiled, gate, lists_used, schemas
from jsonschema.validators import extend
from pydantic import BaseModel
from referencing import Registry, Resource
from tests.support.examples import files, load
from tests.support.schema_parts import parts_of

PERSON = "urn:exchange:schema:person:1.0"
RPN = "urn:exchange:schema:rpn:1.0"
RPD = "urn:exchange:schema:rpd:1.0"
_IGNORED = {"$schema", "$id", "$defs", "title", "description", "allOf", "default"}
_IGNORED |= {"x-class", "x-class-by-code", "x-class-member"}


def of_file(schema: dict[str, Any], base: str) -> dict[str, Any]:
    """Return a schema with references followed, without words, classes and conditions."""
    while "$ref" in schema:
        name, _, steps = schema["$ref"].partition("#")
        base = name or base
        target: Any = schemas()[base]
        for step in steps.split("/")[1:]:
            target = target[step]
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    return _plain(schema, lambda part: of_file(part, base))


def of_model(schema: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a model in the same form; a member that may be None may be left out."""
    if "anyOf" in schema:
        kinds = [kind for kind in schema["anyOf"] if kind != {"type": "null"}]
        schema = {**schema, **kinds[0]} if len(kinds) == 1 else {**schema, "anyOf": kinds}
        if len(kinds) == 1:
            del schema["anyOf"]
    if "$ref" in schema:
        schema = defs[schema["$ref"].rpartition("/")[2]]
    if "patternProperties" in schema:
        ((pattern, value),) = schema["patternProperties"].items()
        schema = {key: part for key, part in schema.items() if key != "patternProperties"}
        schema |= {"propertyNames": {"pattern": pattern}, "additionalProperties": value}
    return _plain(schema, lambda part: of_model(part, defs))


def _plain(schema: dict[str, Any], inner: Any) -> dict[str, Any]:
    plain = {key: value for key, value in schema.items() if key not in _IGNORED}
    if "properties" in plain:
        plain["properties"] = {name: inner(part) for name, part in plain["properties"].items()}
        plain["required"] = sorted(plain.get("required", []))
    for key in ("items", "additionalProperties"):
        if isinstance(plain.get(key), dict):
            plain[key] = inner(plain[key])
    if "anyOf" in plain:
        plain["anyOf"] = [inner(part) for part in plain["anyOf"]]
    return plain


def model_schema(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema()
    return of_model(schema, schema.get("$defs", {}))


def test_header_model_equals_the_schema_apart_from_the_five_members_of_the_release() -> None:
    file = of_file(dict(schemas()[HEADER]), HEADER)
    file["required"] = [name for name in file["required"] if name not in RELEASE_FIELDS]

    assert model_schema(Header) == file


@pytest.mark.parametrize(
    ("model", "schema", "path"),
    [
        (PersonBlock, PERSON, ()),
        (NoticeContent, RPN, ("properties", "content")),
        (NoticePerson, RPN, ("$defs", "person")),
        (DecisionContent, RPD, ("properties", "content")),
        (DecisionLine, RPD, ("$defs", "line")),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_model_equals_the_schema(model: type[BaseModel], schema: str, path: tuple[str, ...]) -> None:
    part: Any = schemas()[schema]
    for step in path:
        part = part[step]

    assert model_schema(model) == of_file(part, schema)


@pytest.mark.parametrize("code", sorted(FORMS))
def test_document_has_header_content_and_persons(code: str) -> None:
    form = FORMS[code]
    schema = schemas()[form.schema]

    assert sorted(schema["properties"]) == sorted(schema["required"]) == ["content", "header", "persons"]
    assert sorted(form.model.model_fields) == ["content", "header", "persons"]
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("name", sorted(schemas()))
def test_schema_file_is_a_valid_schema_with_its_own_name(name: str) -> None:
    schema = schemas()[name]

    jsonschema_rs.meta.validate(dict(schema))

    assert schema["$id"] == name
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


ALL_PARTS = [part for schema in schemas().values() for part in parts_of(schema)]


def test_every_list_and_text_has_a_bound() -> None:
    unbounded = [part for part in ALL_PARTS if part.get("type") == "array" and "maxItems" not in part]
    numbers = [part for part in ALL_PARTS if part.get("type") == "integer" and "maximum" not in part]

    assert not unbounded
    assert not numbers


def test_every_group_refuses_unknown_members() -> None:
    groups = [part for part in ALL_PARTS if part.get("type") == "object"]

    assert groups
    assert all("additionalProperties" in part for part in groups)
    assert all(part["additionalProperties"] is False or "propertyNames" in part for part in groups)


def test_every_pattern_covers_the_whole_text_and_names_ascii_digits() -> None:
    patterns = [part["pattern"] for part in ALL_PARTS if isinstance(part.get("pattern"), str)]

    assert all(pattern.startswith("^") and pattern.endswith("$") for pattern in patterns)
    assert not [pattern for pattern in patterns if "\\d" in pattern or "\\w" in pattern]


def test_no_schema_uses_a_keyword_that_costs_more_than_the_input() -> None:
    heavy = {"uniqueItems", "patternProperties", "unevaluatedProperties", "$dynamicRef", "format"}

    assert not [part for part in ALL_PARTS if heavy & part.keys() and "type" in part]


def test_references_stay_in_our_own_files() -> None:
    references = {part["$ref"].partition("#")[0] for part in ALL_PARTS if isinstance(part.get("$ref"), str)}

    assert references - {""} <= set(schemas())


def test_every_list_a_schema_names_exists() -> None:
    assert set(lists_used()) <= set(list_versions())


def test_every_member_of_a_part_has_a_class() -> None:
    forms = [schemas()[name]["properties"] for name in (HEADER, PERSON)]
    forms += [
        schemas()[RPN]["properties"]["content"]["properties"],
        schemas()[RPD]["$defs"]["line"]["properties"],
    ]

    missing = [name for form in forms for name, part in form.items() if "x-class" not in part]

    assert missing == ["case_code"]  # the line of a decision refers to the person block for it


def test_notice_carries_exactly_the_members_the_person_table_allows() -> None:
    members = set(schemas()[RPN]["$defs"]["person"]["properties"])

    assert members == message_types()["RPN"].person_members | RETURN_PERSON
    assert set(PERSON_BLOCK) == set(schemas()[PERSON]["properties"])


@pytest.mark.parametrize("code", sorted(FORMS))
def test_no_member_of_a_form_has_a_forbidden_name(code: str) -> None:
    tree = form_tree(code)
    assert tree is not None
    names: set[str] = set()
    waiting = list(tree.members.values())  # header, content and persons are the document itself
    while waiting:
        node = waiting.pop()
        names |= set(node.members)
        waiting += [*node.members.values(), *([node.items] if node.items else [])]

    assert not names & message_types()[code].forbidden


def test_installed_lists_equal_their_index() -> None:
    for name, version in list_versions().items():
        assert codelist(name).version == version


def _whole(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    """Match as the schema language says: `$` is the end, not the place before a final line feed."""
    if isinstance(instance, str) and not re.search(pattern.removesuffix("$") + r"\Z", instance):
        yield jsonschema.ValidationError("pattern")


ORACLE = extend(jsonschema.Draft202012Validator, {"pattern": _whole})


def oracle(schema: str, *, draft: bool) -> Any:
    bodies = {name: json.loads(json.dumps(body)) for name, body in compiled(draft=draft).items()}
    registry: Any = Registry().with_resources(
        (name, Resource.from_contents(body)) for name, body in bodies.items()
    )
    return ORACLE(bodies[schema], registry=registry)


@pytest.mark.parametrize("kind", ["valid", "invalid"])
@pytest.mark.parametrize("draft", [False, True])
def test_fast_gate_and_reference_validator_agree_on_every_example(kind: str, draft: bool) -> None:
    for path in files(kind):
        form = FORMS[path.parent.parent.name.upper()]
        document = load(path)

        assert gate(form.schema, draft=draft).is_valid(document) == oracle(form.schema, draft=draft).is_valid(
            document
        )


def test_models_read_every_example_that_the_gate_lets_through() -> None:
    for path in [*files("valid"), *files("invalid")]:
        form = FORMS[path.parent.parent.name.upper()]
        document = load(path)
        if gate(form.schema, draft=False).is_valid(document):
            form.model.model_validate(document)


def test_models_are_frozen_and_refuse_what_is_unknown() -> None:
    document = load(next(path for path in files("valid") if path.parent.parent.name == "rpd"))
    strange = deepcopy(document)
    strange["persons"][0]["nickname"] = "x"

    with pytest.raises(ValueError, match="frozen"):
        Decision.model_validate(document).content = DecisionContent()
    with pytest.raises(ValueError, match="nickname"):
        Decision.model_validate(strange)
