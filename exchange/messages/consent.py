# SPDX-License-Identifier: Apache-2.0
"""Whether the person of a notice agreed, as far as the notice shows (procedure section 5).

1. A consent holds when it is `given` and has not ended. Of each giver the entry with the latest date
   counts; on the same date a refusal counts. An override never replaces consent to return.
2. An adult agrees in person. Who turned 18 while treated as a child agrees in person as well.
3. A child needs a guardian, parent or court, and its own assent unless it is surely too young.
4. A parent cannot agree while the flag `threat_from_family` is set.
5. A photograph needs the consent `photo`.
"""

from collections.abc import Iterator

from exchange.errors import Fault
from exchange.messages.context import ADULT_FROM_AGE, RuleContext
from exchange.messages.dates import birth_span
from exchange.messages.document import pointer
from exchange.messages.people import Consent
from exchange.messages.returns import NoticePerson
from exchange.messages.wording import fault

_FOR_A_CHILD = frozenset({"guardian", "parent", "court"})
_PARENTS = frozenset({"mother", "father", "step_parent", "adoptive_parent"})
_EXPECTED = 'scope "return", state "given"'


def consent_faults(person: NoticePerson, context: RuleContext, index: int) -> Iterator[Fault]:
    """Yield what is missing in the consents of one person."""
    entries = [entry for entry in person.consents or () if entry.scope == "return"]
    holding = _holding(entries, context)
    if not entries:
        yield _missing("consent.return", index, _EXPECTED, "none", _ask("person"))
    elif not holding:
        states = ", ".join(sorted({f'state "{entry.state}"' for entry in entries}))
        yield _missing("consent.ended", index, _EXPECTED, states, "ask the person again")
    else:
        yield from _entitled(person, holding, context, index)
    if person.photograph is not None and not _photo_allowed(person, context):
        expected = 'scope "photo", state "given"'
        yield fault(
            "consent_missing",
            "consent.photo",
            pointer("persons", index, "photograph"),
            expected=expected,
            found="none",
        )


def _holding(entries: list[Consent], context: RuleContext) -> frozenset[str]:
    """Return the givers whose latest entry is given and has not ended."""
    newest: dict[str, Consent] = {}
    for entry in sorted(entries, key=lambda entry: (entry.on, entry.state != "given")):
        newest[entry.giver] = entry
    today = context.day.isoformat()
    return frozenset(
        giver
        for giver, entry in newest.items()
        if entry.state == "given" and (entry.valid_until is None or entry.valid_until >= today)
    )


def _entitled(
    person: NoticePerson, holding: frozenset[str], context: RuleContext, index: int
) -> Iterator[Fault]:
    span = birth_span(person.birth)
    is_adult = not person.is_child or (span is not None and span.is_surely_adult(context.day))
    if is_adult and "person" not in holding:
        yield _missing("consent.own", index, 'giver "person"', _givers(holding), _ask("person"))
    if not person.is_child:
        return
    yield from _guarded(person, holding, index)
    may_be_adult = span is None or not span.is_surely_under(ADULT_FROM_AGE, context.day)
    too_young = span is not None and span.is_surely_under(context.assent_from_age, context.day)
    agreed = "child_assent" in holding or (may_be_adult and "person" in holding)
    if not (is_adult or too_young or agreed):
        yield _missing(
            "consent.assent", index, 'giver "child_assent"', _givers(holding), _ask("child_assent")
        )


def _guarded(person: NoticePerson, holding: frozenset[str], index: int) -> Iterator[Fault]:
    """Yield a fault unless someone who may speak for the child has agreed."""
    givers = holding & _FOR_A_CHILD
    trusted = givers - _untrusted(person)
    if trusted:
        return
    expected = 'giver "guardian" or "court"' if givers else 'giver "guardian", "parent" or "court"'
    rule = "consent.threat" if givers else "consent.child"
    yield _missing(rule, index, expected, _givers(holding), _ask("guardian"))


def _untrusted(person: NoticePerson) -> frozenset[str]:
    if "threat_from_family" not in person.flags:
        return frozenset()
    guardian = person.guardian
    is_parent = guardian is not None and guardian.relationship in _PARENTS
    return frozenset({"parent", "guardian"}) if is_parent else frozenset({"parent"})


def _photo_allowed(person: NoticePerson, context: RuleContext) -> bool:
    entries = [entry for entry in person.consents or () if entry.scope == "photo"]
    return bool(_holding(entries, context) - {"not_obtained"})


def _givers(holding: frozenset[str]) -> str:
    return ", ".join(f'giver "{giver}"' for giver in sorted(holding)) or "none"


def _ask(giver: str) -> str:
    whom = {"person": "the person", "child_assent": "the child"}.get(giver, "the guardian")
    return f'ask {whom}, then add {{"scope": "return", "state": "given", "giver": "{giver}", "on": "<date>"}}'


def _missing(rule: str, index: int, expected: str, found: str, hint: str) -> Fault:
    place = pointer("persons", index, "consents")
    return fault("consent_missing", rule, place, expected=expected, found=found, hint=hint)
