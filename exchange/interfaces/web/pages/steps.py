# SPDX-License-Identifier: Apache-2.0
"""The questions of a form as steps with addresses, and the whole that they make.

Asked are the questions of the type whose answer the program does not know already, what other answers demand
(`service.steering`), and of a child what every child is asked (`messages.child_questions`). Everything else
can be said or changed from the page that shows the whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from exchange.cases.readable import Readable
from exchange.errors import ExchangeError, InputError, UsageError
from exchange.i18n.faults import Said, fault_words
from exchange.interfaces.web.desk import Answer, Clerk
from exchange.interfaces.web.entering import TOP, Problem
from exchange.interfaces.web.languages import translations
from exchange.interfaces.web.pages.lines import (
    Place,
    Shown,
    groups_of,
    place_of,
    shown_document,
    withheld_places,
)
from exchange.messages.attachments import Attached, attach
from exchange.messages.child_questions import is_of_children, is_treated_as_child
from exchange.messages.conditions import Demands
from exchange.messages.dates import members_in_order
from exchange.messages.document import JsonValue
from exchange.messages.media import Carried
from exchange.messages.nationalities import OTHER_COUNTRY
from exchange.messages.questions import Field, Kind, Part, Question, questions_of
from exchange.protocol.parts import Document
from exchange.service.changeable import type_changed
from exchange.service.facts import two_person_reason
from exchange.service.forms import Form
from exchange.service.reading import Reader, read_prepared
from exchange.service.steering import demands_at, going_out
from exchange.service.whom import Person

_ORDER = {"persons": 0, "content": 1, "header": 2}
"""Who comes before when and where."""
_ASKED = frozenset({("AMD", "changes"), ("HPR", "checkpoint")})
"""Members that are asked for although the smallest message of the type has none."""
_EARLY = MappingProxyType({("AMD", "target"): 0, ("AMD", "changes"): 1, ("HPR", "checkpoint"): 0})
"""Members on which the other questions depend, in their order."""
_LATE = 2
_FOLLOWS = frozenset({("CAN", "persons")})
"""Members that follow from what is chosen, by type (`naming`)."""


@dataclass(frozen=True)
class Step:
    """One question of a form; `number` is that of the person, 0 for what is said of all."""

    question: Question
    number: int
    is_demanded: bool = False
    """Another answer of the form demands this one."""
    is_refused: bool = False
    """This cannot be said beside another answer of the form."""

    @property
    def place(self) -> str:
        return f"{self.question.part}/{self.number}/{self.question.name}"

    def address(self, id: str) -> str:
        return f"/form/{id}/{self.place}"

    def value(self, form: Form) -> JsonValue:
        return self.value_in(form.given)

    def value_in(self, given: Mapping[str, Any]) -> JsonValue:
        found: JsonValue = _group(given, self).get(self.question.name)
        return found

    def put(self, given: dict[str, Any], value: JsonValue) -> dict[str, Any]:
        """Return what was entered with this answer in it; an empty one is left out."""
        group = {**_group(given, self)}
        group.pop(self.question.name, None)
        if value is not None:
            group[self.question.name] = value
        if self.question.part != "persons":
            return {**given, self.question.part: group}
        persons = list(given["persons"])
        persons[self.number] = group
        return {**given, "persons": persons}

    def for_everybody(self, form: Form) -> tuple["Step", ...]:
        """Return the same question for every person of the form whom it fits."""
        if self.question.part != "persons":
            return (self,)
        same = (step for step in steps_of(form) if step.question.name == self.question.name)
        return tuple(step for step in same if step.question.part == "persons" and not step.is_refused)


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong with the whole, and the step where it is put right, if there is one."""

    code: str
    rule: str
    expected: str
    found: str
    hint: str
    step: Step | None
    titles: tuple[str, ...]
    """Titles of the members on the way to the place, as far as the step has them."""
    pointer: str = ""
    order: tuple[str, ...] = ()
    """Of two days in the wrong order the titles, that of the one that comes first before the other."""

    @property
    def place(self) -> Place:
        of_person = self.step is not None and self.step.question.part == "persons"
        return Place(self.step.number + 1 if self.step and of_person else 0, self.titles)

    def problem(self, language: str) -> Problem:
        """Return it for the page of its step, at the input that it is about."""
        at = input_at(self.step.question.field, self.pointer) if self.step else None
        place = at.place if at else TOP
        if self.order:
            return Problem(place, "order", self.order[0], self.order[1])
        if at is not None and self.rule == "form.required":
            return Problem(place, "needed", at.field.title)
        said = fault_words(
            self.rule, code=self.code, expected=self.expected, hint=self.hint, language=language
        )
        return told_at(place, self.titles, said, language)


