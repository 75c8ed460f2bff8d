# SPDX-License-Identifier: Apache-2.0
"""Which questions are asked of a child although most persons are not asked them.

A child has a guardian in every message but the first one that says it was found, and a notice says that the
return is in its best interests (`person_rules.guarded`, `notice_rules.notice_safeguards`). In doubt about the
age a person is a child; before the birth was asked for there is no doubt yet.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

from exchange.messages.document import JsonValue, object_at
from exchange.messages.fillers import may_be_child

_GUARDIAN: Final = "guardian"
_BEFORE_A_GUARDIAN: Final = frozenset({"IDN"})
"""Types that may leave before there is a guardian."""
_BEST_INTERESTS: Final = ("RPN", "best_interests")


def is_of_children(type_code: str, name: str) -> bool:
    """Return whether a type asks this question of every child."""
    guarded = name == _GUARDIAN and type_code not in _BEFORE_A_GUARDIAN
    return guarded or (type_code, name) == _BEST_INTERESTS


def is_treated_as_child(person: Mapping[str, JsonValue], today: date) -> bool:
    """Return whether what was entered of a person says, or leaves open, that it is a child."""
    said = person.get("is_child")
    if isinstance(said, bool):
        return said
    return bool(object_at(dict(person), "birth")) and may_be_child(dict(person), today)
