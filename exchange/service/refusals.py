# SPDX-License-Identifier: Apache-2.0
"""Notes what of a partner's was refused: one line of the log for each, and counts since the start.

The partner is told a code for a line and a number for a request, and for a tail, a cosignature or a card
nothing: it sees that nothing goes on. Its people then ask ours. So each refusal stands in the log with its
rule, and `exchange doctor` says how many there were. What was refused is never in it: of a line only the
number that it claims. A flood is counted, not written (threat model, section 6).
"""

from enum import StrEnum

from exchange.ids import AgencyCode, LinkId
from exchange.service.node import Node


class Refused(StrEnum):
    """What was refused, as `exchange doctor` names it; the event of the log is `<what>_refused`."""

    REQUEST = "request"
    LINE = "line"
    TAIL = "tail"
    COSIGNATURE = "cosignature"
    CARD = "card"


def note_refused(
    node: Node, link: LinkId, partner: AgencyCode, what: Refused, *, reason: str, **more: str | int
) -> None:
    """Write one line about a refusal and count it; `more` are fields that the event has."""
    node.presence.of(link).refused[what] += 1
    node.journal.note(f"{what}_refused", link=link, partner=partner, reason=reason, **more)
