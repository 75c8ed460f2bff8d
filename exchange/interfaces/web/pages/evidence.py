# SPDX-License-Identifier: Apache-2.0
"""Evidence to take away: the pack of a link as a file, and the program that verifies it anywhere.

A pack is written into a file without a name and sent from there, so a large one takes no memory. It holds no
content of a message. The export is recorded by the command that begins it.
"""

import tempfile
from typing import IO, Final

from exchange.errors import UsageError
from exchange.interfaces.packing import Lines, pack_records
from exchange.interfaces.web.desk import Answer, Clerk
from exchange.interfaces.web.replying import Download, Page, Reply
from exchange.verifier.onefile import one_file
from exchange.verifier.pack import FIRST_LINE

TEXT: Final = "text/plain; charset=utf-8"
MOST_ENTRIES: Final = 500_000
"""Entries of both ledgers in a pack that a browser waits for; a larger one is made by command."""


async def show(clerk: Clerk) -> Reply:
    """Return what can be taken away, and how it is verified."""
    found = await clerk.ask("partner.show", partner=clerk.asked.places["partner"])
    entries: Answer = found.get("entries") or {}
    today = clerk.node.clock.now().date().isoformat()
    values = {"partner": found["partner"], "entries": sum(entries.values()), "today": today}
    return Page("evidence.html", values)


async def take(clerk: Clerk) -> Download:
    """Return the pack of a link, or the program that verifies it."""
    match clerk.asked.text("do"):
        case "pack":
            return await _pack(clerk)
        case "verifier":
            return Download(one_file().encode(), TEXT, "verify.py")
        case _:
            raise UsageError("choose what to take", hint="go back and press one of the buttons")


async def _pack(clerk: Clerk) -> Download:
    start = await clerk.ask("evidence.begin", partner=clerk.asked.places["partner"])
    size = sum(log["size"] for log in start["logs"])
    if size > MOST_ENTRIES:
        raise UsageError(
            f"the ledgers have {size} entries, too many for a browser",
            hint="ask your administrator for: exchange evidence export",
        )
    header = start["header"]
    file: IO[bytes] = tempfile.TemporaryFile(dir=clerk.house.folder)  # noqa: SIM115  the answer closes it
    try:
        await _write(clerk, start, file)
    except BaseException:
        file.close()
        raise
    return Download(file, TEXT, f"evidence-{header['partner']}-{header['at'][:10]}.pack")


async def _write(clerk: Clerk, start: Answer, file: IO[bytes]) -> None:
    lines = Lines()
    file.write(FIRST_LINE)
    async for records in pack_records(clerk.ask, start):
        file.write(lines.of(records))
    file.write(lines.end())
    file.seek(0)
