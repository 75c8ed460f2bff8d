# SPDX-License-Identifier: Apache-2.0
"""What the commands of the local socket work on, and how they read what they are asked.

A command is an async function of the desk and the members of a JSON object; it returns a JSON object.
`ask` reads members strictly: a wrong or missing one is a `UsageError` that names it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from exchange.bootstrap import OpenNode
from exchange.cases.permissions import Act, demand
from exchange.clock import instant_text
from exchange.errors import ExchangeError, InputError, UsageError
from exchange.ids import AgencyCode, LinkId, OfficerNumber, parse_agency, parse_officer
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.reading import Reader, count_opening, reader_of
from exchange.service.rows import LinkRow, MessageRow
from exchange.service.unique_match import the_only

Answer = dict[str, Any]


@dataclass(frozen=True)
class Ask:
    """The members of one question."""

    members: dict[str, Any]
    read_for_it: bool = False
    """They were read from bytes for this question alone: nobody else needs what is in them."""

    def text(self, name: str, default: str | None = None) -> str:
        value = self.members.get(name, default)
        if not isinstance(value, str):
            raise UsageError(f"{name} is missing or is not text")
        return value

    def number(self, name: str, default: int | None = None) -> int:
        value = self.members.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise UsageError(f"{name} is missing or is not a number")
        return value

    def flag(self, name: str) -> bool:
        return self.members.get(name) is True

    def object(self, name: str) -> dict[str, Any]:
        value = self.members.get(name)
        if not isinstance(value, dict):
            raise UsageError(f"{name} is missing or is not an object")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.members.get(name) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise UsageError(f"{name} is not a list of texts")
        return tuple(value)

    def roles(self) -> tuple[str, ...] | None:
        """Return the roles of a sign-in or a client, as its door says them; None at the local socket."""
        return self.texts("held_roles") if "held_roles" in self.members else None

    def officer(self, name: str = "officer") -> OfficerNumber:
        return parse_officer(self.text(name))

    def agency(self, name: str) -> AgencyCode:
        return parse_agency(self.text(name))


@dataclass(frozen=True)
class Desk:
    """The running node as the own staff sees it."""

    opened: OpenNode

    @property
    def node(self) -> Node:
        return self.opened.node

    async def links(self) -> list[LinkRow]:
        return await self.node.store.read(lambda uow: uow.links.all())

    async def link(self, partner: str) -> LinkRow:
        """Return the link to a partner; "" means the only one.

        Raises:
            UsageError: none or several, with what to say instead.
        """
        return await self.node.store.read(lambda uow: pick_link(uow, partner))


def pick_link(uow: UnitOfWork, partner: str) -> LinkRow:
    """Return the link to a partner inside a unit; "" means the only one.

    Raises:
        UsageError: none or several, with what to say instead.
    """
    rows = uow.links.all()
    chosen = [row for row in rows if not partner or row.partner == partner]
    if len(chosen) == 1:
        return chosen[0]
    if not rows:
        raise UsageError(
            "no partner is enrolled", hint="run: exchange partner invite, or exchange partner join"
        )
    known = ", ".join(sorted(row.partner for row in rows))
    if partner:
        raise UsageError(f"{partner} is not enrolled; partners: {known}", hint="run: exchange partner list")
    raise UsageError(
        f"{len(rows)} partners are enrolled ({known})",
        hint="say which one: its code behind the command, or with --to or --partner, as --help has it",
    )


def reader_for(uow: UnitOfWork, ask: Ask, *, purpose: str | None = "case_work") -> Reader:
    """Return who asks to read; a purpose of None has to be said.

    Raises:
        UsageError: no purpose is said.
        NodeError: the officer is not in the directory.
    """
    return reader_of(uow, ask.officer(), ask.roles(), purpose=ask.text("purpose", purpose))


async def demand_reading(desk: Desk, ask: Ask, act: Act, object: str) -> None:
    """Return if an officer may open something that records itself; it is counted, each time anew.

    Raises:
        NotAllowedError: the roles do not allow it, or too much was opened.
    """

    def unit(uow: UnitOfWork) -> None:
        reader = reader_for(uow, ask, purpose="")
        demand(reader.roles, act)
        count_opening(uow, desk.node, reader, f"{object} {when(desk.node.clock.now())}")

    await desk.node.store.write(unit)


Command = Callable[[Desk, Ask], Awaitable[Answer]]


async def message_of(desk: Desk, prefix: str) -> MessageRow:
    """Return the one message whose id begins or ends with `prefix`.

    Raises:
        UsageError: none or several.
    """
    if len(prefix) < 4:
        raise UsageError(
            "a message number has at least 4 characters", hint="list them: exchange message list"
        )

    def unit(uow: UnitOfWork) -> list[MessageRow]:
        return uow.messages.find(prefix.lower())

    found = await desk.node.store.read(unit)
    return the_only(found, "message", f"the number {prefix}", hint="list them: exchange message list")


def problem_answer(error: ExchangeError) -> Answer:
    """Return an error as the own staff gets it; the text carries identifiers and codes only."""
    faults = error.faults if isinstance(error, InputError) else ()
    return {
        "error": {
            "reason": error.reason,
            "message": str(error),
            "hint": error.hint or "",
            "exit": error.exit_code,
            "faults": [asdict(fault) for fault in faults],
        }
    }


def when(moment: datetime | None) -> str | None:
    return instant_text(moment) if moment else None


def message_line(row: MessageRow, partner: str) -> Answer:
    """Return a message as lists show it; nothing personal."""
    return {
        "id": row.id,
        "link": LinkId(row.link),
        "partner": partner,
        "direction": row.direction.value,
        "seq": row.seq,
        "type": row.type,
        "state": row.state.value,
        "code": row.code,
        "created": when(row.created_at),
        "expires": when(row.expires_at),
        "logged": when(row.logged_at),
        "verdict": when(row.verdict_at),
        "in_reply_to": row.in_reply_to,
        "pc": row.commitment,
        "officer": row.officer,
        "released_by": row.released_by,
        "bytes": row.line_bytes,
    }
