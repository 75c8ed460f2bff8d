# SPDX-License-Identifier: Apache-2.0
"""Keys from their first day to their last: two real nodes, the commands of the officers, one link.

The tests of this file share a pair and build on each other's history, as a link does.
"""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from exchange.config import FILE_NAME, read_settings, settings_text
from tests.support.command_line import Outcome, run
from tests.support.notices import real_notice
from tests.support.pair import FIRST, KH, SECOND, VN, RealNode, RealPair


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPair]:
    with RealPair(tmp_path_factory.mktemp("keys")) as running:
        yield running


def _ask(node: RealNode, *words: object) -> Outcome:
    secrets = {"PASSPHRASE": node.passphrase, "OFFICER": FIRST, "SECOND": SECOND}
    return run(*words, "--data", node.folder, **secrets)


def _told(node: RealNode, *words: object) -> Any:
    done = _ask(node, *words, "--json")
    assert done.code == 0, done.out + done.err
    return json.loads(done.out)


def _restart(pair: RealPair, node: RealNode) -> None:
    node.stop()
    node.start()
    pair.until(pair.is_open)


def _exchange_both_ways(pair: RealPair) -> None:
    """Send a notice each way, wait for both verdicts, and demand that both were accepted."""
    sent = [pair.kh.send(real_notice("VN"))["id"], pair.vn.send(real_notice("KH"))["id"]]
    pair.until(pair.is_quiet)
    states = {row["id"]: row["state"] for node in pair.nodes for row in node.messages("out")}
    assert [states[number] for number in sent] == ["accepted", "accepted"]


def _keyx(node: RealNode, op: str) -> set[str]:
    entries = _told(node, "ledger", "list", "--limit", 500)["entries"]
    return {row["kid"] for row in entries if row["event"] == "keyx" and row["op"] == op}


def _kid(node: RealNode, use: str) -> str:
    """Return the key of a use that is used now."""
    rows = [row for row in _told(node, "key", "list")["keys"] if row["use"] == use and row["usable"]]
    return str(max(rows, key=lambda row: str(row["from"]))["kid"])


def _said(node: RealNode) -> tuple[str, str]:
    """Return why the last call failed, and by which rule the last request of the partner was refused."""
    row = _told(node, "status")["partners"][0]
    return row["failure"], row["refused_rule"]


def _demand_sound(pair: RealPair) -> None:
    """Both ledgers verify from their first entry, with the keys of then and of now."""
    for node, found in zip(pair.nodes, pair.reconcile(), strict=True):
        assert (found["differences"], found["faults"]) == ([], [])
        assert _told(node, "ledger", "verify")["holds"]


def test_a_drill_shows_that_keys_could_be_changed_and_changes_nothing(pair: RealPair) -> None:
    before = _told(pair.kh, "key", "list")

    drilled = _told(pair.kh, "key", "drill")

    assert (drilled["next_serial"], drilled["failing"]) == (before["serial"] + 1, [])
    assert _told(pair.kh, "key", "list") == before
    assert not (pair.kh.folder / "keys" / "card.json").exists()


@pytest.mark.parametrize(
    "wrong", [{"SECOND": FIRST}, {"SECOND": "P-9999"}, {"PASSPHRASE": "not the passphrase"}]
)
def test_keys_are_not_changed_without_two_officers_and_the_right_passphrase(
    pair: RealPair, wrong: dict[str, str]
) -> None:
    secrets = {"PASSPHRASE": pair.kh.passphrase, "OFFICER": FIRST, "SECOND": SECOND} | wrong

    done = run("key", "rotate", "--data", pair.kh.folder, **secrets)

    assert done.code in {2, 6}
    assert not (pair.kh.folder / "keys" / "card.json").exists()


def test_another_recovery_key_signs_no_card(pair: RealPair, tmp_path: Path) -> None:
    theirs = tmp_path / "recovery.key"
    theirs.write_bytes((pair.vn.folder / "keys" / "recovery.key").read_bytes())
    theirs.chmod(0o600)
    secrets = {"PASSPHRASE": pair.kh.passphrase, "RECOVERY_PASSPHRASE": pair.vn.passphrase}

    done = run(
        "key", "rotate", "--data", pair.kh.folder, "--recovery-key", theirs, "--json",
        OFFICER=FIRST, SECOND=SECOND, **secrets,
    )  # fmt: skip

    assert json.loads(done.out)["error"]["reason"] == "card_invalid"
    assert not (pair.kh.folder / "keys" / "card.json").exists()


