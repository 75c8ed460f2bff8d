# SPDX-License-Identifier: Apache-2.0
"""`exchange statement …`: figures that people can add up, and the answer to them."""

from pathlib import Path
from typing import Any

import pytest
from tests.support.command_line import run
from tests.support.local_service import LocalService

LINE: dict[str, Any] = {
    "partner": "VN-MPS-IMM", "of": "partner", "no": 2, "period": "2027-10-04",
    "made": "2027-10-05T01:00:00.000Z", "answer": "",
    "answered": None, "answered_by": "", "index": 30, "digest": "d", "cut": "2027-10-05T00:59:59.000Z",
}  # fmt: skip
CONTENT: dict[str, Any] = {
    "balance": [
        {"sender": "VN-MPS-IMM", "opening": 8, "movements": 4, "closing": 12, "used": 3, "accepted": 1,
         "rejected": 1, "voided": 0, "open": 1}
    ],
    "open_items": [{"sender": "VN-MPS-IMM", "first": 3, "last": 3, "days": 2}],
    "person_totals": {
        "accepted": {"total": 2, "handed_over": 1, "on_hold": 1}, "added_without_acceptance": 0,
    },
    "counted": {"unanswered": 1},
}  # fmt: skip


def shown(**changes: Any) -> dict[str, Any]:
    return {"statement.show": LINE | {"content": CONTENT, "differs": [], "stamps": []} | changes}


def test_figures_are_sums_that_people_can_add_up(tmp_path: Path) -> None:
    with LocalService(tmp_path, shown()) as service:
        done = run("statement", "show", "2", "--of", "partner", "--data", tmp_path)

    assert done.code == 0
    assert "ledger of VN-MPS-IMM: 8 + 4 = 12 entries" in done.out
    assert "counts all that both ledgers held at 2027-10-05T00:59:59.000Z; persons: of 2027-10-04" in done.out
    assert "numbers used 3 = accepted 1 + rejected 1 + given up 0 + open 1" in done.out
    assert "open for 2 days: number 3 of VN-MPS-IMM" in done.out
    assert "persons accepted 2: handed over 1 + on hold 1" in done.out
    assert service.members("statement.show") == {"partner": "", "no": 2, "of": "partner"}


def test_time_stamp_over_the_head_of_a_statement_is_told(tmp_path: Path) -> None:
    stamp = {"tsa": "tsa.example", "at": "2027-10-05T01:02:03.000Z"}
    with LocalService(tmp_path, shown(stamps=[stamp])):
        done = run("statement", "show", "1", "--data", tmp_path)

    assert "existed at 2027-10-05T01:02:03.000Z, says tsa.example" in done.out


@pytest.mark.parametrize(
    "changes", [{"differs": ["/balance/0/used"]}, {"answer": "differs"}], ids=["by our figures", "answered"]
)
def test_statement_that_differs_is_exit_1(tmp_path: Path, changes: dict[str, Any]) -> None:
    with LocalService(tmp_path, shown(**changes)):
        assert run("statement", "show", "2", "--of", "partner", "--data", tmp_path).code == 1


def test_statement_whose_message_is_not_here_says_so(tmp_path: Path) -> None:
    with LocalService(tmp_path, shown(content=None)):
        assert "its message is not here" in run("statement", "show", "2", "--data", tmp_path).out


def test_list_says_what_has_no_answer_yet(tmp_path: Path) -> None:
    answered = LINE | {"of": "own", "answer": "agreed", "answered_by": "partner"}
    rows = {"partner": "VN-MPS-IMM", "statements": [LINE, answered]}
    with LocalService(tmp_path, {"statement.list": rows}):
        done = run("statement", "list", "--data", tmp_path)

    assert "no answer yet" in done.out.splitlines()[1]
    assert "agreed" in done.out.splitlines()[2]


def test_statement_made_by_hand_names_its_period(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"statement.make": LINE | {"of": "own"}}) as service:
        done = run("statement", "make", "2027-10", "--officer", "P-0001", "--data", tmp_path)

    assert done.out.strip() == "statement 2 for 2027-10-04 is on its way to VN-MPS-IMM"
    assert service.members("statement.make") == {"partner": "", "period": "2027-10", "officer": "P-0001"}


@pytest.mark.parametrize(("answer", "word"), [("agreed", "agreed"), ("differs", "differs")])
def test_answer_is_said_back(tmp_path: Path, answer: str, word: str) -> None:
    more = ("--differs", "--because", "papers_say_otherwise") if answer == "differs" else ()
    with LocalService(tmp_path, {"statement.agree": LINE | {"answer": answer}}) as service:
        done = run("statement", "agree", "2", *more, "--officer", "P-0001", "--data", tmp_path)

    assert done.out.strip() == f"statement 2 of VN-MPS-IMM: {word}"
    asked = service.members("statement.agree")
    assert asked["differs"] is (answer == "differs")
    assert asked.get("because") == ("papers_say_otherwise" if answer == "differs" else None)


@pytest.mark.parametrize(
    "typed", [("statement", "make"), ("statement", "agree", "2"), ("statement", "show", "0")]
)
def test_what_is_incomplete_is_wrong_usage_and_asks_nobody(tmp_path: Path, typed: tuple[str, ...]) -> None:
    with LocalService(tmp_path, {}) as service:
        assert run(*typed, "--data", tmp_path).code == 2
    assert service.asked == []
