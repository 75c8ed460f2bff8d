# SPDX-License-Identifier: Apache-2.0
"""Rules of the handover record (HRC): first record, supplement and countersignature.

1. The line of each person decides; totals only repeat the lines. A first record has a line for every person
   of the final list and for every person who was added, and for nobody else.
2. Who signs is the officer responsible for the message, on the own side. Only a paper may have been signed
   by somebody else of the same side.
3. A countersignature names a record of the other side by number and commitment, and its persons.
4. A child has custody named; a person who was added agreed to return.
"""

from collections import Counter
from collections.abc import Iterator

from exchange.errors import Fault
from exchange.ids import MessageId
from exchange.messages.checklist import Act, Faults, OwnFaults, in_order
from exchange.messages.context import Facts, RuleContext
from exchange.messages.crossings import crossing_faults
from exchange.messages.dates import Days
from exchange.messages.document import Document, pointer
from exchange.messages.earlier import EarlierMessage
from exchange.messages.entitled import scope_faults
from exchange.messages.handover_parts import ExactMessage
from exchange.messages.handover_rules import (
    children,
    exact,
    flagged_children,
    host_of_group,
    known_appointment,
    movement_known,
    of_movement,
    origin_of,
    replies_to,
)
from exchange.messages.header_rules import named_attachment
from exchange.messages.record import Record
from exchange.messages.wording import fault

_ADDED = "added"
_ON_PAPER = "paper_only"
_RECORD = frozenset({"HRC"})


def record_faults(document: Document, record: Record, context: RuleContext, facts: Facts) -> Faults:
    """Return the faults of a record of any of the three forms, in the order of the checks."""
    act, lines = Act(document, record.header, context, facts), record.persons
    own = OwnFaults(
        side=_signatory(act, record),
        references=_references(act, record),
        dates=lambda days: _dates(act, record, days),
        counts=_counts(act, record),
        attachments=_attachments(record),
        safeguards=_safeguards(act, record),
        consent=_consent(context, record),
    )
    cases = [line.case_code for line in lines] if lines else record.header.case_codes or ()
    states = [consent.state for line in lines for consent in line.consents or ()]
    return in_order(act, own, cases=cases, consent_states=states)


def _signatory(act: Act, record: Record) -> Iterator[Fault]:
    """The signature is that of the sender's side and, unless on paper, of the responsible officer."""
    signatory, place = record.content.signatory, "/content/signatory"
    host = host_of_group(act, record.header.case_codes or ())
    side = "host" if host == act.context.sender else "origin"
    if host is not None and signatory.side != side:
        yield fault(
            "signer_not_authorised",
            "office.signing_side",
            f"{place}/side",
            expected=side,
            found=signatory.side,
        )
    if signatory.kind != _ON_PAPER and signatory.officer != record.header.officer:
        yield fault(
            "signer_not_authorised",
            "office.signatory",
            f"{place}/officer",
            expected="the officer of the header",
            found="another officer",
        )
    named = record.content.countersigns
    signed = act.facts.earlier(MessageId(named.id)) if named else None
    if signed is not None and signed.sender == act.context.sender:
        expected, found = "a record of the other side", "one of the same side"
        at = "/content/countersigns/id"
        yield fault("signer_not_authorised", "office.own_change", at, expected=expected, found=found)


def _references(act: Act, record: Record) -> Iterator[Fault]:
    yield from movement_known(act)
    if record.content.countersigns is not None:
        yield from replies_to(record.header, record.content.countersigns, "content", "countersigns")
    for name in ("countersigns", "supplements"):
        named: ExactMessage | None = getattr(record.content, name)
        if named is not None:
            yield from _names_a_record(act, named, "content", name)
    host, checkpoint = host_of_group(act, record.header.case_codes or ()), record.content.checkpoint
    if host is not None and checkpoint is not None:
        origin = origin_of(host, act.context)
        yield from crossing_faults(checkpoint, act.context, "content", "checkpoint", host=host, origin=origin)


def _names_a_record(act: Act, named: ExactMessage, *place: str | int) -> Iterator[Fault]:
    yield from exact(named, act.facts, *place, types=_RECORD)
    found = act.facts.earlier(MessageId(named.id))
    if found is not None and found.signs:
        at = pointer(*place, "id")
        expected = "a record with lines"
        yield fault("reference_unknown", "reference.signs", at, expected=expected, found="a countersignature")
    yield from of_movement(found, act.header, *place, "id")


