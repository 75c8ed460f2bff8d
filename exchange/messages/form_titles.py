# SPDX-License-Identifier: Apache-2.0
"""A form as a tree of titles: what each member is called, of which kind it is, in the order of its schema.

For everything that shows a document to people. The classes of members are in `form_tree`; both follow the
references of the schema files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from exchange.messages.catalog import FORMS
from exchange.messages.schemas import HEADER, schemas


@dataclass(slots=True)
class TitledNode:
    """One place in a form."""

    title: str
    description: str = ""
    kind: str = ""
    """Name of the definition it refers to: `day`, `instant`, `agency` …"""
    code_list: str = ""
    choices: tuple[str, ...] = ()
    """Values of a closed set that is no code list."""
    members: dict[str, "TitledNode"] = field(default_factory=dict)
    items: "TitledNode | None" = None
    about: "TitledNode | None" = None
    """Of a change: the part of a message that its pointer leads into."""

    def at(self, *steps: str) -> "TitledNode":
        """Return the place below; a step into a list needs no number."""
        node = self
        for step in steps:
            node = node.items if node.items is not None and step not in node.members else node
            node = node.members[step]
        return node

    def steps_to(self, pointer: str) -> list[tuple["TitledNode", int]]:
        """Return the places on the way of a JSON pointer, each with the number of its entry from 1 on, or 0.

        Raises:
            KeyError: the form has no such place.
        """
        steps: list[tuple[TitledNode, int]] = []
        here = self
        for name in pointer.split("/")[1:]:
            if here.items is not None and name.isascii() and name.isdigit():
                steps[-1], here = (steps[-1][0], int(name) + 1), here.items
            else:
                here = here.members[name]
                steps.append((here, 0))
        return steps


@cache
def titled_form(type_code: str) -> TitledNode:
    """Return the tree of a type, with `header`, `content` and `persons`.

    Raises:
        KeyError: no form is installed.
    """
    schema = FORMS[type_code].schema
    node = _node(schemas()[schema], schema)
    node.members["header"] = _node(schemas()[HEADER], HEADER)
    return node


def form_with_changes(type_code: str, changed: str) -> TitledNode:
    """Return the tree of an amendment or a correction whose changes are made in a message of a type.

    Raises:
        KeyError: no form is installed for one of them.
    """
    form, into = titled_form(type_code), titled_form(changed)
    parts = {name: _changing(form.members[name], into.members.get(name)) for name in ("content", "persons")}
    return replace(form, members=form.members | parts)


def _changing(part: TitledNode, into: TitledNode | None) -> TitledNode:
    """Return the tree of a part, whose changes know the tree of the part that they are made in."""
    if part.items is not None:
        return replace(part, items=_changing(part.items, into.items if into else None))
    changes = part.members.get("changes")
    if changes is None or changes.items is None:
        return part
    named = replace(changes, items=replace(changes.items, about=into))
    return replace(part, members=part.members | {"changes": named})


def _node(schema: Mapping[str, Any], base: str) -> TitledNode:
    merged, base, kind = _resolved(schema, base)
    node = TitledNode(
        title=merged.get("title", ""),
        description=merged.get("description", ""),
        kind=kind,
        code_list=merged.get("x-list", ""),
        choices=tuple(value for value in merged.get("enum", ()) if isinstance(value, str)),
    )
    for group in (merged, *merged.get("anyOf", ())):
        for name, part in group.get("properties", {}).items():
            if isinstance(part, dict):
                node.members[name] = _node(part, base)
    if isinstance(merged.get("items"), dict):
        node.items = _node(merged["items"], base)
    return node


def _resolved(schema: Mapping[str, Any], base: str, kind: str = "") -> tuple[dict[str, Any], str, str]:
    """Return a schema with its references followed, the file it lies in, and the name it has there."""
    if "$ref" not in schema:
        return dict(schema), base, kind
    name, _, steps = str(schema["$ref"]).partition("#")
    base = name or base
    target: Any = schemas()[base]
    for step in steps.split("/")[1:]:
        target = target[step]
    found, base, kind = _resolved(target, base, steps.rpartition("/")[2])
    beside = {key: value for key, value in schema.items() if key != "$ref"}
    if "properties" in found:
        beside.pop("properties", None)
    return {**found, **beside}, base, kind
