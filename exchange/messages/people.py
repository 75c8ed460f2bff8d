# SPDX-License-Identifier: Apache-2.0
"""What may be said about one person. Equal to `schemas/messages/person-1.0.json`.

The groups are shared by all types. `PersonBlock` is the whole block; a type has a model of its own with
the members that may travel in it (`returns.py`), because what is left out matters as much.
"""

from typing import Annotated, Literal

from pydantic import Field

from exchange.messages.fields import (
    AgencyRef,
    AttachmentNumber,
    CaseRef,
    Country,
    Day,
    Form,
    InList,
    Language,
    Line40,
    Line80,
    Line200,
    Note8000,
    Officer,
)

DeterminingBody = Annotated[str, InList("determining-bodies")]
IdentificationStatus = Annotated[str, InList("identification-status")]
Relationship = Annotated[str, InList("relationships")]
RelativeRef = Annotated[str, Field(pattern="^[A-Z0-9-]{1,16}$", max_length=16)]
"""Own number of a relative; what other members point at."""


class NamePart(Form):
    """One part of a name; the order of the parts is that of the script."""

    kind: Literal["family", "middle", "given", "father", "other"]
    text: Line200


class Name(Form):
    """One written form of a name."""

    script: Annotated[str, Field(pattern="^[A-Z][a-z]{3}$")]
    kind: Literal["official", "alias", "as_heard"]
    full: Line200
    parts: Annotated[tuple[NamePart, ...], Field(min_length=1, max_length=10, strict=False)] | None = None
    language: Language | None = None


class Birth(Form):
    """A value with its precision, or a range, or unknown."""

    value: (
        Annotated[str, Field(pattern="^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$")] | None
    ) = None
    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None
    precision: Annotated[str, InList("date-precisions")]
    basis: Annotated[str, InList("age-bases")]
    calendar: Annotated[str, InList("calendar-systems")]


class Nationality(Form):
    """A country with the status that one side, or the person, states."""

    country: Country
    status: Annotated[str, InList("nationality-status")]
    stated_by: Literal["person", "host", "origin"]


class ResidenceRight(Form):
    """Claim of permanent residence on entry to the host state."""

    country: Country
    since: Day | None = None
    claim: Note8000 | None = None


class Paper(Form):
    """An identity, civil-status or travel document."""

    type: Annotated[str, InList("id-document-types")]
    number: Line40 | None = None
    country: Country | None = None
    issued: Day | None = None
    expires: Day | None = None
    original_held_by: AgencyRef | None = None


class Place(Form):
    """A place, units from the largest to the smallest, on the day for which they are named."""

    country: Country
    units: Annotated[tuple[Line200, ...], Field(min_length=1, max_length=6, strict=False)]
    gazetteer: Annotated[str, Field(pattern="^[A-Za-z0-9.:-]{1,40}$", max_length=40)] | None = None
    valid_on: Day | None = None


class Relative(Form):
    """A relative; `ref` is what other members point at, names are never compared."""

    ref: RelativeRef
    relationship: Relationship
    names: Annotated[tuple[Line200, ...], Field(max_length=5, strict=False)] | None = None
    place: Place | None = None
    may_be_contacted: bool


class Statement(Form):
    """What the other side states about the identification."""

    status: IdentificationStatus
    body: DeterminingBody
    by: AgencyRef | None = None
    on: Day


class Identification(Form):
    """What the sender states; neither side overwrites the other."""

    status: IdentificationStatus
    body: DeterminingBody
    by: AgencyRef | None = None
    on: Day
    other_side: Statement | None = None


class Exploitation(Form):
    """What happened, in codes; it never travels in a notice."""

    purpose: (
        Annotated[
            tuple[Annotated[str, InList("exploitation-types")], ...],
            Field(min_length=1, max_length=10, strict=False),
        ]
        | None
    ) = None
    sector: (
        Annotated[
            tuple[Annotated[str, InList("labour-sectors")], ...],
            Field(min_length=1, max_length=10, strict=False),
        ]
        | None
    ) = None
    means: (
        Annotated[
            tuple[Annotated[str, InList("means-of-control")], ...],
            Field(min_length=1, max_length=20, strict=False),
        ]
        | None
    ) = None
    recruitment: (
        Annotated[
            tuple[Annotated[str, InList("recruitment-methods")], ...],
            Field(min_length=1, max_length=10, strict=False),
        ]
        | None
    ) = None


