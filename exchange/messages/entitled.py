# SPDX-License-Identifier: Apache-2.0
"""Whether somebody entitled agreed to a scope, where the type carries consents but no date of birth.

1. Of each giver the entry with the latest date counts; on the same date a refusal counts. It holds when it
   is `given` and has not ended. An override is none of these: these scopes have no override.
2. An adult agrees in person; for a child a guardian, parent or court. Whoever may have turned 18 meanwhile
   agrees in person too, which is enough for a scope that only concerns the own report.

Whether the person withdrew the scope meanwhile is asked of the case, at the place of the message in the
order of effects. Consent to return in a notice has more rules (`consent.py`), because a notice shows the age.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from exchange.errors import Fault
from exchange.messages.context import RuleContext
from exchange.messages.document import pointer
from exchange.messages.people import Consent
from exchange.messages.wording import fault

_FOR_A_CHILD = frozenset({"guardian", "parent", "court"})
_OWN = frozenset({"person"})


def scope_faults(
    scope: str,
    entries: Sequence[Consent],
    context: RuleContext,
    *,
    index: int,
    is_child: bool,
) -> Iterator[Fault]:
    """Yield a fault unless the consents of one person allow a scope on the day of numbering."""
    asked = [entry for entry in entries if entry.scope == scope]
    holding = _holding(asked, context.day)
    entitled = _entitled(scope, is_child=is_child)
    if holding & entitled:
        return
    rule = "consent.scope" if not asked else "consent.scope_ended" if not holding else "consent.scope_giver"
    found = ", ".join(sorted({f'state "{entry.state}"' for entry in asked})) or "none"
    yield fault(
        "consent_missing",
        rule,
        pointer("persons", index, "consents"),
        expected=f'scope "{scope}", state "given", by {" or ".join(sorted(entitled))}',
        found=found,
        hint="ask the person again; without consent this message is not sent",
    )


def _entitled(scope: str, *, is_child: bool) -> frozenset[str]:
    if not is_child:
        return _OWN
    return _FOR_A_CHILD if scope == "return" else _FOR_A_CHILD | _OWN


def _holding(entries: Sequence[Consent], day: date) -> frozenset[str]:
    newest: dict[str, Consent] = {}
    for entry in sorted(entries, key=lambda entry: (entry.on, entry.state != "given")):
        newest[entry.giver] = entry
    today = day.isoformat()
    if any(entry.state in {"refused", "withdrawn"} for entry in newest.values()):
        return frozenset()
    return frozenset(
        giver
        for giver, entry in newest.items()
        if entry.state == "given" and (entry.valid_until is None or entry.valid_until >= today)
    )
