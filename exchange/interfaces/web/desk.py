# SPDX-License-Identifier: Apache-2.0
"""What the pages work on: the accounts, and the commands of the own staff behind one check.

The pages ask the same commands as the command line. `Clerk.ask` is the only way to them: it demands the act
that a command is, by the roles of who is signed in, and says who asks. A command that is not in `ACTS` is
not allowed (rule 27).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from exchange.cases.permissions import Act, allows, demand
from exchange.errors import NotAllowedError
from exchange.ids import OfficerNumber
from exchange.interfaces.web.asking import Asked
from exchange.interfaces.web.sendings import Sendings
from exchange.messages.catalog import message_types
from exchange.service.accounts import Desk
from exchange.service.node import Node
from exchange.service.papers import Paper
from exchange.service.passkeys import Passkeys
from exchange.service.sessions import Session, Tries
from exchange.service.signing_on import Elsewhere

Answer = dict[str, Any]
Commands = Callable[[str, Answer], Awaitable[Answer]]
"""Runs a command of the own staff by its name; made where the doors are joined."""
Printer = Callable[[Paper], Awaitable[bytes]]

ACTS: Mapping[str, Act] = MappingProxyType(
    {
        "status": Act.SEE_PARTNERS,
        "partner.list": Act.SEE_PARTNERS,
        "partner.show": Act.SEE_PARTNERS,
        "partner.pause": Act.STOP_PARTNER,
        "due": Act.SEE_WORK,
        "due.page": Act.SEE_WORK,
        "arrival.stops": Act.SEE_WORK,
        "arrival.page": Act.SEE_WORK,
        "message.list": Act.SEE_WORK,
        "case.list": Act.SEE_WORK,
        "case.show": Act.OPEN_CASE,
        "message.show": Act.OPEN_MESSAGE,
        "message.own_draft": Act.STOP,
        "message.file": Act.OPEN_MESSAGE,
        "message.own_file": Act.STOP,
        "message.print": Act.OPEN_MESSAGE,
        "message.offer": Act.OPEN_CASE,
        "message.tasks": Act.OPEN_CASE,
        "case.second_look": Act.OPEN_CASE,
        "case.find": Act.SEARCH,
        "message.fill": Act.STOP,
        "message.persons": Act.WRITE,
        "message.validate": Act.STOP,
        "message.answer": Act.STOP,
        "message.remind": Act.WRITE,
        "message.void": Act.WRITE,
        "message.wait": Act.SEE_HANDOVERS,
        "message.release": Act.RELEASE,
        "message.send_back": Act.RELEASE,
        "message.discard": Act.RELEASE,
        "message.review": Act.RELEASE,
        "handover.list": Act.SEE_HANDOVERS,
        "handover.one": Act.SEE_HANDOVERS,
        "handover.sheet": Act.OPEN_SHEET,
        "handover.print": Act.OPEN_SHEET,
        "handover.record": Act.OPEN_SHEET,
        "handover.sign": Act.SIGN_RECORD,
        "reconcile": Act.RECONCILE,
        "ledger.list": Act.RECONCILE,
        "ledger.show": Act.RECONCILE,
        "ledger.verify": Act.RECONCILE,
        "difference.list": Act.RECONCILE,
        "difference.show": Act.SEE_DIFFERENCE,
        "difference.waiting": Act.SEE_DIFFERENCE,
        "difference.settle": Act.SETTLE_DIFFERENCE,
        "difference.propose": Act.SETTLE_DIFFERENCE,
        "difference.confirm": Act.CONFIRM_ACCEPTANCE,
        "difference.give_up": Act.SEE_DIFFERENCE,
        "evidence.begin": Act.RECONCILE,
        "evidence.leaves": Act.RECONCILE,
        "evidence.signed": Act.RECONCILE,
        "evidence.stamps": Act.RECONCILE,
        "evidence.witnessed": Act.RECONCILE,
        "evidence.envelopes": Act.RECONCILE,
        "statement.list": Act.RECONCILE,
        "statement.show": Act.RECONCILE,
        "statement.print": Act.RECONCILE,
        "statement.make": Act.ANSWER_STATEMENT,
        "statement.agree": Act.ANSWER_STATEMENT,
        "reader.list": Act.NAME_READER,
        "reader.propose": Act.NAME_READER,
        "reader.confirm": Act.SECOND_READING,
        "reader.end": Act.NAME_READER,
        "case.give": Act.GIVE_CASE,
        "case.emergency": Act.OPEN_IN_EMERGENCY,
        "emergency.review": Act.SECOND_READING,
        "reading.release": Act.SECOND_READING,
        "retention.list": Act.SEE_RETENTION,
        "erasure.show": Act.SEE_RETENTION,
        "erasure.preview": Act.SEE_RETENTION,
        "erasure.look": Act.SEE_RETENTION,
        "erasure.give_up": Act.SEE_RETENTION,
        "erasure.propose": Act.PROPOSE_ERASURE,
        "erasure.confirm": Act.CONFIRM_ERASURE,
        "access.list": Act.READ_ACTS,
        "officer.list": Act.MANAGE_ACCOUNTS,
        "officer.add": Act.MANAGE_ACCOUNTS,
        "officer.end": Act.MANAGE_ACCOUNTS,
        "health": Act.MANAGE_ACCOUNTS,
        "key.trial": Act.TRY_KEYS,
        "key.try": Act.TRY_KEYS,
    }
)


@dataclass(frozen=True)
class House:
    """What all pages share."""

    staff: Desk
    commands: Commands
    zone: str
    names: Mapping[str, str]
    """Names of this agency by language."""
    press: Printer
    """Makes a paper into a file, away from the event loop."""
    origins: frozenset[str] = frozenset()
    """Where our pages are, as a browser says it."""
    cookie: str = ""
    secure: bool = True
    tries: Tries = field(default_factory=Tries)
    sendings: Sendings = field(default_factory=Sendings)
    passkeys: Passkeys | None = None
    """None where browsers know no passkeys."""
    elsewhere: Elsewhere | None = None
    """The sign-in service of the agency, if there is one."""
    folder: Path | None = None
    """Where a large file may lie while it is sent, without a name; None for the system's place."""
    language: str = "en"
    """Of the agency: what a new account gets if nobody chooses another one."""

    @property
    def node(self) -> Node:
        return self.staff.node


@dataclass(frozen=True)
class Clerk:
    """Somebody who is signed in, with what was asked."""

    house: House
    session: Session
    asked: Asked

    @property
    def officer(self) -> OfficerNumber:
        return self.session.officer

    @property
    def node(self) -> Node:
        return self.house.node

    @property
    def language(self) -> str:
        return self.session.account.language

    def may(self, act: Act) -> bool:
        return allows(self.session.roles, act)

    def demand(self, act: Act) -> None:
        demand(self.session.roles, act)

    def demand_writing(self, type_code: str) -> None:
        """Return if this officer may write a message of a type: a stop needs less than the others."""
        row = message_types().get(type_code)
        self.demand(Act.STOP if row is not None and row.is_stop else Act.WRITE)

    async def ask(self, command: str, /, **members: Any) -> Answer:
        """Run a command as this officer.

        Raises:
            NotAllowedError: no role of the officer allows it.
            ExchangeError: whatever the command raises.
        """
        act = ACTS.get(command)
        if act is None:
            raise NotAllowedError(f"the pages have no command {command}")
        self.demand(act)
        held = [role.value for role in self.session.roles]
        return await self.house.commands(command, {**members, "officer": self.officer, "held_roles": held})
