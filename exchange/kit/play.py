# SPDX-License-Identifier: Apache-2.0
"""Plays the kit against a live node and says for each case what was due and what was found.

1. The gate is opened, as after any start; if it stays closed, that is the only finding.
2. Checks of door, gate, frames and tails; every case about lines; then histories: forks, and keys that end.
3. A case that fails does not end the run: what it left open is given up, and the next one begins. Only a node
   that does not answer any more ends it.

An answer that a partner must not accept (a wrong root, a wrong cosignature) is a finding of its own rule,
whatever case it came in.
"""

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from exchange.errors import ExchangeError, NodeFaultError
from exchange.ids import RandomSource
from exchange.kit import bodies, contents, envelopes, places
from exchange.kit.cases import Case, Offer
from exchange.kit.dialogues import CHECKS, Check, Live
from exchange.kit.doors import Door, SignedWay
from exchange.kit.drafts import notice_drafts, stop_drafts
from exchange.kit.enrolling import Enrolled
from exchange.kit.histories import HISTORIES
from exchange.kit.rules import Finding
from exchange.kit.scribe import Scribe
from exchange.kit.talk import Talk
from exchange.kit.verdicts import Heard
from exchange.protocol.suites import KeyUse

_LATER = (*envelopes.LONG, *places.FAILURES, *contents.AGREED)
"""Cases that came after the first edition of the vectors; at the end, so that bodies keep their names."""
CASES: tuple[Case, ...] = (*envelopes.CASES, *places.CASES, *bodies.CASES, *contents.CASES, *_LATER)
"""Every case about lines."""
A_FEW = 2
"""Checks and cases of one rule in a quick run."""
SILENT = 3
"""So many cases in a row without any answer end a run: the node is gone."""
NO_ANSWER = "no_answer"
"""Reason of a door that does not answer as HTTP."""
Ruled = TypeVar("Ruled", Case, Check)


@dataclass(frozen=True)
class Plan:
    """What is played against a live node."""

    checks: tuple[Check, ...]
    cases: tuple[Case, ...]
    histories: tuple[Check, ...]

    @property
    def size(self) -> int:
        return len(self.checks) + len(self.cases) + len(self.histories)


def plan(*, quick: bool = False) -> Plan:
    """Return everything that a live node can be shown; `quick` takes a few of each rule."""
    cases = tuple(case for case in CASES if case.live)
    everything = Plan(CHECKS, cases, HISTORIES)
    return Plan(_some(CHECKS), _some(cases), _some(HISTORIES)) if quick else everything


def _some(everything: Iterable[Ruled]) -> tuple[Ruled, ...]:
    taken: Counter[str] = Counter()
    chosen = []
    for one in everything:
        taken[one.rule] += 1
        if taken[one.rule] <= A_FEW:
            chosen.append(one)
    return tuple(chosen)


async def run(
    door: Door,
    enrolled: Enrolled,
    wanted: Plan,
    *,
    now: Callable[[], datetime],
    random: RandomSource,
) -> AsyncIterator[Finding]:
    """Play a plan against the node behind a door; both sides have confirmed the enrolment."""
    live = _live(door, enrolled, now=now, random=random)
    opened = await _begin(live.talk)
    yield opened
    if not opened.holds:
        return
    silent = 0
    async for finding in _all_of(live, wanted):
        yield finding
        silent = silent + 1 if NO_ANSWER in finding.found else 0
        if silent == SILENT:
            yield Finding("door.request", "node-answers", "The node answers to the end.", "answers", "silent")
            return


async def _all_of(live: Live, wanted: Plan) -> AsyncIterator[Finding]:
    for check in wanted.checks:
        yield await _checked(check, live)
    for case in wanted.cases:
        yield await play_one(live.talk, case)
        await _tidy(live.talk)
    for check in wanted.histories:
        yield await _checked(check, live)


def _live(door: Door, enrolled: Enrolled, *, now: Callable[[], datetime], random: RandomSource) -> Live:
    own, partner, agreement = enrolled.own, enrolled.partner, enrolled.agreement
    parties = own.code, partner.agency, agreement.terms
    scribe = Scribe(
        own=own,
        partner=partner,
        agreement=agreement,
        now=now,
        random=random,
        draft=notice_drafts(*parties, now),
        stop=stop_drafts(*parties, now),
    )
    way = SignedWay(door, scribe.link, partner.agency, own.key(KeyUse.DOOR), now, random)
    return Live(Talk(scribe, way), way, door)


async def _begin(talk: Talk) -> Finding:
    rule, found = "gate.prefix", "open"
    try:
        await talk.begin()
        await talk.tidy()
    except NodeFaultError as fault:
        rule, found = fault.rule, str(fault)
    except ExchangeError as error:
        found = f"{error.reason}: {error}"
    return Finding(rule, "gate-opens", "The gate is opened by two questions.", "open", found)


async def _checked(check: Check, live: Live) -> Finding:
    rule = check.rule
    try:
        found = await check.play(live)
    except NodeFaultError as fault:
        rule, found = fault.rule, str(fault)
    except ExchangeError as error:
        found = f"{error.reason}: {error}"
    await _tidy(live.talk)
    return Finding(rule, check.name, check.description, check.expected, found)


async def _tidy(talk: Talk) -> None:
    """Give up what is open; what fails here shows again in the next case."""
    with contextlib.suppress(ExchangeError):
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
    except NodeFaultError as fault:
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
