# SPDX-License-Identifier: Apache-2.0
"""The staff door on a real socket, as strangers and other sites meet it."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from exchange.config import DeskSection
from exchange.errors import ConfigurationError
from exchange.interfaces.web.asking import MAX_BODY_BYTES
from exchange.interfaces.web.desk import House
from exchange.interfaces.web.listening import LOOPBACK_COOKIE, SECURE_COOKIE, at_address, serve_staff
from exchange.interfaces.web.replying import FIELDS
from exchange.protocol.suites import tls_private_key
from tests.support.certificates import pem_of, tls_key
from tests.support.visitors import plain_print

FORM = "application/x-www-form-urlencoded"


def house() -> House:
    """Return a house that nobody can sign in to: what is asked here is refused before."""
    noted: list[tuple[str, str]] = []
    node: Any = SimpleNamespace(
        training=True,
        agency="KH-MOSVY-DAHT",
        random=bytes,
        counters=SimpleNamespace(count=lambda event, **_: noted.append((event, ""))),
        journal=SimpleNamespace(note=lambda event, **_: noted.append((event, ""))),
    )
    staff: Any = SimpleNamespace(node=node, devices=None)

    async def ask(name: str, members: dict[str, Any]) -> dict[str, Any]:
        raise AssertionError(f"{name} was asked without a sign-in: {members}")

    return House(staff, ask, "Asia/Phnom_Penh", {"en": "Test"}, plain_print)


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[tuple[str, int]]:
    place = DeskSection(port=0)
    async with serve_staff(at_address(house(), place), place, folder=tmp_path) as url:
        yield "127.0.0.1", int(url.rpartition(":")[2])


async def asked(address: tuple[str, int], head: str, body: bytes = b"") -> tuple[int, dict[str, str], str]:
    """Send raw bytes and return status, fields and body of the answer."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(head.replace("\n", "\r\n").encode() + b"\r\n" + body)
    await writer.drain()
    answered = await reader.readuntil(b"\r\n\r\n")
    lines = answered.decode().split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines[1:] if line)
    content = await reader.readexactly(int(fields.get("Content-Length", "0")))
    writer.close()
    await writer.wait_closed()
    return int(lines[0].split()[1]), fields, content.decode(errors="replace")


def get(path: str, *fields: str) -> str:
    return "\n".join([f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *fields, ""])


def post(path: str, body: bytes, *fields: str, kind: str = FORM) -> str:
    said = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
    ]
    return "\n".join([*said, *fields, ""])


@pytest.mark.parametrize("path", ["/sign-in", "/left", "/today", "/nothing", "/form/../today"])
async def test_every_answer_forbids_script_frames_and_keeping(address: tuple[str, int], path: str) -> None:
    _, fields, _ = await asked(address, get(path))

    assert {name: fields.get(name) for name in FIELDS} == FIELDS
    assert "script" not in fields["Content-Security-Policy"].replace("default-src 'none'", "")
    assert fields["Cache-Control"] == "no-store"


async def test_a_stranger_is_shown_the_sign_in_and_no_version(address: tuple[str, int]) -> None:
    status, fields, body = await asked(address, get("/sign-in"))

    assert (status, fields["Server"]) == (200, "exchange")
    assert "<script" not in body
    assert "aiohttp" not in body + str(fields)


NAME = b"name=x"
CHUNKED = f"POST /sign-in HTTP/1.1\nHost: x\nContent-Type: {FORM}\nTransfer-Encoding: chunked\n"
REFUSED = [
    ("another method", "DELETE /today HTTP/1.1\nHost: 127.0.0.1\n", b"", 400),
    ("a GET with a body", get("/sign-in", "Content-Length: 3"), b"abc", 400),
    ("JSON", post("/sign-in", b"{}", kind="application/json"), b"{}", 415),
    ("a file", post("/sign-in", b"x", kind="multipart/form-data; boundary=x"), b"x", 415),
    ("no length", CHUNKED, b"0\r\n\r\n", 415),
    ("another site by its origin", post("/sign-in", NAME, "Origin: https://evil.example"), NAME, 400),
    ("no origin at all", post("/sign-in", NAME, "Origin: null"), NAME, 400),
    ("another site by the browser", post("/sign-in", NAME, "Sec-Fetch-Site: cross-site"), NAME, 400),
    ("a sister site", post("/sign-in", NAME, "Sec-Fetch-Site: same-site"), NAME, 400),
    ("no UTF-8", post("/sign-in", b"name=%ff"), b"name=%ff", 400),
    ("no UTF-8 in the path", get("/case/%ff"), b"", 400),
    ("a broken form", post("/sign-in", b"name"), b"name", 400),
]  # fmt: skip


