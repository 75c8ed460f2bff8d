# SPDX-License-Identifier: Apache-2.0
"""What stands around a handover that is proposed or answered: the terms, the conditions, the doubts.

1. Whoever answers sees the whole proposal above the question and above what is sent: crossing, time,
   persons with names, escorts, who may stop it. That is the sheet of the handover, recorded as opened.
2. Whoever proposes sees under which conditions the persons were accepted, in numbers.
3. A doubt (`service.appointments`) is shown to both. A proposal, or a change of its time or crossing by an
   answer or an amendment, is sent only when each doubt was ticked, in its own words; that is recorded.
4. The crossing of a proposal is chosen by an officer: a form without one is not ready, though the agreement
   may have a usual one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from exchange.ids import MovementCode
from exchange.interfaces.web.desk import Answer, Clerk
from exchange.interfaces.web.pages.fitting import CROSSING, PROPOSAL, RESPONSE, cases_of_form
from exchange.interfaces.web.pages.lines import Line, content_lines
from exchange.interfaces.web.pages.steps import Trouble, Whole, steps_of
from exchange.messages.document import JsonValue, content_of, header_of, object_at, objects_at, text_at
from exchange.protocol.parts import Document
from exchange.service.appointments import Condition, Doubt, conditions_of, doubts_of
from exchange.service.facts import StoreFacts
from exchange.service.following import proposed
from exchange.service.forms import Form
from exchange.service.handovers import handover_of
from exchange.service.meaning import document_of
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import MovementRow

MOST_NAMED: Final = 20
"""Persons whom the page names; the others stand on the sheet, to which it leads."""
_SHOWN_APART = frozenset(
    {
        "checkpoint", "checkpoint_name", "alternative", "alternative_name", "place_detail", "window_from",
        "window_to", "stop_officers", "case_list", "group_size", "photography",
    }
)  # fmt: skip
"""Members of a proposal that are no further lines below it."""
SURE: Final = "sure"
AMENDMENT: Final = "AMD"
_DOUBTED = frozenset({CROSSING, "window_from"})
"""Members of a proposal about which there are doubts."""


@dataclass(frozen=True)
class Proposed:
    """The proposal that is answered."""

    handover: Answer
    persons: Sequence[Answer]
    more: int
    """Persons who are not named here."""
    stay: int
    stop_officers: Sequence[Answer]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Around:
    """What stands around a form of a proposal or of its answer."""

    persons: int = 0
    conditions: tuple[Condition, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    demands: bool = False
    """Each doubt has to be ticked before it is sent (3)."""
    proposed: Proposed | None = None

    def unsure(self, ticked: Sequence[str]) -> tuple[Doubt, ...]:
        """Return the doubts that were not ticked."""
        return tuple(one for one in self.doubts if one.tick not in ticked) if self.demands else ()


NOTHING: Final = Around()


async def around(clerk: Clerk, form: Form, document: Document | None = None) -> Around:
    """Return what stands around a form; `document` is what it became, if it is complete."""
    if form.row.type == PROPOSAL:
        return await clerk.node.store.read(lambda uow: _of_proposal(uow, clerk, form, document))
    if form.row.type == AMENDMENT:
        return await clerk.node.store.read(lambda uow: _of_amendment(uow, clerk, form))
    if form.row.type != RESPONSE:
        return NOTHING
    movement = await clerk.node.store.read(lambda uow: _answered(uow, form))
    if movement is None:
        return NOTHING
    sheet = await clerk.ask("handover.sheet", movement=movement.code)
    return await clerk.node.store.read(lambda uow: _of_response(uow, clerk, form, movement, sheet))


@dataclass(frozen=True)
class Ticked:
    """What whoever proposes ticked, and what not."""

    unsure: tuple[Doubt, ...]
    """Doubts that were not ticked."""
    kinds: str
    """Of the doubts that had to be ticked, as it is recorded with the sending; "" for none."""


async def ticked(clerk: Clerk, form: Form, document: Document) -> Ticked:
    """Return which doubts whoever proposes has ticked."""
    found = await around(clerk, form, document)
    demanded = found.doubts if found.demands else ()
    kinds = ",".join(dict.fromkeys(one.kind for one in demanded))
    return Ticked(found.unsure(clerk.asked.texts(SURE)), kinds)


def in_words(form: Form, whole: Whole) -> Whole:
    """Return the whole; a proposal whose crossing nobody has chosen is not ready (4)."""
    if form.row.type != PROPOSAL or form.given["content"].get(CROSSING):
        return whole
    step = next(one for one in steps_of(form) if one.question.name == CROSSING)
    if any(fault.step == step for fault in whole.faults):
        return whole
    title = step.question.field.title
    trouble = Trouble("form_invalid", "form.required", "a crossing", "none", "", step, (title,))
    return replace(whole, faults=(trouble, *whole.faults))


def _of_proposal(uow: UnitOfWork, clerk: Clerk, form: Form, document: Document | None) -> Around:
    node, pairing = clerk.node, pairing_of(uow, clerk.node, form.row.link)
    facts, cases = StoreFacts(uow, pairing, node.agency), cases_of_form(uow, form)
    doubts: tuple[Doubt, ...] = ()
    if document is not None:
        urgency = text_at(header_of(document), "urgency")
        now = node.clock.now()
        doubts = doubts_of(facts, pairing, content_of(document), cases, now=now, urgency=urgency)
    return Around(len(cases), conditions_of(facts, cases), doubts, demands=True)


def _of_amendment(uow: UnitOfWork, clerk: Clerk, form: Form) -> Around:
    """Return the doubts about a handover as an amendment changes it."""
    changes = {
        text_at(one, "pointer").removeprefix("/"): one.get("new")
        for one in objects_at(form.given["content"], "changes")
    }
    code = MovementCode(text_at(form.given["header"], "movement_code"))
    movement = uow.movements.get(form.row.link, code) if changes.keys() & _DOUBTED else None
    if movement is None:
        return NOTHING
    doubts = _doubts(uow, clerk, movement, changes)
    return Around(len(handover_of(uow, clerk.node, movement).listed), doubts=doubts, demands=True)


def _doubts(
    uow: UnitOfWork, clerk: Clerk, movement: MovementRow, changes: Mapping[str, JsonValue]
) -> tuple[Doubt, ...]:
    """Return the doubts about a handover with changes laid over what it says."""
    node, pairing = clerk.node, pairing_of(uow, clerk.node, movement.link)
    facts, handover = StoreFacts(uow, pairing, node.agency), handover_of(uow, node, movement)
    terms, now = {**handover.terms, **changes}, node.clock.now()
    urgency = text_at(header_of(document_of(uow, proposed(uow, movement)) or {}), "urgency")
    return doubts_of(facts, pairing, terms, handover.listed, now=now, urgency=urgency)


def _of_response(uow: UnitOfWork, clerk: Clerk, form: Form, movement: MovementRow, sheet: Answer) -> Around:
    node, pairing = clerk.node, pairing_of(uow, clerk.node, form.row.link)
    facts, handover = StoreFacts(uow, pairing, node.agency), handover_of(uow, node, movement)
    changes = object_at(form.given["content"], "changes")
    doubts, demands = _doubts(uow, clerk, movement, changes), bool(changes.keys() & _DOUBTED)
    conditions = conditions_of(facts, handover.listed)
    shown = _proposed(dict(handover.terms), sheet)
    return Around(len(handover.listed), conditions, doubts, demands, shown)


def _proposed(terms: dict[str, JsonValue], sheet: Answer) -> Proposed:
    persons: list[dict[str, Any]] = sheet["persons"]
    others = {name: value for name, value in terms.items() if name not in _SHOWN_APART}
    return Proposed(
        handover=sheet["handover"],
        persons=persons[:MOST_NAMED],
        more=max(len(persons) - MOST_NAMED, 0),
        stay=sum(person["stays"] for person in persons),
        stop_officers=sheet["stop_officers"],
        lines=tuple(content_lines(PROPOSAL, others)),
    )


def _answered(uow: UnitOfWork, form: Form) -> MovementRow | None:
    """Return the movement of the message that a form answers."""
    for row in uow.messages.find(form.after) if form.after else ():
        code = uow.movements.of_message(row.link, row.direction, row.seq)
        if code is not None:
            return uow.movements.get(row.link, code)
    return None
