# SPDX-License-Identifier: Apache-2.0
"""Tells the own people and systems that something arrived, that something is late, that all is well.

Nothing that is told says what: no name, case, type, partner, place or number of a message. Whoever reads it
signs in and looks. Everything here may fail without holding up any message.

1. **Arrival.** When new messages arrived since the last look, each channel is told once, at most every
   `ARRIVALS_EVERY`; a stop tells as soon as any other message, for a mark of urgency would say too much. The
   mark up to which a channel was told moves when it was told: what a dead server missed is told later.
2. **Late.** On each working day of the own side, from a given hour on: how many answers are late.
3. **All well.** Once a week, from Monday on: that the node works, or that somebody should look. No mail is a
   sign as well.
4. A channel that fails is tried again after a growing, jittered wait; after `TRIES` times the notice is given
   up, and the next one is tried anew (rule 20).

What was told stands in small settings of the store, so a restart neither repeats nor forgets. Decisions are
plain functions of what is known and of the time. The mails, and the task that tells all of it, stand in
`notice_mails`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from exchange.errors import ExchangeError, StoreError
from exchange.ids import LinkId
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction

LOOK_EVERY_S = 5.0
ARRIVALS_EVERY = timedelta(minutes=1)
"""One mail for all that comes in a minute: a stop must not wait longer, and nobody reads sixty mails."""
WAIT_FIRST_S, WAIT_LONGEST_S = 2.0, 900.0
TRIES = 12
"""With waits up to 15 minutes: about two hours."""
PAGE = 500
NUMBER_BYTES = 6
_NO_MARK = (0, 0)

Mark = tuple[int, int]
"""Highest number that arrived on a link, and up to which none is missing."""
Marks = Mapping[LinkId, Mark]


@dataclass(frozen=True)
class Mail:
    """One mail to people of the own agency."""

    to: tuple[str, ...]
    subject: str
    text: str


@dataclass(frozen=True)
class Arrival:
    """That something arrived. `request` stays the same when it is told again."""

    at: datetime
    request: str


class Mailer(Protocol):
    """Hands a mail over, or raises TransportError."""

    async def send(self, mail: Mail) -> None: ...


@dataclass
class Channel:
    """One way to tell of arrivals, and how it does at present."""

    name: str
    tell: Callable[[Arrival], Awaitable[None]]
    failures: int = 0
    next_s: float = float("-inf")
    pending: Arrival | None = None


def has_arrived(before: Marks, now: Marks) -> bool:
    """Return whether anything arrived between two looks; of a link that was not known before, everything."""
    return any(mark != before.get(link, _NO_MARK) for link, mark in now.items())


def is_digest_due(last: str, now: datetime, *, hour: int) -> bool:
    """Return whether the digest of a day is not sent yet; `now` in the own zone, `last` an ISO day or ""."""
    return now.hour >= hour and now.date().isoformat() > last


def is_weekly_due(last: str, now: datetime, *, hour: int) -> bool:
    """Return whether the mail of a week is not sent yet; `last` is as `week_of` gives it, or ""."""
    return week_of(now.date()) > last and (now.isoweekday() > 1 or now.hour >= hour)


def week_of(day: date) -> str:
    """Return the ISO week of a day: `2027-W40`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def wait_s(failures: int, jitter: float) -> float:
    """Return how long to wait after so many failures; `jitter` is between 0 and 1."""
    return float(min(WAIT_FIRST_S * 2 ** (failures - 1), WAIT_LONGEST_S)) * (0.5 + jitter / 2)


@dataclass
class Arrivals:
    """Rule 1 and 4, for every channel."""

    node: Node
    channels: tuple[Channel, ...]

    async def look(self) -> None:
        """Tell each channel that has not been told yet and need not wait."""
        if not self.channels:
            return
        now = await self.node.store.read(_marks)
        for channel in self.channels:
            if self.node.clock.monotonic_s() >= channel.next_s:
                await self._tell(channel, now)

    async def _tell(self, channel: Channel, now: Marks) -> None:
        told = await self.node.store.read(lambda uow: _told(uow, channel.name, now))
        if told is None or not has_arrived(told, now):
            if told is None:  # a new channel hears of what comes, not of what was
                await self._remember(channel, now)
            return
        arrival = channel.pending or Arrival(self.node.clock.now(), self.node.random(NUMBER_BYTES).hex())
        try:
            await channel.tell(arrival)
        except StoreError:
            raise
        except ExchangeError as error:
            await self._failed(channel, arrival, error, now)
            return
        await self._remember(channel, now)
        self.node.counters.count("notice_sent")
        self._rest(channel, ARRIVALS_EVERY.total_seconds())

    async def _failed(self, channel: Channel, arrival: Arrival, error: ExchangeError, now: Marks) -> None:
        channel.failures, channel.pending = channel.failures + 1, arrival
        note_failure(self.node, error)
        if channel.failures >= TRIES:
            await self._remember(channel, now)
            self._rest(channel, WAIT_LONGEST_S)
            return
        jitter = self.node.random(1)[0] / 255
        channel.next_s = self.node.clock.monotonic_s() + wait_s(channel.failures, jitter)

    def _rest(self, channel: Channel, seconds: float) -> None:
        channel.failures, channel.pending = 0, None
        channel.next_s = self.node.clock.monotonic_s() + seconds

    async def _remember(self, channel: Channel, marks: Marks) -> None:
        def unit(uow: UnitOfWork) -> None:
            for link, (highest, whole) in marks.items():
                uow.settings.put(_place(channel.name, link), f"{highest} {whole}")
            uow.settings.put(_begun(channel.name), "yes")

        await self.node.store.write(unit)


def note_failure(node: Node, error: ExchangeError) -> None:
    """Say in the journal that a notice was not taken, by its code."""
    node.counters.count("notice_failed", reason=error.reason)
    node.journal.note("notice_failed", reason=error.reason)


def _marks(uow: UnitOfWork) -> dict[LinkId, Mark]:
    return {
        row.link: (_highest(uow, row.link, row.contiguous_in), row.contiguous_in) for row in uow.links.all()
    }


def _highest(uow: UnitOfWork, link: LinkId, whole: int) -> int:
    """Return the highest number that arrived; beyond the contiguous mark there are few."""
    ahead = uow.messages.numbers(link, Direction.IN, whole + 1, PAGE)
    return max((row.seq for row in ahead), default=whole)


def _told(uow: UnitOfWork, channel: str, now: Marks) -> Marks | None:
    """Return up to where a channel was told, or None if it is new."""
    if uow.settings.get(_begun(channel)) is None:
        return None
    return {link: _read(uow.settings.get(_place(channel, link))) for link in now}


def _read(text: str | None) -> Mark:
    highest, _, whole = (text or "0 0").partition(" ")
    return int(highest), int(whole)


def _place(channel: str, link: LinkId) -> str:
    return f"notices:{channel}:{link}"


def _begun(channel: str) -> str:
    return f"notices:{channel}"
