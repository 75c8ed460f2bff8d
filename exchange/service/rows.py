# SPDX-License-Identifier: Apache-2.0
"""What the store keeps, as plain frozen rows; the columns are documented here once.

Rows hold identifiers, numbers, states, times and digests. Anything that belongs to a person travels
through `Contents` and `Cases` as bytes, which the adapter keeps under the data key of the case.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from exchange.ids import AgencyCode, CaseCode, Digest, LinkId, MessageId, MovementCode, OfficerNumber
from exchange.ledger.differences import Difference
from exchange.service.draft_story import Returned


class Direction(StrEnum):
    OUT = "out"
    IN = "in"


class LinkState(StrEnum):
    """Where the enrolment and the start gate of a link stand."""

    INVITED = "invited"
    """We wrote an invitation; no partner key is known."""
    JOINED = "joined"
    """Both keys are known; the words have not been compared, or the countersignature has not arrived."""
    CLOSED = "closed"
    """Agreed; the start gate has not opened since the node started."""
    OPEN = "open"
    FROZEN = "frozen"
    """Two histories of one log exist; only people can go on."""
    PAUSED = "paused"
    """An administrator stopped it."""


class MessageState(StrEnum):
    """What is known of one message on this side."""

    QUEUED = "queued"
    """Out: numbered and sealed; no verdict leaf of the partner is known."""
    HELD = "held"
    """Received, waits for a missing number (in), or the partner said so (out)."""
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    """With a code of `ack-rejections`."""
    VOIDED = "voided"
    """Out: given up before a verdict, and the partner's `voided` verdict is known."""
    VOIDING = "voiding"
    """Out: given up; the partner's answer is not known yet."""
    STOPPED = "stopped"
    """Out: refused at the partner's front door; a person decides. With the code."""


@dataclass(frozen=True)
class LinkRow:
    """One link. `own_head`, `copy_head` live in `Logs`; numbers are counted here."""

    link: LinkId
    partner: AgencyCode
    state: LinkState
    agreement_n: int
    suite: int
    next_seq: int
    """The number our next message takes; from 1, dense, never reused."""
    contiguous_in: int
    """Every number of the partner up to this one has a final verdict of ours."""
    own_epoch: int = 1
    partner_epoch: int = 1
    reason: str = ""
    """Why the link is not open, as a code."""


@dataclass(frozen=True)
class AgreementRow:
    link: LinkId
    n: int
    raw: bytes
    own_signature: str
    """Detached JWS of ours, "" until we signed."""
    partner_signature: str
    own_from_seq: int
    """Our messages from this number on are judged by this version."""
    partner_from_seq: int


@dataclass(frozen=True)
class CardRow:
    agency: AgencyCode
    serial: int
    raw: bytes
    digest: Digest
    held_since: datetime


@dataclass(frozen=True)
class LogPosition:
    """How far a log goes. `peaks` is the compact range of its tree, 32 bytes a peak, largest first."""

    link: LinkId
    by: AgencyCode
    epoch: int
    size: int
    peaks: bytes


@dataclass(frozen=True)
class EndedLog:
    """The log of one epoch, usually one that has ended, with what is signed over it; "" for none."""

    size: int
    root: Digest | None
    head: str
    cosigned: str
    cosignature: str


@dataclass(frozen=True)
class HeadRow:
    """A signed head. `note` is the exact C2SP note with its signature lines."""

    size: int
    root: Digest
    note: str
    at: datetime


@dataclass(frozen=True)
class MessageRow:
    """One message of one direction; narrow, for queues and lists."""

    link: LinkId
    direction: Direction
    seq: int
    id: MessageId
    type: str
    """Type code, "" while unknown (not decrypted)."""
    state: MessageState
    code: str
    """Reason of a rejection or refusal, or ""."""
    envelope_hash: Digest
    body_hash: Digest
    commitment: Digest
    size_class: int
    agreement_n: int
    created_at: datetime
    expires_at: datetime
    logged_at: datetime
    """When our leaf of it was written (out: `sent`, in: `rcvd`)."""
    line_bytes: int
    verdict_at: datetime | None = None
    """When the final verdict became known here."""
    leaf_index: int = -1
    """Index of our own leaf of it (`sent` or `rcvd`) in our log."""
    verdict_leaf_index: int = -1
    """Index of the final verdict leaf in the log of the recipient, -1 while unknown."""
    in_reply_to: MessageId | None = None
    officer: OfficerNumber | None = None
    released_by: OfficerNumber | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = None
    stop: bool = False
    """Overtakes everything and only forbids (CWD, HLD, CAN, INC, CKS)."""


