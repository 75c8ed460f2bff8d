# SPDX-License-Identifier: Apache-2.0
"""`exchange difference …`: a light, a list, and what people do about one."""

from pathlib import Path
from typing import Any

import pytest
from tests.support.command_line import run
from tests.support.local_service import LocalService

GAP: dict[str, Any] = {
    "no": 4, "state": "explained", "class": "sequence_gap", "grave": False,
    "words": "a number is missing below a higher one, or a later message waits for it",
    "number": 5, "last_number": 7, "sender": "KH-MOSVY-DAHT", "acts_first": "KH-MOSVY-DAHT",
    "reason": "held_behind", "entries": [{"log": "VN-MPS-IMM", "index": 16, "digest": "d"}],
    "found": "2027-10-04T09:12:04.123Z", "changed": "2027-10-05T09:12:04.123Z",
    "told": "01a85c55-5824-7387-8766-918f31be50da", "heard": None, "our_resolution": None,
    "their_resolution": "01a85c55-5824-7387-8766-918f31be50db", "accepted_by": [],
    "offered_by": "", "offered_text": "",
    "settled_by_us": False, "settled_by_them": True,
}  # fmt: skip
LEDGER = GAP | {"no": 5, "class": "log_forked", "number": 0, "last_number": 0, "sender": None, "entries": []}


def listed(*rows: dict[str, Any], light: str = "amber") -> dict[str, Any]:
    return {"difference.list": {"partner": "VN-MPS-IMM", "light": light, "differences": list(rows)}}


def test_list_begins_with_the_light_and_says_who_acts(tmp_path: Path) -> None:
    with LocalService(tmp_path, listed(GAP, LEDGER)) as service:
        done = run("difference", "list", "--data", tmp_path)

    assert done.code == 1
    lines = done.out.splitlines()
    assert lines[0] == "VN-MPS-IMM  amber: a difference waits for somebody"
    assert "number 5 to 7 of KH-MOSVY-DAHT" in lines[2]
    assert "the ledger as a whole" in lines[3]
    assert service.members("difference.list") == {"partner": "", "all": False, "compare": False}


def test_no_difference_is_green_and_exit_0(tmp_path: Path) -> None:
    with LocalService(tmp_path, listed(light="green")):
        done = run("difference", "list", "--compare", "--data", tmp_path)

    assert done.code == 0
    assert done.out.splitlines()[-1] == "no difference"


def test_show_says_what_both_sides_said_in_words_of_people(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"difference.show": {"partner": "VN-MPS-IMM", **GAP}}):
        done = run("difference", "show", "4", "--data", tmp_path)

    assert "  see entry 17 of VN-MPS-IMM" in done.out
    assert "we told the partner by message 01a85c55" in done.out
    assert "settled by us: not yet, by the partner: yes" in done.out
    for word in ("leaf", "head", "epoch"):
        assert word not in done.out


def test_settle_sends_what_was_said(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"difference.settle": {"partner": "VN-MPS-IMM", **GAP}}) as service:
        done = run(
            "difference", "settle", "4", "--as", "accept", "--because", "A disk failed.",
            "--officer", "P-0001", "--second", "P-0002", "--data", tmp_path,
        )  # fmt: skip

    assert done.code == 0
    assert service.members("difference.settle") == {
        "partner": "", "no": 4, "how": "accept", "because": "A disk failed.", "by_message": "",
        "by_entry": -1, "log": "own", "officer": "P-0001", "second": "P-0002",
    }  # fmt: skip


def test_entry_that_corrects_is_counted_from_1_by_people_and_from_0_by_programs(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"difference.settle": {"partner": "VN-MPS-IMM", **GAP}}) as service:
        run(
            "difference", "settle", "4", "--as", "correct", "--because", "x", "--by-entry", "17",
            "--log", "partner", "--officer", "P-0001", "--data", tmp_path,
        )  # fmt: skip

    assert service.members("difference.settle")["by_entry"] == 16


@pytest.mark.parametrize(
    "typed",
    [
        ("difference", "settle", "4", "--as", "explain"),
        ("difference", "settle", "4", "--officer", "P-0001"),
        ("difference", "show", "0"),
        ("difference", "settle"),
    ],
)
def test_what_is_incomplete_is_wrong_usage_and_asks_nobody(tmp_path: Path, typed: tuple[str, ...]) -> None:
    with LocalService(tmp_path, {}) as service:
        done = run(*typed, "--data", tmp_path)

    assert done.code == 2
    assert service.asked == []


def test_show_says_who_proposes_to_accept_it(tmp_path: Path) -> None:
    row = GAP | {"offered_by": "P-0005", "offered_text": "Known to both."}
    with LocalService(tmp_path, {"difference.show": {"partner": "VN-MPS-IMM", **row}}):
        done = run("difference", "show", "4", "--data", tmp_path)

    assert "P-0005 proposes to accept it as it is: Known to both." in done.out
