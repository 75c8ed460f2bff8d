# SPDX-License-Identifier: Apache-2.0
"""What is kept about who may read a case, and the port that keeps it: identifiers, codes and times.

Named readers of class S4, desks to which a case is given, openings of the last minutes, stops of officers who
opened too much, and openings in an emergency until a second person has looked at them.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from exchange.ids import AgencyCode, CaseCode, LinkId, OfficerNumber


@dataclass(frozen=True)
class CasePlace:
    """One case on one link."""

    link: LinkId
    case: CaseCode


@dataclass(frozen=True)
class ReaderRow:
    """A named reader of one case; counts once a second person has confirmed it."""

    place: CasePlace
    officer: OfficerNumber
    proposed_by: OfficerNumber
    proposed_at: datetime
    confirmed_by: OfficerNumber | None = None
    confirmed_at: datetime | None = None


@dataclass(frozen=True)
class StopRow:
    """An officer who opened too much; open until a second person lets the officer go on."""

    officer: OfficerNumber
    at: datetime
    opened: int
    released_by: OfficerNumber | None = None
    released_at: datetime | None = None


@dataclass(frozen=True)
class EmergencyOpening:
    """A case that was opened by somebody outside its desk; `n` is its number."""

    n: int
    place: CasePlace
    officer: OfficerNumber
    purpose: str
    at: datetime
    until_at: datetime
    """By then a second person has to look at it; later it is overdue, and stays open."""
    seen_by: OfficerNumber | None = None
    seen_at: datetime | None = None
    agrees: bool | None = None


class Access(Protocol):
    """The tables of access inside one unit of work."""

    def propose_reader(self, row: ReaderRow) -> None: ...
    def confirm_reader(self, row: ReaderRow, by: OfficerNumber, at: datetime) -> None: ...
    def end_reader(self, row: ReaderRow, at: datetime) -> None: ...
    def readers(self, place: CasePlace) -> list[ReaderRow]:
        """Return proposed and confirmed readers that were not ended, the oldest first."""
        ...

    def give_to_desk(self, place: CasePlace, office: AgencyCode, by: OfficerNumber, at: datetime) -> None: ...
    def desks(self, place: CasePlace) -> frozenset[AgencyCode]:
        """Return the offices to which a case is given; none means every office."""
        ...

    def only_reader_of(self, officer: OfficerNumber) -> int:
        """Return how many cases no other active officer can read: by name, or of the only office."""
        ...

    def note_opening(self, officer: OfficerNumber, object: str, at: datetime) -> None:
        """Note that an officer opened something; the same thing again only moves its time."""
        ...

    def openings_since(self, officer: OfficerNumber, moment: datetime) -> int: ...
    def forget_openings(self, *, before: datetime) -> None: ...
    def forget_openings_of(self, officer: OfficerNumber) -> None: ...
    def stop(self, row: StopRow) -> None: ...
    def stop_of(self, officer: OfficerNumber) -> StopRow | None:
        """Return the open stop of an officer."""
        ...

    def stops(self) -> list[StopRow]:
        """Return the open stops, the oldest first."""
        ...

    def release_stop(self, officer: OfficerNumber, by: OfficerNumber, at: datetime) -> None: ...
    def open_in_emergency(self, row: EmergencyOpening) -> int:
        """Keep an opening in an emergency and return its number; `row.n` is not looked at."""
        ...

    def emergency(self, n: int) -> EmergencyOpening | None: ...
    def emergencies_of(
        self, officer: OfficerNumber, place: CasePlace, since: datetime
    ) -> list[EmergencyOpening]: ...
    def emergencies_to_see(self) -> list[EmergencyOpening]:
        """Return those at which nobody has looked yet, the first to be looked at first."""
        ...

    def emergency_seen(self, n: int, by: OfficerNumber, at: datetime, *, agrees: bool) -> None: ...
