# SPDX-License-Identifier: Apache-2.0
"""Named differences and statements in SQL. They hold nothing of a person, so nothing of them is sealed."""

import builtins
import json

from exchange.adapters.storage.columns import (
    from_digest,
    from_instant,
    from_instant_or_none,
    from_message_id,
    to_digest,
    to_instant,
    to_instant_or_none,
    to_message_id,
)
from exchange.adapters.storage.database import Database, Row, Values
from exchange.adapters.storage.links import LinkNumbers
from exchange.adapters.storage.messages import SqlMessages
from exchange.errors import StoreError
from exchange.ids import AgencyCode, Digest, LinkId, MessageId
from exchange.ledger.differences import Difference, DifferenceKind, LeafRef
from exchange.service.rows import (
    DifferenceState,
    Direction,
    MessageRow,
    MessageState,
    NamedDifference,
    StatementRow,
)

_BETWEEN = " "
"""Stands between officer numbers, and between pointers into a statement; neither holds a space."""
_DAY_LENGTH, _MONTH_LENGTH = len("2027-10-04"), len("2027-10")


class SqlDifferences:
    def __init__(self, database: Database, numbers: LinkNumbers) -> None:
        self._database = database
        self._numbers = numbers

    def add(self, row: NamedDifference) -> None:
        self._database.add("named_difference_add", self._values(row))

    def change(self, row: NamedDifference) -> None:
        if not self._database.run("named_difference_change", self._values(row)):
            raise StoreError(f"difference {row.no} is not in the store")

    def get(self, link: LinkId, no: int) -> NamedDifference | None:
        return self._one(link, "named_difference_get", {"no": no})

    def of_key(self, link: LinkId, key: str) -> NamedDifference | None:
        return self._one(link, "named_difference_of_key", {"key": key})

    def of_notice(self, link: LinkId, message: MessageId) -> NamedDifference | None:
        return self._one(link, "named_difference_of_notice", {"message": from_message_id(message)})

    def of_digest(self, link: LinkId, dg: Digest) -> NamedDifference | None:
        return self._one(link, "named_difference_of_digest", {"dg": from_digest(dg)})

    def live(self, link: LinkId, *, after: int = 0, limit: int = 100) -> list[NamedDifference]:
        return self._all(link, "named_difference_live", {"after": after, "limit": limit})

    def list(self, link: LinkId, *, limit: int = 100) -> builtins.list[NamedDifference]:
        return self._all(link, "named_difference_all", {"limit": limit})

    def offered(self, link: LinkId, *, limit: int = 100) -> builtins.list[NamedDifference]:
        return self._all(link, "named_difference_offered", {"limit": limit})

    def last(self, link: LinkId) -> tuple[int, int]:
        row = self._database.one("named_difference_last", {"link": self._numbers.find(link)})
        return (row[0], row[1] or 0) if row else (0, 0)

    def held_states(
        self, link: LinkId, direction: Direction, start: int, limit: int
    ) -> builtins.list[tuple[int, MessageState, int]]:
        values = {"link": self._numbers.find(link), "direction": direction, "start": start, "limit": limit}
        rows = self._database.all("message_states", values)
        return [(seq, MessageState(state), index) for seq, state, index in rows]

    def _values(self, row: NamedDifference) -> dict[str, object]:
        found = row.found
        return {
            "link": self._numbers.of(row.link),
            "no": row.no,
            "key": found.key,
            "kind": found.kind.value,
            "reason": found.reason,
            "sender": found.sender,
            "number": found.number,
            "last_number": found.last_number,
            "leaves": json.dumps([[leaf.by, leaf.index, leaf.digest] for leaf in found.leaves]),
            "acts_first": found.acts_first,
            "found_at": from_instant(row.found_at),
            "state": row.state.value,
            "changed_at": from_instant(row.changed_at),
            **{name: _id_bytes(getattr(row, name)) for name in ("told", "heard", "ours", "theirs")},
            "told_dg": from_digest(row.told_dg) if row.told_dg else None,
            "heard_dg": from_digest(row.heard_dg) if row.heard_dg else None,
            "heard_no": row.heard_no,
            "accepted_by": _BETWEEN.join(row.accepted_by),
            "we_settled": row.we_settled,
            "they_settled": row.they_settled,
            "offered_by": row.offered_by,
            "offered_text": row.offered_text,
        }

    def _one(self, link: LinkId, name: str, values: Values) -> NamedDifference | None:
        row = self._database.one(name, {"link": self._numbers.find(link), **values})
        return None if row is None else _named(link, row)

    def _all(self, link: LinkId, name: str, values: Values) -> builtins.list[NamedDifference]:
        rows = self._database.all(name, {"link": self._numbers.find(link), **values})
        return [_named(link, row) for row in rows]


