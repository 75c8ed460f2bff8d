# SPDX-License-Identifier: Apache-2.0
"""Identification notice (IDN), verification request (VRQ) and verification result (VRS).

Equal to `schemas/messages/idn-1.0.json`, `vrq-1.0.json` and `vrs-1.0.json`. Each message is about one
person, and what it says about the person stands in the part of the person, so that it can be erased with
it. What depends on another member (new facts with a second look, reasons with a denial) stands as a
condition in the schema and is not repeated here.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from exchange.messages.fields import (
    AttachmentNumber,
    CaseRef,
    Day,
    Empty,
    Form,
    InList,
    Line80,
    Line200,
    MessageRef,
    Note8000,
)
from exchange.messages.header import Header
from exchange.messages.people import (
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
    Relatives,
    ResidenceRight,
    Sex,
)

Question = Literal["nationality", "permanent_residence"]


class FoundPerson(Form):
    """The person who was found; without a name unless the person agreed to that."""

    case_code: CaseRef
    names: Names | None = None
    sex: Sex
    birth: Birth | None = None
    is_child: bool
    nationality: Nationalities
    place_of_origin: Place | None = None
    identification: Identification
    languages: PersonLanguages | None = None
    consents: Consents | None = None
    guardian: Guardian | None = None
    links: CaseLinks | None = None
    found_on: Day
    found_region: Line80 | None = None
    care: Annotated[str, InList("service-types")]
    next_step: Note8000 | None = None
    contact_wish: Note8000


class FoundNotice(Form):
    """A whole identification notice."""

    header: Header
    content: Empty
    persons: Annotated[tuple[FoundPerson, ...], Field(min_length=1, max_length=1, strict=False)]


class CheckContent(Form):
    """What a verification request says beside the person."""

    reply_by: Day | None = None


class CheckedPerson(Form):
    """The person whose identity and nationality are to be checked."""

    case_code: CaseRef
    names: Names
    sex: Sex
    birth: Birth
    is_child: bool
    nationality: Nationalities
    residence_right: ResidenceRight | None = None
    documents: Papers | None = None
    photograph: AttachmentNumber | None = None
    fingerprints: AttachmentNumber | None = None
    place_of_origin: Place
    relatives: Relatives | None = None
    identification: Identification | None = None
    flags: Flags | None = None
    languages: PersonLanguages
    consents: Consents | None = None
    guardian: Guardian | None = None
    links: CaseLinks | None = None
    question: Annotated[tuple[Question, ...], Field(min_length=1, max_length=2, strict=False)]
    reexamination_of: MessageRef | None = None
    new_facts: Note8000 | None = None
    declaration: Note8000 | None = None


class CheckRequest(Form):
    """A whole verification request."""

    header: Header
    content: CheckContent
    persons: Annotated[tuple[CheckedPerson, ...], Field(min_length=1, max_length=1, strict=False)]


class RegisteredIdentity(Form):
    """Names, birth and place as registered, where they differ from what was asked."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    names: Names | None = None
    birth: Birth | None = None
    place: Place | None = None


class CheckLine(Form):
    """The result for the person of the request."""

    case_code: CaseRef
    result: Annotated[str, InList("verification-results")]
    registered_identity: RegisteredIdentity | None = None
    proof: Note8000
    reasons: Note8000 | None = None
    missing: Note8000 | None = None
    other_case: CaseRef | None = None
    checked_by: Line200 | None = None


class CheckResult(Form):
    """A whole verification result."""

    header: Header
    content: Empty
    persons: Annotated[tuple[CheckLine, ...], Field(min_length=1, max_length=1, strict=False)]
