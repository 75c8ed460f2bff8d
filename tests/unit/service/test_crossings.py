# SPDX-License-Identifier: Apache-2.0
"""A crossing is closed as soon as one side says so, and open without news."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from exchange.ids import LinkId
from exchange.messages.earlier import OpenCrossing
from exchange.protocol.parts import split_document
from exchange.service.crossings import announce, crossing_at
from exchange.service.rows import Direction, LinkRow, LinkState, MessageState, Part
from tests.support.desks import row_of
from tests.support.identity import VN
from tests.support.keys import seeded_random
from tests.support.plain_store import PlainStore

LINK = LinkId("s3F0c-Zb1mT8qWn5xYdE2g")
NOON = datetime(2027, 9, 8, 5, 0, tzinfo=UTC)
POIPET = "KH-TH-POIPET"
OPEN, CLOSED = OpenCrossing(), OpenCrossing(is_closed=True)


class Announced:
    """A store that holds announcements only; the last one has the highest number, and arrives first."""

    def __init__(self, *news: dict[str, Any]) -> None:
        link = LinkRow(LINK, VN, LinkState.OPEN, 1, 1, next_seq=1, contiguous_in=0)
        self.uow: Any = PlainStore(link)
        for seq, said in reversed(list(enumerate(news, start=1))):
            content = {"checkpoint": POIPET, "from": "2027-09-08T11:00+07:00", **said}
            content = {name: value for name, value in content.items() if name not in {"by", "state", "type"}}
            header = {"type": said.get("type", "CKS"), "message_id": f"m{seq}"}
            document: Any = {"header": header, "content": content, "persons": []}
            parts = split_document(document, seeded_random(f"news/{seq}"))
            row = replace(
                row_of(document, said.get("by", Direction.IN), seq),
                link=LINK,
                state=said.get("state", MessageState.ACCEPTED),
            )
            self.uow.messages.add(row)
            self.uow.contents.add(
                LINK, row.direction, seq, [Part(at, None, raw) for at, raw in enumerate(parts)]
            )
            announce(self.uow, row, document)

    def at(self, at: datetime = NOON, checkpoint: str = POIPET) -> OpenCrossing:
        return crossing_at(self.uow, LINK, checkpoint, at)


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


def test_an_announcement_that_has_not_begun_leaves_the_one_before_in_force() -> None:
    later = "2027-09-13T08:00+07:00"

    assert Announced(news("closed_indefinitely"), news("open", **{"from": later})).at() == CLOSED
    assert Announced(news("open"), news("closed_indefinitely", **{"from": later})).at() == OPEN
