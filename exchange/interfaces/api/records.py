# SPDX-License-Identifier: Apache-2.0
"""Command of the joint record as it stands: who has signed, and what was not agreed."""

from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, reader_for, when
from exchange.service.handovers import demand_movement, find_movement, handover_of
from exchange.service.ports import UnitOfWork
from exchange.service.reading import note_opening
from exchange.service.records import Written, record_now
from exchange.service.release import demand_officer


async def show_record(desk: Desk, ask: Ask) -> Answer:
    """Return the record of a movement as it stands, with `whole` with what each message says.

    Without it only a reservation is shown, because something has to be done about it. What is shown is
    recorded as opened.
    """
    prefix, whole = ask.text("movement"), ask.flag("whole")

    def unit(uow: UnitOfWork) -> Answer:
        demand_officer(uow, ask.officer(), desk.node.clock.now())
        row, reader = find_movement(uow, prefix), reader_for(uow, ask)
        demand_movement(uow, desk.node, reader, handover_of(uow, desk.node, row))
        now = record_now(uow, desk.node, row)
        found: dict[str, Written | None] = {
            "theirs": now.theirs, "ours": now.ours, "reservation": now.reservation, "reserved": now.reserved,
        }  # fmt: skip
        opened = {name for name in found if whole or name == "reservation"}
        for name in sorted(opened):
            if (one := found[name]) is not None:
                note_opening(uow, desk.node, reader, one.row.id, act="message_opened", counted=row.code)
        return {name: _answer(one, opened=name in opened) for name, one in found.items()}

    return await desk.node.store.write(unit)


def _answer(one: Written | None, *, opened: bool) -> Answer | None:
    if one is None:
        return None
    about: Answer = {"id": one.row.id, "sender": one.sender, "created": when(one.row.created_at)}
    return {**about, "document": one.document, "left_out": one.left_out} if opened else about


COMMANDS: dict[str, Command] = {"handover.record": show_record}
