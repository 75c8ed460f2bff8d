# SPDX-License-Identifier: Apache-2.0
"""Rules of the reopening (ROP).

Before the return the host side reopens, after it only the origin side; the table of states says the same
once more, for a return without a reception. Each needs another consent (`requires_consent_by` of the
catalogue), asked anew, so it travels with the message.
"""

from collections.abc import Iterator, Sequence

from exchange.errors import Fault
from exchange.ids import CaseCode, MessageId
from exchange.messages.catalog import message_types
from exchange.messages.checklist import Act, Faults, OwnFaults, in_order
from exchange.messages.context import Facts, RuleContext
from exchange.messages.control_rules import cases_within, host_side
from exchange.messages.dates import Days
from exchange.messages.document import Document, pointer
from exchange.messages.handover_rules import agreed, known_cases, still_children
from exchange.messages.header_rules import message_of_type
from exchange.messages.people import PersonBlock
from exchange.messages.person_rules import block_dates, block_of, guarded, sent_by_origin
from exchange.messages.reopening import Reopening
from exchange.messages.wording import fault

_ENDED_BY = frozenset({"CLO", "CWD"})
"""What a reopening takes back."""
_ROP = "ROP"


def reopening_faults(document: Document, reopening: Reopening, context: RuleContext, facts: Facts) -> Faults:
    """Return the faults of a reopening, in the order of the checks."""
    act = Act(document, reopening.header, context, facts)
    cases = [line.case_code for line in reopening.persons]
    blocks = [block_of(line) for line in reopening.persons]
    states = [consent.state for block in blocks for consent in block.consents or ()]
    own = OwnFaults(
        side=_side(act, cases),
        references=_references(act, reopening, cases),
        dates=lambda days: _dates(act, blocks, days),
        safeguards=_safeguards(act, blocks, cases),
        consent=_consents(act, blocks, cases),
    )
    return in_order(act, own, cases=cases, consent_states=states)


def _side(act: Act, cases: Sequence[str]) -> Iterator[Fault]:
    """Who was received is in the care of the origin side."""
    received = [case for case in cases if act.facts.is_received(CaseCode(case))]
    yield from sent_by_origin(received, act.context, act.facts)


def _references(act: Act, reopening: Reopening, cases: Sequence[str]) -> Iterator[Fault]:
    yield from known_cases(act, cases)
    for index, line in enumerate(reopening.persons):
        place, ended = ("persons", index, "earlier_closure"), line.earlier_closure
        yield from message_of_type(ended, None, act.facts, *place)
        known = act.facts.message_type(MessageId(ended))
        if known is not None and known not in _ENDED_BY:
            expected = "a known " + " or ".join(sorted(_ENDED_BY))
            yield fault(
                "reference_unknown", "reference.kind", pointer(*place), expected=expected, found=known
            )
        elif known is not None:
            yield from cases_within(cases, list(act.facts.cases_of_message(MessageId(ended))), "that message")


def _dates(act: Act, blocks: Sequence[PersonBlock], days: Days) -> None:
    for index, block in enumerate(blocks):
        block_dates(block, act.context, days, index, latest=act.context.last_day, papers_valid=False)


def _safeguards(act: Act, blocks: Sequence[PersonBlock], cases: Sequence[str]) -> Iterator[Fault]:
    """Before the return a child stays a child, and somebody acts for it."""
    if host_side(cases, act.context, act.facts):
        yield from still_children(act, blocks)
    for index, block in enumerate(blocks):
        yield from guarded(block, index)


def _consents(act: Act, blocks: Sequence[PersonBlock], cases: Sequence[str]) -> Iterator[Fault]:
    needed = message_types()[_ROP].consents_by
    for index, block in enumerate(blocks):
        host = act.facts.host_of(CaseCode(cases[index]))
        scopes = needed["host" if host in {None, act.context.sender} else "origin"]
        yield from agreed(act, block, scopes, index)
