# SPDX-License-Identifier: Apache-2.0
"""What every store must keep for the desk: accounts, sign-ins, forms."""

import sqlite3
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from exchange.cases.permissions import Role
from exchange.errors import StoreError
from exchange.ids import OfficerNumber
from exchange.service.ports import UnitOfWork
from exchange.service.staff import AccountRow, FormRow, PasskeyRow, SessionRow
from tests.support.store_rows import LINK, NOW, OFFICER, StoreWorld, message_id, officer_row

SECRET, DIGEST = "hash with a secret", bytes(range(32))


def account(**changes: Any) -> AccountRow:
    row = AccountRow(OFFICER, (Role.OFFICER, Role.RELEASER), "km", SECRET, "DEVICE", 7, True, NOW, NOW)
    return replace(row, **changes)


def form(n: int = 1, **changes: Any) -> FormRow:
    row = FormRow(message_id(n), LINK, OFFICER, "RPN", b'{"given": "NGUYEN"}', 1, NOW + timedelta(minutes=n))
    return replace(row, **changes)


async def _with_account(world: StoreWorld) -> None:
    await world.store.write(lambda uow: uow.officers.add(officer_row()))
    await world.store.write(lambda uow: uow.staff.accounts.save(account()))


async def test_account_is_kept_and_replaced(world: StoreWorld) -> None:
    await _with_account(world)
    changed = account(roles=(Role.HANDOVER,), password="other", must_change=False, closed_at=NOW)

    before = await world.store.read(lambda uow: uow.staff.accounts.get(OFFICER))
    await world.store.write(lambda uow: uow.staff.accounts.save(changed))

    assert before == account()
    assert await world.store.read(lambda uow: uow.staff.accounts.get(OFFICER)) == changed
    assert await world.store.read(lambda uow: uow.staff.accounts.list()) == [changed]


async def test_account_of_nobody_in_the_directory_is_refused(world: StoreWorld) -> None:
    with pytest.raises(StoreError):
        await world.store.write(lambda uow: uow.staff.accounts.save(account()))


@pytest.mark.parametrize("statement", ["DELETE FROM account", "UPDATE account SET opened_at = 0"])
async def test_account_is_closed_and_never_taken_away(world: StoreWorld, statement: str) -> None:
    await _with_account(world)

    def attack(connection: sqlite3.Connection) -> None:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)

    await world.raw(attack)


async def test_secrets_of_an_account_and_texts_of_a_form_are_sealed(world: StoreWorld) -> None:
    await _with_account(world)
    await world.store.write(lambda uow: uow.staff.forms.save(form()))

    def look(connection: sqlite3.Connection) -> None:
        rows = [
            str(row) for table in ("account", "form") for row in connection.execute(f"SELECT * FROM {table}")
        ]
        assert not any(word in row for row in rows for word in (SECRET, "DEVICE", "NGUYEN"))

    await world.raw(look)


async def test_sign_in_is_kept_used_and_ended(world: StoreWorld) -> None:
    await _with_account(world)
    row = SessionRow(DIGEST, OFFICER, NOW, NOW)
    used = replace(row, used_at=NOW + timedelta(minutes=3))

    await world.store.write(lambda uow: uow.staff.sessions.save(row))
    await world.store.write(lambda uow: uow.staff.sessions.save(used))
    kept = await world.store.read(lambda uow: uow.staff.sessions.get(DIGEST))
    await world.store.write(lambda uow: uow.staff.sessions.delete(DIGEST))

    assert kept == used
    assert await world.store.read(lambda uow: uow.staff.sessions.get(DIGEST)) is None


async def test_old_sign_ins_and_those_of_an_officer_are_forgotten(world: StoreWorld) -> None:
    await _with_account(world)
    old = SessionRow(b"o" * 32, OFFICER, NOW - timedelta(hours=9), NOW)
    new = SessionRow(b"n" * 32, OFFICER, NOW, NOW)
    for row in (old, new):
        await world.store.write(lambda uow, row=row: uow.staff.sessions.save(row))

    await world.store.write(lambda uow: uow.staff.sessions.delete_before(NOW - timedelta(hours=8)))
    left = [await world.store.read(lambda uow, d=row.digest: uow.staff.sessions.get(d)) for row in (old, new)]
    await world.store.write(lambda uow: uow.staff.sessions.delete_of(OFFICER))

    assert left == [None, new]
    assert await world.store.read(lambda uow: uow.staff.sessions.get(new.digest)) is None


