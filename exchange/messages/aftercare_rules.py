# SPDX-License-Identifier: Apache-2.0
"""Rules after the handover: reception (RCV), referral (RFN), follow-up (FUP) and closure (CLO).

The former host side learns how reintegration goes only as long as the person agrees: a referral needs the
consent `feedback_host`, a report `contact_after_return` as well. A reception needs none, because it ends
the handover; it says nothing but arrived or not.
"""

from collections.abc import Iterator, Sequence

from exchange.errors import Fault
from exchange.ids import CaseCode, MessageId
from exchange.messages.aftercare import (
    Closure,
    FollowUp,
    PlainFollowUp,
    PlainFollowUpLine,
    Reception,
    Referral,
    ReferralLine,
)
from exchange.messages.catalog import message_types
from exchange.messages.checklist import Act, Faults, OwnFaults, in_order
from exchange.messages.context import Facts, RuleContext
from exchange.messages.dates import Days
from exchange.messages.document import Document, pointer
from exchange.messages.handover_rules import agreed, known_cases, of_movement, still_children
from exchange.messages.header_rules import message_of_type
from exchange.messages.people import PersonBlock
from exchange.messages.person_rules import block_attachments, block_dates, block_of, guarded, sent_by_origin
from exchange.messages.taking_over import day_in, office_taking_over
from exchange.messages.wording import fault

_REFERRAL = "RFN"
_DUPLICATE = "duplicate"
Blocks = Sequence[PersonBlock]
Lines = Sequence[ReferralLine | PlainFollowUpLine]


def reception_faults(document: Document, reception: Reception, context: RuleContext, facts: Facts) -> Faults:
    """Return the faults of a reception confirmation, in the order of the checks."""
    act, lines = Act(document, reception.header, context, facts), reception.persons
    cases, blocks = [line.case_code for line in lines], [block_of(line) for line in lines]
    own = OwnFaults(
        side=sent_by_origin(cases, act.context, act.facts),
        references=_reception_references(act, reception, cases),
        dates=lambda days: _reception_dates(act, reception, blocks, days),
        attachments=_attachments(act, blocks),
        safeguards=_reception_safeguards(act, blocks),
    )
    return in_order(act, own, cases=cases)


def referral_faults(document: Document, referral: Referral, context: RuleContext, facts: Facts) -> Faults:
    """Return the faults of a referral notice, in the order of the checks."""
    act, lines = Act(document, referral.header, context, facts), referral.persons
    return _report_faults(act, lines, ())


def follow_up_faults(
    document: Document, report: FollowUp | PlainFollowUp, context: RuleContext, facts: Facts
) -> Faults:
    """Return the faults of a follow-up report, in the order of the checks."""
    act, lines = Act(document, report.header, context, facts), report.persons
    return _report_faults(act, lines, _report_numbers(act, lines))


def closure_faults(document: Document, closure: Closure, context: RuleContext, facts: Facts) -> Faults:
    """Return the faults of a closure, in the order of the checks."""
    act = Act(document, closure.header, context, facts)
    cases = [line.case_code for line in closure.persons]
    return in_order(act, OwnFaults(references=_closure_references(act, closure, cases)), cases=cases)


def _report_faults(act: Act, lines: Lines, counts: Faults) -> Faults:
    cases, blocks = [line.case_code for line in lines], [block_of(line) for line in lines]
    own = OwnFaults(
        side=sent_by_origin(cases, act.context, act.facts),
        references=known_cases(act, cases),
        dates=lambda days: _report_dates(act, lines, blocks, days),
        counts=counts,
        attachments=_attachments(act, blocks),
        safeguards=_report_safeguards(act, blocks),
        consent=_consents(act, blocks),
    )
    states = [consent.state for line in lines for consent in line.consents or ()]
    return in_order(act, own, cases=cases, consent_states=states)


