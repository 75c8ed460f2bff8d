# SPDX-License-Identifier: Apache-2.0
"""Compares the own log with the copy of the partner's, and names each difference.

Both logs speak of the same two directions: what we send stands as `sent` and `void` in our log and as `rcvd`,
`accp`, `rejc` in the partner's; what the partner sends, the other way round.

1. Each log is judged by itself (`judge`): a leaf that breaks its rules is `log_invalid` or `duplicate`.
2. Each direction is joined number by number (`join`); its docstring has the exact predicates.
3. Statements, erasures and versions of both are laid side by side (`cross_checks`).
4. A leaf whose time runs backwards by more than the skew is `time_mismatch`.
5. A newest head that is older than `stale_after` is `head_stale`.

Streaming: pages of leaves go in, two packed tables of numbers a log stay (`numbers`). `compare` does it in
one call; a service that must not hold the store for long feeds a `Comparison` page by page, lets `joined`
give it pauses, and has the differences named some at a time, because each reads the leaves that prove it.
Age is measured by the times that the writers claim, so a wrong clock can hide a difference for a time, and
only that.

    comparison = Comparison(own, copy, now=now, grace=timedelta(hours=24))
    comparison.take(own.by, page)
    for _ in comparison.joined():
        ...
    for start in range(0, comparison.count, 100):
        differences += comparison.named(start, start + 100, leaf)
    result = comparison.result(differences)
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from exchange.clock import instant_text
from exchange.ids import AgencyCode, Digest, b64url
from exchange.ledger.cross_checks import Deadlines, Misfit, misfits
from exchange.ledger.differences import CLASSES, Actor, Difference, DifferenceKind, LeafRef
from exchange.ledger.entries import decode_leaf
from exchange.ledger.join import Finding, Join, Movement, Pace
from exchange.ledger.judge import LogFault, LogJudge
from exchange.ledger.merkle import leaf_hash
from exchange.ledger.moments import milliseconds, span_ms
from exchange.ledger.numbers import Doubles

LeafReader = Callable[[AgencyCode, int], bytes]
"""Gives the stored bytes of one leaf of a log."""

PAGE_LEAVES = 5_000
"""Leaves that `compare` reads at once, about 1.5 MB."""


@dataclass(frozen=True)
class Tolerances:
    """What is agreed to be in time, beside the grace of a message on its way."""

    skew: timedelta = timedelta(seconds=300)
    """Threat model, section 7."""
    late_after: timedelta = timedelta(hours=25)
    """DL-ACK-ACCEPTED with its tolerance for a side that is off line: 60 minutes and 24 hours."""
    erased_within: timedelta = timedelta(days=30)
    """Sealed lines are kept for 30 days after the partner's cosignature (design 5): then both have erased."""
    switched_within: timedelta = timedelta(days=30)
    """`discrepancy-types`, agreement_overdue."""


TOLERANCES = Tolerances()


@dataclass(frozen=True)
class Period:
    """From an instant on until another one, which is outside."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class LogView:
    """One log as the store has it. `leaves(start, end)` gives the stored bytes of start <= i < end."""

    by: AgencyCode
    size: int
    leaves: Callable[[int, int], Sequence[bytes]]
    cosigned: int
    """Up to which size the other side has cosigned it."""
    head_at: datetime | None = None
    """When its newest head was signed (own) or taken over (copy)."""
    known_out: int = 0
    """The highest number of its writer up to which the store had every one, and of the other side."""
    known_in: int = 0


@dataclass(frozen=True)
class Reconciliation:
    """What a comparison found. Differences stand in the order: outgoing, incoming, own log, copy."""

    at: datetime
    own_size: int
    copy_size: int
    outgoing: Movement
    incoming: Movement
    differences: tuple[Difference, ...]

    @property
    def agrees(self) -> bool:
        """True when there is no difference; what is in transit is none."""
        return not self.differences

    @property
    def matched(self) -> int:
        """Numbers of both directions that both sides recorded alike."""
        return self.outgoing.matched + self.incoming.matched

    @property
    def in_transit(self) -> int:
        """Numbers of both directions that are on their way; no difference, shown apart."""
        return self.outgoing.in_transit + self.incoming.in_transit


def compare(
    own: LogView,
    copy: LogView,
    *,
    now: datetime,
    grace: timedelta,
    stale_after: timedelta | None = None,
    tolerances: Tolerances = TOLERANCES,
) -> Reconciliation:
    """Return the reconciliation of our log with our copy of the partner's."""
    comparison = Comparison(own, copy, now=now, grace=grace, stale_after=stale_after, tolerances=tolerances)
    for view in (own, copy):
        for start in range(0, view.size, PAGE_LEAVES):
            comparison.take(view.by, view.leaves(start, min(start + PAGE_LEAVES, view.size)))
    views = {view.by: view for view in (own, copy)}
    return comparison.finish(lambda by, index: views[by].leaves(index, index + 1)[0])


