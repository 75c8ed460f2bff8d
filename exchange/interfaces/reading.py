# SPDX-License-Identifier: Apache-2.0
"""How a door reads the body of a request: its length is known and within the limit, and it comes in time.

Nothing is read before the door knows who asks. No transfer coding, no content coding: identity only.
"""

import asyncio

from aiohttp import ClientPayloadError, web

from exchange.interfaces.server import Refusal, connection_of

_MAX_LENGTH_DIGITS = 10


def body_length(request: web.BaseRequest, content_types: frozenset[str], *, max_bytes: int) -> int:
    """Return the length of the body, if the request has the one form that is taken.

    Raises:
        Refusal: a coding, another content type, no length, or too much.
    """
    fields = request.headers
    if "Transfer-Encoding" in fields or "Trailer" in fields:
        raise Refusal(400, "request_invalid")
    if "Content-Encoding" in fields:
        raise Refusal(415, "encoding")
    if len(types := fields.getall("Content-Type", [])) != 1 or types[0] not in content_types:
        raise Refusal(415, "content_type")
    lengths = fields.getall("Content-Length", [])
    if len(lengths) != 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
        raise Refusal(400, "length_required")
    if len(lengths[0]) > _MAX_LENGTH_DIGITS or int(lengths[0]) > max_bytes:
        raise Refusal(413, "too_large")
    return int(lengths[0])


async def read_body(request: web.BaseRequest, size: int) -> bytes:
    """Return the whole body, whose length is known, or drop a connection that is too slow."""
    connection = connection_of(request)
    if size == 0:
        return b""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    try:
        async with asyncio.timeout(connection.app.limits.body_s):
            return await request.content.readexactly(size)
    except TimeoutError:
        connection.abort("slow_body")
        raise ConnectionAbortedError("the body does not come") from None
    except (EOFError, ClientPayloadError) as error:
        raise ConnectionAbortedError("the body ends early") from error
