# SPDX-License-Identifier: Apache-2.0
"""After the handover: reception (RCV), referral (RFN), follow-up (FUP) and closure (CLO).

Equal to `rcv-1.0.json`, `rfn-1.0.json`, `fup-1.0.json`, `fup-1.1.json` and `clo-1.0.json` of the schemas. A
reception and a referral have a part for each person; a report and a closure are about one. What is said about
a person stands in that person's part. No name, provider, place or telephone travels here.
"""

from typing import Annotated

from pydantic import Field

from exchange.messages.fields import (
    AgencyRef,
    CaseRef,
    Day,
    Form,
    InList,
    Instant,
    Line80,
    MessageRef,
    Note8000,
)
from exchange.messages.handover_parts import NoContent, Reason, Services
from exchange.messages.header import Header
from exchange.messages.people import Consents, Guardian


class ReceptionContent(Form):
    """What a reception confirmation says about all its persons together."""

    record: MessageRef | None = None
    reception_agency: AgencyRef


class ReceptionLine(Form):
    """Whether one person arrived."""

    case_code: CaseRef
    is_child: bool
    guardian: Guardian | None = None
    arrived: bool
    arrived_at: Instant | None = None
    condition: Annotated[str, InList("reception-conditions")] | None = None
    missing_reason: Reason | None = None


class Reception(Form):
    """A whole reception confirmation."""

    header: Header
    content: ReceptionContent
    persons: Annotated[tuple[ReceptionLine, ...], Field(min_length=1, max_length=1000, strict=False)]


class ReferralLine(Form):
    """Kinds of service that one person was referred to."""

    case_code: CaseRef
    is_child: bool | None = None
    consents: Consents | None = None
    guardian: Guardian | None = None
    services: Services
    provider_kind: Annotated[str, InList("provider-kinds")] | None = None


class Referral(Form):
    """A whole referral notice."""

    header: Header
    content: NoContent
    persons: Annotated[tuple[ReferralLine, ...], Field(min_length=1, max_length=1000, strict=False)]


class PlainFollowUpLine(Form):
    """How reintegration goes for one person, version 1.0."""

    case_code: CaseRef
    is_child: bool | None = None
    consents: Consents | None = None
    guardian: Guardian | None = None
    sequence_number: Annotated[int, Field(ge=1, le=1000)]
    visited_on: Day
    method: Line80
    outcome: Annotated[str, InList("follow-up-outcomes")]
    services_running: Services | None = None
    next_on: Day | None = None


class PlainFollowUp(Form):
    """A whole follow-up report, version 1.0."""

    header: Header
    content: NoContent
    persons: Annotated[tuple[PlainFollowUpLine, ...], Field(min_length=1, max_length=1, strict=False)]


class FollowUpLine(PlainFollowUpLine):
    """How reintegration goes for one person, and how often the person was tried to be reached."""

    attempts: Annotated[int, Field(ge=1, le=100)] | None = None


class FollowUp(Form):
    """A whole follow-up report, version 1.1."""

    header: Header
    content: NoContent
    persons: Annotated[tuple[FollowUpLine, ...], Field(min_length=1, max_length=1, strict=False)]


class ClosureLine(Form):
    """Why one case is closed."""

    case_code: CaseRef
    reason: Annotated[str, InList("closure-reasons")]
    explanation: Note8000 | None = None
    linked_case: CaseRef | None = None
    other_side_must_close: bool


class Closure(Form):
    """A whole closure."""

    header: Header
    content: NoContent
    persons: Annotated[tuple[ClosureLine, ...], Field(min_length=1, max_length=1, strict=False)]
