# SPDX-License-Identifier: Apache-2.0
"""What the author of a draft must be allowed, to read it, take it back, change or discard it: by its type.

Whoever may write such a message may undo it while it has no number: the record of a handover with the right
to sign it, a stop with the right to stop. At a crossing with the line down no other role is there. Who may
write every type may do it with each.
"""

from collections.abc import Iterable

from exchange.cases.permissions import Act, Role, allows, demand
from exchange.messages.catalog import message_type

RECORD = "HRC"


def acts_on(type_code: str) -> tuple[Act, ...]:
    """Return the acts of which one is enough for the author of a draft of this type."""
    row = message_type(type_code)
    if type_code == RECORD:
        return Act.SIGN_RECORD, Act.WRITE
    return (Act.STOP,) if row is not None and row.is_stop else (Act.WRITE,)


def may_undo(roles: Iterable[Role], type_code: str) -> bool:
    """Return whether the author of a draft of this type may still act on it."""
    held = tuple(roles)
    return any(allows(held, act) for act in acts_on(type_code))


def demand_author(roles: Iterable[Role], type_code: str) -> None:
    """Return if the author of a draft of this type may act on it.

    Raises:
        NotAllowedError: none of the roles allows it; names the roles that would.
    """
    held = tuple(roles)
    if not may_undo(held, type_code):
        demand(held, acts_on(type_code)[0])