class SqlStatements:
    def __init__(self, database: Database, numbers: LinkNumbers, messages: SqlMessages) -> None:
        self._database = database
        self._numbers = numbers
        self._messages = messages

    def add(self, row: StatementRow) -> None:
        self._database.add("statement_add", self._values(row))

    def answer(self, row: StatementRow) -> None:
        if not self._database.run("statement_answer", self._values(row)):
            raise StoreError(f"statement {row.no} is not in the store")

    def get(self, link: LinkId, *, is_own: bool, no: int) -> StatementRow | None:
        values = {"link": self._numbers.find(link), "maker": _maker(is_own), "no": no}
        row = self._database.one("statement_get", values)
        return None if row is None else _statement(link, row)

    def unanswered(self, link: LinkId, *, is_own: bool) -> list[StatementRow]:
        values = {"link": self._numbers.find(link), "maker": _maker(is_own)}
        return [_statement(link, row) for row in self._database.all("statement_unanswered", values)]

    def list(self, link: LinkId, *, limit: int = 100) -> builtins.list[StatementRow]:
        values = {"link": self._numbers.find(link), "limit": limit}
        return [_statement(link, row) for row in self._database.all("statement_list", values)]

    def last(self, link: LinkId, *, is_own: bool, monthly: bool) -> StatementRow | None:
        length = _MONTH_LENGTH if monthly else _DAY_LENGTH
        values = {"link": self._numbers.find(link), "maker": _maker(is_own), "length": length}
        row = self._database.one("statement_last", values)
        return None if row is None else _statement(link, row)

    def messages(
        self, link: LinkId, direction: Direction, type_code: str, *, limit: int
    ) -> builtins.list[MessageRow]:
        return self._messages.of_ledger(link, direction, type_code, limit=limit)

    def _values(self, row: StatementRow) -> dict[str, object]:
        return {
            "link": self._numbers.of(row.link),
            "maker": _maker(row.is_own),
            "no": row.no,
            "period": row.period,
            "dg": from_digest(row.dg),
            "leaf_index": row.leaf_index,
            "made_at": from_instant(row.made_at),
            "answer": row.answer,
            "answered_at": from_instant_or_none(row.answered_at),
            "answered_by": row.answered_by,
            "findings": _BETWEEN.join(row.findings),
        }


def _maker(is_own: bool) -> str:
    return "own" if is_own else "partner"


def _id_bytes(id: MessageId | None) -> bytes | None:
    return from_message_id(id) if id else None


def _id(raw: bytes | None) -> MessageId | None:
    return to_message_id(raw) if raw else None


def _digest(raw: bytes | None) -> Digest | None:
    return to_digest(raw) if raw else None


def _named(link: LinkId, row: Row) -> NamedDifference:
    (
        _, no, _, kind, reason, sender, number, last_number, leaves, acts_first, found_at, state, changed_at,
        told, told_dg, heard, heard_dg, heard_no, ours, theirs, accepted_by, we_settled, they_settled,
        offered_by, offered_text,
    ) = row  # fmt: skip
    found = Difference(
        kind=DifferenceKind(kind),
        leaves=tuple(LeafRef(AgencyCode(by), index, Digest(dg)) for by, index, dg in json.loads(leaves)),
        acts_first=acts_first,
        sender=AgencyCode(sender) if sender else None,
        number=number,
        last_number=last_number,
        reason=reason,
    )
    return NamedDifference(
        link=link,
        no=no,
        found=found,
        found_at=to_instant(found_at),
        state=DifferenceState(state),
        changed_at=to_instant(changed_at),
        told=_id(told),
        told_dg=_digest(told_dg),
        heard=_id(heard),
        heard_dg=_digest(heard_dg),
        heard_no=heard_no,
        ours=_id(ours),
        theirs=_id(theirs),
        accepted_by=tuple(accepted_by.split(_BETWEEN)) if accepted_by else (),
        we_settled=bool(we_settled),
        they_settled=bool(they_settled),
        offered_by=offered_by,
        offered_text=offered_text,
    )


def _statement(link: LinkId, row: Row) -> StatementRow:
    _, maker, no, period, dg, leaf_index, made_at, answer, answered_at, answered_by, findings = row
    return StatementRow(
        link=link,
        is_own=maker == "own",
        no=no,
        period=period,
        dg=to_digest(dg),
        leaf_index=leaf_index,
        made_at=to_instant(made_at),
        answer=answer,
        answered_at=to_instant_or_none(answered_at),
        answered_by=answered_by,
        findings=tuple(findings.split(_BETWEEN)) if findings else (),
    )
