# SPDX-License-Identifier: Apache-2.0
"""Compares two packs of one link, usually one of each side.

Of each log both packs hold, the shorter has to be the beginning of the longer. If it is not, the writer of
that log signed two histories: the first entry that differs is named, and both heads are the proof.
"""

from exchange.verifier.logs import Log
from exchange.verifier.verify import Verified

HASH_BYTES = 32


def compare_packs(one: Verified, other: Verified) -> list[str]:
    """Return in words what differs between two verified packs; nothing when they fit."""
    if one.header["link"] != other.header["link"]:
        return ["the packs are of two different links"]
    found = []
    shared = min(len(one.agreements.digests), len(other.agreements.digests))
    if one.agreements.digests[:shared] != other.agreements.digests[:shared]:
        found.append("the packs hold different agreements")
    for by, log in one.logs.items():
        found += _compare_logs(log, other.logs[by])
    return found


def _compare_epochs(earlier: Log, later: Log) -> list[str]:
    """Return what does not fit between the end of an epoch and what the next one says of it."""
    if later.ep != earlier.ep + 1 or later.previous is None:
        return [f"the packs hold epochs {earlier.ep} and {later.ep} of the log of {earlier.by}"]
    size, root, why = later.previous
    if earlier.size < size or (earlier.size, earlier.root) == (size, root):
        return []  # a copy may have ended before its log
    return [
        f"epoch {later.ep} of the log of {earlier.by} was begun ({why}) after {size} entries of epoch"
        f" {earlier.ep}; this pack holds {earlier.size}, or others"
    ]


def _compare_logs(one: Log, other: Log) -> list[str]:
    if one.ep != other.ep:
        return _compare_epochs(*sorted((one, other), key=lambda log: log.ep))
    shared = min(len(one.hashes), len(other.hashes))
    if one.hashes[:shared] == other.hashes[:shared]:
        return []
    first = next(
        start
        for start in range(0, shared, HASH_BYTES)
        if one.hashes[start : start + HASH_BYTES] != other.hashes[start : start + HASH_BYTES]
    )
    signed = "both are signed by it" if one.signed and other.signed else "not both are signed by it"
    return [f"the log of {one.by} has two histories from entry {first // HASH_BYTES + 1} on; {signed}"]
