# SPDX-License-Identifier: Apache-2.0
"""Repatriation notice (RPN) and decision (RPD).

Equal to `schemas/messages/rpn-1.0.json` and `rpd-1.0.json`. A notice has one part for each person, a
decision one for each line. What depends on another member (a refusal needs reasons, an emergency a
telephone notice) stands as a condition in the schema and is not repeated here.
"""

from typing import Annotated

from pydantic import Field

from exchange.messages.fields import (
    AgencyRef,
    AttachmentNumber,
    CaseRef,
    Day,
    Form,
    InList,
    Instant,
    Line80,
    Line200,
    MessageRef,
    Note8000,
)
from exchange.messages.header import Header
from exchange.messages.people import (
    BestInterests,
    Birth,
    CaseLinks,
    Consents,
    Flags,
    Guardian,
    Identification,
    Names,
    Nationalities,
    Papers,
    PersonLanguages,
    Place,
    Receiver,
    ReturnWishes,
    Sex,
)


class Escort(Form):
    """A role that travels with the group, and how many of it."""

    role: Annotated[str, InList("escort-roles")]
    number: Annotated[int, Field(ge=1, le=1000)]


class TelephoneNotice(Form):
    """The call that came before an emergency notice."""

    at: Instant
    officer: Line200


class NoticeContent(Form):
    """What a notice says about all its persons together."""

    persons_count: Annotated[int, Field(ge=1, le=1000)]
    children_count: Annotated[int, Field(ge=0, le=1000)]
    proposed_from: Day
    proposed_to: Day
    proposed_checkpoint: Annotated[str, InList("checkpoints")]
    checkpoint_name: Line80 | None = None
    escorts: Annotated[tuple[Escort, ...], Field(max_length=20, strict=False)] | None = None
    funding: Annotated[str, InList("funding-sources")]
    telephone_notice: TelephoneNotice | None = None
    record: MessageRef | None = None


class Proceedings(Form):
    """Whether the person is still needed in proceedings of the host state."""

    needed: bool
    text: Note8000 | None = None


class TracingMessage(Form):
    """Points at the tracing result."""

    message: MessageRef


class NoticePerson(Form):
    """One person of a notice."""

    case_code: CaseRef
    names: Names
    sex: Sex
    birth: Birth
    is_child: bool
    nationality: Nationalities
    documents: Papers | None = None
    photograph: AttachmentNumber | None = None
    place_of_origin: Place | None = None
    identification: Identification
    flags: Flags
    languages: PersonLanguages
    consents: Consents | None = None
    guardian: Guardian | None = None
    best_interests: BestInterests | None = None
    return_wishes: ReturnWishes
    links: CaseLinks
    return_mode: Annotated[str, InList("return-modes")]
    needs_on_arrival: Annotated[
        tuple[Annotated[str, InList("service-types")], ...], Field(max_length=14, strict=False)
    ]
    proceedings: Proceedings
    tracing_result: Note8000 | TracingMessage


class Notice(Form):
    """A whole repatriation notice."""

    header: Header
    content: NoticeContent
    persons: Annotated[tuple[NoticePerson, ...], Field(min_length=1, max_length=1000, strict=False)]


class DecisionContent(Form):
    """What a decision says about all its lines together."""

    revises: MessageRef | None = None


class DecisionLine(Form):
    """The decision on one person."""

    case_code: CaseRef
    outcome: Annotated[str, InList("decision-outcomes")]
    conditions: (
        Annotated[
            tuple[Annotated[str, InList("acceptance-conditions")], ...],
            Field(min_length=1, max_length=9, strict=False),
        ]
        | None
    ) = None
    refusal_reason: Annotated[str, InList("refusal-reasons")] | None = None
    reasons: Note8000 | None = None
    new_date: Day | None = None
    valid_until: Day | None = None
    reception: AgencyRef | None = None
    child_receiver: Receiver | None = None


class Decision(Form):
    """A whole repatriation decision."""

    header: Header
    content: DecisionContent
    persons: Annotated[tuple[DecisionLine, ...], Field(min_length=1, max_length=1000, strict=False)]
