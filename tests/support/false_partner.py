# SPDX-License-Identifier: Apache-2.0
"""A server that answers whatever a test wants, and remembers what reached it."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from tests.support.certificates import context_of
from tests.support.door_world import HOST


@dataclass
class FalsePartner:
    """Answers every request with given bytes; None means silence."""

    answer: bytes | None
    port: int = 0
    received: list[bytes] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            await self._talk(reader, writer)
        writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            self.received.append(head)
            length = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
            await reader.readexactly(int(length))
            if self.answer is not None:
                writer.write(self.answer)
                await writer.drain()


@contextlib.asynccontextmanager
async def false_partner(
    answer: bytes | None, *, tls: ssl.SSLContext | None = None, plain: bool = False
) -> AsyncIterator[FalsePartner]:
    """Listen as somebody who is no proper partner, with the TLS key of KH unless told otherwise."""
    partner = FalsePartner(answer)
    context = None if plain else tls or context_of("KH")
    async with asyncio.TaskGroup() as tasks:

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            tasks.create_task(partner.serve(reader, writer))

        server = await asyncio.start_server(connected, HOST, 0, ssl=context)
        partner.port = server.sockets[0].getsockname()[1]
        try:
            yield partner
        finally:
            server.close()
            await server.wait_closed()


def response(status: str, *fields: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields, "", ""]
    return "\r\n".join(lines).encode() + body
