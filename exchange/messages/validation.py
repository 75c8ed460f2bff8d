# SPDX-License-Identifier: Apache-2.0
"""Every check that looks at the content of a message, in the one order both sides use.

`check_form` decides version, form and codes from the schema alone. `check_rules` follows it, on a document
without faults of form, in this order; the first fault is the code of the rejection:

1. type agreed     2. direction and office    3. references   4. dates        5. counts
6. attachments     7. disclosure              8. purpose      9. safeguards  10. consent

The state of a case is checked after that, elsewhere; only a second deferral is found here, because the
line itself shows it. Sender and recipient run the same functions; what only the sender can see (the
functions of the officer) is left out at the recipient.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from exchange.errors import Fault
from exchange.messages import (
    decision_rules,
    header_rules,
    identification_rules,
    notice_rules,
    paper_rules,
    tracing_rules,
)
from exchange.messages.aftercare_rules import (
    closure_faults,
    follow_up_faults,
    reception_faults,
    referral_faults,
)
from exchange.messages.appointment_rules import proposal_faults, response_faults
from exchange.messages.catalog import message_types
from exchange.messages.consent import consent_faults
from exchange.messages.context import Facts, KnownFacts, RuleContext
from exchange.messages.dates import Days
from exchange.messages.departure_rules import departure_faults
from exchange.messages.document import Document, header_of, text_at
from exchange.messages.forms import check_form
from exchange.messages.person_rules import block_of
from exchange.messages.record_rules import record_faults
from exchange.messages.wording import fault, fault_text

__all__ = ["Facts", "KnownFacts", "RuleContext", "check_form", "check_rules", "fault_text", "read_document"]


def check_rules(document: Document, context: RuleContext, facts: Facts) -> tuple[Fault, ...]:
    """Return the faults of the catalogue rules and of consent, in order; requires a document of good form."""
    model = read_document(document)
    if isinstance(model, Fault):
        return (model,)
    rules = RULES[text_at(header_of(document), "type")]
    return tuple(rules(document, model, context, facts))


def read_document(document: Document) -> BaseModel | Fault:
    """Return the model of a document, or one fault when the form does not fit it."""
    row = message_types().get(text_at(header_of(document), "type"))
    if row is None or row.form is None:
        return fault(
            "version_unsupported",
            "version.no_form",
            "/header/type",
            expected="an installed form",
            found="another",
        )
    try:
        return row.form.model.model_validate(document)
    except ValidationError:
        return fault(
            "form_invalid", "form.model", "", expected="a document of this form", found="something else"
        )


def _notice_faults(document: Document, notice: Any, context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """Return the faults of a `Notice`, in the order of the checks."""
    header, cases = notice.header, [person.case_code for person in notice.persons]
    states = [consent.state for person in notice.persons for consent in person.consents or ()]
    children = any(person.is_child for person in notice.persons)
    blocks = [block_of(person) for person in notice.persons]
    yield from header_rules.type_agreed(header, context)
    yield from notice_rules.notice_side(notice, context, facts)
    yield from header_rules.office(header, context)
    yield from header_rules.second_person(header, children=children, consent_states=states)
    yield from header_rules.known_messages(header, facts)
    yield from notice_rules.notice_references(notice, blocks, context, facts)
    days = Days()
    header_rules.header_dates(header, context, days)
    notice_rules.notice_dates(notice, blocks, context, days)
    yield from days.faults
    yield from notice_rules.notice_counts(notice)
    yield from header_rules.case_order(header, cases)
    yield from header_rules.attachments(header, cases)
    yield from notice_rules.notice_attachments(notice, blocks)
    yield from notice_rules.notice_disclosure(notice)
    yield from header_rules.disclosure(document, header)
    yield from header_rules.purpose(header)
    yield from notice_rules.notice_safeguards(notice, blocks, context)
    for index, block in enumerate(blocks):
        yield from consent_faults(block, message_types()["RPN"].consents, context, index)


def _decision_faults(
    document: Document, decision: Any, context: RuleContext, facts: Facts
) -> Iterator[Fault]:
    """Return the faults of a `Decision`, in the order of the checks."""
    header, cases = decision.header, [line.case_code for line in decision.persons]
    yield from header_rules.type_agreed(header, context)
    yield from decision_rules.decision_side(decision, context, facts)
    yield from header_rules.office(header, context)
    yield from header_rules.second_person(header, children=False, consent_states=())
    yield from header_rules.known_messages(header, facts)
    yield from decision_rules.decision_references(decision, facts)
    days = Days()
    header_rules.header_dates(header, context, days)
    decision_rules.decision_dates(decision, context, days)
    yield from days.faults
    yield from decision_rules.decision_counts(decision, facts)
    yield from header_rules.case_order(header, cases)
    yield from header_rules.attachments(header, cases)
    yield from header_rules.disclosure(document, header)
    yield from header_rules.purpose(header)
    yield from decision_rules.decision_safeguards(decision, facts)
    yield from decision_rules.decision_state(decision, facts)


RULES: Mapping[str, Callable[[Document, Any, RuleContext, Facts], Iterable[Fault]]] = {
    "IDN": identification_rules.FOUND_NOTICE,
    "VRQ": identification_rules.CHECK_REQUEST,
    "VRS": identification_rules.CHECK_RESULT,
    "TRQ": tracing_rules.TRACING_REQUEST,
    "TRS": tracing_rules.TRACING_RESULT,
    "RPN": _notice_faults,
    "RPD": _decision_faults,
    "TDQ": paper_rules.PAPER_REQUEST,
    "TDS": paper_rules.PAPER_STATUS,
    "HPR": proposal_faults,
    "HRP": response_faults,
    "HDP": departure_faults,
    "HRC": record_faults,
    "RCV": reception_faults,
    "RFN": referral_faults,
    "FUP": follow_up_faults,
    "CLO": closure_faults,
}
"""The rules of each type that has an installed form, on its model."""
