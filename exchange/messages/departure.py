# SPDX-License-Identifier: Apache-2.0
"""Departure notice (HDP): the group has left; one part for each person of the final list.

Equal to `schemas/messages/hdp-1.0.json`. It is the only form with a telephone number, and that is the duty
number of the escort, never of a person.
"""

from typing import Annotated

from pydantic import Field

from exchange.messages.fields import AttachmentNumber, CaseRef, Form, Instant, Line200
from exchange.messages.handover_parts import TakenOff
from exchange.messages.header import Header
from exchange.messages.people import (
    Belonging,
    CaseLinks,
    Flags,
    Guardian,
    Names,
    Papers,
    PersonLanguages,
    Sex,
)

Things = Annotated[tuple[Belonging, ...], Field(max_length=100, strict=False)]


class DepartureContent(Form):
    """What a departure notice says about the whole group."""

    departed_at: Instant
    expected_at: Instant
    vehicle: Line200 | None = None
    escort_contact: Annotated[str, Field(pattern=r"^\+[1-9][0-9 ]{5,18}[0-9]$", max_length=21)]
    taken_off: Annotated[tuple[TakenOff, ...], Field(max_length=1000, strict=False)] | None = None
    papers_with_escort: Things


class Traveller(Form):
    """One person of the final list."""

    case_code: CaseRef
    names: Names
    sex: Sex
    is_child: bool
    documents: Papers | None = None
    photograph: AttachmentNumber | None = None
    flags: Flags
    languages: PersonLanguages
    guardian: Guardian | None = None
    links: CaseLinks


class Departure(Form):
    """A whole departure notice."""

    header: Header
    content: DepartureContent
    persons: Annotated[tuple[Traveller, ...], Field(min_length=1, max_length=1000, strict=False)]
