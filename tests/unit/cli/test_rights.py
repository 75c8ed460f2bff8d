# SPDX-License-Identifier: Apache-2.0
"""`exchange case recipients`, and the line of `exchange due` about a withdrawal that has to be passed on."""

from pathlib import Path
from typing import Any

from tests.support.command_line import run
from tests.support.local_service import LocalService

GIVEN: dict[str, Any] = {
    "partner": "VN-MPS-IMM", "case": "7KQ2-M9XD-4TBE", "message": "0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60",
    "seq": 4, "type": "RPN", "sent": "2027-10-04T02:00:00.000Z", "state": "accepted", "arrived": True,
    "categories": ["identity", "papers"],
}  # fmt: skip
FOUND: dict[str, Any] = {
    "case": "7KQ2-M9XD-4TBE", "cases": [{"link": "x", "case": "7KQ2-M9XD-4TBE"}],
    "partners": ["VN-MPS-IMM"], "complete": True, "given": [GIVEN],
}  # fmt: skip
NO_ERASURES: dict[str, Any] = {"owed": [], "proposals": []}
NOTHING_DUE: dict[str, Any] = {
    "now": "t", "to_answer": 0, "overdue": 0, "answers_on_their_way": 0, "waiting": [], "tasks": [],
    "second_looks": [], "withdrawals": [], "emergency_openings": [], "reading_stops": [], "more": None,
    "erasures": NO_ERASURES,
    "stops_unopened": 0, "unopened": 0, "stops": [], "arrived": [], "handovers": [], "receptions": [],
}  # fmt: skip
WITHDRAWAL = {
    "partner": "TH-MSDHS-DATIP", "case": "9ABC-M9XD-4TBE", "scopes": ["return", "photo"],
    "withdrawn_at": "2027-10-03T08:00+07:00", "message": "m", "told": "VN-MPS-IMM",
}  # fmt: skip


def recipients(tmp_path: Path, answer: dict[str, Any]) -> tuple[Any, LocalService]:
    with LocalService(tmp_path, {"case.recipients": answer}) as service:
        return run("case", "recipients", "7KQ2", "--data", tmp_path, OFFICER="P-0001"), service


def test_each_message_stands_with_its_categories(tmp_path: Path) -> None:
    done, service = recipients(tmp_path, FOUND)

    assert done.out.splitlines()[1].endswith("RPN   2027-10-04  accepted  identity, papers")
    assert service.members("case.recipients") == {
        "code": "7KQ2", "officer": "P-0001", "purpose": "data_subject_request",
    }  # fmt: skip


def test_a_person_of_whom_nobody_got_anything(tmp_path: Path) -> None:
    done, _ = recipients(tmp_path, FOUND | {"given": []})

    assert done.out == "no partner got anything about this person from us\n"


def test_it_says_when_not_every_case_was_looked_through(tmp_path: Path) -> None:
    done, _ = recipients(tmp_path, FOUND | {"complete": False})

    assert "only the newest cases" in done.err


def test_a_withdrawal_to_pass_on_is_due_also_when_nothing_else_is(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"due": NOTHING_DUE | {"withdrawals": [WITHDRAWAL]}}):
        done = run("due", "--data", tmp_path)

    assert done.out.splitlines() == [
        "TH-MSDHS-DATIP has data of a person who withdrew return, photo with VN-MPS-IMM: "
        "ask the person, then send CWD in case 9ABC-M9XD-4TBE",
        "nothing else is waiting",
    ]
