# SPDX-License-Identifier: Apache-2.0
"""A mail server in this process: takes mails, or refuses at one step, or says nothing any more.

async with MailServer() as server:
    ...
server.mails    # [Taken(recipients=("a@b.example",), letter=EmailMessage)]
"""

import asyncio
import email
import email.policy
from dataclasses import dataclass, field
from email.message import EmailMessage
from types import TracebackType
from typing import Self

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Taken:
    """One mail that was handed over."""

    recipients: tuple[str, ...]
    letter: EmailMessage


@dataclass
class MailServer:
    """Speaks as much SMTP as a client needs (RFC 5321)."""

    refuses: str = ""
    """Command that gets a refusal: `MAIL`, `RCPT`, `DATA`, or `END` for the mail itself."""
    hangs_up: bool = False
    with_login: bool = False
    mails: list[Taken] = field(default_factory=list)
    port: int = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._talk, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if not self.hangs_up:
                await self._session(reader, writer)
        finally:
            writer.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        say(writer, "220 test")
        recipients: list[str] = []
        while line := (await reader.readline()).decode("ascii").strip():
            command = line[:4].upper()
            if command == self.refuses:
                say(writer, "550 not now, someone@private.example")
            elif command == "EHLO":
                say(writer, *(["250-test", "250 AUTH PLAIN"] if self.with_login else ["250 test"]))
            elif command == "AUTH":
                say(writer, "535 wrong")
            elif command == "RCPT":
                recipients.append(line.partition("<")[2].partition(">")[0])
                say(writer, "250 yes")
            elif command == "DATA":
                say(writer, "354 go on")
                raw = (await reader.readuntil(b"\r\n.\r\n"))[: -len(b".\r\n")]
                self._take(raw, tuple(recipients), writer)
            elif command == "QUIT":
                say(writer, "221 bye")
                return
            else:
                say(writer, "250 yes")

    def _take(self, raw: bytes, recipients: tuple[str, ...], writer: asyncio.StreamWriter) -> None:
        if self.refuses == "END":
            say(writer, "554 spam")
            return
        letter = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(letter, EmailMessage)
        self.mails.append(Taken(recipients, letter))
        say(writer, "250 taken")


def say(writer: asyncio.StreamWriter, *lines: str) -> None:
    for line in lines:
        writer.write(f"{line}\r\n".encode("ascii"))
