# SPDX-License-Identifier: Apache-2.0
"""What has to be known before a handover is proposed, changed or confirmed.

1. Under which conditions its persons were accepted, and by how many of them.
2. Which crossing is the usual one: that of the notice, else that of the agreement; none if a decision asks
   for another crossing, for then somebody has to choose.
3. What speaks against the terms without forbidding them (`Doubt`, ADR 0087): a window outside the period of
   the notice, a window that begins within the agreed time in which the list is fixed (DL-LIST), and the
   crossing of the notice although the decision asks for another one. Whoever proposes says to each that it
   is meant; whoever answers sees the same.
4. Which officers can be named: our own that are in the directory now, and those that the partner has told.
   To stop a handover is to cancel it, so who may stop one has a function with which that can be done.

Nothing is forbidden here: what is impossible the rules refuse (`messages.appointment_rules`).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from exchange.ids import CaseCode, LinkId
from exchange.messages.catalog import message_types
from exchange.messages.dates import Days
from exchange.messages.document import JsonValue
from exchange.protocol.terms import Deadline, Unit
from exchange.service.facts import StoreFacts
from exchange.service.node import Node
from exchange.service.officers_told import NamedOfficer, officers_named
from exchange.service.pairing import Pairing
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, OfficerRow

DECISION, NOTICE, CANCELLATION = "RPD", "RPN", "CAN"
LIST_FIXED: Final = "DL-LIST"
OTHER_CROSSING: Final = "other_checkpoint"
ON_CONDITIONS: Final = "accepted_with_conditions"
SIGNS: Final = "border_handover"
_LENGTHS: Final[Mapping[Unit, timedelta]] = {
    Unit.MINUTE: timedelta(minutes=1),
    Unit.HOUR: timedelta(hours=1),
    Unit.CALENDAR_DAY: timedelta(days=1),
    Unit.WORKING_DAY: timedelta(days=1),
    Unit.MONTH: timedelta(days=30),
}
"""What a unit is at least: a doubt that comes late is worse than none."""
Terms = Mapping[str, JsonValue]


class DoubtKind(StrEnum):
    OUTSIDE_PERIOD = "outside_period"
    SHORT_NOTICE = "short_notice"
    SAME_CROSSING = "same_crossing"


@dataclass(frozen=True)
class Doubt:
    """One thing that speaks against the terms of a handover, with what a sentence about it needs."""

    kind: DoubtKind
    begins_at: str = ""
    first: str = ""
    last: str = ""
    """Days of the period in the notice."""
    fixed_at: str = ""
    """Until when the list had to be fixed."""
    checkpoint: str = ""

    @property
    def tick(self) -> str:
        """What says that just this doubt was ticked: persons of one handover may have several periods."""
        return "-".join(part for part in (self.kind.value, self.first, self.last) if part)


@dataclass(frozen=True)
class Condition:
    """A code of `acceptance-conditions`, and for how many persons it was set."""

    code: str
    persons: int


@dataclass(frozen=True)
class Officers:
    """Who can be named in an appointment."""

    own: tuple[OfficerRow, ...]
    theirs: tuple[NamedOfficer, ...]
    """Empty where the partner has told none."""

    @property
    def signing(self) -> tuple[OfficerRow, ...]:
        """Our officers who may sign a record at the border."""
        return tuple(one for one in self.own if SIGNS in one.functions)

    @property
    def stopping(self) -> tuple[OfficerRow, ...]:
        """Our officers who can stop a handover."""
        return tuple(one for one in self.own if _can_stop(one))

    @property
    def stopping_there(self) -> tuple[NamedOfficer, ...]:
        return tuple(one for one in self.theirs if _can_stop(one))


def _can_stop(officer: OfficerRow | NamedOfficer) -> bool:
    return not message_types()[CANCELLATION].functions.isdisjoint(officer.functions)


def conditions_of(facts: StoreFacts, cases: Sequence[CaseCode]) -> tuple[Condition, ...]:
    """Return the conditions under which persons were accepted (1)."""
    counted: Counter[str] = Counter()
    for case in cases:
        line = facts.line_of(case, DECISION) if facts.last_decision_of(case) == ON_CONDITIONS else None
        codes = line.get("conditions") if line else None
        counted.update(map(str, codes) if isinstance(codes, list) else ())
    return tuple(Condition(code, persons) for code, persons in counted.items())


def usual_crossing(facts: StoreFacts, pairing: Pairing, cases: Sequence[CaseCode]) -> str:
    """Return the crossing to begin with, "" if somebody has to choose (2)."""
    if _asks_for_another(facts, cases):
        return ""
    announced = {_announced_crossing(facts, case) for case in cases} - {""}
    usual = pairing.agreement.terms.usual.checkpoint or ""
    return announced.pop() if len(announced) == 1 else usual


def doubts_of(
    facts: StoreFacts,
    pairing: Pairing,
    terms: Terms,
    cases: Sequence[CaseCode],
    *,
    now: datetime,
    urgency: str = "routine",
) -> tuple[Doubt, ...]:
    """Return what speaks against the terms of a handover at a moment (3)."""
    begins_at, text = Days().moment(_text(terms, "window_from")), str(terms.get("window_from") or "")
    found: list[Doubt] = []
    if begins_at is not None:
        found += _outside(facts, cases, text)
        found += _short(pairing.agreement.terms.deadline(LIST_FIXED), text, begins_at, now, urgency)
    chosen = str(terms.get("checkpoint") or "")
    if chosen and any(chosen == _announced_crossing(facts, case) for case in _asking(facts, cases)):
        found.append(Doubt(DoubtKind.SAME_CROSSING, checkpoint=chosen))
    return tuple(found)


def officers_of(uow: UnitOfWork, node: Node, link: LinkId) -> Officers:
    """Return who can be named in an appointment of a link (4)."""
    now = node.clock.now()
    own = [one for one in uow.officers.list() if one.valid_to is None or now < one.valid_to]
    theirs = officers_named(uow, link, Direction.IN, now.date())
    return Officers(tuple(own), tuple(theirs.values()))


def _outside(facts: StoreFacts, cases: Sequence[CaseCode], begins_at: str) -> Iterator[Doubt]:
    """Yield each period of a notice that the local day of the window is not in."""
    periods = {_period(facts, case) for case in cases}
    for first, last in sorted(periods):
        if first and last and not first <= begins_at[:10] <= last:
            yield Doubt(DoubtKind.OUTSIDE_PERIOD, begins_at, first, last)


def _short(
    agreed: Deadline | None, text: str, begins_at: datetime, now: datetime, urgency: str
) -> Iterator[Doubt]:
    if agreed is None:
        return
    span = agreed.span(urgency)
    fixed_at = begins_at.astimezone(UTC) - span.amount * _LENGTHS[span.unit]
    if fixed_at < now:
        yield Doubt(DoubtKind.SHORT_NOTICE, text, fixed_at=fixed_at.isoformat(timespec="minutes"))


def _asking(facts: StoreFacts, cases: Sequence[CaseCode]) -> list[CaseCode]:
    """Return the persons who were accepted at another crossing only."""
    return [case for case in cases if any(one.code == OTHER_CROSSING for one in conditions_of(facts, [case]))]


def _asks_for_another(facts: StoreFacts, cases: Sequence[CaseCode]) -> bool:
    return bool(_asking(facts, cases))


def _announced_crossing(facts: StoreFacts, case: CaseCode) -> str:
    return _text(facts.content_of_last(case, NOTICE), "proposed_checkpoint") or ""


def _period(facts: StoreFacts, case: CaseCode) -> tuple[str, str]:
    notice = facts.content_of_last(case, NOTICE)
    return _text(notice, "proposed_from") or "", _text(notice, "proposed_to") or ""


def _text(terms: Terms, name: str) -> str | None:
    found = terms.get(name)
    return found if isinstance(found, str) else None
