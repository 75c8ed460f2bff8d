# SPDX-License-Identifier: Apache-2.0
"""Passkeys: a further way to sign in, beside password and code, that a false page cannot ask for.

1. A passkey counts for both factors: the device must have asked who its user is (a PIN, a finger).
2. A question to a device holds for five minutes and for its purpose: for signing in, or for adding by one
   sign-in that just gave its password again. It is answered once; questions are not kept, they carry a mark
   that only this process can make, so that nobody fills a memory with them.
3. What comes from a browser is read by the strict parser, within a size, before anything judges it.
4. A device that counts its signatures never goes back (a copy of it would).
5. Whatever is wrong has the answer of a wrong password, and counts as a try.

Without script a page shows none of this, and password and code remain.
"""

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from exchange.errors import IdentifierError, SignInError, StrictJsonError, UsageError
from exchange.ids import b64url, unb64url
from exchange.protocol.strictjson import Limits, parse_object
from exchange.service.accounts import Desk
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow
from exchange.service.sessions import (
    REFUSED,
    Session,
    Tries,
    begin_session,
    demand_password,
    refuse_sign_in,
    usable,
)
from exchange.service.staff import AccountRow, PasskeyDevices, PasskeyPlace, PasskeyRow, Signed

LASTS_S: Final = 300
"""How long a question may be answered; finding a device takes a minute."""
MOST_KEYS: Final = 10
MOST_BYTES: Final = 16 * 1024
"""A credential of a browser has about 2 kB."""
REMEMBERED: Final = 10_000
_NONCE, _TIME, _MARK = 16, 8, 16
_CREDENTIAL: Final = Limits(max_bytes=MOST_BYTES, max_depth=6, max_members=20, max_items=20, max_name=64)


@dataclass
class Questions:
    """Makes questions to devices and recognises them again, once (2)."""

    secret: bytes
    answered: OrderedDict[bytes, None] = field(default_factory=OrderedDict)

    def ask(self, nonce: bytes, purpose: str, now_s: float) -> bytes:
        """Return a question for a purpose; requires 16 random bytes."""
        bare = nonce[:_NONCE] + int(now_s).to_bytes(_TIME, "big")
        return bare + self._mark(bare, purpose)

    def take(self, question: bytes, purpose: str, now_s: float) -> bool:
        """Return whether this is a question of ours for this purpose, still open and not answered."""
        bare, mark = question[: _NONCE + _TIME], question[_NONCE + _TIME :]
        if not hmac.compare_digest(mark, self._mark(bare, purpose)) or question in self.answered:
            return False
        if not 0 <= int(now_s) - int.from_bytes(bare[_NONCE:], "big") <= LASTS_S:
            return False
        self.answered[question] = None
        while len(self.answered) > REMEMBERED:
            self.answered.popitem(last=False)
        return True

    def _mark(self, bare: bytes, purpose: str) -> bytes:
        return hmac.digest(self.secret, bare + purpose.encode(), "sha256")[:_MARK]


@dataclass(frozen=True)
class Passkeys:
    """What passkeys work on."""

    desk: Desk
    devices: PasskeyDevices
    place: PasskeyPlace
    questions: Questions

    def new_question(self, purpose: str) -> bytes:
        node = self.desk.node
        return self.questions.ask(node.random(_NONCE), purpose, node.clock.monotonic_s())


SIGN_IN: Final = "sign in"


def options_to_sign_in(keys: Passkeys) -> str:
    """Return what the sign-in page hands to the browser."""
    return keys.devices.to_sign(keys.place, challenge=keys.new_question(SIGN_IN))


async def sign_in_by_passkey(keys: Passkeys, tries: Tries, *, credential: str, address: str) -> Session:
    """Return a new sign-in.

    Raises:
        SignInError: something of it is wrong, or it was tried too often.
    """
    desk, now_s, wheres = keys.desk, keys.desk.node.clock.monotonic_s(), (f"|{address}",)
    tries.demand_room(wheres, now_s)
    tries.note(wheres, now_s)
    given = _read(credential)
    row = await desk.node.store.read(lambda uow: uow.staff.passkeys.get(_id_of(given)))
    account = await desk.node.store.read(lambda uow: usable(uow, desk, row.officer if row else None))
    signed = _signed(keys, given, row) if row else None
    if row is None or account is None or account.must_change or signed is None:
        await desk.node.store.write(lambda uow: refuse_sign_in(uow, desk, account))
        raise SignInError(REFUSED)
    tries.clear(wheres[0])
    return await _begun(desk, account, row, signed)