async def test_forms_of_an_officer_come_last_changed_first(world: StoreWorld) -> None:
    await _with_account(world)
    for row in (form(1), form(2), form(1, version=2, content=b"{}", changed_at=NOW + timedelta(hours=1))):
        await world.store.write(lambda uow, row=row: uow.staff.forms.save(row))

    found = await world.store.read(lambda uow: uow.staff.forms.of(OFFICER))

    assert [(row.id, row.version) for row in found] == [(message_id(1), 2), (message_id(2), 1)]
    assert [row.content for row in found] == [b"", b""]


async def test_deleted_form_is_gone_and_so_is_its_key(world: StoreWorld) -> None:
    await _with_account(world)
    await world.store.write(lambda uow: uow.staff.forms.save(form()))

    await world.store.write(lambda uow: uow.staff.forms.delete(message_id(1)))
    await world.store.write(lambda uow: uow.staff.forms.delete(message_id(1)))

    assert await world.store.read(lambda uow: uow.staff.forms.get(message_id(1))) is None
    assert await world.store.read(lambda uow: uow.staff.forms.of(OFFICER)) == []


def passkey(**changes: Any) -> PasskeyRow:
    return replace(PasskeyRow(b"k" * 32, OFFICER, b"public", 3, NOW, NOW), **changes)


async def test_passkey_is_kept_used_and_forgotten(world: StoreWorld) -> None:
    await _with_account(world)
    later = NOW + timedelta(minutes=1)
    await world.store.write(lambda uow: uow.staff.passkeys.add(passkey()))
    await world.store.write(lambda uow: uow.staff.passkeys.used(passkey().id, signs=4, at=later))

    used = await world.store.read(lambda uow: uow.staff.passkeys.get(passkey().id))
    listed = await world.store.read(lambda uow: uow.staff.passkeys.of(OFFICER))
    await world.store.write(lambda uow: uow.staff.passkeys.delete_of(OFFICER))

    assert used == passkey(signs=4, used_at=later)
    assert listed == [used]
    assert await world.store.read(lambda uow: uow.staff.passkeys.get(passkey().id)) is None


async def test_passkey_belongs_to_one_officer_and_to_an_account(world: StoreWorld) -> None:
    with pytest.raises(StoreError):
        await world.store.write(lambda uow: uow.staff.passkeys.add(passkey()))
    await _with_account(world)
    await world.store.write(lambda uow: uow.staff.passkeys.add(passkey()))

    with pytest.raises(StoreError):
        await world.store.write(lambda uow: uow.staff.passkeys.add(passkey(signs=0)))


async def test_passkey_never_changes_its_key(world: StoreWorld) -> None:
    await _with_account(world)
    await world.store.write(lambda uow: uow.staff.passkeys.add(passkey()))

    def attack(connection: sqlite3.Connection) -> None:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute("UPDATE passkey SET public_key = x'00'")

    await world.raw(attack)


async def test_outside_name_belongs_to_one_officer(world: StoreWorld) -> None:
    await _with_account(world)
    other = OfficerNumber("P-0009")

    def second(uow: UnitOfWork) -> None:
        uow.officers.add(officer_row(other))
        uow.staff.accounts.save(account(officer=other))

    await world.store.write(second)
    name = bytes(32)
    await world.store.write(lambda uow: uow.staff.outside_names.save(OFFICER, name, by="P-0006", at=NOW))

    with pytest.raises(StoreError):
        await world.store.write(lambda uow: uow.staff.outside_names.save(other, name, by="P-0006", at=NOW))
    found = await world.store.read(lambda uow: uow.staff.outside_names.find(name))
    await world.store.write(lambda uow: uow.staff.outside_names.delete(OFFICER))

    assert found == OFFICER
    assert await world.store.read(lambda uow: uow.staff.outside_names.find(name)) is None
