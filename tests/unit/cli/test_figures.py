# SPDX-License-Identifier: Apache-2.0
"""The commands `statistics` and `statistics timeliness`."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.command_line import run
from tests.support.local_service import LocalService

FOUND: dict[str, Any] = {
    "from": "2027-06",
    "to": "2027-06",
    "tables": [
        {
            "partner": "VN-MPS-IMM",
            "host": "KH-MOSVY-DAHT",
            "threshold": 10,
            "counts": {"notices": 25, "notices/refused": None},
        }
    ],
}
COUNTS = {
    "asked": 20, "answered": 15, "in_time": None, "late": None, "open": 0, "not_due_yet": 0, "overdue": 0,
    "not_needed": 5,
}  # fmt: skip
PUNCTUAL: dict[str, Any] = {
    "from": "2027-06",
    "to": "2027-06",
    "lines": [
        {
            "partner": "VN-MPS-IMM",
            "type": "RPN",
            "answers": "VN-MPS-IMM",
            "threshold": 10,
            "counts": COUNTS,
            "median_days": 3,
            "nine_tenths_days": None,
        }
    ],
}


def ask(folder: Path, *words: str) -> Any:
    with LocalService(folder, {"statistics": FOUND, "statistics.timeliness": PUNCTUAL}) as service:
        done = run("statistics", *words, "--data", folder, OFFICER="P-0001")
    return done, service.asked


def test_counts_are_said_with_what_is_hidden_in_words(tmp_path: Path) -> None:
    done, asked = ask(tmp_path, "--month", "2027-06", "--partner", "VN-MPS-IMM")

    assert done.out.splitlines() == [
        "VN-MPS-IMM, found by KH-MOSVY-DAHT, 2027-06 to 2027-06",
        "count             persons",
        "notices           25",
        "notices, refused  fewer than 10, or hidden with another",
    ]
    members = {"partner": "VN-MPS-IMM", "month": "2027-06", "from": "", "to": "", "officer": "P-0001"}
    assert asked == [("statistics", members)]


def test_hidden_count_is_an_empty_cell_of_csv(tmp_path: Path) -> None:
    done, _ = ask(tmp_path, "--month", "2027-06", "--csv")

    assert list(csv.reader(io.StringIO(done.out))) == [
        ["partner", "host", "from", "to", "count", "persons"],
        ["VN-MPS-IMM", "KH-MOSVY-DAHT", "2027-06", "2027-06", "notices", "25"],
        ["VN-MPS-IMM", "KH-MOSVY-DAHT", "2027-06", "2027-06", "notices/refused", ""],
    ]


@pytest.mark.parametrize(("words", "answer"), [((), FOUND), (("timeliness",), PUNCTUAL)])
def test_answer_for_programs_is_what_the_service_said(
    tmp_path: Path, words: tuple[str, ...], answer: dict[str, Any]
) -> None:
    done, _ = ask(tmp_path, *words, "--month", "2027-06", "--json")

    assert json.loads(done.out) == answer


def test_punctuality_is_a_row_for_each_type_and_side(tmp_path: Path) -> None:
    done, asked = ask(tmp_path, "timeliness", "--from", "2027-01", "--to", "2027-12")

    row = done.out.splitlines()[1].split()
    assert row == [
        "VN-MPS-IMM", "RPN", "VN-MPS-IMM", "hidden", "hidden", "0", "0", "5", "15", "0", "20", "3", "hidden",
    ]  # fmt: skip
    assert [name for name, _ in asked] == ["statistics.timeliness"]
    assert (asked[0][1]["from"], asked[0][1]["to"]) == ("2027-01", "2027-12")


def test_punctuality_as_csv_leaves_hidden_cells_empty(tmp_path: Path) -> None:
    done, _ = ask(tmp_path, "timeliness", "--month", "2027-06", "--csv")

    headings, row = csv.reader(io.StringIO(done.out))
    found = dict(zip(headings, row, strict=True))
    assert (found["in_time"], found["answered"], found["median days"], found["90 % days"]) == (
        "",
        "15",
        "3",
        "",
    )


@pytest.mark.parametrize("words", [(), ("timeliness",)])
def test_who_counts_is_needed(tmp_path: Path, words: tuple[str, ...]) -> None:
    with LocalService(tmp_path, {}) as service:
        done = run("statistics", *words, "--month", "2027-06", "--data", tmp_path)

    assert (done.code, service.asked) == (2, [])
