# SPDX-License-Identifier: Apache-2.0
"""Client systems and what is kept of their writes, in SQL; kept answers are sealed, they may hold digests."""

import builtins
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from exchange.adapters.storage.columns import (
    from_instant,
    to_instant,
    to_instant_or_none,
)
from exchange.adapters.storage.database import Database, Row
from exchange.adapters.storage.vault import Vault
from exchange.errors import StoreDamagedError, StoreError
from exchange.ids import OfficerNumber
from exchange.service.clients import AnswerState, ClientRow, KeptAnswer

_BETWEEN = " "
"""Stands between role codes, which hold no space."""
_PURPOSE = "answers"


class SqlClients:
    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def add(self, row: ClientRow) -> None:
        values = {
            "name": row.name,
            "officer": row.officer,
            "roles": _BETWEEN.join(row.roles),
            "token": row.token,
            "made_at": from_instant(row.made_at),
            "expires_at": from_instant(row.expires_at),
        }
        self._database.add("client_add", values)

    def get(self, name: str) -> ClientRow | None:
        row = self._database.one("client_get", {"name": name})
        return None if row is None else _client(row)

    def list(self) -> builtins.list[ClientRow]:
        return [_client(row) for row in self._database.all("client_list")]

    def end(self, name: str, at: datetime) -> None:
        if not self._database.run("client_end", {"name": name, "at": from_instant(at)}):
            raise StoreError(f"client {name} is not in the store, or has ended")

    def put_answer(self, row: KeptAnswer) -> None:
        values = {
            "client": row.client,
            "key": row.key,
            "request": row.request,
            "state": row.state,
            "answer": self._vault.seal(self._key(), _place(row.client, row.key), row.answer),
            "begun_at": from_instant(row.begun_at),
        }
        self._database.run("kept_answer_put", values)

    def answer(self, client: str, key: bytes) -> KeptAnswer | None:
        row = self._database.one("kept_answer_get", {"client": client, "key": key})
        if row is None:
            return None
        request, state, sealed, begun_at = row
        opened = self._vault.open(self._key(), _place(client, key), sealed)
        if opened is None:
            raise StoreDamagedError("the data key of the kept answers is missing")
        return KeptAnswer(client, key, request, to_instant(begun_at), AnswerState(state), opened)

    def drop_answer(self, client: str, key: bytes) -> None:
        self._database.run("kept_answer_drop", {"client": client, "key": key})

    def forget_answers(self, before: datetime, limit: int) -> None:
        self._database.run("kept_answer_forget", {"before": from_instant(before), "limit": limit})

    def blank_answers(self, texts: Collection[str]) -> int:
        blanked = 0
        for client, key in self._database.all("kept_answer_places"):
            row = self.answer(client, key)
            if row is not None and any(text.encode() in row.answer for text in texts):
                self.put_answer(replace(row, state=AnswerState.DONE, answer=b""))
                blanked += 1
        return blanked

    def _key(self) -> int:
        row = self._database.one("node_key", {"purpose": _PURPOSE})
        if row is not None:
            return int(row[0])
        key = self._vault.take()
        self._database.run("node_key_add", {"purpose": _PURPOSE, "key": key})
        return key


def _client(row: Row) -> ClientRow:
    name, officer, roles, token, made_at, expires_at, ended_at = row
    return ClientRow(
        name=name,
        officer=OfficerNumber(officer),
        roles=tuple(roles.split(_BETWEEN)),
        token=token,
        made_at=to_instant(made_at),
        expires_at=to_instant(expires_at),
        ended_at=to_instant_or_none(ended_at),
    )


def _place(client: str, key: bytes) -> str:
    return f"kept_answer|{client}|{key.hex()}|answer"
