# SPDX-License-Identifier: Apache-2.0
"""Header of every message, part 0 of the body. Equal to `schemas/messages/header-1.0.json`."""

from typing import Annotated, Literal

from pydantic import Field

from exchange.messages.fields import (
    AgencyRef,
    AttachmentNumber,
    CaseRef,
    Day,
    DigestText,
    Form,
    InList,
    Instant,
    Language,
    Line80,
    Line200,
    LinkRef,
    MessageRef,
    Note500,
    Officer,
)

Sensitivity = Annotated[str, InList("sensitivity-classes")]


class Batch(Form):
    """Place of a message among many that belong together."""

    code: CaseRef
    size: Annotated[int, Field(ge=1, le=1000)]
    position: Annotated[int, Field(ge=1, le=1000)]


class OfficialReference(Form):
    """Paper letter or diplomatic note that says the same."""

    number: Line80
    on: Day
    signatory: Line200 | None = None


class Attachment(Form):
    """One entry of the attachment list; the content travels as a part or as a blob."""

    number: AttachmentNumber
    type: Annotated[str, InList("attachment-types")]
    case_code: CaseRef | None = None
    media_type: Literal["application/pdf", "image/jpeg", "image/png", "text/plain"]
    size: Annotated[int, Field(ge=1, le=25_000_000)]
    hash: DigestText
    part: Annotated[int, Field(ge=2, le=2100)] | None = None
    blob: DigestText | None = None
    blob_key: DigestText | None = None
    language: Language
    pages: Annotated[int, Field(ge=1, le=2000)] | None = None
    class_: Annotated[Sensitivity, Field(alias="class")]
    readers: Annotated[tuple[Officer, ...], Field(min_length=1, max_length=20, strict=False)] | None = None
    original_held_by: AgencyRef | None = None
    translation_of: AttachmentNumber | None = None


class Header(Form):
    """What every message says about itself.

    `message_id`, `sender`, `recipient`, `link` and `agreement` are filled at release; a draft has none
    of them. The schema requires them of a message; here they may be None so that a draft can be read.
    """

    type: Annotated[str, InList("message-types")]
    type_version: Annotated[str, Field(pattern=r"^[0-9]{1,3}\.[0-9]{1,3}$", max_length=7)]
    message_id: MessageRef | None = None
    sender: AgencyRef | None = None
    recipient: AgencyRef | None = None
    link: LinkRef | None = None
    agreement: Annotated[int, Field(ge=1, le=9999)] | None = None
    acting_agency: AgencyRef
    urgency: Annotated[str, InList("urgency-levels")]
    list_versions: Annotated[
        dict[
            Annotated[str, Field(pattern="^[a-z][a-z-]{1,39}$")],
            Annotated[str, Field(pattern=r"^[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$", max_length=11)],
        ],
        Field(max_length=100),
    ]
    purpose: Annotated[str, InList("purposes")] | None = None
    case_codes: Annotated[tuple[CaseRef, ...], Field(min_length=1, max_length=1000, strict=False)] | None = (
        None
    )
    movement_code: CaseRef | None = None
    in_reply_to: MessageRef | None = None
    refers_to: Annotated[tuple[MessageRef, ...], Field(max_length=100, strict=False)] | None = None
    batch: Batch | None = None
    handling: Annotated[
        tuple[Annotated[str, InList("handling-restrictions")], ...],
        Field(min_length=1, max_length=8, strict=False),
    ]
    sensitivity: Sensitivity
    event_at: Instant | None = None
    entered_at: Instant | None = None
    officer: Officer
    released_by: Officer | None = None
    official_reference: OfficialReference | None = None
    language: Language
    attachments: Annotated[tuple[Attachment, ...], Field(max_length=100, strict=False)]
    remark: Note500 | None = None
