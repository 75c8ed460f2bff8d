# SPDX-License-Identifier: Apache-2.0
"""Addresses that changed, at the command line: what doctor, status and partner say, and what is decided."""

from pathlib import Path
from typing import Any

import pytest
from exchange.interfaces.cli.moved import moved_line, own_address, partner_address
from tests.support.command_line import run
from tests.support.local_service import LocalService

OLD, NEW = "https://old.example:8443", "https://new.example:8443"
WAITS: dict[str, Any] = {"in_use": OLD, "offered": NEW, "refused": False}
REFUSED = {**WAITS, "refused": True}
SHOWN: dict[str, Any] = {
    "partner": "VN-MPS-IMM", "link": "x", "state": "open", "reason": "", "agreement": 1, "profile": "kh-vn",
    "suite": 2, "card_serial": 2, "unknown_uses": [], "by_files": False, "address": OLD, "moved": None,
    "entries": {"own": 1, "partner": 1}, "signed_by_partner": 1,
}  # fmt: skip
STATUS: dict[str, Any] = {
    "agency": "KH-MOSVY-DAHT", "training": False, "address": "", "keys": [], "shut_by": [], "partners": [
        {"partner": "VN-MPS-IMM", "state": "open", "reason": "", "waiting": 0, "last_contact": "t",
         "failure": "", "calls_us": False, "refused_rule": "", "keys": [], "address": WAITS},
    ],
}  # fmt: skip
TWO = {"OFFICER": "P-0001", "SECOND": "P-0002"}


@pytest.mark.parametrize(("wanted", "named"), [(OLD, OLD), ("", "")])
def test_settings_and_card_that_agree_are_well(wanted: str, named: str) -> None:
    assert own_address(wanted, {"card_address": named}).well


@pytest.mark.parametrize(("wanted", "named"), [(NEW, OLD), (NEW, ""), ("", OLD), (f"{OLD}/", OLD)])
def test_settings_and_card_that_differ_are_wrong_and_both_are_named(wanted: str, named: str) -> None:
    finding = own_address(wanted, {"card_address": named})

    assert not finding.well
    assert (wanted or "none") in finding.found
    assert (named or "none") in finding.found
    assert "exchange key address" in finding.todo


def test_an_address_that_waits_is_wrong_and_the_command_is_named() -> None:
    (finding,) = partner_address({"partner": "VN-MPS-IMM", "address": WAITS})

    assert not finding.well
    assert OLD in finding.found
    assert f"exchange partner address VN-MPS-IMM {NEW}" in finding.todo


def test_an_address_that_was_refused_is_told_and_asks_for_nothing() -> None:
    (finding,) = partner_address({"partner": "VN-MPS-IMM", "address": REFUSED})

    assert (finding.well, finding.todo) == (True, "")
    assert "refused" in finding.found


@pytest.mark.parametrize("row", [{"partner": "X", "address": None}, {"partner": "X"}])
def test_a_partner_that_did_not_move_is_not_mentioned(row: dict[str, Any]) -> None:
    assert list(partner_address(row)) == []


def test_status_shows_the_old_and_the_new_address(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"status": STATUS}):
        done = run("status", "--data", tmp_path)

    assert moved_line(WAITS) in done.out


@pytest.mark.parametrize(("moved", "is_said"), [(WAITS, True), (REFUSED, True), (None, False)])
def test_show_says_that_a_partner_moved(tmp_path: Path, moved: Any, is_said: bool) -> None:
    with LocalService(tmp_path, {"partner.show": {**SHOWN, "moved": moved}}):
        done = run("partner", "show", "VN-MPS-IMM", "--data", tmp_path)

    assert done.code == 0
    assert (NEW in done.out) is is_said
    assert ("exchange partner address" in done.out) is (moved is WAITS)


def test_a_card_from_a_file_says_that_its_address_waits(tmp_path: Path) -> None:
    card = tmp_path / "card.jws"
    card.write_text("x.y.z")
    reply = {"partner": "VN-MPS-IMM", "serial": 2, "address": OLD, "moved": WAITS}

    with LocalService(tmp_path, {"partner.take_card": reply}):
        done = run("partner", "card", card, "--data", tmp_path)

    assert f"exchange partner address VN-MPS-IMM {NEW}" in done.out


@pytest.mark.parametrize(
    ("words", "decision", "address"),
    [((NEW,), "take", NEW), ((NEW, "--refuse"), "refuse", NEW), (("none",), "take", "")],
)
def test_two_officers_decide_about_the_address_they_name(
    tmp_path: Path, words: tuple[str, ...], decision: str, address: str
) -> None:
    reply = {"partner": "VN-MPS-IMM", "address": OLD, "moved": None}

    with LocalService(tmp_path, {"partner.address": reply}) as service:
        done = run("partner", "address", "VN-MPS-IMM", *words, "--data", tmp_path, **TWO)

    assert done.code == 0
    assert f"we call {OLD}" in done.out
    assert service.members("partner.address") == {
        "partner": "VN-MPS-IMM",
        "address": address,
        "decision": decision,
        "officer": "P-0001",
        "second": "P-0002",
    }


@pytest.mark.parametrize(
    ("words", "officers"),
    [
        ((NEW,), {"OFFICER": "P-0001"}),
        ((NEW,), {"SECOND": "P-0002"}),
        ((NEW,), {"OFFICER": "P-0001", "SECOND": "P-0001"}),
        ((NEW, "--refuse"), {"OFFICER": "P-0001", "SECOND": "P-0001"}),
        ((), TWO),
    ],
)
def test_nothing_is_decided_without_two_officers_and_an_address(
    tmp_path: Path, words: tuple[str, ...], officers: dict[str, str]
) -> None:
    with LocalService(tmp_path, {}) as service:
        done = run("partner", "address", "VN-MPS-IMM", *words, "--data", tmp_path, **officers)

    assert done.code == 2
    assert service.names() == []
