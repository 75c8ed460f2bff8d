# SPDX-License-Identifier: Apache-2.0
"""A server of others whose certificate is not taken is told apart from one that is not there."""

import asyncio
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from exchange.adapters.certificates import is_certificate
from exchange.adapters.identity.sign_in_service import SignInService
from exchange.adapters.notify.mail import SmtpMailer
from exchange.adapters.notify.webhooks import WebhookBell
from exchange.adapters.transport.stamps import HttpStamper
from exchange.adapters.transport.witness import HttpWitnesses
from exchange.clock import SystemClock
from exchange.config import NotifySection, OidcSection, TsaSection, WebhookSection
from exchange.errors import TransportError
from exchange.service.signing_on import Asking
from tests.support.certificates import context_of
from tests.support.keys import seeded_random
from tests.support.smtp_server import HOST
from tests.unit.adapters.test_stamps import RIGHT_ONE
from tests.unit.notify.test_mail import MAIL
from tests.unit.notify.test_webhooks import ARRIVAL, SECRET

Call = Callable[[int], Awaitable[object]]


async def mail(port: int) -> None:
    settings = NotifySection(server=HOST, port=port, security="tls", sender="node@office.example")
    await SmtpMailer(settings, password="", clock=SystemClock(), random=seeded_random("m")).send(MAIL)


async def greeting(port: int) -> None:
    settings = NotifySection(server=HOST, port=port, security="tls", sender="node@office.example")
    await SmtpMailer(settings, password="", clock=SystemClock(), random=seeded_random("m")).greet()


async def webhook(port: int) -> None:
    section = WebhookSection(url=f"https://{HOST}:{port}/hook", secret=SECRET)
    await WebhookBell(section, clock=SystemClock()).ring(ARRIVAL)


async def witness(port: int) -> None:
    async with HttpWitnesses() as witnesses:
        await witnesses.add(f"https://{HOST}:{port}", b"a head")


async def time_stamp(port: int) -> None:
    with tempfile.NamedTemporaryFile() as roots:
        roots.write(RIGHT_ONE.pem)
        roots.flush()
        section = TsaSection(name="tsa", url=f"https://{HOST}:{port}/tsr", certificate=roots.name)
        await HttpStamper(section, clock=SystemClock()).stamp(b"a head")


async def sign_in(port: int) -> None:
    section = OidcSection(issuer=f"https://{HOST}:{port}", client="desk")
    service = SignInService(section, "", "https://desk.example/back", SystemClock())
    await service.address(Asking("state", "nonce", "v" * 43))


CALLS: dict[str, tuple[Call, str]] = {
    "mail": (mail, "mail_certificate"),
    "greeting": (greeting, "mail_certificate"),
    "webhook": (webhook, "webhook_certificate"),
    "witness": (witness, "certificate"),
    "time stamp": (time_stamp, "stamp_certificate"),
    "sign-in": (sign_in, "certificate"),
}


@asynccontextmanager
async def self_signed() -> AsyncIterator[int]:
    """Listen with a certificate of nobody's authority."""

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, HOST, 0, ssl=context_of("nobody"))
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize("name", CALLS)
async def test_a_certificate_of_no_authority_is_a_reason_of_its_own(name: str) -> None:
    call, reason = CALLS[name]
    async with self_signed() as port:
        with pytest.raises(TransportError) as failed:
            await call(port)

    assert failed.value.reason == reason
    assert str(port) not in str(failed.value)


@pytest.mark.parametrize("name", CALLS)
async def test_a_server_that_is_not_there_is_still_said_not_to_be_there(name: str) -> None:
    call, reason = CALLS[name]
    async with self_signed() as port:
        pass

    with pytest.raises(TransportError) as failed:
        await call(port)

    assert failed.value.reason == reason.replace("certificate", "unreachable")


@pytest.mark.parametrize("error", [None, OSError(), ssl.SSLError("handshake"), TimeoutError()])
def test_other_failures_are_not_taken_for_one_of_the_certificate(error: BaseException | None) -> None:
    assert not is_certificate(error)


def test_the_cause_of_a_failure_counts() -> None:
    failed = OSError("no connection")
    failed.__cause__ = ssl.SSLCertVerificationError("of nobody")

    assert is_certificate(failed)
