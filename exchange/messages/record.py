# SPDX-License-Identifier: Apache-2.0
"""Handover record (HRC), the joint minutes: a first record with its lines, a supplement, a countersignature.

Equal to `schemas/messages/hrc-1.0.json`. One type has three forms; which members each has stands as a
condition in the schema:

    first record        the common content, and one part (line) for every person
    supplement          has `supplements`; lines only for the persons it adds something to, or none
    countersignature    has `countersigns`; no line, only whether the other side agrees
"""

from typing import Annotated

from pydantic import Field

from exchange.messages.fields import (
    AttachmentNumber,
    CaseRef,
    Form,
    InList,
    Instant,
    Line80,
    Note500,
    Note8000,
    Officer,
)
from exchange.messages.handover_parts import ExactMessage, Original, Reason, Side
from exchange.messages.header import Header
from exchange.messages.people import (
    Belonging,
    CaseLinks,
    Consents,
    Flags,
    Guardian,
    Names,
    Papers,
    PersonLanguages,
    Receiver,
    Sex,
)

Count = Annotated[int, Field(ge=0, le=1000)]


class Totals(Form):
    """Lines of each outcome of `handover-outcomes`; an outcome that is left out has none."""

    handed_over: Count | None = None
    not_presented: Count | None = None
    not_taken_over: Count | None = None
    added: Count | None = None
    returned_to_host: Count | None = None
    diverted_medical: Count | None = None


class Signatory(Form):
    """Who signs for one side, when and how."""

    side: Side
    officer: Officer
    at: Instant
    kind: Annotated[str, InList("attendance-types")]


class RecordContent(Form):
    """What a record or a countersignature says about the whole handover."""

    minutes_number: Line80 | None = None
    checkpoint: Annotated[str, InList("checkpoints")] | None = None
    checkpoint_name: Line80 | None = None
    started_at: Instant | None = None
    ended_at: Instant | None = None
    totals: Totals | None = None
    signatory: Signatory
    agreed: bool | None = None
    reservations: Note8000 | None = None
    paper_scan: AttachmentNumber | None = None
    supplements: ExactMessage | None = None
    countersigns: ExactMessage | None = None


class RecordLine(Form):
    """What happened to one person at the crossing."""

    case_code: CaseRef
    names: Names
    sex: Sex
    is_child: bool
    documents: Papers
    photograph: AttachmentNumber | None = None
    flags: Flags
    languages: PersonLanguages | None = None
    consents: Consents | None = None
    guardian: Guardian | None = None
    links: CaseLinks
    belongings: Annotated[tuple[Belonging, ...], Field(max_length=100, strict=False)]
    outcome: Annotated[str, InList("handover-outcomes")]
    reason: Reason | None = None
    identity_check: Note500
    papers: Annotated[tuple[Original, ...], Field(max_length=20, strict=False)]
    condition: Annotated[str, InList("reception-conditions")] | None = None
    custody: Receiver | None = None


class Record(Form):
    """A whole record, supplement or countersignature."""

    header: Header
    content: RecordContent
    persons: Annotated[tuple[RecordLine, ...], Field(max_length=1000, strict=False)]
