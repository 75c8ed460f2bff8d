# SPDX-License-Identifier: Apache-2.0
"""Case reopening (ROP): a closed or withdrawn case goes on.

Equal to `schemas/messages/rop-1.0.json`. It rests on a consent that was asked anew: to the return before the
handover, to contact after the return. That consent travels with it.
"""

from typing import Annotated

from pydantic import Field

from exchange.messages.fields import CaseRef, Form, MessageRef, Note8000
from exchange.messages.handover_parts import NoContent
from exchange.messages.header import Header
from exchange.messages.people import Consents, Guardian


class ReopeningLine(Form):
    """Why one case is opened again, and what the person agreed to."""

    case_code: CaseRef
    is_child: bool
    consents: Consents | None = None
    guardian: Guardian | None = None
    reason: Note8000
    earlier_closure: MessageRef


class Reopening(Form):
    """A whole reopening."""

    header: Header
    content: NoContent
    persons: Annotated[tuple[ReopeningLine, ...], Field(min_length=1, max_length=1, strict=False)]
