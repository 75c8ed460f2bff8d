# SPDX-License-Identifier: Apache-2.0
"""Rules of the handover record (HRC): first record, supplement and countersignature.

1. The line of each person decides; totals only repeat the lines. A first record has a line for every person
   of the final list and for every person who was added, and for nobody else.
2. Who signs is the officer responsible for the message, on the own side. Only a paper may have been signed
   by somebody else of the same side.
3. A countersignature names a record of the other side by number and commitment, and its persons.
4. A child has custody named; a person who was added agreed to return. Who has custody is an office of the
   side where the person is now, and existed on the day of the handover (`taking_over`).
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from exchange.errors import Fault
from exchange.ids import AgencyCode, MessageId, MovementCode
from exchange.messages.checklist import Act, Faults, OwnFaults, in_order
from exchange.messages.context import Facts, RuleContext
from exchange.messages.crossings import crossing_faults
from exchange.messages.dates import Days
from exchange.messages.document import Document, pointer
from exchange.messages.earlier import EarlierMessage
from exchange.messages.handover_parts import ExactMessage
from exchange.messages.handover_rules import (
    agreed,
    exact,
    host_of_group,
    known_appointment,
    movement_known,
    of_movement,
    origin_of,
    replies_to,
    still_children,
)
from exchange.messages.header_rules import named_attachment
from exchange.messages.people import PersonBlock
from exchange.messages.person_rules import (
    block_attachments,
    block_dates,
    block_of,
    guarded,
    treated_as_adult,
    unsafe,
)
from exchange.messages.record import Record
from exchange.messages.taking_over import TAKEN_OVER, day_in, office_taking_over
from exchange.messages.wording import fault

Blocks = Sequence[PersonBlock]
_ADDED = "added"
_ON_PAPER = "paper_only"
_RECORD = frozenset({"HRC"})


def record_faults(document: Document, record: Record, context: RuleContext, facts: Facts) -> Faults:
    """Return the faults of a record of any of the three forms, in the order of the checks."""
    act, lines = Act(document, record.header, context, facts), record.persons
    blocks = [block_of(line) for line in lines]
    own = OwnFaults(
        side=_signatory(act, record),
        references=_references(act, record),
        dates=lambda days: _dates(act, record, blocks, days),
        counts=_counts(act, record),
        attachments=_attachments(record, blocks),
        safeguards=_safeguards(act, record, blocks),
        consent=_consent(act, record, blocks),
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
        origin, place = origin_of(host, act.context), ("content", "checkpoint")
        transit = act.facts.transit_states(MovementCode(record.header.movement_code or ""), host)
        yield from crossing_faults(checkpoint, act.context, *place, host=host, origin=origin, transit=transit)
    if host is not None:
        yield from _custody(act, record, host)


def _custody(act: Act, record: Record, host: AgencyCode) -> Iterator[Fault]:
    origin = origin_of(host, act.context)
    days = (day_in(record.content.ended_at), act.context.day)
    for index, line in enumerate(record.persons):
        sides = (origin,) if line.outcome in TAKEN_OVER else (origin, host)
        code = line.custody.agency if line.custody else None
        place = ("persons", index, "custody", "agency")
        yield from office_taking_over(code, sides, days, act.header, act.facts, *place)


def _names_a_record(act: Act, named: ExactMessage, *place: str | int) -> Iterator[Fault]:
    yield from exact(named, act.facts, *place, types=_RECORD)
    found = act.facts.earlier(MessageId(named.id))
    if found is not None and found.signs:
        at = pointer(*place, "id")
        expected = "a record with lines"
        yield fault("reference_unknown", "reference.signs", at, expected=expected, found="a countersignature")
    yield from of_movement(found, act.header, *place, "id")


def _dates(act: Act, record: Record, blocks: Blocks, days: Days) -> None:
    content, latest = record.content, act.context.numbered_at + act.context.skew
    begun = days.moment_not_after(latest, content.started_at, "content", "started_at")
    ended = days.moment_not_after(latest, content.ended_at, "content", "ended_at")
    days.moments_in_order(begun, ended, "content", "ended_at", apart=True, after="started_at")
    signed = days.moment_not_after(latest, content.signatory.at, "content", "signatory", "at")
    days.moments_in_order(begun, signed, "content", "signatory", "at", apart=True)
    for index, block in enumerate(blocks):
        last_day = act.context.last_day
        block_dates(block, act.context, days, index, latest=last_day, papers_valid=False)


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


def _attachments(record: Record, blocks: Blocks) -> Iterator[Fault]:
    scan = record.content.paper_scan
    yield from named_attachment(record.header, scan, "handover_minutes_scan", "", "content", "paper_scan")
    for index, block in enumerate(blocks):
        yield from block_attachments(record.header, block, index)


def _safeguards(act: Act, record: Record, blocks: Blocks) -> Iterator[Fault]:
    yield from still_children(act, blocks)
    for index, (block, line) in enumerate(zip(blocks, record.persons, strict=True)):
        yield from treated_as_adult(block, act.context, index)
        yield from guarded(block, index)
        if line.is_child and line.custody is None:
            yield unsafe("safeguard.custody", index, "custody", "an authority or person", "none")


def _consent(act: Act, record: Record, blocks: Blocks) -> Iterator[Fault]:
    for index, (block, line) in enumerate(zip(blocks, record.persons, strict=True)):
        if line.outcome == _ADDED:
            yield from agreed(act, block, ("return",), index)


def _earlier(act: Act, named: ExactMessage) -> EarlierMessage | None:
    return act.facts.earlier(MessageId(named.id))
