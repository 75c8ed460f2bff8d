# SPDX-License-Identifier: Apache-2.0
"""Asks the case for the consents that a message needs, at its place in the order.

Each type names its scopes (`message-types`); a photograph or fingerprints need their own in every type.

1. What was withdrawn stays withdrawn until the person gave it again on a later day: a consent from before
   is old news, whatever message carries it. A reopening rests on a consent that was asked anew, so the
   same day is enough there.
2. A message that carries consents is judged by its own rules (`messages.consent`); one that does not
   carry the scope rests on what earlier messages brought.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from exchange.cases.consent import Consent, Consents, allows, learn
from exchange.cases.effects import Message
from exchange.cases.lifecycle import REOPENING
from exchange.cases.snapshot import CaseSnapshot
from exchange.errors import RejectedError
from exchange.messages.catalog import message_types

OF_MEMBERS = {"photograph": "photo", "fingerprints": "biometrics"}
"""Members of a person that need a scope of their own."""


def demand(message: Message, cases: Mapping[str, CaseSnapshot]) -> None:
    """Check the consents of every person a message names.

    Raises:
        RejectedError: consent_missing.
    """
    for case in message.cases:
        carried, consents = message.consents.get(case, ()), cases[case].consents
        if consents.withdrawn:
            consents = learn(consents, carried, asked_anew=message.type == REOPENING)
        for scope in _scopes(message, case):
            if not _is_allowed(consents, carried, scope, message.on):
                raise RejectedError("consent_missing", f"{message.type}: no consent {scope} for this step")


def _scopes(message: Message, case: str) -> Iterator[str]:
    entry = message_types().get(message.type)
    yield from entry.consents if entry else ()
    yield from entry.consents_by.get(message.roles.get(case, message.side), ()) if entry else ()
    line = message.lines.get(case, {})
    yield from (scope for member, scope in OF_MEMBERS.items() if member in line)


def _is_allowed(consents: Consents, carried: Iterable[Consent], scope: str, on: date) -> bool:
    """Return whether a scope is allowed by what is known, or by the facts that the message carries (2).

    What was withdrawn has been learned anew from these facts (1).
    """
    if consents.withdrawn_on(scope) is not None:
        return False
    return any(fact.scope == scope for fact in carried) or allows(consents, scope, on)
