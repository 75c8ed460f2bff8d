# SPDX-License-Identifier: Apache-2.0
"""Until when the content of a case is kept, and for which reasons it is erased or held back.

1. Content is kept for the months that the agreement names, counted from the day on which the case was closed.
2. Content about a child is kept at least until so many months after the 18th birthday, so that the grown
   person can still ask for it. Doubt about the day of birth makes it longer, never shorter.
3. Who was treated as a child without a known day of birth counts as born on the day of the closing.

Both sides count with the same signed days, so both come to the same day. That a day has come changes nothing:
two persons erase. A case that is not closed has no such day.
Source: code list `limits` (`retention_after_closure`), the agreement's `retention`.
"""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from exchange.messages.context import ADULT_FROM_AGE
from exchange.messages.dates import as_day, value_span
from exchange.protocol.strictjson import JsonValue
from exchange.protocol.terms import Retention

MONTHS = 12


class ErasureReason(StrEnum):
    """Why the content of a case is erased; the codes of the list `erasure-reasons`."""

    RETENTION_OVER = "retention_over"
    """The day of the agreement has come."""
    PARTNER_ERASED = "partner_erased"
    """The partner said in its ledger that it erased, and we have not followed yet."""
    PERSON_ASKED = "person_asked"
    NOT_LAWFUL = "not_lawful"
    """It should never have been sent or kept."""


class HoldReason(StrEnum):
    """Why a case must not be erased for now; the codes of the list `erasure-holds`."""

    COURT = "court"
    INVESTIGATION = "investigation"
    COMPLAINT = "complaint"
    """The person complains, or claims a right for which the content is needed."""


@dataclass(frozen=True)
class KeptUntil:
    """The first day on which content may be erased because its time is over."""

    on: date
    for_a_child: bool
    """The day follows from the age of the person (rules 2 and 3)."""


def kept_until(retention: Retention, closed_on: date, lines: Sequence[Mapping[str, JsonValue]]) -> KeptUntil:
    """Return until when the content of a closed case is kept; `lines` is everything said of the person."""
    usual = months_after(closed_on, retention.after_closure_months)
    majority = max((_majority(line, closed_on) for line in lines), default=date.min)
    if majority == date.min:
        return KeptUntil(usual, for_a_child=False)
    late = months_after(majority, retention.after_majority_months)
    return KeptUntil(max(usual, late), for_a_child=late > usual)


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later, or the last one of a shorter month."""
    year, month = divmod(day.year * MONTHS + day.month - 1 + months, MONTHS)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _majority(line: Mapping[str, JsonValue], closed_on: date) -> date:
    """Return the last day on which the person may come of age, `date.min` if nothing is said of it.

    Who is born on 29 February gets older on 1 March.
    """
    born = _latest_birth(line.get("birth"))
    if born is None:
        born = closed_on if _is_child(line) else None
    if born is None:
        return date.min
    came = months_after(born, ADULT_FROM_AGE * MONTHS)
    return came if came.day == born.day else came + timedelta(days=1)


def _latest_birth(birth: JsonValue) -> date | None:
    """Return the last day on which the person may have been born; None if no day is said."""
    if not isinstance(birth, dict):
        return None
    value, to = birth.get("value"), birth.get("to")
    span = value_span(value) if isinstance(value, str) else None
    return span.last if span else as_day(to) if isinstance(to, str) else None


def _is_child(line: Mapping[str, JsonValue]) -> bool:
    flags = line.get("flags")
    return line.get("is_child") is True or (isinstance(flags, list) and "child" in flags)
