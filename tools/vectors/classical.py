# SPDX-License-Identifier: Apache-2.0
"""The cases of lines once more, for a node that has suite 1 alone.

A line of suite 2 shows such a node nothing from the opening of its body on. So each case whose verdict needs
an opened body, or the agreement in force, is played again under an agreement that names suite 1. Left out is

1. what is refused before anybody looks at the body: form, envelope, recipient. Those lines are the same for
   every node, whatever suite it has;
2. what is about a member or a number of suite 2; `bodies.SUITE_1` and `OWN` have those of suite 1. The seal
   of suite 1 does not name the message: a body of another one opens, and only its commitment tells.
"""

from dataclasses import replace
from typing import Final

from exchange.kit import bodies, envelopes
from exchange.kit.breaking import SealedFor, Wrong, decoded, json_with, with_members
from exchange.kit.cases import Case, one, rejected
from exchange.protocol.suites import Suite

PREFIX: Final = "classical-"
CONTEXTS: Final = {"open": "classical", "narrow": "classical-narrow", "second": "classical-second"}
"""Context of suite 1 for each one of suite 2."""
_BEFORE_THE_BODY: Final = frozenset(
    case.name
    for case in (
        *envelopes.LONG, *envelopes.LINES[1:], *envelopes.FORMS, *envelopes.HEADERS, *envelopes.JSON,
        *envelopes.MEMBERS, *envelopes.PARTIES,
    )
)  # fmt: skip
_OF_SUITE_2: Final = frozenset(
    (
        *(case.name for case in bodies.SUITES),
        *(f"body-header-{name}" for name in ("with-zip", "with-apu", "with-epk", "without-ek")),
        *(f"body-header-ek-{name}" for name in ("short", "zero", "padded", "list")),
        "body-header-alg-ECDH-ES+A256KW",
        "body-sealed-for-another-message",
    )
)
_UNOPENED: Final = rejected("decryption_failed")

OWN: Final = (
    one("classical-suite-higher-body", "body.suite", "The envelope says suite 1, the body is of suite 2.",
        _UNOPENED, Wrong(sealed_for=SealedFor(suite=Suite.HYBRID)), context="classical"),
    one("classical-suite-other-number", "body.suite", "The body is right, and the envelope says suite 2.",
        rejected("agreement_mismatch"), Wrong(members=with_members(suite=2)), context="classical"),
    one("classical-body-header-alg-HPKE-9-KE", "body.header", "The algorithm is named HPKE-9-KE.",
        _UNOPENED, Wrong(body=decoded(0, json_with(alg="HPKE-9-KE"))), context="classical"),
)  # fmt: skip


def again(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    """Return those of the cases that say something new under an agreement of suite 1, and `OWN`."""
    left_out = _BEFORE_THE_BODY | _OF_SUITE_2
    wanted = [case for case in cases if case.name not in left_out and case.context in CONTEXTS]
    return (*(_again(case) for case in wanted), *OWN)


def _again(case: Case) -> Case:
    return replace(case, name=PREFIX + case.name, context=CONTEXTS[case.context], live=False)
