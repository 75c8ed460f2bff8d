# SPDX-License-Identifier: Apache-2.0
"""A handover record while an officer writes it: one for each officer and movement, kept until it is signed.

It is a form (`service.forms`): sealed, seen by its officer only, and erased with the cases that it names. It
has no questions: what was entered is kept as the page has it, also what cannot be signed yet. It says which
record of the partner it signs, so that never another one is signed than the one that was looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exchange.ids import CaseCode, MovementCode, OfficerNumber
from exchange.service.draft_acts import RECORD as RECORD
from exchange.service.forms import Form, begin_form, drop_form, forms_of, open_form, save_step
from exchange.service.next_steps import shown_movement
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.rows import MovementRow

_MOVEMENT = "movement"


@dataclass(frozen=True)
class RecordForm:
    """What an officer entered for the record of one movement."""

    form: Form

    @property
    def movement(self) -> str:
        return str(self.form.given[_MOVEMENT])

    @property
    def signs(self) -> str:
        """Number of the record of the partner that it signs, "" for an own record."""
        return str(self.form.given["signs"])

    @property
    def cases(self) -> tuple[str, ...]:
        """Persons in the order of the inputs."""
        return tuple(self.form.given["cases"])

    @property
    def inputs(self) -> dict[str, tuple[str, ...]]:
        return {name: tuple(values) for name, values in self.form.given["inputs"].items()}


def movement_of_form(form: Form) -> str:
    """Return the movement whose record a form is, "" for any other form."""
    return str(form.given.get(_MOVEMENT, ""))


async def kept_record(node: Node, officer: OfficerNumber, movement: MovementCode) -> RecordForm | None:
    """Return what an officer entered for the record of a movement, or None."""
    found = [one for one in await _kept(node, officer) if one.movement == movement]
    return found[0] if found else None


async def keep_record(
    node: Node,
    officer: OfficerNumber,
    movement: MovementRow,
    inputs: Mapping[str, Sequence[str]],
    *,
    signs: str,
    cases: Sequence[CaseCode],
) -> RecordForm:
    """Keep what was entered, in place of what was entered before.

    Raises:
        StaleFormError: it was changed at the same moment in another window.
        UsageError: the officer has too many open forms.
    """
    given = {
        _MOVEMENT: movement.code, "signs": signs, "cases": list(cases),
        "inputs": {name: list(values) for name, values in inputs.items()},
    }  # fmt: skip
    before = await kept_record(node, officer, movement.code)
    if before is not None:
        row = before.form.row
        return RecordForm(
            await save_step(node, row.id, officer, version=row.version, given=given, answered=())
        )
    await _forget_finished(node, officer)
    return RecordForm(await begin_form(node, movement.link, RECORD, officer, given=given))


async def _kept(node: Node, officer: OfficerNumber) -> list[RecordForm]:
    rows = [row for row in await forms_of(node, officer) if row.type == RECORD]
    forms = [await open_form(node, row.id, officer) for row in rows]
    return [RecordForm(form) for form in forms if movement_of_form(form)]


async def _forget_finished(node: Node, officer: OfficerNumber) -> None:
    """Discard what the officer entered for movements whose record nobody can sign any more."""
    for one in await _kept(node, officer):
        if await node.store.read(lambda uow, code=one.movement: _is_finished(uow, node, code)):  # type: ignore[misc]
            await drop_form(node, one.form.id, officer)


def _is_finished(uow: UnitOfWork, node: Node, code: str) -> bool:
    rows = uow.movements.find(MovementCode(code))
    return not rows or shown_movement(node, rows[0]).state in node.tables.final
