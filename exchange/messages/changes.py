# SPDX-License-Identifier: Apache-2.0
"""Amendment (AMD), reminder (RMD) and resume (RSM).

Equal to `schemas/messages/amd-1.0.json`, `rmd-1.0.json` and `rsm-1.0.json`. An amendment has one part for
each person it concerns, and what belongs to that person stands there. A pointer therefore begins at one
part of the message that is changed: at its content, or at the part of this person.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from exchange.messages.fields import CaseRef, Day, Form, InList, MessageRef, Note8000
from exchange.messages.header import Header

Effect = Literal["time_or_place_changed", "person_added", "person_taken_off", "details_changed", "date_open"]


class _AnyValue:
    """Marks a member of another form: any JSON value but null."""

    def __get_pydantic_core_schema__(self, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.any_schema()

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": ["string", "integer", "boolean", "array", "object"]}


AnyValue = Annotated[Any, _AnyValue()]


class Change(Form):
    """One member with the value that was sent and the one from now on; None stands for no member."""

    pointer: Annotated[str, Field(pattern=r"^(/([^/~\u0000-\u001F]|~[01]){1,80}){1,12}$", max_length=300)]
    old: AnyValue | None = None
    new: AnyValue | None = None


class AmendmentContent(Form):
    """What an amendment changes in the common content, and why."""

    target: MessageRef
    changes: Annotated[tuple[Change, ...], Field(max_length=100, strict=False)]
    effect: Effect | None = None
    reason: Note8000


class AmendmentLine(Form):
    """One person concerned, and the changes of its part."""

    case_code: CaseRef
    changes: Annotated[tuple[Change, ...], Field(min_length=1, max_length=100, strict=False)] | None = None


class Amendment(Form):
    """A whole amendment."""

    header: Header
    content: AmendmentContent
    persons: Annotated[tuple[AmendmentLine, ...], Field(min_length=1, max_length=1000, strict=False)]


class CaseLine(Form):
    """A person of whom nothing more has to be said."""

    case_code: CaseRef


class ReminderContent(Form):
    """The overdue message, and how often it was asked for."""

    target: MessageRef
    level: Annotated[str, InList("reminder-levels")]
    due_on: Day


class Reminder(Form):
    """A whole reminder."""

    header: Header
    content: ReminderContent
    persons: Annotated[tuple[CaseLine, ...], Field(min_length=1, max_length=1000, strict=False)]


class ResumeContent(Form):
    """The hold that ends."""

    hold: MessageRef


class Resume(Form):
    """A whole resume."""

    header: Header
    content: ResumeContent
    persons: Annotated[tuple[CaseLine, ...], Field(min_length=1, max_length=1000, strict=False)]
