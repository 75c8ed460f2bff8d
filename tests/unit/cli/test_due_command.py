# SPDX-License-Identifier: Apache-2.0
"""`exchange due`: a sentence, a table in both countries' time, and the one command to type next."""

import json
from pathlib import Path
from typing import Any

import pytest
from exchange.errors import UsageError
from exchange.interfaces.cli.due import city, in_words, next_command, until
from tests.support.command_line import Outcome, run
from tests.support.local_service import LocalService

OURS: dict[str, Any] = {
    "message": "0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60", "type": "RPN", "what": "Repatriation notice",
    "replies": ["RPD"], "can_reply": True, "cases": ["7KQ2-M9XD-4TBE"], "persons": 1, "partner": "VN-MPS-IMM",
    "by": "KH-MOSVY-DAHT", "ours": True, "state": "open", "urgency": "routine", "deadline": "DL-RPD",
    "until": "2027-10-11T09:00:00.000Z", "last_day": "2027-10-11", "late_from": "2027-10-11T17:00:00.000Z",
    "own_time": {"zone": "Asia/Phnom_Penh", "at": "2027-10-11T16:00+07:00"},
    "partner_time": {"zone": "Asia/Ho_Chi_Minh", "at": "2027-10-11T16:00+07:00"},
    "answering": False, "reminded": [], "reminder": None,
}  # fmt: skip
THEIRS = OURS | {"ours": False, "by": "VN-MPS-IMM", "cases": ["A", "B"], "persons": 2}
NO_ERASURES: dict[str, Any] = {"owed": [], "proposals": []}
FIRST = {"level": "first", "on": "2027-10-12", "may_be_sent": True}


NOTHING_NEW: dict[str, Any] = {
    "stops_unopened": 0,
    "unopened": 0,
    "stops": [],
    "arrived": [],
    "handovers": [],
    "receptions": [],
}


def found(*tasks: dict[str, Any], **more: Any) -> dict[str, Any]:
    ours = sum(task["ours"] for task in tasks)
    waiting = (
        [{"partner": "VN-MPS-IMM", "count": len(tasks) - ours, "overdue": 0}] if len(tasks) > ours else []
    )
    counts = {"to_answer": ours, "overdue": 0, "answers_on_their_way": 0, "waiting": waiting}
    empty: dict[str, Any] = {
        "second_looks": [],
        "withdrawals": [],
        "emergency_openings": [],
        "reading_stops": [],
        **NOTHING_NEW,
        "more": None,
        "erasures": NO_ERASURES,
    }
    return {"now": "2027-10-04T02:00:00.000Z", "tasks": list(tasks), **counts, **empty, **more}


def due(tmp_path: Path, answer: Any, *words: str) -> tuple[Outcome, LocalService]:
    with LocalService(tmp_path, {"due": answer}) as service:
        done = run("due", "--data", tmp_path, *words)
    return done, service


def test_a_wrong_file_of_days_is_named_beside_what_is_due(tmp_path: Path) -> None:
    fault = "kh/calendar.toml: the file of announced days is wrong: KH names 2026-13-01, which is not a day"

    done, _ = due(tmp_path, found(OURS, calendar_fault=fault))

    assert done.code == 0
    assert done.err == f"deadlines are counted without announced days: {fault}\n"
    assert done.out.splitlines()[0] == "1 to answer"


def test_a_row_says_what_for_how_many_by_whom_until_when_and_what_to_type(tmp_path: Path) -> None:
    done, _ = due(tmp_path, found(OURS, THEIRS))

    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0] == "1 to answer, 1 waiting for VN-MPS-IMM"
    assert [cell.strip() for cell in lines[3].split("  ") if cell] == [
        "RPN repatriation notice", "2f1e4b60", "7KQ2-M9XD", "1", "we",
        "Mon 11 Oct 2027 16:00 Phnom Penh / 16:00 Ho Chi Minh", "open", "exchange message answer 2f1e4b60",
    ]  # fmt: skip
    assert lines[4].endswith("exchange message show 2f1e4b60")


@pytest.mark.parametrize(("overdue", "late"), [(False, ""), (True, ", overdue")], ids=["in time", "late"])
def test_what_one_officer_released_alone_stands_first(tmp_path: Path, overdue: bool, late: str) -> None:
    look = {
        "message": OURS["message"],
        "type": "RPN",
        "act": "rpn_child",
        "released_by": "P-0001",
        "until": "2027-10-05T02:00:00.000Z",
        "overdue": overdue,
    }
    done, _ = due(tmp_path, found(second_looks=[look]))

    assert done.out.splitlines() == [
        "RPN 2f1e4b60 was released by P-0001 alone (rpn_child): a second officer looks until "
        f"2027-10-05T02:00:00.000Z{late}: exchange message review 2f1e4b60",
        "nothing else is waiting",
    ]


