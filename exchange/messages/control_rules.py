# SPDX-License-Identifier: Apache-2.0
"""The order of the checks for control messages (AMD, RMD, RSM and the stops), and what they share.

A rule of one type is a function that yields faults; `in_order` puts those of a type between the steps
that hold for every type. Nothing is computed before its turn, so the first fault costs no more than it
must.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from exchange.errors import Fault
from exchange.ids import CaseCode, MessageId
from exchange.messages import header_rules
from exchange.messages.context import Facts, RuleContext
from exchange.messages.dates import Days
from exchange.messages.document import Document, pointer, text_at
from exchange.messages.document import header_of as header_members
from exchange.messages.header import Header
from exchange.messages.wording import fault

NONE: Iterator[Fault] = iter(())
"""A step that a type does not have."""


@dataclass(frozen=True)
class Steps:
    """The faults of one type, step by step; each is computed when it is asked for."""

    side: Iterator[Fault] = NONE
    references: Iterator[Fault] = NONE
    dates: Iterator[Fault] = NONE
    counts: Iterator[Fault] = NONE
    safeguards: Iterator[Fault] = NONE
    state: Iterator[Fault] = NONE


def in_order(
    document: Document, header: Header, cases: Sequence[str], context: RuleContext, facts: Facts, own: Steps
) -> Iterator[Fault]:
    """Yield the faults of one message, in the order of the checks."""
    yield from header_rules.type_agreed(header, context)
    yield from own.side
    yield from header_rules.office(header, context, facts)
    yield from header_rules.second_person(header, children=False, consent_states=())
    yield from header_rules.known_messages(header, facts)
    yield from own.references
    days = Days()
    header_rules.header_dates(header, context, days)
    yield from days.faults
    yield from own.dates
    yield from own.counts
    yield from header_rules.case_order(header, cases)
    yield from header_rules.attachments(header, cases)
    yield from header_rules.disclosure(document, header)
    yield from header_rules.purpose(header)
    yield from own.safeguards
    yield from own.state


def own_message(message: str, context: RuleContext, facts: Facts, *place: str | int) -> Iterator[Fault]:
    """A known message is the sender's own; an unknown one is found by the references."""
    author = facts.author_of(MessageId(message))
    if author is not None and author != context.sender:
        yield fault(
            "signer_not_authorised",
            "office.author",
            pointer(*place),
            expected="a message of the sender",
            found="one of the other side",
        )


def cases_within(cases: Sequence[str], allowed: Sequence[str], what: str) -> Iterator[Fault]:
    """Every person is one of those whom the other message concerns."""
    known = frozenset(allowed)
    for index, case in enumerate(cases):
        if case not in known:
            place = pointer("persons", index, "case_code")
            yield fault(
                "reference_unknown", "reference.case", place, expected=f"a person of {what}", found="another"
            )


def types_about(message: str, facts: Facts) -> list[str]:
    """Return the types of the messages that name this one, in order."""
    return [text_at(header_members(document), "type") for document in facts.about(MessageId(message))]


def not_cancelled(message: str, facts: Facts) -> Iterator[Fault]:
    """The message still stands."""
    if "CAN" in types_about(message, facts):
        expected = "a message that stands"
        yield fault(
            "state_conflict", "state.cancelled", "/content/target", expected=expected, found="a cancelled one"
        )


def host_side(cases: Sequence[str], context: RuleContext, facts: Facts) -> bool:
    """Return whether the sender is the host of every person."""
    return all(facts.host_of(CaseCode(case)) in {None, context.sender} for case in cases)
