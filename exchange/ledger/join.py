# SPDX-License-Identifier: Apache-2.0
"""Joins what the two logs say of one direction, number by number; one finding a number at most.

1. The sender has nothing, the recipient has something: `unexpected_message`.
2. Neither has anything, below the sender's highest number: `sequence_gap`, once for a run. Numbers before the
   first one of this epoch are of another log: they are joined only if this one speaks of them.
3. Sent, not recorded: *in transit* while young, then `missing_message`. A number given up is neither.
4. Sent, not recorded, still in transit, but an old message is held behind it: `sequence_gap`.
5. Recorded with another id or other hashes than sent: `hash_mismatch`.
6. Both alike: matched. A verdict that is old and not cosigned by the sender: `receipt_missing`.
7. Matched, and recorded more than the agreed time after it was sent, or decided more than that after it was
   recorded: `late`, once for a run of numbers. Not for a number that was given up.
8. Matched, and recorded earlier than it was sent, by more than the skew: `time_mismatch`, once for a run.

What is young or old was marked when the leaves were read (`judge`). Blocks of numbers in which everything
matches and has its verdict are compared as bytes, so the cost is that of what does not match.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from operator import itemgetter, sub

from exchange.ids import AgencyCode
from exchange.ledger.differences import DifferenceKind
from exchange.ledger.moments import NEVER
from exchange.ledger.numbers import (
    ACCEPTED,
    CLOSED,
    FINAL,
    GIVEN_UP,
    HELD,
    LISTED,
    OLD,
    PACKED_BYTES,
    REJECTED,
    UNSIGNED,
    Numbers,
    is_same,
)

_BLOCK = 1_024
"""Numbers that are compared at once when nothing stands out."""
_QUIET_SENT = bytes((LISTED, LISTED | OLD))
_QUIET_RECEIVED = bytes((LISTED | ACCEPTED, LISTED | REJECTED))


@dataclass(frozen=True)
class Movement:
    """The numbers of one direction, counted.

    sent = matched + mismatched + missing + in transit + given up without an answer;
    matched = accepted + rejected + held + given up and closed by the recipient.
    """

    sender: AgencyCode
    recipient: AgencyCode
    sent: int = 0
    received: int = 0
    """Numbers that the recipient recorded."""
    matched: int = 0
    accepted: int = 0
    rejected: int = 0
    held: int = 0
    voided: int = 0
    """Given up by the sender and never accepted or rejected for another reason."""
    in_transit: int = 0
    missing: int = 0
    mismatched: int = 0
    open: int = 0
    """Sent numbers without a final verdict: in transit, missing, held, or given up without an answer."""


@dataclass(frozen=True)
class Finding:
    """A difference before its leaves are read: places are (log, index), the sender's first."""

    kind: DifferenceKind
    number: int = 0
    places: tuple[tuple[AgencyCode, int], ...] = ()
    last_number: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Pace:
    """What is in time, in milliseconds between `sent` and `rcvd`."""

    late_ms: int = NEVER
    skew_ms: int = NEVER
    begins_ms: int = -NEVER
    ends_ms: int = NEVER
    """Only numbers that were sent (or, without that, recorded) in this period are joined."""

    @property
    def is_whole(self) -> bool:
        """Return whether no period was asked for."""
        return (self.begins_ms, self.ends_ms) == (-NEVER, NEVER)


IN_TIME = Pace()


@dataclass
class _Run:
    """Consecutive numbers with the same thing to say."""

    kind: DifferenceKind
    reason: str = ""
    first: int = 0
    last: int = 0


