# SPDX-License-Identifier: Apache-2.0
"""Sign-ins: who sits at a browser, for how long, and how often a password may be tried.

1. Name, password and code are judged together; a wrong one of them has the same answer, and takes as long,
   as an account that does not exist. What was typed is never kept.
2. Five tries a minute for an account and address together, and for an address; then the answer is to wait.
3. A sign-in is 32 random bytes in the browser and their digest here. It ends after 15 minutes without use,
   and after 8 hours in any case (threat model, section 7).
4. A one-time code counts once.
5. A sign-in that ended for want of use, and no other, may still bring the step of a form that was open:
   `Session.ended` says so. It shows nothing and does nothing else.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from exchange.cases.permissions import Role
from exchange.errors import IdentifierError, SignInError
from exchange.ids import OfficerNumber, b64url, parse_officer, unb64url
from exchange.service.accounts import Desk
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow
from exchange.service.staff import AccountRow, SessionRow

IDLE: Final = timedelta(minutes=15)
LIFE: Final = timedelta(hours=8)
TRIES, TRIES_S = 5, 60.0
REMEMBERED: Final = 10_000
"""Accounts and addresses whose tries are remembered; the oldest are forgotten first."""
_TOKEN_BYTES: Final = 32
_NOTED_AFTER: Final = timedelta(seconds=30)
"""How old the noted use of a sign-in may be, so that not every page costs a commit."""
REFUSED: Final = "name, password or code is wrong"


@dataclass(frozen=True)
class Session:
    """A sign-in as the pages need it."""

    token: str
    row: SessionRow
    account: AccountRow
    name: str
    """Of the officer, for the own screen."""
    office: str
    ended: bool = False
    """It may only bring a step of a form (5)."""

    @property
    def officer(self) -> OfficerNumber:
        return self.row.officer

    @property
    def roles(self) -> tuple[Role, ...]:
        return self.account.roles

    @property
    def form_token(self) -> str:
        """What every form of this sign-in carries, so that another site cannot send one."""
        return b64url(hmac.digest(self.token.encode(), b"exchange/form/1", "sha256"))


@dataclass
class Tries:
    """Counts wrong sign-ins in memory; a restart forgets them, and takes longer than a minute's wait."""

    seen: OrderedDict[str, list[float]] = field(default_factory=OrderedDict)

    def demand_room(self, keys: tuple[str, ...], now_s: float) -> None:
        """Raise SignInError if any of the keys was tried too often in the last minute."""
        for key in keys:
            recent = [at for at in self.seen.get(key, ()) if now_s - at < TRIES_S]
            if len(recent) >= TRIES:
                raise SignInError("too many tries; wait a minute", reason="sign_in_too_often")

    def note(self, keys: tuple[str, ...], now_s: float) -> None:
        for key in keys:
            recent = [at for at in self.seen.pop(key, []) if now_s - at < TRIES_S]
            self.seen[key] = [*recent, now_s]
        while len(self.seen) > REMEMBERED:
            self.seen.popitem(last=False)

    def clear(self, key: str) -> None:
        self.seen.pop(key, None)


async def sign_in(desk: Desk, tries: Tries, *, name: str, password: str, code: str, address: str) -> Session:
    """Return a new sign-in.

    Raises:
        SignInError: something of it is wrong, or it was tried too often.
    """
    officer, now_s = _officer_of(name), desk.node.clock.monotonic_s()
    keys = (f"{officer}|{address}", f"|{address}")
    tries.demand_room(keys, now_s)
    tries.note(keys, now_s)
    account = await desk.node.store.read(lambda uow: usable(uow, desk, officer))
    fits = await desk.passwords.verify(account.password if account else "", password)
    step = _step(desk, account, code) if account else None
    if account is None or officer is None or not fits or step is None:
        await desk.node.store.write(lambda uow: refuse_sign_in(uow, desk, account))
        raise SignInError(REFUSED)
    tries.clear(keys[0])
    tries.clear(keys[1])
    return await begin_session(desk, account, step=step, how="password")


async def session_of(desk: Desk, token: str) -> Session | None:
    """Return the sign-in of a token; with `ended` set if it went unused for too long."""
    digest = _digest(token)
    if digest is None:
        return None
    session = await desk.node.store.read(lambda uow: _session(uow, desk, token, digest))
    now = desk.node.clock.now()
    if session is not None and not session.ended and now - session.row.used_at > _NOTED_AFTER:
        row = replace(session.row, used_at=now)
        await desk.node.store.write(lambda uow: _note_use(uow, row))
        session = replace(session, row=row)
    return session


