# SPDX-License-Identifier: Apache-2.0
"""Keeps what the partner sent until somebody of this office opens it: stops, and what asks for no answer.

1. A message counts from its acceptance until an officer opens or prints it (`reading`). Whoever may open a
   message may also stop a return, so the first opening is by somebody who can act. To write another message
   after it shows it to nobody: it goes on waiting.
2. What asks for an answer is on the worklist until it is answered (`questions`), and is not kept here. Nor is
   what speaks of ledgers or of the directory: no officer works on it.
3. What a partner gives back after a restore counts only if it was signed within the last days (`FRESH`). Who
   opened it was lost with the store: as long as a backup is kept a message may be shown twice, but no stop is
   missed, and the years before are not made new again.
4. With the content goes the mark: what cannot be opened any more waits for nobody.
"""

from datetime import datetime, timedelta
from typing import Final

from exchange.messages.catalog import message_types
from exchange.service.ports import UnitOfWork
from exchange.service.questions import asks
from exchange.service.rows import Direction, MessageRow

FRESH: Final = timedelta(days=7)
"""As long as a backup is kept (design, section 5): what a restore can have lost is not older."""
_OF_NO_OFFICER: Final = frozenset({"ledger", "directory"})
"""Scopes of `message-types` that are not about a person, a movement or a crossing (2)."""


def note(uow: UnitOfWork, row: MessageRow) -> None:
    """Note that an accepted message of the partner, which is in the store, waits to be opened."""
    entry = message_types().get(row.type)
    if entry is None or entry.scope in _OF_NO_OFFICER or asks(row):
        return
    uow.unopened.add(row, stop=entry.is_stop)


def note_restored(uow: UnitOfWork, row: MessageRow, *, now: datetime) -> None:
    """Let an old message of the partner count as opened, because it only came back (3)."""
    if row.created_at < now - FRESH:
        uow.unopened.drop(row)


def note_opened(uow: UnitOfWork, row: MessageRow) -> None:
    """Note that somebody opened a message, whoever wrote it."""
    if row.direction is Direction.IN:
        uow.unopened.drop(row)
