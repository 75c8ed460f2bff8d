# SPDX-License-Identifier: Apache-2.0
"""What the use cases need of a store. Network, clock and log: `surroundings`; courier files: `parcel_files`.

Rules of the store (`Store`, `UnitOfWork`):

1. A *unit* is a plain function that takes a `UnitOfWork`. It runs whole, in one hop, in the thread of
   the store: it must not wait for anything and should hold the store at most 5 to 20 ms.
2. `Store.write` returns only after the commit is durable. Units that arrive while a commit is under
   way are committed together, each in its own savepoint: an exception rolls back that unit alone.
3. Before each commit the `finish` function given at opening runs once for the whole group with the
   links whose own log grew; it signs their heads in the same transaction.
4. The first storage error closes the store for good: every later call raises `StoreError`. A refused
   row (`AppendOnlyError`) is not one: it undoes the statement, and the unit unless it is caught.
5. Nothing of a log is cached outside a transaction.
"""

import builtins
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from exchange.ids import AgencyCode, CaseCode, LinkId, MessageId, OfficerNumber
from exchange.protocol.keyring import KeySpan
from exchange.service.access import Access
from exchange.service.books import Audit, Differences, Statements
from exchange.service.clients import Clients
from exchange.service.emergencies import Emergencies
from exchange.service.erasures import Erasures
from exchange.service.findings import Register, Searches
from exchange.service.ledgers import HeadLines, Logs, Stamps, Tiles, Witnessed
from exchange.service.movements import Movements
from exchange.service.open_questions import Questions
from exchange.service.rows import (
    AgreementRow,
    Announced,
    CardRow,
    CaseEventRow,
    CaseRow,
    CrossingRow,
    Direction,
    DraftRow,
    DraftSummary,
    LinkRow,
    MessageRow,
    OfficerRow,
    Part,
)
from exchange.service.staff import Staff
from exchange.service.unopened import Unopened

T = TypeVar("T")


class Links(Protocol):
    """Links, agreements, cards, and where the keys of a partner count."""

    def add(self, row: LinkRow) -> None: ...
    def get(self, link: LinkId) -> LinkRow | None: ...
    def of_partner(self, partner: AgencyCode) -> LinkRow | None: ...
    def all(self) -> list[LinkRow]: ...
    def update(self, row: LinkRow) -> None:
        """Replace the row of `row.link`; `next_seq` and `contiguous_in` never go down (AppendOnlyError)."""
        ...

    def withdraw(self, row: LinkRow, *, at: datetime) -> None:
        """Take an enrolment back: the link is found no more, and the cards of its partner go.

        Raises AppendOnlyError when a message of either direction had a number, or the partner's log began.
        """
        ...

    def was_withdrawn(self, link: LinkId) -> bool:
        """Return whether an enrolment with this link was taken back."""
        ...

    def add_agreement(self, row: AgreementRow) -> None: ...
    def countersign(
        self,
        link: LinkId,
        n: int,
        *,
        own: str | None = None,
        partner: str | None = None,
        own_from_seq: int | None = None,
        partner_from_seq: int | None = None,
    ) -> None:
        """Fill an empty signature, or a first number that is still 0, of an agreement version.

        What is filled never changes (AppendOnlyError); the same value again is no change.
        """
        ...

    def agreement(self, link: LinkId, n: int) -> AgreementRow | None: ...
    def add_card(self, row: CardRow) -> None:
        """Keep a card; requires a higher serial than any kept card of the agency."""
        ...

    def card(self, agency: AgencyCode) -> CardRow | None:
        """Return the card with the highest serial."""
        ...

    def cards(self, agency: AgencyCode) -> list[CardRow]: ...
    def key_spans(self, link: LinkId, epoch: int) -> list[KeySpan]:
        """Return where keys of the partner count in an epoch of its log, as far as it was ever limited."""
        ...

    def put_key_span(self, link: LinkId, epoch: int, span: KeySpan) -> None:
        """Keep where a key of the partner counts.

        A kept begin never goes down and a kept end never goes up or away (AppendOnlyError).
        """
        ...


