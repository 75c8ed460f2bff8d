# SPDX-License-Identifier: Apache-2.0
"""What becomes of a received line, and how its row says so.

`intake` finds the verdict. It is a value until everything about the line is written in one unit, so that a
row is made once.
"""

from dataclasses import dataclass, replace
from typing import Final

from exchange.service.casework import Weighed
from exchange.service.node import Node
from exchange.service.rows import MessageRow, MessageState

FINAL: Final = frozenset({MessageState.ACCEPTED, MessageState.REJECTED, MessageState.VOIDED})


@dataclass(frozen=True)
class Verdict:
    """What becomes of a line, and what is to be entered in its cases if it is accepted."""

    state: MessageState
    code: str = ""
    weighed: Weighed | None = None


HOLD: Final = Verdict(MessageState.HELD)


def rejection(code: str) -> Verdict:
    return Verdict(MessageState.REJECTED, code)


def with_verdict(node: Node, row: MessageRow, verdict: Verdict, index: int) -> MessageRow:
    """Return the row with its verdict; a final one also has the place of its leaf."""
    if verdict.state not in FINAL:
        return row
    return replace(
        row,
        state=verdict.state,
        code=verdict.code,
        verdict_at=node.clock.now(),
        verdict_leaf_index=index,
    )
