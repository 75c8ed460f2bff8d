# SPDX-License-Identifier: Apache-2.0
"""Keeps which messages wait for an answer, so that nobody has to search for them.

A message asks if its type expects a reply (`expected_reply` of `message-types`). One question is kept for
each case it names, or one without a case. Its life, in the transaction of the message:

    author     our message asks: kept, not yet effective. Our answer: its questions wait for the verdict
    take       an accepted message asks: kept, effective. As an answer: its questions go
    settle     the verdict on our message: effective, or gone; the answered questions go, or are open again

An answer closes the question it names in `in_reply_to`; one that names none closes every question of its
cases that expects its type, for example the departure that waits for the record. A message that answers
its own kind (the countersigned record) asks nothing.

Nothing here ends by time, and nothing here sets a state of a case. When an answer is due is computed
when somebody looks (`due`).
"""

from collections.abc import Sequence
from dataclasses import replace

from exchange.ids import CaseCode
from exchange.messages.catalog import message_types
from exchange.service.ports import UnitOfWork
from exchange.service.rows import Direction, MessageRow, QuestionRow


def author(uow: UnitOfWork, row: MessageRow, cases: Sequence[CaseCode], *, urgency: str) -> None:
    """Note what our own message about `cases` asks and answers, until its verdict is known."""
    for question in _answered(uow, row, cases):
        uow.questions.put(replace(question, reply=row.seq))
    _ask(uow, row, cases, urgency, effective=False)


def take(uow: UnitOfWork, row: MessageRow, cases: Sequence[CaseCode], *, urgency: str) -> None:
    """Note what an accepted message asks and answers, usually one of the partner."""
    for question in _answered(uow, row, cases):
        uow.questions.drop(question)
    _ask(uow, row, cases, urgency, effective=True)


def settle(uow: UnitOfWork, row: MessageRow, *, accepted: bool) -> None:
    """Note the final verdict on our own message."""
    if asks(row) and accepted:
        uow.questions.take_effect(row.link, Direction.OUT, row.seq)
    elif asks(row):
        for question in uow.questions.of_message(row.link, Direction.OUT, row.seq):
            uow.questions.drop(question)
    if row.type not in _REPLIES:
        return
    for question in uow.questions.of_reply(row.link, row.seq):
        if accepted:
            uow.questions.drop(question)
        else:
            uow.questions.put(replace(question, reply=None))


def asks(row: MessageRow) -> bool:
    """Return whether a message of this type waits for an answer."""
    entry = message_types().get(row.type)
    if entry is None or not entry.replies:
        return False
    return not (row.type in entry.replies and row.in_reply_to is not None)


def _ask(
    uow: UnitOfWork, row: MessageRow, cases: Sequence[CaseCode], urgency: str, *, effective: bool
) -> None:
    if not asks(row):
        return
    for case in cases or (None,):
        uow.questions.put(
            QuestionRow(row.link, row.direction, row.seq, case, row.type, urgency, effective=effective)
        )


def _answered(uow: UnitOfWork, row: MessageRow, cases: Sequence[CaseCode]) -> list[QuestionRow]:
    """Return the open questions that a message answers."""
    if row.type not in _REPLIES:
        return []
    if row.in_reply_to is not None:
        named = _questions_of(uow, row)
        return [one for one in named if one.case is None or not cases or one.case in cases]
    found = [question for case in cases for question in uow.questions.of_case(row.link, case)]
    return [one for one in found if row.type in message_types()[one.type].replies]


def _questions_of(uow: UnitOfWork, row: MessageRow) -> list[QuestionRow]:
    """Return the open questions of the message that `row` names as answered, if it expects such a reply."""
    other = Direction.IN if row.direction is Direction.OUT else Direction.OUT
    for direction in (other, row.direction):
        target = row.in_reply_to and uow.messages.by_id(row.link, direction, row.in_reply_to)
        if target:
            found = uow.questions.of_message(row.link, direction, target.seq)
            return [one for one in found if row.type in message_types()[one.type].replies]
    return []


_REPLIES = frozenset(reply for entry in message_types().values() for reply in entry.replies)
