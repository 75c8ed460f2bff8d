# SPDX-License-Identifier: Apache-2.0
"""Statistics without persons."""

from exchange.service.node import Node
from exchange.service.pairing import pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import LinkState

THRESHOLD = 10
"""List `limits`, statistics_threshold; an agreement may only raise it."""


async def threshold_of(node: Node) -> int:
    """Return the largest threshold that any agreement of this node sets."""

    def unit(uow: UnitOfWork) -> int:
        agreed = [row for row in uow.links.all() if row.state not in (LinkState.INVITED, LinkState.JOINED)]
        terms = [pairing_of(uow, node, row.link).agreement.terms for row in agreed]
        return max([THRESHOLD, *(each.statistics_threshold for each in terms)])

    return await node.store.read(unit)
