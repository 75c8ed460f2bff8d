# SPDX-License-Identifier: Apache-2.0
"""Signing in at the sign-in service of the own agency (OpenID Connect), beside password and code.

1. Who begins gets a *way*: 32 random bytes in a cookie of its own, for ten minutes. State, nonce and verifier
   are made from it and from a secret of this process; nothing is kept, so that asking costs nothing.
2. Who comes back has the same cookie, a state of ours that is open and was not used, and a code.
3. The service says a subject, after everything about its token was checked. An account is found by the
   subject that an administrator set for it, never by a mail address or a name.
4. Whatever is wrong has the answer of a wrong password, and counts as a try.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final, Protocol

from exchange.errors import IdentifierError, SignInError, TransportError, UsageError
from exchange.ids import OfficerNumber, b64url, unb64url
from exchange.service.accounts import Desk
from exchange.service.passkeys import Questions
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow
from exchange.service.sessions import REFUSED, Session, Tries, begin_session, refuse_sign_in, usable

WAY_BYTES: Final = 32
NONCE_BYTES: Final = 16
LONGEST_CODE: Final = 2_048
LONGEST_SUBJECT: Final = 255


@dataclass(frozen=True)
class Asking:
    """What goes with one browser to the service and back."""

    state: str
    nonce: str
    verifier: str


class Provider(Protocol):
    """The sign-in service of the own agency."""

    async def address(self, asking: Asking) -> str:
        """Return where the browser goes. Raises TransportError: it cannot be reached."""
        ...

    async def subject(self, code: str, asking: Asking) -> str:
        """Return who came back. Raises SignInError: something is wrong; TransportError: not reached."""
        ...


@dataclass(frozen=True)
class Elsewhere:
    """What signing in elsewhere works on."""

    desk: Desk
    provider: Provider
    issuer: str
    name: str
    """As officers know the service."""
    questions: Questions


@dataclass(frozen=True)
class Begun:
    """Where the browser goes, and the way that its cookie keeps."""

    to: str
    way: str


async def begin(elsewhere: Elsewhere) -> Begun:
    """Begin a sign-in at the service.

    Raises:
        SignInError: it cannot be reached; `reason` is `sign_in_elsewhere`.
    """
    node = elsewhere.desk.node
    way = b64url(node.random(WAY_BYTES))
    state = elsewhere.questions.ask(node.random(NONCE_BYTES), _purpose(way), node.clock.monotonic_s())
    try:
        return Begun(await elsewhere.provider.address(_asking(elsewhere, b64url(state))), way)
    except (TransportError, SignInError) as error:
        raise SignInError("the sign-in service cannot be used", reason="sign_in_elsewhere") from error


async def come_back(
    elsewhere: Elsewhere, tries: Tries, *, way: str, state: str, code: str, address: str
) -> Session:
    """Return a new sign-in of who comes back from the service.

    Raises:
        SignInError: something of it is wrong, or it was tried too often.
    """
    desk, now_s, wheres = elsewhere.desk, elsewhere.desk.node.clock.monotonic_s(), (f"|{address}",)
    tries.demand_room(wheres, now_s)
    tries.note(wheres, now_s)
    if not _is_open(elsewhere, way, state) or not 0 < len(code) <= LONGEST_CODE:
        raise SignInError(REFUSED)
    try:
        subject = await elsewhere.provider.subject(code, _asking(elsewhere, state))
    except TransportError as error:
        raise SignInError("the sign-in service cannot be used", reason="sign_in_elsewhere") from error
    except SignInError as error:
        await desk.node.store.write(lambda uow: refuse_sign_in(uow, desk, None))
        raise SignInError(REFUSED) from error
    digest = outside_digest(elsewhere.issuer, subject)
    officer = await desk.node.store.read(lambda uow: uow.staff.outside_names.find(digest))
    account = await desk.node.store.read(lambda uow: usable(uow, desk, officer))
    if account is None:
        await desk.node.store.write(lambda uow: refuse_sign_in(uow, desk, account))
        raise SignInError(REFUSED)
    tries.clear(wheres[0])
    return await begin_session(desk, account, step=account.code_step, how="elsewhere")


async def set_subject(
    elsewhere: Elsewhere, officer: OfficerNumber, subject: str, *, actor: OfficerNumber
) -> None:
    """Say who an officer is at the service; "" takes it back. Sign-ins of the officer end.

    Raises:
        UsageError: the own account, no account, or a subject that is too long or of somebody else.
    """
    desk = elsewhere.desk
    if officer == actor:
        raise UsageError("nobody changes the own account here", hint="ask another administrator")
    if len(subject) > LONGEST_SUBJECT or not subject.isprintable():
        raise UsageError(f"a subject has at most {LONGEST_SUBJECT} characters of one line")
    digest, now = outside_digest(elsewhere.issuer, subject), desk.node.clock.now()

    def unit(uow: UnitOfWork) -> None:
        if uow.staff.accounts.get(officer) is None:
            raise UsageError(f"officer {officer} has no account", hint="open one first")
        if subject and uow.staff.outside_names.find(digest) not in (None, officer):
            raise UsageError("this subject belongs to another officer", hint="take it back there first")
        if subject:
            uow.staff.outside_names.save(officer, digest, by=actor, at=now)
        else:
            uow.staff.outside_names.delete(officer)
        uow.staff.sessions.delete_of(officer)
        result = "set" if subject else "taken_back"
        uow.audit.record(AuditRow(now, actor, "outside_name_changed", officer, result=result))

    await desk.node.store.write(unit)


def outside_digest(issuer: str, subject: str) -> bytes:
    """Return what is kept of a subject at an issuer."""
    return hashlib.sha256(f"exchange/subject/1\n{issuer}\n{subject}".encode()).digest()


def _is_open(elsewhere: Elsewhere, way: str, state: str) -> bool:
    now_s = elsewhere.desk.node.clock.monotonic_s()
    try:
        raw = unb64url(state)
        whole = len(unb64url(way)) == WAY_BYTES
    except IdentifierError:
        return False
    return whole and elsewhere.questions.take(raw, _purpose(way), now_s)


def _asking(elsewhere: Elsewhere, state: str) -> Asking:
    def made(what: str) -> str:
        return b64url(hmac.digest(elsewhere.questions.secret, f"{what} {state}".encode(), "sha256"))

    return Asking(state, made("nonce"), made("verifier"))


def _purpose(way: str) -> str:
    return "elsewhere " + hashlib.sha256(way.encode()).hexdigest()
