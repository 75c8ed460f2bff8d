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
from dataclasses import dataclass, field

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
    """The highest number that the store knows of; what is not beyond it is not too far."""

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

    def append(self, mark: int, place: int, end: int, id: bytes, digest: bytes, at_ms: int) -> None:
        """Enter the number after the highest one; the shortest way, for millions of them."""
        self.kept += 1
        self.marks.append(mark)
        self.places.append(place)
        self.ends.append(end)
        self.times.append(at_ms)
        self.ids += id
        self.digests += digest

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
        # The first half of an id is enough to find suspects, at a fraction of the memory.
        halves = array("Q", bytes(self.ids))[::2]
        once: set[int] = set()
        suspects: set[int] = set()
        for half in halves:
            (suspects if half in once else once).add(half)
        first: dict[bytes, int] = {}
        pairs: list[tuple[int, int]] = []
        for at in (at for at, half in enumerate(halves) if half in suspects) if suspects else ():
            id = self.id_of(at + 1)
            if any(id) and first.setdefault(id, at + 1) != at + 1:
                pairs.append((at + 1, first[id]))
        return pairs

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
