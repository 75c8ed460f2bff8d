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
from dataclasses import replace
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError

from exchange.errors import Fault
from exchange.ids import AgencyCode, MessageId
from exchange.messages import (
    changes_rules,
    decision_rules,
    header_rules,
    identification_rules,
    notice_rules,
    stops_rules,
    tracing_rules,
    travel_document_rules,
)
from exchange.messages.aftercare_rules import (
    closure_faults,
    follow_up_faults,
    reception_faults,
    referral_faults,
)
from exchange.messages.amending import apply_amendment, standing_document
from exchange.messages.appointment_rules import proposal_faults, response_faults
from exchange.messages.as_model import as_model
from exchange.messages.attachments import attachment_faults, with_attachment_faults
from exchange.messages.catalog import message_types
from exchange.messages.consent import consent_faults
from exchange.messages.context import Facts, KnownFacts, RuleContext
from exchange.messages.dates import Days
from exchange.messages.departure_rules import departure_faults
from exchange.messages.directory_rules import card_notice_faults, directory_faults
from exchange.messages.document import Document, header_of, text_at
from exchange.messages.forms import check_form
from exchange.messages.inquiry_rules import inquiry_faults, reply_faults
from exchange.messages.person_rules import block_of
from exchange.messages.personal_data_rules import correction_faults, data_request_faults
from exchange.messages.record_rules import record_faults
from exchange.messages.reopening_rules import reopening_faults
from exchange.messages.statement_rules import difference_faults, resolution_faults, statement_faults
from exchange.messages.transit_rules import transit_decision_faults, transit_request_faults
from exchange.messages.versions import Understood, Versions, understood
from exchange.messages.wording import fault, fault_text

__all__ = [
    "Facts",
    "KnownFacts",
    "Model",
    "RuleContext",
    "check_form",
    "check_rules",
    "fault_text",
    "model_of",
    "read_document",
]

Model: TypeAlias = BaseModel | Fault
"""A document in the form of its type, or why it has not that form."""


def check_rules(
    document: Document, context: RuleContext, facts: Facts, *, model: Model | None = None
) -> tuple[Fault, ...]:
    """Return the faults of the catalogue rules and of consent, in order; requires a document of good form.

    `model` is what `model_of` gave for this document and these versions, where it was made before.
    """
    read = understood(document, context.versions)
    document, model = read.document, model or _model_of(read)
    if isinstance(model, Fault):
        return (model,)
    rules = RULES[text_at(header_of(document), "type")]
    faults = tuple(rules(document, model, context, facts))
    if context.attachments is None:
        return faults
    return with_attachment_faults(faults, attachment_faults(document, context.attachments))


def model_of(document: Document, known: Versions | None = None) -> Model:
    """Return the model of a document of good form, as `check_rules` wants it."""
    return _model_of(understood(document, known))


def _model_of(read: Understood) -> Model:
    if read.form is None:
        return _no_form()
    try:
        return as_model(read.form.model, read.document)
    except ValueError:
        return _not_read()


def read_document(document: Document, known: Versions | None = None) -> Model:
    """Return the model of a document, or one fault when the form does not fit it.

    What only a newer minor version knows is left out of the model.
    """
    read = understood(document, known)
    if read.form is None:
        return _no_form()
    try:
        return read.form.model.model_validate(read.document)
    except ValidationError:
        return _not_read()


def _no_form() -> Fault:
    expected = "an installed form"
    return fault("version_unsupported", "version.no_form", "/header/type", expected=expected, found="another")


def _not_read() -> Fault:
    expected = "a document of this form"
    return fault("form_invalid", "form.model", "", expected=expected, found="something else")


def _notice_faults(document: Document, notice: Any, context: RuleContext, facts: Facts) -> Iterator[Fault]:
    """Return the faults of a `Notice`, in the order of the checks."""
    header, cases = notice.header, [person.case_code for person in notice.persons]
    states = [consent.state for person in notice.persons for consent in person.consents or ()]
    children = any(person.is_child for person in notice.persons)
    blocks = [block_of(person) for person in notice.persons]
    yield from header_rules.type_agreed(header, context)
    yield from notice_rules.notice_side(notice, context, facts)
    yield from header_rules.office(header, context, facts)
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
    yield from header_rules.office(header, context, facts)
    yield from header_rules.second_person(header, children=False, consent_states=())
    yield from header_rules.known_messages(header, facts)
    yield from decision_rules.decision_references(decision, facts)
    yield from decision_rules.decision_receivers(decision, context, facts)
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


