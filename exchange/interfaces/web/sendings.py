# SPDX-License-Identifier: Apache-2.0
"""Remembers what a form became, so that a second click on *Send* shows the same page as the first.

What a draft became is remembered as well, so that *Back* of the browser leads to the message.

That nothing is sent twice does not depend on this: the store sees to it (`service.forms`, 3).
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import Final

from exchange.ids import MessageId

REMEMBERED: Final = 1_000


class Sendings:
    """Forms that were sent since the start, by their number; the oldest are forgotten first."""

    def __init__(self) -> None:
        self._became: OrderedDict[str, MessageId] = OrderedDict()
        self._under_way: dict[str, asyncio.Lock] = {}

    @contextlib.asynccontextmanager
    async def one_at_a_time(self, form: str) -> AsyncIterator[MessageId | None]:
        """Let one request at a time send a form; gives what it became already, or None."""
        lock = self._under_way.setdefault(form, asyncio.Lock())
        try:
            async with lock:
                yield self._became.get(form)
        finally:
            if not lock.locked():
                self._under_way.pop(form, None)

    def became(self, form: str) -> MessageId | None:
        """Return what a form or a draft became, None if it is not remembered."""
        return self._became.get(form)

    def forget(self, form: str) -> None:
        """Forget what a form became: it is a form again."""
        self._became.pop(form, None)

    def note(self, form: str, became: MessageId) -> None:
        self._became[form] = became
        while len(self._became) > REMEMBERED:
            self._became.popitem(last=False)
