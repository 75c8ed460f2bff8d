# SPDX-License-Identifier: Apache-2.0
"""The part of the store that casework uses, in dictionaries: for histories too many for a database.

It keeps what it is given and nothing else: no encryption, no order of transactions. `attempt` undoes a
piece of work by going back to copies of the dictionaries, whose rows never change.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from exchange.ids import CaseCode, LinkId, MessageId, MovementCode
from exchange.service.rows import (
    Announced,
    CaseEventRow,
    CaseRow,
    CrossingRow,
    DifferenceRow,
    Direction,
    LinkRow,
    MessageRow,
    MovementEventRow,
    MovementRow,
    Part,
    QuestionRow,
)

T = TypeVar("T")


class PlainStore:
    """Implements what casework needs of `exchange.service.ports.UnitOfWork`, for one link."""

    def __init__(self, link: LinkRow) -> None:
        self.links = PlainLinks(link)
        self.messages = PlainMessages()
        self.contents = PlainContents()
        self.cases = PlainCases()
        self.movements = PlainMovements()
        self.crossings = PlainCrossings()
        self.questions = PlainQuestions()
        self.unopened = PlainUnopened()
        self.settings = PlainSettings()
        self.searches = PlainSearches()
        self.audit = PlainAudit()

    def attempt(self, work: Callable[[], T]) -> T:
        tables = (self.cases, self.movements, self.crossings, self.questions, self.unopened, self.settings)
        kept = [(table, table.copied()) for table in tables]
        try:
            return work()
        except BaseException:
            for table, members in kept:
                vars(table).update(members)
            raise


class _Table:
    def copied(self) -> dict[str, Any]:
        return {name: _copy(members) for name, members in vars(self).items()}


def _copy(members: Any) -> Any:
    if isinstance(members, dict):
        return {key: list(value) if isinstance(value, list) else value for key, value in members.items()}
    return list(members)


class PlainLinks:
    def __init__(self, link: LinkRow) -> None:
        self.row = link

    def get(self, link: LinkId) -> LinkRow:
        return self.row

    def update(self, row: LinkRow) -> None:
        self.row = row


class PlainMessages:
    def __init__(self) -> None:
        self.rows: dict[tuple[Direction, int], MessageRow] = {}
        self.ids: dict[tuple[Direction, str], int] = {}
        self.announcements: dict[int, Announced] = {}

    def add(self, row: MessageRow) -> None:
        self.rows[row.direction, row.seq] = row
        self.ids[row.direction, row.id] = row.seq

    update = add

    def by_seq(self, link: LinkId, direction: Direction, seq: int) -> MessageRow | None:
        return self.rows.get((direction, seq))

    def by_id(self, link: LinkId, direction: Direction, id: MessageId) -> MessageRow | None:
        seq = self.ids.get((direction, id))
        return None if seq is None else self.rows[direction, seq]

    def announce(self, row: Announced) -> None:
        self.announcements[row.seq] = row

    def announced(self, link: LinkId, seq: int) -> Announced | None:
        return self.announcements.get(seq)


class PlainContents:
    def __init__(self) -> None:
        self.kept: dict[tuple[Direction, int], list[Part]] = {}

    def add(self, link: LinkId, direction: Direction, seq: int, parts: Iterable[Part]) -> None:
        self.kept[direction, seq] = list(parts)

    def parts(self, link: LinkId, direction: Direction, seq: int) -> list[Part]:
        return self.kept.get((direction, seq), [])


class PlainCases(_Table):
    def __init__(self) -> None:
        self.rows: dict[str, CaseRow] = {}
        self.learned: dict[str, list[CaseEventRow]] = {}
        self.named: dict[tuple[Direction, int], list[CaseCode]] = {}

    def get(self, link: LinkId, code: CaseCode) -> CaseRow | None:
        return self.rows.get(code)

    def add(self, row: CaseRow) -> None:
        self.rows[row.code] = row

    update = add

    def page(self, link: LinkId, *, after: int = 0, limit: int = 100) -> tuple[list[CaseCode], int]:
        codes = [CaseCode(code) for code in self.rows][after : after + limit]
        return codes, after + limit if len(codes) == limit else 0

    def add_event(self, row: CaseEventRow) -> None:
        self.learned.setdefault(row.case, []).append(row)
        named = self.named.setdefault((row.direction, row.seq), [])
        if row.case not in named:
            named.append(row.case)

    def events(self, link: LinkId, code: CaseCode) -> list[CaseEventRow]:
        return self.learned.get(code, [])

    def of_message(self, link: LinkId, direction: Direction, seq: int) -> list[CaseCode]:
        return self.named.get((direction, seq), [])

    def read_ahead(self, link: LinkId, direction: Direction, seqs: Collection[int]) -> None:
        """Everything is at hand."""


class PlainMovements(_Table):
    def __init__(self) -> None:
        self.rows: dict[str, MovementRow] = {}
        self.learned: list[MovementEventRow] = []
        self.cases: dict[str, list[CaseCode]] = {}

    def get(self, link: LinkId, code: MovementCode) -> MovementRow | None:
        return self.rows.get(code)

    def add(self, row: MovementRow) -> None:
        self.rows[row.code] = row

    update = add

    def add_event(self, row: MovementEventRow) -> None:
        self.learned.append(row)

    def of_message(self, link: LinkId, direction: Direction, seq: int) -> MovementCode | None:
        found = (row.movement for row in self.learned if (row.direction, row.seq) == (direction, seq))
        return next(found, None)

    def enlist(self, link: LinkId, code: MovementCode, cases: Iterable[CaseCode]) -> list[CaseCode]:
        known = self.cases.setdefault(code, [])
        new = [case for case in cases if case not in known]
        known.extend(new)
        return new

    def listed(self, link: LinkId, code: MovementCode) -> list[CaseCode]:
        return self.cases.get(code, [])


class PlainCrossings(_Table):
    def __init__(self) -> None:
        self.rows: list[CrossingRow] = []

    def add(self, row: CrossingRow) -> None:
        self.rows.append(row)

    def of(self, link: LinkId, checkpoint: str) -> list[CrossingRow]:
        return sorted((row for row in self.rows if row.checkpoint == checkpoint), key=lambda row: row.seq)


class PlainUnopened(_Table):
    def __init__(self) -> None:
        self.stops: dict[MessageId, bool] = {}

    def add(self, row: MessageRow, *, stop: bool) -> None:
        self.stops.setdefault(row.id, stop)

    def drop(self, row: MessageRow) -> None:
        self.stops.pop(row.id, None)


class PlainSettings(_Table):
    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    def put(self, name: str, value: str) -> None:
        self.values[name] = value


class PlainQuestions(_Table):
    def __init__(self) -> None:
        self.rows: dict[tuple[Direction, int, CaseCode | None], QuestionRow] = {}

    def put(self, row: QuestionRow) -> None:
        self.rows[row.direction, row.seq, row.case] = row

    def take_effect(self, link: LinkId, direction: Direction, seq: int) -> None:
        for row in self.of_message(link, direction, seq):
            self.put(replace(row, effective=True))

    def drop(self, row: QuestionRow) -> None:
        del self.rows[row.direction, row.seq, row.case]

    def decide(self, link: LinkId, seq: int, *, accepted: bool) -> None:
        for row in self.of_message(link, Direction.OUT, seq):
            if accepted:
                self.put(replace(row, effective=True))
            else:
                self.drop(row)

    def of_message(self, link: LinkId, direction: Direction, seq: int) -> list[QuestionRow]:
        return [row for row in self.rows.values() if (row.direction, row.seq) == (direction, seq)]

    def of_case(self, link: LinkId, code: CaseCode) -> list[QuestionRow]:
        return [row for row in self.rows.values() if row.case == code]

    def of_reply(self, link: LinkId, seq: int) -> list[QuestionRow]:
        return [row for row in self.rows.values() if row.reply == seq]


class PlainSearches:
    """Nobody searches in a history."""

    def index(self, link: LinkId, code: CaseCode, keys: Iterable[str]) -> None: ...


class PlainAudit:
    def __init__(self) -> None:
        self.differences: list[DifferenceRow] = []

    def keep(self, row: DifferenceRow) -> bool:
        self.differences.append(row)
        return False