@dataclass(frozen=True)
class Input:
    """A place of a page, and the field that is entered there."""

    place: str
    field: Field


def input_at(field: Field, pointer: str) -> Input:
    """Return where a page with a field asks for what a pointer names, or for what it stands in."""
    found, place = Input(TOP, field), TOP
    for step in pointer.split("/")[4 if pointer.startswith("/persons/") else 3 :]:
        place, at = f"{place}-{step}", found.field
        below = next((one for one in at.fields if one.name == step), None)
        if below is not None:
            found = Input(place, below)
        elif not (at.kind is Kind.GROUPS and step.isdigit()):
            break
    return found


@dataclass(frozen=True)
class Whole:
    """What the partner would see, and what keeps it from being sent."""

    document: Document | None
    shown: Shown
    fields: int
    """How many values the partner would see."""
    faults: tuple[Trouble, ...]
    questions: tuple[tuple[str, Place], ...]
    """What whoever sends it has to look at."""
    second: str
    """Why a second person is needed, as a code, or ""."""
    steps: tuple[Step, ...]
    more: tuple[Step, ...]
    parts: tuple[Carried, ...] = ()
    """The bytes of its files, as they travel."""
    persons: Mapping[int, Person] = field(default_factory=dict)
    """Who the persons are whom the page shows, by their places."""
    kept_back: tuple[Step, ...] = ()
    """What was entered and does not go out, because other answers refuse it."""

    def at(self, step: Step, language: str) -> tuple[Problem, ...]:
        """Return the faults of one step, for its own page."""
        return tuple(
            fault.problem(language)
            for fault in self.faults
            if fault.step is not None and fault.step.place == step.place
        )


def told_at(place: str, titles: tuple[str, ...], said: Said, language: str) -> Problem:
    """Return what is wrong at a place of a page, behind the titles that lead to it."""
    named = ", ".join(map(translations(language).gettext, titles))
    return Problem(place, "fault", f"{named}: {said.text}" if named else said.text, said.more)


def steps_of(form: Form) -> tuple[Step, ...]:
    """Return the steps of a form in their order, those for more at the end; what answers demand is needed."""
    persons, today = form.given["persons"], form.row.changed_at.date()
    children = frozenset(n for n, person in enumerate(persons) if is_treated_as_child(person, today))
    demands: dict[tuple[Part, int], Demands] = {}
    steps = []
    for step in steps_for(form.row.type, len(persons), children):
        place = (step.question.part, step.number)
        if place not in demands:
            demands[place] = demands_at(form.row.type, form.given, *place)
        steps.append(_steered(step, demands[place]))
    return tuple(sorted(steps, key=lambda step: _order_of(form.row.type, step)))


def _steered(step: Step, demands: Demands) -> Step:
    """Return a step that is asked and needed, or not asked, because of other answers."""
    question = step.question
    if question.name in demands.refused:
        return replace(step, is_refused=True)
    if question.name not in demands.needed:
        return step
    field = replace(question.field, needed=True, least=max(question.field.least, 1))
    asked = replace(question, field=field, more=False)
    return replace(step, question=asked, is_demanded=True)


def steps_for(type_code: str, persons: int, children: frozenset[int] = frozenset()) -> tuple[Step, ...]:
    """Return the steps of a form of a type for so many persons; `children` are the numbers of those."""
    questions = [
        replace(one, more=False) if (type_code, one.name) in _ASKED else one
        for one in questions_of(type_code)
    ]
    found = [
        Step(_of_a_child(type_code, question) if number in children else question, number)
        for question in questions
        for number in range(persons if question.part == "persons" else 1)
        if (type_code, question.name) not in _FOLLOWS
    ]
    return tuple(sorted(found, key=lambda step: _order_of(type_code, step)))


