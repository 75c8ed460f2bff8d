# SPDX-License-Identifier: Apache-2.0
"""Time, room and connections at the door: every limit of the threat model, section 7, by bare bytes."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable

import pytest
import uvloop
from exchange.interfaces.server import ServerLimits
from exchange.protocol.door import Route, path_of
from tests.support.certificates import context_of
from tests.support.door_world import (
    HOST,
    OTHER_LINK,
    EchoService,
    Wire,
    door_key,
    head,
    open_door,
    signed,
    wire,
)
from tests.support.strangers import FRAME, quiet_door, serves_partners, unechoed


async def test_a_head_that_does_not_come_is_waited_for_only_so_long() -> None:
    async with quiet_door(head_s=0.1) as door, wire(door.port) as line:
        await line.send(b"POST / HTTP/1.1\r\nHost: ")

        assert await line.closed()


async def test_a_head_that_drips_gets_no_more_time() -> None:
    async with quiet_door(head_s=0.15) as door, wire(door.port) as line:
        dripping = asyncio.create_task(_drip(line, b"X: y\r\n"))
        await line.send(b"POST / HTTP/1.1\r\n")

        async with asyncio.timeout(2):
            assert await line.closed()
        dripping.cancel()
        await asyncio.wait([dripping])


async def _drip(line: Wire, piece: bytes) -> None:
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while True:
            await line.send(piece)
            await asyncio.sleep(0.02)


async def test_a_silent_connection_is_closed() -> None:
    async with quiet_door(head_s=0.1) as door, wire(door.port) as line:
        assert await line.closed()


async def test_an_endless_head_is_cut() -> None:
    async with quiet_door() as door, wire(door.port) as line:
        await line.send(
            b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: %s\r\n" % (n, b"y" * 1_000) for n in range(30))
        )

        assert unechoed(await line.reply()).status == 400
        assert await line.closed()


async def test_a_body_that_does_not_come_is_waited_for_only_so_long() -> None:
    async with quiet_door(body_s=0.1) as door, wire(door.port) as line:
        await line.send(head(signed(FRAME)) + FRAME[:2])

        assert await line.closed()
        assert ("connection_dropped", "slow_body") in door.noted.counts


async def test_a_stranger_cannot_hold_a_connection_with_a_body() -> None:
    """The signature is judged before the body is read, so the refusal comes at once."""
    async with quiet_door(body_s=60, linger_s=0.1) as door, wire(door.port) as line:
        await line.send(head(signed(FRAME, key=door_key("stranger"))))

        assert (await line.reply()).status == 404
        assert await line.closed()


async def test_the_rest_of_a_refused_body_is_no_second_request() -> None:
    """It is read away, however long, so that the refusal can be read, and is answered with nothing."""
    body = bytes(ServerLimits().head_bytes * 4)
    async with quiet_door() as door, wire(door.port) as line:
        await line.send(head(signed(body, key=door_key("stranger"))))
        refused = await line.reply()
        await line.send(body)

        assert refused.status == 404
        assert await line.closed()
        assert ("request_refused", "head_too_large") not in door.noted.counts


async def test_a_partner_that_leaves_in_the_middle_of_a_body_leaves_nothing_behind() -> None:
    async with quiet_door() as door:
        async with wire(door.port) as line:
            await line.send(head(signed(FRAME)) + FRAME[:2])
        async with asyncio.timeout(2):
            await door.app.seats.empty()

        assert all(event != "request_failed" for event, _ in door.noted.counts)


async def test_an_idle_connection_is_closed() -> None:
    async with open_door(limits=ServerLimits(idle_s=0.1, stop_s=1)) as door, wire(door.port) as line:
        await line.send(head(signed(FRAME)) + FRAME)
        await line.reply()

        async with asyncio.timeout(3):
            assert await line.closed()


async def much(raw: bytes) -> bytes:
    return bytes(48 * 1024 * 1024)  # more than the buffers of both kernels hold


async def test_an_answer_that_is_not_read_goes_with_the_idle_connection() -> None:
    limits = ServerLimits(idle_s=0.1, stop_s=0.2)
    async with open_door(limits=limits, service=EchoService(answer=much)) as door, wire(door.port) as line:
        await line.send(head(signed(FRAME)) + FRAME)
        await line.reader.readuntil(b"\r\n\r\n")

        async with asyncio.timeout(5):
            await door.app.seats.empty()


async def test_a_partner_that_asks_again_and_reads_nothing_is_dropped() -> None:
    """The library takes one answer into its buffers; the second must wait, but not for ever."""
    limits = ServerLimits(write_s=0.1, stop_s=1)
    async with open_door(limits=limits, service=EchoService(answer=much)) as door, wire(door.port) as line:
        await line.send(head(signed(FRAME, nonce="1")) + FRAME)
        await line.reader.readuntil(b"\r\n\r\n")
        await line.send(head(signed(FRAME, nonce="2")) + FRAME)

        async with asyncio.timeout(5):
            await door.app.seats.empty()
        assert ("connection_dropped", "slow_reader") in door.noted.counts


async def test_a_second_request_before_the_first_answer_ends_the_connection() -> None:
    started, released = asyncio.Event(), asyncio.Event()

    async def wait(raw: bytes) -> bytes:
        started.set()
        await released.wait()
        return raw

    async with open_door(service=EchoService(answer=wait)) as door, wire(door.port) as line:
        await line.send(head(signed(FRAME)) + FRAME)
        await started.wait()
        await line.send(b"G")

        assert await line.closed()
        released.set()


async def test_two_requests_in_one_piece_end_the_connection() -> None:
    async with open_door() as door, wire(door.port) as line:
        await line.send(b"".join(head(signed(FRAME, nonce=str(n))) + FRAME for n in range(2)))

        assert await line.closed()


async def test_one_address_has_a_limited_number_of_connections() -> None:
    async with open_door(limits=ServerLimits(per_address=2, stop_s=1)) as door:
        async with wire(door.port), wire(door.port):
            with pytest.raises((ConnectionError, ssl.SSLError)):
                async with wire(door.port):
                    pass
        async with asyncio.timeout(2):
            await door.app.seats.empty()

        assert ("connection_dropped", "too_many") in door.noted.counts
        assert await serves_partners(door)


async def test_all_together_have_a_limited_number_of_connections() -> None:
    async with open_door(limits=ServerLimits(connections=1, stop_s=1)) as door, wire(door.port):
        with pytest.raises((ConnectionError, ssl.SSLError)):
            async with wire(door.port):
                pass


async def test_connections_count_before_their_handshake() -> None:
    async with open_door(limits=ServerLimits(per_address=1, handshake_s=0.2, stop_s=1)) as door:
        async with wire(door.port, tls=False) as silent:
            with pytest.raises((ConnectionError, ssl.SSLError)):
                async with wire(door.port):
                    pass
            assert await silent.closed()
        async with asyncio.timeout(2):
            await door.app.seats.empty()

        assert await serves_partners(door)


async def test_a_partner_has_four_connections() -> None:
    async with open_door() as door, contextlib.AsyncExitStack() as stack:
        replies = []
        for number in range(5):
            line = await stack.enter_async_context(wire(door.port))
            await line.send(head(signed(FRAME, nonce=str(number))) + FRAME)
            replies.append(await line.reply())

        assert [reply.status for reply in replies] == [200, 200, 200, 200, 429]
        assert "Retry-After: 2" in replies[-1].head


async def test_a_connection_speaks_for_one_partner_only() -> None:
    async with open_door() as door, wire(door.port) as line:
        await line.send(head(signed(FRAME)) + FRAME)
        assert (await line.reply()).status == 200
        other = signed(FRAME, link=OTHER_LINK, key=door_key("TH"))
        await line.send(head(other, path=path_of(Route.EXCHANGE, OTHER_LINK)) + FRAME)

        assert (await line.reply()).status == 429


async def test_tls_1_2_is_refused() -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    async with quiet_door() as door:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection(HOST, door.port, ssl=old)


async def test_plain_http_is_no_handshake() -> None:
    async with quiet_door(handshake_s=0.5) as door, wire(door.port, tls=False) as line:
        await line.send(head(signed(FRAME)) + FRAME)
        heard = await line.reader.read(100)

        assert b"HTTP" not in heard


async def test_a_door_that_closes_ends_waiting_requests() -> None:
    started = asyncio.Event()

    async def wait(raw: bytes) -> bytes:
        started.set()
        await asyncio.Event().wait()
        return raw

    limits, service = ServerLimits(stop_s=0.1), EchoService(answer=wait)
    async with asyncio.timeout(5):
        async with open_door(limits=limits, service=service) as door, wire(door.port) as line:
            await line.send(head(signed(FRAME)) + FRAME)
            await started.wait()

        assert len(door.app.seats) == 0


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_door_that_closes_ends_handshakes(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def story() -> None:
        async with contextlib.AsyncExitStack() as stack:
            async with open_door() as door:
                silent = await stack.enter_async_context(wire(door.port, tls=False))
                async with wire(door.port) as line:
                    await line.send(head(signed(FRAME)) + FRAME)
                    await line.reply()
            assert await silent.closed()
            assert len(door.app.seats) == 0

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(story())


def test_the_context_of_a_listener_gives_no_tickets() -> None:
    assert context_of("KH").num_tickets == 0