def _amendment_faults(
    document: Document, amendment: Any, context: RuleContext, facts: Facts
) -> Iterator[Fault]:
    """Return the faults of an `Amendment`, then those it makes in the message it changes."""
    faults = tuple(changes_rules.amendment_faults(document, amendment, context, facts))
    yield from faults
    before = standing_document(MessageId(amendment.content.target), facts)
    if faults or before is None or isinstance(read_document(before), Fault):
        return
    after = apply_amendment(before, document).document or before
    for found in _new_faults(before, after, document, context, facts):
        yield replace(found, pointer="/content/changes", hint=f"in the changed message at {found.pointer}")


def _new_faults(
    before: Document, after: Document, amendment: Document, context: RuleContext, facts: Facts
) -> tuple[Fault, ...]:
    """Return the faults of `after`, apart from those of rules that `before` has as well.

    Both are judged as if they were sent now by the side that sent the message, with the second person and
    the class of the amendment.
    """
    header, act = header_of(before), header_of(amendment)
    highest = max(text_at(header, "sensitivity"), text_at(act, "sensitivity"))
    judged = {name: value for name, value in header_of(after).items() if name not in _OF_THE_RELEASE}
    judged |= {name: act[name] for name in _OF_THE_RELEASE if name in act}
    judged["sensitivity"] = highest
    ill_formed = check_form({**after, "header": {**header_of(after), "sensitivity": highest}})
    if ill_formed:
        return ill_formed
    theirs = replace(
        context,
        attachments=None,
        sender=AgencyCode(text_at(header, "sender")),
        recipient=AgencyCode(text_at(header, "recipient")),
        officer_functions=None,
    )
    known = frozenset(check_rules({**before, "header": judged}, theirs, facts))
    found = check_rules({**after, "header": judged}, theirs, facts)
    return tuple(fault for fault in found if fault not in known)


_OF_THE_RELEASE = ("message_id", "released_by")

RULES: Mapping[str, Callable[[Document, Any, RuleContext, Facts], Iterable[Fault]]] = {
    "IDN": identification_rules.FOUND_NOTICE,
    "VRQ": identification_rules.CHECK_REQUEST,
    "VRS": identification_rules.CHECK_RESULT,
    "TRQ": tracing_rules.TRACING_REQUEST,
    "TRS": tracing_rules.TRACING_RESULT,
    "RPN": _notice_faults,
    "RPD": _decision_faults,
    "TDQ": travel_document_rules.PAPER_REQUEST,
    "TDS": travel_document_rules.PAPER_STATUS,
    "AMD": _amendment_faults,
    "RMD": changes_rules.reminder_faults,
    "RSM": changes_rules.resume_faults,
    "CWD": stops_rules.withdrawal_faults,
    "HLD": stops_rules.hold_faults,
    "CAN": stops_rules.cancellation_faults,
    "INC": stops_rules.incident_faults,
    "CKS": stops_rules.crossing_faults,
    "HPR": proposal_faults,
    "HRP": response_faults,
    "HDP": departure_faults,
    "HRC": record_faults,
    "RCV": reception_faults,
    "RFN": referral_faults,
    "FUP": follow_up_faults,
    "CLO": closure_faults,
    "INQ": inquiry_faults,
    "INR": reply_faults,
    "COR": correction_faults,
    "PDR": data_request_faults,
    "TRA": transit_request_faults,
    "TRD": transit_decision_faults,
    "ROP": reopening_faults,
    "STM": statement_faults,
    "DSC": difference_faults,
    "DRS": resolution_faults,
    "DIR": directory_faults,
    "KEY": card_notice_faults,
}
"""The rules of each type that has an installed form, on its model."""
