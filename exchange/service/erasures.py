# SPDX-License-Identifier: Apache-2.0
"""What is kept about erasing: proposals, legal holds, what was erased and has to be said; and the port.

None of it holds a code in clear: a proposal names the file of the case by its number in the store, a hold the
keyed token of the code. What was erased leaves one digest until our ledger has said it, then a count.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from exchange.ids import CaseCode, Digest, LinkId, OfficerNumber


class ProposedAct(StrEnum):
    """What one officer proposes and a second one confirms."""

    ERASE = "erase"
    HOLD = "hold"
    UNHOLD = "unhold"


@dataclass(frozen=True)
class ProposalRow:
    """One act about one case that waits for the second person."""

    link: LinkId
    case: CaseCode
    act: ProposedAct
    reason: str
    digest: Digest
    """Of everything that was shown; the second person confirms the same."""
    proposed_by: OfficerNumber
    proposed_at: datetime


@dataclass(frozen=True)
class HoldRow:
    """A legal hold; a lifted one stays as a record."""

    link: LinkId
    case: CaseCode | None
    """None when its case is not in the store any more."""
    reason: str
    placed_by: tuple[OfficerNumber, OfficerNumber]
    placed_at: datetime


@dataclass(frozen=True)
class ErasedRow:
    """A case that was just erased."""

    link: LinkId
    reason: str
    mark: bytes | None
    """What both sides compute of its content; None if the partner never accepted any of it."""
    erased_by: tuple[OfficerNumber, OfficerNumber]
    erased_at: datetime


@dataclass(frozen=True)
class HeardErasure:
    """An entry `eras` of the partner's ledger."""

    link: LinkId
    index: int
    n: int
    dg: Digest
    at: datetime
    """The time that the partner claims."""


class Erasures(Protocol):
    """Everything about erasing that is not content."""

    def propose(self, row: ProposalRow) -> None:
        """Keep a proposal; it takes the place of an earlier one of the same act and case."""
        ...

    def proposal(self, link: LinkId, code: CaseCode, act: ProposedAct) -> ProposalRow | None: ...
    def proposals(self) -> list[ProposalRow]:
        """Return every proposal, the oldest first."""
        ...

    def drop_proposal(self, link: LinkId, code: CaseCode, act: ProposedAct) -> None: ...
    def hold(
        self,
        link: LinkId,
        code: CaseCode,
        reason: str,
        *,
        by: tuple[OfficerNumber, OfficerNumber],
        at: datetime,
    ) -> None: ...
    def lift(
        self, link: LinkId, code: CaseCode, *, by: tuple[OfficerNumber, OfficerNumber], at: datetime
    ) -> None: ...
    def held(self, link: LinkId, code: CaseCode) -> HoldRow | None:
        """Return the hold that is on a case now."""
        ...

    def holds(self) -> list[HoldRow]:
        """Return every hold that is on now, the oldest first."""
        ...

    def record(self, row: ErasedRow) -> None:
        """Record that a case was erased; in the unit that erases it."""
        ...

    def unsaid(self, link: LinkId, *, before: datetime) -> list[bytes]:
        """Return the marks of cases erased before a moment that our ledger has not said yet, sorted."""
        ...

    def said(self, link: LinkId, *, before: datetime, index: int) -> None:
        """Note that the entry `index` of our ledger says them; the marks are forgotten."""
        ...

    def count(self, link: LinkId) -> int:
        """Return how many cases both sides had were erased here, said or not."""
        ...

    def hear(self, row: HeardErasure) -> None:
        """Keep an entry of the partner; one that is known stays as it is."""
        ...

    def heard(self, link: LinkId) -> list[HeardErasure]:
        """Return the entries of the partner, the oldest first."""
        ...