class PersonLanguages(Form):
    """Languages the person speaks and understands."""

    spoken: Annotated[tuple[Language, ...], Field(max_length=10, strict=False)]
    understood: Annotated[tuple[Language, ...], Field(max_length=10, strict=False)]


class Consent(Form):
    """One consent of one giver; of each giver the entry with the latest date counts."""

    scope: Annotated[str, InList("consent-scopes")]
    state: Annotated[str, InList("consent-states")]
    giver: Annotated[str, InList("consent-givers")]
    on: Day
    valid_until: Day | None = None
    for_whom: Line200 | None = None
    officer: Officer | None = None
    reason: Note8000 | None = None


class Guardian(Form):
    """Who acts for a child."""

    kind: Literal["agency", "person"]
    agency: AgencyRef | None = None
    name: Line200 | None = None
    relationship: Relationship | None = None
    from_: Annotated[Day, Field(alias="from")]
    order_number: Line80 | None = None
    attachment: AttachmentNumber | None = None


class Receiver(Form):
    """Authority or guardian who takes a child on arrival."""

    kind: Literal["agency", "person"]
    agency: AgencyRef | None = None
    name: Line200 | None = None
    relationship: Relationship | None = None


class BestInterests(Form):
    """The decision that return is, or is not, in the best interests of a child."""

    decision: Annotated[str, InList("recommendations")]
    body: DeterminingBody
    by: AgencyRef | None = None
    on: Day
    summary: Note8000
    attachment: AttachmentNumber | None = None


class ReturnWishes(Form):
    """What the person wishes for the return; every member may be missing."""

    region: Line200 | None = None
    persons: Annotated[tuple[Line200, ...], Field(max_length=20, strict=False)] | None = None
    earliest: Day | None = None
    latest: Day | None = None


class CaseLink(Form):
    """Link to another case."""

    kind: Annotated[str, InList("link-kinds")]
    case_code: CaseRef


class Belonging(Form):
    """A thing handed over with the person."""

    what: Line80
    number: Line80 | None = None
    count: Annotated[int, Field(ge=1, le=10_000)]


Names = Annotated[tuple[Name, ...], Field(min_length=1, max_length=20, strict=False)]
Sex = Annotated[str, InList("sexes")]
Nationalities = Annotated[tuple[Nationality, ...], Field(min_length=1, max_length=5, strict=False)]
Papers = Annotated[tuple[Paper, ...], Field(max_length=20, strict=False)]
Flags = Annotated[
    tuple[Annotated[str, InList("vulnerability-flags")], ...], Field(max_length=24, strict=False)
]
Consents = Annotated[tuple[Consent, ...], Field(max_length=60, strict=False)]
Relatives = Annotated[tuple[Relative, ...], Field(max_length=30, strict=False)]
CaseLinks = Annotated[tuple[CaseLink, ...], Field(max_length=50, strict=False)]


class PersonBlock(Form):
    """The whole block; no type carries all of it."""

    case_code: CaseRef
    names: Names | None = None
    sex: Sex | None = None
    birth: Birth | None = None
    is_child: bool | None = None
    nationality: Nationalities | None = None
    residence_right: ResidenceRight | None = None
    documents: Papers | None = None
    photograph: AttachmentNumber | None = None
    fingerprints: AttachmentNumber | None = None
    place_of_origin: Place | None = None
    relatives: Relatives | None = None
    identification: Identification | None = None
    exploitation: Exploitation | None = None
    flags: Flags | None = None
    languages: PersonLanguages | None = None
    consents: Consents | None = None
    guardian: Guardian | None = None
    best_interests: BestInterests | None = None
    return_wishes: ReturnWishes | None = None
    links: CaseLinks | None = None
    belongings: Annotated[tuple[Belonging, ...], Field(max_length=100, strict=False)] | None = None
