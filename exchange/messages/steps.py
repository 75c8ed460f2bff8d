# SPDX-License-Identifier: Apache-2.0
"""The steps of the catalogue rules for a type that lists persons, with the rules of the type between them.

What every such type shares is done here, in the order of `validation.py`: agreement, side, office, second
person, header, order of the cases, attachments, class, purpose, child safeguards and the consents of the
catalogue. A type adds its references, its dates and its safeguards.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from exchange.errors import Fault
from exchange.messages import header_rules, person_rules
from exchange.messages.catalog import MessageType, message_types
from exchange.messages.consent import consent_faults
from exchange.messages.context import Facts, RuleContext
from exchange.messages.dates import Days
from exchange.messages.document import Document
from exchange.messages.header import Header
from exchange.messages.people import PersonBlock
from exchange.messages.wording import fault


def no_fault(model: Any, context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """Find nothing; for a step in which a type has no rule of its own."""
    yield from ()


def no_date(model: Any, context: RuleContext, facts: Facts, days: Days) -> None:
    """Read no day."""


@dataclass(frozen=True)
class TypeRules:
    """The rules of one type beside the shared ones; calling it judges a document of good form."""

    references: Callable[[Any, RuleContext, Facts], Iterator[Fault]] = no_fault
    dates: Callable[[Any, RuleContext, Facts, Days], None] = no_date
    safeguards: Callable[[Any, RuleContext, Facts], Iterator[Fault]] = no_fault

    def __call__(self, document: Document, model: Any, context: RuleContext, facts: Facts) -> Iterator[Fault]:
        """Yield the faults in the order of the checks."""
        header: Header = model.header
        cases = [person.case_code for person in model.persons]
        row = message_types()[header.type]
        blocks = [person_rules.block_of(person) for person in model.persons] if row.person_members else []
        yield from _sender(header, cases, blocks, context, facts)
        yield from _references(header, blocks, facts)
        yield from self.references(model, context, facts)
        days = Days()
        header_rules.header_dates(header, context, days)
        for index, block in enumerate(blocks):
            person_rules.block_dates(block, context, days, index, latest=context.last_day, papers_valid=False)
        self.dates(model, context, facts, days)
        yield from days.faults
        yield from header_rules.case_order(header, cases)
        yield from _batch(header)
        yield from header_rules.attachments(header, cases)
        for index, block in enumerate(blocks):
            yield from person_rules.block_attachments(header, block, index)
        yield from header_rules.disclosure(document, header)
        yield from header_rules.purpose(header)
        yield from _safeguards(row, blocks, context)
        yield from self.safeguards(model, context, facts)
        for index, block in enumerate(blocks):
            yield from consent_faults(block, row.consents, context, index)


def _sender(
    header: Header, cases: Sequence[str], blocks: Sequence[PersonBlock], context: RuleContext, facts: Facts
) -> Iterator[Fault]:
    yield from header_rules.type_agreed(header, context)
    if message_types()[header.type].sent_by == "host":
        yield from person_rules.sent_by_host(cases, context, facts)
    else:
        yield from person_rules.sent_by_origin(cases, context, facts)
    yield from header_rules.office(header, context, facts)
    states = [consent.state for block in blocks for consent in block.consents or ()]
    children = any(block.is_child for block in blocks)
    yield from header_rules.second_person(header, children=children, consent_states=states)
    yield from person_rules.second_person_for_fingerprints(header, blocks)


def _references(header: Header, blocks: Sequence[PersonBlock], facts: Facts) -> Iterator[Fault]:
    yield from header_rules.known_messages(header, facts)
    for index, block in enumerate(blocks):
        yield from person_rules.links_to_others(block, index)


def _batch(header: Header) -> Iterator[Fault]:
    """The position in a batch is one of its places."""
    batch = header.batch
    if batch is not None and batch.position > batch.size:
        expected, found = f"at most {batch.size}", str(batch.position)
        yield fault("count_invalid", "count.batch", "/header/batch/position", expected=expected, found=found)


def _safeguards(row: MessageType, blocks: Sequence[PersonBlock], context: RuleContext) -> Iterator[Fault]:
    """Nobody under a protection claim is named, and who may be a child is treated as one.

    A notice of identification may leave before there is a guardian; every later request names one.
    """
    for index, block in enumerate(blocks):
        yield from person_rules.not_under_protection(block, index)
        yield from person_rules.treated_as_adult(block, context, index)
        if row.code != "IDN":
            yield from person_rules.guarded(block, index)
