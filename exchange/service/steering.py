# SPDX-License-Identifier: Apache-2.0
"""How the answers of a form steer its questions: an outcome is asked for its own reasons, dates and offices.

1. What the form of the type demands because of an answer is asked (`messages.conditions`); what it refuses
   then is not asked.
2. Who takes the child is asked for an accepted child; that somebody is a child was noted when the form began.
3. What was entered for another answer stays in the form and does not go out (`going_out`). It counts again
   when the answer is changed back.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from exchange.messages.conditions import Demands, demands_of
from exchange.messages.decision_rules import ACCEPTANCES
from exchange.messages.questions import Part

CHILDREN: Final = "children"
"""Member of what was entered that names the cases of children."""
_OF_A_CHILD: Mapping[str, tuple[str, frozenset[str], str]] = MappingProxyType(
    {"RPD": ("outcome", ACCEPTANCES, "child_receiver")}
)
"""By type: which values of which member demand another one for a child."""
Given = Mapping[str, Any]


def asks_of_children(type_code: str) -> bool:
    """Return whether a form of the type asks something for children only."""
    return type_code in _OF_A_CHILD


def demands_at(type_code: str, given: Given, part: Part, number: int) -> Demands:
    """Return what the answers in a part of a form demand; `number` is that of the person."""
    said = _said(given, part, number)
    found = demands_of(type_code, part, said)
    return Demands(found.needed | _of_a_child(type_code, given, said), found.refused)


def going_out(type_code: str, given: Given) -> dict[str, Any]:
    """Return header, content and persons without what other answers refuse (3)."""
    content = _without_refused(type_code, given, "content", 0)
    persons = [_without_refused(type_code, given, "persons", at) for at in range(len(given["persons"]))]
    parts = {"header": given.get("header"), "content": content, "persons": persons}
    return {name: part for name, part in parts.items() if part}


def _without_refused(type_code: str, given: Given, part: Part, number: int) -> dict[str, Any]:
    refused = demands_at(type_code, given, part, number).refused
    return {name: value for name, value in _said(given, part, number).items() if name not in refused}


def _said(given: Given, part: Part, number: int) -> dict[str, Any]:
    return dict(given["persons"][number]) if part == "persons" else dict(given.get(part) or {})


def _of_a_child(type_code: str, given: Given, said: Given) -> frozenset[str]:
    member, values, asked = _OF_A_CHILD.get(type_code, ("", frozenset(), ""))
    is_child = said.get("case_code") in given.get(CHILDREN, ())
    return frozenset({asked}) if is_child and said.get(member) in values else frozenset()
