# SPDX-License-Identifier: Apache-2.0
"""Two real nodes at work: one is paused under load, killed, and let go on; both ledgers agree in the end."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from exchange.errors import ExchangeError
from tests.support.command_line import Outcome, run
from tests.support.notices import real_notice
from tests.support.pair import FIRST, SECOND, VN, RealNode, RealPair

GROUP = 20
"""Notices that an officer hands in at once."""
MOST = 400
"""Messages of a side: both together are as many as a list shows."""
WHY = "their node may be in the wrong hands"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPair]:
    with RealPair(tmp_path_factory.mktemp("pause")) as running:
        yield running


def ask(node: RealNode, *words: object) -> Outcome:
    return run(*words, "--data", node.folder, OFFICER=FIRST, SECOND=SECOND)


class Busy(threading.Thread):
    """Officers of one side who send and send, until they are told to stop."""

    def __init__(self, node: RealNode, country: str) -> None:
        super().__init__()
        self._node, self._country = node, country
        self._ends = threading.Event()
        self.begun = threading.Event()
        self.fates: list[str] = []

    def run(self) -> None:
        while not self._ends.is_set() and len(self.fates) < MOST:
            documents = [real_notice(self._country) for _ in range(GROUP)]
            done = self._node.service.ask("message.send_many", documents=documents, officer=FIRST)
            self.fates += [one.get("fate", one.get("error", {}).get("reason")) for one in done["sent"]]
            self.begun.set()

    def end(self) -> None:
        self._ends.set()
        self.join(60)


def how_far(node: RealNode) -> dict[str, Any]:
    """Return how far both ledgers are here, and what was received."""
    shown = node.service.ask("partner.show", partner=VN)
    arrived = [row["id"] for row in node.messages("in")]
    return {"entries": shown["entries"], "signed": shown["signed_by_partner"], "arrived": arrived}


def test_a_pause_under_load_outlives_a_kill_and_nothing_is_lost_or_doubled(pair: RealPair) -> None:
    ours, theirs = Busy(pair.kh, "VN"), Busy(pair.vn, "KH")
    for one in (ours, theirs):
        one.start()
    try:
        for one in (ours, theirs):
            assert one.begun.wait(60)
        done = ask(pair.kh, "partner", "pause", VN, "--reason", WHY)
        before = how_far(pair.kh)
        assert done.code == 0, done.out + done.err
        assert "telephone VN-MPS-IMM" in done.out
        pair.until(lambda: _is_put_off(pair.vn))
        assert how_far(pair.kh) == before
    finally:
        for one in (ours, theirs):
            one.end()
    assert set(ours.fates) <= {"released", "waiting"}
    assert set(theirs.fates) == {"released"}
    assert how_far(pair.kh) == before

    pair.kh.kill()
    pair.kh.start()
    (row,) = pair.kh.service.ask("partner.list")["partners"]
    assert (row["state"], row["pause"]["by"], row["pause"]["reason"]) == ("paused", FIRST, WHY)
    _demand_told(pair)
    (told,) = pair.kh.service.ask("status")["partners"]
    has_no_verdict = sum(row["state"] == "queued" for row in pair.kh.messages("out"))
    assert told["waiting"] == ours.fates.count("waiting") + has_no_verdict
    theirs.fates.append(pair.vn.send(real_notice("KH"))["fate"])
    pair.until(lambda: _is_put_off(pair.vn))
    assert how_far(pair.kh) == before

    alone = run("partner", "resume", VN, "--end-pause", "--data", pair.kh.folder, OFFICER=FIRST, SECOND=FIRST)
    assert alone.code == 2
    done = ask(pair.kh, "partner", "resume", VN, "--end-pause")
    assert done.code == 0, done.out + done.err
    pair.until(pair.is_open)
    pair.until(lambda: _has_all(pair, len(ours.fates), len(theirs.fates)), limit_s=120)

    for found in pair.reconcile():
        assert found["differences"] == []
        assert found["sent"] + found["received"] == len(ours.fates) + len(theirs.fates)


def _demand_told(pair: RealPair) -> None:
    """Whatever people look at says since when the link is paused, by whom, why, and how it ends."""
    command = f"exchange partner resume {VN} --end-pause --officer NUMBER --second NUMBER"
    for words in (("partner", "show", VN), ("status",), ("doctor",)):
        told = ask(pair.kh, *words)
        assert "paused since" in told.out, told.out
        assert f"by {FIRST}: {WHY}" in told.out
        assert command in told.out
    assert ask(pair.kh, "doctor").code == 6
    assert f"by {FIRST}: {WHY}" in ask(pair.kh, "partner", "list").out
    assert f"PAUSED {VN} since" in ask(pair.kh, "due").out


def _is_put_off(node: RealNode) -> bool:
    """Return whether the last call of a node was answered with "not now"."""
    return bool(node.service.ask("status")["partners"][0]["failure"] == "busy")


def _has_all(pair: RealPair, ours: int, theirs: int) -> bool:
    """Return whether each message that was sent is accepted on both sides, once."""
    counts = {"out": ours, "in": theirs}
    for node in pair.nodes:
        for side, count in counts.items():
            rows = node.messages(side if node is pair.kh else _other(side))
            if len({row["id"] for row in rows}) != count or len(rows) != count:
                return False
            if any(row["state"] != "accepted" for row in rows):
                return False
    return True


def _other(side: str) -> str:
    return "in" if side == "out" else "out"


def test_what_is_wrong_is_said_in_words_and_changes_nothing(pair: RealPair) -> None:
    for words, code, told in (
        (("pause", VN, "--reason", ""), 2, "a pause needs a reason"),
        (("pause", VN, "--reason", "a\nb"), 2, "cannot be seen"),
        (("pause", "TH-MSDHS-DATIP", "--reason", WHY), 2, "is not enrolled"),
        (("pause", VN), 2, "--reason"),
        (("resume", VN, "--end-pause"), 2, "is not paused"),
        (("resume", "TH-MSDHS-DATIP", "--end-pause"), 2, "is not enrolled"),
    ):
        done = ask(pair.kh, "partner", *words)
        assert (done.code, told in done.err) == (code, True), done.err
    assert pair.is_open()


def test_two_who_confirm_the_store_end_no_pause(pair: RealPair) -> None:
    assert ask(pair.kh, "partner", "pause", VN, "--reason", WHY).code == 0
    try:
        done = ask(pair.kh, "partner", "resume", VN)
        assert done.code == 2
        assert "--end-pause" in done.err
        with pytest.raises(ExchangeError, match="stopped everything with"):
            pair.kh.service.ask("parcel.write", partner=VN, path=str(pair.new_place()), officer=FIRST)
    finally:
        assert ask(pair.kh, "partner", "resume", VN, "--end-pause").code == 0
    pair.until(pair.is_open)
