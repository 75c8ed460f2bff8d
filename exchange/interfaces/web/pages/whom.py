# SPDX-License-Identifier: Apache-2.0
"""The persons of a form on its pages: beside each question, and over what is said of each.

What stands there, and who may see it, `service.whom` decides. A question about all names them while they are
few: a stop, a question or a request is about somebody, also where it does not ask about one of them. A
message without lines of persons, such as the proposal of a handover, lists cases; each is said with its
person.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.pages.fitting import cases_of_form
from exchange.interfaces.web.pages.left_out import TAKEN_OFF, about_who_stays, asks_who_stays, left_out
from exchange.interfaces.web.pages.lines import Group, PersonRow, Shown
from exchange.interfaces.web.pages.steps import Step, Whole
from exchange.messages.document import persons_of
from exchange.service.forms import Form
from exchange.service.reading import Reader
from exchange.service.whom import Person, persons_asked_about

Persons = Mapping[int, Person]
"""By their places in the form, from 0 on."""
MOST_LISTED: Final = 50
"""Cases of a list that are said with their persons; a list of more is looked at on the sheet."""
MOST_BESIDE: Final = 3
"""Persons who are named beside a question about all; of more their number is said."""


async def persons_beside(clerk: Clerk, form: Form, step: Step) -> tuple[Person, ...]:
    """Return whom a question is about: none if they are many, or not known yet."""
    numbers: Iterable[int] = (step.number,)
    if step.question.part != "persons":
        form = await _listing(clerk, form)
        if asks_who_stays(form, step):
            form = about_who_stays(form, await left_out(clerk, form))
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
    told = replace(whole, shown=_said(shown, nameless), persons=persons)
    stay = form.given["content"].get(TAKEN_OFF)
    if lines and not stay:
        return told
    listed = about_who_stays(form, stay) if stay else await _listing(clerk, form)
    return await _with_listed(clerk, listed, told)


async def _listing(clerk: Clerk, form: Form) -> Form:
    """Return a form that has a line of each case it is about, also if its message has none."""
    if form.given["persons"]:
        return form
    codes = await clerk.node.store.read(lambda uow: cases_of_form(uow, form))
    return replace(form, given={**form.given, "persons": [{"case_code": code} for code in codes]})


async def _with_listed(clerk: Clerk, form: Form, whole: Whole) -> Whole:
    """Return the whole of a message that lists cases in its content with who these persons are."""
    codes = [str(line["case_code"]) for line in form.given["persons"]]
    lines = [line for group in whole.shown.groups if group.name == "content" for line in group.lines]
    named = {line.value for line in lines}.intersection(codes[:MOST_LISTED])
    numbers = [number for number, code in enumerate(codes) if code in named]
    if not numbers:
        return whole
    known = (await persons_of_form(clerk, form, numbers)).values()
    by_case = {person.case: person for person in known if person.is_known}
    groups = (
        replace(group, lines=[replace(line, whom=by_case.get(line.value)) for line in group.lines])
        for group in whole.shown.groups
    )
    return replace(whole, shown=replace(whole.shown, groups=tuple(groups)))


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
