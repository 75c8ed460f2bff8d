# SPDX-License-Identifier: Apache-2.0
"""What one log says of every number of one direction, packed into about 49 bytes a number.

A reconciliation joins two of these tables, one of each log, so a million messages fit into memory on a small
machine. For each number there is a mark, the place of its first leaf and of the one that ended it, the time
of the first one, the message id, and a 128-bit digest of the two hashes (`eh`, `cd`) that both sides must
have recorded.
"""

import hashlib
from array import array
from binascii import unhexlify
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

LISTED = 1
"""A `sent` leaf, or a `rcvd` leaf, has this number."""
GIVEN_UP = 2
"""The sender wrote `void`."""
HELD = 4
ACCEPTED = 8
REJECTED = 16
CLOSED = 32
"""The rejection only answers a number that the sender gave up (code `voided`)."""
OLD = 64
"""What the mark says is older than the agreed time: sent, given up, or held."""
UNSIGNED = 128
"""The verdict is older than the agreed time, and the sender has not cosigned it."""
FINAL = ACCEPTED | REJECTED

MAX_AHEAD = 65_536
"""A number that is larger than the count of all kept ones by more than this is a fault and not kept;
else a few leaves could fill the memory."""
PACKED_BYTES = 16
"""Length of a packed id, and of a packed digest."""
SLICE = 4_096
"""Numbers that are looked at without a pause when ids are compared; about a millisecond."""
SET_NUMBERS: Final = 16 * SLICE
"""Numbers whose ids stand in one set. A set that grows is made anew, and one that ends is freed, all at once;
of a million ids that takes longer than others should wait."""

Doubles = Sequence[tuple[int, int]]
"""Numbers whose message id an earlier number has: (number, earlier number)."""


