# SPDX-License-Identifier: Apache-2.0
"""Directory update (DIR) and card notice (KEY): what an agency says about itself.

Equal to `schemas/messages/dir-1.0.json` and `key-1.0.json`. A directory update changes one office of the
sender's country, or one officer of it, from a day on. A card notice carries no key: keys change by the card
only. Neither names a case.
"""

from typing import Annotated

from pydantic import ConfigDict, Field

from exchange.messages.appointment import NoParts
from exchange.messages.fields import (
    AgencyRef,
    Day,
    DigestText,
    Form,
    InList,
    Line40,
    Line200,
    Note500,
    Officer,
)
from exchange.messages.header import Header

Functions = Annotated[
    tuple[Annotated[str, InList("agency-functions")], ...], Field(min_length=1, max_length=20, strict=False)
]


class OfficerEntry(Form):
    """One officer, as the other side has to know the person."""

    number: Officer
    name: Line200
    functions: Functions
    duty_telephone: Line40 | None = None


class Entry(Form):
    """One entry of the directory: an office, with an officer of it if the entry is about one."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 3})

    agency: AgencyRef
    functions: Functions | None = None
    officer: OfficerEntry | None = None
    duty_telephone: Line40 | None = None
    valid_from: Day
    valid_to: Day | None = None
    successor: AgencyRef | None = None


class DirectoryContent(Form):
    """The entry that holds from now on."""

    entry: Entry


class DirectoryUpdate(Form):
    """A whole directory update."""

    header: Header
    content: DirectoryContent
    persons: NoParts


class CardNoticeContent(Form):
    """Which card is new, and why."""

    card_serial: Annotated[int, Field(ge=1, le=1_000_000)]
    card_digest: DigestText
    reason: Note500


class CardNotice(Form):
    """A whole card notice."""

    header: Header
    content: CardNoticeContent
    persons: NoParts
