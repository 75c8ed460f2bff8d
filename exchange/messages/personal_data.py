# SPDX-License-Identifier: Apache-2.0
"""Data correction (COR) and personal data request (PDR).

Equal to `schemas/messages/cor-1.0.json` and `pdr-1.0.json`. Each is about one person, and everything in it
stands in the part of that person. A pointer of a correction begins at the person block; what was sent before
stays as it was sent, so that both statements are kept.
"""

from typing import Annotated, Literal

from pydantic import Field

from exchange.messages.changes import AnyValue
from exchange.messages.fields import AgencyRef, CaseRef, Day, Form, InList, Note8000
from exchange.messages.handover_parts import NoContent
from exchange.messages.header import Header


class Correction(Form):
    """One member that is wrong, what it should say, and how that is known."""

    pointer: Annotated[str, Field(pattern=r"^(/([^/~\u0000-\u001F]|~[01]){1,80}){1,12}$", max_length=300)]
    wrong: AnyValue
    right: AnyValue | None = None
    removed: Literal[True] | None = None
    basis: Note8000


class CorrectionLine(Form):
    """What is corrected about one person, and who else was told."""

    case_code: CaseRef
    changes: Annotated[tuple[Correction, ...], Field(min_length=1, max_length=100, strict=False)]
    passed_on_to: Annotated[tuple[AgencyRef, ...], Field(max_length=100, strict=False)]


class CorrectionNotice(Form):
    """A whole data correction."""

    header: Header
    content: NoContent
    persons: Annotated[tuple[CorrectionLine, ...], Field(min_length=1, max_length=1, strict=False)]


class DataRequestLine(Form):
    """What one person asks about the own data."""

    case_code: CaseRef
    kind: Annotated[str, InList("data-request-kinds")]
    answer_by: Day


class DataRequest(Form):
    """A whole personal data request."""

    header: Header
    content: NoContent
    persons: Annotated[tuple[DataRequestLine, ...], Field(min_length=1, max_length=1, strict=False)]