@dataclass(frozen=True)
class Announced:
    """A `sent` leaf of the partner in our copy of its log, found again by its number."""

    link: LinkId
    seq: int
    id: MessageId
    envelope_hash: Digest
    body_hash: Digest
    commitment: Digest
    size_class: int
    leaf_index: int
    void_code: str = ""
    """Why the partner gave the number up, or ""."""


@dataclass(frozen=True)
class Part:
    """One part of a body. `case` is None for what belongs to the message as a whole."""

    number: int
    case: CaseCode | None
    raw: bytes


@dataclass(frozen=True)
class CaseRow:
    """One case on one link. `state` is the effective one; `snapshot` holds `cases.stored.case_bytes`."""

    code: CaseCode
    link: LinkId
    host: AgencyCode
    origin: AgencyCode
    state: str
    snapshot: bytes
    provisional: int
    """How many own messages wait for the keeper's verdict."""
    opened_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class CaseEventRow:
    """One effect on a case, in the order in which this node learned of it; append-only."""

    case: CaseCode
    link: LinkId
    direction: Direction
    seq: int
    message: MessageId
    type: str
    state_before: str
    state_after: str
    provisional: bool
    at: datetime
    implied: tuple[str, ...] = ()
    """Rows without a message that were taken before, for example `assessed > return_prepared`."""


@dataclass(frozen=True)
class MovementRow:
    """One movement on one link. `snapshot` holds `cases.stored.movement_bytes`."""

    code: MovementCode
    link: LinkId
    host: AgencyCode
    origin: AgencyCode
    state: str
    snapshot: bytes
    provisional: int
    """How many own messages wait for the keeper's verdict."""
    opened_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class MovementEventRow:
    """One effect on a movement, in the order in which this node learned of it; append-only."""

    movement: MovementCode
    link: LinkId
    direction: Direction
    seq: int
    message: MessageId
    type: str
    state_before: str
    state_after: str
    provisional: bool
    at: datetime


@dataclass(frozen=True)
class CrossingRow:
    """What one side announced about a crossing (CKS); append-only."""

    link: LinkId
    direction: Direction
    seq: int
    checkpoint: str
    status: str
    from_at: datetime
    until_at: datetime | None
    """None: until the next announcement."""


@dataclass(frozen=True)
class QuestionRow:
    """A message that waits for an answer about one case; it goes when the answer is accepted.

    Only message, case and type say what is asked; until when it has to be answered is kept beside it.
    """

    link: LinkId
    direction: Direction
    """Of the message that asks: out, the partner has to answer."""
    seq: int
    case: CaseCode | None
    """None when the message names no case, for example a statement."""
    type: str
    urgency: str
    effective: bool = True
    """The recipient accepted it; before that nobody has to answer."""
    reply: int | None = None
    """Number of our own answer that has no verdict yet."""


@dataclass(frozen=True)
class FoundCase:
    """A case that has some of the search keys that were asked for."""

    link: LinkId
    case: CaseCode
    keys: frozenset[str]


@dataclass(frozen=True)
class RegisterRow:
    """One entry of the home register; `content` holds `cases.register.entry_bytes`, kept encrypted."""

    number: str
    """Own file number of this agency."""
    content: bytes
    changed_at: datetime
    link: LinkId | None = None
    case: CaseCode | None = None
    """Case of the person in the exchange, with its link; None for who came without one."""


@dataclass(frozen=True)
class FoundEntry:
    """An entry of the register that has some of the search keys that were asked for."""

    row: RegisterRow
    keys: frozenset[str]


@dataclass(frozen=True)
class OfficerRow:
    number: OfficerNumber
    name: str
    office: AgencyCode
    functions: tuple[str, ...]
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True)
class DraftRow:
    """A message being prepared; `document` is kept encrypted."""

    id: MessageId
    link: LinkId | None
    type: str
    document: bytes
    prepared_by: OfficerNumber
    digest: Digest
    """What a second person approves: SHA-256 of the document without the five fields filled at release."""
    approved_by: OfficerNumber | None
    created_at: datetime
    waiting: bool = False
    """Released by its officers; it takes its number as soon as the start gate of the link is open."""
    returned: Returned | None = None
    """Nobody releases it now: it was sent back, or its author took it back."""
    story: bytes = b""
    """JSON of `draft_story.Story`, b"" in the first round; kept encrypted."""


