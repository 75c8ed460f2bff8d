# SPDX-License-Identifier: Apache-2.0
"""Question (INQ) and answer (INR).

Equal to `schemas/messages/inq-1.0.json` and `inr-1.0.json`. A question is about a message or a case, or it
opens the exchange: then there is no case yet, and it says whom a family is looking for. Neither moves a case
by itself; only an answer that a person was turned back by mistake does.
"""

from typing import Annotated

from pydantic import Field

from exchange.messages.changes import CaseLine
from exchange.messages.fields import Form, Line200, Note8000
from exchange.messages.header import Header
from exchange.messages.stops import Target

Lines = Annotated[tuple[CaseLine, ...], Field(max_length=1000, strict=False)]


class Search(Form):
    """Whom somebody is looking for, before there is a case."""

    whom: Note8000
    may_say: Note8000
    asked_by: Line200


class InquiryContent(Form):
    """What is asked."""

    target: Target | None = None
    search: Search | None = None
    question: Note8000
    asks_second_look: bool


class Inquiry(Form):
    """A whole question."""

    header: Header
    content: InquiryContent
    persons: Lines


class ReplyContent(Form):
    """What is answered."""

    answer: Note8000
    turned_back_by_mistake: bool | None = None


class Reply(Form):
    """A whole answer."""

    header: Header
    content: ReplyContent
    persons: Lines
