# SPDX-License-Identifier: Apache-2.0
"""Rules after the handover: reception (RCV), referral (RFN), follow-up (FUP) and closure (CLO).

The former host side learns how reintegration goes only as long as the person agrees: a referral needs the
consent `feedback_host`, a report `contact_after_return` as well. A reception needs none, because it ends
the handover; it says nothing but arrived or not.
"""

from collections.abc import Callable, Iterator, Sequence

from exchange.errors import Fault
from exchange.ids import CaseCode, MessageId
from exchange.messages.aftercare import Closure, FollowUp, FollowUpLine, Reception, Referral, ReferralLine
from exchange.messages.catalog import message_types
from exchange.messages.checklist import Act, Faults, OwnFaults, in_order
from exchange.messages.context import Facts, RuleContext
from exchange.messages.dates import Days
from exchange.messages.document import Document, pointer
from exchange.messages.entitled import scope_faults
from exchange.messages.handover_rules import children, known_cases, of_movement, sent_by
from exchange.messages.header_rules import message_of_type, named_attachment
from exchange.messages.people import Guardian
from exchange.messages.wording import fault

_DUPLICATE = "duplicate"
Lines = Sequence[ReferralLine | FollowUpLine]


def reception_faults(document: Document, reception: Reception, context: RuleContext, facts: Facts) -> Faults:
    """Return the faults of a reception confirmation, in the order of the checks."""
    act, lines = Act(document, reception.header, context, facts), reception.persons
    cases = [line.case_code for line in lines]
    own = OwnFaults(
        side=sent_by("origin", act, cases),
        references=_reception_references(act, reception, cases),
        dates=lambda days: _reception_dates(act, reception, days),
        attachments=_guardian_orders(act, [line.guardian for line in lines], cases),
        safeguards=children(act, [(line.case_code, line.is_child, line.guardian) for line in lines]),
    )
    return in_order(act, own, cases=cases)


def referral_faults(document: Document, referral: Referral, context: RuleContext, facts: Facts) -> Faults:
    """Return the faults of a referral notice, in the order of the checks."""
    act, lines = Act(document, referral.header, context, facts), referral.persons
    return _report_faults(act, lines, lambda days: _consent_dates(act, lines, days), ())


def follow_up_faults(document: Document, report: FollowUp, context: RuleContext, facts: Facts) -> Faults:
    """Return the faults of a follow-up report, in the order of the checks."""
    act, lines = Act(document, report.header, context, facts), report.persons
    return _report_faults(
        act, lines, lambda days: _follow_up_dates(act, lines, days), _report_numbers(act, lines)
    )


def closure_faults(document: Document, closure: Closure, context: RuleContext, facts: Facts) -> Faults:
    """Return the faults of a closure, in the order of the checks."""
    act = Act(document, closure.header, context, facts)
    cases = [line.case_code for line in closure.persons]
    return in_order(act, OwnFaults(references=_closure_references(act, closure, cases)), cases=cases)


def _report_faults(act: Act, lines: Lines, dates: Callable[[Days], None], counts: Faults) -> Faults:
    cases = [line.case_code for line in lines]
    own = OwnFaults(
        side=sent_by("origin", act, cases),
        references=known_cases(act, cases),
        dates=dates,
        counts=counts,
        attachments=_guardian_orders(act, [line.guardian for line in lines], cases),
        safeguards=_guarded(lines),
        consent=_consents(act, lines),
    )
    states = [consent.state for line in lines for consent in line.consents or ()]
    return in_order(act, own, cases=cases, consent_states=states)


def _reception_references(act: Act, reception: Reception, cases: Sequence[str]) -> Iterator[Fault]:
    """It names the record of its persons; only somebody who was not announced has none."""
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


def _reception_dates(act: Act, reception: Reception, days: Days) -> None:
    latest = act.context.numbered_at + act.context.skew
    for index, line in enumerate(reception.persons):
        days.moment_not_after(latest, line.arrived_at, "persons", index, "arrived_at")
        _guardian_date(act, line.guardian, days, index)


def _consent_dates(act: Act, lines: Lines, days: Days) -> None:
    for index, line in enumerate(lines):
        _guardian_date(act, line.guardian, days, index)
        for number, consent in enumerate(line.consents or ()):
            at = ("persons", index, "consents", number)
            days.not_after(act.context.last_day, consent.on, *at, "on")
            days.read(consent.valid_until, *at, "valid_until")


def _follow_up_dates(act: Act, lines: Sequence[FollowUpLine], days: Days) -> None:
    _consent_dates(act, lines, days)
    for index, line in enumerate(lines):
        visited = days.not_after(act.context.last_day, line.visited_on, "persons", index, "visited_on")
        following = days.not_before(act.context.day, line.next_on, "persons", index, "next_on")
        days.in_order(visited, following, "persons", index, "next_on")


def _guardian_date(act: Act, guardian: Guardian | None, days: Days, index: int) -> None:
    if guardian is not None:
        days.not_after(act.context.last_day, guardian.from_, "persons", index, "guardian", "from")


def _report_numbers(act: Act, lines: Sequence[FollowUpLine]) -> Iterator[Fault]:
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


def _guardian_orders(act: Act, guardians: Sequence[Guardian | None], cases: Sequence[str]) -> Iterator[Fault]:
    for index, (guardian, case) in enumerate(zip(guardians, cases, strict=True)):
        if guardian is not None:
            place = ("persons", index, "guardian", "attachment")
            yield from named_attachment(act.header, guardian.attachment, "guardian_order", case, *place)


def _guarded(lines: Lines) -> Iterator[Fault]:
    """A referral of a child names the guardian; a report may leave it out."""
    for index, line in enumerate(lines):
        if isinstance(line, ReferralLine) and line.is_child and line.guardian is None:
            at = pointer("persons", index, "guardian")
            yield fault("safeguard_missing", "safeguard.guardian", at, expected="a guardian", found="none")


def _consents(act: Act, lines: Lines) -> Iterator[Fault]:
    for index, line in enumerate(lines):
        case = CaseCode(line.case_code)
        is_child = act.facts.is_child(case) if line.is_child is None else line.is_child
        for scope in message_types()[act.header.type].consents:
            yield from scope_faults(
                scope,
                line.consents or (),
                act.context,
                index=index,
                is_child=is_child,
            )
