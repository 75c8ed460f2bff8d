# SPDX-License-Identifier: Apache-2.0
"""What every use case of one node works with: its identity, its keys, and the ports.

A `Node` is made once by `bootstrap` (or by a simulation) and handed to each use case. It holds no
state of the exchange: that is in the store. What lives only as long as the process (whether the gate of
a link is open, what is in flight, who waits) is in `presence`.
"""

import asyncio
import contextlib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from exchange.cases.tables import MovementTable
from exchange.clock import Clock, instant_text
from exchange.errors import ClockError, GateClosedError, LinkPausedError
from exchange.ids import AgencyCode, LinkId, NodeId, OfficerNumber, RandomSource
from exchange.messages.versions import installed_versions
from exchange.protocol.frames import Result
from exchange.protocol.keyring import Keyring
from exchange.service.batching import Batcher
from exchange.service.offered import Offered
from exchange.service.ports import Store
from exchange.service.rows import LinkState, MessageRow
from exchange.service.surroundings import Carrier, Counters, HighWater, Journal, Stamper, Witnesses
from exchange.service.wishes import Wishes

if TYPE_CHECKING:
    from exchange.service.pairing import Pairing
    from exchange.service.release import Ready

CLOCK_TOLERANCE_S = 60
"""Design 5: a wall clock that moved this far against the monotonic clock is in doubt."""

NOT_ASKED = "not_asked_yet"
"""Reason of a gate whose partner was not reached since the start."""
PAUSED_REASON = "paused"
"""Reason of a gate that an officer holds shut."""


@dataclass(frozen=True)
class Limits:
    """Bounds of one node; numbers from threat-model section 7 and design 4.6."""

    open_messages: int = 50_000
    open_bytes: int = 2 * 1024**3
    window_numbers: int = 256
    window_bytes: int = 64 * 1024**2
    retry_first_s: float = 2.0
    retry_longest_s: float = 900.0
    in_flight_s: float = 30.0
    """After this time without a verdict a line counts as lost on the way and is offered again."""
    exchange_timeout_s: float = 75.0
    tail_only_every_s: float = 60.0
    skew: timedelta = timedelta(seconds=300)
    internal_after: timedelta = timedelta(minutes=10)
    upkeep_s: float = 1.0
    """How often the high-water file, waiting drafts and lost numbers are looked at."""
    keeps_books: bool = True
    """Whether statements and notices of differences are made by themselves; not where numbers are fixed."""
    after_trouble_s: float = 10.0
    """Pause of a link's loop after an error that people have to settle."""


