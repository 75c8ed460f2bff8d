# SPDX-License-Identifier: Apache-2.0
"""Rules of the repatriation notice (RPN), one function for each step of the catalogue rules."""

from collections.abc import Iterator, Sequence

from exchange.errors import Fault
from exchange.messages.context import Facts, RuleContext
from exchange.messages.crossings import crossing_faults
from exchange.messages.dates import Days
from exchange.messages.document import pointer
from exchange.messages.header_rules import message_of_type
from exchange.messages.people import PersonBlock
from exchange.messages.person_rules import (
    SAFEGUARDS,
    block_attachments,
    block_dates,
    guarded,
    links_to_others,
    sent_by_host,
    treated_as_adult,
    unsafe,
)
from exchange.messages.returns import Notice, NoticePerson, TracingMessage
from exchange.messages.wording import fault

Blocks = Sequence[PersonBlock]
"""The persons of the notice as person blocks, in their order."""
_SUPPORTS_RETURN = frozenset({"return_to_family", "return_to_relatives", "return_to_care"})


def notice_side(notice: Notice, context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """The host side sends a notice; a case that is not known yet makes the sender its host."""
    yield from sent_by_host([person.case_code for person in notice.persons], context, facts)


def notice_references(notice: Notice, blocks: Blocks, context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """Messages, other cases and the crossing exist and fit."""
    if notice.content.record is not None:
        yield from message_of_type(notice.content.record, "HRC", facts, "content", "record")
    for index, person in enumerate(notice.persons):
        if isinstance(person.tracing_result, TracingMessage):
            place = ("persons", index, "tracing_result", "message")
            yield from message_of_type(person.tracing_result.message, "TRS", facts, *place)
        yield from links_to_others(blocks[index], index)
    yield from crossing_faults(
        notice.content.proposed_checkpoint,
        context,
        "content",
        "proposed_checkpoint",
        host=context.sender,
        origin=context.recipient,
    )


def notice_dates(notice: Notice, blocks: Blocks, context: RuleContext, days: Days) -> None:
    """The period lies ahead, births are possible, papers have not expired, what happened lies before it.

    Identification, consents and safeguards are judged by the period of the notice, not by the clock of the
    reader: the domain reference knows no rule by the clock for them, and both sides must find the same.
    """
    content = notice.content
    first = days.read(content.proposed_from, "content", "proposed_from")
    last = days.read(content.proposed_to, "content", "proposed_to")
    days.in_order(first, last, "content", "proposed_to", after="proposed_from")
    if content.record is None and last is not None:
        days.not_before(context.day, content.proposed_to, "content", "proposed_to")
    if content.telephone_notice is not None:
        limit = context.numbered_at + context.skew
        days.moment_not_after(limit, content.telephone_notice.at, "content", "telephone_notice", "at")
    latest = max(context.last_day, last or context.last_day)
    for index, block in enumerate(blocks):
        block_dates(block, context, days, index, latest=latest, papers_valid=True)


def notice_counts(notice: Notice) -> Iterator[Fault]:
    """Both counts equal the list."""
    children = sum(person.is_child for person in notice.persons)
    stated = notice.content
    if (stated.persons_count, stated.children_count) == (len(notice.persons), children):
        return
    counts = (
        ("persons_count", "count.persons", stated.persons_count, len(notice.persons)),
        ("children_count", "count.children", stated.children_count, children),
    )
    for member, rule, found, expected in counts:
        if found != expected:
            place = pointer("content", member)
            yield fault("count_invalid", rule, place, expected=str(expected), found=str(found))


def notice_attachments(notice: Notice, blocks: Blocks) -> Iterator[Fault]:
    """Every attachment a person names is there, of the right type."""
    for index, block in enumerate(blocks):
        yield from block_attachments(notice.header, block, index)


def notice_disclosure(notice: Notice) -> Iterator[Fault]:
    """Of the place of origin only the region travels."""
    for index, person in enumerate(notice.persons):
        if person.place_of_origin is not None and len(person.place_of_origin.units) > 1:
            place = pointer("persons", index, "place_of_origin", "units")
            found = f"{len(person.place_of_origin.units)} units"
            yield fault(
                "over_disclosure", "disclosure.place", place, expected="the largest unit only", found=found
            )


def notice_safeguards(notice: Notice, blocks: Blocks, context: RuleContext) -> Iterator[Fault]:
    """Who is or may be a child is treated as one, with guardian and best-interests decision."""
    for index, person in enumerate(notice.persons):
        if person.is_child:
            yield from guarded(blocks[index], index)
            yield from _best_interests(person, index)
        else:
            yield from treated_as_adult(blocks[index], context, index)
    demanded = {
        name for person in notice.persons for flag in person.flags for name in SAFEGUARDS.get(flag, ())
    }
    if "escort" in demanded and not notice.content.escorts:
        expected = "an escort for the unaccompanied child"
        yield fault(
            "safeguard_missing", "safeguard.escort", "/content/escorts", expected=expected, found="none"
        )


def _best_interests(person: NoticePerson, index: int) -> Iterator[Fault]:
    if person.best_interests is None:
        yield unsafe("safeguard.best_interests", index, "best_interests", "a best-interests decision", "none")
    elif person.best_interests.decision not in _SUPPORTS_RETURN:
        expected = " or ".join(sorted(_SUPPORTS_RETURN))
        yield unsafe("safeguard.decision", index, "best_interests", expected, person.best_interests.decision)
