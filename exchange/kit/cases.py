# SPDX-License-Identifier: Apache-2.0
"""A case: what the kit offers a node, and the verdict that is due.

Verdicts of one line, as the vectors and the report write them:

    logged accepted | logged rejected <code> | logged held     a new verdict entry
    same entry                                                 logged before; nothing new
    again <code>                                               not taken yet
    refused                                                    nothing logged
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from exchange.kit.breaking import RIGHT, Wrong
from exchange.kit.scribe import Order, Scribe
from exchange.ledger.entries import Entry

ACCEPTED: Final = "logged accepted"
HELD: Final = "logged held"
SAME: Final = "same entry"
REFUSED: Final = "refused"


def rejected(code: str) -> str:
    return f"logged rejected {code}"


def again(code: str) -> str:
    return f"again {code}"


@dataclass(frozen=True)
class Offer:
    """One frame of the kit: entries that go before, lines, and what is due for each."""

    lines: tuple[bytes, ...] = ()
    expect: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    card: str = ""
    then: tuple[str, ...] = ()
    """Verdicts on numbers that waited, `<number> accepted` or `<number> rejected <code>`, in order."""
    fails: bool = False
    """The node's handling of messages fails while it takes this; only a vector can have it."""
    later_s: int = 0
    """How much later than the offer before this one comes; only a vector can wait."""


Play = Callable[[Scribe], Iterator[Offer]]


@dataclass(frozen=True)
class Case:
    """One rule, kept or broken in one way."""

    name: str
    rule: str
    description: str
    play: Play
    context: str = "open"
    """Where the vector begins; the contexts stand in the README of the vectors."""
    live: bool = True
    """False where playing it would use up a key of the kit, or costs too much."""
    vector: bool = True
    """False where the vector would be too large."""


def one(
    name: str,
    rule: str,
    description: str,
    expect: str,
    wrong: Wrong = RIGHT,
    *,
    order: Order | None = None,
    context: str = "open",
    card: bool = False,
    vector: bool = True,
) -> Case:
    """Return the case of one announced line; `card` shows our card in the same frame."""

    def play(scribe: Scribe) -> Iterator[Offer]:
        written = scribe.write(wrong, order)
        shown = scribe.own.card.raw.decode("ascii") if card else ""
        yield Offer((written.line,), (expect,), (written.entry,), card=shown)

    return Case(name, rule, description, play, context=context, live=context == "open", vector=vector)
