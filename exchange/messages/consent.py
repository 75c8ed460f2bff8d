# SPDX-License-Identifier: Apache-2.0
"""Whether the person agreed, as far as the message shows (procedure section 5).

Each type needs its own scopes (`requires_consent` of the catalogue); each is asked separately.

1. A consent holds when it is `given` and has not ended. Of each giver the entry with the latest date
   counts; on the same date a refusal counts.
2. An adult agrees in person. Who turned 18 while treated as a child agrees in person as well.
3. A child needs a guardian, parent or court, and its own assent unless it is surely too young.
4. A parent cannot agree while the flag `threat_from_family` is set.
5. An override replaces no consent to return, and no consent that the person refused or withdrew. For
   other scopes it counts; that it needs two persons is a rule of the office.
6. A photograph needs the consent `photo`, fingerprints `biometrics`, an account of the exploitation
   `share_care`, each really given.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from exchange.errors import Fault
from exchange.messages.context import ADULT_FROM_AGE, RuleContext
from exchange.messages.dates import birth_span
from exchange.messages.document import pointer
from exchange.messages.people import Consent, PersonBlock
from exchange.messages.wording import fault

_FOR_A_CHILD = frozenset({"guardian", "parent", "court"})
_PARENTS = frozenset({"mother", "father", "step_parent", "adoptive_parent"})
_THEMSELVES = frozenset({"person", "child_assent"})
_NO = frozenset({"refused", "withdrawn"})
_NO_OVERRIDE = frozenset({"return"})
_OF_MEMBERS = (
    ("photograph", "photo", "consent.photo"),
    ("fingerprints", "biometrics", "consent.biometrics"),
    ("exploitation", "share_care", "consent.exploitation"),
)
"""Members that need a consent of their own: member, scope, rule."""


@dataclass(frozen=True)
class _Asked:
    """One scope that one person was asked about."""

    person: PersonBlock
    scope: str
    context: RuleContext
    index: int

    @cached_property
    def entries(self) -> list[Consent]:
        return [entry for entry in self.person.consents or () if entry.scope == self.scope]

    @cached_property
    def newest(self) -> dict[str, Consent]:
        """The entry that counts for each giver."""
        ordered = sorted(self.entries, key=lambda entry: (entry.on, entry.state != "given"))
        return {entry.giver: entry for entry in ordered}


def consent_faults(
    person: PersonBlock, scopes: Sequence[str], context: RuleContext, index: int
) -> Iterator[Fault]:
    """Yield what is missing in the consents of one person, scope by scope, then member by member."""
    for scope in scopes:
        yield from _scope_faults(_Asked(person, scope, context, index))
    for member, scope, rule in _OF_MEMBERS:
        if getattr(person, member) is None:
            continue
        if not _holding(_Asked(person, scope, context, index)) - {"not_obtained"}:
            place, expected = pointer("persons", index, member), _expected(scope)
            yield fault("consent_missing", rule, place, expected=expected, found="none")


def _scope_faults(asked: _Asked) -> Iterator[Fault]:
    entries, holding = asked.entries, _holding(asked)
    if not entries:
        rule = "consent.return" if asked.scope == "return" else "consent.scope"
        yield _missing(asked, rule, _expected(asked.scope), "none", "person")
    elif _is_overridden(asked):
        return
    elif not holding:
        states = ", ".join(sorted({f'state "{entry.state}"' for entry in entries}))
        yield _missing(asked, "consent.ended", _expected(asked.scope), states, "")
    else:
        yield from _entitled(asked, holding)


def _holds(entry: Consent, asked: _Asked) -> bool:
    return entry.valid_until is None or entry.valid_until >= asked.context.day.isoformat()


def _holding(asked: _Asked) -> frozenset[str]:
    """Return the givers whose latest entry is given and has not ended."""
    newest = asked.newest.items()
    return frozenset([giver for giver, entry in newest if entry.state == "given" and _holds(entry, asked)])


def _is_overridden(asked: _Asked) -> bool:
    if asked.scope in _NO_OVERRIDE:
        return False
    newest = asked.newest
    refused = any(giver in _THEMSELVES and entry.state in _NO for giver, entry in newest.items())
    overridden = any(entry.state == "overridden" and _holds(entry, asked) for entry in newest.values())
    return overridden and not refused


def _entitled(asked: _Asked, holding: frozenset[str]) -> Iterator[Fault]:
    person, context = asked.person, asked.context
    span = birth_span(person.birth) if person.is_child and person.birth is not None else None
    is_adult = not person.is_child or (span is not None and span.is_surely_adult(context.day))
    if is_adult and "person" not in holding:
        yield _missing(asked, "consent.own", 'giver "person"', _givers(holding), "person")
    if not person.is_child:
        return
    yield from _guarded(asked, holding)
    may_be_adult = span is None or not span.is_surely_under(ADULT_FROM_AGE, context.day)
    too_young = span is not None and span.is_surely_under(context.assent_from_age, context.day)
    agreed = "child_assent" in holding or (may_be_adult and "person" in holding)
    if not (is_adult or too_young or agreed):
        yield _missing(asked, "consent.assent", 'giver "child_assent"', _givers(holding), "child_assent")


def _guarded(asked: _Asked, holding: frozenset[str]) -> Iterator[Fault]:
    """Yield a fault unless someone who may speak for the child has agreed."""
    givers = holding & _FOR_A_CHILD
    if givers - _untrusted(asked.person):
        return
    expected = 'giver "guardian" or "court"' if givers else 'giver "guardian", "parent" or "court"'
    rule = "consent.threat" if givers else "consent.child"
    yield _missing(asked, rule, expected, _givers(holding), "guardian")


def _untrusted(person: PersonBlock) -> frozenset[str]:
    if "threat_from_family" not in (person.flags or ()):
        return frozenset()
    guardian = person.guardian
    is_parent = guardian is not None and guardian.relationship in _PARENTS
    return frozenset({"parent", "guardian"}) if is_parent else frozenset({"parent"})


def _expected(scope: str) -> str:
    return f'scope "{scope}", state "given"'


def _givers(holding: frozenset[str]) -> str:
    return ", ".join(f'giver "{giver}"' for giver in sorted(holding)) or "none"


def _ask(scope: str, giver: str) -> str:
    if not giver:
        return "ask the person again"
    whom = {"person": "the person", "child_assent": "the child"}.get(giver, "the guardian")
    return (
        f'ask {whom}, then add {{"scope": "{scope}", "state": "given", "giver": "{giver}", "on": "<date>"}}'
    )


def _missing(asked: _Asked, rule: str, expected: str, found: str, giver: str) -> Fault:
    place = pointer("persons", asked.index, "consents")
    hint = _ask(asked.scope, giver)
    return fault("consent_missing", rule, place, expected=expected, found=found, hint=hint)
