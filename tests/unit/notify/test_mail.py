# SPDX-License-Identifier: Apache-2.0
"""Mails through a real connection to a small mail server."""

from datetime import UTC, datetime

import pytest
from exchange.adapters.notify.mail import SmtpMailer
from exchange.config import NotifySection
from exchange.errors import TransportError
from exchange.service.notices import Mail
from tests.support.door_world import GivenClock
from tests.support.keys import seeded_random
from tests.support.smtp_server import HOST, MailServer

NOW = datetime(2027, 10, 4, 9, 12, 4, tzinfo=UTC)
MAIL = Mail(("a@office.example", "b@office.example"), "Something arrived", "Sign in to see it.\n")


def mailer(server: MailServer, *, security: str = "none", password: str = "") -> SmtpMailer:
    settings = NotifySection(
        server=HOST, port=server.port, security=security, sender="node@office.example",  # type: ignore[arg-type]
        user="node" if password else "",
    )  # fmt: skip
    return SmtpMailer(settings, password=password, clock=GivenClock(NOW), random=seeded_random("mail"))


async def test_a_mail_arrives_as_it_was_written() -> None:
    async with MailServer() as server:
        await mailer(server).send(MAIL)

    (taken,) = server.mails
    assert taken.recipients == MAIL.to
    assert taken.letter.get_content().splitlines() == MAIL.text.splitlines()
    assert taken.letter["Subject"] == MAIL.subject
    assert taken.letter["Auto-Submitted"] == "auto-generated"
    assert sorted(taken.letter.keys()) == [
        "Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "MIME-Version",
        "Message-ID", "Subject", "To",
    ]  # fmt: skip


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "END"])
async def test_a_refusal_at_any_step_is_one_code_and_quotes_nothing(step: str) -> None:
    async with MailServer(refuses=step) as server:
        with pytest.raises(TransportError) as refused:
            await mailer(server).send(MAIL)

    assert refused.value.reason in ("mail_refused", "mail_unreachable")
    assert "example" not in str(refused.value)
    assert server.mails == []


async def test_a_refused_login_says_so() -> None:
    async with MailServer(with_login=True) as server:
        with pytest.raises(TransportError) as refused:
            await mailer(server, password="wrong").send(MAIL)

    assert refused.value.reason == "mail_login"


async def test_a_server_that_hangs_up_is_unreachable() -> None:
    async with MailServer(hangs_up=True) as server:
        with pytest.raises(TransportError) as failed:
            await mailer(server).send(MAIL)

    assert failed.value.reason == "mail_unreachable"


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    async with MailServer() as server:
        pass

    with pytest.raises(TransportError) as failed:
        await mailer(server).send(MAIL)
    assert failed.value.reason == "mail_unreachable"


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_nothing_is_said_to_a_server_without_tls_when_tls_is_wanted(security: str) -> None:
    async with MailServer() as server:
        with pytest.raises(TransportError) as failed:
            await mailer(server, security=security).send(MAIL)

    assert failed.value.reason == "mail_unreachable"
    assert server.mails == []
