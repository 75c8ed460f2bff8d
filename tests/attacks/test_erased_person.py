# SPDX-License-Identifier: Apache-2.0
"""A thief with the data folder and all present keys reads nothing of an erased person (design trap 14)."""

import asyncio
import shutil
from pathlib import Path

from tests.support.erasing import MAI, OF_BINH, OF_MAI, at_rest, erase_at, planted, write_folder
from tests.support.thief import Thief


def thief(folder: Path) -> Thief:
    return Thief(folder, sealing=planted().node.keys.sealing())


def test_thief_reads_everything_of_a_person_who_is_not_erased(tmp_path: Path) -> None:
    """The thief of this page finds what is there."""
    write_folder(planted().vn, tmp_path / "node")

    found = thief(tmp_path / "node").opened(tmp_path / "copy")

    for what, needle in OF_MAI.items():
        assert [one.table for one in found if needle in one.plain], what
    assert {"line", "part", "sealed body"} <= {one.table for one in found}


def test_nothing_of_an_erased_person_can_be_read_and_the_others_can(tmp_path: Path) -> None:
    write_folder(planted().vn, tmp_path / "node")
    before = thief(tmp_path / "node").opened(tmp_path / "before")

    async def story() -> None:
        async with at_rest(tmp_path / "node") as node:
            await erase_at(node)
            shutil.copytree(tmp_path / "node", tmp_path / "running", ignore=shutil.ignore_patterns("*.lock"))

    asyncio.run(story())

    theirs = [one.sealed for one in before if any(needle in one.plain for needle in OF_MAI.values())]
    assert len(theirs) >= 7
    for name in ("running", "node"):
        after = thief(tmp_path / name)
        opened = after.opened(tmp_path / f"{name} after")
        for what, needle in OF_MAI.items():
            assert [one.table for one in opened if needle in one.plain] == [], (name, what)
            assert not after.holds(needle), (name, what)
        assert [one for one in theirs if after.holds_piece_of(one)] == [], name
        assert [one.table for one in opened if OF_BINH in one.plain] == ["part"], name
        assert {one.table for one in opened if MAI.encode() in one.plain} == {"part", "audit"}, name
