# SPDX-License-Identifier: Apache-2.0
"""Client systems: other programs of the same agency that use the staff API, each with a token of its own.

1. A client acts for one officer of the directory, who answers for it; when the officer's entry ends, the
   client ends with it. Its roles are codes of `staff-roles`. An auditor has no other role.
2. The token is `name.secret`, 32 random bytes, shown once. Kept is SHA-256 of the secret: nobody can guess
   32 random bytes, so a slow hash would add nothing. It is compared in constant time, and a client that is
   not known costs the same comparison.
3. A name is never used again, so that the record of acts stays clear. A new token is a new client.
4. Every token ends by itself, at the latest after `MAX_DAYS`.

Who may do what is decided in one place, `may`.
"""

import hashlib
import hmac
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta

from exchange.errors import IdentifierError, UsageError
from exchange.ids import OfficerNumber, b64url, unb64url
from exchange.messages.codelists import codelist
from exchange.service.clients import ClientRow
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.release import demand_officer
from exchange.service.rows import AuditRow

SECRET_BYTES = 32
USUAL_DAYS = 365
MAX_DAYS = 400
"""A year and the time in which people notice that it is over."""
MAX_TOKEN = 128
AUDITOR = "auditor"
ROLES_LIST = "staff-roles"
_NAME = re.compile(r"[a-z][a-z0-9-]{1,31}", re.ASCII)
_NOBODY = bytes(hashlib.sha256().digest_size)
"""Compared with when there is no such client; no secret has this digest."""


@dataclass(frozen=True)
class NewClient:
    """A client that was just added. The token is nowhere else."""

    row: ClientRow
    token: str


@dataclass(frozen=True)
class Caller:
    """A client that has shown its token. `secret` keys what is kept of its writes."""

    name: str
    officer: OfficerNumber
    roles: frozenset[str]
    secret: bytes

    def digest(self, *parts: bytes) -> bytes:
        """Return a digest that nobody can compare guesses with who does not hold the token."""
        keyed = hmac.new(self.secret, digestmod=hashlib.sha256)
        for part in parts:
            keyed.update(len(part).to_bytes(8, "big") + part)
        return keyed.digest()


def may(caller: Caller, roles: Collection[str]) -> bool:
    """Return whether a client may do what needs one of these roles (rule 27)."""
    return not caller.roles.isdisjoint(roles)


async def add_client(
    node: Node, name: str, officer: OfficerNumber, roles: tuple[str, ...], *, days: int = USUAL_DAYS
) -> NewClient:
    """Enter a client system and return its token, the only time that it can be seen.

    Raises:
        UsageError: a wrong name, role or time, or a name that was used before.
        NodeError: the officer is not in the directory.
    """
    _demand_form(name, roles, days)
    secret, now = node.random(SECRET_BYTES), node.clock.now()
    row = ClientRow(name, officer, tuple(sorted(roles)), _hash(secret), now, now + timedelta(days=days))

    def unit(uow: UnitOfWork) -> None:
        demand_officer(uow, officer, now)
        if uow.clients.get(name) is not None:
            raise UsageError(f"the name {name} was used before", hint="names are never used again")
        uow.clients.add(row)
        uow.audit.record(AuditRow(now, officer, "client_added", name, result=" ".join(row.roles)))

    await node.store.write(unit)
    return NewClient(row, f"{name}.{b64url(secret)}")


async def end_client(node: Node, name: str) -> ClientRow:
    """End a client system; its token is refused from now on.

    Raises:
        UsageError: there is none, or it has ended.
    """

    def unit(uow: UnitOfWork) -> ClientRow:
        row, now = uow.clients.get(name), node.clock.now()
        if row is None or row.ended_at is not None:
            raise UsageError(f"{name[:32]} is no client, or has ended", hint="run: exchange client list")
        uow.clients.end(name, now)
        uow.audit.record(AuditRow(now, "administrator", "client_ended", name))
        return replace(row, ended_at=now)

    return await node.store.write(unit)


async def recognise(node: Node, token: str) -> Caller | None:
    """Return the client whose token this is, or None; every refusal costs one look-up and one comparison."""
    name, secret = _split(token)

    def unit(uow: UnitOfWork) -> ClientRow | None:
        now, row = node.clock.now(), uow.clients.get(name)
        right = hmac.compare_digest(_hash(secret), row.token if row else _NOBODY)
        if row is None or not right or not row.is_active(now):
            return None
        officer = uow.officers.get(row.officer)
        is_there = officer is not None and (officer.valid_to is None or now < officer.valid_to)
        return row if is_there else None

    row = await node.store.read(unit)
    return None if row is None else Caller(row.name, row.officer, frozenset(row.roles), secret)


def _split(token: str) -> tuple[str, bytes]:
    """Return name and secret of a token; of a text that is none, what no client has."""
    name, _, secret = token.partition(".")
    try:
        raw = unb64url(secret)
    except IdentifierError:
        return "", b""
    return (name, raw) if len(raw) == SECRET_BYTES and _NAME.fullmatch(name) else ("", b"")


def _hash(secret: bytes) -> bytes:
    return hashlib.sha256(secret).digest()


def _demand_form(name: str, roles: tuple[str, ...], days: int) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name[:32]!r} is no name of a client",
            hint="2 to 32 small letters, digits or '-', like case-files",
        )
    known = codelist(ROLES_LIST).codes
    if not roles or not set(roles) <= set(known):
        raise UsageError("a client has roles of the list", hint="roles: " + ", ".join(known))
    if AUDITOR in roles and len(set(roles)) > 1:
        raise UsageError("an auditor has no other role", hint="add a second client for the other roles")
    if not 1 <= days <= MAX_DAYS:
        raise UsageError(f"a token lives 1 to {MAX_DAYS} days", hint=f"usual are {USUAL_DAYS}")
