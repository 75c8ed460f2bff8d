# SPDX-License-Identifier: Apache-2.0
"""Long pure work leaves the event loop; short work stays on it."""

import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from exchange.errors import InputError
from exchange.service.long_work import MANY_PERSONS, beside, is_about_many
from exchange.service.release import release
from exchange.service.rows import Direction, MessageState
from tests.bench.office import Office, office
from tests.support.notices import notice
from tests.support.world import OFFICER, VN, World


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as made:
        yield made


async def test_long_work_is_done_in_another_thread_than_that_of_the_loop(here: Office) -> None:
    assert await beside(here.node, threading.get_ident) != threading.get_ident()


async def test_fault_found_in_long_work_comes_to_the_caller(here: Office) -> None:
    def refuse() -> None:
        raise InputError("not complete")

    with pytest.raises(InputError, match="not complete"):
        await beside(here.node, refuse)


@pytest.mark.parametrize(("persons", "long"), [(0, False), (1, False), (MANY_PERSONS, False), (51, True)])
def test_document_is_long_from_its_persons_on(persons: int, long: bool) -> None:
    assert is_about_many({"persons": [{}] * persons}) is long


@pytest.mark.parametrize("document", [{}, {"persons": "many"}, {"persons": [1, 2]}])
def test_document_of_another_form_is_left_to_the_checks(document: dict[str, object]) -> None:
    assert not is_about_many(document)  # type: ignore[arg-type]


def test_notice_about_many_arrives_as_any_other() -> None:
    async def story(world: World) -> None:
        await world.open()
        document = notice(world.kh.node, VN, persons=60)
        done = await release(world.kh.node, world.link, document, officer=OFFICER)

        async def settled() -> bool:
            row = await world.kh.store.read(
                lambda uow: uow.messages.by_seq(world.link, Direction.OUT, done.seq)
            )
            return row is not None and row.state is MessageState.ACCEPTED

        await world.until(settled)
        there = await world.vn.store.read(lambda uow: uow.cases.list(link=world.link, limit=100))
        assert len(there) == 60

    World(seed=5).run(story)
