# SPDX-License-Identifier: Apache-2.0
"""Lines behind a gap: what is held already makes none of them dearer."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from exchange.service import held
from exchange.service.ports import UnitOfWork
from exchange.service.rows import MessageRow
from tests.support.faulty import Built, Stage, with_stage

FEW, MANY = 3, 40


@contextmanager
def statements(stage: Stage) -> Iterator[list[str]]:
    """Return the statements that the store runs meanwhile."""
    seen: list[str] = []
    stage.store._store.set_trace_callback(seen.append)
    yield seen
    stage.store._store.set_trace_callback(None)


def announced(stage: Stage, count: int) -> list[Built]:
    lines = [stage.partner.build() for _ in range(count)]
    stage.partner.announce(*lines)
    return lines


async def read_for(stage: Stage, lines: Sequence[Built]) -> list[str]:
    """Return what the store was asked while it took some lines."""
    with statements(stage) as seen:
        await stage.give(*lines)
    return [statement for statement in seen if statement.startswith("SELECT")]


def test_a_line_behind_a_gap_asks_as_much_whatever_is_held_and_reads_no_row_of_it() -> None:
    async def story(stage: Stage) -> None:
        lines = announced(stage, MANY + 3)
        await stage.give(*lines[1:FEW])
        few = await read_for(stage, [lines[FEW]])
        await stage.give(*lines[FEW + 1 : MANY])

        many = await read_for(stage, [lines[MANY]])
        assert len(many) == len(few)
        assert [one for one in many if "message_row" in one and "state = 'held'" in one] == []

    with_stage(story)


def test_held_lines_are_opened_once_for_all_lines_that_follow_them(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    right = held.named_by

    def named_by(uow: UnitOfWork, row: MessageRow) -> frozenset[str]:
        opened.append(row.seq)
        return right(uow, row)

    monkeypatch.setattr(held, "named_by", named_by)

    async def story(stage: Stage) -> None:
        lines = announced(stage, 9)
        await stage.give(*lines[1:5])
        assert opened == []

        await stage.give(lines[0], *lines[5:])
        assert sorted(opened) == [2, 3, 4, 5]
        assert [said for said in await stage.verdicts() if said[1] == "held"] == [
            (number, "held", "") for number in (2, 3, 4, 5)
        ]

    with_stage(story)


def test_no_held_line_is_looked_for_where_none_is() -> None:
    async def story(stage: Stage) -> None:
        lines = announced(stage, 3)
        await stage.give(lines[0])

        asked = await read_for(stage, lines[1:])
        assert [one for one in asked if "sum(line_bytes)" in one] == []
        assert len([one for one in asked if "state = 'held'" in one]) == 1  # once a frame: the mark
        assert [said[1] for said in await stage.verdicts()] == ["accepted"] * 3

    with_stage(story)