class Messages(Protocol):
    """Messages of both directions; the open queue is an index of its own."""

    def add(self, row: MessageRow, *, envelope: bytes, body: bytes | None) -> None:
        """Keep a new message with the exact bytes of its line.

        Raises AppendOnlyError when the id or the number of this direction is used.
        """
        ...

    def update(self, row: MessageRow) -> None:
        """Replace state, code, type, verdict and attempt columns; the others never change."""
        ...

    def is_used(self, link: LinkId, direction: Direction, id: MessageId, seq: int) -> bool:
        """Return whether a message has this id or this number."""
        ...

    def by_seq(self, link: LinkId, direction: Direction, seq: int) -> MessageRow | None: ...
    def by_id(self, link: LinkId, direction: Direction, id: MessageId) -> MessageRow | None: ...
    def find(self, prefix: str) -> list[MessageRow]:
        """Return messages whose id begins or ends with `prefix` (at least 4 characters), at most 20."""
        ...

    def line(self, link: LinkId, direction: Direction, seq: int) -> tuple[bytes, bytes | None]:
        """Return the envelope and, while it is kept, the sealed body."""
        ...

    def lines(
        self, link: LinkId, direction: Direction, seqs: Collection[int]
    ) -> list[tuple[bytes, bytes | None]]:
        """Return `line` of messages, in the order asked for, with one look-up."""
        ...

    def due(
        self,
        link: LinkId,
        *,
        now: datetime,
        limit: int,
        max_bytes: int,
        window: int,
        without: Collection[int] = (),
    ) -> list[MessageRow]:
        """Return queued outgoing messages whose next attempt is due, stops first, then by number.

        Ends before the line that would exceed `max_bytes`, but always holds the first one. None but stops is
        more than `window` numbers ahead of the first one that is queued or stopped.
        """
        ...

    def first_queued(self, link: LinkId) -> int | None:
        """Return the lowest number that waits for its verdict, stop or not, or None."""
        ...

    def queued(self, link: LinkId, *, stops: bool, after: int, limit: int) -> list[MessageRow]:
        """Return queued outgoing messages with a number above `after`, by number, due or not.

        Only stops, or only the others.
        """
        ...

    def open_count(self, link: LinkId) -> tuple[int, int]:
        """Return how many outgoing messages have no final verdict, and their bytes."""
        ...

    def stopped(self, link: LinkId) -> list[MessageRow]:
        """Return outgoing messages that were refused or lost and wait for a decision, by number."""
        ...

    def held(self, link: LinkId) -> list[MessageRow]:
        """Return received messages that wait for a missing number, by number."""
        ...

    def held_numbers(self, link: LinkId) -> Sequence[int]:
        """Return the numbers of `held`, in order."""
        ...

    def held_bytes(self, link: LinkId) -> int:
        """Return the bytes of the lines of `held`."""
        ...

    def first_missing(self, link: LinkId, start: int) -> int:
        """Return the lowest number from `start` on of which no received message is here."""
        ...

    def expired(self, link: LinkId, *, now: datetime, limit: int) -> list[MessageRow]:
        """Return outgoing messages without a verdict, not given up, whose `expires_at` has passed."""
        ...

    def list(
        self,
        *,
        link: LinkId | None = None,
        direction: Direction | None = None,
        after: tuple[str, int] | None = None,
        limit: int = 100,
    ) -> list[MessageRow]:
        """Return messages, newest first.

        `after` is (id, seq) of the last row of the page before.
        """
        ...

    def of_no_case(self, type_code: str, *, limit: int) -> builtins.list[MessageRow]:
        """Return messages of TRD or DIR on every link, newest first: types that no case leads to."""
        ...

    def announce(self, row: Announced) -> bool:
        """Keep a `sent` leaf of the partner; return False when its number or id was announced before."""
        ...

    def announced(self, link: LinkId, seq: int) -> Announced | None: ...
    def void_announced(self, link: LinkId, seq: int, code: str) -> None:
        """Remember the void of an announced number; the first code stays, an unknown number is ignored."""
        ...

    def announced_last(self, link: LinkId) -> int:
        """Return the highest announced number, 0 when there is none."""
        ...

    def announced_numbers(self, link: LinkId, start: int, limit: int) -> builtins.list[Announced]:
        """Return announcements with seq >= start in order of their numbers."""
        ...

    def numbers(
        self, link: LinkId, direction: Direction, start: int, limit: int
    ) -> builtins.list[MessageRow]:
        """Return messages with seq >= start in order of their numbers (for reconciliation pages)."""
        ...

    def read_ahead(self, link: LinkId, direction: Direction, start: int, limit: int) -> None:
        """Read messages with seq >= start together, because `by_seq` is asked for them next."""
        ...


