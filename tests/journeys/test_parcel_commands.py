# SPDX-License-Identifier: Apache-2.0
"""`exchange parcel write` and `parcel read` as typed: two real processes, no network, a stop inside.

The crossing is closed while a notice waits for its courier. Both go in one parcel; the stop is taken first.
In another story an old copy is put back behind the back of the program, and two officers of each side begin
the ledger anew, by `exchange partner renew` and four parcels.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.command_line import Outcome, run
from tests.support.notices import real_notice
from tests.support.pair import FIRST, KH, SECOND, VN, RealNode, RealPair

CLOSED = {
    "type": "CKS",
    "checkpoint": "KH-VN-BAVET",
    "status": "closed_indefinitely",
    "from": "2030-01-01T08:00+07:00",
}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPair]:
    with RealPair(tmp_path_factory.mktemp("parcels"), by_files=True) as running:
        yield running


def _ask(node: RealNode, *words: object) -> Outcome:
    return run(*words, "--data", node.folder, OFFICER=FIRST)


def _told(node: RealNode, *words: object) -> Any:
    done = _ask(node, *words, "--json")
    assert done.code == 0, done.out + done.err
    return json.loads(done.out)


def _send(node: RealNode, document: dict[str, Any], folder: Path) -> str:
    path = folder / "document.json"
    path.write_text(json.dumps(document))
    return str(_told(node, "message", "send", path, "--no-wait")["id"])


def _state(node: RealNode, direction: str, number: str) -> str:
    rows = _told(node, "message", "list", f"--{direction}", "--limit", 1000)["messages"]
    return next((str(row["state"]) for row in rows if row["id"] == number), "not here")


def test_a_notice_and_a_stop_travel_in_one_parcel_and_come_back_accepted(
    pair: RealPair, tmp_path: Path
) -> None:
    goes, back = tmp_path / "goes.parcel", tmp_path / "back.parcel"
    notice = _send(pair.kh, real_notice("VN"), tmp_path)
    stop = _send(pair.kh, CLOSED, tmp_path)

    written = _told(pair.kh, "parcel", "write", VN, "-o", goes)
    shown = _told(pair.vn, "parcel", "read", goes, "--preview")
    before = _state(pair.vn, "in", stop)
    taken = _told(pair.vn, "parcel", "read", goes, "--yes")
    _told(pair.vn, "parcel", "write", KH, "-o", back)
    answered = _ask(pair.kh, "parcel", "read", back, "--yes")

    assert (shown["messages"], before, taken["new_messages"]) == (2, "not here", 2)
    assert written["files"][0]["messages"] == 2
    assert answered.code == 0, answered.err
    for number in (notice, stop):
        assert _state(pair.kh, "out", number) == _state(pair.vn, "in", number) == "accepted"
    entries = _told(pair.vn, "ledger", "list", "--limit", 500)["entries"]
    verdicts = [row["id"] for row in entries if row["event"] == "rcvd" and row["id"] in (notice, stop)]
    assert verdicts == [stop, notice]


def test_the_same_parcel_read_again_brings_nothing_and_says_so(pair: RealPair, tmp_path: Path) -> None:
    goes = tmp_path / "goes.parcel"
    _send(pair.kh, real_notice("VN"), tmp_path)
    _told(pair.kh, "parcel", "write", VN, "-o", goes)
    _told(pair.vn, "parcel", "read", goes, "--yes")

    again = _ask(pair.vn, "parcel", "read", goes, "--yes")

    assert again.code == 0
    assert "nothing in it was new" in again.out


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda raw: raw[: len(raw) // 2], "parcel_cut"),
        (lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]), "parcel_changed"),
        (lambda raw: b"exchange-parcel 9\n" + raw[18:], "parcel_version"),
        (lambda raw: b"x", "not_a_parcel"),
    ],
)
def test_a_broken_parcel_is_refused_with_its_reason_and_takes_nothing(
    pair: RealPair, tmp_path: Path, change: Any, reason: str
) -> None:
    goes, broken = tmp_path / "goes.parcel", tmp_path / "broken.parcel"
    notice = _send(pair.kh, real_notice("VN"), tmp_path)
    _told(pair.kh, "parcel", "write", VN, "-o", goes)
    broken.write_bytes(change(goes.read_bytes()))

    done = _ask(pair.vn, "parcel", "read", broken, "--yes", "--json")

    assert (json.loads(done.out)["error"]["reason"], done.code) == (reason, 3)
    assert _state(pair.vn, "in", notice) == "not here"


def test_a_parcel_of_our_own_is_refused(pair: RealPair, tmp_path: Path) -> None:
    goes = tmp_path / "goes.parcel"
    _told(pair.kh, "parcel", "write", VN, "-o", goes)

    done = _ask(pair.kh, "parcel", "read", goes, "--yes", "--json")

    assert json.loads(done.out)["error"]["reason"] == "parcel_own"


def _carry(pair: RealPair, sender: RealNode, folder: Path) -> Outcome:
    """Write a parcel of one side and read it at the other one."""
    path = folder / f"{sender.code}-{len(list(folder.iterdir()))}.parcel"
    other = pair.other(sender)
    _told(sender, "parcel", "write", other.code, "-o", path)
    return _ask(other, "parcel", "read", path, "--yes")


def _carried(pair: RealPair, sender: RealNode, folder: Path) -> None:
    done = _carry(pair, sender, folder)
    assert done.code == 0, done.out + done.err


def _fork(pair: RealPair, folder: Path) -> None:
    """Let KH sign two histories: a copy of its folder is put back, and nothing outside of it knows better."""
    _carried(pair, pair.kh, folder)
    _carried(pair, pair.vn, folder)
    places = (pair.kh.folder / "store", Path(pair.kh.marks))
    pair.kh.stop()
    for number, place in enumerate(places):
        shutil.copytree(place, folder / f"kept-{number}")
    pair.kh.start()
    pair.until(lambda: pair.is_open(pair.kh))
    _send(pair.kh, real_notice("VN"), folder)
    _carried(pair, pair.kh, folder)
    pair.kh.stop()
    for number, place in enumerate(places):
        shutil.rmtree(place)
        shutil.copytree(folder / f"kept-{number}", place)
    pair.kh.start()
    pair.until(lambda: pair.is_open(pair.kh))
    _send(pair.kh, real_notice("VN"), folder)
    _send(pair.kh, real_notice("VN"), folder)


def test_two_officers_of_each_side_begin_a_forked_ledger_anew_by_parcels(
    pair: RealPair, tmp_path: Path
) -> None:
    """What KH forgot and VN accepted stays a difference that people settle (docs/guides/backups.md, 6)."""
    _fork(pair, tmp_path)
    refused = _carry(pair, pair.vn, tmp_path)
    alone = run("partner", "renew", VN, "--reason", "two_histories", "--data", pair.kh.folder, OFFICER=FIRST)

    decided = _ask(pair.kh, "partner", "renew", VN, "--reason", "two_histories", "--second", SECOND)
    _carried(pair, pair.kh, tmp_path)
    answered = _told(pair.vn, "partner", "renew", KH, "--reason", "two_histories", "--second", SECOND)
    for sender in (pair.vn, pair.kh, pair.vn):
        _carried(pair, sender, tmp_path)
    notice = _send(pair.kh, real_notice("VN"), tmp_path)
    for sender in (pair.kh, pair.vn):
        _carried(pair, sender, tmp_path)

    assert refused.code != 0
    assert "two histories" in refused.err or "fork" in refused.err, refused.err
    assert alone.code == 2
    assert "as number 2" in decided.out
    assert "write a parcel" in decided.out
    assert (answered["epoch"], answered["by_files"]) == (2, True)
    assert _state(pair.kh, "out", notice) == _state(pair.vn, "in", notice) == "accepted"
    kinds = [[one["class"] for one in found["differences"]] for found in pair.reconcile()]
    assert kinds == [[], ["state_mismatch"]]