def _order_of(type_code: str, step: Step) -> tuple[bool, int, int, int]:
    question = step.question
    place = _EARLY.get((type_code, question.name), _LATE)
    return question.more, place, _ORDER[question.part], step.number


def demanded_next(form: Form, after: Step) -> Step | None:
    """Return the first question without an answer that what is said of the same person demands."""
    here = (after.question.part, after.number)
    around = (step for step in steps_of(form) if (step.question.part, step.number) == here)
    return next((step for step in around if step.is_demanded and _is_open(form, step)), None)


def _of_a_child(type_code: str, question: Question) -> Question:
    """Return a question as a child is asked it."""
    if question.part != "persons" or not is_of_children(type_code, question.name):
        return question
    return replace(question, field=replace(question.field, needed=True), more=False)


def next_step(form: Form, after: Step | None = None) -> Step | None:
    """Return the next question without an answer; behind `after` first."""
    steps = steps_of(form)
    places = [step.place for step in steps]
    start = places.index(after.place) + 1 if after and after.place in places else 0
    return next((step for step in (*steps[start:], *steps[:start]) if _is_open(form, step)), None)


def step_at(form: Form, part: str, number: str, name: str) -> Step:
    """Return the step at an address.

    Raises:
        UsageError: the form has no such question.
    """
    for step in steps_of(form):
        if (step.question.part, str(step.number), step.question.name) == (part, number, name):
            return step
    raise UsageError("the form has no such question", hint="go on from your work of today")


async def whole_of(clerk: Clerk, form: Form) -> Whole:
    """Return what a form makes, completed and checked; nothing is sent."""
    steps = steps_of(form)
    try:
        document, parts, judged = await _completed(clerk, form)
    except InputError as error:
        found = [vars(fault) for fault in error.faults] or [_of_error(error)]
        split, kept = _split(form, steps), _kept_back(form, steps)
        return Whole(None, Shown((), 0), 0, _troubles(steps, found), (), "", *split, kept_back=kept)
    read = await _as_its_writer(clerk, form, document)
    second = two_person_reason(document) or ""
    troubles, questions = _troubles(steps, judged["faults"]), asked_about(form.row.type, judged["questions"])
    withheld = withheld_places(read.withheld)
    changed = await changed_type(clerk, document)
    shown = shown_document(clerk.asked, read.document, withheld, changed=changed)
    fields = sum(len(one.lines) for one in groups_of(document, changed=changed))
    split, kept = _split(form, steps), _kept_back(form, steps)
    return Whole(document, shown, fields, troubles, questions, second, *split, parts, kept_back=kept)


async def changed_type(clerk: Clerk, document: Document) -> str:
    """Return the type of the message that a document amends, "" if it amends none."""
    return await clerk.node.store.read(lambda uow: type_changed(uow, document))


async def _as_its_writer(clerk: Clerk, form: Form, document: Document) -> Readable:
    """Return what a form became as its writer may read it: less, where it repeats somebody else."""
    said = [line for line in form.given["persons"] if line.get("flags")]
    entered = frozenset(str(line.get("case_code", "")) for line in said)
    reader = Reader(clerk.officer, clerk.session.roles)
    return await clerk.node.store.read(
        lambda uow: read_prepared(uow, clerk.node, reader, form.row.link, document, entered)
    )


def asked_about(type_code: str, questions: list[dict[str, str]]) -> tuple[tuple[str, Place], ...]:
    """Return what whoever sends it has to look at, each with its place in words."""
    asked = [one for one in questions if one["code"] != OTHER_COUNTRY]  # has a box of its own (`doubts`)
    return tuple((one["text"], place_of(type_code, one["pointer"])) for one in asked)


