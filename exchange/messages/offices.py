# SPDX-License-Identifier: Apache-2.0
"""Which offices are offered at a member of a form that names one.

1. An office exists on the day of writing. Only where something is stated that somebody decided in the past
   (`by`) an ended office is offered, too.
2. An office that takes a person is of the origin side and has the function for it; of a country without such
   an office every office that may see personal data is offered. Custody may stay with the host side, so its
   offices follow those of the origin side.
3. A result of tracing is of an own office, as is an entry of the directory.
4. Everywhere else stand the offices of the two sides, the own ones first; of a correction everybody who may
   have been told.

What is offered here is never wider than what the rules of the type allow (`taking_over`, `tracing_rules`); it
may be narrower, because a page helps to choose.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Final

from exchange.ids import AgencyCode
from exchange.messages.codelists import Agency
from exchange.messages.context import country_of
from exchange.messages.questions import Field

AGENCIES: Final = "agencies"
_RECEIVES, _TRACES = "reception", "tracing"
_WITHOUT_CONTENT = frozenset({"audit", "coordination"})
"""Functions that see no personal data; an office with nothing else stands where none of persons is named."""
Place = tuple[str, ...]


@dataclass(frozen=True)
class Around:
    """Whose form it is, with the offices as the directory has them on the day of writing."""

    own: AgencyCode
    partner: AgencyCode
    host: AgencyCode
    """Of the case; the own side of a case that begins."""
    entries: Sequence[Agency]
    day: date

    @property
    def origin(self) -> AgencyCode:
        return self.own if self.host == self.partner else self.partner

    def of(self, side: AgencyCode, *, ended: bool = False) -> list[Agency]:
        """Return the offices of a side that may name persons, in the order of the list."""
        country = country_of(side)
        return [one for one in self.existing(ended=ended) if one.country == country and _sees_persons(one)]

    def existing(self, *, ended: bool = False) -> list[Agency]:
        return [one for one in self.entries if ended or one.is_valid_on(self.day)]

    def with_function(self, side: AgencyCode, function: str) -> list[Agency]:
        """Return the offices of a side with a function, all of them if there is none."""
        found = self.of(side)
        return [one for one in found if function in one.functions] or found


def offices_at(place: Place, around: Around) -> tuple[str, ...]:
    """Return the codes of the offices that are offered at a member, by the names on the way to it."""
    rule = _RULES.get(place[-2:]) or _RULES.get(place[-1:], _two_sides)
    return tuple(dict.fromkeys(one.code for one in rule(around)))


def names_an_office(field: Field) -> bool:
    """Return whether an office is named in a field, or in a group below it."""
    return field.code_list == AGENCIES or any(map(names_an_office, field.fields))


def with_offices(field: Field, around: Around, above: Place = ()) -> Field:
    """Return a field that offers, here and in the groups below it, only the offices that may stand there."""
    place = (*above, field.name)
    if field.code_list == AGENCIES:
        return replace(field, choices=offices_at(place, around))
    return replace(field, fields=tuple(with_offices(one, around, place) for one in field.fields))


def _sees_persons(office: Agency) -> bool:
    return not office.functions <= _WITHOUT_CONTENT


def _receiving(around: Around) -> Iterable[Agency]:
    return around.with_function(around.origin, _RECEIVES)


def _keeping(around: Around) -> Iterable[Agency]:
    return [*_receiving(around), *around.with_function(around.host, _RECEIVES)]


def _tracing(around: Around) -> Iterable[Agency]:
    return around.with_function(around.own, _TRACES)


def _deciding(around: Around) -> Iterable[Agency]:
    return [*around.of(around.own, ended=True), *around.of(around.partner, ended=True)]


def _of_the_directory(around: Around) -> Iterable[Agency]:
    return [one for one in around.entries if one.country == country_of(around.own)]


def _told(around: Around) -> Iterable[Agency]:
    return [one for one in around.existing() if _sees_persons(one)]


def _two_sides(around: Around) -> Iterable[Agency]:
    return [*around.of(around.own), *around.of(around.partner)]


_RULES: Mapping[Place, Callable[[Around], Iterable[Agency]]] = MappingProxyType(
    {
        ("reception",): _receiving,
        ("reception_agency",): _receiving,
        ("child_receiver", "agency"): _receiving,
        ("custody", "agency"): _keeping,
        ("done_by",): _tracing,
        ("by",): _deciding,
        ("entry", "agency"): _of_the_directory,
        ("entry", "successor"): _of_the_directory,
        ("passed_on_to",): _told,
    }
)
"""By the last two names on the way to a member, or by its own name."""
