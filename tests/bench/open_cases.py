# SPDX-License-Identifier: Apache-2.0
"""What is due with many open cases: the worklist of an office whose partner sent thousands of notices.

The rows are those that the product keeps for an accepted notice about one new person (message, line, leaf,
case, event, question), written by the product's own store without the work of receiving each.

Measured: deciding all ends once, as after a restored backup or a new calendar; then, as an officer meets
it, how many tasks there are and the first page of them, and a page in the middle.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

from exchange.cases.calendars import NOTHING_ANNOUNCED
from exchange.cases.chronicle import case_rules, new_chronicle
from exchange.cases.stored import case_bytes
from exchange.ids import CaseCode, Digest, b64url, new_case_code, new_message_id
from exchange.ledger.entries import Entry, rcvd
from exchange.service import logbook
from exchange.service.deadlines import settle_ends
from exchange.service.due import count_work, work_page
from exchange.service.pairing import Pairing, pairing_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import CaseEventRow, CaseRow, Direction, MessageRow, MessageState, QuestionRow
from tests.bench.office import Office, office

T = TypeVar("T")

STATE: Final = "notice_pending"
AT_ONCE: Final = 1_000
"""Notices kept in one commit; with 200 the flushes of the disk took most of the time."""
SHOWN: Final = 100
"""Tasks on a page."""
REPEATS: Final = 5


@dataclass(frozen=True)
class OpenCases:
    """What a worklist takes, in milliseconds unless named otherwise."""

    cases: int
    messages: int
    settle_s: float
    count_ms: float
    first_page_ms: float
    later_page_ms: float

    @property
    def due_ms(self) -> float:
        """What an officer waits for: how many there are, and the first page."""
        return self.count_ms + self.first_page_ms


async def measure_due(folder: Path, cases: int, *, answered: int = 0) -> OpenCases:
    """Return what the worklist takes with so many open cases, and so many messages that were answered."""
    async with office(folder) as here:
        await fill(here, answered, opened=False)
        await fill(here, cases, opened=True)
        began_s = time.monotonic()
        await settle_ends(here.node, NOTHING_ANNOUNCED)
        settle_s = time.monotonic() - began_s
        count_ms, counts = await _timed(lambda: count_work(here.node, NOTHING_ANNOUNCED))
        assert sum(each.tasks for each in counts) == cases, counts
        first_ms, first = await _timed(lambda: work_page(here.node, NOTHING_ANNOUNCED, limit=SHOWN))
        assert len(first.tasks) == min(SHOWN, cases)
        place = first.next
        later_ms, _ = await _timed(lambda: work_page(here.node, NOTHING_ANNOUNCED, after=place, limit=SHOWN))
        return OpenCases(cases, cases + answered, settle_s, count_ms, first_ms, later_ms)


async def _timed(work: Callable[[], Awaitable[T]]) -> tuple[float, T]:
    """Return the median of some repetitions in milliseconds, and what came out."""
    took = []
    for _ in range(REPEATS):
        began_s = time.perf_counter()
        found = await work()
        took.append((time.perf_counter() - began_s) * 1000)
    return sorted(took)[REPEATS // 2], found


async def fill(here: Office, count: int, *, opened: bool) -> None:
    """Keep so many accepted notices of the partner; those that are not `opened` were answered long ago."""
    done = 0
    while done < count:
        part = min(AT_ONCE, count - done)
        await here.store.write(lambda uow, part=part: keep_some(uow, here, part, opened=opened))  # type: ignore[misc]
        done += part


def keep_some(
    uow: UnitOfWork, here: Office, count: int, *, opened: bool, type_code: str = "RPN"
) -> list[tuple[MessageRow, CaseCode | None]]:
    """Keep some more messages; return each with the case that it opened."""
    node = here.node
    pairing = pairing_of(uow, node, here.link)
    first = uow.messages.numbers(here.link, Direction.IN, 1, 1)
    last = uow.messages.list(link=here.link, limit=1)[0].seq if first else 0
    index = logbook.next_index(uow, node, pairing.link)
    rows = [_row(here, pairing, last + 1 + k, index + k, type_code) for k in range(count)]
    logbook.write(uow, node, pairing.link, [_leaf(row) for row in rows])
    for row in rows:
        uow.messages.add(row, envelope=b"-", body=None)
    return [(row, _open(uow, here, pairing, row) if opened else None) for row in rows]


def _row(here: Office, pairing: Pairing, seq: int, index: int, type_code: str) -> MessageRow:
    node = here.node
    now = node.clock.now()
    digest = Digest(b64url(seq.to_bytes(32, "big")))
    return MessageRow(
        link=here.link,
        direction=Direction.IN,
        seq=seq,
        id=new_message_id(now, node.random),
        type=type_code,
        state=MessageState.ACCEPTED,
        code="",
        envelope_hash=digest,
        body_hash=digest,
        commitment=digest,
        size_class=4_096,
        agreement_n=pairing.link.agreement_n,
        created_at=now,
        expires_at=now + timedelta(days=30),
        logged_at=now,
        line_bytes=1,
        verdict_at=now,
        leaf_index=index,
        verdict_leaf_index=index,
    )


def _leaf(row: MessageRow) -> Entry:
    return rcvd(seq=row.seq, id=row.id, eh=row.envelope_hash, cd=row.body_hash, k="accepted", code="")


def _open(uow: UnitOfWork, here: Office, pairing: Pairing, row: MessageRow) -> CaseCode:
    """Keep case, event and question of a notice about one new person."""
    node = here.node
    now = node.clock.now()
    code = new_case_code(node.random)
    snapshot = case_bytes(new_chronicle(case_rules(node.tables.cases)))
    uow.cases.add(CaseRow(code, here.link, pairing.partner, node.agency, STATE, snapshot, 0, now, now))
    uow.cases.add_event(
        CaseEventRow(
            case=code, link=here.link, direction=Direction.IN, seq=row.seq, message=row.id, type=row.type,
            state_before=node.tables.cases.start, state_after=STATE, provisional=False, at=now,
        )
    )  # fmt: skip
    uow.questions.put(QuestionRow(here.link, Direction.IN, row.seq, code, row.type, "routine"))
    return code