class Contents(Protocol):
    """Parts of bodies, encrypted at rest: a person's part under the key of the case."""

    def add(self, link: LinkId, direction: Direction, seq: int, parts: Sequence[Part]) -> None: ...
    def parts(self, link: LinkId, direction: Direction, seq: int, *, end: int | None = None) -> list[Part]:
        """Return the parts that have not been erased, by number; all of them, or those before `end`."""
        ...

    def leave(self, link: LinkId, direction: Direction, seq: int, number: int, hash: bytes) -> None:
        """Keep the hash of a part that is being erased, for proofs about the others; idempotent."""
        ...

    def left(self, link: LinkId, direction: Direction, seq: int) -> dict[int, bytes]:
        """Return the hashes of the erased parts of a message, by number."""
        ...

    def drop(self, link: LinkId, direction: Direction, seq: int) -> None:
        """Let the content of one message go, in parts and sealed; its data key ends with the commit."""
        ...

    def drop_sealed(self, link: LinkId, direction: Direction, seq: int) -> None:
        """Let the sealed body of one message go; the parts stay."""
        ...

    def read_salts(self, salts: Iterable[bytes]) -> None:
        """Look up salts of several messages together, because `seen_salts` is asked next."""
        ...

    def seen_salts(self, salts: Iterable[bytes]) -> bool:
        """Return True if any of these salts was used before or comes twice, else remember them all."""
        ...


class Cases(Protocol):
    """Cases and their events. Codes are stored encrypted and looked up by keyed tokens."""

    def get(self, link: LinkId, code: CaseCode) -> CaseRow | None: ...
    def add(self, row: CaseRow) -> None: ...
    def update(self, row: CaseRow) -> None:
        """Replace state, snapshot, provisional and changed_at."""
        ...

    def find(self, prefix: str) -> list[CaseRow]:
        """Return cases whose code begins with `prefix` (at least the first group of four), at most 20."""
        ...

    def list(self, *, link: LinkId | None = None, limit: int = 100, skip: int = 0) -> list[CaseRow]:
        """Return cases, last changed first; without a link those behind the first `skip`."""
        ...

    def page(self, link: LinkId, *, after: int = 0, limit: int = 100) -> tuple[builtins.list[CaseCode], int]:
        """Return codes of cases, oldest first, and the place after which the next page begins, or 0."""
        ...

    def add_event(self, row: CaseEventRow) -> None: ...
    def events(self, link: LinkId, code: CaseCode) -> builtins.list[CaseEventRow]: ...
    def of_message(self, link: LinkId, direction: Direction, seq: int) -> builtins.list[CaseCode]:
        """Return the cases that a message holds a part of or had an effect on."""
        ...

    def read_ahead(self, link: LinkId, direction: Direction, seqs: Collection[int]) -> None:
        """Read the cases of several messages together, because `of_message` and `get` are asked next."""
        ...

    def read_named(self, link: LinkId, codes: Collection[CaseCode]) -> None:
        """Read several cases together, because `get` is asked for them next."""
        ...

    def messages(self, link: LinkId, code: CaseCode) -> builtins.list[MessageRow]:
        """Return the messages that hold a part of a case or had an effect on it, oldest first."""
        ...

    def in_state(
        self, link: LinkId, state: str, *, unchanged_since: datetime, after: int = 0, limit: int = 100
    ) -> tuple[builtins.list[CaseCode], int]:
        """Return cases in a state that did not change since, and the place of the next page, or 0."""
        ...

    def erase(self, link: LinkId, code: CaseCode) -> None:
        """Erase a case: code, snapshot, parts, sealed bodies; its data key is destroyed after the commit.

        Common parts of a message go with its last case, a movement with the last of its cases, and with both
        what messages about them said. Events stay: numbers, states, times. Idempotent.
        """
        ...


