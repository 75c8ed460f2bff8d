# SPDX-License-Identifier: Apache-2.0
"""Open questions in SQL: a narrow table that holds what is open and nothing else.

The code of a case stays sealed; a question names the case file.
"""

import builtins

from exchange.adapters.storage.cases import CaseFiles
from exchange.adapters.storage.database import Database, Row, Values
from exchange.adapters.storage.links import LinkNumbers
from exchange.ids import CaseCode, LinkId
from exchange.service.rows import Direction, QuestionRow

_NO_CASE = 0


class SqlQuestions:
    def __init__(self, database: Database, numbers: LinkNumbers, files: CaseFiles) -> None:
        self._database = database
        self._numbers = numbers
        self._files = files

    def put(self, row: QuestionRow) -> None:
        file = _NO_CASE if row.case is None else self._files.need(row.link, row.case).no
        changing = {"type": row.type, "urgency": row.urgency, "effective": row.effective, "reply": row.reply}
        self._database.add("question_put", self._place(row) | {"case_file": file} | changing)

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

    def messages(
        self, link: LinkId, *, after: tuple[str, int] = ("", 0), limit: int = 100
    ) -> builtins.list[tuple[Direction, int]]:
        values = {
            "link": self._numbers.find(link),
            "direction": after[0],
            "seq": after[1],
            "limit": limit,
        }
        return [(Direction(row[0]), row[1]) for row in self._database.all("question_messages", values)]

    def _place(self, row: QuestionRow) -> dict[str, object]:
        return {"link": self._numbers.of(row.link), "direction": row.direction, "seq": row.seq}

    def _rows(self, name: str, values: Values) -> builtins.list[QuestionRow]:
        return [self._row(row) for row in self._database.all(name, values)]

    def _row(self, row: Row) -> QuestionRow:
        link, direction, seq, file, key, code, type, urgency, effective, reply = row
        case = None if file == _NO_CASE else self._files.code(file, key, code)
        return QuestionRow(link, Direction(direction), seq, case, type, urgency, bool(effective), reply)
