# SPDX-License-Identifier: Apache-2.0
"""Accounts, sign-ins and forms of the desk in SQL.

Secrets of an account are sealed together under a data key of its own, and so is each form; the key of a
form is destroyed with it. A sign-in holds the digest of a token and nothing secret.
"""

import builtins
import json
from datetime import datetime

from exchange.adapters.storage.columns import (
    from_instant,
    from_instant_or_none,
    from_message_id,
    to_instant,
    to_instant_or_none,
    to_message_id,
)
from exchange.adapters.storage.database import Database, Row
from exchange.adapters.storage.links import LinkNumbers
from exchange.adapters.storage.vault import Vault
from exchange.cases.permissions import Role
from exchange.errors import StoreDamagedError
from exchange.ids import MessageId, OfficerNumber
from exchange.service.staff import AccountRow, FormRow, PasskeyRow, SessionRow

_BETWEEN = " "
"""Stands between role codes, which hold no space."""


class SqlAccounts:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def get(self, officer: OfficerNumber) -> AccountRow | None:
        row = self._database.one("account_get", {"officer": officer})
        return None if row is None else self._row(row)

    def save(self, row: AccountRow) -> None:
        kept = self._database.one("account_key", {"officer": row.officer})
        key = int(kept[0]) if kept else self._vault.take()
        secrets = json.dumps([row.password, row.code_secret]).encode()
        values = {
            "officer": row.officer,
            "key": key,
            "roles": _BETWEEN.join(row.roles),
            "language": row.language,
            "secrets": self._vault.seal(key, f"account|{row.officer}|secrets", secrets),
            "code_step": row.code_step,
            "must_change": row.must_change,
            "opened_at": from_instant(row.opened_at),
            "changed_at": from_instant(row.changed_at),
            "closed_at": from_instant_or_none(row.closed_at),
        }
        self._database.add("account_save", values)

    def list(self) -> builtins.list[AccountRow]:
        return [self._row(row) for row in self._database.all("account_list")]

    def _row(self, row: Row) -> AccountRow:
        officer, key, roles, language, sealed, step, must_change, opened_at, changed_at, closed_at = row
        opened = self._vault.open(key, f"account|{officer}|secrets", sealed)
        if opened is None:
            raise StoreDamagedError(f"the data key of the account of {officer} is missing")
        password, code_secret = json.loads(opened)
        return AccountRow(
            officer=officer,
            roles=tuple(Role(code) for code in roles.split(_BETWEEN)),
            language=language,
            password=password,
            code_secret=code_secret,
            code_step=step,
            must_change=bool(must_change),
            opened_at=to_instant(opened_at),
            changed_at=to_instant(changed_at),
            closed_at=to_instant_or_none(closed_at),
        )


class SqlSessions:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, digest: bytes) -> SessionRow | None:
        row = self._database.one("session_get", {"digest": digest})
        return None if row is None else SessionRow(row[0], row[1], to_instant(row[2]), to_instant(row[3]))

    def save(self, row: SessionRow) -> None:
        values = {
            "digest": row.digest,
            "officer": row.officer,
            "began_at": from_instant(row.began_at),
            "used_at": from_instant(row.used_at),
        }
        self._database.add("session_save", values)

    def delete(self, digest: bytes) -> None:
        self._database.run("session_delete", {"digest": digest})

    def delete_of(self, officer: OfficerNumber) -> None:
        self._database.run("session_delete_of", {"officer": officer})

    def delete_before(self, moment: datetime) -> None:
        self._database.run("session_delete_before", {"moment": from_instant(moment)})


class SqlPasskeys:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, row: PasskeyRow) -> None:
        values = {
            "id": row.id,
            "officer": row.officer,
            "public_key": row.public_key,
            "signs": row.signs,
            "added_at": from_instant(row.added_at),
            "used_at": from_instant(row.used_at),
        }
        self._database.add("passkey_add", values)

    def get(self, id: bytes) -> PasskeyRow | None:
        row = self._database.one("passkey_get", {"id": id})
        return None if row is None else _passkey(row)

    def of(self, officer: OfficerNumber) -> list[PasskeyRow]:
        return [_passkey(row) for row in self._database.all("passkey_of", {"officer": officer})]

    def used(self, id: bytes, *, signs: int, at: datetime) -> None:
        self._database.run("passkey_used", {"id": id, "signs": signs, "used_at": from_instant(at)})

    def delete(self, id: bytes, officer: OfficerNumber) -> None:
        self._database.run("passkey_delete", {"id": id, "officer": officer})

    def delete_of(self, officer: OfficerNumber) -> None:
        self._database.run("passkey_delete_of", {"officer": officer})


