# SPDX-License-Identifier: Apache-2.0
"""Open questions in SQL: a narrow table that holds what is open and nothing else, with the kept ends.

The code of a case stays sealed; a question names the case file. Triggers mark a kept end as stale in the
transaction that changes what it follows from (migration 0012), and count tasks in the transaction that keeps
an end or lets a question go (migration 0022).
"""

import builtins
from collections.abc import Sequence
from datetime import UTC, date, datetime

from exchange.adapters.storage.cases import CaseFile, CaseFiles
from exchange.adapters.storage.columns import (
    from_instant,
    to_instant,
    to_instant_or_none,
    to_message_id,
)
from exchange.adapters.storage.database import Database, Row, Values
from exchange.adapters.storage.links import LinkNumbers
from exchange.cases.deadlines import Due
from exchange.ids import CaseCode, LinkId
from exchange.service.open_questions import BEGIN, EndRow, Place, StaleRow, TaskCount, TaskRow
from exchange.service.rows import Direction, QuestionRow

_NO_CASE = 0
_NO_END = from_instant(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
"""Stands for no end; it sorts behind every other."""
_QUESTION = ("link", "direction", "seq", "case_file")
_TASK = ("until", "seq", "link", "direction", "answering", "held", "began")
_BEFORE_ALL = {"link": 0, "direction": "", "seq": 0, "case_file": -1}


class SqlQuestions:
    def __init__(self, database: Database, numbers: LinkNumbers, files: CaseFiles) -> None:
        self._database = database
        self._numbers = numbers
        self._files = files

    def put(self, row: QuestionRow) -> None:
        file = _NO_CASE if row.case is None else self._files.need(row.link, row.case).no
        changing = {"type": row.type, "urgency": row.urgency, "effective": row.effective, "reply": row.reply}
        self._database.later("question_put", self._place(row) | {"case_file": file} | changing)

    def take_effect(self, link: LinkId, direction: Direction, seq: int) -> None:
        values = {"link": self._numbers.of(link), "direction": direction, "seq": seq}
        self._database.later("question_take_effect", values)

    def drop(self, row: QuestionRow) -> None:
        file = None if row.case is None else self._files.find(row.link, row.case)
        if row.case is None or file is not None:
            values = self._place(row) | {"case_file": file.no if file else _NO_CASE}
            self._database.run("question_drop", values)

    def of_message(self, link: LinkId, direction: Direction, seq: int) -> builtins.list[QuestionRow]:
        values = {"link": self._numbers.find(link), "direction": direction, "seq": seq}
        return self._rows("question_of_message", values)

    def of_case(self, link: LinkId, code: CaseCode) -> builtins.list[QuestionRow]:
        file = self._files.find(link, code)
        return [] if file is None else self._rows("question_of_case", {"case_file": file.no})

    def of_reply(self, link: LinkId, seq: int) -> builtins.list[QuestionRow]:
        return self._rows("question_of_reply", {"link": self._numbers.find(link), "reply": seq})

    def stale(self, *, after: Place = BEGIN, limit: int = 100) -> tuple[builtins.list[StaleRow], Place]:
        rows = self._database.all("question_stale", _after_question(after) | {"limit": limit})
        found = [_stale(row) for row in rows]
        return found, found[-1].place if len(found) == limit else BEGIN

    def case_of(self, row: StaleRow) -> CaseCode | None:
        found = self._database.one("question_case", {"case_file": row.place[-1]})
        code = self._files.code(*found) if found else None
        if found and code is not None:
            self._files.remember(row.link, code, CaseFile(found[0], found[1]))
        return code

    def keep_ends(self, rows: Sequence[EndRow]) -> None:
        self._database.many("question_keep_end", [_end(row) for row in rows])

    def mark_stale(self, *, after: Place = BEGIN, limit: int = 100) -> Place:
        values = _after_question(after)
        last = self._database.one("question_page_end", values | {"limit": limit - 1})
        names = ("end_link", "end_direction", "end_seq", "end_file")
        end: Values = dict(zip(names, last or (None,) * len(names), strict=True))
        self._database.run("question_page_stale", values | dict(end))
        return tuple(last) if last else BEGIN

    def tasks(
        self,
        *,
        after: Place = BEGIN,
        limit: int = 100,
        late_at: datetime | None = None,
        direction: Direction | None = None,
    ) -> tuple[builtins.list[TaskRow], Place]:
        until = _NO_END if late_at is None else from_instant(late_at)
        values = _task_place("after", after) | {"limit": limit, "until_at": until, "over_at": until}
        values |= {"direction": direction}
        rows = self._database.all("task_page", values)
        place = tuple(rows[-1][:7]) if len(rows) == limit else BEGIN
        return [_task(row) for row in rows], place

    def tasks_of(self, link: LinkId, direction: Direction, seq: int) -> builtins.list[TaskRow]:
        values = {"link": self._numbers.find(link), "direction": direction, "seq": seq}
        return [_task(row) for row in self._database.all("task_of_message", values)]

    def count_tasks(self, now: datetime) -> builtins.list[TaskCount]:
        rows = self._database.all("task_count", {"now": from_instant(now)})
        return [TaskCount(row[0], Direction(row[1]), bool(row[2]), row[3], row[4]) for row in rows]

    def late_types(self, link: LinkId, now: datetime) -> dict[str, int]:
        values = {"now": from_instant(now), "link": self._numbers.find(link)}
        return dict(self._database.all("task_late_types", values))

    def cases_of(self, task: TaskRow) -> builtins.list[CaseCode]:
        values = {
            "link": self._numbers.find(task.link),
            "direction": task.direction,
            "seq": task.seq,
            "until_at": from_instant(task.due.at) if task.due else _NO_END,
            "answering": task.answering,
            "held": task.held,
            "began_at": from_instant(task.due.began_at) if task.due else 0,
        }
        codes = (self._files.code(*row) for row in self._database.all("task_cases", values))
        return [code for code in codes if code is not None]

    def reminders_of(self, link: LinkId, direction: Direction, seq: int) -> builtins.list[int]:
        values = {"link": self._numbers.find(link), "direction": direction, "seq": seq}
        return [row[0] for row in self._database.all("task_reminders", values)]

    def _place(self, row: QuestionRow) -> dict[str, object]:
        return {"link": self._numbers.of(row.link), "direction": row.direction, "seq": row.seq}

    def _rows(self, name: str, values: Values) -> builtins.list[QuestionRow]:
        return [self._row(row) for row in self._database.all(name, values)]

    def _row(self, row: Row) -> QuestionRow:
        link, direction, seq, file, key, code, type, urgency, effective, reply = row
        case = None if file == _NO_CASE else self._files.code(file, key, code)
        if case is not None:
            self._files.remember(link, case, CaseFile(file, key))
        return QuestionRow(link, Direction(direction), seq, case, type, urgency, bool(effective), reply)


def _after_question(after: Place) -> dict[str, object]:
    """Return the values of a place among the questions; an empty one is before all."""
    return dict(zip(_QUESTION, after, strict=True)) if after else dict(_BEFORE_ALL)


def _stale(row: Row) -> StaleRow:
    number, direction, seq, file, link, type, urgency, effective, answering = row[:9]
    message, agreement, known, verdict, state, states, is_latest = row[9:]
    return StaleRow(
        place=(number, direction, seq, file),
        link=link,
        direction=Direction(direction),
        seq=seq,
        type=type,
        urgency=urgency,
        effective=bool(effective),
        answering=bool(answering),
        message=None if message is None else to_message_id(message),
        agreement_n=agreement or 0,
        known_at=to_instant_or_none(known),
        verdict=verdict or b"",
        of_case=file != _NO_CASE,
        state=state or "",
        states=frozenset(states.split(",") if states else ()),
        is_latest=bool(is_latest),
    )


def _end(row: EndRow) -> Values:
    due, place = row.due, dict[str, object](zip(_QUESTION, row.question.place, strict=True))
    return place | {
        "awaited": row.awaited,
        "answering": row.question.answering,
        "held": row.held,
        "until_at": from_instant(due.at) if due else _NO_END,
        "began_at": from_instant(due.began_at) if due else 0,
        "today_at": from_instant(due.today_at) if due else 0,
        "over_at": from_instant(due.over_at) if due else _NO_END,
        "last_on": due.on.isoformat() if due else "",
    }


def _task_place(name: str, place: Place) -> dict[str, object]:
    """Return the values of a place among the tasks; an empty one is before all."""
    values = place or (0, 0, 0, "", 0, 0, 0)
    return {f"{name}_{member}": value for member, value in zip(_TASK, values, strict=True)}


def _task(row: Row) -> TaskRow:
    until, seq, _, direction, answering, held, began, link, today, over, last_on, type, urgency = row
    due = None
    if until != _NO_END:
        instants = (to_instant(until), to_instant(today), to_instant(over), to_instant(began))
        due = Due(date.fromisoformat(last_on), *instants)
    return TaskRow(link, Direction(direction), seq, type, urgency, due, bool(held), bool(answering))
