# SPDX-License-Identifier: Apache-2.0
"""A ministry lost its recovery key: two real nodes, the officers' commands, one telephone call.

The tests of this file share a pair and build on each other's history.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from exchange.adapters.keys.files import RECOVERY_NAME
from tests.support.command_line import Outcome, run
from tests.support.notices import real_notice
from tests.support.pair import FIRST, KH, SECOND, VN, RealNode, RealPair

NEW_PASSPHRASE = "two halves of two new officers"
ASKED_S = 180.0
"""A node asks its partner once a minute about a version that is on its way."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPair]:
    with RealPair(tmp_path_factory.mktemp("recovery")) as running:
        yield running


def _ask(node: RealNode, *words: object, recovery: str = "") -> Outcome:
    secrets = {"PASSPHRASE": node.passphrase, "OFFICER": FIRST, "SECOND": SECOND}
    secrets |= {"RECOVERY_PASSPHRASE": recovery} if recovery else {}
    return run(*words, "--data", node.folder, **secrets)


def _told(node: RealNode, *words: object, recovery: str = "") -> Any:
    done = _ask(node, *words, "--json", recovery=recovery)
    assert done.code == 0, done.out + done.err
    return json.loads(done.out)


def _refused(done: Outcome, *words: str) -> None:
    assert done.code not in (0, 1), done
    for text in words:
        assert text in done.out + done.err


def _serial_at(node: RealNode, partner: str) -> int:
    return int(_told(node, "partner", "show", partner)["card_serial"])


def _new_key(pair: RealPair) -> Path:
    return pair.folder / "new-recovery.key"


def _exchange_both_ways(pair: RealPair) -> None:
    sent = [pair.kh.send(real_notice("VN"))["id"], pair.vn.send(real_notice("KH"))["id"]]
    pair.until(pair.is_quiet)
    states = {row["id"]: row["state"] for node in pair.nodes for row in node.messages("out")}
    assert [states[number] for number in sent] == ["accepted", "accepted"]


def test_a_lost_recovery_key_is_replaced_by_people_of_both_sides(pair: RealPair, tmp_path: Path) -> None:
    _exchange_both_ways(pair)
    (pair.kh.folder / "keys" / RECOVERY_NAME).unlink()
    file, key = tmp_path / "kh.version", _new_key(pair)
    early = _ask(pair.kh, "agreement", "recovery", "-o", file, "--recovery-key", key)
    made = _told(pair.kh, "key", "recovery", "--new-key", key, recovery=NEW_PASSPHRASE)
    twice = _ask(pair.kh, "key", "recovery", "--new-key", tmp_path / "other.key", recovery=NEW_PASSPHRASE)
    before_start = _ask(
        pair.kh, "agreement", "recovery", "-o", file, "--recovery-key", key, recovery=NEW_PASSPHRASE
    )
    pair.kh.stop()
    pair.kh.start()
    pair.until(pair.is_open)
    waits = _told(pair.kh, "key", "list")
    drilled = _ask(pair.kh, "key", "drill", "--recovery-key", key, recovery=NEW_PASSPHRASE)

    offered = _told(
        pair.kh, "agreement", "recovery", "-o", file, "--recovery-key", key, recovery=NEW_PASSPHRASE
    )
    unread = _ask(pair.vn, "agreement", "sign", file, "--yes", "--words", " ".join(offered["words"][::-1]))
    signed = _ask(pair.vn, "agreement", "sign", file, "--yes", "--words", " ".join(offered["words"]))
    pair.until(lambda: _serial_at(pair.vn, KH) == made["serial"], limit_s=ASKED_S)
    _exchange_both_ways(pair)
    shown = _ask(pair.vn, "agreement", "show", "--version", "2")

    _refused(early, "key file", "--recovery-key FILE")
    _refused(twice, "waits for the start of the service")
    _refused(before_start, "which it is not", "counts from the next start")
    assert waits["recovery"]["kid"] == made["recovery"]
    assert waits["recovery_waits"] == [VN]
    assert f"not agreed on yet with {VN}" in drilled.out
    _refused(unread, "the words are not the same", "tell your security officer")
    assert signed.code == 0, signed
    assert f"recovery key of {KH}" in signed.out
    assert f"{KH} has a new recovery key" in signed.out
    assert f"recovery key of {KH}: {made['recovery']}" in shown.out
    assert " / ".join(["-".join(offered["words"][:4]), "-".join(offered["words"][4:])]) in shown.out
    assert _told(pair.kh, "key", "list")["recovery_waits"] == []
    for found in pair.reconcile():
        assert not found["differences"], found
        assert not found["faults"], found


def test_the_new_key_signs_what_comes_after(pair: RealPair) -> None:
    key = _new_key(pair)
    drilled = _ask(pair.kh, "key", "drill", "--recovery-key", key, recovery=NEW_PASSPHRASE)
    rotated = _told(pair.kh, "key", "rotate", "--recovery-key", key, recovery=NEW_PASSPHRASE)
    pair.kh.stop()
    pair.kh.start()
    pair.until(pair.is_open)
    pair.until(lambda: _serial_at(pair.vn, KH) == rotated["serial"], limit_s=ASKED_S)
    _exchange_both_ways(pair)

    assert "the recovery key is the one that partners have pinned" in drilled.out
    found = [row for row in json.loads(_ask(pair.kh, "doctor", "--json").out)["findings"] if not row["well"]]
    assert not [row for row in found if "recovery key at" in row["what"]]
