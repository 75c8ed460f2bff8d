# SPDX-License-Identifier: Apache-2.0
"""What of a message may stand on paper: everything but class S4, which stays in the message.

Paper is copied, left on desks and carried over a bridge. Of class S4 only those flags are printed that say
what the officer at the gate has to do. How many values were left out is said on the paper.

An amendment or a correction names places in the part of a person. Where a value of a change is of class S4 at
its place, the whole change is left out: that something was changed there, and how it is known, says too much.

A list of which entries were left out is told apart from one that is empty (`cut`): that nobody must not learn
of it would send somebody to the door of those who must not.

The salts of the parts are left out, too: they would let somebody who finds the paper test the commitments.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from exchange.messages.document import (
    Document,
    JsonValue,
    content_of,
    header_of,
    objects_at,
    persons_of,
    text_at,
)
from exchange.messages.form_tree import CHANGED, FormNode, Sensitivity, form_tree, person_tree

ON_PAPER = frozenset({"self_harm_risk", "keep_apart"})
"""Flags of class S4 that say what the officer at the gate has to do."""
AT_THE_GATE = frozenset({"keep_apart", "travels_with", "sibling", "parent_child", "couple"})
"""Links that say with whom somebody stands or must not stand at the crossing."""
SALT = "salt"


@dataclass(frozen=True)
class OnPaper:
    """A document without what must not be printed, and how many values that were."""

    document: Document
    left_out: int
    cut: Mapping[str, int] = field(default_factory=dict)
    """How many entries of a list were left out, by the pointer of the list."""


def on_paper(document: Document, *, changed: str = "") -> OnPaper:
    """Return what of a document may be printed; a type without a form gives nothing but its header.

    `changed` is the type of the message in which an amendment changes something. Without it the places of the
    person block are known; what is changed elsewhere is left out.
    """
    tree = form_tree(text_at(header_of(document), "type"))
    if tree is None:
        return OnPaper({"header": dict(header_of(document))}, len(document) - 1)
    kept, left_out = _group(document, tree)
    block = _person_form(changed)
    pairs = [_changes(person, block) for person in persons_of(kept)]
    persons: list[JsonValue] = [person for person, _ in pairs]
    hidden = sum(count for _, count in pairs)
    kept = kept | {"persons": persons} if hidden else kept
    return OnPaper(kept, left_out + hidden, dict(_cut(document, kept)))


def _cut(whole: Document, kept: Document) -> Iterator[tuple[str, int]]:
    """Yield the pointer of each list of a part that lost entries, and how many."""
    persons = zip(persons_of(whole), persons_of(kept), strict=True)
    parts = [("/content", content_of(whole), content_of(kept))]
    parts += [(f"/persons/{at}", *pair) for at, pair in enumerate(persons)]
    for place, before, after in parts:
        for name, value in before.items():
            left = after.get(name)
            if isinstance(value, list) and isinstance(left, list) and len(left) < len(value):
                yield f"{place}/{name}", len(value) - len(left)


def _person_form(type_code: str) -> FormNode:
    """Return the tree of the part of a person in a message of a type, or of the person block."""
    tree = form_tree(type_code)
    persons = tree.members.get("persons") if tree else None
    return (persons.items if persons else None) or person_tree()


def _changes(person: Document, block: FormNode) -> tuple[Document, int]:
    """Return the part of a person without the changes that must not be printed, and how many those are."""
    changes = objects_at(person, "changes")
    kept: list[JsonValue] = [one for one in changes if not _is_hidden(one, block)]
    hidden = len(changes) - len(kept)
    return (person | {"changes": kept}, hidden) if hidden else (person, 0)


def _is_hidden(change: Document, block: FormNode) -> bool:
    pointer = text_at(change, "pointer")
    node = block.place(pointer) if pointer else None
    return node is None or any(_value(change[name], node)[1] for name in CHANGED if name in change)


def _value(value: JsonValue, node: FormNode) -> tuple[JsonValue, int]:
    """Return what of a value may be printed, None for nothing, and how many values were left out."""
    if isinstance(value, dict) and node.members:
        return _stated(value, node) if node.by_member else _group(value, node)
    if isinstance(value, list) and node.items is not None:
        pairs = [_value(item, node.items) for item in value]
        left: list[JsonValue] = [
            kept for kept, count in pairs if kept is not None and not (count and kept == {})
        ]
        return left, sum(count for _, count in pairs)
    if node.by_code is not None and isinstance(value, str):
        hidden = node.by_code.get(value, Sensitivity.S4) is Sensitivity.S4 and value not in ON_PAPER
        return (None, 1) if hidden else (value, 0)
    return (None, 1) if node.own is Sensitivity.S4 else (value, 0)


def _group(value: Document, node: FormNode) -> tuple[Document, int]:
    if node.own is Sensitivity.S4 and value:
        return {}, 1
    kept: Document = {}
    left_out = 0
    for name, item in value.items():
        if name == SALT:
            continue
        below = node.members.get(name)
        found, count = _value(item, below) if below is not None else (item, 0)
        left_out += count
        if found is not None and not (count and found == {}):
            kept[name] = found
    return kept, left_out


def _stated(value: Document, node: FormNode) -> tuple[JsonValue, int]:
    """Return a group that states its own class, as an entry of the attachment list does."""
    return (None, 1) if value.get(node.by_member or "") == str(Sensitivity.S4) else (value, 0)
