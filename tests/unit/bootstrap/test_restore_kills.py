# SPDX-License-Identifier: Apache-2.0
"""A restore that is killed at any step leaves the old folder or the new one, and the same command goes on."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from exchange.bootstrap.restoring import COMPLETE, finish, new_place
from exchange.errors import FolderInUseError
from tests.support.restore_kills import NEW, NODE, OLD, unpacked, written

ROOT = Path(__file__).parents[3]
LEAST_STEPS = 12
"""Folders, four things that are moved, the mark, and what is destroyed."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    command = [sys.executable, "-m", "tests.support.restore_kills", str(tmp_path_factory.mktemp("kills"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("case", ["new", "replaced"])
def test_every_step_is_killed_once_and_the_last_run_is_whole(
    told: dict[str, list[dict[str, Any]]], case: str
) -> None:
    killed = [one["killed"] for one in told[case]]

    assert killed == [True] * (len(killed) - 1) + [False]
    assert len(killed) >= LEAST_STEPS


@pytest.mark.parametrize("case", ["new", "replaced"])
def test_after_a_kill_the_next_start_or_restore_finishes_it_once(
    told: dict[str, list[dict[str, Any]]], case: str
) -> None:
    keys = NEW if case == "new" else OLD
    whole = {
        "store/exchange.db": NEW,
        "store/datakeys.db": NEW,
        "exchange.toml": keys,
        "keys/keys.sealed": keys,
    }

    for step, one in enumerate(told[case]):
        assert one["after"] == whole, (step, one)
        assert (one["left"], one["again"]) == ([], ""), (step, one)


@pytest.mark.parametrize(("case", "stores"), [("new", [NEW]), ("replaced", [NEW, OLD])])
def test_no_step_leaves_a_store_in_two_halves(
    told: dict[str, list[dict[str, Any]]], case: str, stores: list[str]
) -> None:
    assert [one["stores"] for one in told[case]] == [stores] * len(told[case])


def test_what_was_not_complete_is_destroyed_and_the_folder_is_as_it_was(tmp_path: Path) -> None:
    written(tmp_path, NODE)
    place = new_place(tmp_path)
    written(place, {"store/exchange.db": NEW, "exchange.toml": NEW})

    assert finish(tmp_path) == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exchange.toml", "keys", "store"]
    assert (tmp_path / "store" / "exchange.db").read_text() == OLD


def test_a_folder_on_which_somebody_works_is_not_finished(tmp_path: Path) -> None:
    from exchange.adapters.storage.files import FolderLock

    place = unpacked(tmp_path / "data", NODE)
    lock = FolderLock(tmp_path / "data" / "store")

    with pytest.raises(FolderInUseError):
        finish(tmp_path / "data")

    lock.release()
    assert (place / COMPLETE).exists()
    assert finish(tmp_path / "data") == "backup"


def test_a_folder_without_a_broken_off_restore_has_nothing_to_finish(tmp_path: Path) -> None:
    written(tmp_path, NODE)

    assert finish(tmp_path) == ""
    assert finish(tmp_path / "none") == ""
