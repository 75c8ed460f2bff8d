# SPDX-License-Identifier: Apache-2.0
"""Keeps long pure work off the event loop, so that a message about a thousand persons delays nobody's answer.

Completing, sealing or examining such a message takes some 50 to 150 ms in which nothing waits. It is done
in the thread of the store, as a unit that reads nothing: units come one after the other, so work that was
moved here runs in the same order in a simulated node. Short work stays on the loop, where lines of one frame
are examined while the one before is committed.
"""

from collections.abc import Callable
from typing import Final, TypeVar

from exchange.messages.document import persons_of
from exchange.protocol.parts import Document
from exchange.service.node import Node

T = TypeVar("T")

LONG_LINE_BYTES: Final = 64 * 1024
"""A sealed message about 50 persons; examining it takes some 8 ms on a slow machine."""
MANY_PERSONS: Final = 50


def is_about_many(document: Document) -> bool:
    """Return whether completing and sealing a document takes long."""
    return len(persons_of(document)) > MANY_PERSONS


async def beside(node: Node, work: Callable[[], T]) -> T:
    """Do pure work in the thread of the store and return what it gives; what it raises comes out here."""
    return await node.store.read(lambda uow: work())