@dataclass(frozen=True)
class DraftSummary:
    """A draft as lists show it, without its document."""

    id: MessageId
    link: LinkId | None
    type: str
    prepared_by: OfficerNumber
    digest: Digest
    created_at: datetime
    waiting: bool
    returned: Returned | None = None


@dataclass(frozen=True)
class AuditRow:
    """One recorded act; codes and identifiers only."""

    at: datetime
    actor: str
    """Officer number, or `node` or `partner`."""
    act: str
    object: str
    purpose: str = ""
    result: str = "done"


@dataclass(frozen=True)
class DifferenceRow:
    """Something a partner did that needs eyes: evidence kept as it came, first three copies."""

    link: LinkId
    kind: str
    """Class of `discrepancy-types`, or `conflict`, `card_invalid`, `card_conflict`."""
    subject: str
    """Number, leaf index or key id it speaks of."""
    reason: str
    evidence: bytes
    at: datetime


class DifferenceState(StrEnum):
    """Where a named difference stands on this side."""

    OPEN = "open"
    EXPLAINED = "explained"
    """A side said how it came about."""
    RESENT = "resent"
    """The line is offered again."""
    CORRECTED = "corrected"
    """A leaf or message corrects it; the other side has not said so yet."""
    ACCEPTED = "accepted"
    """Two persons of this side accept it as it is; the other side has not yet."""
    ESCALATED = "escalated"
    """The heads of department have it."""
    CLOSED = "closed"
    """Both sides say that it is settled, or it ended before anybody was told."""


HEARD = "heard"
"""Reason of a difference that only the partner named."""


@dataclass(frozen=True)
class Notice:
    """A difference notice: its message, the commitment that `dsco` names, the number of its maker."""

    message: MessageId
    dg: Digest
    no: int


@dataclass(frozen=True)
class NamedDifference:
    """A difference with its life; `no` is this side's number of it, from 1 on each link."""

    link: LinkId
    no: int
    found: Difference
    found_at: datetime
    state: DifferenceState
    changed_at: datetime
    told: MessageId | None = None
    """Our difference notice (DSC)."""
    told_dg: Digest | None = None
    """Its commitment, as in our leaf `dsco`."""
    heard: MessageId | None = None
    """The partner's difference notice."""
    heard_dg: Digest | None = None
    heard_no: int = 0
    """The partner's number of it, as in its leaf `dsco`; 0 while that leaf is not known."""
    ours: MessageId | None = None
    """Our last resolution (DRS)."""
    theirs: MessageId | None = None
    accepted_by: tuple[str, ...] = ()
    """The two officers of this side who accept it as it is."""
    we_settled: bool = False
    """Our log says `dscr` settled."""
    they_settled: bool = False
    offered_by: str = ""
    """Who of this side proposed to accept it as it is; "" while nobody did."""
    offered_text: str = ""
    """What the partner will read, once a second person agrees."""

    @property
    def notice(self) -> "Notice | None":
        """The notice that a resolution answers: ours, or else the partner's."""
        if self.told and self.told_dg:
            return Notice(self.told, self.told_dg, self.no)
        if self.heard and self.heard_dg:
            return Notice(self.heard, self.heard_dg, self.heard_no)
        return None

    @property
    def is_hearsay(self) -> bool:
        """True while only the partner says so, and our own comparison does not find it."""
        return self.found.reason == HEARD


@dataclass(frozen=True)
class StatementRow:
    """A statement of either side, as the leaf `stmt` of its maker has it."""

    link: LinkId
    is_own: bool
    no: int
    period: str
    """A day or a month in UTC."""
    dg: Digest
    """Commitment of its message (STM)."""
    leaf_index: int
    made_at: datetime
    answer: str = ""
    """`agreed` or `differs`, once the other side said so."""
    answered_at: datetime | None = None
    answered_by: str = ""
    """Officer of this side, `node` or `partner`."""
    findings: tuple[str, ...] = ()
    """Places in a statement of the partner that our own figures do not give."""