async def sign_out(desk: Desk, session: Session) -> None:
    """End a sign-in."""

    def unit(uow: UnitOfWork) -> None:
        uow.staff.sessions.delete(session.row.digest)
        uow.audit.record(AuditRow(desk.node.clock.now(), session.officer, "signed_out", session.officer))

    await desk.node.store.write(unit)


async def demand_password(desk: Desk, tries: Tries, session: Session, *, password: str) -> None:
    """Return if who sits at a sign-in gives the password of the account again; as often as at a sign-in (2).

    Raises:
        SignInError: the password is wrong, or was tried too often.
    """
    own, now_s = (f"{session.officer}|again",), desk.node.clock.monotonic_s()
    tries.demand_room(own, now_s)
    tries.note(own, now_s)
    if not await desk.passwords.verify(session.account.password, password):
        await desk.node.store.write(lambda uow: refuse_sign_in(uow, desk, session.account))
        raise SignInError("the password is wrong")
    tries.clear(own[0])


def _officer_of(name: str) -> OfficerNumber | None:
    try:
        return parse_officer(name.strip().upper())
    except IdentifierError:
        return None


def usable(uow: UnitOfWork, desk: Desk, officer: OfficerNumber | None) -> AccountRow | None:
    """Return the account of an officer if somebody may sign in with it now."""
    account = uow.staff.accounts.get(officer) if officer else None
    entry = uow.officers.get(officer) if officer else None
    now = desk.node.clock.now()
    if account is None or entry is None or account.closed_at is not None:
        return None
    return account if entry.valid_to is None or entry.valid_to > now else None


def _step(desk: Desk, account: AccountRow, code: str) -> int | None:
    """Return the step of a code; None if it is wrong or used, the old one if no code is needed."""
    if not account.code_secret:
        return account.code_step
    step = desk.codes.step_of(account.code_secret, code.replace(" ", ""), at=desk.node.clock.now())
    return step if step is not None and step > account.code_step else None


def refuse_sign_in(uow: UnitOfWork, desk: Desk, account: AccountRow | None) -> None:
    """Record a refused sign-in."""
    who = account.officer if account else "nobody"
    uow.audit.record(AuditRow(desk.node.clock.now(), who, "sign_in_refused", who, result="refused"))


async def begin_session(
    desk: Desk, account: AccountRow, *, step: int, how: str, also: Callable[[UnitOfWork], None] | None = None
) -> Session:
    """Begin a sign-in of an account that was judged; `also` runs in the same transaction.

    Raises:
        SignInError: the account changed meanwhile.
    """
    token, now = b64url(desk.node.random(_TOKEN_BYTES)), desk.node.clock.now()
    digest = hashlib.sha256(token.encode()).digest()

    def unit(uow: UnitOfWork) -> Session:
        present = usable(uow, desk, account.officer)
        if present is None or present.password != account.password or present.code_step > account.code_step:
            raise SignInError(REFUSED)
        uow.staff.accounts.save(replace(present, code_step=step))
        uow.staff.sessions.delete_before(now - LIFE)
        uow.staff.sessions.save(SessionRow(digest, account.officer, now, now))
        uow.audit.record(AuditRow(now, account.officer, "signed_in", account.officer, result=how))
        if also is not None:
            also(uow)
        found = _session(uow, desk, token, digest)
        if found is None:
            raise SignInError(REFUSED)
        return found

    return await desk.node.store.write(unit)


def _digest(token: str) -> bytes | None:
    """Return the digest of a token, or None of what cannot be one."""
    try:
        whole = len(unb64url(token)) == _TOKEN_BYTES
    except IdentifierError:
        return None
    return hashlib.sha256(token.encode()).digest() if whole else None


def _session(uow: UnitOfWork, desk: Desk, token: str, digest: bytes) -> Session | None:
    row = uow.staff.sessions.get(digest)
    if row is None:
        return None
    now = desk.node.clock.now()
    account, entry = usable(uow, desk, row.officer), uow.officers.get(row.officer)
    if account is None or entry is None or not timedelta() <= now - row.began_at < LIFE:
        return None
    ended = not timedelta() <= now - row.used_at < IDLE
    return Session(token, row, account, entry.name, entry.office, ended)


def _note_use(uow: UnitOfWork, row: SessionRow) -> None:
    if uow.staff.sessions.get(row.digest) is not None:
        uow.staff.sessions.save(row)
