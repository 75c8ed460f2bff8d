# SPDX-License-Identifier: Apache-2.0
"""What the commands of backups say about a wrong file; no passphrase is asked for such a one."""

from pathlib import Path

import pytest
from tests.support.command_line import run


@pytest.mark.parametrize("command", ["try", "restore"])
def test_a_file_that_is_not_there_is_named_before_a_passphrase_is_asked(tmp_path: Path, command: str) -> None:
    data = ("--data", tmp_path / "node") if command == "restore" else ()

    done = run("backup", command, tmp_path / "none.backup", *data)

    assert done.code == 3
    assert "none.backup cannot be read" in done.err
    assert "passphrase" not in done.err


@pytest.mark.parametrize("command", ["try", "restore"])
def test_a_file_that_is_no_backup_says_so(tmp_path: Path, command: str) -> None:
    path = tmp_path / "notes.backup"
    path.write_text("no backup at all\n" * 100)
    data = ("--data", tmp_path / "node") if command == "restore" else ()

    done = run("backup", command, path, *data)

    assert done.code == 3
    assert "no backup" in done.err
    assert not (tmp_path / "node").exists()
