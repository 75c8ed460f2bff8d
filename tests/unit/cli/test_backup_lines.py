# SPDX-License-Identifier: Apache-2.0
"""What `exchange backup` says of a list, and of a store that was put back."""

from pathlib import Path

from exchange.interfaces.cli.backups import acting_lines
from tests.support.command_line import run


def test_a_restore_names_who_may_act_with_the_time_of_the_backup() -> None:
    acting = [{"number": "P-0001", "roles": ["officer", "releaser"]}, {"number": "P-0002", "roles": []}]

    lines = acting_lines("2027-10-04T09:12:04.123Z", acting)

    assert "2027-10-04T09:12:04.123Z" in lines[0]
    assert lines[1:3] == ["  P-0001  officer, releaser", "  P-0002  no account"]
    assert "exchange officer end" in lines[3]


def test_a_list_says_that_it_has_not_opened_the_files(tmp_path: Path) -> None:
    (tmp_path / "cut.backup").write_bytes(b"{}")

    assert "exchange backup try" in run("backup", "list", tmp_path).err
    assert "exchange backup try" not in run("backup", "list", tmp_path / "..", "--json").err
