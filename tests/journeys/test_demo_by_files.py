# SPDX-License-Identifier: Apache-2.0
"""`exchange demo --by-files`: both stories in parcels, two real processes, restarted in between."""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from exchange.interfaces.cli.client import Service
from tests.support.command_line import run

ROOT = Path(__file__).resolve().parents[2]
NAMES = (b"MOSVY", b"VN-MPS", b"NGUYEN", b"Sreymom", b"Bavet", b"KH-VN-BAVET", b"N0000001")
"""Who and what may be read in no parcel: the two agencies, persons, the crossing."""
TIMEOUT_S = 400


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("files") / "two"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("EXCHANGE_")}
    done = subprocess.run(
        [sys.executable, "-m", "exchange", "demo", "--by-files", "--folder", str(folder)],
        cwd=ROOT,
        env=clean | {"NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout, folder


def test_both_stories_are_told_by_files_alone(told: tuple[str, Path]) -> None:
    out, _ = told

    rows = re.findall(r"^ +\d+  (?:KH|VN) →  [A-Z]{3} .+? accepted \d+ ms +(\d+) +(\d+)$", out, re.M)
    assert len(rows) == 13
    assert re.search(
        r"^Story 2 .+ 8 messages, all accepted; 1 handed over, 1 not presented \(ill\)$", out, re.M
    )
    assert "both nodes were stopped and started again" in out
    assert "All of it held." in out


def test_the_ledgers_agree_and_are_signed_by_both(told: tuple[str, Path]) -> None:
    out, _ = told

    assert re.search(r"^Reconciliation +sent KH 11, VN 10 .+ matched 21 +differences 0$", out, re.M)
    assert re.search(r"^Ledgers +entries: KH 37, VN 37; each side holds and has signed both;$", out, re.M)


def test_wrong_parcels_are_refused(told: tuple[str, Path]) -> None:
    out, _ = told

    assert out.count("refused whole, nothing was taken") == 3
    assert "nothing in it was new" in out


def test_both_officers_at_the_crossing_compare_the_record_by_the_code_of_one_sheet(
    told: tuple[str, Path], tmp_path: Path
) -> None:
    """Both nodes run as processes of their own, and neither can reach the other."""
    _, folder = told
    with contextlib.ExitStack() as running:
        for name in ("kh", "vn"):
            running.enter_context(_serving(folder / name))
        movement = _told("handover", "list", folder / "kh")["handovers"][-1]["code"]
        sheet = _told("handover", "sheet", folder / "kh", movement, "--qr-file", tmp_path / "code.png")

        same = _told("handover", "check", folder / "vn", sheet["token"])
        wrong = sheet["token"][:-6] + ("AAAAAA" if sheet["token"][-6:] != "AAAAAA" else "BBBBBB")
        other = run("handover", "check", wrong, "--data", folder / "vn", "--json")

    assert (same["differs"], same["movement"]) == ("", movement)
    assert (json.loads(other.out)["differs"], other.code) == ("digest", 1)
    assert (tmp_path / "code.png").read_bytes().startswith(b"\x89PNG")


def _told(group: str, command: str, folder: Path, *words: object) -> Any:
    done = run(group, command, *words, "--data", folder, "--json", OFFICER="P-0001")
    assert done.code == 0, done.out + done.err
    return json.loads(done.out)


@contextlib.contextmanager
def _serving(folder: Path) -> Iterator[None]:
    """Start a node of the demo again, as its administrator would."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("EXCHANGE_")}
    secret = {"EXCHANGE_PASSPHRASE_FILE": str(folder.with_suffix(".passphrase"))}
    command = [sys.executable, "-m", "exchange", "serve", "--data", str(folder)]
    with (folder.parent / "again.out").open("ab") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=clean | secret, stdout=out, stderr=out)
    try:
        ends = time.monotonic() + TIMEOUT_S
        while not Service(folder).is_running():
            assert process.poll() is None, "the node of the demo did not start again"
            assert time.monotonic() < ends
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(30)


def test_no_node_listened_for_a_partner(told: tuple[str, Path]) -> None:
    _, folder = told

    for name in ("kh", "vn"):
        assert "this node only calls; nobody can call it" in (folder / f"{name}.out").read_text()


def test_no_parcel_shows_a_name_and_nobody_else_can_read_one(told: tuple[str, Path]) -> None:
    """Rule D11: who finds the courier's bag learns sizes and how many."""
    _, folder = told
    parcels = list((folder / "courier").glob("*.parcel"))

    assert len(parcels) > 40
    for path in parcels:
        raw = path.read_bytes()
        assert [name for name in NAMES if name in raw] == []
        assert path.stat().st_mode & 0o077 == 0 or path.name.startswith("wrong-")
    assert not list((folder / "courier").glob(".*.part"))
