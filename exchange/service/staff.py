# SPDX-License-Identifier: Apache-2.0
"""What the desk needs of the outside: accounts, sessions, forms being written, passwords and codes.

Rows as in `rows`: frozen, identifiers and times; what is secret or personal is sealed by the adapter.
"""

import builtins
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from exchange.cases.permissions import Role
from exchange.ids import LinkId, MessageId, OfficerNumber


@dataclass(frozen=True)
class AccountRow:
    """The account of one officer of the directory."""

    officer: OfficerNumber
    roles: tuple[Role, ...]
    language: str
    password: str
    """Hash with its parameters; sealed at rest."""
    code_secret: str
    """Secret of the one-time codes, "" until the officer has connected a device; sealed at rest."""
    code_step: int
    """Time step of the last code that was used: a code counts once."""
    must_change: bool
    """The password was given out by somebody else."""
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True)
class SessionRow:
    """One sign-in. The token itself is only in the browser; `digest` is its SHA-256."""

    digest: bytes
    officer: OfficerNumber
    began_at: datetime
    used_at: datetime


@dataclass(frozen=True)
class FormRow:
    """A message that an officer is writing on the pages; `content` is kept encrypted."""

    id: MessageId
    """Becomes the number of the draft."""
    link: LinkId
    officer: OfficerNumber
    type: str
    content: bytes
    """JSON of `forms.FormContent`."""
    version: int
    """Grows with each saved step; a step that names an older one is stale."""
    changed_at: datetime


@dataclass(frozen=True)
class PasskeyRow:
    """A passkey of an officer; its private half is in the device, or nowhere."""

    id: bytes
    officer: OfficerNumber
    public_key: bytes
    signs: int
    """What the device said how often it has signed; 0 if it does not count."""
    added_at: datetime
    used_at: datetime


class Accounts(Protocol):
    def get(self, officer: OfficerNumber) -> AccountRow | None: ...
    def save(self, row: AccountRow) -> None:
        """Keep an account, or replace it."""
        ...

    def list(self) -> list[AccountRow]: ...


class Sessions(Protocol):
    def get(self, digest: bytes) -> SessionRow | None: ...
    def save(self, row: SessionRow) -> None: ...
    def delete(self, digest: bytes) -> None: ...
    def delete_of(self, officer: OfficerNumber) -> None: ...
    def delete_before(self, moment: datetime) -> None:
        """Forget the sessions that began before a moment."""
        ...


class Forms(Protocol):
    def get(self, id: MessageId) -> FormRow | None: ...
    def save(self, row: FormRow) -> None: ...
    def delete(self, id: MessageId) -> None: ...
    def of(self, officer: OfficerNumber) -> builtins.list[FormRow]:
        """Return the forms of an officer without their content, last changed first."""
        ...

    def naming(self, text: str) -> builtins.list[MessageId]:
        """Return the forms in which a text stands."""
        ...


class Passkeys(Protocol):
    def add(self, row: PasskeyRow) -> None: ...
    def get(self, id: bytes) -> PasskeyRow | None: ...
    def of(self, officer: OfficerNumber) -> builtins.list[PasskeyRow]: ...
    def used(self, id: bytes, *, signs: int, at: datetime) -> None: ...
    def delete(self, id: bytes, officer: OfficerNumber) -> None: ...
    def delete_of(self, officer: OfficerNumber) -> None: ...


class OutsideNames(Protocol):
    """Who officers are at the sign-in service of the own agency; kept as digests."""

    def save(self, officer: OfficerNumber, digest: bytes, *, by: str, at: datetime) -> None: ...
    def find(self, digest: bytes) -> OfficerNumber | None: ...
    def has(self, officer: OfficerNumber) -> bool: ...
    def delete(self, officer: OfficerNumber) -> None: ...


class Staff(Protocol):
    """The tables of the desk inside one unit of work."""

    @property
    def accounts(self) -> Accounts: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def forms(self) -> Forms: ...
    @property
    def passkeys(self) -> Passkeys: ...
    @property
    def outside_names(self) -> OutsideNames: ...


class Passwords(Protocol):
    """Hashes and verifies passwords; takes long on purpose, so it never runs on the loop."""

    async def hash(self, password: str) -> str: ...
    async def verify(self, hashed: str, password: str) -> bool:
        """Return whether a password has this hash; "" is no hash and costs the same time."""
        ...

    def is_common(self, password: str) -> bool:
        """Return whether a password is among those that are tried first."""
        ...


@dataclass(frozen=True)
class PasskeyPlace:
    """Where passkeys count: the host name of the pages, and their origins as a browser says them."""

    host: str = ""
    """"" where browsers know no passkeys: at a bare address."""
    origins: tuple[str, ...] = ()


@dataclass(frozen=True)
class Signed:
    """What a device has signed, after everything about it was checked."""

    id: bytes
    public_key: bytes
    signs: int


class PasskeyDevices(Protocol):
    """Speaks with devices in the form of browsers (Web Authentication), through a page of ours.

    Both checks demand that the device asked who its user is, and return None of anything that is wrong.
    """

    def to_add(
        self, place: PasskeyPlace, *, challenge: bytes, officer: OfficerNumber, known: Sequence[bytes]
    ) -> str:
        """Return the options with which a browser makes a passkey, as JSON."""
        ...

    def to_sign(self, place: PasskeyPlace, *, challenge: bytes) -> str: ...
    def added(
        self, place: PasskeyPlace, *, challenge: bytes, credential: Mapping[str, Any]
    ) -> Signed | None: ...
    def signed(
        self,
        place: PasskeyPlace,
        *,
        challenge: bytes,
        credential: Mapping[str, Any],
        row: PasskeyRow,
    ) -> Signed | None: ...


class Codes(Protocol):
    """One-time codes of a device (RFC 6238)."""

    def new_secret(self) -> str: ...
    def step_of(self, secret: str, code: str, *, at: datetime) -> int | None:
        """Return the time step for which a code is right, now or one step aside, or None."""
        ...

    def address(self, secret: str, *, officer: OfficerNumber, agency: str) -> str:
        """Return the address that a device reads from a picture."""
        ...
