# SPDX-License-Identifier: Apache-2.0
"""The persons of a form on its pages: beside each question, and over what is said of each.

What stands there, and who may see it, `service.whom` decides. A question about all names them while they are
few: a stop, a question or a request is about somebody, also where it does not ask about one of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.pages.lines import Group, PersonRow, Shown
from exchange.interfaces.web.pages.steps import Step, Whole
from exchange.messages.document import persons_of
from exchange.service.forms import Form
from exchange.service.reading import Reader
from exchange.service.whom import Person, persons_asked_about

Persons = Mapping[int, Person]
"""By their places in the form, from 0 on."""
MOST_BESIDE: Final = 3
"""Persons who are named beside a question about all; of more their number is said."""


async def persons_beside(clerk: Clerk, form: Form, step: Step) -> tuple[Person, ...]:
    """Return whom a question is about: none if they are many, or not known yet."""
    numbers: Iterable[int] = (step.number,)
    if step.question.part != "persons":
        count = len(form.given["persons"])
        numbers = range(count) if count <= MOST_BESIDE else ()
    persons = (await persons_of_form(clerk, form, numbers)).values()
    return tuple(person for person in persons if form.after or person.is_known)


async def persons_of_form(clerk: Clerk, form: Form, numbers: Iterable[int]) -> dict[int, Person]:
    """Return persons of a form; recorded as opening the message that the form follows."""
    reader, wanted = Reader(clerk.officer, clerk.session.roles), tuple(numbers)
    store = clerk.node.store
    inside = store.write if form.after and wanted else store.read
    return await inside(lambda uow: persons_asked_about(uow, clerk.node, reader, form, wanted))


async def with_persons(clerk: Clerk, form: Form, whole: Whole) -> Whole:
    """Return the whole of a form with each person whom the page shows."""
    shown = whole.shown
    numbers = [group.number - 1 for group in shown.groups if group.name == "person"]
    numbers += [row.number - 1 for row in shown.rows]
    persons = await persons_of_form(clerk, form, numbers)
    lines = persons_of(whole.document or {})
    nameless = {number: one for number, one in persons.items() if not lines[number].get("names")}
    return replace(whole, shown=_said(shown, nameless), persons=persons)


def _said(shown: Shown, persons: Persons) -> Shown:
    """Return what is shown with the persons whose own lines do not say who they are."""
    groups = tuple(_group(group, persons) for group in shown.groups)
    return replace(shown, groups=groups, rows=tuple(_row(row, persons) for row in shown.rows))


def _group(group: Group, persons: Persons) -> Group:
    return replace(group, whom=persons.get(group.number - 1)) if group.name == "person" else group


def _row(row: PersonRow, persons: Persons) -> PersonRow:
    """Return a row of the list with what the form itself does not say of the person."""
    person = persons.get(row.number - 1)
    if person is None or row.withheld:
        return row
    return replace(row, names=person.names, sex=person.sex, born=person.born, is_child=person.is_child)
