# SPDX-License-Identifier: Apache-2.0
"""Makes papers into files in a process of its own, so that the node goes on serving its partners.

1. One paper at a time; at most `MOST_WAITING` wait for it, the next one is told to try again (rule 20).
2. The process starts with the first paper, stays for the next ones, and ends after `IDLE_S` without one: the
   library takes a second to load and 100 MB to stay.
3. It knows no key and no variable of this program, and writes no file: a paper goes in by its standard input,
   the PDF comes out of its standard output (`press_room`).
4. What takes longer than `LONGEST_S` is ended with the process; the next paper gets a new one.

    async with Press() as press:
        raw = await press.print(paper)
"""

import asyncio
import contextlib
import os
import sys
from types import TracebackType
from typing import Final, Self

from exchange.adapters.documents.press_room import MADE, paper_bytes
from exchange.errors import BusyError, UsageError
from exchange.service.papers import Paper

MOST_WAITING: Final = 8
"""With two seconds for usual minutes, the last one of them is ready while its officer still looks on."""
LONGEST_S: Final = 120.0
"""A notice of 1,000 persons takes about a minute on a busy machine."""
IDLE_S: Final = 300.0
MAX_PDF_BYTES: Final = 64 * 1024 * 1024
"""1,000 persons are about 3 MB."""
_OWN_VARIABLES: Final = "EXCHANGE_"
_TRY_AGAIN: Final = "wait a moment, then press the button once more"


class Press:
    """One process that makes files of papers; close it, or use it as a context."""

    def __init__(self, *, longest_s: float = LONGEST_S, most_waiting: int = MOST_WAITING) -> None:
        self._longest_s, self._most_waiting = longest_s, most_waiting
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._process: asyncio.subprocess.Process | None = None
        self._idle: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def print(self, paper: Paper) -> bytes:
        """Return the file of a paper.

        Raises:
            BusyError: too many wait already, or this one takes too long.
            UsageError: the extra `[desk]` or Pango is not installed.
        """
        if self._waiting > self._most_waiting:
            raise BusyError(f"{self._most_waiting} papers are waiting to be printed", hint=_TRY_AGAIN)
        self._waiting += 1
        try:
            async with self._turn:
                return await self._made(paper_bytes(paper))
        finally:
            self._waiting -= 1

    async def close(self) -> None:
        """End the process."""
        self._rest(None)
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _made(self, asked: bytes) -> bytes:
        self._rest(None)
        try:
            async with asyncio.timeout(self._longest_s):
                kind, made = await self._exchanged(asked)
        except (TimeoutError, EOFError, OSError) as error:
            await self.close()
            raise BusyError("the paper could not be made in time", hint=_TRY_AGAIN) from error
        except asyncio.CancelledError:
            await self.close()
            raise
        self._rest(IDLE_S)
        if kind != MADE:
            raise UsageError(made.decode("utf-8"), hint="tell your administrator: exchange doctor")
        return made

    async def _exchanged(self, asked: bytes) -> tuple[bytes, bytes]:
        """Hand a paper to the process, and return the kind of its answer and the answer."""
        process = self._process or await _begun()
        self._process = process
        if process.stdin is None or process.stdout is None:
            raise OSError("the process has no pipes")
        process.stdin.write(len(asked).to_bytes(4, "big") + asked)
        await process.stdin.drain()
        kind = await process.stdout.readexactly(1)
        size = int.from_bytes(await process.stdout.readexactly(4), "big")
        if size > MAX_PDF_BYTES:
            raise OSError("the answer is too long")
        return kind, await process.stdout.readexactly(size)

    def _rest(self, seconds: float | None) -> None:
        """Let the process end after some seconds without a paper; None takes that back."""
        if self._idle is not None:
            self._idle.cancel()
        self._idle = None
        if seconds is not None:
            self._idle = asyncio.get_running_loop().call_later(seconds, self._end_idle)

    def _end_idle(self) -> None:
        """Close its input: it ends by itself."""
        if not self._turn.locked() and self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process = None


async def _begun() -> asyncio.subprocess.Process:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OWN_VARIABLES)}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "exchange.adapters.documents.press_room",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=kept,
        start_new_session=True,
    )