class Join:
    """The two tables of one direction, side by side. `findings` once, then `movement`."""

    def __init__(
        self,
        sender: AgencyCode,
        recipient: AgencyCode,
        *,
        sent: Numbers,
        received: Numbers,
        decided_late: Collection[int] = (),
        pace: Pace = IN_TIME,
    ) -> None:
        self.sender = sender
        self.recipient = recipient
        self._sent = sent
        self._received = received
        self._pace = pace
        self._decided_late = decided_late
        self._arrived_late = _Run(DifferenceKind.LATE)
        self._late_verdict = _Run(DifferenceKind.LATE, "decided_late")
        self._clocks = _Run(DifferenceKind.TIME_MISMATCH)
        self._counts: Counter[str] = Counter()
        self._gap: list[int] = []
        self._waiting = 0
        """The first number in transit of which nothing has been said."""

    def findings(self) -> Iterator[Finding]:
        """Walk all numbers, count them, and yield what does not agree."""
        for found in self.slices():
            yield from found

    def slices(self) -> Iterator[list[Finding]]:
        """Do the same in blocks, so that a service can let others run in between."""
        found: list[Finding] = []
        self._decided_late = frozenset(self._decided_late)
        first, last = 1, max(self._sent.highest, self._received.highest)
        if not self._pace.is_whole:
            inside: list[int] = []
            for start in range(0, last, _BLOCK):
                inside += self._ends_in_period(start, min(start + _BLOCK, last))
                yield found
            first, last = (inside[0], inside[-1]) if inside else (1, 0)
        for start in range(first - 1, last, _BLOCK):
            end = min(start + _BLOCK, last)
            if not self._count_quiet(start, end):
                for number in range(start + 1, end + 1):
                    found += self._judge(number)
            yield found
            found = []
        found += self._end_gap()
        for run in (self._arrived_late, self._late_verdict, self._clocks):
            found += self._end(run)
        yield found

    def _ends_in_period(self, start: int, end: int) -> list[int]:
        """Return the first and the last number of a block that are joined; none if none is in the period."""
        pace = self._pace
        inside = [n for n in range(start + 1, end + 1) if pace.begins_ms <= self._time_of(n) < pace.ends_ms]
        return inside[:: max(1, len(inside) - 1)]

    def _time_of(self, number: int) -> int:
        table = self._sent if self._sent.mark(number) else self._received
        return table.times[number - 1] if number <= table.highest else 0

    def movement(self) -> Movement:
        """Return what was counted."""
        names = (
            "sent",
            "received",
            "matched",
            "accepted",
            "rejected",
            "held",
            "voided",
            "in_transit",
            "missing",
        )
        counts = itemgetter(*names, "mismatched", "open")(self._counts)
        return Movement(self.sender, self.recipient, *counts)

    def _count_quiet(self, start: int, end: int) -> bool:
        """Count a whole block in which everything matches and is final; return False for any other."""
        ours, theirs = self._sent.marks[start:end], self._received.marks[start:end]
        if len(ours) != len(theirs):
            return False
        if ours.translate(None, _QUIET_SENT) or theirs.translate(None, _QUIET_RECEIVED):
            return False
        packed = slice(start * PACKED_BYTES, end * PACKED_BYTES)
        if self._sent.ids[packed] != self._received.ids[packed]:
            return False
        if self._sent.digests[packed] != self._received.digests[packed]:
            return False
        if not self._is_in_time(start, end):
            return False
        accepted = theirs.count(LISTED | ACCEPTED)
        self._count("sent", "received", "matched", by=len(ours))
        self._count("accepted", by=accepted)
        self._count("rejected", by=len(ours) - accepted)
        return True

    def _is_in_time(self, start: int, end: int) -> bool:
        if self._decided_late:
            return False
        took = list(map(sub, self._received.times[start:end], self._sent.times[start:end]))
        return not took or (max(took) <= self._pace.late_ms and min(took) >= -self._pace.skew_ms)

    def _judge(self, number: int) -> Iterator[Finding]:
        ours, theirs = self._sent.mark(number), self._received.mark(number)
        self._counts["sent"] += bool(ours)
        self._counts["received"] += bool(theirs)
        if not ours and not theirs:
            yield from self._missing_in_both(number)
        elif not ours:  # 1
            yield Finding(DifferenceKind.UNEXPECTED_MESSAGE, number, (self._record(number),))
        elif not theirs:
            yield from self._not_recorded(number, ours)
        elif not is_same(self._sent, self._received, number):  # 5
            self._count("mismatched")
            places = (self._sending(number), self._record(number))
            yield Finding(DifferenceKind.HASH_MISMATCH, number, places)
        else:
            yield from self._matched(number, theirs)
            yield from self._paced(number, ours, theirs)

    def _missing_in_both(self, number: int) -> Iterator[Finding]:
        if self._gap and self._gap[-1] != number - 1:
            yield from self._end_gap()
        if self._sent.first <= number < self._sent.highest:
            self._gap.append(number)

    def _end_gap(self) -> Iterator[Finding]:  # 2
        if self._gap:
            first, last = self._gap[0], self._gap[-1]
            beside = (number for number in (first - 1, last + 1) if self._sent.mark(number))
            places = tuple(self._sending(number) for number in beside)
            self._gap = []
            yield Finding(DifferenceKind.SEQUENCE_GAP, first, places, last_number=last)

    def _not_recorded(self, number: int, ours: int) -> Iterator[Finding]:  # 3
        self._count("open")
        if ours & GIVEN_UP:
            self._count("voided")
        elif ours & OLD:
            self._count("missing")
            yield Finding(DifferenceKind.MISSING_MESSAGE, number, (self._sending(number),))
        else:
            self._count("in_transit")
            self._waiting = self._waiting or number

    def _matched(self, number: int, theirs: int) -> Iterator[Finding]:  # 6
        self._count("matched")
        if theirs & CLOSED:
            self._count("voided")
        elif theirs & FINAL:
            self._count("accepted" if theirs & ACCEPTED else "rejected")
        else:
            self._count("held", "open")
        if theirs & UNSIGNED:
            verdict = (self.recipient, self._received.ends[number - 1])
            yield Finding(DifferenceKind.RECEIPT_MISSING, number, (self._sending(number), verdict))
        if theirs & HELD and theirs & OLD and self._waiting:  # 4
            places = (self._sending(self._waiting), self._record(number))
            yield Finding(DifferenceKind.SEQUENCE_GAP, self._waiting, places, reason="held_behind")
            self._waiting = 0

    def _paced(self, number: int, ours: int, theirs: int) -> Iterator[Finding]:  # 7, 8
        took = self._received.times[number - 1] - self._sent.times[number - 1]
        is_given_up = bool(ours & GIVEN_UP or theirs & CLOSED)
        if took > self._pace.late_ms and not is_given_up:
            yield from self._extend(self._arrived_late, number)
        if number in self._decided_late and not is_given_up:
            yield from self._extend(self._late_verdict, number)
        if took < -self._pace.skew_ms:
            yield from self._extend(self._clocks, number)

    def _extend(self, run: _Run, number: int) -> Iterator[Finding]:
        if run.last != number - 1:
            yield from self._end(run)
        run.first, run.last = run.first or number, number

    def _end(self, run: _Run) -> Iterator[Finding]:
        if run.first:
            places = [self._sending(run.first), self._record(run.first)]
            if run.reason:
                places[1] = (self.recipient, self._received.ends[run.first - 1])
            yield Finding(run.kind, run.first, tuple(places), last_number=run.last, reason=run.reason)
        run.first = run.last = 0

    def _sending(self, number: int) -> tuple[AgencyCode, int]:
        return self.sender, self._sent.places[number - 1]

    def _record(self, number: int) -> tuple[AgencyCode, int]:
        return self.recipient, self._received.places[number - 1]

    def _count(self, *names: str, by: int = 1) -> None:
        for name in names:
            self._counts[name] += by
