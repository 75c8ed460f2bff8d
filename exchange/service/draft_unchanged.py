# SPDX-License-Identifier: Apache-2.0
"""Whether a draft is still what somebody was shown, asked inside the unit that acts on it.

Of two persons who act on one draft at once, the second one acts on nothing: every act on a draft asks this
first, in the transaction in which it changes the draft.
"""

from exchange.errors import DraftMovedError
from exchange.service.ports import UnitOfWork
from exchange.service.rows import DraftRow

_LOOK = "look at it again: exchange message list --drafts"


def is_unchanged(uow: UnitOfWork, shown: DraftRow) -> bool:
    """Return whether the draft in the store is the one that was read before."""
    now = uow.drafts.get(shown.id)
    return now is not None and _standing(now) == _standing(shown)


def _standing(row: DraftRow) -> tuple[object, ...]:
    """Return what an act on a draft changes: another document, a return, a release that waits."""
    return row.digest, row.returned, row.waiting


def demand_unchanged(uow: UnitOfWork, shown: DraftRow) -> None:
    """Return if the draft in the store is the one that was read before.

    Raises:
        DraftMovedError: it is not; says what became of it.
    """
    if not is_unchanged(uow, shown):
        raise moved_error(uow.drafts.get(shown.id))


def demand_handed_in(shown: DraftRow) -> None:
    """Return if a second person may act on a draft.

    Raises:
        DraftMovedError: it was sent back or taken back, and its author has not handed it in again.
    """
    if shown.returned is not None:
        raise moved_error(shown)


def moved_error(now: DraftRow | None) -> DraftMovedError:
    """Return the error that says what became of a draft; None if it is not here any more."""
    if now is None:
        return DraftMovedError("the draft was released, taken back or discarded meanwhile", hint=_LOOK)
    if now.waiting:
        return DraftMovedError("it was released, and waits until the partner can be reached", hint=_LOOK)
    if now.returned is None:
        return DraftMovedError("the draft was changed meanwhile", hint=_LOOK)
    word = "sent it back" if now.returned.reason else "took it back"
    return DraftMovedError(f"{now.returned.by} {word} before it was released", hint=_LOOK)
