# SPDX-License-Identifier: Apache-2.0
"""One case or movement over time: what is settled for good, and the messages that may still move.

A chronicle is a base snapshot and the entries after it. Nothing sets a state: `view` replays the entries
in the order of the keeper. An entry that does not fit at its place has no effect and is reported.

    write      a message of ours took a number, or one of the partner got our verdict
    settle     a verdict became known
    judge      would this message of the partner fit at its place?
    view       what is effective, and what we show with our own provisional messages
    keep       the view, and the chronicle with what can no longer change its place in the base

`keep` makes a chronicle short: a quiet case holds its base and nothing else. It needs to know how far the
partner's log is settled here (`open_at`): a message of the partner that is not judged yet may still take
any place from its `sent` leaf on. View and base come from one order, and each entry is replayed once.

The functions take `Rules`, so that cases and movements share them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import takewhile
from typing import Generic, TypeVar

from exchange.cases import lifecycle
from exchange.cases.keeper import LAST, E, Keeping, Known, Ordered, Place, Placed, opening, order
from exchange.cases.movements import MovementEvent, MovementSnapshot, apply_movement, first_movement
from exchange.cases.snapshot import CaseEvent, CaseSnapshot, Side
from exchange.cases.tables import LifecycleTable, MovementTable, completes_record
from exchange.errors import RejectedError

S = TypeVar("S")


@dataclass(frozen=True)
class Rules(Generic[S, E]):
    """How one kind of subject changes; `apply` raises RejectedError for what does not fit."""

    new: S
    apply: Callable[[S, E], S]
    keeping: Keeping


@dataclass(frozen=True)
class Chronicle(Generic[S, E]):
    """A subject: its base and the entries after it, in no order of meaning."""

    base: S
    entries: tuple[Known[E], ...] = ()
    keeper: Side | None = None
    """Who kept the order at the end of the base; None while nothing was folded."""


@dataclass(frozen=True)
class View(Generic[S, E]):
    """What a chronicle says now."""

    effective: S
    shown: S
    """With our own provisional messages; what our officers see and what a release is judged by."""
    provisional: int
    ineffective: tuple[Known[E], ...]
    """Accepted messages that do not fit at their place; a difference for people, not an error."""


@dataclass(frozen=True)
class Judged(Generic[S, E]):
    """What one event makes of one snapshot, as it was found when the message was judged."""

    before: S
    event: E
    after: S


@dataclass(frozen=True)
class Kept(Generic[S, E]):
    """What a chronicle says now, and its shortest form that says the same."""

    view: View[S, E]
    chronicle: Chronicle[S, E]


@lru_cache(maxsize=8)
def case_rules(table: LifecycleTable) -> Rules[CaseSnapshot, CaseEvent]:
    """Return how cases change."""
    keeping = Keeping(table.first_keeper, table.later_keeper, table.opened_by)
    return Rules(table.initial(), lambda state, event: lifecycle.apply(table, state, event).snapshot, keeping)


@lru_cache(maxsize=8)
def movement_rules(table: MovementTable) -> Rules[MovementSnapshot, MovementEvent]:
    """Return how movements change."""
    keeping = Keeping(table.cases.first_keeper, table.cases.later_keeper, {})
    return Rules(
        first_movement(table), lambda state, event: apply_movement(table, state, event).snapshot, keeping
    )


def new_chronicle(rules: Rules[S, E]) -> Chronicle[S, E]:
    """Return the chronicle of a subject nothing is known about."""
    return Chronicle(rules.new)


def write(chronicle: Chronicle[S, E], entry: Known[E]) -> Chronicle[S, E]:
    """Return the chronicle with one more message; the same message again changes nothing."""
    if _find(chronicle, entry.side, entry.sent) is not None:
        return chronicle
    return Chronicle(chronicle.base, (*chronicle.entries, entry), chronicle.keeper)


def settle(
    chronicle: Chronicle[S, E], *, side: Side, sent: Place, verdict: Place, accepted: bool
) -> Chronicle[S, E]:
    """Return the chronicle with a final verdict on the message `side` wrote at `sent`.

    The first final verdict stands; an unknown message changes nothing.
    """
    entry = _find(chronicle, side, sent)
    if entry is None or entry.accepted is not None:
        return chronicle
    judged = Known(entry.event, entry.sent, verdict, accepted)
    entries = tuple([judged if one is entry else one for one in chronicle.entries])
    return Chronicle(chronicle.base, entries, chronicle.keeper)


def judge(rules: Rules[S, E], chronicle: Chronicle[S, E], own: Side, candidate: Known[E]) -> S:
    """Return the snapshot right after a message of the partner, at its place in the order.

    Raises:
        RejectedError: it does not fit there.
    """
    return rules.apply(before(rules, chronicle, own, candidate), candidate.event)


def before(rules: Rules[S, E], chronicle: Chronicle[S, E], own: Side, candidate: Known[E]) -> S:
    """Return the snapshot at the place a message of the partner would take if we accept it now."""
    if not chronicle.entries:
        return chronicle.base
    taken = replace(candidate, verdict=LAST, accepted=True)
    ordered = order((*chronicle.entries, taken), own, _keeping(rules, chronicle))
    earlier = takewhile(lambda placed: placed.entry is not taken, ordered.effective)
    return replay(rules, chronicle.base, [placed.entry.event for placed in earlier])


def view(rules: Rules[S, E], chronicle: Chronicle[S, E], own: Side) -> View[S, E]:
    """Return what is effective and what is shown."""
    if not chronicle.entries:
        return View(chronicle.base, chronicle.base, 0, ())
    ordered = order(chronicle.entries, own, _keeping(rules, chronicle))
    return _view(rules, chronicle.base, ordered)


def keep(
    rules: Rules[S, E],
    chronicle: Chronicle[S, E],
    own: Side,
    *,
    open_at: Place | None = None,
    judged: Judged[S, E] | None = None,
) -> Kept[S, E]:
    """Return the view, and the chronicle with a longer base and fewer entries; its view is the same.

    `open_at` is the first `sent` leaf in our copy of the partner's log without a final verdict of ours,
    None if there is none. Verdict leaves before it must have been settled here. `judged` saves replaying the
    message just judged, where it still stands behind the same snapshot.
    """
    keeping = _keeping(rules, chronicle)
    ordered = order(chronicle.entries, own, keeping)
    settled = _settled(ordered.effective, own, open_at)
    if settled and keeping.opened_by and not _is_opening_known(chronicle.entries, own, keeping, open_at):
        settled = []
    if not settled:
        live = tuple([entry for entry in chronicle.entries if entry.accepted is not False])
        said = _view(rules, chronicle.base, ordered, judged=judged)
        return Kept(said, Chronicle(chronicle.base, live, chronicle.keeper))
    base, misfits = _replay(rules, chronicle.base, [placed.entry.event for placed in settled], judged)
    early = tuple([settled[misfit].entry for misfit in misfits])
    shown = _view(rules, base, ordered, replayed=len(settled), ineffective=early, judged=judged)
    folded = {id(placed.entry) for placed in settled}
    rest = tuple(
        [entry for entry in chronicle.entries if id(entry) not in folded and entry.accepted is not False]
    )
    return Kept(shown, Chronicle(base, rest, _keeper_after(settled, keeping)))


def replay(rules: Rules[S, E], base: S, events: Iterable[E]) -> S:
    """Return the snapshot after `events` in their order; one that does not fit has no effect."""
    return _replay(rules, base, events)[0]


def _replay(
    rules: Rules[S, E], base: S, events: Iterable[E], judged: Judged[S, E] | None = None
) -> tuple[S, tuple[int, ...]]:
    """Return the snapshot and the positions of the events that do not fit."""
    misfits = []
    for position, event in enumerate(events):
        if judged is not None and event is judged.event and base is judged.before:
            base = judged.after
            continue
        try:
            base = rules.apply(base, event)
        except RejectedError:
            misfits.append(position)
    return base, tuple(misfits)


def _view(
    rules: Rules[S, E],
    base: S,
    ordered: Ordered[E],
    *,
    replayed: int = 0,
    ineffective: tuple[Known[E], ...] = (),
    judged: Judged[S, E] | None = None,
) -> View[S, E]:
    """Return the view of an order of which so many effective entries are in `base`, but for `ineffective`."""
    entries = [placed.entry for placed in ordered.effective[replayed:]]
    if not entries and not ordered.provisional:
        return View(base, base, 0, ineffective)
    effective, misfits = _replay(rules, base, [entry.event for entry in entries], judged)
    late = tuple([entries[misfit] for misfit in misfits]) if misfits else ()
    if not ordered.provisional:
        return View(effective, effective, 0, ineffective + late)
    shown, _ = _replay(rules, effective, [entry.event for entry in ordered.provisional], judged)
    return View(effective, shown, len(ordered.provisional), ineffective + late)


def _settled(effective: Iterable[Placed[E]], own: Side, open_at: Place | None) -> list[Placed[E]]:
    """Return the effective messages, from the first on, before which nothing can come any more."""

    settled: list[Placed[E]] = []
    for placed in effective:
        known = placed.keeper == own or open_at is None or placed.place < open_at
        if not known or placed.entry.accepted is not True:
            break
        settled.append(placed)
    return settled


def _is_opening_known(
    entries: Iterable[Known[E]], own: Side, keeping: Keeping, open_at: Place | None
) -> bool:
    """Return whether nothing can show any more that another message opened the case."""
    first = opening(entries, keeping)
    if first is None or not first.entry.accepted:
        return False
    return own == keeping.later or open_at is None or first.place < open_at


def _keeper_after(settled: list[Placed[E]], keeping: Keeping) -> Side:
    for placed in settled:
        if completes_record(placed.entry.event.type, placed.entry.event.fields):
            return keeping.later
    return settled[0].keeper


def _keeping(rules: Rules[S, E], chronicle: Chronicle[S, E]) -> Keeping:
    if chronicle.keeper is None:
        return rules.keeping
    return Keeping(chronicle.keeper, rules.keeping.later, {})


def _find(chronicle: Chronicle[S, E], side: Side, sent: Place) -> Known[E] | None:
    for entry in chronicle.entries:
        if entry.sent == sent and entry.event.side == side:
            return entry
    return None
