# SPDX-License-Identifier: Apache-2.0
"""Computes the content of a statement (STM) from a walk of both logs, and compares one with a partner's.

    heads, balance, roots, open_items   from the logs alone (`ledger.statement`)
    person_totals                       from the contents of accepted messages below the two heads
    counted                             what is found in content: overdue replies, missing signatures

The first two are the same at both sides, so they are compared. `counted` depends on the hour and on the
holidays that a side has announced; it is told and not compared.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Final

from exchange.cases.calendars import AnnouncedDays
from exchange.clock import instant_text
from exchange.errors import HolidaysMissingError, UsageError
from exchange.ids import AgencyCode, LinkId, MessageId, b64url
from exchange.ledger.differences import DifferenceKind
from exchange.ledger.moments import milliseconds
from exchange.ledger.statement import MAX_OPEN_RUNS, Roots, balance_of, open_runs
from exchange.protocol.strictjson import JsonValue
from exchange.service.comparing import Walk
from exchange.service.due import count_late
from exchange.service.node import Node
from exchange.service.persons import Balance, Opened, Period, Upto, added, balance, told_of
from exchange.service.ports import UnitOfWork

PAGE_CASES: Final = 5
"""Cases read in one unit, about 10 ms."""
RECORD: Final = "HRC"
COMPARED: Final = ("heads", "balance", "roots", "open_items", "person_totals")
MAX_FINDINGS: Final = 50
"""Places named of a statement that differs; a statement of another history differs nearly everywhere."""
Content = dict[str, JsonValue]
Figures = Mapping[str, JsonValue]


@dataclass(frozen=True)
class Span:
    """The period of a statement: a day or a month in UTC."""

    name: str
    begins: datetime
    ends: datetime

    @property
    def is_month(self) -> bool:
        return len(self.name) == len("2027-10")


def span_of(name: str) -> Span:
    """Return the period `2027-10-04` or `2027-10`.

    Raises:
        UsageError: neither a day nor a month.
    """
    try:
        if len(name) == len("2027-10"):
            first = date.fromisoformat(f"{name}-01")
            after = (first + timedelta(days=31)).replace(day=1)
        else:
            first = date.fromisoformat(name)
            after = first + timedelta(days=1)
    except (ValueError, OverflowError) as error:  # no day follows the last one of the calendar
        raise UsageError(f"{name[:20]} is no day and no month", hint="write 2027-10-04 or 2027-10") from error
    begins, ends = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first, after))
    return Span(name, begins, ends)


async def log_figures(walked: Walk, span: Span, opening: Mapping[AgencyCode, int]) -> Content:
    """Return heads, balance, roots and open items; `opening` are the heads of the statement before."""
    balances, roots, runs = list[JsonValue](), list[JsonValue](), list[JsonValue]()
    for sender, movement in zip(_sides(walked), (walked.found.outgoing, walked.found.incoming), strict=True):
        numbers, closing = walked.numbers(sender), _size(walked, sender)
        balances.append(asdict(balance_of(movement, opening=opening.get(sender, 0), closing=closing)))
        made = Roots(*numbers)
        for _ in made.steps():
            await asyncio.sleep(0)
        roots.append({"sender": sender, "delivery": made.delivery, "verdict": made.verdict})
        found = open_runs(sender, *numbers, at_ms=milliseconds(span.ends))
        runs += [asdict(run) for run in islice(found, MAX_OPEN_RUNS // 2)]
    heads: list[JsonValue] = [
        {"log": by, "size": _size(walked, by), "root": b64url(walked.ranges[by].root())}
        for by in _sides(walked)
    ]
    return {"heads": heads, "balance": balances, "roots": roots, "open_items": runs}


def _sides(walked: Walk) -> tuple[AgencyCode, AgencyCode]:
    return walked.own.by, walked.copy.by


def _size(walked: Walk, by: AgencyCode) -> int:
    return walked.own.size if by == walked.own.by else walked.copy.size


async def persons_balance(node: Node, link: LinkId, span: Span, upto: Upto) -> Balance:
    """Return the balance of persons of a period, from what was accepted below two heads."""
    period, total, after = Period(span.begins, span.ends), Balance(), 0
    while True:

        def unit(uow: UnitOfWork, after: int = after) -> tuple[Balance, int]:
            codes, following = uow.cases.page(link, after=after, limit=PAGE_CASES)
            read: dict[MessageId, Opened | None] = {}
            stories = [told_of(uow, link, code, read, upto=upto) for code in codes]
            return balance(stories, period), following

        found, after = await node.store.read(unit)
        total = added(total, found)
        if not after:
            return total


def person_totals(found: Balance) -> JsonValue:
    """Return the equations of persons in the form of a statement; who has no signed record is on no list."""
    outcomes, accepted, decisions = (
        {name: counted.get(name, 0) for name in names}
        for counted, names in (
            (
                found.outcomes,
                ("handed_over", "not_presented", "not_taken_over", "returned_to_host", "diverted_medical"),
            ),
            (found.accepted, ("handed_over", "withdrawn", "on_hold", "open", "refused_later")),
            (found.decisions, ("accepted", "refused", "deferred", "cancelled")),
        )
    )
    decisions["open"] = found.decisions.get("undecided", 0)
    stands = ("family_being_sought", "family_assessed", "followed", "closed_in_period")
    taken = outcomes["handed_over"] + found.added
    received = min(found.received, taken)
    return {
        "in_notices": _totalled(decisions),
        "accepted": _totalled(accepted),
        "added_without_acceptance": found.added,
        "on_lists": _totalled(outcomes),
        "taken_over": {
            "total": taken,
            "handed_over": outcomes["handed_over"],
            "added": found.added,
            "received": received,
            "not_yet_confirmed": taken - received,
        },
        "reintegration": _totalled({name: found.reintegration.get(name, 0) for name in stands}),
    }


def _totalled(parts: Mapping[str, int]) -> dict[str, JsonValue]:
    return {"total": sum(parts.values()), **parts}


async def counted_in_content(node: Node, link: LinkId, announced: AnnouncedDays) -> dict[str, JsonValue]:
    """Return how many replies and signatures are overdue; nothing where a calendar does not reach."""
    try:
        late = await count_late(node, link, announced)
    except HolidaysMissingError:
        return {}
    signatures = late[RECORD]
    return {
        DifferenceKind.UNANSWERED.value: late.total() - signatures,
        DifferenceKind.SIGNATURE_MISSING.value: signatures,
    }


def period_members(span: Span) -> Content:
    """Return the members that say which period it is."""
    return {"period_from": instant_text(span.begins), "period_to": instant_text(span.ends)}


def unlike(theirs: Figures, ours: Figures) -> tuple[str, ...]:
    """Return the places of a partner's statement that our own figures do not give, as JSON pointers."""
    found: list[str] = []
    for name in COMPARED:
        left, right = theirs.get(name), ours.get(name)
        if name == "open_items":
            left, right = _sorted(left), _sorted(right)
        elif name != "person_totals":
            right = _in_order_of(left, right)
        found += _unlike(left, right, f"/{name}")
    return tuple(found[:MAX_FINDINGS])


