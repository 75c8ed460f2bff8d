# SPDX-License-Identifier: Apache-2.0
"""A restore that is killed while it unpacks has changed nothing, is recognised, and can be given again."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
UNPACKED = ("exchange.toml", "store.db", "datakeys.db", "keys.sealed", "store.lock", "complete")
"""What a restore writes before anything is in its place, in order."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.support.unpack_kills", str(tmp_path_factory.mktemp("kills"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_it_is_killed_before_each_thing_that_it_writes(told: dict[str, Any]) -> None:
    names = list(told["recognised"])

    assert names == ["restoring-", "store", *UNPACKED]
    assert all(one["killed"] for one in told["recognised"].values())


def test_half_a_folder_is_no_finished_restore_and_is_destroyed(told: dict[str, Any]) -> None:
    assert told["recognised"]["store.lock"]["left"] == sorted(UNPACKED[:4])

    for name, one in told["recognised"].items():
        assert (one["kept"], one["finished"], one["after"]) == (True, "", []), name


def test_same_command_restores_after_a_kill_in_the_middle_of_a_file_or_before_the_mark(
    told: dict[str, Any],
) -> None:
    for one in told["repeated"]:
        assert (one["killed"], one["kept"], one["again"], one["places"]) == (True, True, True, [])
    assert told["repeated"][0]["left"] == ["exchange.toml", "store.db"]


def test_old_store_is_put_aside_once_by_the_repeated_command(told: dict[str, Any]) -> None:
    assert [one["stores"] for one in told["repeated"]] == [["store"], ["store", "store"], ["store"]]
