# SPDX-License-Identifier: Apache-2.0
"""Strangers and bad partners at the door: every limit of the threat model, section 7, by bare bytes.

Wanted in each case: a code of the list for strangers and nothing else, no echo of the input, nothing
reaches the service, and a good partner is served afterwards.
"""

import io

import pytest
from exchange.adapters.telemetry.counters import PrometheusCounters
from exchange.adapters.telemetry.journal import JsonJournal
from exchange.adapters.transport.signing import NonceBook, RequestGuard
from exchange.errors import AgainError, FrameInvalidError, GateClosedError, RefusedError, TransportError
from exchange.ids import NodeId
from exchange.interfaces.partner.door import partner_app
from exchange.interfaces.server import ServerLimits, serve
from exchange.protocol.door import (
    CARD_PATH,
    MAX_ANSWER_BYTES,
    MAX_FRAME_BYTES,
    MAX_QUESTION_BYTES,
    Route,
    path_of,
)
from tests.support.certificates import context_of
from tests.support.door_world import (
    HOST,
    KH,
    LINK,
    OTHER_LINK,
    VN,
    EchoService,
    GivenClock,
    Reply,
    ask,
    door_key,
    head,
    open_door,
    signed,
    wire,
)
from tests.support.strangers import FRAME, MARK, edited, quiet_door, unechoed


async def test_a_rightly_signed_frame_is_taken_from_bare_bytes() -> None:
    async with open_door() as door:
        reply = await ask(door, head(signed(FRAME)) + FRAME)

        assert (reply.status, reply.body) == (200, FRAME)
        assert "Cache-Control: no-store" in reply.head


