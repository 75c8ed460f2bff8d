# SPDX-License-Identifier: Apache-2.0
"""Persons in a first message whose stated nationality is another one than that of the country it goes to.

Such a message may be right: a person of two nationalities, or of none that is proved. It may as well be about
to tell a country of somebody who is not its citizen, which cannot be undone. So whoever sends it is asked.
A person of whom no nationality is stated is not asked about.
"""

from typing import Final

from exchange.messages.document import Document, header_of, objects_at, persons_of, text_at

OTHER_COUNTRY: Final = "wrong_recipient"
"""Code of the question whether such a message goes to the right country."""
_FIRST: Final = frozenset({"IDN", "VRQ", "RPN"})
"""Types that tell a country of a person for the first time."""


def not_of(document: Document, country: str) -> tuple[int, ...]:
    """Return the places of the persons who are stated to be of other countries only."""
    if text_at(header_of(document), "type") not in _FIRST:
        return ()
    return tuple(
        number
        for number, person in enumerate(persons_of(document))
        if (stated := _countries(person)) and country not in stated
    )


def _countries(person: Document) -> set[str]:
    return {text_at(one, "country") for one in objects_at(person, "nationality")} - {""}
