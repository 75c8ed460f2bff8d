# SPDX-License-Identifier: Apache-2.0
"""Rules of IDN, VRQ and VRS beside the shared ones: what they refer to, and their dates."""

from collections.abc import Iterator

from exchange.errors import Fault
from exchange.ids import CaseCode, MessageId
from exchange.messages.context import Facts, RuleContext
from exchange.messages.dates import Days, birth_span
from exchange.messages.document import pointer
from exchange.messages.header_rules import message_of_type
from exchange.messages.identification import CheckLine, CheckRequest, CheckResult, FoundNotice
from exchange.messages.steps import TypeRules
from exchange.messages.wording import fault

_NOT_CONFIRMED = frozenset({"not_national", "not_found", "identity_other", "registered_deceased"})
"""Results after which another request is a second look."""


def answers(
    message: str | None, type_code: str, cases: tuple[str, ...], facts: Facts, *place: str | int
) -> Iterator[Fault]:
    """A message that is answered is known, of the type given, and about these cases."""
    if message is None:
        return
    yield from message_of_type(message, type_code, facts, *place)
    if facts.message_type(MessageId(message)) == type_code:
        known = facts.cases_of_message(MessageId(message))
        for index, case in enumerate(cases):
            if CaseCode(case) not in known:
                yield unknown_case(f"a person of the {type_code}", "persons", index, "case_code")


def unknown_case(expected: str, *place: str | int) -> Fault:
    """Return the fault of a case that is not known, or not in the message that is meant."""
    return fault(
        "reference_unknown", "reference.case", pointer(*place), expected=expected, found="another case"
    )


def _found_references(notice: FoundNotice, context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """A notice of its own accord answers nothing; one that answers an inquiry names it."""
    if notice.header.in_reply_to is not None:
        yield from message_of_type(notice.header.in_reply_to, "INQ", facts, "header", "in_reply_to")


def _found_dates(notice: FoundNotice, context: RuleContext, facts: Facts, days: Days) -> None:
    """Nobody is found in the future, or before birth."""
    for index, person in enumerate(notice.persons):
        found = days.not_after(context.last_day, person.found_on, "persons", index, "found_on")
        span = birth_span(person.birth) if person.birth is not None else None
        days.in_order(span.first if span else None, found, "persons", index, "found_on")


def _request_references(request: CheckRequest, context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """A second look says which result of the same case it means."""
    for index, person in enumerate(request.persons):
        place = ("persons", index, "reexamination_of")
        earlier, case = person.reexamination_of, CaseCode(person.case_code)
        if earlier is None:
            if facts.last_verification_of(case) in _NOT_CONFIRMED:
                expected = "the earlier result"
                yield fault(
                    "form_invalid",
                    "reference.reexamination",
                    pointer(*place),
                    expected=expected,
                    found="none",
                )
            continue
        yield from message_of_type(earlier, "VRS", facts, *place)
        is_result = facts.message_type(MessageId(earlier)) == "VRS"
        if is_result and case not in facts.cases_of_message(MessageId(earlier)):
            yield unknown_case("a result on this person", *place)


def _request_dates(request: CheckRequest, context: RuleContext, facts: Facts, days: Days) -> None:
    """The day asked for lies ahead."""
    days.not_before(context.day, request.content.reply_by, "content", "reply_by")


def _result_references(result: CheckResult, context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """A result answers a request; a duplicate is another case of the same host side."""
    cases = tuple(line.case_code for line in result.persons)
    yield from answers(result.header.in_reply_to, "VRQ", cases, facts, "header", "in_reply_to")
    for index, line in enumerate(result.persons):
        yield from _other_case(line, context, facts, index)


def _other_case(line: CheckLine, context: RuleContext, facts: Facts, index: int) -> Iterator[Fault]:
    if line.other_case is None:
        return
    place = ("persons", index, "other_case")
    if line.other_case == line.case_code:
        yield fault(
            "reference_unknown", "reference.self", pointer(*place), expected="another case", found="its own"
        )
    elif facts.host_of(CaseCode(line.other_case)) != context.recipient:
        yield unknown_case("a case of the recipient", *place)


def _result_dates(result: CheckResult, context: RuleContext, facts: Facts, days: Days) -> None:
    """A registered birth is possible."""
    for index, line in enumerate(result.persons):
        identity = line.registered_identity
        if identity is None:
            continue
        place = ("persons", index, "registered_identity")
        if identity.birth is not None:
            days.birth(identity.birth, context.day, *place, "birth")
        if identity.place is not None:
            days.read(identity.place.valid_on, *place, "place", "valid_on")


FOUND_NOTICE = TypeRules(_found_references, _found_dates)
CHECK_REQUEST = TypeRules(_request_references, _request_dates)
CHECK_RESULT = TypeRules(_result_references, _result_dates)
