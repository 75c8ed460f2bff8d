# SPDX-License-Identifier: Apache-2.0
"""Travel document request (TDQ) and travel document status (TDS).

Equal to `schemas/messages/tdq-1.0.json` and `tds-1.0.json`. A request names one kind of document for all
its persons; a status has one line for each. What depends on another member (an issued paper names the
paper, a denial its reasons) stands as a condition in the schema and is not repeated here.
"""

from typing import Annotated

from pydantic import Field

from exchange.messages.fields import (
    AttachmentNumber,
    CaseRef,
    Day,
    Empty,
    Form,
    InList,
    Line40,
    Note8000,
)
from exchange.messages.header import Header
from exchange.messages.people import Birth, Consents, Guardian, Names, Nationalities, Papers, Place, Sex

PaperType = Annotated[str, InList("id-document-types")]


class PaperContent(Form):
    """What a request says about all its persons together."""

    document_wanted: PaperType
    needed_by: Day
    pickup: Note8000


class PaperPerson(Form):
    """One person who needs a travel document."""

    case_code: CaseRef
    names: Names
    sex: Sex
    birth: Birth
    is_child: bool
    nationality: Nationalities
    documents: Papers
    photograph: AttachmentNumber | None = None
    fingerprints: AttachmentNumber | None = None
    place_of_origin: Place | None = None
    consents: Consents | None = None
    guardian: Guardian | None = None


class PaperRequest(Form):
    """A whole travel document request."""

    header: Header
    content: PaperContent
    persons: Annotated[tuple[PaperPerson, ...], Field(min_length=1, max_length=1000, strict=False)]


class IssuedPaper(Form):
    """The travel document that was issued."""

    type: PaperType
    number: Line40
    issued: Day
    expires: Day
    single_journey: bool


class PaperLine(Form):
    """The status of the travel document of one person."""

    case_code: CaseRef
    status: Annotated[str, InList("document-request-outcomes")]
    document: IssuedPaper | None = None
    reasons: Note8000 | None = None


class PaperStatus(Form):
    """A whole travel document status."""

    header: Header
    content: Empty
    persons: Annotated[tuple[PaperLine, ...], Field(min_length=1, max_length=1000, strict=False)]
