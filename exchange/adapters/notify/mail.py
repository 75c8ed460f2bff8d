# SPDX-License-Identifier: Apache-2.0
"""Sends mails through the mail server of the agency.

1. The server's certificate is checked; `starttls` means that nothing is said before it. Only a server on this
   machine may be spoken to without (the configuration refuses anything else).
2. One connection for each mail, with a bound in time. Only `TransportError` comes out, with a code: texts of
   mail servers quote addresses.
3. A mail has no attachment, no picture, no link, and says of itself that a machine wrote it.

aiosmtplib belongs to the extra `[desk]`; without it the node says at its start how to install it.
"""

from email.message import EmailMessage
from email.utils import format_datetime
from types import ModuleType

from exchange.adapters.certificates import NOT_TAKEN, is_certificate
from exchange.clock import Clock
from exchange.config import NotifySection
from exchange.errors import ConfigurationError, TransportError
from exchange.ids import RandomSource
from exchange.service.notices import Mail

TIMEOUT_S = 30.0
_NUMBER_BYTES = 12


class SmtpMailer:
    """The `Mailer` port."""

    def __init__(self, settings: NotifySection, *, password: str, clock: Clock, random: RandomSource) -> None:
        self._smtp = _aiosmtplib()
        self._settings = settings
        self._password = password
        self._clock = clock
        self._random = random

    async def send(self, mail: Mail) -> None:
        """Hand a mail to the server.

        Raises:
            TransportError: it did not take it; `mail_refused`, `mail_login`, `mail_certificate`, or
                `mail_unreachable`.
        """
        wanted = self._settings
        try:
            await self._smtp.send(
                self._letter(mail),
                sender=wanted.sender,
                recipients=list(mail.to),
                hostname=wanted.server,
                port=wanted.port,
                username=wanted.user or None,
                password=self._password or None,
                timeout=TIMEOUT_S,
                use_tls=wanted.security == "tls",
                start_tls=wanted.security == "starttls",
            )
        except self._smtp.SMTPAuthenticationError as error:
            raise TransportError("the mail server refused the login", reason="mail_login") from error
        except self._smtp.SMTPResponseException as error:
            raise TransportError("the mail server refused a mail", reason="mail_refused") from error
        except (self._smtp.SMTPException, OSError, TimeoutError, ValueError) as error:
            raise _unreachable(error) from error

    async def greet(self) -> None:
        """Connect, sign in and leave, as before a mail; nothing is sent.

        Raises:
            TransportError: it cannot be reached, or refused the login.
        """
        wanted = self._settings
        client = self._smtp.SMTP(
            hostname=wanted.server,
            port=wanted.port,
            username=wanted.user or None,
            password=self._password or None,
            timeout=TIMEOUT_S,
            use_tls=wanted.security == "tls",
            start_tls=wanted.security == "starttls",
        )
        try:
            async with client:
                return
        except self._smtp.SMTPAuthenticationError as error:
            raise TransportError("the mail server refused the login", reason="mail_login") from error
        except (self._smtp.SMTPException, OSError, TimeoutError, ValueError) as error:
            raise _unreachable(error) from error

    def _letter(self, mail: Mail) -> EmailMessage:
        letter = EmailMessage()
        letter["From"] = self._settings.sender
        letter["To"] = ", ".join(mail.to)
        letter["Subject"] = mail.subject
        letter["Date"] = format_datetime(self._clock.now())
        domain = self._settings.sender.rpartition("@")[2]
        letter["Message-ID"] = f"<{self._random(_NUMBER_BYTES).hex()}@{domain}>"
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(mail.text)
        return letter


def _aiosmtplib() -> ModuleType:
    try:
        import aiosmtplib
    except ImportError as error:
        raise ConfigurationError(
            "mail needs a package that is not installed: aiosmtplib",
            hint="install the extra [desk], or take [notify] out of the configuration",
        ) from error
    return aiosmtplib


def _unreachable(error: BaseException) -> TransportError:
    if is_certificate(error):
        return TransportError(NOT_TAKEN, reason="mail_certificate")
    return TransportError("the mail server cannot be reached", reason="mail_unreachable")
