# SPDX-License-Identifier: Apache-2.0
"""Sensitivity class of a member, and the highest class inside a document (classes: `form_tree.py`)."""

from exchange.messages.document import Document, JsonValue, header_of, text_at
from exchange.messages.form_tree import FormNode, Sensitivity, code_classes, form_tree, person_tree

__all__ = ["Sensitivity", "class_in_person_block", "class_of", "flag_class", "highest_class"]


_GROUPS = (dict, list)


def highest_class(document: Document, least: Sensitivity = Sensitivity.S0) -> Sensitivity:
    """Return the highest class of the members that are present, or `least` if none of them is higher.

    Members that cannot be higher than `least` are not looked at. A document of a type without form counts
    as S4.
    """
    tree = form_tree(text_at(header_of(document), "type"))
    return Sensitivity.S4 if tree is None else _highest(document, tree, least)


def class_of(type_code: str, pointer: str) -> Sensitivity:
    """Return the class of the member at a JSON pointer of a type; S4 at most for mixed members."""
    node = form_tree(type_code)
    found = Sensitivity.S4
    for step in pointer.split("/")[1:]:
        if node is None:
            return found
        node = node.items if node.items is not None and step.isdigit() else node.members.get(step, node)
        found = node.own if node is not None else found
    return found


def class_in_person_block(pointer: str, value: JsonValue) -> Sensitivity:
    """Return the class of a value at a JSON pointer into the person block; S4 where the block ends before."""
    node = person_tree().place(pointer)
    return Sensitivity.S4 if node is None else _highest(value, node, node.own)


def flag_class(code: str) -> Sensitivity:
    """Return the class of a vulnerability flag."""
    return code_classes("vulnerability-flags").get(code, Sensitivity.S4)


def _highest(value: JsonValue, node: FormNode, best: Sensitivity) -> Sensitivity:
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


def _of_object(value: dict[str, JsonValue], node: FormNode, best: Sensitivity) -> Sensitivity:
    if node.by_member is not None:
        stated = value.get(node.by_member)
        known = isinstance(stated, str) and stated in Sensitivity.__members__
        return max(best, Sensitivity[str(stated)]) if known else Sensitivity.S4
    for name, below in node.by_ceiling:
        if below.ceiling <= best:
            break
        if name not in value:
            continue
        item = value[name]
        if below.by_code is None and not isinstance(item, _GROUPS):
            best = max(best, below.own)
        else:
            best = _highest(item, below, best)
    return best
