# SPDX-License-Identifier: Apache-2.0
"""Small groups that several forms of the handover share. Equal to the definitions in their schema files."""

from typing import Annotated, Literal

from pydantic import Field

from exchange.messages.fields import CaseRef, DigestText, Form, InList, Line80, MessageRef, Officer

Side = Literal["host", "origin"]
Transport = Annotated[
    tuple[Annotated[str, InList("transport-modes")], ...], Field(min_length=1, max_length=10, strict=False)
]
Reason = Annotated[str, InList("non-presentation-reasons")]
Services = Annotated[
    tuple[Annotated[str, InList("service-types")], ...], Field(min_length=1, max_length=14, strict=False)
]


class ExactMessage(Form):
    """Points at the exact content of a message: its number and its commitment."""

    id: MessageRef
    pc: DigestText


class NoPart(Form):
    """Stands where a type has no part for a person; the list is always empty."""


class NoContent(Form):
    """Common content of a type that has everything in the parts of the persons."""


class SideOfficer(Form):
    """An officer of one side; directory numbers are counted by each side."""

    side: Side
    officer: Officer


class SideEscort(Form):
    """A role that one side brings, and how many of it."""

    side: Side
    role: Annotated[str, InList("escort-roles")]
    number: Annotated[int, Field(ge=1, le=1000)]


class TakenOff(Form):
    """A person of the confirmed list who does not travel."""

    case_code: CaseRef
    reason: Reason


class Original(Form):
    """An original paper that was given."""

    what: Line80
    number: Line80 | None = None
