# SPDX-License-Identifier: Apache-2.0
"""Sensitivity class of a member, and the highest class inside a document.

The classes stand in the schema files: `x-class` beside a member holds for everything below it that has
none of its own. With `x-class-by-code` the class of each code in the list counts, with `x-class-member`
the member that states the class (attachments). A member without any class counts as S3.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from typing import Any

from exchange.messages.catalog import FORMS
from exchange.messages.codelists import codelist
from exchange.messages.document import Document, JsonValue, header_of, text_at
from exchange.messages.schemas import schemas


class Sensitivity(IntEnum):
    """How harmful disclosure would be, in order."""

    S0 = 0
    S1 = 1
    S2 = 2
    S3 = 3
    S4 = 4


_UNKNOWN = Sensitivity.S3


@dataclass(slots=True)
class _Node:
    """Class of one place in a form, and the places below it."""

    own: Sensitivity
    by_code: Mapping[str, Sensitivity] | None = None
    by_member: str | None = None
    members: dict[str, "_Node"] = field(default_factory=dict)
    items: "_Node | None" = None
    ceiling: Sensitivity = Sensitivity.S0
    """The highest class that can stand here or below."""


def highest_class(document: Document) -> Sensitivity:
    """Return the highest class of the members that are present.

    A document of a type without form counts as S4.
    """
    tree = _tree(text_at(header_of(document), "type"))
    return Sensitivity.S4 if tree is None else _highest(document, tree, Sensitivity.S0)


def class_of(type_code: str, pointer: str) -> Sensitivity:
    """Return the class of the member at a JSON pointer of a type; S4 at most for mixed members."""
    node = _tree(type_code)
    found = Sensitivity.S4
    for step in pointer.split("/")[1:]:
        if node is None:
            return found
        node = node.items if node.items is not None and step.isdigit() else node.members.get(step, node)
        found = node.own if node is not None else found
    return found


def flag_class(code: str) -> Sensitivity:
    """Return the class of a vulnerability flag."""
    return _classes("vulnerability-flags").get(code, Sensitivity.S4)


def _highest(value: JsonValue, node: _Node, best: Sensitivity) -> Sensitivity:
    """Return the higher of `best` and what stands in `value`; skips what cannot be higher."""
    if node.ceiling <= best:
        return best
    if isinstance(value, dict):
        return _of_object(value, node, best)
    if isinstance(value, list):
        items = node.items
        for item in value:
            best = best if items is None else _highest(item, items, best)
        return best
    if node.by_code is not None and isinstance(value, str):
        return max(best, node.by_code.get(value, Sensitivity.S4))
    return max(best, node.own)


def _of_object(value: dict[str, JsonValue], node: _Node, best: Sensitivity) -> Sensitivity:
    if node.by_member is not None:
        stated = value.get(node.by_member)
        known = isinstance(stated, str) and stated in Sensitivity.__members__
        return max(best, Sensitivity[str(stated)]) if known else Sensitivity.S4
    members = node.members
    for name, item in value.items():
        below = members.get(name)
        if below is not None and below.ceiling > best:
            best = _highest(item, below, best)
    return best


@cache
def _tree(type_code: str) -> _Node | None:
    form = FORMS.get(type_code)
    if form is None:
        return None
    node = _node(schemas()[form.schema], form.schema, None)
    _set_ceiling(node)
    return node


def _node(schema: Mapping[str, Any], base: str, above: Sensitivity | None) -> _Node:
    """Return the node of a schema; `base` is the file that its local references mean."""
    merged, base = _resolved(schema, base)
    own = Sensitivity[merged["x-class"]] if "x-class" in merged else above
    node = _Node(_UNKNOWN if own is None else own, by_member=merged.get("x-class-member"))
    for name, part in merged.get("properties", {}).items():
        if isinstance(part, dict) and "const" not in part:
            node.members[name] = _node(part, base, own)
    for part in (merged.get("items"), merged.get("additionalProperties")):
        if isinstance(part, dict):
            node.items = _node(part, base, own)
    if merged.get("x-class-by-code") and node.items is not None:
        node.items.by_code = _classes(merged["items"]["x-list"])
    return node


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


def _set_ceiling(node: _Node) -> Sensitivity:
    below = [*node.members.values(), *([node.items] if node.items else [])]
    highest = max((_set_ceiling(part) for part in below), default=node.own)
    if node.by_member is not None or node.by_code is not None:
        highest = Sensitivity.S4
    node.ceiling = max(highest, Sensitivity.S0 if below else node.own)
    return node.ceiling


@cache
def _classes(name: str) -> Mapping[str, Sensitivity]:
    codes = codelist(name).codes.values()
    return {
        code.code: Sensitivity[str(code.extra["sensitivity"])]
        for code in codes
        if "sensitivity" in code.extra
    }