class Comparison:
    """A comparison in steps: `take` all leaves of both logs in their order, then `finish`."""

    def __init__(
        self,
        own: LogView,
        copy: LogView,
        *,
        now: datetime,
        grace: timedelta,
        stale_after: timedelta | None = None,
        tolerances: Tolerances = TOLERANCES,
        period: Period | None = None,
    ) -> None:
        if own.by == copy.by:
            raise ValueError("a log is compared with the log of the partner, not with itself")
        self._own = own
        self._copy = copy
        self._now = now
        self._stale_before = None if stale_after is None else now - stale_after
        self._tolerances = tolerances
        self._period = period
        self._open: list[_Open] | None = None
        before = instant_text(now - grace)
        self._judges = {
            view.by: LogJudge(
                old_before=before,
                cosigned=view.cosigned,
                skew_ms=span_ms(tolerances.skew),
                decide_ms=span_ms(tolerances.late_after),
            )
            for view in (own, copy)
        }
        for view in (own, copy):
            self._judges[view.by].outgoing.known = view.known_out
            self._judges[view.by].incoming.known = view.known_in
        self._out, self._into = self._join(own, copy), self._join(copy, own)

    def take(self, by: AgencyCode, leaves: Sequence[bytes]) -> None:
        """Take the next leaves of the log of `by`; requires stored bytes in their order."""
        self._judges[by].take(leaves)

    def judge_of(self, by: AgencyCode) -> LogJudge:
        """Return what the log of `by` says, as far as it was taken."""
        return self._judges[by]

    def joined(self) -> Iterator[None]:
        """Join both directions block by block; requires that all leaves of both views were taken."""
        for view in (self._own, self._copy):
            if self._judges[view.by].size != view.size:
                raise ValueError(
                    f"{self._judges[view.by].size} of {view.size} leaves of {view.by} were taken"
                )
        found: list[_Open] = []
        for join in (self._out, self._into):
            for findings in join.slices():
                found += (_between(finding, join) for finding in findings)
                yield
        again: dict[AgencyCode, list[Doubles]] = {self._own.by: [], self._copy.by: []}
        for view in (self._own, self._copy):
            yield from self._ids_used_again(view, again)
        found += (one for view in (self._own, self._copy) for one in self._in_log(view, *again[view.by]))
        found += map(_of_misfit, self._misfits())
        self._open = found

    def _ids_used_again(self, sender: LogView, again: dict[AgencyCode, list[Doubles]]) -> Iterator[None]:
        """Find the ids that stand twice in a direction; where both logs say the same, once for both."""
        recipient = self._copy if sender is self._own else self._own
        sent, received = self._judges[sender.by].outgoing, self._judges[recipient.by].incoming
        pairs: list[tuple[int, int]] = []
        for slice_of_pairs in sent.doubles():
            pairs += slice_of_pairs
            yield
        again[sender.by].insert(0, pairs)
        if sent.ids != received.ids:
            pairs = []
            for slice_of_pairs in received.doubles():
                pairs += slice_of_pairs
                yield
        again[recipient.by].append(pairs)

    @property
    def count(self) -> int:
        """How many differences there are to be named; requires that `joined` was walked to its end."""
        return len(self._open or ())

    def named(self, start: int, end: int, leaf: LeafReader) -> list[Difference]:
        """Return differences start <= i < end, in the period that was asked for.

        `leaf(by, index)` gives the stored bytes of a leaf: each difference reads those that it names.
        """
        return [one.named(leaf) for one in (self._open or ())[start:end] if self._is_in_period(one, leaf)]

    def result(self, differences: Iterable[Difference]) -> Reconciliation:
        """Return the result with the differences that were named."""
        return Reconciliation(
            at=self._now,
            own_size=self._own.size,
            copy_size=self._copy.size,
            outgoing=self._out.movement(),
            incoming=self._into.movement(),
            differences=tuple(differences),
        )

    def finish(self, leaf: LeafReader) -> Reconciliation:
        """Join both directions, unless that was done, and name everything at once."""
        if self._open is None:
            for _ in self.joined():
                pass
        return self.result(self.named(0, self.count, leaf))

    def _is_in_period(self, one: "_Open", leaf: LeafReader) -> bool:
        """Say of a difference of a log whether its last leaf was written in the period, if there is one."""
        if self._period is None or one.is_joined or not one.places:
            return True
        by, index = one.places[-1]
        return self._period.begins <= decode_leaf(leaf(by, index)).claimed_at < self._period.ends

    def _join(self, sender: LogView, recipient: LogView) -> Join:
        judge = self._judges[recipient.by]
        pace = Pace(
            late_ms=span_ms(self._tolerances.late_after),
            skew_ms=span_ms(self._tolerances.skew),
        )
        if self._period is not None:
            begins, ends = milliseconds(self._period.begins), milliseconds(self._period.ends)
            pace = replace(pace, begins_ms=begins, ends_ms=ends)
        return Join(
            sender.by,
            recipient.by,
            sent=self._judges[sender.by].outgoing,
            received=judge.incoming,
            decided_late=judge.decided_late,
            pace=pace,
        )

    def _misfits(self) -> Iterator[Misfit]:
        own, partner = self._own.by, self._copy.by
        deadlines = Deadlines(
            erased_before_ms=milliseconds(self._now - self._tolerances.erased_within),
            switched_before_ms=milliseconds(self._now - self._tolerances.switched_within),
        )
        ours, theirs = self._judges[own].cross_checked, self._judges[partner].cross_checked
        return misfits(own, ours, partner, theirs, deadlines)

    def _in_log(self, view: LogView, sent_again: Doubles, received_again: Doubles) -> Iterator["_Open"]:
        judge = self._judges[view.by]
        partner = self._copy.by if view is self._own else self._own.by
        faults = [*judge.faults, *judge.faults_of(sent_again, received_again)]
        for fault in sorted(faults, key=lambda fault: fault.index):
            # The join names each gap that is still there; one that was closed later is `number_backwards`.
            if fault.difference is not DifferenceKind.SEQUENCE_GAP:
                yield _of_fault(fault, writer=view.by, partner=partner)
        for index in judge.backwards:
            places = ((view.by, index - 1), (view.by, index))
            yield _Open(DifferenceKind.TIME_MISMATCH, places, acts_first=view.by, reason="runs_backwards")
        if self._stale_before is not None and view.head_at is not None and view.head_at < self._stale_before:
            last = ((view.by, view.size - 1),) if view.size else ()
            yield _Open(DifferenceKind.HEAD_STALE, last, acts_first=view.by)


