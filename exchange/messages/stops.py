# SPDX-License-Identifier: Apache-2.0
"""The five stops: consent withdrawal (CWD), hold (HLD), cancellation (CAN), incident (INC), crossing (CKS).

Equal to the schema files of the same names. A stop acts on arrival, also behind a missing number; it only
forbids, it needs one officer, and it carries no more than the other side must know to stop.
"""

from typing import Annotated

from pydantic import Field

from exchange.messages.changes import CaseLine
from exchange.messages.fields import CaseRef, Day, Form, InList, Instant, Line80, Note8000, Officer
from exchange.messages.header import Header

_CROCKFORD = "[0-9A-HJKMNP-TV-Z]{4}"
Target = Annotated[
    str,
    Field(
        pattern="^([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
        f"|{_CROCKFORD}-{_CROCKFORD}-{_CROCKFORD})$"
    ),
]
"""Number of a message, or code of a movement."""
TimeOfDay = Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]


class WithdrawalContent(Form):
    """Which consents the person withdrew, and when."""

    scope: Annotated[
        tuple[Annotated[str, InList("consent-scopes")], ...], Field(min_length=1, max_length=14, strict=False)
    ]
    withdrawn_at: Instant
    erase: (
        Annotated[
            tuple[Annotated[str, InList("data-request-kinds")], ...],
            Field(min_length=1, max_length=5, strict=False),
        ]
        | None
    ) = None


class Withdrawal(Form):
    """A whole consent withdrawal, of one person."""

    header: Header
    content: WithdrawalContent
    persons: Annotated[tuple[CaseLine, ...], Field(min_length=1, max_length=1, strict=False)]


class HoldContent(Form):
    """What a hold stops, and when it is looked at again."""

    effect: Annotated[str, InList("hold-effects")]
    review_on: Day


class HoldLine(Form):
    """One person on hold."""

    case_code: CaseRef
    reason: Annotated[str, InList("hold-reasons")]


class Hold(Form):
    """A whole hold."""

    header: Header
    content: HoldContent
    persons: Annotated[tuple[HoldLine, ...], Field(min_length=1, max_length=1000, strict=False)]


class CancellationContent(Form):
    """What is cancelled; `persons` only if not everybody in it."""

    target: Target
    reason: Annotated[str, InList("cancellation-reasons")]
    persons: Annotated[tuple[CaseRef, ...], Field(min_length=1, max_length=1000, strict=False)] | None = None


class Cancellation(Form):
    """A whole cancellation."""

    header: Header
    content: CancellationContent
    persons: Annotated[tuple[CaseLine, ...], Field(min_length=1, max_length=1000, strict=False)]


class IncidentContent(Form):
    """What happened, when, and what is done about it."""

    incident: Annotated[str, InList("incident-types")]
    known_at: Instant
    happened_at: Instant | None = None
    measures: Note8000
    restricted_to: Annotated[tuple[Officer, ...], Field(min_length=1, max_length=20, strict=False)] | None = (
        None
    )


class Incident(Form):
    """A whole incident report; only a lost key concerns no person."""

    header: Header
    content: IncidentContent
    persons: Annotated[tuple[CaseLine, ...], Field(max_length=1000, strict=False)]


class Session(Form):
    """One opening of a crossing in a day, in its local time."""

    from_: Annotated[TimeOfDay, Field(alias="from")]
    until: TimeOfDay
    persons: Annotated[int, Field(ge=1, le=100_000)] | None = None


class CrossingContent(Form):
    """Status of a crossing as one side announces it."""

    checkpoint: Annotated[str, InList("checkpoints")]
    checkpoint_name: Line80 | None = None
    status: Annotated[str, InList("checkpoint-status")]
    from_: Annotated[Instant, Field(alias="from")]
    until: Instant | None = None
    sessions: Annotated[tuple[Session, ...], Field(min_length=1, max_length=24, strict=False)] | None = None


class Crossing(Form):
    """A whole crossing status; it names no case."""

    header: Header
    content: CrossingContent
    persons: Annotated[tuple[CaseLine, ...], Field(max_length=0, strict=False)]
