# SPDX-License-Identifier: Apache-2.0
"""Sends many notices each way at once between two real nodes: `python -m tests.load --messages 1000`.

Prints messages per second from the first release to the last verdict, and CPU time per message of both
nodes together. Everything is on: TLS, request signatures, suite 2, full copies, cosignatures, lifecycle,
audit, SQLite with every commit durable. The program that sends shares the machine with both nodes.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
from tests.support.notices import real_notice
from tests.support.pair import FIRST, RealNode, RealPair

AT_ONCE = 32
"""Commands of one side under way at the same time."""


def main() -> int:
    parser = argparse.ArgumentParser(description="many messages each way at once")
    parser.add_argument("--messages", type=int, default=1_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, RealPair(Path(folder)) as pair:
        print(play(pair, arguments.messages))
    return 0


def play(pair: RealPair, messages: int) -> str:
    """Send, wait for all verdicts, compare; raises AssertionError if anything differs."""
    used_s = sum(node.cpu_s() for node in pair.nodes)
    began_s = time.monotonic()
    asyncio.run(_send_all(pair, messages))
    released_s = time.monotonic() - began_s
    pair.until(lambda: _is_done(pair, messages), limit_s=600)
    took_s = time.monotonic() - began_s
    cpu_ms = (sum(node.cpu_s() for node in pair.nodes) - used_s) * 1000
    found = pair.reconcile()
    assert all(not one["differences"] and not one["faults"] for one in found), found
    for one in found:
        assert one["entries"] == one["cosigned"], one
    for node in pair.nodes:
        assert node.service.ask("ledger.verify")["holds"]
    return (
        f"{2 * messages} messages, {messages} each way: released in {released_s:.1f} s, all accepted in "
        f"{took_s:.1f} s = {2 * messages / took_s:.0f} messages/s, CPU of both nodes "
        f"{cpu_ms / (2 * messages):.2f} ms a message; differences 0, every entry signed by the other side"
    )


async def _send_all(pair: RealPair, messages: int) -> None:
    async with asyncio.TaskGroup() as group:
        for node in pair.nodes:
            group.create_task(_send(node, messages))


async def _send(node: RealNode, messages: int) -> None:
    document = real_notice("VN" if node.code.startswith("KH") else "KH")
    connector = aiohttp.UnixConnector(path=str(node.folder / "run" / "control.sock"), limit=AT_ONCE)
    async with aiohttp.ClientSession(connector=connector) as session:
        waiting = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for _ in range(messages):
                await waiting.acquire()
                task = group.create_task(_release(session, document))
                task.add_done_callback(lambda _: waiting.release())


async def _release(session: aiohttp.ClientSession, document: dict[str, Any]) -> None:
    ask = {"document": document, "officer": FIRST}
    async with session.post("http://localhost/v1/commands/message.send", json=ask) as answer:
        told = await answer.json()
        assert told.get("fate") == "released", told


def _is_done(pair: RealPair, messages: int) -> bool:
    for node in pair.nodes:
        partner = node.service.ask("partner.list")["partners"][0]["partner"]
        waiting = node.service.ask("status")["partners"][0]["waiting"]
        entries = node.service.ask("partner.show", partner=partner)["entries"]
        if waiting or entries["own"] < 2 * messages:
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
