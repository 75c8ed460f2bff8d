# SPDX-License-Identifier: Apache-2.0
"""`exchange demo`, run once as a newcomer runs it: two real processes, and what is left afterwards."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from exchange.interfaces.cli.client import Service

ROOT = Path(__file__).resolve().parents[2]
PERSONS = (
    b"NGUYEN",
    b"Sreymom",
    b"Bopha",
    b"C0000000",
    b"N0000001",
    b"family to be traced",
    b"want to go home",
)
"""What stands in the messages of the demo; it may lie in no file in clear."""
TIMEOUT_S = 120


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str
    folder: Path


def _exchange(*words: object) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("EXCHANGE_")}
    return subprocess.run(
        [sys.executable, "-m", "exchange", *map(str, words)],
        cwd=ROOT,
        env=clean | {"NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    folder = tmp_path_factory.mktemp("demo")
    notice = folder / "notice.json"
    notice.write_text(_exchange("message", "new", "RPN", "--example").stdout, encoding="utf-8")
    done = _exchange("demo", "--folder", folder / "two", "--file", notice)
    return Ended(done.returncode, done.stdout, done.stderr, folder / "two")


def test_all_of_it_holds(ended: Ended) -> None:
    assert (ended.code, ended.err) == (0, ""), ended.out
    assert ended.out.splitlines()[-2].startswith("All of it held. Try next:")
    assert "differs" not in ended.out


ROW = re.compile(r"^ +(\d+)  (KH|VN) →  ([A-Z]{3}) .+? accepted \d+ ms +(\d+) +(\d+)$", re.M)
STORY = ["IDN", "VRQ", "VRS", "RPN", "RPD", "TDQ", "TDS", "HPR", "HRP", "HDP", "HRC", "HRC", "RCV"]
SENDERS = ["KH", "KH", "VN", "KH", "VN", "KH", "VN", "KH", "VN", "KH", "KH", "VN", "VN"]


def test_each_message_of_the_first_story_has_an_entry_in_both_ledgers(ended: Ended) -> None:
    rows = ROW.findall(ended.out)[: len(STORY)]

    assert [row[:3] for row in rows] == [
        (str(number), sender, code)
        for number, (sender, code) in enumerate(zip(SENDERS, STORY, strict=True), start=1)
    ]
    entries = [(int(row[3]), int(row[4])) for row in rows]
    assert entries == [(entries[0][0] + n, entries[0][1] + n) for n in range(len(STORY))]


def test_the_second_story_is_told_in_one_line(ended: Ended) -> None:
    assert re.search(
        r"^Story 2 .+ 8 messages, all accepted; 1 handed over, 1 not presented \(ill\)$", ended.out, re.M
    )


def test_the_own_file_is_the_message_after_both_stories(ended: Ended) -> None:
    assert [row[:3] for row in ROW.findall(ended.out)[len(STORY) :]] == [("22", "KH", "RPN")]


def test_the_words_were_compared(ended: Ended) -> None:
    assert re.search(r"words compared \(([a-z]+-){3}[a-z]+ / ([a-z]+-){3}[a-z]+\)", ended.out)


def test_what_must_not_work_is_refused(ended: Ended) -> None:
    trials = [re.split(" {2,}", line.strip()) for line in ended.out.splitlines() if line.startswith("  ")]

    for trial in (
        ["one byte of message 4 changed on the way", "refused, no reason given to the sender"],
        ["message 4 sent a second time", "answered by the same entry, nothing happened twice"],
        [
            'minutes of "2 persons" with one line',
            "stopped before sending: count_invalid at /content/totals/handed_over",
        ],
        ["notice without consent", "stopped before sending: consent_missing at /persons/0/consents"],
    ):
        assert trial in trials


def test_both_sides_count_the_same(ended: Ended) -> None:
    assert re.search(
        r"Reconciliation +sent KH 12, VN 10 +received KH 10, VN 12 +matched 22 +differences 0", ended.out
    )
    assert "each side holds and has signed both" in ended.out


def test_the_persons_balance(ended: Ended) -> None:
    assert re.search(
        r"^Persons +on lists 3 = handed over 2 \+ not presented 1; +taken over 2 = received 2$",
        ended.out,
        re.M,
    )


def test_a_partner_with_a_wrong_key_is_refused_and_that_is_no_failure(tmp_path: Path) -> None:
    done = _exchange("demo", "--folder", tmp_path / "two", "--twin", "wrong-key")

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert re.search(r"^ +3  VN →  VRS result: national +refused +- +\d+$", done.stdout, re.M)
    assert "2 messages refused" in done.stdout
    assert "stopped at VN, 0 taken by KH" in done.stdout
    assert "Story 2" not in done.stdout


def test_no_process_is_left(ended: Ended) -> None:
    for name in ("kh", "vn"):
        assert not Service(ended.folder / name).is_running()
        assert (ended.folder / f"{name}.out").read_text().endswith("stopped\n")


def test_nobody_else_can_read_what_is_left(ended: Ended) -> None:
    assert ended.folder.stat().st_mode & 0o077 == 0
    for name in ("kh", "vn"):
        assert (ended.folder / f"{name}.passphrase").stat().st_mode & 0o077 == 0


def test_no_person_lies_in_clear_in_any_file(ended: Ended) -> None:
    files = [path for path in ended.folder.rglob("*") if path.is_file()]

    found = [(path.name, word) for path in files for word in PERSONS if word in path.read_bytes()]

    assert len(files) > 10
    assert found == []


def test_a_wrong_file_of_the_user_is_said_as_usual(ended: Ended) -> None:
    wrong = ended.folder.parent / "wrong.json"
    wrong.write_text('{"type": "RPN", "persons": []}', encoding="utf-8")

    done = _exchange("demo", "--keep", "--folder", ended.folder, "--file", wrong)

    assert done.returncode == 3, done.stdout
    assert "they know each other from the last demo" in done.stdout
    assert done.stderr.startswith("error: /")
    assert done.stderr.endswith("hint: nothing was sent, nothing was stored\n")
    assert not Service(ended.folder / "kh").is_running()
