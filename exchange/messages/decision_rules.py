# SPDX-License-Identifier: Apache-2.0
"""Rules of the repatriation decision (RPD), one function for each step of the catalogue rules."""

from collections.abc import Iterator

from exchange.errors import Fault
from exchange.ids import CaseCode, MessageId
from exchange.messages.context import Facts, RuleContext
from exchange.messages.dates import Days, as_day
from exchange.messages.document import pointer
from exchange.messages.header_rules import message_of_type
from exchange.messages.person_rules import sent_by_origin
from exchange.messages.returns import Decision
from exchange.messages.taking_over import office_taking_over
from exchange.messages.wording import fault

ACCEPTANCES = frozenset({"accepted", "accepted_with_conditions"})


def decision_side(decision: Decision, context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """The origin side decides: the host of every case is the recipient."""
    yield from sent_by_origin([line.case_code for line in decision.persons], context, facts)


def decision_references(decision: Decision, facts: Facts) -> Iterator[Fault]:
    """It answers a known notice, names its persons only, and says what it changes."""
    notice = _notice(decision)
    yield from message_of_type(notice, "RPN", facts, "header", "in_reply_to")
    if facts.message_type(notice) == "RPN":
        cases = facts.cases_of_message(notice)
        for index, line in enumerate(decision.persons):
            if line.case_code not in cases:
                place = pointer("persons", index, "case_code")
                expected = "a person of the notice"
                yield fault(
                    "reference_unknown", "reference.case", place, expected=expected, found="another case"
                )
    revises = decision.content.revises
    if revises is not None:
        yield from message_of_type(revises, "RPD", facts, "content", "revises")
    elif facts.answered(notice):
        expected = "the decision that this one changes"
        yield fault("form_invalid", "reference.revises", "/content/revises", expected=expected, found="none")


def decision_receivers(decision: Decision, context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """Who receives the person, and who takes the child, is an office of the side that decides.

    It exists on some day of the acceptance: today, or at its end.
    """
    sides, header = (context.sender,), decision.header
    for index, line in enumerate(decision.persons):
        days = (context.day, as_day(line.valid_until or ""))
        place = ("persons", index)
        yield from office_taking_over(line.reception, sides, days, header, facts, *place, "reception")
        child = line.child_receiver.agency if line.child_receiver else None
        yield from office_taking_over(child, sides, days, header, facts, *place, "child_receiver", "agency")


def decision_dates(decision: Decision, context: RuleContext, days: Days) -> None:
    """An acceptance and the end of a deferral lie ahead."""
    for index, line in enumerate(decision.persons):
        days.not_before(context.day, line.valid_until, "persons", index, "valid_until")
        days.not_before(context.day, line.new_date, "persons", index, "new_date")


def decision_counts(decision: Decision, facts: Facts) -> Iterator[Fault]:
    """The first decision answers every person of the notice."""
    if decision.content.revises is not None:
        return
    asked = frozenset(facts.cases_of_message(_notice(decision)))
    answered = asked.intersection(line.case_code for line in decision.persons)
    if answered != asked:
        expected, found = f"{len(asked)} lines", f"{len(answered)} of them"
        yield fault("count_invalid", "count.decided", "/persons", expected=expected, found=found)


def decision_safeguards(decision: Decision, facts: Facts) -> Iterator[Fault]:
    """For an accepted child the line says who takes the child."""
    for index, line in enumerate(decision.persons):
        needed = line.outcome in ACCEPTANCES and facts.is_child(CaseCode(line.case_code))
        if needed and line.child_receiver is None:
            place = pointer("persons", index, "child_receiver")
            expected = "an authority or guardian"
            yield fault("safeguard_missing", "safeguard.receiver", place, expected=expected, found="none")


def decision_state(decision: Decision, facts: Facts) -> Iterator[Fault]:
    """A person is deferred once; anything else about the state is for the lifecycle."""
    for index, line in enumerate(decision.persons):
        if line.outcome == "deferred" and facts.last_decision_of(CaseCode(line.case_code)) == "deferred":
            place = pointer("persons", index, "outcome")
            expected = "accepted, accepted_with_conditions or refused"
            yield fault("state_conflict", "state.deferred", place, expected=expected, found="deferred")


def _notice(decision: Decision) -> MessageId:
    return MessageId(decision.header.in_reply_to or "")
