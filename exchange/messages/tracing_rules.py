# SPDX-License-Identifier: Apache-2.0
"""Rules of the family tracing request (TRQ) and result (TRS) beside the shared ones.

A relative is known by `ref`. Names are never compared: two relatives may have one name, and one relative
several spellings.
"""

from collections.abc import Iterator

from exchange.errors import Fault
from exchange.messages.codelists import agency
from exchange.messages.context import Facts, RuleContext, country_of
from exchange.messages.dates import Days
from exchange.messages.document import pointer
from exchange.messages.identification_rules import answers
from exchange.messages.person_rules import unsafe
from exchange.messages.steps import TypeRules
from exchange.messages.tracing import TracedPerson, TracingRequest, TracingResult
from exchange.messages.wording import fault


def _request_references(request: TracingRequest, context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """Each relative has a number of its own, and nobody stands in both lists."""
    for index, person in enumerate(request.persons):
        yield from _own_numbers(person, index)
        avoided = {entry.ref for entry in person.not_to_contact}
        for number, entry in enumerate(person.whom):
            if entry.ref in avoided:
                yield _invalid(
                    "reference.both_lists",
                    "nobody who stands in not_to_contact",
                    "a number of both lists",
                    *("persons", index, "whom", number, "ref"),
                )


def _own_numbers(person: TracedPerson, index: int) -> Iterator[Fault]:
    known: set[str] = set()
    for number, relative in enumerate(person.relatives):
        if relative.ref in known:
            place = ("persons", index, "relatives", number, "ref")
            yield _invalid("reference.ref_twice", "a number of its own", "a number given before", *place)
        known.add(relative.ref)


def _request_safeguards(request: TracingRequest, context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """Where the family is a threat the request says whom to avoid; who may not be contacted is not sought."""
    for index, person in enumerate(request.persons):
        if "threat_from_family" in person.flags and not person.not_to_contact:
            expected = "who must not be contacted"
            yield unsafe("safeguard.contact", index, "not_to_contact", expected, "an empty list")
        closed = {relative.ref for relative in person.relatives if not relative.may_be_contacted}
        for number, entry in enumerate(person.whom):
            if entry.ref in closed:
                place = pointer("persons", index, "whom", number, "ref")
                expected = "a relative who may be contacted"
                yield fault(
                    "safeguard_missing",
                    "safeguard.relative",
                    place,
                    expected=expected,
                    found="one who may not",
                )


def _result_references(result: TracingResult, context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """A result answers a request and was made by an office of the sender's country."""
    cases = tuple(line.case_code for line in result.persons)
    yield from answers(result.header.in_reply_to, "TRQ", cases, facts, "header", "in_reply_to")
    for index, line in enumerate(result.persons):
        office, country = agency(line.done_by), country_of(context.sender)
        if office is None or office.country != country:
            expected, found = f"an office of {country}", "an office of another country"
            yield _invalid("reference.office", expected, found, "persons", index, "done_by")


def _result_dates(result: TracingResult, context: RuleContext, facts: Facts, days: Days) -> None:
    """Nothing was assessed in the future."""
    for index, line in enumerate(result.persons):
        days.not_after(context.last_day, line.done_on, "persons", index, "done_on")


def _invalid(rule: str, expected: str, found: str, *place: str | int) -> Fault:
    return fault("form_invalid", rule, pointer(*place), expected=expected, found=found)


TRACING_REQUEST = TypeRules(references=_request_references, safeguards=_request_safeguards)
TRACING_RESULT = TypeRules(_result_references, _result_dates)