class ClockGuard:
    """Notices when the wall clock jumps: no leaf is written while the time is in doubt (rule 26)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.settle()

    def settle(self) -> None:
        """Take the present time as right; called at start and when two persons confirmed it."""
        self._wall, self._mono = self._clock.now(), self._clock.monotonic_s()

    def check(self) -> datetime:
        """Return the time, or raise ClockError if it moved against the monotonic clock."""
        now = self._clock.now()
        moved = (now - self._wall).total_seconds() - (self._clock.monotonic_s() - self._mono)
        if abs(moved) > CLOCK_TOLERANCE_S:
            raise ClockError(
                f"the clock moved by {moved:.0f} s against the monotonic clock; no entry is written",
                hint="set the clock right and restart the service",
            )
        return now


@dataclass(frozen=True)
class WitnessHeard:
    """What a witness said of our log when it was asked last."""

    word: str
    at: datetime
    confirmed_at: datetime | None
    """When it confirmed our log last, since the start."""


@dataclass(frozen=True)
class Held:
    """Since when an officer holds a link shut, and who; why stands in the store (`pauses`)."""

    partner: AgencyCode
    at: datetime
    by: OfficerNumber


@dataclass
class LinkPresence:
    """What a running process knows of one link; gone with the process."""

    start_gate: LinkState = LinkState.CLOSED
    """How the start gate stands by itself; ask `gate` whether anything may be written."""
    start_reason: str = NOT_ASKED
    pause: Held | None = None
    """An officer stopped the link. It is kept in the store as well, so that it outlives the process."""
    calls: set[asyncio.Timeout] = field(default_factory=set)
    """Our calls to the partner that are under way; a pause cuts them off."""
    giving: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while the files of a parcel get their names: all of them or, once the link is paused, none."""
    offered: Offered = field(default_factory=Offered)
    """Lines that are on their way."""
    owed_results: list[Result] = field(default_factory=list)
    pairing: "Pairing | None" = None
    """What was in force when it was read last: enough to seal with, and judged anew with the number."""
    numbering: "Batcher[Ready, MessageRow]" = field(default_factory=Batcher)
    """Sealed messages that wait for their numbers."""
    card_wanted: bool = False
    """The partner said that it does not know our current card."""
    card_owed: bool = False
    """The partner switched to the version with our new recovery key and did not get the card under it yet."""
    partner_holds: int | None = None
    """How much of our log the partner said it holds, when that is less than it once cosigned."""
    numbers_told: int = 0
    """The highest number of ours that the partner said it has seen."""
    refused: Counter[str] = field(default_factory=Counter)
    """How many requests, lines, tails, cosignatures and cards of the partner were refused since the start."""
    refused_rule: str = ""
    """The rule that the last refused request of the partner broke, until the partner is heard."""
    state_told: str = ""
    """The state of its own gate that the partner told last."""
    epoch_told: int = 1
    """The highest epoch of either log that the partner named."""
    cosignature_sent: int = 0
    """Size of the partner's log that our last sent cosignature covers."""
    failures: int = 0
    failure: str = ""
    """Why our last call failed, until the partner is heard."""
    last_contact_at: datetime | None = None
    tail_sent_s: float = float("-inf")
    witnesses: dict[str, WitnessHeard] = field(default_factory=dict)
    """What each witness said last, by its name."""
    apart_s: int = 0
    """How far the partner's clock is ahead of ours if that is too far, else 0: `clock_apart`."""
    evidence: int = 0
    """How many pieces of evidence against the partner were kept since the start."""
    retry_at_s: float = float("-inf")
    """Monotonic second at which a line that the partner put off is offered again."""
    notes_at_s: float = float("-inf")
    """Monotonic second from which the partner may be asked again about a new version of the agreement."""
    is_called: bool = False
    """The partner called us since the start, so it reaches our address."""
    only_answers: bool = False
    """The partner has no address: it calls, and we never do."""
    is_confirmed: bool = False
    """Two persons confirmed since the start that this store is the newest one; for parcels without a line."""
    is_decided_here: bool = False
    """Two persons decided a new epoch since the start: they know that this store is the newest one."""
    is_reading: bool = False
    """A parcel of the partner is being read."""
    wishes: Wishes = field(default_factory=Wishes)
    """What a partner that only calls is asked for in our answers."""
    gate_nonce: str = ""
    """Nonce of our last answer at the gate; a partner that only calls proves with it that it speaks now."""
    taking: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a frame of the partner is being taken: lines of two frames do not mix."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    stir: asyncio.Event = field(default_factory=asyncio.Event)
    """As `wake`, for the answers that are held until something is due."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def gate(self) -> LinkState:
        """The state of the link: paused while an officer holds it shut, else how its start gate stands."""
        return LinkState.PAUSED if self.pause else self.start_gate

    @gate.setter
    def gate(self, state: LinkState) -> None:
        self.start_gate = state

    @property
    def reason(self) -> str:
        """Why the link is not open, as a code, "" if it is."""
        return PAUSED_REASON if self.pause else self.start_reason

    @reason.setter
    def reason(self, reason: str) -> None:
        if reason != PAUSED_REASON:  # that is no reason of the start gate: it ends with the pause
            self.start_reason = reason

    @contextlib.asynccontextmanager
    async def calling(self) -> AsyncIterator[None]:
        """Call the partner inside; a pause ends the call at once, whatever it waits for.

        Raises:
            LinkPausedError: an officer stopped the link, before the call or during it.
        """
        self.demand_unpaused()
        call = asyncio.timeout(None)
        try:
            async with call:
                self.calls.add(call)
                try:
                    yield
                finally:
                    self.calls.discard(call)
        except TimeoutError:
            if call.expired():
                raise LinkPausedError("the call was cut off: an officer stopped this link") from None
            raise
        self.demand_unpaused()

    def cut_calls(self) -> None:
        """End every call to the partner that is under way."""
        now_s = asyncio.get_running_loop().time()
        for call in self.calls:
            if not call.expired():
                call.reschedule(now_s)

    def demand_unpaused(self) -> None:
        """Raise LinkPausedError while an officer holds the link shut."""
        if self.pause:
            raise LinkPausedError(
                f"{self.pause.by} stopped everything with {self.pause.partner} at"
                f" {instant_text(self.pause.at)}: nothing goes, and nothing is taken",
                hint="telephone the partner about whatever cannot wait; two officers end it: exchange partner"
                f" resume {self.pause.partner} --end-pause",
            )

    def note_heard(self) -> None:
        """Forget why calls failed: the partner was heard, and what it said is verified."""
        self.failure = self.refused_rule = ""


class Presence:
    """The presence of every link."""

    def __init__(self) -> None:
        self._links: dict[LinkId, LinkPresence] = defaultdict(LinkPresence)
        self._stops = asyncio.Event()

    def of(self, link: LinkId) -> LinkPresence:
        return self._links[link]

    def forget(self, link: LinkId) -> None:
        """Know nothing of a link any more; whoever waits for it goes on."""
        presence = self._links.pop(link, None)
        if presence is not None:
            presence.wishes.end()
            for event in (presence.wake, presence.stir, presence.changed):
                event.set()

    def is_asking(self, link: LinkId) -> bool:
        """Return whether the partner of a link was asked for something in our answer."""
        return link in self._links and self._links[link].wishes.is_open

    def demand_open(self, link: LinkId) -> None:
        """Raise GateClosedError unless the start gate of the link is open."""
        presence = self._links[link]
        presence.demand_unpaused()
        if presence.gate is not LinkState.OPEN:
            raise GateClosedError(
                f"the start gate is {presence.gate.value} ({presence.reason}); nothing is written",
                hint="wait until the partner answered, or run: exchange doctor",
            )

    def paused(self) -> list[Held]:
        """Return every pause, the longest first."""
        held = [presence.pause for presence in self._links.values() if presence.pause]
        return sorted(held, key=lambda each: each.at)

    def demand_unpaused(self, link: LinkId) -> None:
        """Raise LinkPausedError while an officer holds the link shut, however its gate stands."""
        self._links[link].demand_unpaused()

    @property
    def is_any_frozen(self) -> bool:
        """Return whether people have to decide about the history of any link."""
        return any(presence.start_gate is LinkState.FROZEN for presence in list(self._links.values()))

    def wake(self, link: LinkId) -> None:
        """Tell the partner's loop, and a partner that waits, that there is something to send."""
        self._links[link].wake.set()
        self._links[link].stir.set()

    @property
    def is_draining(self) -> bool:
        """True once the node stops: nobody waits any more, what is under way ends, nothing new begins."""
        return self._stops.is_set()

    async def rest(self, seconds: float | None = None) -> None:
        """Wait so long, or until the node stops."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stops.wait()

    def drain(self) -> None:
        """Begin to stop: let everyone who waits for something go on."""
        self._stops.set()
        for link, presence in list(self._links.items()):
            presence.wishes.end()
            self.wake(link)
            self.announce_change(link)

    def announce_change(self, link: LinkId) -> None:
        """Wake everyone who waits for news of the link."""
        presence = self._links[link]
        presence.changed.set()
        presence.changed = asyncio.Event()


@dataclass(frozen=True)
class Node:
    """Identity, keys and ports of one running node."""

    agency: AgencyCode
    node: NodeId
    keys: Keyring
    store: Store
    carrier: Carrier
    high_water: HighWater
    counters: Counters
    journal: Journal
    clock: Clock
    guard: ClockGuard
    random: RandomSource
    tables: MovementTable
    """Transition tables of movements and, in `tables.cases`, of cases."""
    presence: Presence
    limits: Limits = field(default_factory=Limits)
    training: bool = False
    only_calls: bool = False
    """This node has no address: it asks for news by itself, in long polls."""
    witnesses: Witnesses | None = None
    """Third parties that remember how far our logs went; None without any."""
    stampers: Sequence[Stamper] = ()
    """Authorities that stamp the heads of statements with the time."""
    versions: Mapping[str, Sequence[str]] = field(default_factory=installed_versions)
    """Versions of each message type that this node reads and writes."""

    def is_by_files(self, link: LinkId) -> bool:
        """Return True if neither side of a link can be called, so that only parcels connect them."""
        return self.only_calls and self.presence.of(link).only_answers
