# SPDX-License-Identifier: Apache-2.0
"""The differences that this version finds by comparing logs: their classes, words and first actor.

The classes, predicates and actors are those of the code list `discrepancy-types`. A difference never changes
a leaf; it is settled by new leaves and messages. It names leaves by log, index and digest, never content.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from exchange.ids import AgencyCode, Digest


class DifferenceKind(StrEnum):
    """Codes of `discrepancy-types` that logs alone can show."""

    MISSING_MESSAGE = "missing_message"
    UNEXPECTED_MESSAGE = "unexpected_message"
    SEQUENCE_GAP = "sequence_gap"
    HASH_MISMATCH = "hash_mismatch"
    DUPLICATE = "duplicate"
    RECEIPT_MISSING = "receipt_missing"
    HEAD_STALE = "head_stale"
    LOG_SHRUNK = "log_shrunk"
    LOG_FORKED = "log_forked"
    LOG_INVALID = "log_invalid"


class Actor(StrEnum):
    """Who acts first, as a role; `Difference.acts_first` names the agency."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    WRITER = "writer"
    """The side whose log it is."""
    BOTH = "both"


@dataclass(frozen=True)
class DifferenceClass:
    """One row of the table: a sentence for the auditor and who acts first."""

    words: str
    acts_first: Actor


CLASSES: Final[Mapping[DifferenceKind, DifferenceClass]] = MappingProxyType(
    {
        DifferenceKind.MISSING_MESSAGE: DifferenceClass(
            "sent by one side and not recorded by the other within the agreed time", Actor.SENDER
        ),
        DifferenceKind.UNEXPECTED_MESSAGE: DifferenceClass(
            "recorded by one side and not sent by the other", Actor.SENDER
        ),
        DifferenceKind.SEQUENCE_GAP: DifferenceClass(
            "a number is missing below a higher one, or a later message waits for it",
            Actor.SENDER,
        ),
        # The list says "side whose bytes differ": only the stored line, hashed again, tells which.
        DifferenceKind.HASH_MISMATCH: DifferenceClass(
            "the two sides recorded the same number with other digests; each hashes its stored line again",
            Actor.BOTH,
        ),
        DifferenceKind.DUPLICATE: DifferenceClass(
            "one number or message id was recorded twice", Actor.RECIPIENT
        ),
        DifferenceKind.RECEIPT_MISSING: DifferenceClass(
            "the sender has not signed that it holds the verdict within the agreed time", Actor.SENDER
        ),
        DifferenceKind.HEAD_STALE: DifferenceClass("no new signed head for too long", Actor.WRITER),
        DifferenceKind.LOG_SHRUNK: DifferenceClass("a log became shorter than it was", Actor.WRITER),
        DifferenceKind.LOG_FORKED: DifferenceClass("two histories of one log exist", Actor.WRITER),
        DifferenceKind.LOG_INVALID: DifferenceClass(
            "an entry breaks the rules of the log; what rests on it has no effect", Actor.WRITER
        ),
    }
)


@dataclass(frozen=True)
class LeafRef:
    """A leaf that proves something: whose log, at which index, and its Merkle leaf hash."""

    by: AgencyCode
    index: int
    digest: Digest


@dataclass(frozen=True)
class Difference:
    """One thing on which the logs do not agree."""

    kind: DifferenceKind
    leaves: tuple[LeafRef, ...]
    """What proves it: the leaf of the sender, then that of the recipient, as far as they exist."""
    acts_first: str
    """The agency that acts first, or `both`."""
    sender: AgencyCode | None = None
    """Who sends in the direction that it concerns; None when it concerns a log as a whole."""
    number: int = 0
    """The number of the message, or the first of several; 0 when it concerns no number."""
    last_number: int = 0
    reason: str = ""
    """The exact rule, as a code, where the class has several."""

    @property
    def words(self) -> str:
        """A sentence for the auditor."""
        what = f"number {self.number}" if self.number else ""
        if self.last_number > self.number:
            what = f"numbers {self.number} to {self.last_number}"
        of = f" of {self.sender}" if what and self.sender else ""
        places = ", ".join(f"entry {leaf.index} of {leaf.by}" for leaf in self.leaves)
        text = f"{what}{of}: " if what else ""
        text += CLASSES[self.kind].words + (f" ({self.reason})" if self.reason else "")
        return f"{text}; see {places}" if places else text
