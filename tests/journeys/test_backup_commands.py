# SPDX-License-Identifier: Apache-2.0
"""A backup of a running node by command, put back after more was sent: the partner brings the rest."""

import json
import stat
from pathlib import Path

import pytest
from tests.support.command_line import Outcome, run
from tests.support.notices import real_notice
from tests.support.pair import FIRST, RealNode, RealPair


def told(done: Outcome) -> dict[str, object]:
    assert done.code == 0, done.err
    answer: dict[str, object] = json.loads(done.out)
    return answer


def asked(node: RealNode, *words: object) -> Outcome:
    return run(*words, "--data", node.folder, PASSPHRASE=node.passphrase, OFFICER=FIRST)


def sent(node: RealNode, direction: str) -> list[tuple[object, object, object]]:
    return [(row["seq"], row["id"], row["state"]) for row in node.messages(direction)]


def test_a_backup_by_command_comes_back_with_what_was_sent_after_it(tmp_path: Path) -> None:
    """Adversary R: the restored node writes nothing until it has what the partner saw of it."""
    backup = tmp_path / "kh.7-days.backup"
    with RealPair(tmp_path / "nodes") as pair:
        pair.kh.send(real_notice("VN"))
        pair.until(pair.is_quiet)
        made = told(asked(pair.kh, "backup", "make", "-o", backup, "--json"))
        again = asked(pair.kh, "backup", "make", "-o", backup)
        listed = told(run("backup", "list", tmp_path, "--json"))
        tried = told(run("backup", "try", backup, "--json", PASSPHRASE=pair.kh.passphrase))
        wrong = run("backup", "try", backup, PASSPHRASE="not the passphrase")
        running = asked(pair.kh, "backup", "restore", backup, "--replace")
        doctor = asked(pair.kh, "doctor", "--json")
        for _ in range(2):
            pair.kh.send(real_notice("VN"))
        pair.until(pair.is_quiet)
        before = sent(pair.kh, "out")
        pair.kh.stop()
        new = tmp_path / "new"
        elsewhere = run("backup", "restore", backup, "--data", new, PASSPHRASE=pair.kh.passphrase)
        here = asked(pair.kh, "backup", "restore", backup, "--replace")
        restored = told(asked(pair.kh, "backup", "restore", backup, "--replace", "--json"))
        pair.kh.start()
        pair.until(pair.is_open)

        assert "partner resume VN-MPS-IMM --officer NUMBER --second NUMBER --data" in elsewhere.out
        assert "partner resume" not in here.out
        assert stat.S_IMODE(backup.stat().st_mode) == 0o600
        assert made["destroy_by"]
        assert (again.code, "exists" in again.err) == (3, True)
        assert [row["made"] for row in listed["backups"]] == [made["made"]]  # type: ignore[attr-defined]
        assert tried["links"] == restored["links"]
        assert (wrong.code, "hint:" in wrong.err) == (6, True)
        assert (running.code, "a service runs" in running.err) == (2, True)
        assert str(made["made"]) in doctor.out
        assert sent(pair.kh, "out") == before
        pair.kh.send(real_notice("VN"))
        pair.until(pair.is_quiet)
        assert [row[:2] for row in sent(pair.kh, "out")] == [row[:2] for row in sent(pair.vn, "in")]


def test_a_restored_node_gets_back_what_came_later_from_a_partner_that_only_calls(tmp_path: Path) -> None:
    backup = tmp_path / "kh.7-days.backup"
    with RealPair(tmp_path / "nodes", vn_only_calls=True) as pair:
        pair.kh.send(real_notice("VN"))
        pair.until(pair.is_quiet)
        told(asked(pair.kh, "backup", "make", "-o", backup, "--json"))
        for _ in range(30):
            pair.kh.send(real_notice("VN"))
            pair.vn.send(real_notice("KH"))
        pair.until(pair.is_quiet)
        before = [sent(pair.kh, direction) for direction in ("out", "in")]
        pair.kh.stop()
        told(asked(pair.kh, "backup", "restore", backup, "--replace", "--json"))
        pair.kh.start()
        pair.until(pair.is_open)

        assert [sent(pair.kh, direction) for direction in ("out", "in")] == before
        pair.kh.send(real_notice("VN"))
        pair.until(pair.is_quiet)
        assert all(not found["differences"] for found in pair.reconcile())


@pytest.mark.parametrize("words", [("list", "none"), ("try", "none.backup"), ("restore", "none.backup")])
def test_a_place_that_is_not_there_is_named_with_a_hint(tmp_path: Path, words: tuple[str, str]) -> None:
    data = ("--data", tmp_path / "data") if words[0] == "restore" else ()
    done = run("backup", words[0], tmp_path / words[1], *data, PASSPHRASE="a passphrase")

    assert done.code == 3
    assert "cannot be read" in done.err
    assert "hint:" in done.err
