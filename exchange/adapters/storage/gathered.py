# SPDX-License-Identifier: Apache-2.0
"""Statements that wait inside a transaction, so that those of many messages run as one.

A message leaves a row in ten tables. Each of these statements is prepared, bound and run by itself in some
20 µs; for all messages of a group together it is one call for each table. The rules:

1. Only statements of `LATER` wait: those that a guard of the tables cannot refuse, because whoever asks for
   them has read in the same transaction what the guard demands. If one fails all the same, the store counts
   as failed: nobody could say whose unit it was.
2. Nobody reads past them. Before any other statement runs that touches what a waiting one writes, all that
   wait are run. What a statement touches is read from its text, with views, triggers and the tables that its
   rows refer to.
3. They belong to the savepoint in which they were asked for: `undo` takes them back with it, and makes those
   wait again that were run inside of it.
4. Before the commit all are run.
5. All of one name run at once, in the order they were asked for; names run in the order of `LATER`.

Of the statements in `LAST_COUNTS` about one row only the last is run.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

Values = Mapping[str, object]

LATER: Final = (
    "announced_add", "message_add", "message_update", "outbox_set", "line_add", "salt_add", "case_file_add",
    "part_add", "case_add", "case_update", "case_event_add", "case_token_add", "question_put",
    "question_take_effect", "unopened_add", "leaf_add", "log_advance", "link_step", "audit_add",
)  # fmt: skip
"""Statements that may wait, in the order in which they are run: no row before one that it refers to."""
LAST_COUNTS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "link_step": ("link", ()),
    "outbox_set": ("link", ()),
    "log_advance": ("log", ("size", "peaks")),
}
"""What names the row of a statement, and the values that the first of them gives."""

_WORD = re.compile(r"[a-z_]+")
_WRITTEN = re.compile(r"(?:INSERT(?: OR [A-Z]+)? INTO|UPDATE(?: OR [A-Z]+)?|DELETE FROM) ([a-z_]+)")
_SET = re.compile(r"UPDATE [a-z_]+\s+SET\s+(.*?)(?:\sWHERE|$)", re.DOTALL)
_COLUMN = re.compile(r"([a-z_]+) = ")
_REFERENCE = re.compile(r"REFERENCES ([a-z_]+)")
_TRIGGER = re.compile(r"\s(INSERT|UPDATE|DELETE)\s(?:OF\s[a-z_,\s]+\s)?ON\s")


@dataclass(frozen=True)
class _Trigger:
    kind: str
    text: str
    """Its condition and its statements."""


class Reach:
    """What statements read and write, by the schema of a store."""

    def __init__(self, schema: Sequence[tuple[str, str, str, str]], queries: Mapping[str, str]) -> None:
        """`schema`: type, name, table and text of everything in it."""
        self._queries = queries
        self._tables = {name for type, name, _, _ in schema if type == "table"}
        self._views = {name: sql for type, name, _, sql in schema if type == "view"}
        self._referred = {name: _REFERENCE.findall(sql) for type, name, _, sql in schema if type == "table"}
        self._triggers: dict[str, list[_Trigger]] = {}
        for type, _, table, sql in schema:
            if type == "trigger":
                _, kind, text = _TRIGGER.split(sql, maxsplit=1)
                self._triggers.setdefault(table, []).append(_Trigger(kind, text))
        self._touched: dict[str, frozenset[str]] = {}

    @cached_property
    def _writes(self) -> dict[str, dict[str, frozenset[str]]]:
        """Columns of tables that each waiting statement writes; none named stands for all."""
        return {name: self._written(self._queries[name]) for name in LATER if name in self._queries}

    def touched_by(self, name: str) -> frozenset[str]:
        """Return the waiting statements whose rows a statement may see or change."""
        known = self._touched.get(name)
        if known is None:
            words = self._words(self._queries[name])
            found = (later for later, tables in self._writes.items() if _meets(words, tables))
            known = self._touched[name] = frozenset(found)
        return known

    def _words(self, sql: str) -> frozenset[str]:
        """Return every name in a statement, in the views it reads and the triggers it sets off."""
        texts = [sql, *(trigger.text for trigger in self._set_off(sql))]
        words = {word for text in texts for word in _WORD.findall(text)}
        for table in self._tables.intersection(word for text in texts for word in _WRITTEN.findall(text)):
            words.update(self._referred[table])
        words |= {word for view in words & self._views.keys() for word in _WORD.findall(self._views[view])}
        return frozenset(words | {"*"} if "*" in sql else words)

    def _written(self, sql: str) -> dict[str, frozenset[str]]:
        named = _SET.match(sql)
        columns = frozenset(_COLUMN.findall(named[1])) if named else frozenset()
        written = dict.fromkeys(self._tables.intersection(_WRITTEN.findall(sql)), columns)
        for trigger in self._set_off(sql):
            for table in self._tables.intersection(_WRITTEN.findall(trigger.text)):
                written[table] = frozenset()
        return written

    def _set_off(self, sql: str) -> list[_Trigger]:
        """Return the triggers that a statement sets off, and those that they set off."""
        found: list[_Trigger] = []
        texts = [sql]
        for text in texts:
            tables = self._tables.intersection(_WRITTEN.findall(text))
            one = [each for table in tables for each in self._triggers.get(table, ()) if each.kind in text]
            new = [each for each in one if each not in found]
            found += new
            texts += [each.text for each in new]
        return found


def _meets(words: frozenset[str], tables: Mapping[str, frozenset[str]]) -> bool:
    return any(
        table in words and (not columns or "*" in words or columns & words)
        for table, columns in tables.items()
    )


@dataclass(frozen=True)
class Mark:
    """How much waited, and how much of it was run, when a savepoint began."""

    asked: int
    run: int


class Gathered:
    """The statements of one transaction that wait; `run` runs one statement for many rows."""

    def __init__(self, reach: Callable[[], Reach], run: Callable[[str, Sequence[Values]], None]) -> None:
        self._make_reach = reach
        self._run = run
        self._asked: list[tuple[str, Values]] = []
        self._done = 0
        self._waiting: set[str] = set()

    @cached_property
    def _reach(self) -> Reach:
        return self._make_reach()

    def add(self, name: str, values: Values) -> None:
        self._asked.append((name, values))
        self._waiting.add(name)

    def give_way(self, name: str) -> None:
        """Run what waits if this statement may see or change it; called before any other runs."""
        if self._waiting and not self._waiting.isdisjoint(self._reach.touched_by(name)):
            self.run_all()

    def run_all(self) -> None:
        """Run everything that waits."""
        rows: dict[str, list[Values]] = {}
        for name, values in self._asked[self._done :]:
            rows.setdefault(name, []).append(values)
        self._done = len(self._asked)
        self._waiting.clear()
        for name in LATER:
            if name in rows:
                self._run(name, _last_of_each(name, rows[name]))

    def mark(self) -> Mark:
        return Mark(len(self._asked), self._done)

    def undo(self, mark: Mark) -> None:
        """Forget what was asked for since `mark`; what was run since then waits again."""
        del self._asked[mark.asked :]
        self._done = min(self._done, mark.run)
        self._waiting = {name for name, _ in self._asked[self._done :]}

    def end(self) -> None:
        """Forget everything, at the end of the transaction."""
        self.undo(Mark(0, 0))


def _last_of_each(name: str, rows: list[Values]) -> list[Values]:
    """Return the rows to run; of those about one row of a table the last, on what the first found."""
    if name not in LAST_COUNTS:
        return rows
    key, found = LAST_COUNTS[name]
    first: dict[object, Values] = {}
    last: dict[object, Values] = {}
    for values in rows:
        first.setdefault(values[key], values)
        last[values[key]] = values
    return [{**values, **{each: first[at][each] for each in found}} for at, values in last.items()]
