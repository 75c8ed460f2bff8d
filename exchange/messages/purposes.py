# SPDX-License-Identifier: Apache-2.0
"""Purposes for which a person's data may be looked for, opened or printed: all of the list but one.

The ledgers are compared without personal data, so that purpose justifies no look at a person.
"""

from typing import Final

from exchange.messages.codelists import codelist

PURPOSES: Final = "purposes"
"""Code list of what personal data may be used for."""
_WITHOUT_PERSONS: Final = frozenset({"reconciliation"})


def purposes_about_persons() -> tuple[str, ...]:
    """Return the purposes that an officer can choose, in the order of the list."""
    return tuple(code for code in codelist(PURPOSES).codes if code not in _WITHOUT_PERSONS)
