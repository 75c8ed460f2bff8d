# SPDX-License-Identifier: Apache-2.0
"""A crossing is closed as soon as one side says so, and open without news."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from exchange.ids import LinkId
from exchange.messages.earlier import OpenCrossing
from exchange.protocol.parts import split_document
from exchange.service.crossing_news import crossing_at
from exchange.service.rows import Direction, MessageState
from tests.support.keys import seeded_random

LINK = LinkId("s3F0c-Zb1mT8qWn5xYdE2g")
NOON = datetime(2027, 9, 8, 5, 0, tzinfo=UTC)
POIPET = "KH-TH-POIPET"
OPEN, CLOSED = OpenCrossing(), OpenCrossing(is_closed=True)


class Announced:
    """A store that holds announcements only; the last one is the newest."""

    def __init__(self, *news: dict[str, Any]) -> None:
        self.rows, self.parts_of = [], {}
        for seq, said in enumerate(news, start=1):
            content = {"checkpoint": POIPET, "from": "2027-09-08T11:00+07:00", **said}
            content = {name: value for name, value in content.items() if name not in {"by", "state", "type"}}
            document: Any = {"header": {"type": "CKS"}, "content": content, "persons": []}
            parts = split_document(document, seeded_random(f"news/{seq}"))
            row = SimpleNamespace(
                id=f"m{seq}", seq=seq, link=LINK, direction=said.get("by", Direction.IN),
                type=said.get("type", "CKS"), state=said.get("state", MessageState.ACCEPTED),
            )  # fmt: skip
            self.rows.insert(0, row)
            self.parts_of[row.direction, seq] = [SimpleNamespace(raw=part) for part in parts]

    def at(self, at: datetime = NOON, checkpoint: str = POIPET) -> OpenCrossing:
        messages = SimpleNamespace(list=self._page)
        contents = SimpleNamespace(parts=lambda link, direction, seq: self.parts_of[direction, seq])
        uow: Any = SimpleNamespace(messages=messages, contents=contents)
        return crossing_at(uow, LINK, checkpoint, at)

    def _page(self, *, link: LinkId, after: tuple[str, int] | None, limit: int) -> list[Any]:
        older = [row for row in self.rows if after is None or row.seq < after[1]]
        return older[:limit]


def news(status: str, **more: Any) -> dict[str, Any]:
    return {"status": status} | more


def test_without_news_a_crossing_is_open() -> None:
    assert Announced().at() == OPEN


@pytest.mark.parametrize("by", list(Direction))
@pytest.mark.parametrize("status", ["closed_temporarily", "closed_indefinitely"])
def test_either_side_can_close_alone(by: Direction, status: str) -> None:
    other = Direction.IN if by is Direction.OUT else Direction.OUT

    assert Announced(news(status, by=by), news("open", by=other)).at() == CLOSED


def test_newer_word_of_the_same_side_counts() -> None:
    assert Announced(news("closed_indefinitely"), news("open")).at() == OPEN
    assert Announced(news("open"), news("closed_indefinitely")).at() == CLOSED


def test_closure_begins_and_ends_with_its_times() -> None:
    closed = Announced(news("closed_temporarily", until="2027-09-08T14:00+07:00"))

    assert closed.at(NOON - timedelta(hours=2)) == OPEN
    assert closed.at(NOON) == CLOSED
    assert closed.at(NOON + timedelta(hours=2)) == OPEN


@pytest.mark.parametrize(
    "strange", [{"checkpoint": "KH-TH-OSMACH"}, {"state": MessageState.REJECTED}, {"type": "HLD"}]
)
def test_other_crossings_other_types_and_rejected_news_say_nothing(strange: dict[str, Any]) -> None:
    assert Announced(news("closed_indefinitely", **strange)).at() == OPEN


def test_group_fits_into_the_largest_session_of_the_stricter_side() -> None:
    ours = news("quota", by=Direction.OUT, sessions=[{"persons": 300}, {"persons": 400}])
    theirs = news("quota", sessions=[{"persons": 44}, {"from": "08:00"}])

    assert Announced(ours).at() == OpenCrossing(per_session=400)
    assert Announced(ours, theirs).at() == OpenCrossing(per_session=44)


def test_old_news_behind_many_messages_are_found() -> None:
    later = [news("open", type="HLD") for _ in range(1_200)]

    assert Announced(news("closed_indefinitely"), *later).at() == CLOSED
