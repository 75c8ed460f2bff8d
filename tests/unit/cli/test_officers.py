# SPDX-License-Identifier: Apache-2.0
"""`exchange officer`, `key`, `status` and `case`."""

from pathlib import Path
from typing import Any

import pytest
from exchange.interfaces.cli.doctor_keys import ROTATE
from exchange.interfaces.cli.staffing import left_behind
from tests.support.command_line import run
from tests.support.local_service import LocalService

ROW = {
    "number": "P-0001", "name": "Chan", "office": "KH-MOSVY-DAHT", "functions": ["tracing"],
    "from": "a", "until": None,
}  # fmt: skip
EVENT: dict[str, Any] = {
    "message": "m1", "type": "RPN", "direction": "in", "seq": 4, "before": None, "after": "notice_pending",
    "provisional": False, "at": "t1", "released": None, "delivered": None, "state": "accepted", "code": "",
    "line": None,
}  # fmt: skip
CASE = {
    "code": "7KQ2-M9XD-4TBE", "link": "x", "host": "KH-MOSVY-DAHT", "origin": "VN-MPS-IMM",
    "state": "notice_pending", "provisional": False, "opened": "t", "changed": "2027-10-04T09:12:04.123Z",
}  # fmt: skip


def test_an_officer_gets_the_functions_of_the_office_unless_some_are_named(tmp_path: Path) -> None:
    replies = {"status": {"office": "KH-PTC"}, "officer.add": ROW}

    with LocalService(tmp_path, replies) as service:
        run("officer", "add", "P-0001", "Chan", "--data", tmp_path)
        usual = service.members("officer.add")
        run("officer", "add", "P-0001", "Chan", "--office", "KH-DOSVY-BMC", "--function", "tracing",
            "--data", tmp_path)  # fmt: skip
        named = service.members("officer.add")

    assert (usual["office"], usual["functions"]) == ("KH-PTC", ["border_handover", "reception"])
    assert (named["office"], named["functions"]) == ("KH-DOSVY-BMC", ["tracing"])


def test_an_ended_officer_is_listed_with_the_day(tmp_path: Path) -> None:
    ended = {**ROW, "number": "P-0002", "until": "2027-10-04"}

    with LocalService(tmp_path, {"officer.list": {"officers": [ROW, ended]}}):
        done = run("officer", "list", "--data", tmp_path)

    assert done.out.splitlines()[1].endswith("active")
    assert done.out.splitlines()[2].endswith("2027-10-04")


def test_ending_an_officer_says_that_the_number_is_used_up(tmp_path: Path) -> None:
    left = {**ROW, "until": "t", "account": False, "drafts": 2, "cases": 0, "officers_left": 2}

    with LocalService(tmp_path, {"officer.end": left}) as service:
        done = run("officer", "end", "P-0001", "--yes", "--data", tmp_path, OFFICER="P-0002")

    assert done.out == "P-0001 ended at t by P-0002; the number is never used again\n"
    assert "2 messages of this officer are not released" in done.err
    assert service.asked == [("officer.end", {"number": "P-0001", "officer": "P-0002"})]


def test_an_end_without_a_terminal_shows_what_follows_and_changes_nothing(tmp_path: Path) -> None:
    found = {**ROW, "account": True, "drafts": 2, "cases": 3, "officers_left": 1}

    with LocalService(tmp_path, {"officer.leaving": found}) as service:
        done = run("officer", "end", "P-0001", "--data", tmp_path, OFFICER="P-0002")

    assert (done.code, service.names()) == (2, ["officer.leaving"])
    for words in ("account is closed", "2 messages", "3 cases nobody else", "1 officers are left", "--yes"):
        assert words in done.err


def test_an_end_shows_only_what_follows() -> None:
    nothing = {**ROW, "account": False, "drafts": 0, "cases": 0, "officers_left": 2}

    assert len(left_behind(nothing)) == 1


