# SPDX-License-Identifier: Apache-2.0
"""Reads stretches of ordinary leaves as columns, for ledgers of millions of messages.

Nearly every leaf of a log says that a message was sent, or that one was accepted at once. One pattern cuts a
whole page of them, and each column is then looked at as a whole: that takes half the time of leaf by leaf.
Nothing is judged here, and nothing is guessed:

1. A leaf that is not of these two kinds ends a stretch.
2. A stretch is given only if every leaf in it has exactly the members and values of `entries.EVENTS`.
3. Anything else gives None: then each leaf of the stretch is read by itself, by the one that names faults.

Requires stored bytes, which `decode_leaf` took.
"""

import re
from binascii import unhexlify
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from itertools import compress, groupby
from operator import itemgetter, not_
from typing import Final

from exchange.ledger.entries import EVENTS, LEAF_VERSION, Event, Verdict
from exchange.ledger.numbers import PACKED_BYTES, Run

SHORTEST: Final = 8
"""Leaves from which on columns are faster than leaf by leaf."""
_DIGEST, _ID = 43, 36
"""Characters of a digest and of a message id."""
_BASE64URL: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_LAST_OF_DIGEST: Final = b"AEIMQUYcgkosw048"
_DASHES: Final = (8, 13, 18, 23)
_Cut = tuple[bytes, ...]
_OTHER: Final = itemgetter(7)
"""Of a leaf that was cut: all of it, if it is not an ordinary one."""
_COMMON: Final = {"v", "link", "by", "ep", "i", "t", "ev"}


@dataclass(frozen=True)
class Stretch:
    """Ordinary leaves of a log, one behind the other."""

    sent: Run
    received: Run
    """Each accepted when it was recorded."""
    is_sent: tuple[bool, ...]
    """Of each leaf: `sent`, or else `rcvd`."""
    times: tuple[bytes, ...]
    """Of each leaf, as text."""


def pieces(leaves: Sequence[bytes], start: int) -> Iterator[Stretch | Sequence[bytes]]:
    """Yield stretches, and in between the leaves to be read one by one; the first is leaf `start`."""
    cut = _pattern().findall(b"\n".join(leaves))
    if len(cut) != len(leaves):
        yield leaves
        return
    at = 0
    for is_ordinary, rows in _runs_of(cut):
        stretch = _stretch(rows, start + at) if is_ordinary and len(rows) >= SHORTEST else None
        yield stretch or leaves[at : at + len(rows)]
        at += len(rows)


def _runs_of(cut: Sequence[_Cut]) -> Iterator[tuple[bool, Sequence[_Cut]]]:
    """Yield consecutive leaves that are, or are not, ordinary; most pages are one run."""
    if cut and not any(map(_OTHER, cut)):
        yield True, cut
        return
    for is_other, piece in groupby(cut, key=lambda row: bool(_OTHER(row))):
        yield not is_other, list(piece)


def _stretch(found: Sequence[_Cut], start: int) -> Stretch | None:
    """Return ordinary leaves as columns, the first at index `start`; None if one is not as demanded."""
    cds, ehs, kinds, ids, pcs, numbers, times, _ = zip(*found, strict=True)
    if not (_are_digests(cds) and _are_digests(ehs) and _are_digests(pcs) and _are_ids(b"".join(ids))):
        return None
    is_sent = tuple(map(bool, kinds))
    digests = [sha256(eh + cd).digest()[:PACKED_BYTES] for eh, cd in zip(ehs, cds, strict=True)]
    rows = (tuple(map(int, numbers)), range(start, start + len(found)), ids, digests)
    return Stretch(_run(rows, is_sent), _run(rows, tuple(map(not_, is_sent))), is_sent, times)


_Rows = tuple[Sequence[int], Sequence[int], Sequence[bytes], Sequence[bytes]]


def _run(rows: _Rows, chosen: Sequence[bool]) -> Run:
    numbers, places, ids, digests = rows
    return Run(
        tuple(compress(numbers, chosen)),
        tuple(compress(places, chosen)),
        unhexlify(b"".join(compress(ids, chosen)).replace(b"-", b"")),
        b"".join(compress(digests, chosen)),
    )


def _are_digests(column: Sequence[bytes]) -> bool:
    """Say whether texts of the right length are all as `entries.DIGEST`."""
    joined = b"".join(column)
    ends = joined[_DIGEST - 1 :: _DIGEST]
    return not joined.translate(None, _BASE64URL) and not ends.translate(None, _LAST_OF_DIGEST)


def _are_ids(joined: bytes) -> bool:
    """Say whether texts of the right length, joined, are all as `entries.MESSAGE`."""
    count = len(joined) // _ID
    are_dashed = all(joined[at::_ID] == b"-" * count for at in _DASHES)
    return (
        are_dashed
        and joined.count(b"-") == len(_DASHES) * count
        and joined[14::_ID] == b"7" * count
        and not joined[19::_ID].translate(None, b"89ab")
        and not joined.translate(None, b"0123456789abcdef-")
    )


@cache
def _pattern() -> re.Pattern[bytes]:
    """Return the pattern of a leaf: of an ordinary one with its members as groups, or else of any line.

    Of digests and ids only the width is looked at here, the rest by columns. Group 3 is `sent`, or empty for
    `rcvd`; a member that only one of them has depends on it. The last group is another leaf.
    """
    sent, received = EVENTS[Event.SENT].keys(), EVENTS[Event.RCVD].keys() - {"code"}
    members = []
    for name in sorted(_COMMON | sent | received):
        member = f'"{name}":{_value(name)},'
        if name in sent - received:
            member = f"(?(3){member})"
        elif name in received - sent:
            member = f"(?(3)|{member})"
        members.append(member)
    ordinary = r"\{" + "".join(members).removesuffix(",") + r"\}"
    return re.compile(f"^(?:{ordinary}|(.+))$".encode("ascii"), re.MULTILINE)


def _value(name: str) -> str:
    count = "[1-9][0-9]{0,15}"
    values = {
        "by": '"[^"]*"',
        "link": '"[^"]*"',
        "v": str(LEAF_VERSION),
        "ep": count,
        "i": "[0-9]{1,16}",
        "sz": count,
        "seq": f"({count})",
        "ev": f'"(?:({Event.SENT.value})|{Event.RCVD.value})"',
        "k": f'"{Verdict.ACCEPTED.value}"',
        "t": '"([0-9TZ:.-]{24})"',
        "id": f'"([^"]{{{_ID}}})"',
    }
    return values.get(name, f'"([^"]{{{_DIGEST}}})"')
