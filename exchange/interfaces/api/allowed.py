# SPDX-License-Identifier: Apache-2.0
"""What an officer with an account may do at the machine itself: the same as at the pages.

Commands that open something ask for themselves (`service.reading`). Those that write, release, sign, erase
or keep the home register are judged here, by the table of `cases.permissions`, before they run. An officer of
the directory who has no account works at the machine only, and may do casework there; a closed account may do
nothing. The other doors of the staff know who asks, and judge by the same table.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from exchange.cases.permissions import Act, demand
from exchange.interfaces.api.desk import Ask, Desk
from exchange.messages.catalog import message_type
from exchange.messages.document import object_at, text_at
from exchange.service.draft_acts import demand_author
from exchange.service.own_officers import has_left
from exchange.service.ports import UnitOfWork
from exchange.service.reading import reader_of

ACTS: Final[Mapping[str, Act]] = MappingProxyType(
    {
        "case.find": Act.SEARCH,
        "case.import": Act.WRITE,
        "erasure.confirm": Act.CONFIRM_ERASURE,
        "erasure.give_up": Act.SEE_RETENTION,
        "erasure.propose": Act.PROPOSE_ERASURE,
        "handover.sign": Act.SIGN_RECORD,
        "message.answer": Act.WRITE,
        "message.change": Act.WRITE,
        "message.discard": Act.WRITE,
        "message.persons": Act.WRITE,
        "message.release": Act.RELEASE,
        "message.remind": Act.WRITE,
        "message.review": Act.RELEASE,
        "message.send": Act.WRITE,
        "message.send_back": Act.RELEASE,
        "message.send_many": Act.WRITE,
        "message.take_back": Act.WRITE,
        "message.void": Act.WRITE,
        "partner.end_pause": Act.RESUME_PARTNER,
        "partner.pause": Act.STOP_PARTNER,
        "register.add": Act.WRITE,
        "register.change": Act.WRITE,
        "register.import": Act.WRITE,
    }
)
"""The act of each command that is judged here."""
_ON_DRAFTS: Final = frozenset({"message.change", "message.discard", "message.take_back"})
"""Commands of the author of a draft; they are judged by the type of that draft."""
_ANSWER: Final = "message.answer"
OF_TWO: Final = frozenset({"partner.end_pause"})
"""Commands of which the second officer needs a role for the act as well."""


async def demand_allowed(desk: Desk, name: str, ask: Ask) -> None:
    """Return if the officer who is named may give a command.

    Raises:
        NotAllowedError: no role of the officer allows it; names the roles that would.
        NodeError: the officer is not in the directory.
        UsageError: nobody is named.
    """
    if name not in ACTS:
        return
    if name in _ON_DRAFTS:
        await desk.node.store.read(lambda uow: _demand_draft(uow, desk, ask))
        return
    officers = [ask.officer(), *([ask.officer("second")] if name in OF_TWO else [])]
    act = Act.STOP if ACTS[name] is Act.WRITE and _stops(name, ask) else ACTS[name]

    def unit(uow: UnitOfWork) -> None:
        for officer in officers:
            demand(reader_of(uow, officer).roles, act)

    await desk.node.store.read(unit)


def _demand_draft(uow: UnitOfWork, desk: Desk, ask: Ask) -> None:
    """Return if the officer may act on the draft that is named, or none is: then the command says so."""
    roles, now = reader_of(uow, ask.officer()).roles, desk.node.clock.now()
    demand(roles, Act.STOP)
    for row in uow.drafts.find(ask.text("id")):
        if row.prepared_by != ask.officer() and has_left(uow, row.prepared_by, now):
            demand(roles, Act.RELEASE)
        else:
            demand_author(roles, row.type)


def _stops(name: str, ask: Ask) -> bool:
    """Return whether what is written is a stop, which more roles may send.

    It is read where the command itself reads it: an answer is what `as` says, everything else what its file
    says. Nothing answers with a stop of itself.
    """
    given = ask.members.get("document")
    document = given if isinstance(given, dict) else {}
    code = text_at(document, "type") or text_at(object_at(document, "header"), "type")
    row = message_type(text_at(ask.members, "as") if name == _ANSWER else code)
    return row is not None and row.is_stop