def _sorted(items: JsonValue) -> JsonValue:
    return sorted(items, key=repr) if isinstance(items, list) else items


def _in_order_of(left: JsonValue, right: JsonValue) -> JsonValue:
    """Return our groups in the order of theirs: each side tells its own log first."""
    if not isinstance(left, list) or not isinstance(right, list):
        return right
    by_side = {_side(group): group for group in right}
    return [by_side.get(_side(group)) for group in left]


def _side(group: JsonValue) -> JsonValue:
    return group.get("sender", group.get("log")) if isinstance(group, dict) else None


def _unlike(left: JsonValue, right: JsonValue, place: str) -> Iterator[str]:
    if isinstance(left, dict) and isinstance(right, dict):
        for name in sorted(left.keys() | right.keys()):
            yield from _unlike(left.get(name), right.get(name), f"{place}/{name}")
    elif isinstance(left, list) and isinstance(right, list):
        for at in range(max(len(left), len(right))):
            yield from _unlike(_at(left, at), _at(right, at), f"{place}/{at}")
    elif left != right:
        yield place


def _at(items: Sequence[JsonValue], at: int) -> JsonValue:
    return items[at] if at < len(items) else None


def heads_of(content: Figures) -> dict[AgencyCode, int]:
    """Return the size of each log up to which a statement counts."""
    heads = content.get("heads")
    found: Counter[AgencyCode] = Counter()
    for head in heads if isinstance(heads, list) else ():
        if isinstance(head, dict):
            found[AgencyCode(str(head.get("log")))] = int(str(head.get("size")))
    return dict(found)


def places_in_words(places: Iterable[str]) -> str:
    """Return what differs for people: the groups of the statement, each once."""
    return ", ".join(dict.fromkeys(place.split("/")[1].replace("_", " ") for place in places))