@dataclass(frozen=True)
class Run:
    """Numbers of one direction in the order of their leaves, packed as `Numbers` keeps them."""

    numbers: tuple[int, ...] = ()
    places: tuple[int, ...] = ()
    ids: bytes = b""
    digests: bytes = b""

    def follows(self, highest: int) -> bool:
        """Say whether the numbers are those behind the highest one, without gap; also if there are none."""
        return self.numbers == tuple(range(highest + 1, highest + 1 + len(self.numbers)))

    def rows(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield number, packed id and digest of each leaf."""
        for at, number in enumerate(self.numbers):
            packed = slice(at * PACKED_BYTES, (at + 1) * PACKED_BYTES)
            yield number, self.ids[packed], self.digests[packed]


@dataclass
class Numbers:
    """The table of one direction in one log; index n - 1 belongs to number n."""

    marks: bytearray = field(default_factory=bytearray)
    places: "array[int]" = field(default_factory=lambda: array("Q"))
    ends: "array[int]" = field(default_factory=lambda: array("Q"))
    times: "array[int]" = field(default_factory=lambda: array("q"))
    """Claimed time of the first leaf in milliseconds; 0 where there is none."""
    ids: bytearray = field(default_factory=bytearray)
    digests: bytearray = field(default_factory=bytearray)
    kept: int = 0
    """How many numbers have a leaf."""
    first: int = 1
    """The number with which this epoch of the log begins; lower ones are of an epoch before."""
    known: int = 0
    """The highest number up to which the store had every one; what is not beyond it is not too far."""

    @property
    def highest(self) -> int:
        """The highest number that is kept, 0 when there is none."""
        return len(self.marks)

    def mark(self, number: int) -> int:
        """Return the mark of a number; 0 when the log says nothing of it."""
        return self.marks[number - 1] if 0 < number <= len(self.marks) else 0

    def is_too_far(self, number: int) -> bool:
        """Say whether a number is beyond what an honest log can come to; see `MAX_AHEAD`."""
        return number > max(self.kept, self.known, self.first) + MAX_AHEAD

    def goes_on_with(self, run: Run) -> bool:
        """Say whether a run is of the numbers behind the highest one, none of them of an epoch before."""
        return run.follows(self.highest) and (not run.numbers or run.numbers[0] >= self.first)

    def append(self, mark: int, place: int, end: int, id: bytes, digest: bytes, at_ms: int) -> None:
        """Enter the number after the highest one; the shortest way, for millions of them."""
        self.kept += 1
        self.marks.append(mark)
        self.places.append(place)
        self.ends.append(end)
        self.times.append(at_ms)
        self.ids += id
        self.digests += digest

    def extend(self, run: Run, mark: int, times: list[int], *, is_ended: bool) -> None:
        """Enter the numbers after the highest one, all with one mark; requires that the run follows it."""
        count = len(run.places)
        self.kept += count
        self.marks += bytes((mark,)) * count
        self.places.extend(run.places)
        self.ends.extend(run.places if is_ended else (0,) * count)
        self.times.extend(times)
        self.ids += run.ids
        self.digests += run.digests

    def put(self, number: int, mark: int, *, place: int, id: bytes, digest: bytes, at_ms: int = 0) -> None:
        """Enter the first leaf of a number; requires that it is not too far."""
        if number > len(self.marks):
            self._widen(number - 1 - len(self.marks))
            self.append(mark, place, 0, id, digest, at_ms)
            return
        at = number - 1
        self.kept += 1
        self.marks[at] = mark
        self.places[at] = place
        self.times[at] = at_ms
        self.ids[at * PACKED_BYTES : number * PACKED_BYTES] = id
        self.digests[at * PACKED_BYTES : number * PACKED_BYTES] = digest

    def end(self, number: int, mark: int, *, place: int) -> None:
        """Replace the mark of a number that is kept, because of the leaf at `place`."""
        self.marks[number - 1] = mark
        self.ends[number - 1] = place

    def id_of(self, number: int) -> bytes:
        """Return the packed message id of a number that is kept."""
        return bytes(self.ids[(number - 1) * PACKED_BYTES : number * PACKED_BYTES])

    def digest_of(self, number: int) -> bytes:
        """Return the digest of a number that is kept; zeros when no hashes were recorded."""
        return bytes(self.digests[(number - 1) * PACKED_BYTES : number * PACKED_BYTES])

    def doubled(self) -> list[tuple[int, int]]:
        """Return the numbers whose message id an earlier number has, as pairs (number, earlier number)."""
        return [pair for pairs in self.doubles() for pair in pairs]

    def doubles(self) -> Iterator[Doubles]:
        """Yield the same in slices of `SLICE` numbers, so that others can run in between."""
        # Half of an id is enough to find suspects, at a fraction of the memory.
        once: list[set[int]] = []
        suspects: set[int] = set()
        for start in range(0, self.highest, SLICE):
            halves = self._halves(start)
            fresh = set(halves)
            for some in once:
                suspects |= some & fresh
            if len(fresh) < len(halves):
                suspects.update(half for half, times in Counter(halves).items() if times > 1)
            if start % SET_NUMBERS == 0:
                once.append(set())
            once[-1] |= fresh
            yield []
        while once:
            once.pop()
            yield []
        suspects.discard(0)  # A number that the log says nothing of has no id.
        first: dict[bytes, int] = {}
        for start in range(0, self.highest if suspects else 0, SLICE):
            yield list(self._doubled_in(start, suspects, first))

    def _doubled_in(
        self, start: int, suspects: set[int], first: dict[bytes, int]
    ) -> Iterator[tuple[int, int]]:
        for number, half in enumerate(self._halves(start), start + 1):
            id = self.id_of(number) if half in suspects else b""
            if any(id) and first.setdefault(id, number) != number:
                yield number, first[id]

    def _halves(self, start: int) -> "array[int]":
        """Return the second halves of the ids of a slice of numbers: the first ones begin with the time."""
        return array("Q", bytes(self.ids[start * PACKED_BYTES : (start + SLICE) * PACKED_BYTES]))[1::2]

    def _widen(self, count: int) -> None:
        if not count:
            return
        self.marks += bytes(count)
        self.places.frombytes(bytes(count * self.places.itemsize))
        self.ends.frombytes(bytes(count * self.ends.itemsize))
        self.times.frombytes(bytes(count * self.times.itemsize))
        self.ids += bytes(count * PACKED_BYTES)
        self.digests += bytes(count * PACKED_BYTES)


def is_same(sent: Numbers, received: Numbers, number: int) -> bool:
    """Say whether both tables speak of the same message; requires that both have the number.

    A number that was closed without a message has an id, but no hashes; so has one that was sent in an epoch
    before and is only given up in this one.
    """
    if sent.id_of(number) != received.id_of(number):
        return False
    if number < sent.first and not any(sent.digest_of(number)):
        return True
    return not received.mark(number) & LISTED or sent.digest_of(number) == received.digest_of(number)


def packed_id(text: bytes) -> bytes:
    """Return the 16 bytes of the text of a message id."""
    return unhexlify(text.replace(b"-", b""))


def packed_digest(eh: bytes, cd: bytes) -> bytes:
    """Return 128 bits that stand for the hashes of an envelope and of its body."""
    return hashlib.sha256(eh + cd).digest()[:PACKED_BYTES]