@pytest.mark.parametrize("words", [("end", "P-0001", "--yes"), ("correct", "P-0001", "--name", "Chan")])
def test_a_change_of_an_officer_says_who_made_it(tmp_path: Path, words: tuple[str, ...]) -> None:
    with LocalService(tmp_path, {}) as service:
        done = run("officer", *words, "--data", tmp_path)

    assert (done.code, service.asked) == (2, [])
    assert "who acts is not said" in done.err


def test_a_correction_leaves_what_is_not_said(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"officer.correct": ROW}) as service:
        done = run("officer", "correct", "P-0001", "--name", "Chan", "--data", tmp_path, OFFICER="P-0002")

    assert service.members("officer.correct") == {"number": "P-0001", "name": "Chan", "officer": "P-0002"}
    assert done.out == "P-0001 Chan, KH-MOSVY-DAHT: tracing\n"


def test_the_list_of_keys_has_no_private_one(tmp_path: Path) -> None:
    key = {
        "use": "head",
        "kid": "a1",
        "algorithm": "Ed25519",
        "from": "t",
        "until": "u",
        "usable": True,
        "revoked": "",
    }
    recovery = {"use": "recovery", "kid": "b2", "algorithm": "Ed25519"}

    with LocalService(
        tmp_path, {"key.list": {"serial": 1, "digest": "d", "recovery": recovery, "keys": [key]}}
    ):
        done = run("key", "list", "--data", tmp_path)

    assert done.out.splitlines()[0] == "card serial 1, d"
    assert "kept apart" in done.out


def test_status_says_how_each_partner_stands(tmp_path: Path) -> None:
    partner = {"partner": "VN-MPS-IMM", "link": "x", "state": "closed", "reason": "not_asked_yet",
               "waiting": 3, "last_contact": None, "failure": "pin", "keys": []}  # fmt: skip
    seal = {"use": "seal", "until": "2027-11-20T00:00:00.000Z", "over": True}
    answer = {"agency": "KH-MOSVY-DAHT", "training": True, "address": "", "partners": [partner],
              "keys": [seal], "shut_by": []}  # fmt: skip

    with LocalService(tmp_path, {"status": answer}):
        done = run("status", "--data", tmp_path)

    assert done.out.splitlines() == [
        "KH-MOSVY-DAHT, training, only calls",
        "  own keys: seal is over since 2027-11-20",
        f"    {ROTATE}",
        "  VN-MPS-IMM  closed (not_asked_yet), 3 waiting, no contact since the start,"
        " the last call failed (pin)",
    ]


def test_a_case_is_listed_without_content(tmp_path: Path) -> None:
    pending = {**CASE, "state": "presumed", "shown": "notice_pending", "provisional": 1}

    with LocalService(tmp_path, {"case.list": {"cases": [pending]}}):
        done = run("case", "list", "--data", tmp_path)

    assert "7KQ2-M9XD-4TBE  KH-MOSVY-DAHT  VN-MPS-IMM  notice_pending, not acknowledged yet" in done.out


def test_a_case_shows_each_message_once_with_its_decision(tmp_path: Path) -> None:
    sent = {**EVENT, "message": "m2", "type": "RPD", "direction": "out", "before": "notice_pending",
            "after": "accepted", "provisional": True, "line": {"outcome": "accepted"}}  # fmt: skip

    with LocalService(tmp_path, {"case.show": {"case": CASE, "events": [EVENT, sent]}}) as service:
        done = run("case", "show", "7KQ2", "--data", tmp_path, OFFICER="P-0001")

    assert service.members("case.show") == {"code": "7KQ2", "officer": "P-0001", "purpose": "case_work"}
    assert "t1  received RPN repatriation notice    new → notice_pending" in done.out
    assert "sent     RPD repatriation decision  notice_pending → accepted  (provisional)" in done.out
    assert "decision: accepted" in done.out


def test_a_case_is_not_opened_by_nobody(tmp_path: Path) -> None:
    assert run("case", "show", "7KQ2", "--data", tmp_path).code == 2
