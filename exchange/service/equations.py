# SPDX-License-Identifier: Apache-2.0
"""The equations of persons as they are printed: each figure with the rule by which it is counted.

A published total that nobody can compute again is worth nothing; so no figure stands without its rule. The
numbers come from `persons`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from exchange.service.persons import Balance


@dataclass(frozen=True)
class Figure:
    """One number, and how it is counted."""

    name: str
    persons: int
    rule: str


@dataclass(frozen=True)
class Equation:
    """A total and its parts."""

    total: Figure
    parts: tuple[Figure, ...]

    @property
    def holds(self) -> bool:
        return self.total.persons == sum(part.persons for part in self.parts)


_NOTICES: Final = {
    "accepted": "the last decision on the newest notice accepts, with or without conditions",
    "refused": "the last decision on the newest notice refuses",
    "deferred": "the last decision on the newest notice names a later day",
    "cancelled": "the newest notice was cancelled",
    "undecided": "no decision on the newest notice yet",
}
_ACCEPTED: Final = {
    "handed_over": "a record signed by both sides hands over, from a final list",
    "withdrawn": "withdrew from the return, or notice or case ended before a handover",
    "on_hold": "a hold of either side is open",
    "open": "accepted, and nothing of the others",
    "refused_later": "the acceptance was revoked, or the travel document denied",
}
_LISTS: Final = {
    "handed_over": "outcome of the record signed by both sides",
    "not_presented": "outcome of the record signed by both sides",
    "not_taken_over": "outcome of the record signed by both sides",
    "returned_to_host": "outcome of the record signed by both sides",
    "diverted_medical": "outcome of the record signed by both sides",
    "unsigned": "on a final list, and no record that both sides signed",
}
_REINTEGRATION: Final = {
    "family_being_sought": "no result of tracing that ended, no report, no closure",
    "family_assessed": "tracing ended with a result, no report, no closure",
    "followed": "a follow-up report, and no closure after it",
    "closed_in_period": "closed after the return, in the period",
}


def equations(found: Balance) -> tuple[Equation, ...]:
    """Return the equations of a balance, in their order."""
    handed = found.outcomes.get("handed_over", 0)
    return (
        _sum(
            "in notices", "persons whose newest notice was accepted in the period", found.decisions, _NOTICES
        ),
        _sum("accepted", "accepted in the period, or before it and not settled", found.accepted, _ACCEPTED),
        _sum("on lists", "persons of final lists, once for each departure", found.outcomes, _LISTS),
        Equation(
            Figure("taken over", found.taken_over, "persons whom a record signed by both sides hands over"),
            (
                Figure("handed over from lists", handed, "as on lists"),
                Figure("added", found.added, "on no list; added without acceptance by both signatures"),
            ),
        ),
        Equation(
            Figure("taken over", found.taken_over, "persons whom a record signed by both sides hands over"),
            (
                Figure("received", found.received, "a reception says arrived, and names that record"),
                Figure("not yet confirmed", found.unconfirmed, "taken over, and no reception says arrived"),
            ),
        ),
        _sum(
            "under reintegration",
            "taken over or received, and not closed before the period",
            found.reintegration,
            _REINTEGRATION,
        ),
    )


def _sum(name: str, rule: str, counted: Mapping[str, int], rules: Mapping[str, str]) -> Equation:
    parts = tuple(Figure(_words(code), counted.get(code, 0), how) for code, how in rules.items())
    return Equation(Figure(name, sum(counted.values()), rule), parts)


def _words(code: str) -> str:
    return code.replace("_", " ")
