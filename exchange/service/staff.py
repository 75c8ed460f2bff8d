# SPDX-License-Identifier: Apache-2.0
"""What the desk needs of the outside: accounts, sessions, forms being written, passwords and codes.

Rows as in `rows`: frozen, identifiers and times; what is secret or personal is sealed by the adapter.
"""

import builtins
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

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


class Staff(Protocol):
    """The tables of the desk inside one unit of work."""

    @property
    def accounts(self) -> Accounts: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def forms(self) -> Forms: ...


class Passwords(Protocol):
    """Hashes and verifies passwords; takes long on purpose, so it never runs on the loop."""

    async def hash(self, password: str) -> str: ...
    async def verify(self, hashed: str, password: str) -> bool:
        """Return whether a password has this hash; "" is no hash and costs the same time."""
        ...

    def is_common(self, password: str) -> bool:
        """Return whether a password is among those that are tried first."""
        ...


class Codes(Protocol):
    """One-time codes of a device (RFC 6238)."""

    def new_secret(self) -> str: ...
    def step_of(self, secret: str, code: str, *, at: datetime) -> int | None:
        """Return the time step for which a code is right, now or one step aside, or None."""
        ...

    def address(self, secret: str, *, officer: OfficerNumber, agency: str) -> str:
        """Return the address that a device reads from a picture."""
        ...