class SqlOutsideNames:
    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, officer: OfficerNumber, digest: bytes, *, by: str, at: datetime) -> None:
        values = {"officer": officer, "digest": digest, "set_by": by, "set_at": from_instant(at)}
        self._database.add("outside_name_save", values)

    def find(self, digest: bytes) -> OfficerNumber | None:
        row = self._database.one("outside_name_find", {"digest": digest})
        return None if row is None else OfficerNumber(row[0])

    def has(self, officer: OfficerNumber) -> bool:
        return self._database.one("outside_name_of", {"officer": officer}) is not None

    def delete(self, officer: OfficerNumber) -> None:
        self._database.run("outside_name_delete", {"officer": officer})


class SqlForms:
    def __init__(self, database: Database, vault: Vault, numbers: LinkNumbers) -> None:
        self._database = database
        self._vault = vault
        self._numbers = numbers

    def get(self, id: MessageId) -> FormRow | None:
        row = self._database.one("form_get", {"id": from_message_id(id)})
        return None if row is None else self._row(row)

    def save(self, row: FormRow) -> None:
        id = from_message_id(row.id)
        kept = self._database.one("form_key", {"id": id})
        key = int(kept[0]) if kept else self._vault.take()
        values = {
            "id": id,
            "key": key,
            "link": self._numbers.of(row.link),
            "officer": row.officer,
            "type": row.type,
            "content": self._vault.seal(key, _place(row.id), row.content),
            "version": row.version,
            "changed_at": from_instant(row.changed_at),
        }
        self._database.add("form_save", values)

    def delete(self, id: MessageId) -> None:
        raw = from_message_id(id)
        row = self._database.one("form_key", {"id": raw})
        if row is None:
            return
        self._database.run("form_delete", {"id": raw})
        self._database.run("ended_key_add", {"key": row[0]})

    def of(self, officer: OfficerNumber) -> builtins.list[FormRow]:
        return [
            FormRow(to_message_id(id), link, owner, type, b"", version, to_instant(changed_at))
            for id, link, owner, type, version, changed_at in self._database.all(
                "form_of", {"officer": officer}
            )
        ]

    def naming(self, text: str) -> builtins.list[MessageId]:
        rows = (self._row(row) for row in self._database.all("form_list"))
        return [row.id for row in rows if text.encode() in row.content]

    def _row(self, row: Row) -> FormRow:
        raw, key, link, officer, type, sealed, version, changed_at = row
        id = to_message_id(raw)
        content = self._vault.open(key, _place(id), sealed)
        if content is None:
            raise StoreDamagedError(f"the data key of form {id} is missing")
        return FormRow(id, link, officer, type, content, version, to_instant(changed_at))


class SqlStaff:
    """The tables of the desk."""

    def __init__(self, database: Database, vault: Vault, numbers: LinkNumbers) -> None:
        self._accounts = SqlAccounts(database, vault)
        self._sessions = SqlSessions(database)
        self._forms = SqlForms(database, vault, numbers)
        self._passkeys = SqlPasskeys(database)
        self._outside_names = SqlOutsideNames(database)

    @property
    def accounts(self) -> SqlAccounts:
        return self._accounts

    @property
    def sessions(self) -> SqlSessions:
        return self._sessions

    @property
    def forms(self) -> SqlForms:
        return self._forms

    @property
    def passkeys(self) -> SqlPasskeys:
        return self._passkeys

    @property
    def outside_names(self) -> SqlOutsideNames:
        return self._outside_names


def _passkey(row: Row) -> PasskeyRow:
    id, officer, public_key, signs, added_at, used_at = row
    added, used = to_instant(added_at), to_instant(used_at)
    return PasskeyRow(id, OfficerNumber(officer), public_key, signs, added, used)


def _place(id: MessageId) -> str:
    return f"form|{id}|content"