ARRIVED: dict[str, Any] = {
    "id": OURS["message"], "partner": "VN-MPS-IMM", "type": "RPD", "seq": 4, "what": "Repatriation decision",
    "created": "2027-10-04T01:00:00.000Z", "verdict": "2027-10-04T02:00:00.000Z", "cases": ["7KQ2-M9XD-4TBE"],
}  # fmt: skip
STOP = ARRIVED | {"type": "INC", "what": "Incident report", "cases": ["A", "B"]}


def test_a_stop_that_nobody_opened_is_the_first_line_and_what_arrived_the_last(tmp_path: Path) -> None:
    done, _ = due(tmp_path, found(stops=[STOP], arrived=[ARRIVED], stops_unopened=1, unopened=4))

    assert done.out.splitlines() == [
        "STOP not opened: INC incident report from VN-MPS-IMM, 2027-10-04T02:00:00.000Z, 2 persons: "
        "exchange message show 2f1e4b60",
        "not opened: RPD repatriation decision from VN-MPS-IMM, 2027-10-04T02:00:00.000Z, "
        "case 7KQ2-M9XD-4TBE: exchange message show 2f1e4b60",
        "3 more that arrived are not opened: exchange message list",
        "nothing else is waiting",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"act": "depart", "overdue": True}, "send the departure notice when the group leaves, overdue"),
        ({"act": "depart", "ours": False}, "VN-MPS-IMM says when the group has left"),
        (
            {"act": "depart", "staying": 1},
            "send the departure notice when the group leaves (1 of 2 persons do not travel)",
        ),
        ({"act": "call_off", "staying": 2}, "nobody on the list may travel any more, call it off"),
        ({"act": "countersign"}, "sign the record of VN-MPS-IMM"),
        ({"act": "countersign", "ours": False}, "VN-MPS-IMM has to sign our record"),
        ({"act": "record_anew"}, "signed with a reservation, write the record anew"),
        ({"act": "record"}, "the group has left, sign the record"),
        ({"act": "answer"}, "answer the change that VN-MPS-IMM proposes"),
    ],
)
def test_a_handover_that_is_near_says_what_comes_next(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    near: dict[str, Any] = {
        "movement": "M0VE-0001-0000", "partner": "VN-MPS-IMM", "crossing": "Bavet / Moc Bai", "persons": 2,
        "staying": 0, "state": "confirmed", "ours": True, "until": None, "overdue": False,
        "own_time": OURS["own_time"],
        "partner_time": OURS["partner_time"], "after": None, "reserved_by_us": False,
    }  # fmt: skip
    done, _ = due(tmp_path, found(handovers=[near | changes]))

    assert done.out.splitlines()[0] == (
        f"handover M0VE-0001-0000 (Bavet / Moc Bai, 2027-10-11T16:00+07:00): {words}: "
        "exchange handover sheet M0VE-0001-0000"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "until 2027-10-11T16:00+07:00: exchange message answer 2f1e4b60 --as RCV"),
        ({"state": "overdue", "record": None}, "until 2027-10-11T16:00+07:00, overdue"),
    ],
    ids=["in time", "late, and its record is not here"],
)
def test_a_reception_that_is_owed_says_until_when(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    owed: dict[str, Any] = {
        "movement": "M0VE-0001-0000", "partner": "KH-MOSVY-DAHT", "persons": 2, "record": OURS["message"],
        "until": OURS["until"], "state": "open", "own_time": OURS["own_time"],
    }  # fmt: skip
    done, _ = due(tmp_path, found(receptions=[owed | changes]))

    assert done.out.splitlines()[0] == (
        f"confirm the reception of 2 persons of handover M0VE-0001-0000 {words}"
    )


def test_a_cut_list_says_how_to_see_more(tmp_path: Path) -> None:
    done, _ = due(tmp_path, found(OURS, more=[1, 2]))

    assert done.out.splitlines()[-1] == "only the first 1 are shown; more of them: exchange due --limit 1000"


def test_an_empty_list_says_what_to_do(tmp_path: Path) -> None:
    done, _ = due(tmp_path, found())

    assert (done.code, done.out) == (0, "nothing is waiting; start a notice: exchange message new RPN\n")


def test_what_is_late_is_no_error_of_the_command(tmp_path: Path) -> None:
    done, service = due(tmp_path, found(OURS | {"state": "overdue"}, overdue=1), "--overdue")

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("1 to answer, 1 overdue\n")
    assert service.members("due") == {"overdue": True, "limit": 100}


def test_nothing_overdue_is_said_below_the_sentence(tmp_path: Path) -> None:
    done, _ = due(tmp_path, found(OURS) | {"tasks": []}, "--overdue")

    assert done.out.splitlines() == ["1 to answer", "", "nothing is overdue"]


def test_json_is_the_answer_of_the_service(tmp_path: Path) -> None:
    done, _ = due(tmp_path, found(OURS, THEIRS), "--json")

    assert json.loads(done.out) == found(OURS, THEIRS)


def test_an_error_of_the_service_keeps_its_exit_code(tmp_path: Path) -> None:
    done, _ = due(tmp_path, UsageError("not now", hint="later"))

    assert (done.code, done.out) == (2, "")


def test_a_word_that_is_no_option_is_wrong_usage(tmp_path: Path) -> None:
    assert run("due", "today", "--data", tmp_path).code == 2


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"to_answer": 3, "overdue": 1}, "3 to answer, 1 overdue"),
        ({"to_answer": 0, "waiting": [{"partner": "VN-X", "count": 2, "overdue": 0}]},
         "0 to answer, 2 waiting for VN-X"),
        ({"waiting": [{"partner": "TH-X", "count": 2, "overdue": 1}]},
         "0 to answer, 2 waiting for TH-X (1 overdue)"),
        ({"answers_on_their_way": 2}, "0 to answer, 2 answered and not confirmed yet"),
    ],
)  # fmt: skip
def test_the_sentence_counts_what_is_ours_and_what_is_theirs(more: dict[str, Any], words: str) -> None:
    assert in_words(found(**more)) == words


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({}, "Mon 11 Oct 2027 16:00 Phnom Penh / 16:00 Ho Chi Minh"),
        ({"partner_time": {"zone": "Asia/Kolkata", "at": "2027-10-11T14:30+05:30"}},
         "Mon 11 Oct 2027 16:00 Phnom Penh / 14:30 Kolkata"),
        ({"own_time": {"zone": "Asia/Phnom_Penh", "at": "2027-12-31T23:30+07:00"},
          "partner_time": {"zone": "Asia/Shanghai", "at": "2028-01-01T00:30+08:00"}},
         "Fri 31 Dec 2027 23:30 Phnom Penh / Sat 01 Jan 00:30 Shanghai"),
        ({"own_time": {"zone": "Asia/Phnom_Penh", "at": None}, "state": "stopped"}, "no day"),
        ({"own_time": {"zone": "Asia/Phnom_Penh", "at": None}}, "no deadline agreed"),
    ],
    ids=["same time", "half an hour apart", "another day", "on hold", "not agreed"],
)  # fmt: skip
def test_the_end_is_shown_in_the_time_of_both_countries(more: dict[str, Any], text: str) -> None:
    assert until(OURS | more) == text


