# SPDX-License-Identifier: Apache-2.0
"""A vendor's path: a node in a process of its own, enrolled with the kit by two files, and a run."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.command_line import Outcome, run
from tests.support.pair import FIRST, KH, SECOND, VN, RealNode, free_ports


@pytest.fixture
def node(tmp_path: Path) -> Iterator[RealNode]:
    node = RealNode(tmp_path / "kh", KH, free_ports()[0])
    node.set_up()
    node.start()
    yield node
    node.kill()
    shutil.rmtree(node.folder)


def _ask(node: RealNode, *words: object) -> Outcome:
    secrets = {"PASSPHRASE": node.passphrase, "OFFICER": FIRST, "SECOND": SECOND}
    return run(*words, "--data", node.folder, **secrets)


def test_the_kit_joins_by_two_files_and_finds_every_rule_kept(node: RealNode, tmp_path: Path) -> None:
    invitation, joining = tmp_path / "invitation.txt", tmp_path / "joining.txt"

    invited = _ask(node, "partner", "invite", VN, "-o", invitation)
    joined = run("kit", "join", invitation, "-o", joining, "--json")
    words = "-".join(json.loads(joined.out)["words"])
    confirmed = _ask(node, "partner", "confirm", joining, "--words", words)
    first = run("kit", "run", invitation, joining, "--json")
    second = run("kit", "run", invitation, joining, "--quick")

    assert [done.code for done in (invited, joined, confirmed, first, second)] == [0] * 5, first.out
    report = json.loads(first.out)
    assert report["holds"]
    assert sum(len(rule["cases"]) for rule in report["rules"]) > 400
    assert second.out.splitlines()[-1].startswith("all ")
    _demand_a_sound_ledger(node)


def test_the_kit_invites_a_node_that_joins_and_finds_every_rule_kept(node: RealNode, tmp_path: Path) -> None:
    invitation, joining = tmp_path / "invitation.txt", tmp_path / "joining.txt"

    invited = run("kit", "invite", "--as", VN, "--profile", "kh-vn", "-o", invitation)
    joined = _ask(node, "partner", "join", invitation, "-o", joining)
    shown = run("kit", "words", invitation, joining, "--json")
    words = "-".join(json.loads(shown.out)["words"])
    confirmed = _ask(node, "partner", "confirm", VN, "--words", words)
    played = run("kit", "run", invitation, joining, "--quick")

    assert [done.code for done in (invited, joined, shown, confirmed, played)] == [0] * 5, played.out
    _demand_a_sound_ledger(node)


def _demand_a_sound_ledger(node: RealNode) -> None:
    """Demand that the ledger verifies, after forks and everything else that was wrong."""
    verified = _ask(node, "ledger", "verify", "--json")
    assert json.loads(verified.out)["holds"]
