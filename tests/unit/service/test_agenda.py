# SPDX-License-Identifier: Apache-2.0
"""The command `due` of the local socket, on a node with a data folder."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from exchange.bootstrap import OpenNode, announced_for_figures
from exchange.config import MAX_FILE_BYTES
from exchange.errors import ConfigurationError, UsageError
from exchange.interfaces.api.agenda import COMMANDS
from exchange.interfaces.api.desk import Ask, Desk
from exchange.service.release import release
from tests.support.notices import notice
from tests.support.world import OFFICER, VN, Agency, World


def ask(agency: Agency, folder: Path, **members: Any) -> Awaitable[dict[str, Any]]:
    opened = OpenNode(agency.node, folder, None, None, None, None)  # type: ignore[arg-type]
    return COMMANDS["due"](Desk(opened), Ask(members))


def play(story: Callable[[World], Awaitable[None]], *, notices: int = 1) -> None:
    """Run a story in which VN has accepted notices of KH."""

    async def opened(world: World) -> None:
        await world.open()
        for _ in range(notices):
            await release(world.kh.node, world.link, notice(world.kh.node, VN, persons=2), officer=OFFICER)

        async def known() -> bool:
            found = await world.kh.store.read(lambda uow: uow.messages.open_count(world.link))
            return found[0] == 0

        await world.until(known)
        await story(world)

    World(seed=8).run(opened)


def test_a_task_tells_what_until_when_in_both_zones(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        found = await ask(world.vn, tmp_path)

        (task,) = found["tasks"]
        assert (found["to_answer"], found["overdue"], found["waiting"]) == (1, 0, [])
        assert (task["type"], task["by"], task["ours"], task["persons"]) == ("RPN", VN, True, 2)
        assert (task["until"], task["last_day"]) == ("2027-10-11T09:00:00.000Z", "2027-10-11")
        assert task["own_time"] == {"zone": "Asia/Ho_Chi_Minh", "at": "2027-10-11T16:00+07:00"}
        assert task["partner_time"] == {"zone": "Asia/Phnom_Penh", "at": "2027-10-11T16:00+07:00"}
        assert task["can_reply"]

    play(story)


def test_the_side_that_asked_sees_whom_it_waits_for(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.kh.clock.jump(timedelta(days=9))

        found = await ask(world.kh, tmp_path)

        assert found["waiting"] == [{"partner": VN, "count": 2, "overdue": 2}]
        assert (found["to_answer"], found["overdue"]) == (0, 0)
        assert found["tasks"][0]["reminder"] == {"level": "first", "on": "2027-10-12", "may_be_sent": True}

    play(story, notices=2)


def test_overdue_alone_leaves_the_rest_out_but_counts_it(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        found = await ask(world.vn, tmp_path, overdue=True)

        assert (found["tasks"], found["to_answer"]) == ([], 1)

    play(story)


def test_the_answer_holds_no_name_of_a_person(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        found = await ask(world.vn, tmp_path)

        assert "NGUYEN" not in str(found)
        assert "C0000000" not in str(found)

    play(story)


def test_days_in_the_data_folder_count_from_the_next_question_on(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        before = (await ask(world.vn, tmp_path))["tasks"][0]["last_day"]
        (tmp_path / "calendar.toml").write_text('[VN.holidays]\n2027-10-06 = "announced"\n')

        after = (await ask(world.vn, tmp_path))["tasks"][0]["last_day"]

        assert (before, after) == ("2027-10-11", "2027-10-12")

    play(story)


@pytest.mark.parametrize(
    "raw", [b"[VN", b"\xff", b"# " + b"x" * MAX_FILE_BYTES], ids=["no toml", "no text", "too large"]
)
def test_a_wrong_file_of_days_is_named_and_hides_nothing_that_is_due(raw: bytes, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        before = await ask(world.vn, tmp_path)
        (tmp_path / "calendar.toml").write_bytes(raw)

        after = await ask(world.vn, tmp_path)

        assert before["calendar_fault"] == ""
        assert str(tmp_path / "calendar.toml") in after["calendar_fault"]
        assert after["tasks"] == before["tasks"] != []
        with pytest.raises(ConfigurationError):
            announced_for_figures(tmp_path)

    play(story)


def test_days_that_were_announced_do_not_count_while_the_file_is_wrong(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        path = tmp_path / "calendar.toml"
        path.write_text('[VN.holidays]\n2027-10-06 = "announced"\n')
        with_it = (await ask(world.vn, tmp_path))["tasks"][0]["last_day"]
        path.write_text('[VN.holidays]\n2027-13-06 = "announced"\n')
        without = (await ask(world.vn, tmp_path))["tasks"][0]["last_day"]
        path.write_text('[VN.holidays]\n2027-10-06 = "announced"\n')

        assert (with_it, without) == ("2027-10-12", "2027-10-11")
        assert (await ask(world.vn, tmp_path))["tasks"][0]["last_day"] == with_it

    play(story)


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        (tmp_path / "calendar.toml").mkdir()

        assert "calendar.toml cannot be read" in (await ask(world.vn, tmp_path))["calendar_fault"]

    play(story)


def test_the_next_page_begins_where_the_first_one_ended(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        first = await ask(world.vn, tmp_path, limit=2)
        second = await ask(world.vn, tmp_path, limit=2, after=first["more"])

        numbers = [task["message"] for task in first["tasks"] + second["tasks"]]
        assert len(set(numbers)) == len(numbers) == 3
        assert (first["to_answer"], second["more"]) == (3, None)

    play(story, notices=3)


@pytest.mark.parametrize("after", ["x", [], [1], [1, 2, 3, "in", 0, 0, "x"], [True, 2, 3, "in", 0, 0, 0]])
def test_a_place_that_no_list_gave_is_refused(after: object, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        with pytest.raises(UsageError):
            await ask(world.vn, tmp_path, after=after)

    play(story)