def _dates(act: Act, record: Record, days: Days) -> None:
    content, latest = record.content, act.context.numbered_at + act.context.skew
    begun = days.moment_not_after(latest, content.started_at, "content", "started_at")
    ended = days.moment_not_after(latest, content.ended_at, "content", "ended_at")
    days.moments_in_order(begun, ended, "content", "ended_at", apart=True)
    signed = days.moment_not_after(latest, content.signatory.at, "content", "signatory", "at")
    days.moments_in_order(begun, signed, "content", "signatory", "at", apart=True)
    for index, line in enumerate(record.persons):
        at = ("persons", index)
        if line.guardian is not None:
            days.not_after(act.context.last_day, line.guardian.from_, *at, "guardian", "from")
        for number, consent in enumerate(line.consents or ()):
            days.not_after(act.context.last_day, consent.on, *at, "consents", number, "on")
            days.read(consent.valid_until, *at, "consents", number, "valid_until")


def _counts(act: Act, record: Record) -> Iterator[Fault]:
    if record.content.countersigns is not None:
        yield from _signed_persons(act, record.content.countersigns)
        return
    if record.content.totals is not None:
        yield from _totals(record)
    if record.content.supplements is None:
        yield from _final_list(act, record)
    elif record.persons or record.header.case_codes:
        yield from _supplemented(act, record.content.supplements)


def _totals(record: Record) -> Iterator[Fault]:
    counted = Counter(line.outcome for line in record.persons)
    stated = record.content.totals.model_dump(exclude_none=True) if record.content.totals else {}
    for outcome in sorted(counted.keys() | stated.keys()):
        if stated.get(outcome, 0) != counted[outcome]:
            at = pointer("content", "totals", outcome)
            expected, found = str(counted[outcome]), str(stated.get(outcome, 0))
            yield fault("count_invalid", "count.totals", at, expected=expected, found=found)


def _final_list(act: Act, record: Record) -> Iterator[Fault]:
    """A line for every person of the final list; every other line is an addition."""
    standing = known_appointment(act)
    if standing is None or standing.final is None:
        return
    final = set(standing.final)
    listed = {line.case_code for line in record.persons if line.outcome != _ADDED}
    added = {line.case_code for line in record.persons if line.outcome == _ADDED}
    if listed != final or added & final:
        expected = f"{len(final)} lines of the final list, the others added"
        found = f"{len(listed & final)} of them, {len(listed - final) + len(added & final)} that do not fit"
        yield fault("count_invalid", "count.final_list", "/persons", expected=expected, found=found)


def _signed_persons(act: Act, named: ExactMessage) -> Iterator[Fault]:
    signed = _earlier(act, named)
    if signed is not None and set(signed.cases) != set(act.header.case_codes or ()):
        expected = f"the {len(signed.cases)} persons of the record"
        found = f"{len(act.header.case_codes or ())} codes"
        yield fault("count_invalid", "count.signed", "/header/case_codes", expected=expected, found=found)


def _supplemented(act: Act, named: ExactMessage) -> Iterator[Fault]:
    record = _earlier(act, named)
    strange = set(act.header.case_codes or ()).difference(record.cases) if record else set()
    if strange:
        expected, found = "persons of the record", f"{len(strange)} others"
        yield fault("count_invalid", "count.signed", "/header/case_codes", expected=expected, found=found)


def _attachments(record: Record) -> Iterator[Fault]:
    scan = record.content.paper_scan
    yield from named_attachment(record.header, scan, "handover_minutes_scan", "", "content", "paper_scan")
    for index, line in enumerate(record.persons):
        case, at = line.case_code, ("persons", index)
        yield from named_attachment(record.header, line.photograph, "photograph", case, *at, "photograph")
        if line.guardian is not None:
            order, place = line.guardian.attachment, (*at, "guardian", "attachment")
            yield from named_attachment(record.header, order, "guardian_order", case, *place)


def _safeguards(act: Act, record: Record) -> Iterator[Fault]:
    lines = record.persons
    yield from flagged_children([(line.is_child, line.flags) for line in lines])
    yield from children(act, [(line.case_code, line.is_child, line.guardian) for line in lines])
    for index, line in enumerate(lines):
        if line.is_child and line.custody is None:
            at, expected = pointer("persons", index, "custody"), "an authority or person"
            yield fault("safeguard_missing", "safeguard.custody", at, expected=expected, found="none")


def _consent(context: RuleContext, record: Record) -> Iterator[Fault]:
    for index, line in enumerate(record.persons):
        if line.outcome == _ADDED:
            yield from scope_faults(
                "return",
                line.consents or (),
                context,
                index=index,
                is_child=line.is_child,
            )


def _earlier(act: Act, named: ExactMessage) -> EarlierMessage | None:
    return act.facts.earlier(MessageId(named.id))
