# SPDX-License-Identifier: Apache-2.0
"""Whom the messages are about that an officer is writing: two cancellations must not look the same in a list.

Names are those that this officer entered; of who is known by earlier messages only, the code of the case is
said, for nothing is opened here.
"""

from dataclasses import dataclass
from typing import Any, Final

from exchange.ids import MessageId
from exchange.interfaces.web.desk import Clerk
from exchange.messages.document import objects_at, text_at
from exchange.service.forms import Form, newest_forms

MOST: Final = 10
"""Forms whose persons are told; a form with files may be a megabyte."""
MOST_TOLD: Final = 3


@dataclass(frozen=True)
class Whom:
    """Whom a form is about."""

    names: tuple[tuple[str, str], ...]
    """Each with the language in which it is written."""
    cases: tuple[str, ...]
    """Of those without a name here."""
    more: int


async def whom_of_own_forms(clerk: Clerk) -> dict[MessageId, Whom]:
    """Return whom the forms of this officer are about that changed last."""
    forms = await newest_forms(clerk.node, clerk.officer, limit=MOST)
    return {form.id: _whom(form) for form in forms}


def _whom(form: Form) -> Whom:
    persons: list[Any] = form.given["persons"]
    told = persons[:MOST_TOLD]
    return Whom(
        names=tuple(name for person in told for name in _names(person)[:1]),
        cases=tuple(text_at(person, "case_code") for person in told if form.after and not _names(person)),
        more=len(persons) - len(told),
    )


def _names(person: Any) -> list[tuple[str, str]]:
    names = objects_at(person, "names")
    return [(text_at(name, "full"), text_at(name, "language")) for name in names if text_at(name, "full")]
