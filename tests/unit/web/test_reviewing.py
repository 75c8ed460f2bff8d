# SPDX-License-Identifier: Apache-2.0
"""The second person looks, on the pages, at what one person released in an emergency (rule 28)."""

from pathlib import Path
from typing import Any

import pytest
from exchange.interfaces.web.desk import House
from exchange.messages.filling import release_digest
from exchange.service.drafts import Sent, send
from exchange.service.meaning import document_of
from exchange.service.rows import Direction
from tests.support.notices import child_notice
from tests.support.visitors import Visitor, give_account, open_house
from tests.support.world import OFFICER, SECOND, VN, World


def play(folder: Path, story: Any) -> None:
    async def opened(world: World) -> None:
        await world.open()
        house = await open_house(world.kh, folder)
        await give_account(house, OFFICER, "officer", "releaser")
        await give_account(house, SECOND, "releaser")
        await give_account(house, "P-0003", "officer")
        document = child_notice(world.kh.node, VN)
        header = {**document["header"], "urgency": "emergency"}  # type: ignore[dict-item]
        call = {"telephone_notice": {"at": "2027-09-14T02:00:00Z", "officer": "TEST duty officer"}}
        content = {**document["content"], **call}  # type: ignore[dict-item]
        urgent = {**document, "header": header, "content": content}
        sent = await send(house.node, world.link, urgent, OFFICER, alone=True)
        await story(house, sent)

    World(seed=12).run(opened)


async def at_message(house: House, officer: str, sent: Sent) -> Visitor:
    visitor = Visitor(house)
    await visitor.sign_in(officer)
    await visitor.get(f"/message/{sent.id}")
    return visitor


async def digest(house: House, sent: Sent) -> str:
    def unit(uow: Any) -> str:
        row = uow.messages.by_seq(sent.link, Direction.OUT, sent.seq)
        return str(release_digest(document_of(uow, row)))  # type: ignore[arg-type]

    return await house.node.store.read(unit)


async def said(house: House, sent: Sent) -> Any:
    return await house.node.store.read(lambda uow: uow.emergencies.of(sent.link, sent.seq))


@pytest.mark.parametrize(("answer", "agrees"), [("agrees", True), ("objects", False)])
def test_the_second_person_finds_it_at_work_and_answers(tmp_path: Path, answer: str, agrees: bool) -> None:
    async def story(house: House, sent: Sent) -> None:
        second = await at_message(house, SECOND, sent)
        assert second.last.says("Released by one person in an emergency")
        today = await second.get("/today")
        assert f'href="/message/{sent.id}"' in today.text

        await second.get(f"/message/{sent.id}")
        done = await second.post(f"/message/{sent.id}/review", digest=await digest(house, sent), said=answer)

        assert done.to == f"/message/{sent.id}"
        row = await said(house, sent)
        assert (row.seen_by, row.agrees) == (SECOND, agrees)
        assert "Released by one person" not in (await second.get("/today")).text

    play(tmp_path, story)


def test_who_released_it_is_not_asked_and_cannot_answer(tmp_path: Path) -> None:
    async def story(house: House, sent: Sent) -> None:
        own = await at_message(house, OFFICER, sent)
        assert "I object" not in own.last.text

        refused = await own.post(
            f"/message/{sent.id}/review", digest=await digest(house, sent), said="agrees"
        )

        assert refused.status == 400
        assert (await said(house, sent)).seen_by is None

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("officer", "fields", "status"),
    [
        ("P-0003", {"said": "agrees", "digest": "own"}, 403),
        (SECOND, {"said": "agrees"}, 400),
        (SECOND, {"said": "agrees", "digest": "A" * 43}, 400),
        (SECOND, {"said": "perhaps", "digest": "own"}, 400),
        (SECOND, {"digest": "own"}, 400),
    ],
    ids=["without the role", "no digest", "another digest", "another word", "no word"],
)
def test_what_is_no_answer_leaves_it_open(
    tmp_path: Path, officer: str, fields: dict[str, str], status: int
) -> None:
    async def story(house: House, sent: Sent) -> None:
        visitor = await at_message(house, officer, sent)
        own = {"digest": await digest(house, sent)} if fields.get("digest") == "own" else {}

        refused = await visitor.post(f"/message/{sent.id}/review", **{**fields, **own})

        assert refused.status == status
        assert (await said(house, sent)).seen_by is None

    play(tmp_path, story)
