# SPDX-License-Identifier: Apache-2.0
"""Rules of the stops (CWD, HLD, CAN, INC, CKS).

They are few on purpose: a stop that is refused stops nobody. A stop may overtake the message that opens
its case, so a case that is not known yet is no fault.
"""

from collections.abc import Collection, Iterator
from datetime import timedelta

from exchange.errors import Fault
from exchange.ids import CaseCode, MessageId
from exchange.messages.codelists import checkpoints, codelist
from exchange.messages.context import Facts, RuleContext, country_of
from exchange.messages.control_rules import Steps, cases_within, in_order, own_message
from exchange.messages.dates import Days
from exchange.messages.document import Document, pointer
from exchange.messages.header_rules import message_of_type
from exchange.messages.stops import Cancellation, Crossing, Hold, Incident, Withdrawal
from exchange.messages.wording import fault

HOLD_DAYS = int(str(codelist("deadlines").codes["DL-HOLD-REVIEW"].extra["amount"]))
"""Days within which a hold is looked at again."""
_MESSAGE_LENGTH = 36
"""Characters of a message number; a movement code is shorter."""


def withdrawal_faults(
    document: Document, message: Withdrawal, context: RuleContext, facts: Facts
) -> Iterator[Fault]:
    """Return the faults of a consent withdrawal."""
    cases = [line.case_code for line in message.persons]
    own = Steps(dates=_withdrawal_dates(message, context))
    return in_order(document, message.header, cases, context, facts, own)


def hold_faults(document: Document, message: Hold, context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """Return the faults of a hold."""
    cases = [line.case_code for line in message.persons]
    own = Steps(dates=_hold_dates(message, context))
    return in_order(document, message.header, cases, context, facts, own)


def cancellation_faults(
    document: Document, message: Cancellation, context: RuleContext, facts: Facts
) -> Iterator[Fault]:
    """Return the faults of a cancellation; of a movement either side may send it."""
    cases = [line.case_code for line in message.persons]
    is_message = len(message.content.target) == _MESSAGE_LENGTH
    target = message.content.target
    own = Steps(
        side=own_message(target, context, facts, "content", "target") if is_message else iter(()),
        references=_cancelled_message(message, facts) if is_message else _cancelled_movement(message),
        counts=_cancelled_persons(message, facts.cases_of_message(MessageId(target)) if is_message else ()),
    )
    return in_order(document, message.header, cases, context, facts, own)


def incident_faults(
    document: Document, message: Incident, context: RuleContext, facts: Facts
) -> Iterator[Fault]:
    """Return the faults of an incident report."""
    cases = [line.case_code for line in message.persons]
    own = Steps(dates=_incident_dates(message, context), safeguards=_incident_readers(message, facts))
    return in_order(document, message.header, cases, context, facts, own)


def crossing_faults(
    document: Document, message: Crossing, context: RuleContext, facts: Facts
) -> Iterator[Fault]:
    """Return the faults of a crossing status."""
    own = Steps(references=_own_crossing(message, context), dates=_crossing_dates(message))
    return in_order(document, message.header, (), context, facts, own)


def _withdrawal_dates(message: Withdrawal, context: RuleContext) -> Iterator[Fault]:
    days = Days()
    latest = context.numbered_at + context.skew
    days.moment_not_after(latest, message.content.withdrawn_at, "content", "withdrawn_at")
    yield from days.faults


def _hold_dates(message: Hold, context: RuleContext) -> Iterator[Fault]:
    """The review lies ahead, at most `HOLD_DAYS` after the day of numbering."""
    days = Days()
    review = message.content.review_on
    days.not_before(context.day, review, "content", "review_on")
    if not days.faults:
        days.not_later(context.last_day + timedelta(days=HOLD_DAYS), review, "content", "review_on")
    yield from days.faults


def _cancelled_message(message: Cancellation, facts: Facts) -> Iterator[Fault]:
    """The message is known, or was sent and is overtaken by its cancellation."""
    target = message.content.target
    if not facts.is_on_its_way(MessageId(target)):
        yield from message_of_type(target, None, facts, "content", "target")
    if message.header.movement_code is not None:
        yield _other_movement("none, because a message is cancelled", "a movement")
    if facts.message_type(MessageId(target)) is not None:
        cases = [line.case_code for line in message.persons]
        yield from cases_within(cases, list(facts.cases_of_message(MessageId(target))), "that message")


def _cancelled_movement(message: Cancellation) -> Iterator[Fault]:
    if message.header.movement_code != message.content.target:
        yield _other_movement("the movement that is cancelled", message.header.movement_code and "another")


def _other_movement(expected: str, found: str | None) -> Fault:
    place = "/header/movement_code"
    return fault("form_invalid", "reference.movement", place, expected=expected, found=found or "none")


def _cancelled_persons(message: Cancellation, concerned: Collection[CaseCode]) -> Iterator[Fault]:
    """`persons` names the persons of the parts; without it everybody in the message is named."""
    named = {line.case_code for line in message.persons}
    stated = message.content.persons
    expected = set(stated if stated is not None else concerned)
    if expected and named != expected:
        place = "/content/persons"
        yield fault(
            "count_invalid",
            "count.cancelled",
            place,
            expected=f"{len(expected)} persons",
            found=f"{len(named)} parts",
            hint='name the persons in "persons" if only some are cancelled',
        )


def _incident_dates(message: Incident, context: RuleContext) -> Iterator[Fault]:
    days = Days()
    latest = context.numbered_at + context.skew
    known = days.moment_not_after(latest, message.content.known_at, "content", "known_at")
    happened = days.moment(message.content.happened_at, "content", "happened_at")
    days.moments_in_order(happened, known, "content", "known_at", after="happened_at")
    yield from days.faults


def _incident_readers(message: Incident, facts: Facts) -> Iterator[Fault]:
    """A threat to somebody whom an official threatens is read by named officers only."""
    if message.content.incident != "threat" or message.content.restricted_to is not None:
        return
    if any("threat_from_official" in facts.flags_of(CaseCode(line.case_code)) for line in message.persons):
        place = "/content/restricted_to"
        yield fault(
            "safeguard_missing", "safeguard.readers", place, expected="the officers who may", found="none"
        )


def _own_crossing(message: Crossing, context: RuleContext) -> Iterator[Fault]:
    """A side speaks of crossings of its own country."""
    crossing = checkpoints()[message.content.checkpoint]
    country = country_of(context.sender)
    if crossing.kind != "other" and country not in crossing.countries:
        found = "a crossing of " + " and ".join(sorted(crossing.countries))
        yield fault(
            "form_invalid",
            "reference.crossing_own",
            "/content/checkpoint",
            expected=f"a crossing of {country}",
            found=found,
        )


def _crossing_dates(message: Crossing) -> Iterator[Fault]:
    days = Days()
    first = days.moment(message.content.from_, "content", "from")
    last = days.moment(message.content.until, "content", "until")
    days.moments_in_order(first, last, "content", "until", apart=True, after="from")
    yield from days.faults
    yield from _sessions(message)


def _sessions(message: Crossing) -> Iterator[Fault]:
    """Sessions follow each other within one day; times of one length compare as text."""
    end = ""
    for index, session in enumerate(message.content.sessions or ()):
        if session.from_ < end or session.until <= session.from_:
            place = pointer("content", "sessions", index)
            expected, found = "a session after the one before", "times in another order"
            yield fault("date_invalid", "date.sessions", place, expected=expected, found=found)
        end = session.until
