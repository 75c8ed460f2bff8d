# SPDX-License-Identifier: Apache-2.0
"""A time-stamping authority over loopback: what counts as a time stamp, and how many replies do not."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from exchange.adapters.transport.stamps import MAX_REPLY_BYTES, HttpStamper
from exchange.config import TsaSection
from exchange.errors import ConfigurationError, TransportError
from exchange.kit.rehearsal import StandingClock
from exchange.service.surroundings import Stamp
from tests.support.tsa import NOW, RIGHT, Authority, Wrong

TEXT = (
    b"exchange/v1/kQ9w7VtR0aLh4uJp6ZxC1g/KH-MOSVY-DAHT/1\n12\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
)
RIGHT_ONE = Authority()
Answer = Callable[[bytes], web.Response]


def replying(authority: Authority, wrong: Wrong = RIGHT, change: Callable[[bytes], bytes] = bytes) -> Answer:
    return lambda raw: web.Response(body=change(authority.reply(raw, wrong)))


async def stamped(tmp_path: Path, answer: Answer, trusted: Authority = RIGHT_ONE) -> Stamp:
    """Ask an authority that answers so, over loopback."""

    async def handle(request: web.Request) -> web.Response:
        assert request.content_type == "application/timestamp-query"
        return answer(await request.read())

    app = web.Application()
    app.router.add_post("/tsr", handle)
    (tmp_path / "root.pem").write_bytes(trusted.pem)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(TestServer(app))
        section = TsaSection(
            name="tsa.example",
            url=f"http://127.0.0.1:{server.port}/tsr",
            certificate=str(tmp_path / "root.pem"),
        )
        return await HttpStamper(section, clock=StandingClock(NOW)).stamp(TEXT)


async def test_right_reply_is_a_stamp_with_its_time(tmp_path: Path) -> None:
    found = await stamped(tmp_path, replying(RIGHT_ONE))

    assert found.at == NOW
    assert found.reply


LATE, EXPIRED = timedelta(seconds=301), (timedelta(days=-9), timedelta(days=-1))
REPLIES: list[tuple[str, str, Answer]] = [
    ("another imprint", "stamp_invalid", replying(RIGHT_ONE, Wrong(imprint=bytes(32)))),
    ("another nonce", "stamp_invalid", replying(RIGHT_ONE, Wrong(nonce=7))),
    ("a changed signature", "stamp_invalid", replying(RIGHT_ONE, Wrong(changed=True))),
    ("an authority of another root", "stamp_invalid", replying(Authority())),
    ("another name and root", "stamp_invalid", replying(Authority(name="Other TSA"))),
    ("a time five minutes ahead", "stamp_time", replying(RIGHT_ONE, Wrong(at=NOW + LATE))),
    ("a time five minutes behind", "stamp_time", replying(RIGHT_ONE, Wrong(at=NOW - LATE))),
    (
        "a time before the certificate",
        "stamp_invalid",
        replying(RIGHT_ONE, Wrong(at=NOW - timedelta(days=99))),
    ),
    ("a rejection", "stamp_", replying(RIGHT_ONE, Wrong(status=2))),
    ("half a reply", "stamp_form", replying(RIGHT_ONE, change=lambda raw: raw[: len(raw) // 2])),
    ("nothing", "stamp_form", lambda raw: web.Response(body=b"")),
    ("a page", "stamp_form", lambda raw: web.Response(text="<html>sign in</html>")),
    ("a reply without end", "stamp_form", lambda raw: web.Response(body=bytes(MAX_REPLY_BYTES + 1))),
    ("an error", "stamp_refused", lambda raw: web.Response(status=500)),
    ("a redirect", "stamp_refused", lambda raw: web.Response(status=302, headers={"Location": "/tsr"})),
]


@pytest.mark.parametrize(("why", "reason", "answer"), REPLIES, ids=[row[0] for row in REPLIES])
async def test_other_reply_is_no_stamp(tmp_path: Path, why: str, reason: str, answer: Answer) -> None:
    with pytest.raises(TransportError) as refused:
        await stamped(tmp_path, answer)

    assert refused.value.reason.startswith(reason)


@pytest.mark.parametrize(
    "authority",
    [Authority(life=EXPIRED), Authority(usage=ExtendedKeyUsageOID.SERVER_AUTH)],
    ids=["expired certificate", "certificate for something else"],
)
async def test_certificate_that_does_not_fit_is_no_stamp(tmp_path: Path, authority: Authority) -> None:
    with pytest.raises(TransportError) as refused:
        await stamped(tmp_path, replying(authority), authority)

    assert refused.value.reason == "stamp_invalid"


async def test_silent_authority_is_a_transport_error(tmp_path: Path) -> None:
    (tmp_path / "root.pem").write_bytes(RIGHT_ONE.pem)
    section = TsaSection(name="t", url="http://127.0.0.1:1/tsr", certificate=str(tmp_path / "root.pem"))

    with pytest.raises(TransportError) as refused:
        await HttpStamper(section, clock=StandingClock(NOW)).stamp(TEXT)

    assert refused.value.reason == "stamp_unreachable"


@pytest.mark.parametrize(
    "raw", [None, b"", b"no certificate", b"leaf"], ids=["no file", "empty", "text", "leaf"]
)
def test_certificates_without_a_root_are_refused_at_the_start(tmp_path: Path, raw: bytes | None) -> None:
    path = tmp_path / "root.pem"
    if raw is not None:
        path.write_bytes(RIGHT_ONE.certificate.public_bytes(Encoding.PEM) if raw == b"leaf" else raw)
    section = TsaSection(name="t", url="https://tsa.example/tsr", certificate=str(path))

    with pytest.raises(ConfigurationError, match=r"\[\[tsa\]\] t"):
        HttpStamper(section, clock=StandingClock(NOW))
