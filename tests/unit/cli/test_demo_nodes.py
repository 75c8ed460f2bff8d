# SPDX-License-Identifier: Apache-2.0
"""The folders and ports of the demo: nothing of anybody else is touched."""

import os
import socket
import stat
from pathlib import Path

import pytest
from exchange.errors import NodeError, WaitingError
from exchange.interfaces.cli import demo_nodes
from tests.support.command_line import run
from tests.support.local_service import LocalService


def test_a_folder_that_no_demo_made_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    done = run("demo", "--folder", tmp_path)

    assert done.code == 2
    assert "holds something that no demo made" in done.err
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_folder_of_the_last_demo_is_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    demo_nodes.new_folder(folder)
    (folder / "kh").mkdir()

    demo_nodes.new_folder(folder)

    assert os.listdir(folder) == [demo_nodes.MARKER]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_demo_that_still_runs_keeps_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    demo_nodes.new_folder(folder)

    with LocalService(folder / "kh", {}), pytest.raises(WaitingError, match="a demo runs"):
        demo_nodes.new_folder(folder)

    assert (folder / "kh").exists()


def test_a_folder_without_both_agencies_is_not_continued(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    demo_nodes.new_folder(folder)
    (folder / "kh").mkdir()
    (folder / "kh" / "exchange.toml").touch()

    assert not demo_nodes.is_made(folder)


def test_a_port_in_use_is_replaced_by_a_free_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert demo_nodes.free_port(port) not in (0, port)
    assert demo_nodes.free_port(port) == port


def test_a_file_of_the_user_is_read_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "notice.json").write_text("{")

    done = run("demo", "--folder", tmp_path / "demo", "--file", tmp_path / "notice.json")

    assert done.code == 3
    assert not (tmp_path / "demo").exists()


def test_a_node_that_does_not_start_says_what_to_read(tmp_path: Path) -> None:
    host, origin = demo_nodes.the_sites(tmp_path)
    host.passphrase_file.write_text("x")

    try:
        with pytest.raises(NodeError, match="did not start") as raised:
            demo_nodes.start_all([host])
    finally:
        demo_nodes.stop_all([host, origin])

    assert raised.value.hint == f"read {host.printed}"
    assert "no node is set up" in host.printed.read_text()
