# SPDX-License-Identifier: Apache-2.0
"""Transit request (TRA) and transit decision (TRD), between the host side and a third state.

Equal to `schemas/messages/tra-1.0.json` and `trd-1.0.json`. The third state learns how many persons pass,
where, when, and what has to be cared for. No name, no case code, no part of a person.
"""

from typing import Annotated

from pydantic import Field

from exchange.messages.appointment import NoParts
from exchange.messages.fields import Form, InList, Instant, Line80
from exchange.messages.header import Header

Crossing = Annotated[str, InList("checkpoints")]


class Need(Form):
    """What has to be done or avoided, and for how many."""

    flag: Annotated[str, InList("vulnerability-flags")]
    number: Annotated[int, Field(ge=1, le=1000)]


class TransitContent(Form):
    """Who passes, where and when."""

    persons_count: Annotated[int, Field(ge=1, le=1000)]
    children_count: Annotated[int, Field(ge=0, le=1000)]
    needs: Annotated[tuple[Need, ...], Field(max_length=40, strict=False)]
    entry: Crossing
    entry_name: Line80 | None = None
    exit: Crossing
    exit_name: Line80 | None = None
    window_from: Instant
    window_to: Instant


class TransitRequest(Form):
    """A whole transit request."""

    header: Header
    content: TransitContent
    persons: NoParts


class TransitDecisionContent(Form):
    """Whether the group may pass."""

    decision: Annotated[str, InList("decision-outcomes")]


class TransitDecision(Form):
    """A whole transit decision."""

    header: Header
    content: TransitDecisionContent
    persons: NoParts
