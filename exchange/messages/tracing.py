# SPDX-License-Identifier: Apache-2.0
"""Family tracing request (TRQ) and result (TRS).

Equal to `schemas/messages/trq-1.0.json` and `trs-1.0.json`. Each message is about one person, and all of
it stands in the part of the person. Relatives are told apart by their `ref`; names are never compared.
What depends on another member (a result "found" names who was found) stands as a condition in the schema.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from exchange.messages.fields import AgencyRef, CaseRef, Day, Empty, Form, InList, Line200, Note8000
from exchange.messages.header import Header
from exchange.messages.people import (
    Birth,
    CaseLinks,
    Consents,
    Exploitation,
    Flags,
    Guardian,
    Identification,
    Names,
    Nationalities,
    PersonLanguages,
    Place,
    Relationship,
    RelativeRef,
    Relatives,
    ReturnWishes,
    Sex,
)

Method = Literal["visit", "call", "commune", "organisation"]
Assessed = Literal["safety", "housing", "income", "school", "health_post", "family_view"]


class Sought(Form):
    """A relative to be traced."""

    ref: RelativeRef
    relationship: Relationship
    name: Line200 | None = None


class Avoided(Form):
    """A person, or an office, that must not learn of the request."""

    ref: RelativeRef
    relationship: Relationship | None = None
    function: Annotated[str, InList("agency-functions")] | None = None
    name: Line200 | None = None


class TracedPerson(Form):
    """The person whose family is to be traced."""

    case_code: CaseRef
    names: Names
    sex: Sex
    birth: Birth
    is_child: bool
    nationality: Nationalities
    place_of_origin: Place
    relatives: Relatives
    identification: Identification | None = None
    exploitation: Exploitation | None = None
    flags: Flags
    languages: PersonLanguages
    consents: Consents | None = None
    guardian: Guardian | None = None
    return_wishes: ReturnWishes | None = None
    links: CaseLinks | None = None
    whom: Annotated[tuple[Sought, ...], Field(min_length=1, max_length=30, strict=False)]
    not_to_contact: Annotated[tuple[Avoided, ...], Field(max_length=30, strict=False)]
    message_to_family: Note8000
    method: Annotated[tuple[Method, ...], Field(min_length=1, max_length=4, strict=False)]
    assess: Annotated[tuple[Assessed, ...], Field(min_length=1, max_length=6, strict=False)]


class TracingRequest(Form):
    """A whole family tracing request."""

    header: Header
    content: Empty
    persons: Annotated[tuple[TracedPerson, ...], Field(min_length=1, max_length=1, strict=False)]


class FoundRelative(Form):
    """Someone who was found."""

    relationship: Relationship
    names: Annotated[tuple[Line200, ...], Field(min_length=1, max_length=5, strict=False)]


class Assessment(Form):
    """Short findings for each item that was asked."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    safety: Note8000 | None = None
    housing: Note8000 | None = None
    income: Note8000 | None = None
    school: Note8000 | None = None
    health_post: Note8000 | None = None
    family_view: Note8000 | None = None


class TracingLine(Form):
    """The result for the person of the request."""

    case_code: CaseRef
    result: Annotated[str, InList("tracing-results")]
    found: Annotated[tuple[FoundRelative, ...], Field(min_length=1, max_length=30, strict=False)] | None = (
        None
    )
    assessment: Assessment | None = None
    risks: Note8000
    recommendation: Annotated[str, InList("recommendations")]
    done_by: AgencyRef
    done_on: Day


class TracingResult(Form):
    """A whole family tracing and assessment result."""

    header: Header
    content: Empty
    persons: Annotated[tuple[TracingLine, ...], Field(min_length=1, max_length=1, strict=False)]