@pytest.mark.parametrize(
    ("task", "command"),
    [
        (OURS, "exchange message answer 2f1e4b60"),
        (OURS | {"can_reply": False}, "exchange message show 2f1e4b60"),
        (OURS | {"answering": True}, "exchange message show 2f1e4b60"),
        (THEIRS, "exchange message show 2f1e4b60"),
    ],
    ids=["answer", "no form for the answer", "answer under way", "wait"],
)
def test_the_next_command_fits(task: dict[str, Any], command: str) -> None:
    assert next_command(task) == command


@pytest.mark.parametrize(
    ("task", "text"),
    [
        (OURS | {"state": "due_today"}, "due today"),
        (OURS | {"state": "stopped"}, "stopped by a hold"),
        (OURS | {"answering": True}, "answered, not confirmed yet"),
        (THEIRS | {"state": "overdue", "reminded": ["first"], "reminder": FIRST | {"level": "second"}},
         "overdue, reminded: first, second reminder from 2027-10-12"),
    ],
)  # fmt: skip
def test_the_state_is_said_in_words(tmp_path: Path, task: dict[str, Any], text: str) -> None:
    done, _ = due(tmp_path, found(task))

    assert f"  {text}  " in done.out


@pytest.mark.parametrize(
    ("zone", "name"), [("Asia/Ho_Chi_Minh", "Ho Chi Minh"), ("Asia/Yangon", "Yangon"), ("UTC", "UTC")]
)
def test_a_zone_is_called_by_its_place(zone: str, name: str) -> None:
    assert city(zone) == name
