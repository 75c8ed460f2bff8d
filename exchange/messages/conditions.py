# SPDX-License-Identifier: Apache-2.0
"""What an answer asks for next: members that a form needs, or refuses, because of what another one says.

    demands_of("RPD", "persons", {"outcome": "refused"})
    # needed: refusal_reason, reasons; refused: valid_until, reception, conditions, new_date, child_receiver

1. The conditions are those of the schema file: `allOf` of the content, or of the line of a person, with an
   `if` that names values of members and their presence.
2. Only what was entered counts; a member that the program fills later decides nothing here.

Nothing is judged: what is missing or too much, `forms` says. What only the rules demand stands elsewhere.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from exchange.messages.catalog import FORMS
from exchange.messages.document import JsonValue
from exchange.messages.questions import Part
from exchange.messages.schemas import schemas


@dataclass(frozen=True)
class Demands:
    """Names of members that are needed, and of members that may not stand there."""

    needed: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()


def demands_of(type_code: str, part: Part, said: Mapping[str, JsonValue]) -> Demands:
    """Return what the form demands because of what was said in a part."""
    met = [then for condition, then in _conditions(type_code, part) if _holds(condition, said)]
    needed = {name for then in met for name in then.get("required", ())}
    refused = {name for then in met for name, schema in then.get("properties", {}).items() if schema is False}
    return Demands(frozenset(needed), frozenset(refused))


@cache
def _conditions(type_code: str, part: Part) -> tuple[tuple[Mapping[str, Any], Mapping[str, Any]], ...]:
    return tuple(_found(type_code, part))


def _found(type_code: str, part: Part) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    form = FORMS[type_code]
    schema = schemas()[form.schema]
    lines = schema["$defs"].get(form.line, {}) if "$defs" in schema else {}
    holder = {"content": schema["properties"].get("content", {}), "persons": lines}.get(part, {})
    for one in holder.get("allOf", ()):
        condition = one.get("if", {})
        if condition.get("properties") and condition.get("required"):
            yield condition, one.get("then", {})


def _holds(schema: Any, value: object) -> bool:
    """Return whether a value fits a condition; the words that conditions of the forms use are known."""
    if not isinstance(schema, dict):
        return schema is True
    if "const" in schema:
        return bool(value == schema["const"])
    if "enum" in schema:
        return value in schema["enum"]
    if "contains" in schema:
        return isinstance(value, list) and any(_holds(schema["contains"], one) for one in value)
    if not isinstance(value, Mapping):
        return False
    members = schema.get("properties", {})
    present = all(name in value for name in schema.get("required", ()))
    return present and all(_holds(below, value[name]) for name, below in members.items() if name in value)
