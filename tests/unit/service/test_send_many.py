# SPDX-License-Identifier: Apache-2.0
"""The command `message.send_many` of the local socket: many files in one call, each by itself."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from exchange.errors import UsageError
from exchange.interfaces.api.messaging import MAX_MANY
from exchange.service.rows import LinkState
from tests.support.notices import child_notice, notice, small_notice
from tests.support.staff import Desks
from tests.support.world import VN, World

Story = Callable[[Desks, World], Awaitable[None]]


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Story], None]:
    """Return a function that plays a story with the desks of both sides."""

    def run(story: Story) -> None:
        async def opened(world: World) -> None:
            desks = Desks(world, tmp_path)
            await desks.open()
            await story(desks, world)

        World(seed=12).run(opened)

    return run


def test_every_right_file_takes_a_number_of_its_own(play: Callable[[Story], None]) -> None:
    async def story(desks: Desks, world: World) -> None:
        answer = await desks.kh("message.send_many", documents=[small_notice() for _ in range(5)])

        assert [one["fate"] for one in answer["sent"]] == ["released"] * 5
        assert sorted(one["seq"] for one in answer["sent"]) == [1, 2, 3, 4, 5]
        for one in answer["sent"]:
            await desks.sent(one)

    play(story)


def test_a_wrong_file_is_named_in_its_place_and_stops_no_other(play: Callable[[Story], None]) -> None:
    async def story(desks: Desks, world: World) -> None:
        wrong = {**small_notice(), "proposed_to": "2020-01-01"}

        answer = await desks.kh("message.send_many", documents=[small_notice(), wrong, small_notice()])

        first, second, third = answer["sent"]
        assert (first["fate"], third["fate"]) == ("released", "released")
        assert second["error"]["faults"][0]["code"] == "date_invalid"

    play(story)


def test_what_does_not_fit_its_case_leaves_no_gap_in_the_numbers(play: Callable[[Story], None]) -> None:
    """The second notice about one case is refused where it takes its number, between two others."""

    async def story(desks: Desks, world: World) -> None:
        twice = notice(world.kh.node, VN)

        answer = await desks.kh("message.send_many", documents=[twice, twice, small_notice()])

        first, second, third = answer["sent"]
        assert (first["seq"], third["seq"]) == (1, 2)
        assert second["error"]["faults"][0]["code"] == "state_conflict"
        for one in (first, third):
            await desks.sent(one)

    play(story)


def test_files_of_one_call_take_their_numbers_in_one_commit(play: Callable[[Story], None]) -> None:
    async def story(desks: Desks, world: World) -> None:
        before = world.kh.store.commits

        await desks.kh("message.send_many", documents=[small_notice() for _ in range(5)])

        assert world.kh.store.commits == before + 1

    play(story)


def test_while_the_gate_is_closed_every_file_of_a_call_is_kept(play: Callable[[Story], None]) -> None:
    async def story(desks: Desks, world: World) -> None:
        world.kh.node.presence.of(world.link).gate = LinkState.CLOSED

        answer = await desks.kh("message.send_many", documents=[small_notice() for _ in range(3)])

        assert [one["fate"] for one in answer["sent"]] == ["waiting"] * 3

    play(story)


def test_files_of_another_door_stay_as_they_are(play: Callable[[Story], None]) -> None:
    async def story(desks: Desks, world: World) -> None:
        small = small_notice()

        await desks.kh("message.validate", document=small)
        await desks.kh("message.send_many", documents=[small])

        assert small == small_notice()

    play(story)


def test_an_act_for_two_persons_is_kept_for_the_second_one(play: Callable[[Story], None]) -> None:
    async def story(desks: Desks, world: World) -> None:
        child = child_notice(world.kh.node, VN)

        answer = await desks.kh("message.send_many", documents=[child, small_notice()])

        assert [one["fate"] for one in answer["sent"]] == ["needs_second", "released"]

    play(story)


@pytest.mark.parametrize(
    ("documents", "said"),
    [
        (None, "not a list"),
        ("RPN", "not a list"),
        ([small_notice(), "RPN"], "not a list"),
        ([small_notice()] * (MAX_MANY + 1), "1001 files"),
    ],
)
def test_what_is_no_list_of_files_sends_nothing(
    play: Callable[[Story], None], documents: object, said: str
) -> None:
    async def story(desks: Desks, world: World) -> None:
        with pytest.raises(UsageError, match=said):
            await desks.kh("message.send_many", documents=documents)

        assert (await desks.kh("message.list"))["messages"] == []

    play(story)