@pytest.mark.parametrize(
    "raw",
    [
        MARK.encode() + b"\r\n\r\n",
        b"\x00\x01\x02" + MARK.encode() + b"\r\n\r\n",
        b"GET /" + MARK.encode() + b" HTTP/9.9\r\n\r\n",
        b"G\x00T / HTTP/1.1\r\nHost: " + MARK.encode() + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nBad Name: " + MARK.encode() + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n: " + MARK.encode() + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + MARK.encode() + b"\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -" + MARK.encode() + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
        + MARK.encode(),
        b"GET /" + MARK.encode() * 1_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + MARK.encode() * 1_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + MARK.encode() * 1_000 + b": x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: e7f1-planted\r\n" * 65 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + (b"X: " + b"y" * 5_000 + b"\r\n") * 4 + b"\r\n",
        b"GET / HTTP/1.0\r\nHost: " + MARK.encode() + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + MARK.encode(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
async def test_garbage_gets_400_without_an_echo_and_the_connection_ends(raw: bytes) -> None:
    async with quiet_door() as door, wire(door.port) as line:
        await line.send(raw)

        reply = unechoed(await line.reply())

        assert reply.status == 400
        assert await line.closed()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/v1/links"),
        ("GET", path_of(Route.EXCHANGE, LINK)),
        ("PUT", path_of(Route.EXCHANGE, LINK)),
        ("OPTIONS", "*"),
        ("CONNECT", "elsewhere:443"),
        ("POST", "/v1/links/short/exchange"),
        ("POST", f"/v1/links/{MARK}AAAAAAAAAA/other"),
        ("POST", path_of(Route.EXCHANGE, LINK) + "/"),
        ("POST", path_of(Route.EXCHANGE, LINK) + "?wait=55"),
        ("POST", path_of(Route.EXCHANGE, LINK) + "?"),
        ("POST", path_of(Route.EXCHANGE, LINK) + "#a"),
        ("POST", "/" + path_of(Route.EXCHANGE, LINK)),
        ("POST", path_of(Route.EXCHANGE, LINK).replace("exchange", "%65xchange")),
        ("POST", "/v1/links/../links/kh-vn-AAAAAAAAAAAAAAAA/exchange"),
        ("POST", "https://elsewhere.example" + path_of(Route.EXCHANGE, LINK)),
        ("POST", "/v1/links/kh-vn-AAAAAAAAAAAAAAAA/EXCHANGE"),
        ("GET", CARD_PATH + "/"),
    ],
)
async def test_any_other_path_or_method_is_not_there(method: str, path: str) -> None:
    async with quiet_door() as door:
        fields = signed(FRAME) if method in ("POST", "PUT") else {}

        reply = unechoed(await ask(door, head(fields, method=method, path=path) + (FRAME if fields else b"")))

        assert reply.status in (400, 404)


@pytest.mark.parametrize(
    ("what", "changes", "status"),
    [
        ("no length", {"content_length": None}, 400),
        ("a chunked body", {"content_length": None, "transfer_encoding": "chunked"}, 400),
        ("a trailer", {"trailer": "X"}, 400),
        ("a gzip body", {"content_encoding": "gzip"}, 415),
        ("a body said to be unencoded", {"content_encoding": "identity"}, 415),
        ("another type", {"content_type": "application/json"}, 415),
        ("a type with a parameter", {"content_type": "application/vnd.exchange.frame; charset=utf-8"}, 415),
        ("no type", {"content_type": None}, 415),
        ("a length one above the limit", {"content_length": str(MAX_FRAME_BYTES + 1)}, 413),
        ("a huge length", {"content_length": "9" * 15}, 413),
        ("no signature", {"signature": None}, 404),
        ("no signature input", {"signature_input": None}, 404),
        ("no digest", {"content_digest": None}, 404),
        ("another digest", {"content_digest": "sha-256=:AAAA:"}, 404),
        ("another recipient", {"x_exchange_to": VN}, 404),
        ("a length that was not signed", {"content_length": "4"}, 404),
    ],
)
async def test_a_request_of_another_form_is_refused_before_its_body_is_read(
    what: str, changes: dict[str, str | None], status: int
) -> None:
    async with quiet_door() as door:
        reply = unechoed(await ask(door, head(edited(signed(FRAME), **changes))))

        assert reply.status == status


@pytest.mark.parametrize("name", ["Content-Type", "Content-Digest", "X-Exchange-To", "Signature"])
async def test_a_doubled_field_is_refused(name: str) -> None:
    async with quiet_door() as door:
        fields = signed(FRAME)

        reply = unechoed(await ask(door, head(fields | {name.upper(): fields[name]}) + FRAME))

        assert reply.status in (400, 404, 415)


async def test_a_question_of_the_gate_has_a_smaller_limit() -> None:
    async with quiet_door() as door:
        body = bytes(MAX_QUESTION_BYTES + 1)
        request = head(signed(body, route=Route.GATE), path=path_of(Route.GATE, LINK))

        assert unechoed(await ask(door, request)).status == 413


async def test_only_a_partner_that_was_asked_for_more_may_send_more_to_the_gate() -> None:
    async with open_door() as door:
        door.service.asking.add(LINK)
        body = bytes(MAX_QUESTION_BYTES + 1)
        asked = head(signed(body, route=Route.GATE), path=path_of(Route.GATE, LINK))
        assert (await ask(door, asked + body)).status == 200

        fields = signed(b"", route=Route.GATE) | {"Content-Length": str(MAX_ANSWER_BYTES + 1)}
        reply = unechoed(await ask(door, head(fields, path=path_of(Route.GATE, LINK))))
        assert reply.status == 413


async def test_a_body_that_was_not_signed_is_refused_after_the_signature() -> None:
    async with quiet_door() as door:
        reply = unechoed(await ask(door, head(signed(FRAME)) + b"Frame"))

        assert (reply.status, reply.reason) == (400, "refused")


async def test_a_request_is_taken_once() -> None:
    async with open_door() as door:
        request = head(signed(FRAME)) + FRAME

        assert (await ask(door, request)).status == 200
        assert unechoed(await ask(door, request)).status == 404

        assert len(door.service.taken) == 1


@pytest.mark.parametrize(
    ("what", "path", "key"),
    [
        ("taken to another link", path_of(Route.EXCHANGE, OTHER_LINK), "VN"),
        ("taken to another route", path_of(Route.GATE, LINK), "VN"),
        ("signed by the partner of another link", path_of(Route.EXCHANGE, LINK), "TH"),
        ("signed by a stranger", path_of(Route.EXCHANGE, LINK), "stranger"),
        ("for an unknown link", "/v1/links/unknownAAAAAAAAAAAAAAA/exchange", "VN"),
    ],
)
async def test_a_signature_counts_for_one_link_and_route_only(what: str, path: str, key: str) -> None:
    async with quiet_door() as door:
        fields = signed(FRAME, key=door_key(key))
        if "gate" in path:
            fields["Content-Type"] = "application/jose"

        reply = unechoed(await ask(door, head(fields, path=path) + FRAME))

        assert (reply.status, reply.reason) == (404, "not_found")


async def test_unknown_link_and_bad_signature_look_the_same() -> None:
    async with quiet_door() as door:
        unknown = await ask(door, head(signed(FRAME), path="/v1/links/unknownAAAAAAAAAAAAAAA/exchange"))
        forged = await ask(door, head(signed(FRAME, key=door_key("stranger"))))

        assert _shape(unknown) == _shape(forged)


def _shape(reply: Reply) -> tuple[object, ...]:
    lines = sorted(line for line in reply.head.split("\r\n") if not line.startswith("Date"))
    return reply.status, reply.reason, len(reply.body), lines


async def test_an_unknown_link_costs_a_verification_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: the same work is done for a link that does not exist."""
    from exchange.protocol import suites

    verified: list[bytes] = []
    verify = suites.verify

    def counting(key: suites.PublicKey, message: bytes, signature: bytes) -> None:
        verified.append(message)
        verify(key, message, signature)

    monkeypatch.setattr(suites, "verify", counting)
    async with quiet_door() as door:
        await ask(door, head(signed(FRAME), path="/v1/links/unknownAAAAAAAAAAAAAAA/exchange"))

        assert len(verified) == 1


async def test_an_old_request_is_refused() -> None:
    async with quiet_door() as door:
        door.clock.pass_by(301)

        assert unechoed(await ask(door, head(signed(FRAME)) + FRAME)).status == 404


async def test_a_closed_gate_answers_503_to_frames_and_hears_questions() -> None:
    async with open_door(service=EchoService(open=False)) as door:
        frame = await ask(door, head(signed(FRAME, nonce="1")) + FRAME)
        gate = signed(FRAME, route=Route.GATE, nonce="2")
        question = await ask(door, head(gate, path=path_of(Route.GATE, LINK)) + FRAME)

        assert (frame.status, frame.reason, "Retry-After: 5" in frame.head) == (503, "not_ready", True)
        assert question.status == 200
        assert [kind for kind, _, _ in door.service.taken] == ["gate"]


async def test_a_stranger_does_not_learn_that_the_gate_is_closed() -> None:
    async with open_door(service=EchoService(open=False)) as door:
        assert (await ask(door, head(signed(FRAME, key=door_key("stranger"))) + FRAME)).status == 404


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (FrameInvalidError(MARK), 400, "frame_invalid"),
        (RefusedError("too_large", MARK), 400, "too_large"),
        (AgainError("busy", MARK), 429, "busy"),
        (GateClosedError(MARK), 503, "not_ready"),
        (TransportError(MARK), 500, "internal"),
        (ValueError(MARK), 500, "internal"),
        (ConnectionResetError(MARK), 500, "internal"),
        (TimeoutError(MARK), 500, "internal"),
    ],
)
async def test_an_error_of_the_service_becomes_a_code_without_its_text(
    error: Exception, status: int, reason: str
) -> None:
    async def fail(raw: bytes) -> bytes:
        raise error

    async with open_door(service=EchoService(answer=fail)) as door:
        reply = await ask(door, head(signed(FRAME)) + FRAME)

        assert (reply.status, reply.reason) == (status, reason)
        assert MARK not in reply.head + reply.body.decode()
        assert MARK not in str(door.noted.records)


async def test_the_journal_learns_where_an_unexpected_error_came_from() -> None:
    async def fail(raw: bytes) -> bytes:
        raise KeyError(MARK)

    async with open_door(service=EchoService(answer=fail)) as door:
        await ask(door, head(signed(FRAME)) + FRAME)

        [(event, fields), (refused, answered)] = door.noted.records
        assert (event, refused, answered["reason"]) == ("request_failed", "request_refused", "internal")
        assert str(fields["place"]).startswith("KeyError ")
        assert "test_door:" in str(fields["place"])


async def test_every_word_of_the_door_is_in_the_vocabulary() -> None:
    """A strict journal and strict counters raise at the first word they do not know."""
    stream, clock = io.StringIO(), GivenClock()
    app = partner_app(
        EchoService(answer=_fail),
        guard=RequestGuard(recipient=KH, clock=clock),
        journal=JsonJournal(stream, clock=clock, node=NodeId("0" * 16), strict=True),
        counters=PrometheusCounters(strict=True),
        limits=ServerLimits(body_s=0.1, head_s=0.1, stop_s=1),
    )
    async with serve(app, host=HOST, port=0, ssl_context=context_of("KH")) as listener:
        statuses = []
        for raw in (head(signed(FRAME)) + FRAME, head(signed(FRAME)), b"garbage\r\n\r\n"):
            async with wire(listener.port) as line:
                await line.send(raw)
                statuses.append((await line.reply()).status)
        for raw in (head(signed(FRAME, nonce="slow")), b"GET"):
            async with wire(listener.port) as line:
                await line.send(raw)
                assert await line.closed()

    assert statuses == [500, 404, 400]
    assert "KeyError" in stream.getvalue()


async def _fail(raw: bytes) -> bytes:
    raise KeyError(MARK)


async def test_a_full_nonce_book_answers_busy_and_not_found_to_nobody() -> None:
    async with open_door(nonces=NonceBook(limit=1)) as door:
        await ask(door, head(signed(FRAME, nonce="1")) + FRAME)

        reply = await ask(door, head(signed(FRAME, nonce="2")) + FRAME)

        assert (reply.status, reply.reason) == (503, "busy")


async def test_a_partner_that_asks_first_is_told_to_continue_after_its_signature() -> None:
    async with open_door() as door, wire(door.port) as line:
        await line.send(head(signed(FRAME) | {"Expect": "100-continue"}))
        assert await line.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await line.send(FRAME)

        assert (await line.reply()).status == 200


async def test_the_card_is_shown_to_everybody_and_takes_no_body() -> None:
    async with open_door() as door:
        shown = await ask(door, head({}, method="GET", path=CARD_PATH))
        posted = await ask(door, head({"Content-Length": "5"}, method="GET", path=CARD_PATH) + FRAME)

        assert (shown.status, shown.body) == (200, b"card")
        assert posted.status == 400


async def test_each_refusal_has_a_request_number_of_its_own() -> None:
    async with quiet_door() as door:
        bodies = {(await ask(door, head({}, method="GET", path="/"))).body for _ in range(3)}

        assert len(bodies) == 3


async def test_nothing_is_written_to_the_logs_of_the_libraries(caplog: pytest.LogCaptureFixture) -> None:
    async with quiet_door() as door:
        await ask(door, MARK.encode() + b"\r\n\r\n")
        await ask(door, b"GET /" + MARK.encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n")

        assert MARK not in caplog.text
