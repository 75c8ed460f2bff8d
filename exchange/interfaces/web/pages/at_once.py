# SPDX-License-Identifier: Apache-2.0
"""What is told at a question when it is saved, and not only when everything is looked at.

1. The whole is made with the answer in it and judged as ever; told is what is wrong with the form of this
   answer alone. What depends on other answers waits until those are there, so nobody is held at a question
   that cannot be put right.
2. What the program may still fill is not missed here.
3. A name is needed in Latin letters, too: officers of the other side compare it with the travel document
   (domain, procedure: names are recorded in the original script and in Latin letters). The page has room for
   it; whoever does not know it says so.
"""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Final

from exchange.errors import ExchangeError
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.entering import TOP, Entered, Problem
from exchange.interfaces.web.pages.steps import Step, Trouble, input_at, whole_of
from exchange.messages.document import JsonValue
from exchange.messages.fillers import is_latin
from exchange.messages.questions import Field
from exchange.service.forms import Form

NOT_KNOWN: Final = "latin"
"""Input with which an officer says that a name is not known in Latin letters."""
_LATIN: Final = "latin"
"""Code of the problem."""
_ITEMS: Final = "form.items"
"""Rule of a list with too few entries; whoever adds one more is not done yet."""
_OF_THE_ANSWER: Final = frozenset(
    f"form.{name}" for name in ("text", "length", "number", "items", "value", "required", "kind", "either")
) | {"code.unknown"}
"""Rules that look at one member only."""


async def told_at_once(clerk: Clerk, form: Form, step: Step, entered: Entered) -> tuple[Problem, ...]:
    """Return what is wrong with an answer that could be read."""
    found = await _of_the_form(clerk, form, step, entered.value)
    return found or tuple(_of_names(clerk, step, entered.value))


def has_room_for_latin(problems: Iterable[Problem]) -> bool:
    """Return whether a page has to show one more name, for the one in Latin letters (3)."""
    return any(problem.code == _LATIN for problem in problems)


async def _of_the_form(clerk: Clerk, form: Form, step: Step, value: JsonValue) -> tuple[Problem, ...]:
    if value is None:
        return ()
    try:
        whole = await whole_of(clerk, replace(form, given=deepcopy(step.put(form.given, value))))
    except ExchangeError:
        return ()
    goes_on = frozenset({_ITEMS}) if clerk.asked.text("another") else frozenset()
    own = [one for one in whole.faults if one.step is not None and one.step.place == step.place]
    return tuple(
        one.problem(clerk.language)
        for one in own
        if one.rule not in goes_on and _is_told(one, step.question.field)
    )


def _is_told(trouble: Trouble, field: Field) -> bool:
    """Return whether a fault is one of the answer alone, and nothing that the program may fill (1, 2)."""
    is_missing = trouble.rule == "form.required"
    return trouble.rule in _OF_THE_ANSWER and not (
        is_missing and input_at(field, trouble.pointer).field.is_filled
    )


def _of_names(clerk: Clerk, step: Step, value: JsonValue) -> Iterator[Problem]:
    """Yield a problem if a person has names, and none in Latin letters (3)."""
    is_asked = step.question.part == "persons" and step.question.name == "names"
    names = [name for name in value if isinstance(name, dict)] if isinstance(value, list) else []
    goes_on = clerk.asked.text("another") or clerk.asked.text(NOT_KNOWN) == "yes"
    if is_asked and names and not goes_on and not any(map(is_latin, names)):
        yield Problem(TOP, _LATIN, step.question.field.title)
