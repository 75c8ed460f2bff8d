# SPDX-License-Identifier: Apache-2.0
"""Who of a confirmed handover does not travel, as a departure notice has to say it.

Whoever withdrew or is on hold since the confirmation is on the agreed list and not among those who leave. The
question is filled with these persons, so that nobody types the code of a case at the crossing; the reason is
filled where the case knows it, and chosen by the officer where it does not.
"""

from dataclasses import replace
from typing import Any, Final

from exchange.ids import CaseCode, MovementCode
from exchange.interfaces.web.desk import Clerk
from exchange.interfaces.web.pages.steps import Step
from exchange.service.casework import shown_case
from exchange.service.forms import Form
from exchange.service.handovers import handover_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import MovementRow

TAKEN_OFF: Final = "taken_off"
_WITHDRAWN, _WITHDREW = "withdrawn", "withdrew"
"""State of a case, and the code of `non-presentation-reasons` that it means."""


def asks_who_stays(form: Form, step: Step) -> bool:
    return form.row.type == "HDP" and step.question.name == TAKEN_OFF


async def left_out(clerk: Clerk, form: Form) -> list[dict[str, Any]]:
    """Return an entry of `taken_off` for each person of the list who does not travel."""
    return await clerk.node.store.read(lambda uow: _left_out(uow, clerk, form))


def about_who_stays(form: Form, entries: list[dict[str, Any]]) -> Form:
    """Return the form with a line of each of these persons in place of those who travel."""
    lines = [{"case_code": one["case_code"]} for one in entries if one.get("case_code")]
    return replace(form, given={**form.given, "persons": lines})


def _left_out(uow: UnitOfWork, clerk: Clerk, form: Form) -> list[dict[str, Any]]:
    movement = _movement(uow, clerk, form)
    travelling = {line.get("case_code") for line in form.given["persons"]}
    listed = handover_of(uow, clerk.node, movement).listed if movement is not None else ()
    entries: list[dict[str, Any]] = []
    for code in listed:
        case = uow.cases.get(form.row.link, code)
        if code not in travelling and case is not None:
            has_withdrawn = shown_case(clerk.node, case).state == _WITHDRAWN
            entries.append({"case_code": code, **({"reason": _WITHDREW} if has_withdrawn else {})})
    return entries


def _movement(uow: UnitOfWork, clerk: Clerk, form: Form) -> MovementRow | None:
    """Return the movement in which those who travel are."""
    for line in form.given["persons"]:
        case = uow.cases.get(form.row.link, CaseCode(str(line.get("case_code", ""))))
        code = shown_case(clerk.node, case).movement if case is not None else None
        if code:
            return uow.movements.get(form.row.link, MovementCode(code))
    return None
