# SPDX-License-Identifier: Apache-2.0
"""The order of effects: a case is a function of the two logs, whatever the line did.

Each case and each movement has a *keeper*: the host side until the joint record is complete, then the
origin side; a case that a reception opened is kept by the origin side from the beginning. An effect takes
the place it has in the keeper's own log:

    written by      its place                               until then
    the keeper      its `sent` leaf                         (none; a rejection takes the effect back)
    the other side  the keeper's `rcvd` or `accp` leaf      provisional at the author, unknown to the keeper

A reception opened the case if the log of the origin side has nothing about the case before it. The record
is complete at the place of the agreed countersignature in the host side's log. What has a place
up to there keeps it; everything else takes its place in the log of the origin side.

When both act at once, the keeper K writes k and the other side N writes n, and they cross:

1. K applies k when it writes the `sent` leaf. N applies n at once too, but shows it as provisional.
2. n reaches K. K judges n after k, because that is where its verdict leaf will stand: it accepts n there,
   or rejects it with `state_conflict`.
3. k reaches N. N judges k at the place of its `sent` leaf in N's copy of K's log: after everything that
   stands before that leaf, and without n, whose verdict stands behind it. So N sees what K saw when it
   wrote k, and accepts what K could rightly write. N then replays: k, and n still provisional after it.
4. K's verdict on n reaches N with K's log. Accepted: n is effective behind k at both. Rejected: gone.
5. A verdict other than acceptance takes an effect away at both sides; what was built on it and no longer
   fits has no effect any more, at both sides alike, since both replay the same entries in the same order.
6. Stops need no rule of their own here: they get their verdict on arrival, before a missing number, so
   their place is that verdict leaf (written by N) or their `sent` leaf (written by K), and nothing behind
   that place escapes them. A message that arrives later but has its place before is judged before them.

What is not known yet is left out: a message of the partner without our verdict (missing or held) has no
effect here. Times play no part. This module judges no content; `chronicle` replays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from exchange.cases.snapshot import Fields, Side
from exchange.cases.tables import completes_record

Place = tuple[int, int]
"""Epoch and index of a leaf in one log."""
LAST: Place = (2**53, 0)
"""Behind every leaf: where our verdict on the message in hand will stand."""


class Effect(Protocol):
    """What the order needs to know of an event of a case or movement."""

    @property
    def type(self) -> str: ...
    @property
    def side(self) -> Side: ...
    @property
    def fields(self) -> Fields: ...
    @property
    def ref(self) -> str: ...


E = TypeVar("E", bound=Effect)


@dataclass(frozen=True)
class Keeping:
    """Who keeps the order: before and after the complete record, and in a case a message opened."""

    first: Side
    later: Side
    opened_by: Mapping[str, Side]


@dataclass(frozen=True)
class Known(Generic[E]):
    """A message this node knows: written here, or received and judged."""

    event: E
    sent: Place
    """Its `sent` leaf in the log of its author."""
    verdict: Place | None = None
    """The final verdict leaf in the log of its recipient: `rcvd`, or `accp` or `rejc` after `held`."""
    accepted: bool | None = None
    """None while no final verdict is known."""

    @property
    def side(self) -> Side:
        return self.event.side

    def place(self, keeper: Side) -> Place | None:
        """Return the place in the log of `keeper`, or None without one."""
        if self.accepted is False:
            return None
        return self.sent if self.event.side == keeper else self.verdict


@dataclass(frozen=True)
class Placed(Generic[E]):
    """An effective message with its place and the side whose log gave it."""

    entry: Known[E]
    place: Place
    keeper: Side


@dataclass(frozen=True)
class Ordered(Generic[E]):
    """Effective messages in their order, and our own ones that wait for the keeper."""

    effective: tuple[Placed[E], ...]
    provisional: tuple[Known[E], ...]


def order(entries: Iterable[Known[E]], own: Side, keeping: Keeping) -> Ordered[E]:
    """Return the order of effects as the node of side `own` knows it.

    Two nodes that know the same entries with the same verdicts get the same effective messages.
    """
    live = [
        entry for entry in entries if entry.accepted or (entry.accepted is None and entry.event.side == own)
    ]
    first = first_keeper(live, keeping)
    early = _in_log_of(first, live)
    if len(live) == 1:  # one message alone has no order
        return Ordered(tuple(early), () if early else tuple(live))
    end = _record_complete(early) if first != keeping.later else None
    if end is not None:
        early = [placed for placed in early if placed.place <= end]
        done = {id(placed.entry) for placed in early}
        late = _in_log_of(keeping.later, [entry for entry in live if id(entry) not in done])
        early += late
    done = {id(placed.entry) for placed in early}
    waiting = sorted((entry for entry in live if id(entry) not in done), key=lambda entry: entry.sent)
    return Ordered(tuple(early), tuple(waiting))


def first_keeper(entries: Sequence[Known[E]], keeping: Keeping) -> Side:
    """Return who keeps the order from the beginning of a case.

    A reception opened it if it stands in the log of the origin side before anything else about the case.
    """
    if keeping.opened_by.keys().isdisjoint([entry.event.type for entry in entries]):
        return keeping.first
    opened = opening(entries, keeping)
    if opened is None or opened.entry.side != keeping.later:
        return keeping.first
    return keeping.opened_by.get(opened.entry.event.type, keeping.first)


def opening(entries: Iterable[Known[E]], keeping: Keeping) -> Placed[E] | None:
    """Return what stands first about a case in the log of the later keeper, if anything is known there."""
    theirs = _in_log_of(keeping.later, (entry for entry in entries if _names(entry)))
    return theirs[0] if theirs else None


def _names(entry: Known[E]) -> bool:
    """Return whether a message names the case; one that only reaches it through a movement opens nothing."""
    return entry.event.fields.get("named") is not False


def _in_log_of(keeper: Side, entries: Iterable[Known[E]]) -> list[Placed[E]]:
    placed = [Placed(entry, place, keeper) for entry in entries if (place := entry.place(keeper)) is not None]
    if len(placed) > 1:
        placed.sort(key=lambda one: one.place)
    return placed


def _record_complete(early: Iterable[Placed[E]]) -> Place | None:
    events = ((placed.entry.event, placed.place) for placed in early)
    return next((place for event, place in events if completes_record(event.type, event.fields)), None)
