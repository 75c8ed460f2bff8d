# SPDX-License-Identifier: Apache-2.0
"""What earlier messages say, in the few words the rules of later ones need.

These are values only. Who collects them (from a store, or beforehand in a test) stands elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from exchange.ids import AgencyCode, CaseCode, Digest, MessageId
from exchange.messages.document import JsonValue
from exchange.messages.people import Birth

CLOSED = frozenset({"closed_temporarily", "closed_indefinitely"})
"""Values of `checkpoint-status` while nobody crosses."""


@dataclass(frozen=True)
class EarlierMessage:
    """A message that counts: accepted, or our own on its way."""

    type: str
    sender: AgencyCode
    pc: Digest
    """Commitment to its content."""
    cases: tuple[CaseCode, ...]
    movement: str = ""
    signs: bool = False
    """HRC: it is a countersignature, not a record."""


@dataclass(frozen=True)
class Announced:
    """One person in the newest notice, with the decision on it."""

    flags: frozenset[str] = frozenset()
    links: tuple[tuple[str, CaseCode], ...] = ()
    """Kind of `link-kinds`, and the other case."""
    funding: str = ""
    valid_until: date | None = None
    """Last day of the acceptance; None without one."""
    birth: Birth | None = None


@dataclass(frozen=True)
class Appointment:
    """A movement as its messages made it so far."""

    last_change: MessageId
    """The proposal, or the newest change of it: what a confirmation confirms."""
    terms: Mapping[str, JsonValue] = field(default_factory=lambda: MappingProxyType({}))
    """Content of the proposal with its changes."""
    listed: tuple[CaseCode, ...] = ()
    final: tuple[CaseCode, ...] | None = None
    """Persons of the departure notice; None before the departure."""


@dataclass(frozen=True)
class OpenCrossing:
    """A crossing at one instant, as either side announced it; without news it is open."""

    is_closed: bool = False
    per_session: int | None = None
    """Persons that a session takes; None without a limit."""
