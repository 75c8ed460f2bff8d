# SPDX-License-Identifier: Apache-2.0
"""What of a message may stand on paper: everything but class S4, which stays in the message.

Paper is copied, left on desks and carried over a bridge. Of class S4 only those flags are printed that say
what the officer at the gate has to do. How many values were left out is said on the paper.

The salts of the parts are left out, too: they would let somebody who finds the paper test the commitments.
"""

from dataclasses import dataclass

from exchange.messages.document import Document, JsonValue, header_of, text_at
from exchange.messages.form_tree import FormNode, Sensitivity, form_tree

ON_PAPER = frozenset({"self_harm_risk", "keep_apart"})
"""Flags of class S4 that say what the officer at the gate has to do."""
SALT = "salt"


@dataclass(frozen=True)
class OnPaper:
    """A document without what must not be printed, and how many values that were."""

    document: Document
    left_out: int


def on_paper(document: Document) -> OnPaper:
    """Return what of a document may be printed; a type without a form gives nothing but its header."""
    tree = form_tree(text_at(header_of(document), "type"))
    if tree is None:
        return OnPaper({"header": dict(header_of(document))}, len(document) - 1)
    kept, left_out = _group(document, tree)
    return OnPaper(kept, left_out)


def _value(value: JsonValue, node: FormNode) -> tuple[JsonValue, int]:
    """Return what of a value may be printed, None for nothing, and how many values were left out."""
    if isinstance(value, dict) and node.members:
        return _stated(value, node) if node.by_member else _group(value, node)
    if isinstance(value, list) and node.items is not None:
        pairs = [_value(item, node.items) for item in value]
        return [kept for kept, _ in pairs if kept is not None], sum(count for _, count in pairs)
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