def test_a_rotation_takes_effect_at_the_next_start_and_reaches_the_partner(pair: RealPair) -> None:
    _exchange_both_ways(pair)

    made = _told(pair.kh, "key", "rotate")
    waiting = _told(pair.kh, "key", "list")["serial"]
    twice = _ask(pair.kh, "key", "rotate", "--json")
    too_early = _ask(pair.kh, "key", "announce")
    _restart(pair, pair.kh)
    announced = _ask(pair.kh, "key", "announce")

    after = _told(pair.kh, "key", "list")
    assert (made["serial"], waiting, after["serial"]) == (2, 1, 2)
    assert "was prepared before" in json.loads(twice.out)["error"]["message"]
    assert too_early.code == 2
    assert "card 2 is prepared and not in use yet" in too_early.err
    assert announced.code == 0, announced.err
    new = {row["kid"] for row in after["keys"] if row["use"] != "tls"}
    pair.until(lambda: _keyx(pair.kh, "add") >= new)
    pair.until(lambda: _told(pair.vn, "partner", "show", KH)["card_serial"] == 2)
    _exchange_both_ways(pair)
    _demand_sound(pair)


def test_a_revoked_key_signs_nothing_more_and_what_was_queued_is_given_up(pair: RealPair) -> None:
    lost = _kid(pair.kh, "envelope")
    pair.vn.stop()
    queued = pair.kh.send(real_notice("VN"))["id"]

    revoked = _told(pair.kh, "key", "revoke", lost)
    pair.kh.stop()
    pair.kh.start()
    pair.vn.start()
    pair.until(pair.is_open)
    pair.until(pair.is_quiet)

    states = {row["id"]: (row["state"], row["code"]) for row in pair.kh.messages("out")}
    assert revoked["keys"] == [lost]
    assert states[queued] == ("voided", "voided")
    assert _keyx(pair.kh, "revoke") == {lost}
    assert _kid(pair.kh, "envelope") != lost
    _exchange_both_ways(pair)
    _demand_sound(pair)


def test_a_revoked_head_key_and_a_lost_door_key_do_not_stop_the_link(pair: RealPair, tmp_path: Path) -> None:
    """The partner cannot verify a word by a door key that it does not know: the card goes to it as a file."""
    lost = [_kid(pair.vn, use) for use in ("head", "cosign", "seal")]
    _told(pair.vn, "key", "revoke", *lost)
    _restart(pair, pair.vn)
    assert _keyx(pair.vn, "revoke") == set(lost)
    told = _told(pair.vn, "key", "revoke", _kid(pair.vn, "door"))
    assert told["by_hand"] == [KH]
    pair.vn.stop()
    pair.vn.start()
    pair.until(lambda: _said(pair.kh)[1] == "key_unknown")
    pair.until(lambda: _said(pair.vn)[0] == "not_found")
    _ask(pair.vn, "key", "card", "-o", tmp_path / "card.jws")

    taken = _told(pair.kh, "partner", "card", tmp_path / "card.jws")

    assert (taken["partner"], taken["serial"]) == (VN, 3)
    pair.until(pair.is_open)
    pair.until(lambda: [_said(node) for node in pair.nodes] == [("", ""), ("", "")])
    _exchange_both_ways(pair)
    _demand_sound(pair)


def test_an_older_card_changes_nothing(pair: RealPair, tmp_path: Path) -> None:
    path = tmp_path / "card.jws"
    _ask(pair.kh, "key", "card", "-o", path)

    done = _ask(pair.kh, "partner", "card", path, "--json")

    assert done.code == 2


def test_a_retired_key_ends_with_an_entry_of_its_own_and_the_link_goes_on(pair: RealPair) -> None:
    old = _kid(pair.kh, "envelope")

    _told(pair.kh, "key", "retire", old)
    _restart(pair, pair.kh)

    assert old in _keyx(pair.kh, "retire")
    _exchange_both_ways(pair)
    _demand_sound(pair)


def test_a_node_moves_and_its_partner_calls_the_new_address_when_two_officers_took_it(
    pair: RealPair,
) -> None:
    port = _free_port()
    address = f"https://127.0.0.1:{port}"
    settings = read_settings(pair.vn.folder)
    door = settings.door.model_copy(update={"port": port, "address": address})
    (pair.vn.folder / FILE_NAME).write_text(settings_text(settings.model_copy(update={"door": door})))
    before = _ask(pair.vn, "doctor").out
    _told(pair.vn, "key", "address")
    pair.vn.stop()
    pair.vn.start()
    pair.until(lambda: _told(pair.kh, "partner", "show", VN)["moved"])

    _exchange_both_ways(pair)
    waiting = _ask(pair.kh, "doctor").out
    taken = _told(pair.kh, "partner", "address", VN, address)

    assert "WRONG  address:" in before
    assert f"exchange partner address {VN} {address}" in waiting
    assert (taken["address"], taken["moved"]) == (address, None)
    assert "WRONG  address" not in _ask(pair.kh, "doctor").out + _ask(pair.vn, "doctor").out
    pair.kh.stop()
    pair.kh.start()
    pair.until(pair.is_open)
    _exchange_both_ways(pair)
    _demand_sound(pair)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
