# SPDX-License-Identifier: Apache-2.0
"""Offices that take a person over: who receives (RPD, RCV), who takes the child (RPD), who has custody (HRC).

1. The office is of the side that takes the person: of the origin side. A person who was not handed over may
   stay with an office of the host side.
2. It exists on the day on which it takes the person: an acceptance may name one that begins before the
   acceptance ends, a record one of the day of the handover, whenever it is signed.
3. A message written with a newer list of offices than ours is not judged by 2: its office may have another
   last day there.

Which function the office has is not judged: not every country lists one for reception. Pages offer first
those that have it. Source: procedure section 5, rules 4 and 5, and section 2 (days of an office).
"""

from collections.abc import Collection, Iterator
from datetime import date

from exchange.errors import Fault
from exchange.ids import AgencyCode
from exchange.messages.codelists import list_versions
from exchange.messages.context import Facts, country_of
from exchange.messages.dates import as_day
from exchange.messages.document import pointer
from exchange.messages.header import Header
from exchange.messages.wording import fault

TAKEN_OVER = frozenset({"handed_over", "added"})
"""Outcomes of a record after which the person is on the origin side."""
_LIST = "agencies"


def office_taking_over(
    code: str | None,
    sides: Collection[AgencyCode],
    days: Collection[date | None],
    header: Header,
    facts: Facts,
    *place: str | int,
) -> Iterator[Fault]:
    """Yield the fault of an office that takes a person and is of none of `sides`, or is there on no day."""
    last = max(day for day in days if day is not None)
    entry = None if code is None else facts.office(code, last)
    if code is None or entry is None:
        return
    countries, rule = sorted({country_of(side) for side in sides}), "reference.receiver"
    if entry.country not in countries:
        expected, found = f"an office of {' or '.join(countries)}", f"an office of {entry.country}"
    elif not _is_newer(header) and not _exists(code, days, facts):
        rule = "office.ended"
        expected, found = "an office that exists on this day", "an entry of other days"
    else:
        return
    yield fault("form_invalid", rule, pointer(*place), expected=expected, found=found)


def day_in(moment: str | None) -> date | None:
    """Return the local day of a moment as it is written, None if there is none."""
    return as_day((moment or "")[:10])


def _exists(code: str, days: Collection[date | None], facts: Facts) -> bool:
    entries = ((day, facts.office(code, day)) for day in days if day is not None)
    return any(entry is not None and entry.is_valid_on(day) for day, entry in entries)


def _is_newer(header: Header) -> bool:
    """Return whether the message was written with a later list of offices than the installed one."""
    stated = (header.list_versions or {}).get(_LIST, "")
    return _numbers(stated) > _numbers(list_versions()[_LIST])


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")
    return tuple(map(int, parts)) if all(part.isascii() and part.isdigit() for part in parts) else ()
