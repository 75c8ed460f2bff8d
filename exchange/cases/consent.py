# SPDX-License-Identifier: Apache-2.0
"""Consents of one person as facts of the case: each scope is asked, given and withdrawn by itself.

1. A fact says who gave which scope, in which state, on which day, until when. Facts come with messages
   (`consents` of the person block) and are kept by scope and giver, for a child for example `guardian`
   and `child_assent`.
2. A withdrawal (CWD) ends every fact of the scope from its place in the order of the keeper on. A later
   message revives the scope only with a consent given on a later day; a reopening (ROP) rests on a
   consent that was asked anew, so the same day is enough there.
3. A scope is allowed on a day if somebody gave it, or it was overridden with a reason, nobody refused or
   withdrew it, and no fact of it has ended. No fact means no: silence is never consent.

Who is entitled to give a consent, for example not a parent who is flagged, is a rule of the message
(`messages.validation`), which sees the flags. Source: domain reference, procedure, section 5.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

GRANTING = frozenset({"given", "overridden"})
"""Values of `consent-states` that allow."""
WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Consent:
    """One fact; codes of `consent-scopes`, `consent-states`, `consent-givers`."""

    scope: str
    state: str
    giver: str
    given_on: date
    valid_until: date | None = None

    def grants(self, on: date) -> bool:
        """Return whether this fact allows its scope on a day; the last day counts."""
        return self.state in GRANTING and (self.valid_until is None or on <= self.valid_until)


@dataclass(frozen=True)
class Consents:
    """All facts of a case and the scopes that were withdrawn, with the day."""

    facts: tuple[Consent, ...] = ()
    withdrawn: tuple[tuple[str, date], ...] = ()

    def withdrawn_on(self, scope: str) -> date | None:
        return dict(self.withdrawn).get(scope) if self.withdrawn else None


def allows(consents: Consents, scope: str, on: date) -> bool:
    """Return whether the person's consents allow `scope` on the day `on` (rule 3)."""
    if consents.withdrawn_on(scope) is not None:
        return False
    facts = [fact for fact in consents.facts if fact.scope == scope]
    return bool(facts) and all(fact.grants(on) for fact in facts)


def withdraw(consents: Consents, scopes: Iterable[str], on: date) -> Consents:
    """Return the consents after a withdrawal of `scopes` on a day; facts of other scopes stay."""
    ended = set(scopes)
    kept = tuple(fact for fact in consents.facts if fact.scope not in ended)
    open_scopes = tuple(pair for pair in consents.withdrawn if pair[0] not in ended)
    return Consents(kept, tuple(sorted((*open_scopes, *((scope, on) for scope in ended)))))


def learn(consents: Consents, facts: Iterable[Consent], *, asked_anew: bool = False) -> Consents:
    """Return the consents after a message that carries `facts` (rule 2).

    A fact from before a withdrawal of its scope is old news and changes nothing.
    """
    for fact in facts:
        ended_on = consents.withdrawn_on(fact.scope)
        if ended_on is not None and not _is_after(fact, ended_on, same_day=asked_anew):
            continue
        others, still = consents.facts, consents.withdrawn
        if others:
            others = tuple([old for old in others if (old.scope, old.giver) != (fact.scope, fact.giver)])
        if still:
            still = tuple([pair for pair in still if pair[0] != fact.scope])
        consents = Consents((*others, fact), still)
    return consents


def _is_after(fact: Consent, ended_on: date, *, same_day: bool) -> bool:
    if fact.state not in GRANTING:
        return False
    return fact.given_on > ended_on or (same_day and fact.given_on == ended_on)
