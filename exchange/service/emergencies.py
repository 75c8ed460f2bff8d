# SPDX-License-Identifier: Apache-2.0
"""What is kept of a message that one person released in an emergency, and the port that keeps it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from exchange.ids import LinkId, MessageId, OfficerNumber


@dataclass(frozen=True)
class EmergencyRow:
    """An act of two persons that one did alone; it is open until a second person has looked."""

    link: LinkId
    seq: int
    message: MessageId
    type: str
    act: str
    """Codes of `two-person-acts`, with a space between them."""
    released_by: OfficerNumber
    until_at: datetime
    """By then a second person has to look; later it is overdue, and stays open."""
    seen_by: OfficerNumber | None = None
    seen_at: datetime | None = None
    agrees: bool | None = None


class Emergencies(Protocol):
    """Written in the unit that numbers the message; what a second person says is written once."""

    def add(self, row: EmergencyRow) -> None: ...
    def of(self, link: LinkId, seq: int) -> EmergencyRow | None: ...
    def open(self) -> list[EmergencyRow]: ...
    def seen(self, row: EmergencyRow, by: OfficerNumber, at: datetime, *, agrees: bool) -> None: ...