async def _completed(clerk: Clerk, form: Form) -> tuple[Document, tuple[Carried, ...], Answer]:
    """Return the whole document, the parts of its files, and how it was judged."""
    link = await clerk.node.store.read(lambda uow: uow.links.get(form.row.link))
    if link is None:
        raise UsageError("the partner of this form is not enrolled any more")
    small = going_out(form.row.type, form.given) | {"type": form.row.type}
    if form.after:
        asked = {"id": form.after, "as": form.row.type, "send": False}
        filled = await clerk.ask("message.answer", document=small, **asked)
    else:
        filled = await clerk.ask("message.fill", document=small, to=link.partner)
    whole = attach(filled["document"], form.files) if form.files else Attached(filled["document"], ())
    judged = await clerk.ask("message.validate", document=whole.document, to=link.partner)
    return whole.document, whole.parts, judged


def _of_error(error: ExchangeError) -> dict[str, str]:
    return {
        "code": error.reason,
        "rule": "",
        "expected": str(error),
        "found": "",
        "hint": error.hint or "",
        "pointer": "",
    }


_PUT_RIGHT_AT: Final = MappingProxyType({"count.listed": "/content/taken_off"})
"""Where a fault is put right that names another place, by its rule: who does not travel is said apart."""


def _troubles(steps: tuple[Step, ...], faults: list[dict[str, str]]) -> tuple[Trouble, ...]:
    return tuple(
        Trouble(
            fault["code"],
            fault["rule"],
            fault["expected"],
            fault["found"],
            fault["hint"],
            step := _step_of(steps, _pointer_of(fault)),
            _titles(step, _pointer_of(fault)),
            _pointer_of(fault),
            _titles_in_order(steps, fault),
        )
        for fault in faults
    )


def _pointer_of(fault: Mapping[str, str]) -> str:
    return _PUT_RIGHT_AT.get(fault["rule"], fault["pointer"])


def _titles_in_order(steps: tuple[Step, ...], fault: Mapping[str, str]) -> tuple[str, ...]:
    """Return the titles of two days in the wrong order, if the fault names both and they are asked for."""
    members = members_in_order(fault["hint"]) if fault["rule"] == "date.order" else None
    beside = fault["pointer"].rpartition("/")[0]
    pointers = [f"{beside}/{member}" for member in members or ()]
    titles = [_titles(_step_of(steps, pointer), pointer)[-1:] for pointer in pointers]
    return tuple(title for found in titles for title in found) if all(titles) else ()


def _titles(step: Step | None, pointer: str) -> tuple[str, ...]:
    if step is None:
        return ()
    field, titles = step.question.field, [step.question.field.title]
    for part in pointer.split("/")[4 if step.question.part == "persons" else 3 :]:
        below = next((one for one in field.fields if one.name == part), None)
        if below is not None:
            field = below
            titles.append(below.title)
    return tuple(titles)


def _step_of(steps: tuple[Step, ...], pointer: str) -> Step | None:
    parts = pointer.split("/")[1:]
    if len(parts) >= 3 and parts[0] == "persons":
        place = "/".join(parts[:3])
    elif len(parts) >= 2:
        place = f"{parts[0]}/0/{parts[1]}"
    else:
        return None
    return next((step for step in steps if step.place == place), None)


def _is_open(form: Form, step: Step) -> bool:
    question = step.question
    is_asked = (form.row.type, question.name) in _ASKED
    known = not is_asked and f"{question.part}/{question.name}" in form.given["known"]
    is_due = not question.more and not step.is_refused
    return is_due and not known and step.place not in form.answered


def _split(form: Form, steps: tuple[Step, ...]) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """Return the steps that were asked or answered, and those with which more can be said."""
    fitting = [step for step in steps if not step.is_refused]
    shown = [step for step in fitting if not step.question.more or step.place in form.answered]
    more = [step for step in fitting if step not in shown]
    return tuple(shown), tuple(more)


def _kept_back(form: Form, steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(step for step in steps if step.is_refused and step.value(form) is not None)


def _group(given: Mapping[str, Any], step: Step) -> dict[str, Any]:
    if step.question.part != "persons":
        return dict(given.get(step.question.part) or {})
    return dict(given["persons"][step.number])
