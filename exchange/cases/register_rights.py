# SPDX-License-Identifier: Apache-2.0
"""What of an entry of the home register somebody may read: a class for every member, and the table of roles.

    found = readable_entry(members, roles)
    found.members       # without what these roles do not read
    found.withheld      # names of members that are there and not shown

1. A class holds for everything below its member. What messages say as well has the class that it has there.
2. Where a person lives and who looks after the person is S3: who opens the entry for a purpose works
   with just that, and the register is never sent.
3. A member without a class counts as S4: a new one is shown to nobody until it stands in the table.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from exchange.cases.permissions import Role, Showing, showing
from exchange.messages.form_tree import Sensitivity

CLASSES: Mapping[str, Sensitivity] = MappingProxyType(
    {
        "number": Sensitivity.S1,
        "name": Sensitivity.S2,
        "other_names": Sensitivity.S2,
        "sex": Sensitivity.S2,
        "birth": Sensitivity.S2,
        "is_child": Sensitivity.S2,
        "nationality": Sensitivity.S2,
        "document": Sensitivity.S2,
        "received_from": Sensitivity.S2,
        "received_on": Sensitivity.S2,
        "intake": Sensitivity.S1,
        "case": Sensitivity.S2,
        "stays": Sensitivity.S3,
        "family": Sensitivity.S3,
        "visits": Sensitivity.S3,
        "closure": Sensitivity.S3,
        "remark": Sensitivity.S3,
    }
)
"""THE table: the class of each member of an entry."""


@dataclass(frozen=True)
class ReadableEntry:
    """An entry as somebody may read it."""

    members: dict[str, Any]
    withheld: tuple[str, ...]


def shows_member(name: str, roles: Iterable[Role], *, named: bool = False) -> bool:
    """Return whether roles read a member; `named` readers of the case read class S4 as well (3)."""
    return showing(roles, CLASSES.get(name, Sensitivity.S4), named=named) is Showing.SHOWN


def readable_entry(
    members: Mapping[str, Any], roles: Iterable[Role], *, named: bool = False
) -> ReadableEntry:
    """Return what of an entry these roles read."""
    held = tuple(roles)
    shown = {name: value for name, value in members.items() if shows_member(name, held, named=named)}
    return ReadableEntry(shown, tuple(name for name in members if name not in shown))
