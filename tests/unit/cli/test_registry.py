# SPDX-License-Identifier: Apache-2.0
"""The commands `register …` and `message new --from-sheet`."""

import stat
from pathlib import Path
from typing import Any

import pytest
from exchange.adapters.documents.spreadsheets import read_spreadsheet
from exchange.cases.register_sheet import COLUMNS
from exchange.errors import Fault, InputError
from exchange.messages import notice_sheet
from tests.support.command_line import run
from tests.support.local_service import LocalService
from tests.support.spreadsheets import table

HEADINGS = [column.heading for column in COLUMNS]
KEPT = {"number": "F-1", "case": None}


def asked(folder: Path, command: str, *words: object, answer: Any = KEPT, stdin: str = "") -> tuple[Any, Any]:
    with LocalService(folder, {f"register.{command}": answer}) as service:
        done = run("register", command, *words, "--data", folder, OFFICER="P-0001", stdin=stdin)
    return done, service.members(f"register.{command}") if service.asked else None


def test_only_what_is_said_is_entered(tmp_path: Path) -> None:
    words = (
        "--name",
        "SOK Dara",
        "--sex",
        "F",
        "--born",
        "1998",
        "--adult",
        "--from",
        "TH",
        "--on",
        "2027-05-01",
    )

    done, members = asked(tmp_path, "add", "F-1", *words, "--stay", "KH-NGO-AFESIP 2027-05-02..")

    assert (done.code, done.out) == (0, "file F-1: entered\n")
    assert members["entry"] == {
        "number": "F-1",
        "name": "SOK Dara",
        "sex": "F",
        "birth": {"value": "1998"},
        "is_child": False,
        "received_from": "TH",
        "received_on": "2027-05-01",
        "intake": "without_notice",
        "stays": [{"provider": "KH-NGO-AFESIP", "in_on": "2027-05-02"}],
    }


def test_name_can_come_from_the_input(tmp_path: Path) -> None:
    _, members = asked(tmp_path, "add", "F-1", "--name", "-", stdin="SOK Dara\n")

    assert members["entry"]["name"] == "SOK Dara"


def test_person_of_a_case_is_announced(tmp_path: Path) -> None:
    done, members = asked(
        tmp_path, "add", "F-1", "--case", "7KQ2", answer={"number": "F-1", "case": "7KQ2-M9XD"}
    )

    assert members["entry"] == {"number": "F-1", "case": "7KQ2", "intake": "announced"}
    assert done.out == "file F-1, case 7KQ2-M9XD: entered\n"


def test_change_says_what_is_added(tmp_path: Path) -> None:
    words = (
        "--visit",
        "2027-06-01 call stable",
        "--closed",
        "2027-07-01 reintegrated",
        "--family-sought",
        "2027-05-03",
    )

    _, members = asked(tmp_path, "change", "F-1", *words)

    assert members["changes"] == {
        "visit": {"on": "2027-06-01", "method": "call", "outcome": "stable"},
        "closure": {"on": "2027-07-01", "reason": "reintegrated"},
        "family": {"sought_on": "2027-05-03"},
    }


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--stay", "somewhere"),
        ("--visit", "yesterday"),
        ("--closed", "2027-07-01"),
    ],
    ids=["nothing", "a stay", "a visit", "a closure"],
)
def test_change_that_is_not_understood_asks_nothing(tmp_path: Path, words: tuple[str, ...]) -> None:
    done, members = asked(tmp_path, "change", "F-1", *words)

    assert (done.code, members) == (2, None)
    assert done.err.splitlines()[-1].startswith("hint: ")


def test_sheet_goes_to_the_service_by_row(tmp_path: Path) -> None:
    file = tmp_path / "people.xlsx"
    file.write_bytes(table(HEADINGS, [{"name": "SOK Dara", "born": "=1"}, {"name": "សុខ"}]))

    done, members = asked(tmp_path, "import", file, answer={"entries": 2})

    assert done.out == f"{file}: 2 entries were taken in\n"
    assert members["headings"] == HEADINGS
    assert [(row["row"], row["cells"]["name"], row["formulas"]) for row in members["rows"]] == [
        (2, "SOK Dara", ["born"]),
        (3, "សុខ", []),
    ]