def _reception_references(act: Act, reception: Reception, cases: Sequence[str]) -> Iterator[Fault]:
    """It names the own office that received, and the record; only somebody who was not announced has none."""
    yield from _receiving(act, reception)
    number = reception.content.record
    if number is None:
        announced = sum(act.facts.host_of(CaseCode(case)) is not None for case in cases)
        if announced:
            expected, found = "the record", f"none for {announced} known persons"
            at = "/content/record"
            yield fault("form_invalid", "reference.record", at, expected=expected, found=found)
        return
    yield from message_of_type(number, "HRC", act.facts, "content", "record")
    record = act.facts.earlier(MessageId(number))
    if record is None or record.type != "HRC":
        return
    yield from of_movement(record, act.header, "content", "record")
    for index, case in enumerate(cases):
        if case not in record.cases:
            at, expected = pointer("persons", index, "case_code"), "a person of the record"
            yield fault("reference_unknown", "reference.case", at, expected=expected, found="another case")


def _receiving(act: Act, reception: Reception) -> Iterator[Fault]:
    days = (day_in(reception.header.event_at), act.context.day)
    code, sides, place = reception.content.reception_agency, (act.context.sender,), "reception_agency"
    yield from office_taking_over(code, sides, days, act.header, act.facts, "content", place)


def _reception_dates(act: Act, reception: Reception, blocks: Blocks, days: Days) -> None:
    _block_dates(act, blocks, days)
    latest = act.context.numbered_at + act.context.skew
    for index, line in enumerate(reception.persons):
        days.moment_not_after(latest, line.arrived_at, "persons", index, "arrived_at")


def _report_dates(act: Act, lines: Lines, blocks: Blocks, days: Days) -> None:
    _block_dates(act, blocks, days)
    for index, line in enumerate(lines):
        if isinstance(line, PlainFollowUpLine):
            visited = days.not_after(act.context.last_day, line.visited_on, "persons", index, "visited_on")
            following = days.not_before(act.context.day, line.next_on, "persons", index, "next_on")
            days.in_order(visited, following, "persons", index, "next_on", after="visited_on")


def _block_dates(act: Act, blocks: Blocks, days: Days) -> None:
    for index, block in enumerate(blocks):
        last_day = act.context.last_day
        block_dates(block, act.context, days, index, latest=last_day, papers_valid=False)


def _report_numbers(act: Act, lines: Sequence[PlainFollowUpLine]) -> Iterator[Fault]:
    """Reports on a person are numbered 1, 2, 3 and so on."""
    for index, line in enumerate(lines):
        following = act.facts.follow_ups(CaseCode(line.case_code)) + 1
        if line.sequence_number != following:
            at, found = pointer("persons", index, "sequence_number"), str(line.sequence_number)
            yield fault("count_invalid", "count.report", at, expected=str(following), found=found)


def _closure_references(act: Act, closure: Closure, cases: Sequence[str]) -> Iterator[Fault]:
    """The case is known; another case that this one duplicates is known too, on this link."""
    yield from known_cases(act, cases)
    for index, line in enumerate(closure.persons):
        at = pointer("persons", index, "linked_case")
        if line.linked_case == line.case_code:
            yield fault("reference_unknown", "reference.self", at, expected="another case", found="its own")
        elif line.reason == _DUPLICATE and act.facts.host_of(CaseCode(line.linked_case or "")) is None:
            yield fault("reference_unknown", "reference.case", at, expected="a known case", found="unknown")


def _attachments(act: Act, blocks: Blocks) -> Iterator[Fault]:
    for index, block in enumerate(blocks):
        yield from block_attachments(act.header, block, index)


def _reception_safeguards(act: Act, blocks: Blocks) -> Iterator[Fault]:
    yield from still_children(act, blocks)
    for index, block in enumerate(blocks):
        yield from guarded(block, index)


def _report_safeguards(act: Act, blocks: Blocks) -> Iterator[Fault]:
    """A referral of a child names the guardian; a report may leave it out."""
    for index, block in enumerate(blocks):
        if act.header.type == _REFERRAL:
            yield from guarded(block, index)


def _consents(act: Act, blocks: Blocks) -> Iterator[Fault]:
    for index, block in enumerate(blocks):
        yield from agreed(act, block, message_types()[act.header.type].consents, index)
