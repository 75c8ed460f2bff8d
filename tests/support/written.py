# SPDX-License-Identifier: Apache-2.0
"""Everything that stands in a store, so that two ways to the same end can be compared, and what was asked.

What the vault seals comes out differently each time it is written in another order. These columns are left
out of the tables and compared as the ports open them.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable
from typing import Any, cast

from exchange.ids import LinkId, MovementCode
from exchange.messages.document import header_of
from exchange.protocol.parts import Document
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction
from tests.support.world import Agency

_LENGTH_BYTES = 8
SEALED = {
    "message": {"key"},
    "line": {"body"},
    "part": {"raw"},
    "case_file": {"code", "key"},
    "case_state": {"snapshot"},
    "movement": {"code", "key", "snapshot"},
    "audit": {"object"},
    "draft": {"document"},
}
MANY = 1_000
NEVER_CHANGES = frozenset({"links", "logs", "officers", "audit", "searches"})
"""What no message of a run changes for another one: our officers, the other side's log, or only written."""
_CODE, _ID = 14, 36

Written = dict[str, list[Any]]


async def written(agency: Agency, movements: list[MovementCode]) -> Written:
    """Return everything in the store of an agency, by what it is."""
    return _tables(agency.store.snapshot()) | await agency.store.read(
        lambda uow: _opened(uow, agency.world.link, movements)
    )


def _tables(snapshot: bytes) -> Written:
    length = int.from_bytes(snapshot[:_LENGTH_BYTES], "big")
    store = sqlite3.connect(":memory:")
    try:
        store.deserialize(snapshot[_LENGTH_BYTES : _LENGTH_BYTES + length])
        names = [name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {f"table {name}": _rows(store, name) for name in names}
    finally:
        store.close()


def _rows(store: sqlite3.Connection, table: str) -> list[Any]:
    columns = [row[1] for row in store.execute(f"PRAGMA table_info({table})")]
    plain = [name for name in columns if name not in SEALED.get(table, set())]
    return store.execute(f"SELECT {', '.join(plain)} FROM {table}").fetchall()


def _opened(uow: UnitOfWork, link: LinkId, movements: list[MovementCode]) -> Written:
    rows = [row for way in Direction for row in uow.messages.numbers(link, way, 1, MANY)]
    cases = sorted(uow.cases.list(link=link, limit=MANY), key=lambda case: case.code)
    known = [row for code in movements if (row := uow.movements.get(link, code))]
    return {
        "messages": rows,
        "lines": [uow.messages.line(link, row.direction, row.seq) for row in rows],
        "parts": [uow.contents.parts(link, row.direction, row.seq) for row in rows],
        "cases": cases,
        "events": [uow.cases.events(link, case.code) for case in cases],
        "questions": [uow.questions.of_case(link, case.code) for case in cases],
        "movements": known,
        "events of movements": [uow.movements.events(link, row.code) for row in known],
        "persons of movements": [uow.movements.listed(link, row.code) for row in known],
        "audit": uow.audit.list(limit=MANY),
    }


class Watched:
    """A unit of work that remembers what was asked of it."""

    def __init__(self, uow: UnitOfWork, link: LinkId) -> None:
        self._uow, self._link = uow, link
        self.asked: dict[str, set[str]] = defaultdict(set)
        """Codes of cases and movements, numbers of messages, and names, by who was asked."""

    def as_uow(self) -> UnitOfWork:
        return cast(UnitOfWork, self)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._uow, name)
        return found if callable(found) or name in NEVER_CHANGES else _Port(self, name, found)

    def note(self, port: str, method: str, given: tuple[Any, ...]) -> None:
        """Remember what a call names."""
        way = next((one for one in given if isinstance(one, Direction)), None)
        numbers = [one for one in given if isinstance(one, int)]
        if way is not None and len(numbers) == 1:
            row = self._uow.messages.by_seq(self._link, way, numbers[0])
            self.asked[port] |= {row.id} if row else set()
        texts = [one for one in given if isinstance(one, str)]
        rows = [vars(one) for one in given if hasattr(one, "__dataclass_fields__")]
        texts += [str(row[name]) for row in rows for name in ("code", "case", "movement") if row.get(name)]
        known = {one for one in texts if port == "settings" or len(one) in (_CODE, _ID)}
        self.asked[port] |= known - {self._link}

    def beyond(self, document: Document) -> dict[str, set[str]]:
        """Return what was asked beside the cases of a message and the messages that it names."""
        header, uow, link = header_of(document), self._uow, self._link
        cases = set(map(str, cast(list[str], header["case_codes"])))
        named = _numbers_in(document)
        answered = _message(uow, link, str(header.get("in_reply_to", "")))
        if answered is not None:  # whoever answers the same message claims it
            cases |= set(uow.cases.of_message(link, answered.direction, answered.seq))
        found = {
            port: {one for one in asked if one not in cases | named} for port, asked in self.asked.items()
        }
        return {
            port: left
            for port, asked in found.items()
            if (left := {one for one in asked if not self._is_about(one, cases)})
        }

    def _is_about(self, id: str, cases: set[str]) -> bool:
        """Return whether a message is about one of the cases."""
        row = _message(self._uow, self._link, id)
        return row is not None and bool(
            cases.intersection(self._uow.cases.of_message(self._link, row.direction, row.seq))
        )


class _Port:
    def __init__(self, watched: Watched, name: str, real: Any) -> None:
        self._watched, self._name, self._real = watched, name, real

    def __getattr__(self, method: str) -> Callable[..., Any]:
        real = getattr(self._real, method)

        def call(*given: Any, **named: Any) -> Any:
            self._watched.note(self._name, method, (*given, *named.values()))
            return real(*given, **named)

        return call


def _message(uow: UnitOfWork, link: LinkId, id: str) -> Any:
    if len(id) != _ID:
        return None
    found = (uow.messages.by_id(link, way, id) for way in Direction)  # type: ignore[arg-type]
    return next((row for row in found if row is not None), None)


def _numbers_in(value: object) -> set[str]:
    if isinstance(value, str):
        return {value} if len(value) == _ID and value[8] == "-" else set()
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {found for one in inside for found in _numbers_in(one)}
