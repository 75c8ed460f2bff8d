# SPDX-License-Identifier: Apache-2.0
"""A vendor's path: a node in a process of its own, enrolled with the kit by two files, and a run."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.command_line import Outcome, run
from tests.support.pair import FIRST, KH, SECOND, VN, RealNode, _free_ports


@pytest.fixture
def node(tmp_path: Path) -> Iterator[RealNode]:
    node = RealNode(tmp_path / "kh", KH, _free_ports()[0])
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
    first = run("kit", "run", invitation, joining, "--quick")
    second = run("kit", "run", invitation, joining, "--quick", "--json")

    assert [done.code for done in (invited, joined, confirmed, first, second)] == [0] * 5, first.out
    assert first.out.splitlines()[-1].startswith("all ")
    assert json.loads(second.out)["holds"]
    verified = _ask(node, "ledger", "verify", "--json")
    assert json.loads(verified.out)["holds"]
