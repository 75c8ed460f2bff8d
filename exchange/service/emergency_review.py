# SPDX-License-Identifier: Apache-2.0
"""The second person looks afterwards at what one person released in an emergency.

1. Until then the message is shown as open to everybody who asks what is due; later as overdue.
2. The second person is another officer of the directory, and agrees or objects; what they say binds the
   digest of what was shown, and is recorded once.
3. To object changes nothing at the partner. Who objects sends the stop that fits (HLD, CWD, CAN).

Source: domain procedure 8.15.
"""

from exchange.errors import InputError, UsageError
from exchange.ids import Digest, LinkId, OfficerNumber
from exchange.messages.filling import release_digest
from exchange.service.emergencies import EmergencyRow
from exchange.service.meaning import document_of
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.release import demand_officer
from exchange.service.rows import AuditRow, Direction


async def review(
    node: Node, link: LinkId, seq: int, second: OfficerNumber, *, agrees: bool, digest: Digest | None = None
) -> EmergencyRow:
    """Record that a second person has looked at a message that one person released.

    Raises:
        UsageError: nobody has to look at it (any more), or it is one's own.
        InputError: `digest`, of what was shown, is not that of the message.
        NodeError: the second person is not in the directory.
    """

    def unit(uow: UnitOfWork) -> EmergencyRow:
        row = uow.emergencies.of(link, seq)
        if row is None or row.seen_by is not None:
            raise UsageError("no second person has to look at this message", hint="run: exchange due")
        if row.released_by == second:
            raise UsageError(
                "the second person must be another officer than the one who released the message",
                hint=f"released by {row.released_by}; ask a colleague",
            )
        demand_officer(uow, second, node.clock.now())
        _demand_shown(uow, row, digest)
        uow.emergencies.seen(row, second, node.clock.now(), agrees=agrees)
        result = "agrees" if agrees else "objects"
        uow.audit.record(AuditRow(node.clock.now(), second, "looked_afterwards", row.message, result=result))
        return row

    return await node.store.write(unit)


def _demand_shown(uow: UnitOfWork, row: EmergencyRow, digest: Digest | None) -> None:
    message = uow.messages.by_seq(row.link, Direction.OUT, row.seq)
    document = document_of(uow, message) if message else None
    if digest is not None and document is not None and release_digest(document) != digest:
        raise InputError(
            "this is not the message that was shown to you", hint="read it: exchange message show"
        )