class Crossings(Protocol):
    """What both sides announced about crossings; names nobody."""

    def add(self, row: CrossingRow) -> None: ...
    def of(self, link: LinkId, checkpoint: str) -> list[CrossingRow]:
        """Return every announcement about a crossing, by direction and number."""
        ...

    def latest(self, link: LinkId) -> list[CrossingRow]:
        """Return the last announcement of each side about each crossing."""
        ...


class Officers(Protocol):
    """Directory of this agency's officers; names encrypted at rest."""

    def add(self, row: OfficerRow) -> None: ...
    def get(self, number: OfficerNumber) -> OfficerRow | None: ...
    def correct(self, row: OfficerRow) -> None:
        """Replace name, office and functions of an entry; the old name is not kept."""
        ...

    def end(self, number: OfficerNumber, at: datetime) -> None: ...
    def list(self) -> list[OfficerRow]: ...


class Drafts(Protocol):
    def save(self, row: DraftRow) -> None: ...
    def get(self, id: MessageId) -> DraftRow | None: ...
    def find(self, prefix: str) -> list[DraftRow]: ...
    def delete(self, id: MessageId) -> None: ...
    def list(self) -> list[DraftRow]: ...
    def summaries(self) -> builtins.list[DraftSummary]:
        """Return every draft without its document, newest first."""
        ...


class Settings(Protocol):
    """Small named values of the node (node id, last restore mark); never personal data."""

    def get(self, name: str) -> str | None: ...
    def put(self, name: str, value: str) -> None: ...


class UnitOfWork(Protocol):
    """Everything one transaction can read and change."""

    def attempt(self, work: Callable[[], T]) -> T:
        """Run `work` in a savepoint of its own; if it raises, only its changes are undone."""
        ...

    @property
    def links(self) -> Links: ...
    @property
    def logs(self) -> Logs: ...
    @property
    def head_lines(self) -> HeadLines: ...
    @property
    def stamps(self) -> Stamps: ...
    @property
    def tiles(self) -> Tiles: ...
    @property
    def witnessed(self) -> Witnessed: ...
    @property
    def messages(self) -> Messages: ...
    @property
    def contents(self) -> Contents: ...
    @property
    def cases(self) -> Cases: ...
    @property
    def movements(self) -> Movements: ...
    @property
    def crossings(self) -> Crossings: ...
    @property
    def questions(self) -> Questions: ...
    @property
    def unopened(self) -> Unopened: ...
    @property
    def searches(self) -> Searches: ...
    @property
    def register(self) -> Register: ...
    @property
    def differences(self) -> Differences: ...
    @property
    def statements(self) -> Statements: ...
    @property
    def officers(self) -> Officers: ...
    @property
    def clients(self) -> Clients: ...
    @property
    def drafts(self) -> Drafts: ...
    @property
    def emergencies(self) -> Emergencies: ...
    @property
    def erasures(self) -> Erasures: ...
    @property
    def staff(self) -> Staff: ...
    @property
    def access(self) -> Access: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def settings(self) -> Settings: ...


Unit = Callable[[UnitOfWork], T]


@dataclass(frozen=True)
class AboutCases(Generic[T]):
    """A unit with the cases it will ask for, so that a store can read those of a whole group together."""

    unit: Unit[T]
    link: LinkId
    cases: Collection[CaseCode]

    def __call__(self, uow: UnitOfWork) -> T:
        return self.unit(uow)


Finish = Callable[[UnitOfWork, frozenset[LinkId]], None]
"""Runs once before each commit with the links whose own log grew in the group."""


class Store(Protocol):
    """Runs units of work; see the rules at the top of this module.

    Both calls raise BusyError, and nothing ran, when too many units wait already.
    """

    def write(self, unit: Unit[T]) -> Awaitable[T]:
        """Run a unit that changes something; durable when it returns."""
        ...

    def read(self, unit: Unit[T]) -> Awaitable[T]:
        """Run a unit that only reads."""
        ...