@dataclass(frozen=True)
class _Open:
    """A difference before the leaves that prove it are read."""

    kind: DifferenceKind
    places: tuple[tuple[AgencyCode, int], ...]
    acts_first: str
    sender: AgencyCode | None = None
    number: int = 0
    last_number: int = 0
    reason: str = ""
    is_joined: bool = False
    """It was found between the two logs, number by number, and so inside the period already."""

    def named(self, leaf: LeafReader) -> Difference:
        """Return the difference with the digests of its leaves."""
        return Difference(
            self.kind,
            tuple(_reference(leaf, by, index) for by, index in self.places),
            acts_first=self.acts_first,
            sender=self.sender,
            number=self.number,
            last_number=self.last_number,
            reason=self.reason,
        )


def _between(finding: Finding, join: Join) -> _Open:
    """Return the difference of a direction; the class tells which side acts."""
    roles = {Actor.SENDER: join.sender, Actor.RECIPIENT: join.recipient}
    return _Open(
        finding.kind,
        finding.places,
        acts_first=roles.get(CLASSES[finding.kind].acts_first, Actor.BOTH.value),
        sender=join.sender,
        number=finding.number,
        last_number=finding.last_number or finding.number,
        reason=finding.reason,
        is_joined=True,
    )


def _of_fault(fault: LogFault, *, writer: AgencyCode, partner: AgencyCode) -> _Open:
    """Return the difference of one log; whatever its class, the writer of the log acts."""
    indexes = (fault.earlier, fault.index) if fault.earlier >= 0 else (fault.index,)
    sender = partner if fault.is_of_partner else writer
    return _Open(
        fault.difference,
        tuple((writer, index) for index in indexes),
        acts_first=writer,
        sender=sender if fault.number else None,
        number=fault.number,
        last_number=fault.number,
        reason=fault.reason,
    )


def _of_misfit(misfit: Misfit) -> _Open:
    return _Open(
        misfit.kind,
        tuple(misfit.places),
        acts_first=misfit.acts_first or Actor.BOTH.value,
        reason=misfit.reason,
    )


def _reference(leaf: LeafReader, by: AgencyCode, index: int) -> LeafRef:
    return LeafRef(by, index, Digest(b64url(leaf_hash(leaf(by, index)))))
