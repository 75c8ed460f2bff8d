# SPDX-License-Identifier: Apache-2.0
"""A node that is killed at any statement of an erasure has erased nothing, or does the rest at its start."""

import asyncio
import contextlib
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

from exchange.adapters.storage.memory import DirectStore
from exchange.adapters.storage.opening import StoreIdentity, settle
from exchange.service.erasing import confirm, propose
from exchange.service.node import Node
from tests.support.connections import WatchedConnection
from tests.support.erasing import ERASE, MAI, OF_MAI, planted, write_folder
from tests.support.keys import seeded_random
from tests.support.thief import KEYS, STORE, Opened, Thief
from tests.support.world import OFFICER, SECOND, STORE_KEY, VN

MANY = 10_000
NEEDLES = tuple(OF_MAI.values())


class KilledError(BaseException):
    """The process died here."""


class Life:
    """How many statements the process still runs, over both of its databases."""

    def __init__(self) -> None:
        self.left = MANY

    def spend(self) -> None:
        if self.left == 0:
            raise KilledError
        self.left -= 1


class MortalConnection(WatchedConnection):
    life: Life

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        self.life.spend()
        return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        self.life.spend()
        return super().executemany(*arguments)


def mortal(path: Path, life: Life) -> MortalConnection:
    connection = sqlite3.connect(path, isolation_level=None, factory=MortalConnection)
    connection.life = life
    settle(connection)
    return connection


def opened(folder: Path, life: Life) -> DirectStore:
    store, keys = (mortal(folder / name, life) for name in (STORE, KEYS))
    identity = StoreIdentity(VN, STORE_KEY, seeded_random("erasure"), stock=0)
    return DirectStore(store, keys, identity=identity, finish=lambda *_: None)


def node_on(store: DirectStore) -> Node:
    return replace(planted().node, store=store)


def proposed(folder: Path) -> str:
    """Write the store of VN with a proposal to erase Mai; return the digest of what was shown."""
    write_folder(planted().vn, folder)
    store = opened(folder, Life())
    shown = asyncio.run(propose(node_on(store), MAI, ERASE, "person_asked", OFFICER))
    asyncio.run(store.close())
    return shown.digest


def killed_after(folder: Path, left: int, digest: Any) -> int:
    """Erase in a process that dies after so many statements; return how many it ran.

    What the disk holds at that moment is beside the folder, as `image`.
    """
    life = Life()
    store = opened(folder, life)
    life.left = left
    with contextlib.suppress(KilledError):
        asyncio.run(confirm(node_on(store), MAI, ERASE, SECOND, digest=digest))
    ran = left - life.left
    shutil.copytree(folder, folder.with_name("image"))
    life.left = MANY
    asyncio.run(store.close())
    return ran


def of_mai(image: Path, work: Path) -> list[Opened]:
    found = Thief(image, sealing=planted().node.keys.sealing()).opened(work)
    return [one for one in found if any(needle in one.plain for needle in NEEDLES)]


def fate(tmp_path: Path, left: int, digest: Any, theirs: list[bytes]) -> tuple[str, int]:
    """Return what the next start finds after a kill, and how many statements ran before it."""
    shutil.copytree(tmp_path / "start", tmp_path / "node")
    ran = killed_after(tmp_path / "node", left, digest)
    store = opened(tmp_path / "image", Life())
    case = asyncio.run(store.read(lambda uow: uow.cases.get(planted().link, MAI)))
    assert store._store.execute("SELECT count(*) FROM ended_key").fetchone() == (0,)
    if case is None:
        shutil.copytree(tmp_path / "image", tmp_path / "again")
        thief = Thief(tmp_path / "again", sealing=planted().node.keys.sealing())
        assert of_mai(tmp_path / "again", tmp_path / "copy") == []
        assert [one for one in theirs if thief.holds_piece_of(one)] == []
    asyncio.run(store.close())
    for name in ("node", "image", "again", "copy"):
        shutil.rmtree(tmp_path / name, ignore_errors=True)
    return "kept" if case else "erased", ran


def test_killed_erasure_is_undone_or_made_good_at_the_next_start(tmp_path: Path) -> None:
    """Every statement from the commit on, and every seventh before it."""
    digest = proposed(tmp_path / "start")
    write_folder(planted().vn, tmp_path / "alive")
    theirs = [one.sealed for one in of_mai(tmp_path / "alive", tmp_path / "all")]
    whole, statements = fate(tmp_path, MANY, digest, theirs)
    assert whole == "erased"

    left, made_good = statements - 1, 0
    while fate(tmp_path, left, digest, theirs)[0] == "erased":
        left, made_good = left - 1, made_good + 1

    assert made_good >= 6
    for earlier in range(left % 7, left, 7):
        assert fate(tmp_path, earlier, digest, theirs)[0] == "kept"
