# SPDX-License-Identifier: Apache-2.0
"""The one order of the catalogue rules, with what every type has in common (message-fields section 11).

A type gives its own faults for the steps; they are iterators, so nothing is computed before its turn.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from exchange.errors import Fault
from exchange.messages import header_rules
from exchange.messages.context import Facts, RuleContext
from exchange.messages.dates import Days
from exchange.messages.document import Document, persons_of
from exchange.messages.header import Header

Faults = Iterable[Fault]


@dataclass(frozen=True)
class Act:
    """One message in front of the rules."""

    document: Document
    header: Header
    context: RuleContext
    facts: Facts


@dataclass(frozen=True)
class OwnFaults:
    """What one type adds to each step."""

    side: Faults = ()
    references: Faults = ()
    dates: Callable[[Days], None] | None = None
    counts: Faults = ()
    attachments: Faults = ()
    safeguards: Faults = ()
    consent: Faults = ()
    state: Faults = ()


def in_order(act: Act, own: OwnFaults, *, cases: Sequence[str], consent_states: Sequence[str] = ()) -> Faults:
    """Yield the faults of a message, the first one first; `cases` are those of its parts or its list."""
    header, context = act.header, act.context
    yield from header_rules.type_agreed(header, context)
    yield from own.side
    yield from header_rules.office(header, context, act.facts)
    yield from header_rules.second_person(header, children=False, consent_states=consent_states)
    yield from header_rules.known_messages(header, act.facts)
    yield from own.references
    yield from _dates(act, own)
    yield from own.counts
    yield from header_rules.case_order(header, cases)
    yield from header_rules.attachments(header, cases, parts_of_persons=len(persons_of(act.document)))
    yield from own.attachments
    yield from header_rules.disclosure(act.document, header)
    yield from header_rules.purpose(header)
    yield from own.safeguards
    yield from own.consent
    yield from own.state


def _dates(act: Act, own: OwnFaults) -> Iterator[Fault]:
    days = Days()
    header_rules.header_dates(act.header, act.context, days)
    if own.dates is not None:
        own.dates(days)
    yield from days.faults
