# SPDX-License-Identifier: Apache-2.0
"""Rules of the question (INQ) and the answer (INR).

A question that opens the exchange names no case, so nothing but its header can be judged. A second look is
asked of a refusal that stands, by the side that was refused. An answer names what it answers, and nobody
answers the own side.
"""

from collections.abc import Iterator, Sequence

from exchange.errors import Fault
from exchange.ids import CaseCode, MessageId
from exchange.messages.catalog import message_types
from exchange.messages.checklist import Act, Faults, OwnFaults, in_order
from exchange.messages.context import Facts, RuleContext
from exchange.messages.control_rules import cases_within
from exchange.messages.document import Document, pointer
from exchange.messages.handover_rules import known_cases
from exchange.messages.header_rules import message_of_type
from exchange.messages.inquiry import Inquiry, Reply
from exchange.messages.person_rules import sent_by_origin
from exchange.messages.wording import fault

_MESSAGE_LENGTH = 36
"""Characters of a message number; a case code is shorter."""
_REFUSED = "refused"
_DECISION = "RPD"
_ASK_IN_OTHER_WORDS = frozenset({"VRS", "HRC"})
"""A result that asks for more information, and a record of somebody who was turned back."""


def inquiry_faults(document: Document, inquiry: Inquiry, context: RuleContext, facts: Facts) -> Faults:
    """Return the faults of a question, in the order of the checks."""
    act = Act(document, inquiry.header, context, facts)
    cases = [line.case_code for line in inquiry.persons]
    own = OwnFaults(
        side=_second_look_side(act, inquiry),
        references=_inquiry_references(act, inquiry, cases),
        state=_refusal_stands(act, inquiry, cases),
    )
    return in_order(act, own, cases=cases)


def reply_faults(document: Document, reply: Reply, context: RuleContext, facts: Facts) -> Faults:
    """Return the faults of an answer, in the order of the checks."""
    act = Act(document, reply.header, context, facts)
    cases = [line.case_code for line in reply.persons]
    own = OwnFaults(
        side=_reply_side(act, reply, cases),
        references=_reply_references(act, cases),
    )
    return in_order(act, own, cases=cases)


def _second_look_side(act: Act, inquiry: Inquiry) -> Iterator[Fault]:
    """Nobody asks for a second look at the own decision."""
    target = inquiry.content.target
    if inquiry.content.asks_second_look and target is not None:
        yield from _of_the_other_side(act, target, "content", "target")


def _of_the_other_side(act: Act, message: str, *place: str | int) -> Iterator[Fault]:
    if act.facts.author_of(MessageId(message)) == act.context.sender:
        expected, found = "a message of the other side", "one of the same side"
        yield fault(
            "signer_not_authorised", "office.own_change", pointer(*place), expected=expected, found=found
        )


def _inquiry_references(act: Act, inquiry: Inquiry, cases: Sequence[str]) -> Iterator[Fault]:
    yield from known_cases(act, cases)
    target, place = inquiry.content.target, ("content", "target")
    if target is None:
        return
    if len(target) != _MESSAGE_LENGTH:
        if target not in cases:
            expected, found = "a case of this message", "another case"
            yield fault(
                "reference_unknown", "reference.case", pointer(*place), expected=expected, found=found
            )
        return
    wanted = _DECISION if inquiry.content.asks_second_look else None
    yield from message_of_type(target, wanted, act.facts, *place)
    yield from _within(act, target, cases)


def _within(act: Act, message: str, cases: Sequence[str]) -> Iterator[Fault]:
    """The cases are those of the other message, if that names any."""
    concerned = list(act.facts.cases_of_message(MessageId(message)))
    if concerned:
        yield from cases_within(cases, concerned, "that message")


def _refusal_stands(act: Act, inquiry: Inquiry, cases: Sequence[str]) -> Iterator[Fault]:
    if not inquiry.content.asks_second_look:
        return
    for index, case in enumerate(cases):
        if act.facts.last_decision_of(CaseCode(case)) != _REFUSED:
            place = pointer("persons", index, "case_code")
            expected, found = "a refusal that stands", "none"
            yield fault("state_conflict", "state.not_refused", place, expected=expected, found=found)


def _reply_side(act: Act, reply: Reply, cases: Sequence[str]) -> Iterator[Fault]:
    """The other side asked; that somebody was turned back by mistake, only the origin side can say."""
    yield from _of_the_other_side(act, act.header.in_reply_to or "", "header", "in_reply_to")
    if reply.content.turned_back_by_mistake is not None:
        yield from sent_by_origin(cases, act.context, act.facts)


def _reply_references(act: Act, cases: Sequence[str]) -> Iterator[Fault]:
    yield from known_cases(act, cases)
    asked, place = act.header.in_reply_to or "", ("header", "in_reply_to")
    yield from message_of_type(asked, None, act.facts, *place)
    known = act.facts.message_type(MessageId(asked))
    if known is not None and known not in _ASK_IN_OTHER_WORDS and "INR" not in message_types()[known].replies:
        expected = "a message that can be answered so"
        yield fault("reference_unknown", "reference.kind", pointer(*place), expected=expected, found=known)
    yield from _within(act, asked, cases)