def test_faults_of_a_sheet_are_told_by_row_and_column(tmp_path: Path) -> None:
    file = tmp_path / "people.xlsx"
    file.write_bytes(table(HEADINGS, [{"name": "SOK Dara"}]))
    fault = Fault("form_invalid", "row 2, column sex", "form.required", "a value", "none")

    done, _ = asked(
        tmp_path, "import", file, answer=InputError("x", faults=(fault,), hint="nothing was stored")
    )

    assert done.code == 3
    assert done.err.splitlines() == [
        "error: row 2, column sex is missing; found: none; expected: a value",
        "hint: nothing was stored",
    ]


@pytest.mark.parametrize("content", [b"name,born\n", b""], ids=["a text", "nothing"])
def test_other_file_is_refused_before_anything_is_asked(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "people.csv"
    file.write_bytes(content)

    done, members = asked(tmp_path, "import", file)

    assert (done.code, members) == (3, None)


def test_exported_file_is_the_owners_and_holds_no_formula(tmp_path: Path) -> None:
    file = tmp_path / "out.xlsx"
    row = ["'=1+1", *[""] * (len(HEADINGS) - 1)]

    done, members = asked(tmp_path, "export", file, "--purpose", "backup", answer={"rows": [row]})

    assert done.out.startswith(f"{file}: 1 entries; delete the file")
    assert members["purpose"] == "backup"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_spreadsheet(file.read_bytes()).rows[0].cells["file number"] == "'=1+1"


def test_blank_sheets_have_the_headings_and_ask_nothing(tmp_path: Path) -> None:
    register, notices = tmp_path / "register.xlsx", tmp_path / "notices.xlsx"

    _, members = asked(tmp_path, "export", register, "--blank")
    run("message", "new", "RPN", "--blank-sheet", notices)

    assert members is None
    assert list(read_spreadsheet(register.read_bytes()).headings) == HEADINGS
    headings = [column.heading for column in notice_sheet.COLUMNS]
    assert list(read_spreadsheet(notices.read_bytes()).headings) == headings


def test_report_says_what_is_hidden(tmp_path: Path) -> None:
    answer = {
        "from": "2027-05-01",
        "to": "2027-05-31",
        "threshold": 10,
        "counts": {"received": 13, "received/VN": None},
        "holds": True,
    }

    done, members = asked(tmp_path, "report", "--month", "2027-05", "--public", answer=answer)

    assert (members["month"], members["public"]) == ("2027-05", True)
    assert done.out.splitlines() == [
        "from 2027-05-01 to 2027-05-31",
        "count         persons",
        "received      13",
        "received, VN  fewer than 10, or hidden with another",
    ]


def test_drafts_from_a_sheet_are_counted_and_nothing_is_said_to_be_sent(tmp_path: Path) -> None:
    file = tmp_path / "people.xlsx"
    file.write_bytes(table(["name"], [{"name": "SOK Dara"}]))
    answer = {"partner": "VN-MPS-IMM", "drafts": ["a", "b"]}

    with LocalService(tmp_path, {"message.prepare": answer}) as service:
        done = run("message", "new", "RPN", "--from-sheet", file, "--data", tmp_path, OFFICER="P-0001")

    assert done.out.splitlines()[0] == f"{file}: 2 drafts for VN-MPS-IMM, nothing is sent"
    assert service.names() == ["message.prepare"]


@pytest.mark.parametrize("type_name", ["RPD", "nothing"])
def test_only_notices_come_from_a_sheet(tmp_path: Path, type_name: str) -> None:
    done = run("message", "new", type_name, "--from-sheet", tmp_path / "x.xlsx", OFFICER="P-0001")

    assert done.code == 2
