# SPDX-License-Identifier: Apache-2.0
"""A form as a tree of its members, with the class and the code list of each.

The tree follows the references of the schema files once, so that a walk through a document costs
microseconds. `x-class` beside a member holds for everything below it that has none of its own. With
`x-class-by-code` the class of each code in the list counts, with `x-class-member` the member that states
the class (attachments). A member without any class counts as S3.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from typing import Any

from exchange.messages.catalog import FORMS
from exchange.messages.codelists import codelist
from exchange.messages.document import Document, JsonValue, header_of, text_at
from exchange.messages.schemas import HEADER, schemas


class Sensitivity(IntEnum):
    """How harmful disclosure would be, in order."""

    S0 = 0
    S1 = 1
    S2 = 2
    S3 = 3
    S4 = 4

    def __str__(self) -> str:
        return self.name


_UNKNOWN = Sensitivity.S3
CHANGED = ("old", "new", "wrong", "right")
"""Members of a change, or of a correction, that have the form of the place that is changed."""
PERSON = "urn:exchange:schema:person:1.0"


@dataclass(slots=True)
class FormNode:
    """One place in a form, and the places below it."""

    own: Sensitivity
    code_list: str | None = None
    lists: frozenset[str] = frozenset()
    """The code list once more, as what a text here adds to the lists of a document."""
    is_open: bool = False
    """Other values than the codes of the list are allowed."""
    by_code: Mapping[str, Sensitivity] | None = None
    by_member: str | None = None
    is_note: bool = False
    """A text of several lines, in which a person can write anything."""
    members: dict[str, "FormNode"] = field(default_factory=dict)
    items: "FormNode | None" = None
    ceiling: Sensitivity = Sensitivity.S0
    """The highest class that can stand here or below."""
    has_lists: bool = False
    """Codes of a list can stand here or below."""
    listed: tuple[tuple[str, "FormNode"], ...] = ()
    """The members with such codes."""
    by_ceiling: tuple[tuple[str, "FormNode"], ...] = ()
    """All members, those with the highest ceiling first."""

    def place(self, pointer: str) -> "FormNode | None":
        """Return the place at a JSON pointer, None if the form has no such place."""
        node: FormNode | None = self
        for step in pointer.split("/")[1:]:
            if node is None:
                return None
            node = node.items if node.items is not None and step.isdigit() else node.members.get(step)
        return node


@cache
def form_tree(type_code: str) -> FormNode | None:
    """Return the tree of a type, or None when no form is installed."""
    form = FORMS.get(type_code)
    if form is None:
        return None
    node = _node(schemas()[form.schema], form.schema, None)
    _set_ceiling(node)
    return node


@cache
def person_tree() -> FormNode:
    """Return the tree of the person block."""
    node = _node(schemas()[PERSON], PERSON, None)
    _set_ceiling(node)
    return node


def lists_in(document: Document) -> frozenset[str]:
    """Return the code lists whose codes stand in a document."""
    tree = form_tree(text_at(header_of(document), "type"))
    found: set[str] = set()
    if tree is not None:
        _add_lists(document, tree, found)
    return frozenset(found)


@cache
def code_classes(name: str) -> Mapping[str, Sensitivity]:
    """Return the class of each code of a list that states one."""
    codes = codelist(name).codes.values()
    return {
        code.code: Sensitivity[str(code.extra["sensitivity"])]
        for code in codes
        if "sensitivity" in code.extra
    }


def _add_lists(value: JsonValue, node: FormNode, found: set[str]) -> None:
    if isinstance(value, dict):
        for name, below in node.listed:
            item = value.get(name)
            if isinstance(item, str):
                found |= below.lists
            elif item is not None:
                _add_lists(item, below, found)
    elif isinstance(value, list) and node.items is not None:
        for item in value:
            if isinstance(item, str):
                found |= node.items.lists
            else:
                _add_lists(item, node.items, found)


def _node(schema: Mapping[str, Any], base: str, above: Sensitivity | None) -> FormNode:
    """Return the node of a schema; `base` is the file that its local references mean."""
    refused = {name for name, part in schema.get("properties", {}).items() if part is False}
    merged, base = _resolved(schema, base)
    own = Sensitivity[merged["x-class"]] if "x-class" in merged else above
    node = FormNode(
        _UNKNOWN if own is None else own,
        code_list=merged.get("x-list"),
        lists=frozenset({merged["x-list"]} if "x-list" in merged else ()),
        is_open=merged.get("x-list-open") is True,
        by_member=merged.get("x-class-member"),
        is_note=_is_note(merged),
    )
    for name, part in merged.get("properties", {}).items():
        if isinstance(part, dict) and "const" not in part and name not in refused:
            node.members[name] = _node(part, base, own)
    for part in (merged.get("items"), merged.get("additionalProperties")):
        if isinstance(part, dict):
            node.items = _node(part, base, own)
    if merged.get("x-class-by-code") and node.items is not None:
        node.items.by_code = code_classes(merged["items"]["x-list"])
    return node


def _is_note(schema: Mapping[str, Any]) -> bool:
    """Return whether a schema, or one of its choices, is the text of several lines."""
    note = schemas()[HEADER]["$defs"]["note"]["pattern"]
    choices = [_resolved(choice, HEADER)[0] for choice in schema.get("anyOf", ()) if "$ref" in choice]
    return any(one.get("pattern") == note for one in (schema, *choices))


def _resolved(schema: Mapping[str, Any], base: str) -> tuple[dict[str, Any], str]:
    """Return a schema with its reference followed; members beside the reference win, except properties."""
    if "$ref" not in schema:
        return dict(schema), base
    name, _, steps = str(schema["$ref"]).partition("#")
    base = name or base
    target: Any = schemas()[base]
    for step in steps.split("/")[1:]:
        target = target[step]
    found, base = _resolved(target, base)
    beside = {key: value for key, value in schema.items() if key not in {"$ref", "properties"}}
    return {**found, **beside}, base


def _set_ceiling(node: FormNode) -> Sensitivity:
    """Set what can stand at a node or below; return the highest class."""
    below = [*node.members.values(), *([node.items] if node.items else [])]
    highest = max((_set_ceiling(part) for part in below), default=node.own)
    if node.by_member is not None or node.by_code is not None:
        highest = Sensitivity.S4
    node.ceiling = max(highest, Sensitivity.S0 if below else node.own)
    node.has_lists = node.code_list is not None or any(part.has_lists for part in below)
    node.listed = tuple(named for named in node.members.items() if named[1].has_lists)
    node.by_ceiling = tuple(sorted(node.members.items(), key=lambda named: named[1].ceiling, reverse=True))
    return node.ceiling
