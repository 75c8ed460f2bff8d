# SPDX-License-Identifier: Apache-2.0
"""Questions that are answered with an earlier message: what is offered, and what is chosen of it.

1. Nobody types the number of a message. What can be named is offered in words (`service.nameable`), and what
   is not offered is not taken.
2. If there is one thing only that a needed question can name, it is filled when the form is begun.
3. What was chosen may be cancelled or answered before the form is sent; then the question is asked again.
4. A list of messages says something about a case, so it is shown at the desk of the case only.
5. A message that was sent, received or waits for release says what it names in words, too: whoever reads it,
   or releases it, learns nothing from a number. Who opens messages is led there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from exchange.cases.permissions import Act
from exchange.ids import CaseCode, LinkId
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.entering import TOP
from exchange.interfaces.web.pages.lines import Line, Shown
from exchange.interfaces.web.pages.steps import Step, Trouble, Whole, steps_for
from exchange.messages.catalog import message_type
from exchange.messages.document import JsonValue, content_of, header_of, persons_of, text_at
from exchange.messages.questions import Field, Kind, fields_of_part
from exchange.protocol.parts import Document
from exchange.service.access import CasePlace
from exchange.service.changeable import with_changes
from exchange.service.forms import Form
from exchange.service.nameable import (
    AMENDMENT,
    Nameable,
    nameable,
    named_here,
    names_a_message,
    number_of,
    with_named,
)
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader, demand_desk

Given = Mapping[str, Any]
_PLACES = {"message": "/message", "movement": "/handover", "case": "/case"}
"""Where each kind of thing is read."""


@dataclass(frozen=True)
class Offered:
    """What one question can be answered with."""

    step: Step
    things: tuple[Nameable, ...]

    @property
    def field(self) -> Field:
        """Return the question as a choice between these things, to read what was chosen."""
        numbers = tuple(one.number for one in self.things)
        return replace(self.step.question.field, kind=Kind.CODE, choices=(*numbers, ""))

    def chosen(self, value: JsonValue) -> Nameable | None:
        """Return what a number, or what the member says, names."""
        number = number_of(value)
        return next((one for one in self.things if one.number == number), None)

    def inputs(self, value: JsonValue) -> dict[str, tuple[str, ...]]:
        """Return the inputs that show what is named."""
        return {TOP: (number_of(value),)}


@dataclass(frozen=True)
class Begun:
    """What a form begins with."""

    given: dict[str, Any]
    answered: tuple[str, ...]


async def offered(clerk: Clerk, form: Form, step: Step) -> Offered | None:
    """Return what a question can name, None if it asks for something else.

    Raises:
        OtherDeskError: the case is given to another office.
    """
    if not names_a_message(form.row.type, step.question.name):
        return None

    def unit(uow: UnitOfWork) -> Offered:
        _demand_desk(uow, clerk, form.row.link, cases_about(form.given, step))
        return _offered(uow, clerk, form.row.link, form.row.type, form.given, step)

    return await clerk.node.store.read(unit)


async def begun(clerk: Clerk, link: LinkId, type_code: str, given: dict[str, Any]) -> Begun:
    """Return what a form begins with: what has one answer only is filled (2).

    Raises:
        OtherDeskError: the case is given to another office.
    """
    open_ones = [
        step
        for step in _naming(type_code, given)
        if step.question.field.needed and step.value_in(given) is None
    ]

    def unit(uow: UnitOfWork) -> Begun:
        found, places = given, []
        for step in open_ones:
            _demand_desk(uow, clerk, link, cases_about(given, step))
            things = _offered(uow, clerk, link, type_code, found, step)
            if len(things.things) == 1:
                found = put_named(found, type_code, things, things.things[0].number)
                number = things.things[0].number
                places += [step.place, *closed_by(type_code, things, number, len(given["persons"]))]
        return Begun(found, tuple(places))

    return await clerk.node.store.read(unit)


def put_named(given: dict[str, Any], type_code: str, found: Offered, number: Any) -> dict[str, Any]:
    """Return what was entered with what was chosen in it, and what follows from that."""
    chosen = found.chosen(number)
    value = chosen.value(type_code, found.step.question.name) if chosen is not None else None
    given = with_named(found.step.put(given, value), type_code, chosen)
    return with_changes(given, type_code, chosen.type) if type_code == AMENDMENT and chosen else given


def closed_by(type_code: str, found: Offered, number: Any, persons: int) -> tuple[str, ...]:
    """Return the questions to which a choice leaves nothing to say: parts that the chosen message has not."""
    chosen = found.chosen(number)
    if type_code != AMENDMENT or chosen is None:
        return ()
    return tuple(
        step.place
        for step in steps_for(type_code, persons)
        if step.question.name == "changes" and not fields_of_part(chosen.type, step.question.part)
    )


async def in_words(clerk: Clerk, form: Form, whole: Whole) -> Whole:
    """Return the whole with what it names in words; what can be named no more is a trouble (3)."""
    link, type_code, given = form.row.link, form.row.type, form.given
    named = [step for step in _naming(type_code, given) if step.value_in(given) is not None]

    def unit(uow: UnitOfWork) -> dict[Step, Nameable | None]:
        return {
            step: _offered(uow, clerk, link, type_code, given, step).chosen(step.value_in(given))
            for step in named
        }

    found = await clerk.node.store.read(unit) if named else {}
    told = {fault.step.place for fault in whole.faults if fault.step is not None}
    gone = [_gone(step) for step, thing in found.items() if thing is None and step.place not in told]
    said = {step: thing for step, thing in found.items() if thing is not None}
    return replace(whole, faults=(*whole.faults, *gone), shown=_said(whole.shown, said))


async def earlier_in_words(clerk: Clerk, link: LinkId, document: Document, shown: Shown) -> Shown:
    """Return what is shown of a message with what it names in words (5)."""
    type_code = text_at(header_of(document), "type")
    kind = message_type(type_code)
    if kind is None or kind.form is None:
        return shown
    given = {"header": header_of(document), "content": content_of(document), "persons": persons_of(document)}
    named = [step for step in _naming(type_code, given) if step.value_in(given) is not None]

    def unit(uow: UnitOfWork) -> dict[Step, Nameable | None]:
        numbers = {step: number_of(step.value_in(given)) for step in named}
        return {step: named_here(uow, clerk.node, link, number) for step, number in numbers.items()}

    found = await clerk.node.store.read(unit) if named else {}
    said = _said(shown, {step: thing for step, thing in found.items() if thing is not None})
    return _linked(said) if clerk.may(Act.OPEN_MESSAGE) else said


def _linked(shown: Shown) -> Shown:
    groups = (
        replace(group, lines=[replace(line, address=_address(line)) for line in group.lines])
        for group in shown.groups
    )
    return replace(shown, groups=tuple(groups))


def _address(line: Line) -> str:
    thing = line.named
    return f"{_PLACES[thing.kind]}/{thing.number}" if thing is not None and thing.kind in _PLACES else ""


def _said(shown: Shown, named: Mapping[Step, Nameable]) -> Shown:
    groups = [replace(group, lines=[*_in_words(group.lines, named)]) for group in shown.groups]
    return replace(shown, groups=tuple(groups))


def _in_words(lines: Sequence[Line], named: Mapping[Step, Nameable]) -> Iterator[Line]:
    """Yield lines with what is named in words; a group that names one thing is one line."""
    fields = [(step.question.field, thing) for step, thing in named.items()]
    single = {(field.title, thing.number): thing for field, thing in fields if field.kind is not Kind.GROUP}
    whole = {field.title: thing for field, thing in fields if field.kind is Kind.GROUP}
    for line in lines:
        title = line.titles[0] if line.titles else ""
        if title in whole:
            yield replace(line, titles=(title,), named=whole.pop(title))
        elif not any(title == field.title and field.kind is Kind.GROUP for field, _ in fields):
            thing = single.get((line.titles[-1], line.value)) if line.titles else None
            yield replace(line, named=thing) if thing else line


def cases_about(given: Given, step: Step) -> tuple[CaseCode, ...]:
    """Return the cases of a form; of what is asked of one person only the case of that person."""
    persons = [str(line["case_code"]) for line in given["persons"] if line.get("case_code")]
    if step.question.part == "persons":
        persons = persons[step.number : step.number + 1]
    named = persons or [str(code) for code in given["header"].get("case_codes") or ()]
    return tuple(CaseCode(code) for code in named)


def _naming(type_code: str, given: Given) -> list[Step]:
    steps = steps_for(type_code, len(given["persons"]))
    return [step for step in steps if names_a_message(type_code, step.question.name)]


def _offered(
    uow: UnitOfWork, clerk: Clerk, link: LinkId, type_code: str, given: Given, step: Step
) -> Offered:
    cases, name = cases_about(given, step), step.question.name
    return Offered(step, nameable(uow, clerk.node, link, cases, type_code=type_code, name=name))


def _demand_desk(uow: UnitOfWork, clerk: Clerk, link: LinkId, cases: tuple[CaseCode, ...]) -> None:
    reader = Reader(clerk.officer, clerk.session.roles)
    demand_desk(uow, clerk.node, reader, [CasePlace(link, code) for code in cases])


def _gone(step: Step) -> Trouble:
    title = step.question.field.title
    return Trouble("state_conflict", "state.offered", "what can be named now", "another", "", step, (title,))
