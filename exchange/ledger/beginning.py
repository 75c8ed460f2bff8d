# SPDX-License-Identifier: Apache-2.0
"""Whether a log begins as it must: `open`, `agrx`, in a later epoch `epch`, then the keys (`keyx add`).

The order of later leaves is the business of `judge`, which takes a log without a beginning, too: leaves are
stored and cosigned whatever they say. But such a log does not bind the agreement, the card and the keys under
which it was written, and people should know. Source: docs/protocol/log.md, the beginning of a log.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exchange.ledger.entries import Event, Leaf

FIRST_LEAVES: Final = 4
"""As many leaves of a log have to be looked at."""


@dataclass(frozen=True)
class WrongBeginning:
    """The leaf that stands where another should, and the rule."""

    leaf: Leaf
    reason: str


def wrong_beginning(first: Sequence[Leaf]) -> WrongBeginning | None:
    """Return what is wrong with the first leaves of a log; what a shorter one has not yet is no fault."""
    expected = [Event.OPEN, Event.AGRX, Event.KEYX]
    if len(first) > 2 and first[0].ep > 1 and first[2].ev == Event.EPCH:
        expected.insert(2, Event.EPCH)
    for leaf, event in zip(first, expected, strict=False):
        is_right = leaf.ev == event and (event is not Event.KEYX or leaf.fields.get("op") == "add")
        if not is_right:
            return WrongBeginning(leaf, f"{event.value}_missing")
    return None
