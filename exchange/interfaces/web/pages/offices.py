# SPDX-License-Identifier: Apache-2.0
"""Questions that name an office offer those that may stand there (`messages.offices`), and no others."""

from dataclasses import replace

from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.pages.naming import cases_about
from exchange.interfaces.web.pages.steps import Step
from exchange.messages.codelists import agencies
from exchange.messages.context import country_of
from exchange.messages.offices import Around, names_an_office, with_offices
from exchange.messages.questions import Field
from exchange.service.forms import Form
from exchange.service.offices import around_offices
from exchange.service.ports import UnitOfWork


async def step_with_offices(clerk: Clerk, form: Form, step: Step) -> Step:
    """Return a step whose question offers only offices that may stand there now."""
    question = step.question
    if not names_an_office(question.field):
        return step
    (field,) = await fields_with_offices(clerk, form, step, (question.field,))
    return replace(step, question=replace(question, field=field))


async def fields_with_offices(
    clerk: Clerk, form: Form, step: Step, fields: tuple[Field, ...]
) -> tuple[Field, ...]:
    """Return fields that offer only offices that may stand there now."""
    cases, link = cases_about(form.given, step), form.row.link

    def unit(uow: UnitOfWork) -> Around:
        return around_offices(uow, clerk.node, link, cases)

    around = await clerk.node.store.read(unit)
    return tuple(with_offices(field, around) for field in fields)


def own_offices(clerk: Clerk) -> list[str]:
    """Return the offices of the own country that exist today."""
    day, country = clerk.node.clock.now().date(), country_of(clerk.node.agency)
    return [code for code, one in agencies().items() if one.country == country and one.is_valid_on(day)]
