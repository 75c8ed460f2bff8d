# SPDX-License-Identifier: Apache-2.0
"""`exchange case reader|give|emergency|look`, `exchange officer go-on`, and their lines in `exchange due`."""

from pathlib import Path
from typing import Any

import pytest
from tests.support.command_line import run
from tests.support.local_service import LocalService

CASE, WHO = "7KQ2-M9XD-4TBE", "P-0001"
READER = {"case": CASE, "reader": "P-0002"}


@pytest.mark.parametrize(
    ("words", "command", "members", "answer", "said"),
    [
        (
            ("case", "reader", CASE, "P-0002"), "reader.propose", {"code": CASE, "reader": "P-0002"}, READER,
            f"P-0002 is proposed; another officer runs: exchange case reader {CASE} P-0002 --confirm",
        ),
        (
            ("case", "reader", CASE, "P-0002", "--confirm"), "reader.confirm",
            {"code": CASE, "reader": "P-0002"}, READER, f"P-0002 is a named reader of case {CASE}",
        ),
        (
            ("case", "reader", CASE, "P-0002", "--end"), "reader.end", {"code": CASE, "reader": "P-0002"},
            READER, f"P-0002 is no reader of case {CASE}",
        ),
        (
            ("case", "give", CASE, "KH-DOSVY-SVR"), "case.give", {"code": CASE, "office": "KH-DOSVY-SVR"},
            {"case": CASE, "desks": ["KH-DOSVY-SVR", "KH-MOSVY-DAHT"]},
            f"case {CASE} lies at KH-DOSVY-SVR, KH-MOSVY-DAHT",
        ),
        (
            ("case", "emergency", CASE, "life_at_risk"), "case.emergency",
            {"code": CASE, "emergency": "life_at_risk"}, {"case": CASE, "until": "t"},
            f"case {CASE} is open to you for an hour; a colleague looks at it until t",
        ),
        (
            ("case", "look", "3", "--object"), "emergency.review", {"n": 3, "objects": True},
            {"case": CASE, "officer": "P-0002", "agrees": False},
            f"you objected to the opening of case {CASE} by P-0002",
        ),
        (
            ("officer", "go-on", "P-0002"), "reading.release", {"stopped": "P-0002"},
            {"officer": "P-0002"}, "P-0002 can open cases again",
        ),
    ],
    ids=["propose", "confirm", "end", "give", "emergency", "look", "go on"],
)  # fmt: skip
def test_the_command_asks_the_service_and_says_what_was_done(
    tmp_path: Path, words: tuple[str, ...], command: str, members: dict[str, Any], answer: Any, said: str
) -> None:
    with LocalService(tmp_path, {command: answer}) as service:
        done = run(*words, "--data", tmp_path, OFFICER=WHO)

    assert (done.code, done.out.strip()) == (0, said)
    assert service.members(command) == {**members, "officer": WHO}


def test_a_reader_is_not_confirmed_and_ended_at_once(tmp_path: Path) -> None:
    done = run("case", "reader", CASE, "P-0002", "--confirm", "--end", "--data", tmp_path, OFFICER=WHO)

    assert (done.code, done.err.splitlines()[0]) == (2, "error: a reader is confirmed or ended, not both")


def test_what_waits_for_a_second_person_stands_first_in_due(tmp_path: Path) -> None:
    found = {
        "now": "t", "to_answer": 0, "overdue": 0, "answers_on_their_way": 0, "waiting": [], "tasks": [],
        "second_looks": [], "withdrawals": [], "more": None, "erasures": {"owed": [], "proposals": []},
        "stops_unopened": 0, "unopened": 0, "stops": [], "arrived": [], "handovers": [], "receptions": [],
        "reading_stops": [{"officer": "P-0002", "at": "t", "opened": 60}],
        "emergency_openings": [
            {
                "n": 3, "case": CASE, "officer": "P-0002", "purpose": "life_at_risk", "at": "t", "until": "u",
                "overdue": True,
            }
        ],
    }  # fmt: skip
    with LocalService(tmp_path, {"due": found}):
        done = run("due", "--data", tmp_path)

    assert done.out.splitlines() == [
        f"P-0002 opened case {CASE} of another office in an emergency (life_at_risk): a second officer looks "
        "until u, overdue: exchange case look 3",
        "P-0002 opened 60 cases in ten minutes and is stopped: ask why, then exchange officer go-on P-0002",
        "nothing else is waiting",
    ]