@pytest.mark.parametrize(
    ("head", "body", "status"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
async def test_what_no_page_of_ours_sends_is_refused(
    address: tuple[str, int], head: str, body: bytes, status: int
) -> None:
    answered, fields, text = await asked(address, head, body)

    assert answered == status
    assert "evil" not in text
    assert fields["Cache-Control"] == "no-store"


async def test_a_form_that_is_too_long_is_refused_before_it_is_read(address: tuple[str, int]) -> None:
    head = f"POST /sign-in HTTP/1.1\nHost: x\nContent-Type: {FORM}\nContent-Length: {MAX_BODY_BYTES + 1}\n"

    assert (await asked(address, head))[0] == 413


async def test_a_file_of_a_stranger_is_refused_before_it_is_read(address: tuple[str, int]) -> None:
    """Nothing of the body is sent, and the answer comes all the same."""
    kind = "multipart/form-data; boundary=x"
    head = f"POST /form/{'0' * 36}/files HTTP/1.1\nHost: x\nContent-Type: {kind}\nContent-Length: 5000000\n"

    assert (await asked(address, head))[0] == 415


async def test_a_form_with_too_many_fields_is_refused(address: tuple[str, int]) -> None:
    body = b"&".join([b"a=1"] * 2_001)

    assert (await asked(address, post("/sign-in", body), body))[0] == 400


async def test_the_style_sheet_may_be_kept_and_nothing_else(address: tuple[str, int]) -> None:
    _, _, page = await asked(address, get("/sign-in"))
    path = page.partition('rel="stylesheet" href="')[2].partition('"')[0]

    status, fields, _ = await asked(address, get(path))

    assert (status, fields["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in fields["Cache-Control"]


PLACES = [
    ("loopback", DeskSection(port=80), LOOPBACK_COOKIE, False),
    ("behind a proxy", DeskSection(port=80, address="https://desk.example"), SECURE_COOKIE, True),
    ("own certificate", DeskSection(port=443, certificate="a.pem", key="b.pem"), SECURE_COOKIE, True),
]


@pytest.mark.parametrize(
    ("place", "cookie", "secure"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES]
)
def test_the_cookie_is_bound_to_the_host_wherever_there_is_tls(
    place: DeskSection, cookie: str, secure: bool
) -> None:
    seen = at_address(house(), place)

    assert (seen.cookie, seen.secure) == (cookie, secure)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "desk.example"])
async def test_beyond_loopback_it_does_not_listen_without_tls(host: str, tmp_path: Path) -> None:
    place = DeskSection(host=host, port=0)

    with pytest.raises(ConfigurationError, match="without TLS"):
        async with serve_staff(at_address(house(), place), place, folder=tmp_path):
            pass


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
async def test_a_certificate_that_cannot_be_read_is_told(content: bytes | None, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    path = tmp_path / "cert.pem"
    if content is not None:
        path.write_bytes(content)
    place = DeskSection(port=0, certificate=str(path), key=str(path))

    with pytest.raises(ConfigurationError, match="cannot be read"):
        async with serve_staff(at_address(house(), place), place, folder=tmp_path):
            pass


async def test_with_a_certificate_only_tls_1_3_is_spoken(tmp_path: Path) -> None:
    certificate, key = pem_of(tls_private_key(tls_key("desk")))
    (tmp_path / "run").mkdir()
    (tmp_path / "c.pem").write_bytes(certificate)
    (tmp_path / "k.pem").write_bytes(key)
    place = DeskSection(port=0, certificate=str(tmp_path / "c.pem"), key=str(tmp_path / "k.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    async with serve_staff(at_address(house(), place), place, folder=tmp_path) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]), ssl=context)
        version = writer.get_extra_info("ssl_object").version()
        writer.close()
        await writer.wait_closed()
        del reader

    assert (url.partition(":")[0], version) == ("https", "TLSv1.3")
