# SPDX-License-Identifier: Apache-2.0
"""The differences between two ledgers: their classes, words, first actor, and what a node does by itself.

Found in the logs, in what a partner sent (kept evidence), or in content; what is found in content is only
counted, because naming it would name a type or a case. The classes, predicates and actors are those of the
code list `discrepancy-types`. A difference never changes a leaf; it is settled by new leaves and messages. It
names leaves by log, index and digest, never content.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from exchange.ids import AgencyCode, Digest


class DifferenceKind(StrEnum):
    """Codes of `discrepancy-types` that two ledgers can show."""

    MISSING_MESSAGE = "missing_message"
    UNEXPECTED_MESSAGE = "unexpected_message"
    SEQUENCE_GAP = "sequence_gap"
    HASH_MISMATCH = "hash_mismatch"
    DUPLICATE = "duplicate"
    LATE = "late"
    TIME_MISMATCH = "time_mismatch"
    UNANSWERED = "unanswered"
    RECEIPT_MISSING = "receipt_missing"
    STATE_MISMATCH = "state_mismatch"
    SIGNATURE_MISSING = "signature_missing"
    UNKNOWN_KEY = "unknown_key"
    STATEMENT_MISMATCH = "statement_mismatch"
    ERASURE_MISMATCH = "erasure_mismatch"
    HEAD_STALE = "head_stale"
    LOG_SHRUNK = "log_shrunk"
    LOG_FORKED = "log_forked"
    LOG_INVALID = "log_invalid"
    AGREEMENT_OVERDUE = "agreement_overdue"


COUNTED: Final = (DifferenceKind.UNANSWERED, DifferenceKind.SIGNATURE_MISSING)
"""Found in content, and only counted."""


class Actor(StrEnum):
    """Who acts first, as a role; `Difference.acts_first` names the agency."""

    SENDER = "sender"
    RECIPIENT = "recipient"
    WRITER = "writer"
    """The side whose log it is."""
    OTHER = "other"
    """The side that has not followed the writer."""
    BOTH = "both"


class Repair(StrEnum):
    """What the node of the side that acts first does by itself, before people have to."""

    NONE = "none"
    RESEND = "resend"
    """Offer the line again at once, if its number is still open."""
    COSIGN = "cosign"
    """Send the cosignature again."""
    WRITE = "write"
    """Write a leaf, so that there is a new head."""


@dataclass(frozen=True)
class DifferenceClass:
    """One row of the table: a sentence for the auditor, who acts first, how bad it is."""

    words: str
    acts_first: Actor
    repair: Repair = Repair.NONE
    is_grave: bool = False
    """Red at once: what was proved may be in doubt, or a log was changed."""
    is_told: bool = True
    """The partner is told by a message; what ends by itself, or cannot be mended any more, is not."""


CLASSES: Final[Mapping[DifferenceKind, DifferenceClass]] = MappingProxyType(
    {
        DifferenceKind.MISSING_MESSAGE: DifferenceClass(
            "sent by one side and not recorded by the other within the agreed time",
            Actor.SENDER,
            Repair.RESEND,
        ),
        DifferenceKind.UNEXPECTED_MESSAGE: DifferenceClass(
            "recorded by one side and not sent by the other", Actor.SENDER, is_grave=True
        ),
        DifferenceKind.SEQUENCE_GAP: DifferenceClass(
            "a number is missing below a higher one, or a later message waits for it",
            Actor.SENDER,
        ),
        # The list says "side whose bytes differ": only the stored line, hashed again, tells which.
        DifferenceKind.HASH_MISMATCH: DifferenceClass(
            "the two sides recorded the same number with other digests; each hashes its stored line again",
            Actor.BOTH,
            is_grave=True,
        ),
        DifferenceKind.DUPLICATE: DifferenceClass(
            "one number or message id was recorded twice", Actor.RECIPIENT
        ),
        DifferenceKind.LATE: DifferenceClass(
            "recorded or decided later than agreed", Actor.BOTH, is_told=False
        ),
        DifferenceKind.TIME_MISMATCH: DifferenceClass(
            "the times of two entries differ by more than is allowed, or run backwards",
            Actor.BOTH,
            is_told=False,
        ),
        DifferenceKind.UNANSWERED: DifferenceClass(
            "a reply is missing after its deadline; counted only", Actor.BOTH, is_told=False
        ),
        DifferenceKind.RECEIPT_MISSING: DifferenceClass(
            "the sender has not signed that it holds the verdict within the agreed time",
            Actor.SENDER,
            Repair.COSIGN,
            is_told=False,
        ),
        DifferenceKind.STATE_MISMATCH: DifferenceClass(
            "the verdict in the ledger is not the one that the node acts on", Actor.BOTH, is_grave=True
        ),
        DifferenceKind.SIGNATURE_MISSING: DifferenceClass(
            "a signature of the other side is missing or does not verify", Actor.OTHER
        ),
        DifferenceKind.UNKNOWN_KEY: DifferenceClass(
            "signed with a key that is not valid at that place of the ledger", Actor.SENDER, is_grave=True
        ),
        DifferenceKind.STATEMENT_MISMATCH: DifferenceClass("the statements do not agree", Actor.BOTH),
        DifferenceKind.ERASURE_MISMATCH: DifferenceClass(
            "contents were erased by one side only", Actor.OTHER
        ),
        DifferenceKind.HEAD_STALE: DifferenceClass(
            "no new signed head for too long", Actor.WRITER, Repair.WRITE, is_told=False
        ),
        DifferenceKind.LOG_SHRUNK: DifferenceClass(
            "a log became shorter than it was", Actor.WRITER, is_grave=True
        ),
        DifferenceKind.LOG_FORKED: DifferenceClass(
            "two histories of one log exist", Actor.WRITER, is_grave=True
        ),
        DifferenceKind.LOG_INVALID: DifferenceClass(
            "an entry breaks the rules of the log; what rests on it has no effect",
            Actor.WRITER,
            is_grave=True,
        ),
        DifferenceKind.AGREEMENT_OVERDUE: DifferenceClass(
            "one side has not switched to the agreed version in time", Actor.OTHER
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
    def key(self) -> str:
        """What makes it the same difference at both sides, and in the next comparison.

        Class and number, or class and entry. A run of numbers has the key of its first one, so that it may
        grow. A difference notice of the partner gives the same key.
        """
        if self.number:
            return f"{self.kind.value}/{self.sender}/{self.number}"
        places = "/".join(f"{leaf.by}/{leaf.index}" for leaf in self.leaves)
        return f"{self.kind.value}//{places or self.reason[:200]}"

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
