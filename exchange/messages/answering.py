# SPDX-License-Identifier: Apache-2.0
"""Builds the draft that answers a request: a decision (RPD) on a notice, or any other reply.

Each person of the notice gets one line, in the order of the notice. A later decision names what it
revises and carries only the persons it changes. Nothing is decided here: a person without a decision is
an error, never an acceptance.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from exchange.errors import InputError
from exchange.ids import CaseCode, MessageId
from exchange.messages.catalog import message_types
from exchange.messages.document import Document, JsonValue, header_of, persons_of, text_at
from exchange.messages.filling import Filled, Sources, fill
from exchange.messages.wording import fault


@dataclass(frozen=True)
class PersonDecision:
    """What an officer decided on one person; members as in the form, None where the outcome has none."""

    outcome: str
    """Code of `decision-outcomes`."""
    conditions: tuple[str, ...] = ()
    refusal_reason: str | None = None
    reasons: str | None = None
    new_date: str | None = None
    valid_until: str | None = None
    reception: str | None = None
    child_receiver: Mapping[str, JsonValue] | None = None


def answer(
    notice: Document,
    decisions: Mapping[CaseCode, PersonDecision],
    *,
    sources: Sources,
    revises: MessageId | None = None,
) -> Filled:
    """Return the draft of the decision on a received notice.

    Raises:
        InputError: a person of the notice has no decision (unless `revises` names an earlier decision),
            or a decision names a case that is not in the notice.
    """
    cases = [CaseCode(text_at(person, "case_code")) for person in persons_of(notice)]
    missing = 0 if revises else sum(case not in decisions for case in cases)
    strange = sum(case not in cases for case in decisions)
    if missing or strange or not decisions:
        expected, found = f"a decision on each of {len(cases)} persons", f"{len(decisions) - strange} of them"
        problem = fault("count_invalid", "count.decided", "/persons", expected=expected, found=found)
        raise InputError("every person of the notice needs a decision, and nobody else", faults=(problem,))
    return fill(
        {
            "type": "RPD",
            "in_reply_to": text_at(header_of(notice), "message_id"),
            "content": {"revises": revises} if revises else {},
            "persons": [_line(case, decisions[case]) for case in cases if case in decisions],
        },
        sources,
    )


def reply(
    request: Document,
    type_code: str,
    lines: Mapping[CaseCode, Mapping[str, JsonValue]],
    *,
    sources: Sources,
) -> Filled:
    """Return the draft of a result or status that answers a request; `lines` by case, in its order.

    A status of papers may name some of the persons; a result on one person names that person.

    Raises:
        InputError: the request is not answered with this type, or a line is of a case that is not in it.
    """
    row = message_types().get(text_at(header_of(request), "type"))
    if row is None or type_code not in row.replies:
        expected = " or ".join(row.replies) if row and row.replies else "a message that asks for an answer"
        problem = fault(
            "reference_unknown", "reference.kind", "/header/type", expected=expected, found="none"
        )
        raise InputError(f"the message is not answered with {type_code}", faults=(problem,))
    cases = [CaseCode(text_at(person, "case_code")) for person in persons_of(request)]
    strange = sum(case not in cases for case in lines)
    if strange or not lines:
        expected, found = "cases of the request", f"{strange} other cases"
        problem = fault("reference_unknown", "reference.case", "/persons", expected=expected, found=found)
        raise InputError(
            "the answer needs a line for a person of the request, and nobody else", faults=(problem,)
        )
    persons: list[JsonValue] = [{"case_code": case, **lines[case]} for case in cases if case in lines]
    asked = text_at(header_of(request), "message_id")
    return fill({"type": type_code, "in_reply_to": asked, "persons": persons}, sources)


def same_for_all(notice: Document, decision: PersonDecision) -> dict[CaseCode, PersonDecision]:
    """Return one decision for every person of a notice."""
    return {CaseCode(text_at(person, "case_code")): decision for person in persons_of(notice)}


def _line(case: CaseCode, decision: PersonDecision) -> JsonValue:
    line: dict[str, JsonValue] = {"case_code": case, "outcome": decision.outcome}
    optional: dict[str, JsonValue] = {
        "conditions": list(decision.conditions) or None,
        "refusal_reason": decision.refusal_reason,
        "reasons": decision.reasons,
        "new_date": decision.new_date,
        "valid_until": decision.valid_until,
        "reception": decision.reception,
        "child_receiver": dict(decision.child_receiver) if decision.child_receiver else None,
    }
    return line | {name: value for name, value in optional.items() if value is not None}
