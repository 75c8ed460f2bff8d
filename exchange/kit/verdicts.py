# SPDX-License-Identifier: Apache-2.0
"""Reads the verdict on each line from what a node answered: its results, and the new entries of its log.

A result without an entry counts for nothing, and an entry counts only for the very bytes that it names.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from exchange.ids import sha256
from exchange.kit.cases import REFUSED, SAME
from exchange.ledger.entries import Event, Leaf
from exchange.protocol.frames import Outcome, Result

VERDICTS = (Event.RCVD, Event.ACCP, Event.REJC)


@dataclass(frozen=True)
class Heard:
    """What one answer says: a verdict for each line, and those on numbers that waited."""

    verdicts: tuple[str, ...]
    later: tuple[str, ...]


def heard_in(results: Sequence[Result], lines: Sequence[bytes], new: Sequence[Leaf]) -> Heard:
    """Return what is said about lines; requires a result for each of them."""
    rest, verdicts = list(new), []
    for result, line in zip(results, lines, strict=True):
        leaf = next((leaf for leaf in rest if _is_on(leaf, line)), None)
        if leaf is not None:
            rest.remove(leaf)
        verdicts.append(_verdict(result, leaf))
    return Heard(tuple(verdicts), tuple(_later(leaf) for leaf in rest if leaf.ev in VERDICTS))


def is_final(leaf: Leaf) -> bool:
    """Return True for an entry after which a number of ours needs nothing more."""
    return leaf.ev in (Event.ACCP, Event.REJC) or (leaf.ev == Event.RCVD and leaf.fields.get("k") != "held")


def _is_on(leaf: Leaf, line: bytes) -> bool:
    """Return True for the entry that records exactly this line."""
    envelope, _, body = line.partition(b"~")
    said = (leaf.fields.get("eh"), leaf.fields.get("cd"))
    return leaf.ev == Event.RCVD and said == (sha256(envelope), sha256(body))


def _verdict(result: Result, leaf: Leaf | None) -> str:
    if result.outcome is Outcome.REFUSED:
        told = REFUSED if result.code == "refused" else f"{REFUSED} with the code {result.code}"
        return told if leaf is None else f"{told}, and logged"
    if result.outcome is Outcome.AGAIN:
        return f"again {result.code}" if leaf is None else f"again {result.code}, and logged"
    if leaf is None:
        return SAME
    return f"logged {leaf.fields['k']} {leaf.fields.get('code', '')}".rstrip()


def _later(leaf: Leaf) -> str:
    verdict = {Event.ACCP: "accepted", Event.REJC: "rejected"}.get(Event(leaf.ev), leaf.fields.get("k"))
    return f"{leaf.fields['seq']} {verdict} {leaf.fields.get('code', '')}".rstrip()
