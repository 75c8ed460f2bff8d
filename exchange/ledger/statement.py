# SPDX-License-Identifier: Apache-2.0
"""The figures of a statement, from a comparison that was walked up to two named heads.

For each direction, so that both sides compute the same bytes from the same two logs:

1. Balance: `opening` entries of the sender's log before, `movements`, `closing` entries at its named head;
   `used` numbers = accepted + rejected + voided + open. A number is open until the recipient's log ends it.
2. Delivery root: RFC 9162 root over one item a number, from 1 without gap: the number as eight bytes, then
   the 16 bytes of the message id and the first 16 of SHA-256(eh | cd), as the sender's log has them; of a
   number that it lacks, the eight bytes alone.
3. Verdict root: the same over the number, the 16 bytes of the id, and one byte for what the recipient's log
   says of it: 0 nothing, 1 held, 2 accepted, 3 rejected, 4 closed after it was given up.
4. Open items: the numbers without an end, in runs of the same age in whole days.

No type, no case. What is counted from content (persons, replies) is added by the service.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from exchange.ids import AgencyCode, Digest, b64url
from exchange.ledger.join import Movement
from exchange.ledger.merkle import CompactRange, leaf_hash
from exchange.ledger.numbers import ACCEPTED, CLOSED, FINAL, HELD, Numbers, is_same

DAY_MS = 24 * 60 * 60 * 1000
MAX_OPEN_RUNS = 1_000
"""As many open items as the form of a statement takes; the balance counts all of them."""
SLICE = 2_000
"""Numbers hashed at once, some milliseconds."""
_HELD, _ACCEPTED, _REJECTED, _CLOSED = 1, 2, 3, 4


@dataclass(frozen=True)
class Balance:
    """One direction in numbers."""

    sender: AgencyCode
    opening: int
    movements: int
    closing: int
    used: int
    accepted: int
    rejected: int
    voided: int
    open: int


@dataclass(frozen=True)
class OpenRun:
    """Numbers of one sender that have no end, for so many whole days."""

    sender: AgencyCode
    first: int
    last: int
    days: int


def balance_of(found: Movement, *, opening: int, closing: int) -> Balance:
    """Return the balance of a direction; `opening` and `closing` are sizes of the sender's log.

    Raises:
        ValueError: the log would have become smaller.
    """
    if closing < opening:
        raise ValueError(f"the log of {found.sender} had {opening} entries and has {closing}")
    unanswered = found.open - found.held - found.in_transit - found.missing
    return Balance(
        sender=found.sender,
        opening=opening,
        movements=closing - opening,
        closing=closing,
        used=found.sent,
        accepted=found.accepted,
        rejected=found.rejected,
        voided=found.voided - unanswered,
        open=found.open + found.mismatched,
    )


class Roots:
    """Delivery and verdict root of one direction; `steps` hashes in slices, then both are known."""

    def __init__(self, sent: Numbers, received: Numbers) -> None:
        self._sent = sent
        self._received = received
        self._delivery = CompactRange()
        self._verdict = CompactRange()

    def steps(self) -> Iterator[None]:
        """Hash all numbers up to the highest of either log."""
        highest = max(self._sent.highest, self._received.highest)
        for start in range(1, highest + 1, SLICE):
            numbers = range(start, min(start + SLICE, highest + 1))
            self._delivery = self._delivery.extend([leaf_hash(self._line(number)) for number in numbers])
            self._verdict = self._verdict.extend([leaf_hash(self._end(number)) for number in numbers])
            yield

    @property
    def delivery(self) -> Digest:
        return Digest(b64url(self._delivery.root()))

    @property
    def verdict(self) -> Digest:
        return Digest(b64url(self._verdict.root()))

    def _line(self, number: int) -> bytes:
        named = number.to_bytes(8, "big")
        if not self._sent.mark(number):
            return named
        return named + self._sent.id_of(number) + self._sent.digest_of(number)

    def _end(self, number: int) -> bytes:
        named, mark = number.to_bytes(8, "big"), self._received.mark(number)
        return named + (self._received.id_of(number) if mark else bytes(16)) + bytes((_verdict(mark),))


def open_runs(sender: AgencyCode, sent: Numbers, received: Numbers, *, at_ms: int) -> Iterator[OpenRun]:
    """Yield the open numbers of a sender in runs of the same age; ages never go below zero."""
    first, last, days = 0, 0, 0
    for number in _open_numbers(sent, received):
        age = max(at_ms - sent.times[number - 1], 0) // DAY_MS
        if first and (number, age) == (last + 1, days):
            last = number
            continue
        if first:
            yield OpenRun(sender, first, last, days)
        first, last, days = number, number, age
    if first:
        yield OpenRun(sender, first, last, days)


def _open_numbers(sent: Numbers, received: Numbers) -> Iterator[int]:
    """Yield the numbers that were sent and have no end that is about the same message."""
    for start in range(0, sent.highest, SLICE):
        ours, theirs = sent.marks[start : start + SLICE], received.marks[start : start + SLICE]
        for at, mark in enumerate(ours):
            verdict = theirs[at] if at < len(theirs) else 0
            number = start + at + 1
            if mark and not (verdict & FINAL and is_same(sent, received, number)):
                yield number


def _verdict(mark: int) -> int:
    if mark & CLOSED:
        return _CLOSED
    if mark & FINAL:
        return _ACCEPTED if mark & ACCEPTED else _REJECTED
    return _HELD if mark & HELD else 0
