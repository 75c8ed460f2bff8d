# SPDX-License-Identifier: Apache-2.0
"""The message schemas, loaded from files and compiled into a fast gate.

A schema file names the code list of a member by `x-list` and does not repeat the codes: a list gets new
codes in a new minor version, a released schema file never changes. The compiled gate is the file plus an
`enum` of the installed version beside each `x-list`, except where `x-list-open` allows other values.

The draft gate differs in one point: the five header members filled at release are refused, not required.
References are resolved from our own files only; nothing is ever fetched.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import jsonschema_rs

from exchange.messages.codelists import codelist, schema_root
from exchange.messages.document import RELEASE_FIELDS

HEADER = "urn:exchange:schema:header:1.0"


@cache
def schemas() -> Mapping[str, Mapping[str, Any]]:
    """Return the schema files as they stand, by `$id`."""
    files = sorted((schema_root() / "messages").glob("*.json"))
    loaded = (json.loads(file.read_text(encoding="utf-8")) for file in files)
    return MappingProxyType({schema["$id"]: schema for schema in loaded})


@cache
def compiled(*, draft: bool) -> Mapping[str, Mapping[str, Any]]:
    """Return the schemas with the codes of the installed lists, for drafts or for messages."""
    filled = {name: _with_codes(schema) for name, schema in schemas().items()}
    if draft:
        filled[HEADER] = _draft_header(filled[HEADER])
    return MappingProxyType(filled)


@cache
def gate(schema: str, *, draft: bool) -> jsonschema_rs.Draft202012Validator:
    """Return the compiled validator of a form with its codes: the fast yes or no."""
    bodies = compiled(draft=draft)
    return _validator(dict(bodies[schema]), bodies)


@cache
def form_gate(schema: str, *, draft: bool) -> jsonschema_rs.Draft202012Validator:
    """Return the validator of a form without the codes of its lists, to explain a no."""
    bodies = {name: dict(body) for name, body in schemas().items()}
    if draft:
        bodies[HEADER] = _draft_header(bodies[HEADER])
    return _validator(bodies[schema], bodies)


@cache
def line_gate(schema: str, line: str) -> jsonschema_rs.Draft202012Validator:
    """Return the validator of one person or line of a form, without the codes of its lists."""
    return _validator({"$ref": f"{schema}#/$defs/{line}"}, schemas())


def _validator(
    body: dict[str, Any], bodies: Mapping[str, Mapping[str, Any]]
) -> jsonschema_rs.Draft202012Validator:
    registry = jsonschema_rs.Registry([(name, dict(each)) for name, each in bodies.items()])
    return jsonschema_rs.Draft202012Validator(body, registry=registry, offline=True, validate_formats=False)


@cache
def lists_used() -> tuple[str, ...]:
    """Return the code lists that any schema file refers to, sorted."""
    return tuple(sorted({name for body in schemas().values() for name in _marks(body)}))


@cache
def members(schema: str, *path: str) -> tuple[str, ...]:
    """Return the member names of an object in a schema file in their order, by the steps to it."""
    body: Any = schemas()[schema]
    for step in path:
        body = body[step]
    return tuple(body["properties"])


@cache
def needed_members(schema: str, line: str) -> frozenset[str]:
    """Return the members that one person or line of a form cannot be without."""
    return frozenset(schemas()[schema]["$defs"][line].get("required", ()))


@cache
def most_persons(schema: str) -> int:
    """Return how many persons or lines a form may have."""
    most: int = schemas()[schema]["properties"]["persons"]["maxItems"]
    return most


def _with_codes(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_codes(item) for item in value]
    if not isinstance(value, dict):
        return value
    filled = {name: _with_codes(item) for name, item in value.items()}
    if isinstance(value.get("x-list"), str) and not value.get("x-list-open"):
        filled["enum"] = list(codelist(value["x-list"]).codes)
    return filled


def _draft_header(header: Mapping[str, Any]) -> dict[str, Any]:
    required = [name for name in header["required"] if name not in RELEASE_FIELDS]
    refused = dict.fromkeys(RELEASE_FIELDS, False)
    return {**header, "required": required, "properties": {**header["properties"], **refused}}


def _marks(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("x-list"), str):
            yield value["x-list"]
        for item in value.values():
            yield from _marks(item)
    elif isinstance(value, list):
        for item in value:
            yield from _marks(item)
