# SPDX-License-Identifier: Apache-2.0
"""Lets the node write messages about the ledger: statements, difference notices, resolutions.

Such a message is numbered, logged and queued as any other (`release`), and the leaf that speaks of it stands
behind its `sent` leaf in the same unit. The leaf names the message by the commitment to its parts (`pc`),
which nobody can guess from its figures.

Every message carries the number of an officer. What the node writes by itself carries that of the officer
who answers for the ledger: the first in the directory with the function audit, else central_authority.
Without one nothing is written.
"""

from collections.abc import Callable
from typing import Final

from exchange.errors import AgreementSwitchedError, NodeError
from exchange.ids import LinkId, OfficerNumber
from exchange.ledger.entries import Entry
from exchange.messages.filling import Sources, fill
from exchange.messages.forms import check_form
from exchange.protocol.parts import Document
from exchange.protocol.strictjson import JsonValue
from exchange.service import logbook
from exchange.service.node import Node
from exchange.service.pairing import Pairing, pairing_of, versions_to_write
from exchange.service.ports import UnitOfWork
from exchange.service.release import demand_officer, demand_whole, number
from exchange.service.rows import MessageRow, OfficerRow
from exchange.service.sealing import Sealed, seal_message

FUNCTIONS: Final = ("audit", "central_authority")
"""Who may sign messages about the ledger (`message-types`), in this order."""
Logged = Callable[[UnitOfWork, MessageRow], Entry]
"""Keeps what belongs to a message that has just taken its number, and returns the leaf about it."""


def answering_officer(uow: UnitOfWork, node: Node) -> OfficerNumber:
    """Return the officer who answers for the ledger.

    Raises:
        NodeError: the directory has none.
    """
    now = node.clock.now()
    in_force = [row for row in uow.officers.list() if row.valid_to is None or row.valid_to > now]
    for function in FUNCTIONS:
        for row in sorted(in_force, key=lambda row: row.number):
            if function in row.functions:
                return row.number
    raise NodeError(
        "no officer answers for the ledger; nothing is said of it",
        hint="run: exchange officer add <number> --function audit",
        reason="no_officer",
    )


async def speak(
    node: Node,
    link: LinkId,
    small: dict[str, JsonValue],
    *,
    officer: OfficerNumber | None,
    logged: Logged,
) -> MessageRow:
    """Write a message about the ledger, and the leaf about it, in one unit; durable when it returns.

    Raises:
        InputError: the rules do not allow it; nothing was stored.
        GateClosedError: the start gate is closed; nothing was stored.
        NodeError: no officer answers for the ledger.
    """
    try:
        return await _once(node, link, small, officer, logged)
    except AgreementSwitchedError:
        return await _once(node, link, small, officer, logged)


async def _once(
    node: Node, link: LinkId, small: dict[str, JsonValue], officer: OfficerNumber | None, logged: Logged
) -> MessageRow:
    node.presence.demand_open(link)

    def prepare(uow: UnitOfWork) -> tuple[Pairing, Document, OfficerNumber]:
        pairing = pairing_of(uow, node, link)
        signs = officer or answering_officer(uow, node)
        entry = demand_officer(uow, signs, node.clock.now())
        return pairing, fill(small, _sources(node, pairing, entry)).document, signs

    pairing, document, signs = await node.store.read(prepare)
    demand_whole(check_form(document, draft=True, known=node.versions))
    ready = seal_message(node, pairing, document, officer=signs, second=None)
    row = await node.store.write(lambda uow: _number(uow, node, link, ready, signs, logged))
    node.presence.wake(link)
    return row


def _number(
    uow: UnitOfWork, node: Node, link: LinkId, ready: Sealed, officer: OfficerNumber, logged: Logged
) -> MessageRow:
    row = number(uow, node, link, ready, officer=officer, second=None)
    entry = logged(uow, row)
    logbook.write(uow, node, pairing_of(uow, node, link).link, [entry])
    return row


def _sources(node: Node, pairing: Pairing, officer: OfficerRow) -> Sources:
    usual = pairing.agreement.terms.usual
    return Sources(
        sender=node.agency,
        partner=pairing.partner,
        officer=officer.number,
        office=officer.office,
        office_kind="",
        usual={"language": usual.language, "handling": list(usual.handling)},
        today=node.clock.now().date(),
        random=node.random,
        versions=versions_to_write(node, pairing),
    )
