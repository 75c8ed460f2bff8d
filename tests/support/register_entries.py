# SPDX-License-Identifier: Apache-2.0
"""Invented entries of the home register."""

from datetime import date
from typing import Any

from exchange.cases.register import Entry, read_entry
from exchange.cases.register_sheet import complete_birth, stay_of, visit_of

TODAY = date(2027, 10, 4)
RECEIVED = date(2027, 5, 1)


def members(**more: Any) -> dict[str, Any]:
    """Return the members of a right entry with changes; None leaves one out, texts of a sheet are read."""
    found: dict[str, Any] = {
        "number": "F-1",
        "name": "SOK Dara",
        "sex": "F",
        "birth": {"value": "1998"},
        "is_child": False,
        "received_from": "TH",
        "received_on": RECEIVED.isoformat(),
        "intake": "without_notice",
    }
    found = {name: value for name, value in (found | more).items() if value is not None}
    for name, read in (("stays", stay_of), ("visits", visit_of)):
        found[name] = [read(each) if isinstance(each, str) else each for each in found.get(name, [])]
    complete_birth(found)
    return found


def entry(number: int = 1, **more: Any) -> Entry:
    """Return a right entry."""
    found = read_entry(members(number=f"F-{number}", **more))
    if isinstance(found, tuple):
        raise TypeError(found)
    return found
