# SPDX-License-Identifier: Apache-2.0
"""Handover proposal (HPR) and response (HRP).

Equal to `schemas/messages/hpr-1.0.json` and `hrp-1.0.json`. Neither has a part for a person: the cases
stand in `case_list` and in the header. The description that the crossing `OTHER` needs is its name.

A counter proposal may change every member of a proposal but the list: a person is added by an amendment,
so that one list counts.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from exchange.messages.fields import (
    CaseRef,
    Form,
    InList,
    Instant,
    Language,
    Line80,
    Note500,
    Note8000,
    Officer,
)
from exchange.messages.handover_parts import ExactMessage, NoPart, SideEscort, SideOfficer, Transport
from exchange.messages.header import Header

Crossing = Annotated[str, InList("checkpoints")]
StopOfficers = Annotated[tuple[SideOfficer, ...], Field(min_length=2, max_length=2, strict=False)]
SideEscorts = Annotated[tuple[SideEscort, ...], Field(max_length=20, strict=False)]
Interpreters = Annotated[tuple[Language, ...], Field(min_length=1, max_length=10, strict=False)]
RecordForm = Annotated[str, InList("attendance-types")]
NoParts = Annotated[tuple[NoPart, ...], Field(max_length=0, strict=False)]


class ProposalContent(Form):
    """Where, when and how a group is handed over."""

    checkpoint: Crossing
    checkpoint_name: Line80 | None = None
    alternative: Crossing
    alternative_name: Line80 | None = None
    place_detail: Note500
    window_from: Instant
    window_to: Instant
    go_no_go_at: Instant
    stop_officers: StopOfficers
    case_list: Annotated[tuple[CaseRef, ...], Field(min_length=1, max_length=1000, strict=False)]
    group_size: Annotated[int, Field(ge=1, le=1000)]
    transport: Transport
    transport_reason: Note500 | None = None
    escorts: SideEscorts
    interpreter: Interpreters | None = None
    photography: Literal[False]
    record_form: RecordForm


class Proposal(Form):
    """A whole handover proposal."""

    header: Header
    content: ProposalContent
    persons: NoParts


class Changes(Form):
    """Members of the proposal with their new values; the others stay."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    checkpoint: Crossing | None = None
    checkpoint_name: Line80 | None = None
    alternative: Crossing | None = None
    alternative_name: Line80 | None = None
    place_detail: Note500 | None = None
    window_from: Instant | None = None
    window_to: Instant | None = None
    go_no_go_at: Instant | None = None
    stop_officers: StopOfficers | None = None
    transport: Transport | None = None
    transport_reason: Note500 | None = None
    escorts: SideEscorts | None = None
    interpreter: Interpreters | None = None
    record_form: RecordForm | None = None


class ResponseContent(Form):
    """The answer to a proposal or to the last change of it."""

    response: Annotated[str, InList("proposal-responses")]
    changes: Changes | None = None
    reasons: Note8000 | None = None
    receiving_officers: (
        Annotated[tuple[Officer, ...], Field(min_length=1, max_length=10, strict=False)] | None
    ) = None
    confirms: ExactMessage | None = None


class Response(Form):
    """A whole handover response."""

    header: Header
    content: ResponseContent
    persons: NoParts
