# SPDX-License-Identifier: Apache-2.0
"""The commands `case find` and `case export`."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from tests.support.command_line import run
from tests.support.local_service import LocalService

PERSON: dict[str, Any] = {
    "fit": "sound",
    "names": ["SOK Dara", "សុខ ដារ៉ា"],
    "births": ["2003-05-14"],
    "sex": "F",
    "case": "7KQ2-M9XD-4TBE",
    "partner": "VN-MPS-IMM",
    "state": "accepted",
    "file_number": "",
    "doubts": 0,
}
SENT = {
    "message": "0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b70",
    "type": "RPN",
    "sender": "KH-MOSVY-DAHT",
    "acting_agency": "KH-DOSVY-SVR",
    "recipient": "VN-MPS-IMM",
    "created": "2027-10-04T02:00:00.000Z",
    "delivered": "2027-10-04T02:00:05.000Z",
    "state": "accepted",
}
FILE: dict[str, Any] = {
    "case": "7KQ2-M9XD-4TBE",
    "host": "KH-MOSVY-DAHT",
    "origin": "VN-MPS-IMM",
    "state": "accepted",
    "opened": "2027-10-04T02:00:00.000Z",
    "changed": "2027-10-04T02:00:00.000Z",
    "recipients": [SENT],
    "received_from": [],
    "content": [{"message": SENT["message"], "type": "RPN", "says": {"sex": "F"}}],
    "register": [],
}


def find(folder: Path, *words: str, answer: dict[str, Any] | None = None, **more: str) -> Any:
    answer = {"persons": [PERSON], "more": False} if answer is None else answer
    with LocalService(folder, {"case.find": answer}) as service:
        done = run("case", "find", *words, "--data", folder, OFFICER="P-0001", **more)
    return done, service


def test_found_person_is_one_row_with_why(tmp_path: Path) -> None:
    done, _ = find(tmp_path, "Sokh Darah", "--purpose", "identity check")

    assert done.code == 0
    shown = done.out.splitlines()[1]
    assert shown.startswith("7KQ2-M9XD-4TBE  -     SOK Dara; សុខ ដារ៉ា")
    assert shown.endswith("2003-05-14  F    accepted  sounds alike")


def test_everything_that_is_said_is_asked(tmp_path: Path) -> None:
    _, service = find(
        tmp_path, "Sok", "--born", "១៩៩៨", "--document", "N 1", "--place", "Bavet", "--purpose", "why"
    )

    assert service.members("case.find") == {
        "name": "Sok",
        "born": "១៩៩៨",
        "document": "N 1",
        "place": "Bavet",
        "officer": "P-0001",
        "purpose": "why",
    }


def test_name_can_come_from_the_input_so_that_no_list_of_processes_shows_it(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"case.find": {"persons": [], "more": False}}) as service:
        run("case", "find", "-", "--data", tmp_path, OFFICER="P-0001", stdin="SOK Dara\n")

    assert service.members("case.find")["name"] == "SOK Dara\n"


def test_nobody_and_more_are_said_in_words(tmp_path: Path) -> None:
    done, _ = find(tmp_path, "Sok", answer={"persons": [], "more": True})

    assert done.out == "nobody was found\n"
    assert done.err.startswith("hint: there may be more")


def test_doubts_are_shown_beside_the_person(tmp_path: Path) -> None:
    done, _ = find(tmp_path, "Sok", answer={"persons": [PERSON | {"doubts": 1}], "more": False})

    assert "sounds alike, not all is known" in done.out


def test_search_needs_to_know_who_searches(tmp_path: Path) -> None:
    with LocalService(tmp_path, {}) as service:
        done = run("case", "find", "Sok", "--data", tmp_path)

    assert (done.code, service.asked) == (2, [])


def export(folder: Path, *words: object) -> Any:
    with LocalService(folder, {"case.export": FILE}) as service:
        done = run("case", "export", "7KQ2", *words, "--data", folder, OFFICER="P-0001")
    return done, service


def test_file_of_a_person_says_who_got_what_and_when(tmp_path: Path) -> None:
    done, service = export(tmp_path, "--purpose", "request of the person")

    assert service.members("case.export")["purpose"] == "request of the person"
    assert "sent to" in done.out
    passed = "  VN-MPS-IMM: RPN repatriation notice, by KH-DOSVY-SVR, delivered 2027-10-04T02:00:05.000Z"
    assert f"{passed} (accepted)" in done.out.splitlines()
    assert "received from: nobody" in done.out


@pytest.mark.parametrize("as_json", [True, False])
def test_written_file_can_be_read_by_its_owner_only(tmp_path: Path, as_json: bool) -> None:
    out = tmp_path / "file.txt"

    done, _ = export(tmp_path, "--out", out, *(["--json"] if as_json else []))

    assert done.code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert (json.loads(out.read_text()) == FILE) if as_json else "sent to" in out.read_text()


def test_existing_file_is_not_written_over(tmp_path: Path) -> None:
    out = tmp_path / "file.txt"
    out.write_text("mine")

    done, _ = export(tmp_path, "--out", out)

    assert (done.code, out.read_text()) == (2, "mine")


RECORD: dict[str, Any] = {
    "standard": "HTCDS 2.0",
    "records": [{"prs_FirstName": "Mai"}],
    "not_mapped": [{"record": 1, "place": "flags", "why": "no field of the standard"}],
}


def test_record_is_printed_and_what_is_lost_is_said_beside_it(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"case.export": RECORD}) as service:
        done = run(
            "case", "export", "7KQ2", "--htcds", "--purpose", "x", "--data", tmp_path, OFFICER="P-0001"
        )

    assert service.members("case.export")["htcds"] is True
    assert json.loads(done.out) == RECORD
    assert done.err == "hint: record 1: flags: no field of the standard\n"


def test_records_are_taken_in_from_a_file_as_it_was_exported(tmp_path: Path) -> None:
    file = tmp_path / "records.json"
    file.write_text(json.dumps(RECORD))
    answer = {"entries": 1, "numbers": ["H-001"], "not_mapped": []}

    with LocalService(tmp_path, {"case.import": answer}) as service:
        words = ("--numbers", "H-", "--from", "TH", "--on", "2027-05-01", "--data", tmp_path)
        done = run("case", "import", file, *words, OFFICER="P-0001")

    assert service.members("case.import")["records"] == RECORD["records"]
    assert done.out == f"{file}: 1 entries in the home register, nothing is sent\n"
