# SPDX-License-Identifier: Apache-2.0
"""Rules of form of the statement (STM), the difference notice (DSC) and the difference resolution (DRS).

Every total equals its parts, both directions are told once, and a resolution names what it settles. Whether
the figures are those of the logs is judged where the logs are, not here.
"""

from collections.abc import Iterator, Sequence

from exchange.errors import Fault
from exchange.ids import AgencyCode, MessageId
from exchange.messages.checklist import Act, Faults, OwnFaults, in_order
from exchange.messages.codelists import codelist
from exchange.messages.context import Facts, RuleContext
from exchange.messages.dates import Days
from exchange.messages.document import Document, pointer
from exchange.messages.header_rules import message_of_type
from exchange.messages.statements import Difference, PersonTotals, Resolution, Statement
from exchange.messages.wording import fault

_TOTALS = ("in_notices", "accepted", "on_lists", "reintegration")
"""Groups in which `total` is the sum of the others; persons taken over have two equations."""


def statement_faults(document: Document, statement: Statement, context: RuleContext, facts: Facts) -> Faults:
    """Return the faults of a statement, in the order of the checks."""
    act = Act(document, statement.header, context, facts)
    own = OwnFaults(
        references=_both_sides(act, statement),
        dates=lambda days: _period(act, statement, days),
        counts=_statement_counts(statement),
    )
    return in_order(act, own, cases=())


def difference_faults(document: Document, notice: Difference, context: RuleContext, facts: Facts) -> Faults:
    """Return the faults of a difference notice, in the order of the checks."""
    act = Act(document, notice.header, context, facts)
    named = [
        (pointer("content", "items", index, member), code)
        for index, item in enumerate(notice.content.items)
        for member, code in (("sender", item.sender), ("leaf", item.leaf.log if item.leaf else None))
    ]
    return in_order(act, OwnFaults(references=_of_the_link(act, named)), cases=())


def resolution_faults(
    document: Document, resolution: Resolution, context: RuleContext, facts: Facts
) -> Faults:
    """Return the faults of a difference resolution, in the order of the checks."""
    act = Act(document, resolution.header, context, facts)
    own = OwnFaults(references=_resolution_references(act, resolution), counts=_settled(act, resolution))
    return in_order(act, own, cases=())


def _both_sides(act: Act, statement: Statement) -> Iterator[Fault]:
    """Each group names each side of the link once."""
    content = statement.content
    sides = {act.context.sender, act.context.recipient}
    groups: tuple[tuple[str, Sequence[str]], ...] = (
        ("heads", [head.log for head in content.heads]),
        ("balance", [one.sender for one in content.balance]),
        ("roots", [one.sender for one in content.roots]),
    )
    for name, codes in groups:
        if set(codes) != sides:
            place, expected = pointer("content", name), "both agencies of the link, each once"
            yield fault("form_invalid", "reference.sides", place, expected=expected, found="others")
    items = [(pointer("content", "open_items", i), one.sender) for i, one in enumerate(content.open_items)]
    yield from _of_the_link(act, items)
    known = codelist("discrepancy-types").codes
    if not set(content.counted) <= set(known):
        place, expected = "/content/counted", "codes of discrepancy-types"
        yield fault("form_invalid", "reference.difference", place, expected=expected, found="another code")


def _of_the_link(act: Act, named: Sequence[tuple[str, str | None]]) -> Iterator[Fault]:
    sides = {act.context.sender, act.context.recipient}
    for place, code in named:
        if code is not None and AgencyCode(code) not in sides:
            expected = "an agency of the link"
            yield fault("form_invalid", "reference.sides", place, expected=expected, found="another agency")


def _period(act: Act, statement: Statement, days: Days) -> None:
    latest = act.context.numbered_at + act.context.skew
    first = days.moment(statement.content.period_from, "content", "period_from")
    last = days.moment_not_after(latest, statement.content.period_to, "content", "period_to")
    days.moments_in_order(first, last, "content", "period_to", apart=True, after="period_from")


def _statement_counts(statement: Statement) -> Iterator[Fault]:
    for index, one in enumerate(statement.content.balance):
        place = ("content", "balance", index)
        yield from _equal(one.closing, one.opening + one.movements, *place, "closing")
        ended = one.accepted + one.rejected + one.voided
        yield from _equal(one.used, ended + one.open, *place, "used")
    yield from _person_counts(statement.content.person_totals)
    for index, item in enumerate(statement.content.open_items):
        if item.last < item.first:
            at, expected = pointer("content", "open_items", index, "last"), f"{item.first} or later"
            yield fault("count_invalid", "count.sum", at, expected=expected, found=str(item.last))


def _person_counts(totals: PersonTotals) -> Iterator[Fault]:
    """Every equation closes, and what one says of handed over and added the others say too."""
    place = ("content", "person_totals")
    for name in _TOTALS:
        group = getattr(totals, name)
        parts = sum(getattr(group, part) for part in type(group).model_fields if part != "total")
        yield from _equal(group.total, parts, *place, name, "total")
    taken, lists = totals.taken_over, totals.on_lists
    yield from _equal(taken.total, taken.handed_over + taken.added, *place, "taken_over", "total")
    yield from _equal(taken.total, taken.received + taken.not_yet_confirmed, *place, "taken_over", "received")
    yield from _equal(taken.handed_over, lists.handed_over, *place, "taken_over", "handed_over")


def _equal(found: int, expected: int, *place: str | int) -> Iterator[Fault]:
    if found != expected:
        yield fault("count_invalid", "count.sum", pointer(*place), expected=str(expected), found=str(found))


def _resolution_references(act: Act, resolution: Resolution) -> Iterator[Fault]:
    yield from message_of_type(act.header.in_reply_to or "", "DSC", act.facts, "header", "in_reply_to")
    correction = resolution.content.correction
    if correction is not None and correction.message is not None:
        yield from message_of_type(correction.message, None, act.facts, "content", "correction", "message")
    if correction is not None and correction.leaf is not None:
        yield from _of_the_link(act, [("/content/correction/leaf/log", correction.leaf.log)])


def _settled(act: Act, resolution: Resolution) -> Iterator[Fault]:
    """Settled is what has a correction, or an explanation that the other side gave as well."""
    content = resolution.content
    if not content.settled or content.correction is not None:
        return
    also = (act.facts.message_type(MessageId(one)) for one in act.header.refers_to or ())
    if "DRS" not in also:
        expected, found = "a correction, or the explanation of the other side in refers_to", "neither"
        yield fault("form_invalid", "reference.settled", "/content/settled", expected=expected, found=found)
