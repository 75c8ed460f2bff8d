# SPDX-License-Identifier: Apache-2.0
"""The persons of a message on its page: who they are, the state of each, and the way to the case.

1. A message whose lines say codes only (a decision, a withdrawal, a reception) shows name, sex and birth of
   each person with the line, so that nobody reads a decision about the wrong one.
2. A message about few has them in a list on top; one about many has them in its own list, page by page.
3. What may not be read is not shown: whoever is left out by `service.persons_meant` keeps the code only.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from exchange.ids import CaseCode, LinkId
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.pages.lines import Group, Line, PersonRow, Shown, persons_in_places
from exchange.interfaces.web.paging import ROWS
from exchange.messages.document import text_at
from exchange.service.persons_meant import PersonMeant, persons_meant
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader
from exchange.service.rows import Direction

MOST_ON_TOP: Final = 10
"""Persons in the list on top of a message, about 300 bytes each."""

_NAMES: Final = ("Names",)
_NOBODY: Final = CaseCode("")


@dataclass(frozen=True)
class Persons:
    """What the page of a message says of its persons."""

    shown: Shown
    on_top: tuple[PersonMeant, ...] = ()
    more: int = 0
    """Persons who are not in the list on top, for there are too many."""
    total: int = 0
    names: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """A name of each person on the page by the case, with the language in which it is written."""


async def with_persons(clerk: Clerk, found: Mapping[str, Any], shown: Shown) -> Persons:
    """Return what is shown of a sent or received message together with its persons."""
    about, reader = found["message"], Reader(clerk.officer, clerk.session.roles)
    link, direction = LinkId(about["link"]), Direction(about["direction"])
    numbered = _numbered(found["document"], found["withheld"])

    def unit(uow: UnitOfWork) -> tuple[dict[CaseCode, PersonMeant], int]:
        codes = _wanted(shown, numbered)
        if codes is None:
            codes = uow.cases.of_message(link, direction, about["seq"])
        most = ROWS if shown.rows else MOST_ON_TOP
        return persons_meant(uow, clerk.node, reader, link, codes[:most]), len(codes)

    known, count = await clerk.node.store.read(unit)
    groups = (_named(group, known.get(numbered.get(group.number, _NOBODY))) for group in shown.groups)
    rows = tuple(_named_row(row, known) for row in shown.rows)
    named = replace(shown, groups=tuple(groups), rows=rows)
    if shown.rows:
        names = {row.case: row.names[0] for row in rows if row.names}
        return Persons(named, total=shown.persons, names=names)
    names = {code: person.names[0] for code, person in known.items() if person.names}
    return Persons(
        named, tuple(known.values()), max(count - MOST_ON_TOP, 0), max(count, shown.persons), names
    )


def _numbered(document: Mapping[str, Any], withheld: Sequence[Mapping[str, str]]) -> dict[int, CaseCode]:
    """Return the case of each person by its number on the page."""
    persons = persons_in_places(document.get("persons") or [], withheld)
    return {
        at + 1: CaseCode(text_at(person, "case_code"))
        for at, person in persons
        if isinstance(person, dict) and "case_code" in person
    }


def _wanted(shown: Shown, numbered: Mapping[int, CaseCode]) -> list[CaseCode] | None:
    """Return whom the page has to know; None for everybody whom the message is about."""
    if shown.rows:
        return [CaseCode(row.case) for row in shown.rows if row.case and not row.names]
    if shown.person:
        return [numbered[shown.person]] if shown.person in numbered else []
    return [*numbered.values()] or None


def _named(group: Group, person: PersonMeant | None) -> Group:
    """Return the lines of a person behind who it is, if they do not say so themselves."""
    if group.name != "person" or person is None or any(line.titles[:1] == _NAMES for line in group.lines):
        return group
    return replace(group, lines=[*_who(person), *group.lines])


def _who(person: PersonMeant) -> Iterator[Line]:
    for name, _ in person.names:
        yield Line((*_NAMES, "Full form"), name)
    if person.sex:
        yield Line(("Sex as in a travel document",), person.sex, "sexes")
    if person.born:
        yield Line(("Birth", "Year, month or day"), person.born, kind="born")
    if person.is_child:
        yield Line(("Treated as a child",), "yes", kind="yes_no")


def _named_row(row: PersonRow, known: Mapping[CaseCode, PersonMeant]) -> PersonRow:
    person = known.get(CaseCode(row.case))
    if row.names or person is None:
        return row
    return replace(row, names=person.names, sex=person.sex, born=person.born, is_child=person.is_child)
