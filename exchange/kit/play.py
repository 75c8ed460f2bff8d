# SPDX-License-Identifier: Apache-2.0
"""Plays cases in a conversation and says for each what was due and what was found.

A case that fails does not end the run: what it left open is given up, and the next one begins. Only when the
node cannot be spoken with any more the run ends, and that is a finding, too.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from exchange.errors import ExchangeError
from exchange.kit import bodies, contents, envelopes, places
from exchange.kit.cases import Case, Offer
from exchange.kit.talk import Heard, NodeFault, Talk

CASES: tuple[Case, ...] = (*envelopes.CASES, *places.CASES, *bodies.CASES, *contents.CASES)
"""Every case about lines."""


@dataclass(frozen=True)
class Finding:
    """One case: the rule, what was due, what was found."""

    rule: str
    name: str
    description: str
    expected: str
    found: str

    @property
    def holds(self) -> bool:
        return self.expected == self.found


async def play(talk: Talk, cases: Iterable[Case]) -> AsyncIterator[Finding]:
    """Play every live case of a conversation that has begun.

    Raises:
        ExchangeError: between two cases the node cannot be spoken with.
    """
    for case in cases:
        if case.live:
            yield await play_one(talk, case)
            await talk.tidy()


async def play_one(talk: Talk, case: Case) -> Finding:
    """Return what the node does in one case."""
    expected: list[str] = []
    found: list[str] = []
    rule = case.rule
    try:
        for offer in case.play(talk.scribe):
            expected.append(due(offer))
            heard = await talk.say(offer.lines, offer.entries, card=offer.card)
            found.append(told(heard))
    except NodeFault as fault:
        rule = fault.rule
        found.append(str(fault))
    except ExchangeError as error:
        found.append(f"no answer: {error.reason}")
    return Finding(rule, case.name, case.description, "; ".join(expected), "; ".join(found))


def due(offer: Offer) -> str:
    """Return what an offer expects, as one text."""
    return text_of(offer.expect, offer.then)


def told(heard: Heard) -> str:
    """Return what was heard, in the same form."""
    return text_of(heard.verdicts, heard.later)


def text_of(verdicts: Iterable[str], later: Iterable[str]) -> str:
    words = [*verdicts, *(f"then {one}" for one in later)]
    return ", ".join(words) or "nothing"