async def ask_to_add(keys: Passkeys, tries: Tries, session: Session, *, password: str) -> str:
    """Return what the page hands to the browser to make a passkey, if the password is right.

    Raises:
        SignInError: the password is wrong, or was tried too often.
        UsageError: the account has as many as it may have.
    """
    desk, account = keys.desk, session.account
    await demand_password(desk, tries, session, password=password)
    known = await desk.node.store.read(lambda uow: uow.staff.passkeys.of(account.officer))
    if len(known) >= MOST_KEYS:
        raise UsageError(f"an account has at most {MOST_KEYS} passkeys", hint="remove one first")
    challenge = keys.new_question(_purpose_of_adding(session))
    ids = [row.id for row in known]
    return keys.devices.to_add(keys.place, challenge=challenge, officer=account.officer, known=ids)


async def add_passkey(keys: Passkeys, session: Session, *, credential: str) -> None:
    """Keep a passkey that was made for this sign-in.

    Raises:
        SignInError: it was not asked for by this sign-in, or something of it is wrong.
    """
    desk, given = keys.desk, _read(credential)
    challenge = _taken(keys, given, _purpose_of_adding(session))
    made = keys.devices.added(keys.place, challenge=challenge, credential=given) if challenge else None
    if made is None:
        raise SignInError("the passkey is not right; begin again")
    now = desk.node.clock.now()
    row = PasskeyRow(made.id, session.officer, made.public_key, made.signs, now, now)

    def unit(uow: UnitOfWork) -> None:
        if uow.staff.passkeys.get(made.id) is not None or usable(uow, desk, session.officer) is None:
            raise SignInError("the passkey is not right; begin again")
        uow.staff.passkeys.add(row)
        uow.audit.record(AuditRow(now, session.officer, "passkey_added", session.officer))

    await desk.node.store.write(unit)


async def remove_passkey(desk: Desk, session: Session, id: bytes) -> None:
    """Forget a passkey of the own account."""

    def unit(uow: UnitOfWork) -> None:
        uow.staff.passkeys.delete(id, session.officer)
        uow.audit.record(AuditRow(desk.node.clock.now(), session.officer, "passkey_removed", session.officer))

    await desk.node.store.write(unit)


async def _begun(desk: Desk, account: AccountRow, row: PasskeyRow, signed: Signed) -> Session:
    def note_use(uow: UnitOfWork) -> None:
        present = uow.staff.passkeys.get(row.id)
        if present is None or present.signs != row.signs:
            raise SignInError(REFUSED)
        uow.staff.passkeys.used(row.id, signs=signed.signs, at=desk.node.clock.now())

    return await begin_session(desk, account, step=account.code_step, how="passkey", also=note_use)


def _signed(keys: Passkeys, given: Mapping[str, Any], row: PasskeyRow) -> Signed | None:
    challenge = _taken(keys, given, SIGN_IN)
    if challenge is None:
        return None
    return keys.devices.signed(keys.place, challenge=challenge, credential=given, row=row)


def _taken(keys: Passkeys, given: Mapping[str, Any], purpose: str) -> bytes | None:
    """Return the question that a browser answers, if it is open and for this purpose."""
    challenge = _challenge_of(given)
    now_s = keys.desk.node.clock.monotonic_s()
    return challenge if challenge and keys.questions.take(challenge, purpose, now_s) else None


def _purpose_of_adding(session: Session) -> str:
    return "add " + hashlib.sha256(session.token.encode()).hexdigest()


def _read(credential: str) -> Mapping[str, Any]:
    """Return what a browser says of a credential; empty for what has not its form (3)."""
    try:
        return parse_object(credential.encode(), _CREDENTIAL)
    except (StrictJsonError, UnicodeEncodeError):
        return {}


def _id_of(given: Mapping[str, Any]) -> bytes:
    return _decoded(given.get("id"))


def _challenge_of(given: Mapping[str, Any]) -> bytes:
    response = given.get("response")
    raw = _decoded(response.get("clientDataJSON")) if isinstance(response, dict) else b""
    try:
        return _decoded(parse_object(raw, _CREDENTIAL).get("challenge"))
    except StrictJsonError:
        return b""


def _decoded(text: object) -> bytes:
    """Return the bytes of a text in base64url; none of anything else."""
    try:
        return unb64url(text) if isinstance(text, str) else b""
    except IdentifierError:
        return b""


def shown_id(row: PasskeyRow) -> str:
    """Return the number of a passkey as a form names it."""
    return b64url(row.id)
