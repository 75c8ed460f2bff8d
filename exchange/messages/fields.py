# SPDX-License-Identifier: Apache-2.0
"""Types of single members, shared by the models of header, people and returns.

Each type has exactly the bounds of its definition in `schemas/messages/header-1.0.json`; a test
compares them. A day stays text here: an impossible day is a fault of date, not of form, and is found
by the rules.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from exchange.messages.codelists import codelist

_DIRECTION = r"\u007F-\u009F\u202A-\u202E\u2066-\u2069"
_MONTH_DAY = "(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{3})?)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
_CROCKFORD = "[0-9A-HJKMNP-TV-Z]{4}"


class Form(BaseModel):
    """Base of every model: nothing unknown, nothing converted, nothing changed.

    A model is built when it is used first: nobody has all types in use, and all together are 7 MB of a node.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True)


class Empty(Form):
    """A part in which a type has nothing to say."""


@dataclass(frozen=True)
class InList:
    """Marks a text as a code of one list; only codes of the installed version are valid."""

    name: str

    def __get_pydantic_core_schema__(self, source: type[Any], handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.literal_schema(list(codelist(self.name).codes))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": 64, "x-list": self.name}


Line = Annotated[str, Field(pattern=rf"^[^\u0000-\u0020{_DIRECTION}][^\u0000-\u001F{_DIRECTION}]*$")]
Note = Annotated[
    str, Field(pattern=rf"^[^\u0000-\u0020{_DIRECTION}][^\u0000-\u0008\u000B-\u001F{_DIRECTION}]*$")
]
Line40 = Annotated[Line, Field(max_length=40)]
Line80 = Annotated[Line, Field(max_length=80)]
Line200 = Annotated[Line, Field(max_length=200)]
Note500 = Annotated[Note, Field(max_length=500)]
Note8000 = Annotated[Note, Field(max_length=8000)]

MessageRef = Annotated[
    str, Field(pattern="^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
]
CaseRef = Annotated[str, Field(pattern=f"^{_CROCKFORD}-{_CROCKFORD}-{_CROCKFORD}$")]
LinkRef = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{22}$")]
DigestText = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{43}$")]
Officer = Annotated[str, Field(pattern="^[A-Z0-9][A-Z0-9-]{0,15}$", max_length=16)]
Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]
Day = Annotated[str, Field(pattern=f"^[0-9]{{4}}-{_MONTH_DAY}$")]
Instant = Annotated[str, Field(pattern=f"^[0-9]{{4}}-{_MONTH_DAY}T{_TIME}$", max_length=29)]
AttachmentNumber = Annotated[int, Field(ge=1, le=2000)]
AgencyRef = Annotated[str, InList("agencies")]
Language = Annotated[
    str,
    Field(
        pattern="^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,5}$",
        max_length=64,
        json_schema_extra={"x-list": "languages", "x-list-open": True},
    ),
]
