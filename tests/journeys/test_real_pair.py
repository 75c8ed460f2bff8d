# SPDX-License-Identifier: Apache-2.0
"""Two real processes on loopback: killed, restored from a copy of a folder, searched for names."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import crash
from tests.support.notices import real_notice
from tests.support.pair import FIRST, RealPair


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPair]:
    with RealPair(tmp_path_factory.mktemp("pair")) as running:
        yield running


def _secret_notice(dice: random.Random) -> tuple[dict[str, Any], list[str]]:
    """Return a notice with a name and a number that occur nowhere else, and both."""
    name = "QUYNH " + "".join(dice.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=12))
    number = "Z" + "".join(dice.choices("0123456789", k=10))
    document = real_notice("VN")
    document["persons"][0]["names"] = [{"full": name}]
    document["persons"][0]["documents"][0]["number"] = number
    return document, [name, number]


def _bytes_of(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_no_name_and_no_number_stands_anywhere_in_clear(pair: RealPair) -> None:
    """Rule 33: stores, write-ahead logs, key stores, logs and output of both nodes, and their processes."""
    document, planted = _secret_notice(random.Random(5))

    number = pair.kh.send(document)["id"]
    pair.until(pair.is_quiet)
    pair.vn.service.ask("message.show", id=number, officer=FIRST)
    broken = {**document, "persons": [{**document["persons"][0], "diagnosis": planted[0]}]}
    with pytest.raises(Exception, match="not complete"):
        pair.kh.send(broken)

    for node in pair.nodes:
        assert node.process is not None
        places = _bytes_of(node.folder.parent)
        proc = Path(f"/proc/{node.process.pid}")
        places |= {proc / name: (proc / name).read_bytes() for name in ("cmdline", "environ")}
        for text in planted:
            for form in (text.encode(), text.encode("utf-16-le"), text.encode("utf-16-be")):
                found = [path for path, raw in places.items() if form in raw]
                assert not found, f"planted text in {found}"


def test_nodes_killed_at_random_moments_lose_and_double_nothing(pair: RealPair) -> None:
    told = crash.play(pair, kills=3, seed=3)

    assert "0 lost, 0 doubled, differences 0" in told


def test_a_restored_folder_gets_back_what_it_lost_and_uses_no_number_twice(
    pair: RealPair, tmp_path: Path
) -> None:
    """Design 5, start gate: the whole folder of one node is put back after 50 more messages."""
    for _ in range(3):
        pair.kh.send(real_notice("VN"))
        pair.vn.send(real_notice("KH"))
    pair.until(pair.is_quiet)
    pair.kh.stop()
    shutil.copytree(pair.kh.folder, tmp_path / "backup")
    pair.kh.start()
    pair.until(pair.is_open)
    for _ in range(25):
        pair.kh.send(real_notice("VN"))
        pair.vn.send(real_notice("KH"))
    pair.until(pair.is_quiet)
    before = {side: pair.kh.messages(side) for side in ("out", "in")}
    cases = pair.kh.service.ask("case.list", limit=1000)["cases"]
    pair.reconcile()
    pair.kh.kill()
    shutil.rmtree(pair.kh.folder)
    shutil.copytree(tmp_path / "backup", pair.kh.folder)

    pair.kh.start()
    pair.until(pair.is_open)

    for side, rows in before.items():
        after = pair.kh.messages(side)
        assert [(row["seq"], row["id"], row["state"]) for row in after] == [
            (row["seq"], row["id"], row["state"]) for row in rows
        ]
    restored = pair.kh.service.ask("case.list", limit=1000)["cases"]
    assert {row["code"]: row["state"] for row in restored} == {row["code"]: row["state"] for row in cases}
    sent = pair.kh.send(real_notice("VN"))
    assert sent["seq"] == max(row["seq"] for row in before["out"]) + 1
    shown = pair.kh.service.ask("message.show", id=before["out"][0]["id"], officer=FIRST)
    assert shown["document"]["persons"][0]["names"]
    pair.until(pair.is_quiet)
    for found in pair.reconcile():
        assert not found["differences"], found["differences"]
        assert not found["faults"]
