# SPDX-License-Identifier: Apache-2.0
"""Frames travel over one pinned, signed connection, and every failure is a `TransportError`."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from exchange.adapters.transport.http import HttpCarrier, PartnerRoute
from exchange.adapters.transport.pins import key_of_certificate, pinned_tls
from exchange.errors import TransportError
from exchange.interfaces.tls import server_tls
from exchange.protocol.door import FRAME_TYPE
from exchange.protocol.suites import tls_private_key
from tests.support.certificates import certificate_of, context_of, pem_of, tls_key
from tests.support.door_world import (
    HOST,
    KH,
    LINK,
    OTHER_LINK,
    VN,
    EchoService,
    GivenClock,
    carrier_of,
    door_key,
    open_door,
)
from tests.support.false_partner import false_partner, response

LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]


def route_to(port: int, *, pin: str = "KH", base_url: str | None = None) -> PartnerRoute:
    return PartnerRoute(
        link=LINK,
        base_url=f"https://{HOST}:{port}" if base_url is None else base_url,
        recipient=KH,
        tls_pins=frozenset({tls_key(pin).public}),
        door_key=door_key("VN"),
    )


async def failure(route: PartnerRoute | None, *, timeout_s: float = 5) -> TransportError:
    async with carrier_of(route, GivenClock()) as carrier:
        with pytest.raises(TransportError) as failed:
            await carrier.exchange(LINK, b"frame", timeout_s=timeout_s)
    return failed.value


async def test_a_frame_arrives_and_its_answer_comes_back() -> None:
    async with open_door() as door, carrier_of(door.route(), door.clock) as carrier:
        assert await carrier.exchange(LINK, b"frame\n", timeout_s=5) == b"frame\n"
        assert await carrier.gate(LINK, b"question", timeout_s=5) == b"question"

        assert door.service.taken == [("frame", LINK, b"frame\n"), ("gate", LINK, b"question")]


@pytest.mark.parametrize("loop", LOOPS)
def test_frames_travel_on_either_event_loop(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def story() -> None:
        async with open_door() as door, carrier_of(door.route(), door.clock) as carrier:
            assert await carrier.exchange(LINK, b"frame\n", timeout_s=5) == b"frame\n"

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(story())


async def test_frames_of_one_partner_share_one_connection() -> None:
    async with open_door() as door, carrier_of(door.route(), door.clock) as carrier:
        for _ in range(5):
            await carrier.exchange(LINK, b"frame", timeout_s=5)

        assert len(door.app.seats) == 1


async def test_the_largest_frame_travels_whole() -> None:
    frame = b"x" * (8 * 1024 * 1024)

    async with open_door() as door, carrier_of(door.route(), door.clock) as carrier:
        assert await carrier.exchange(LINK, frame, timeout_s=20) == frame


async def test_connections_are_gone_after_both_sides_close() -> None:
    async with open_door() as door, carrier_of(door.route(), door.clock) as carrier:
        await carrier.exchange(LINK, b"frame", timeout_s=5)

    assert len(door.app.seats) == 0


async def test_a_changed_route_closes_the_old_connection_and_is_used_at_once() -> None:
    routes: list[PartnerRoute] = []
    async with open_door() as old, open_door() as new:
        carrier = HttpCarrier(lambda link: routes[-1], clock=old.clock, random=lambda n: bytes(n))
        async with carrier:
            routes.append(old.route())
            await carrier.exchange(LINK, b"one", timeout_s=5)
            routes.append(new.route())
            await carrier.exchange(LINK, b"two", timeout_s=5)

        assert [raw for _, _, raw in new.service.taken] == [b"two"]


async def test_a_partner_that_waits_holds_up_no_other() -> None:
    released = asyncio.Event()

    async def wait(raw: bytes) -> bytes:
        await released.wait()
        return raw

    async with open_door(service=EchoService(answer=wait)) as slow, open_door() as quick:
        routes = {LINK: slow.route(), OTHER_LINK: quick.route(link=OTHER_LINK, door_key=door_key("TH"))}
        carrier = HttpCarrier(routes.get, clock=slow.clock, random=lambda n: bytes(n))
        async with carrier, asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(carrier.exchange(LINK, b"slow", timeout_s=5))
            assert await carrier.exchange(OTHER_LINK, b"quick", timeout_s=5) == b"quick"
            assert not waiting.done()
            released.set()


@pytest.mark.parametrize("loop", LOOPS)
def test_a_wrong_pin_fails_in_the_handshake_and_no_byte_of_http_is_sent(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def story() -> None:
        async with false_partner(response("200 OK"), tls=context_of("thief")) as thief:
            assert (await failure(route_to(thief.port))).reason == "pin"

            assert thief.received == []

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(story())


async def test_an_honest_door_with_another_key_is_refused_before_it_sees_a_request() -> None:
    async with open_door(tls=context_of("KH-next")) as door:
        assert (await failure(door.route())).reason == "pin"

        assert door.service.taken == []
        assert ("request_refused", "not_found") not in door.noted.counts


async def test_the_next_key_of_the_card_is_as_good_as_the_current_one() -> None:
    pins = frozenset({tls_key("KH").public, tls_key("KH-next").public})

    async with (
        open_door(tls=context_of("KH-next")) as door,
        carrier_of(door.route(tls_pins=pins), door.clock) as carrier,
    ):
        assert await carrier.exchange(LINK, b"frame", timeout_s=5) == b"frame"


async def test_a_key_of_another_use_is_no_pin() -> None:
    pins = frozenset({door_key("KH").public})

    async with open_door() as door:
        assert (await failure(door.route(tls_pins=pins))).reason == "pin"


async def test_a_partner_that_speaks_tls_1_2_gets_no_request(tmp_path: Path) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_2
    both = tmp_path / "both.pem"
    both.write_bytes(b"".join(pem_of(tls_private_key(tls_key("KH")))))
    old.load_cert_chain(both)

    async with false_partner(response("200 OK"), tls=old) as partner:
        assert (await failure(route_to(partner.port))).reason in ("tls", "unreachable")

        assert partner.received == []


async def test_plain_http_behind_the_port_is_a_failed_handshake() -> None:
    async with false_partner(response("200 OK"), plain=True) as partner:
        assert (await failure(route_to(partner.port), timeout_s=1)).reason in ("tls", "broken", "timeout")


GOOD = f"Content-Type: {FRAME_TYPE}"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (response("301 Moved", "Location: https://elsewhere.example/"), "redirected"),
        (response("307 Moved", "Location: /v1/elsewhere"), "redirected"),
        (response("404 Not Found"), "not_found"),
        (response("429 Too Many", "Retry-After: 7"), "busy"),
        (response("503 Unavailable"), "busy"),
        (response("400 Bad Request"), "refused"),
        (response("401 Who"), "refused"),
        (response("500 Internal"), "failed"),
        (response("502 Bad Gateway"), "failed"),
        (response("204 No Content"), "failed"),
        (response("206 Partial Content", GOOD, body=b"x"), "failed"),
        (response("200 OK", body=b"x"), "answer_type"),
        (response("200 OK", "Content-Type: text/html", body=b"x"), "answer_type"),
        (response("200 OK", GOOD, GOOD, body=b"x"), "answer_type"),
        (response("200 OK", GOOD, "Content-Encoding: gzip", body=b"x"), "answer_encoding"),
        (f"HTTP/1.1 200 OK\r\n{GOOD}\r\nContent-Length: 99999999\r\n\r\n".encode(), "answer_too_large"),
        (
            f"HTTP/1.1 200 OK\r\n{GOOD}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
            + (b"100000\r\n" + bytes(0x100000) + b"\r\n") * 9,
            "answer_too_large",
        ),
        (f"HTTP/1.1 200 OK\r\n{GOOD}\r\nContent-Length: 50\r\n\r\nshort".encode(), "timeout"),
        (b"garbage\r\n\r\n", "broken"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", "broken"),
        (b"", "timeout"),
        (None, "timeout"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_no_answer_is_a_transport_error_with_its_reason(
    answer: bytes | None, reason: str
) -> None:
    async with false_partner(answer) as partner:
        assert (await failure(route_to(partner.port), timeout_s=0.5)).reason == reason

        assert partner.connections == 1


async def test_cookies_are_not_kept_and_nothing_tells_the_library() -> None:
    answer = response("503 Unavailable", "Set-Cookie: a=b; Path=/")

    async with false_partner(answer) as partner, carrier_of(route_to(partner.port), GivenClock()) as carrier:
        for _ in range(2):
            with pytest.raises(TransportError):
                await carrier.exchange(LINK, b"frame", timeout_s=5)

        for raw in partner.received:
            lowered = raw.lower()
            assert b"cookie" not in lowered
            assert b"python" not in lowered
            assert b"aiohttp" not in lowered


async def test_each_attempt_has_a_nonce_of_its_own() -> None:
    async with false_partner(response("503 Busy")) as partner:
        async with carrier_of(route_to(partner.port), GivenClock()) as carrier:
            for _ in range(2):
                with pytest.raises(TransportError):
                    await carrier.exchange(LINK, b"frame", timeout_s=5)

        first, second = (raw.split(b'nonce="')[1][:22] for raw in partner.received)
    assert first != second


@pytest.mark.parametrize(
    ("stated", "wait_s"),
    [
        ("0", 1),
        ("1", 1),
        ("120", 120),
        ("3600", 3_600),
        ("999999", 3_600),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("9" * 50, None),
        ("Fri, 31 Dec 2027 23:59:59 GMT", None),
    ],
)
async def test_the_wait_a_partner_asks_for_is_kept_between_a_second_and_an_hour(
    stated: str, wait_s: int | None
) -> None:
    async with false_partner(response("503 Busy", f"Retry-After: {stated}")) as partner:
        assert (await failure(route_to(partner.port))).retry_after_s == wait_s


async def test_nobody_at_the_address_is_unreachable() -> None:
    async with false_partner(None) as partner:
        port = partner.port

    assert (await failure(route_to(port))).reason == "unreachable"


@pytest.mark.parametrize(
    "base_url",
    [
        "http://127.0.0.1:1",
        "https://127.0.0.1:1/path",
        "https://127.0.0.1:1/?a=b",
        "https://127.0.0.1:1/#a",
        "https://user:secret@127.0.0.1:1",
        "ftp://127.0.0.1",
        "127.0.0.1:443",
        "https://",
        "https://127.0.0.1:99999",
        "",
        "/",
    ],
)
async def test_an_address_of_another_form_is_no_route(base_url: str) -> None:
    assert (await failure(route_to(0, base_url=base_url))).reason == "no_route"


async def test_a_link_without_an_address_or_without_pins_is_no_route() -> None:
    async with open_door() as door:
        assert (await failure(None)).reason == "no_route"
        assert (await failure(door.route(tls_pins=frozenset()))).reason == "no_route"


async def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with false_partner(response("200 OK"), plain=True) as proxy, open_door() as door:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://{HOST}:{proxy.port}")

        async with carrier_of(door.route(), door.clock) as carrier:
            await carrier.exchange(LINK, b"frame", timeout_s=5)

        assert proxy.connections == 0


async def test_a_wrong_recipient_is_answered_like_an_unknown_link() -> None:
    async with open_door() as door:
        assert (await failure(door.route(recipient=VN))).reason == "not_found"


def test_the_key_of_a_certificate_is_its_whole_point() -> None:
    key = tls_key("KH")

    assert key_of_certificate(certificate_of(tls_private_key(key))) == key.public.raw


@pytest.mark.parametrize(
    "certificate",
    [
        None,
        b"",
        b"no certificate",
        certificate_of(ec.derive_private_key(7, ec.SECP384R1())),
        certificate_of(ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))),
        certificate_of(tls_private_key(tls_key("KH")))[:-1],
    ],
)
def test_a_certificate_with_another_kind_of_key_has_no_key(certificate: bytes | None) -> None:
    assert key_of_certificate(certificate) is None


def test_both_ends_speak_tls_1_3_only() -> None:
    for context in (pinned_tls([tls_key("KH").public]), context_of("KH")):
        assert context.minimum_version is context.maximum_version is ssl.TLSVersion.TLSv1_3


def test_the_key_of_a_listener_leaves_no_file_behind(tmp_path: Path) -> None:
    server_tls(*pem_of(tls_private_key(tls_key("KH"))), folder=tmp_path)

    assert list(tmp_path.iterdir()) == []
