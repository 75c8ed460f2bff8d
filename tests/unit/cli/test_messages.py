# SPDX-License-Identifier: Apache-2.0
"""`exchange message …`: one line for what happened, an exit code for what it means."""

import json
from pathlib import Path
from typing import Any

import pytest
from exchange.errors import Fault, InputError, UsageError
from tests.support.command_line import Outcome, run
from tests.support.local_service import LocalService, Reply

ID = "0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60"
SENT: dict[str, Any] = {
    "fate": "released",
    "partner": "VN-MPS-IMM",
    "link": "kQ9w7VtR0aLh4uJp6ZxC1g",
    "id": ID,
    "type": "RPN",
    "seq": 3,
    "digest": "x",
    "reason": "",
}
ACCEPTED: dict[str, Any] = {
    "state": "accepted",
    "code": "",
    "verdict": "2027-10-04T09:12:04.129Z",
    "ms": 6,
    "entry": 3,
    "partner_entry": 3,
}
NO_CONSENT = Fault(
    code="consent_missing",
    pointer="/persons/0/consents",
    rule="consent.return",
    expected='scope "return", state "given"',
    found="none",
    hint='ask the person, then add {"scope": "return", "state": "given", "giver": "person", "on": "<date>"}',
)


def _file(tmp_path: Path, text: str = '{"type": "RPN"}') -> Path:
    path = tmp_path / "notice.json"
    path.write_text(text, encoding="utf-8")
    return path


def _send(tmp_path: Path, replies: dict[str, Reply], *words: str) -> tuple[Outcome, LocalService]:
    with LocalService(tmp_path / "data", replies) as service:
        done = run("message", "send", _file(tmp_path), "--data", tmp_path / "data", *words, OFFICER="P-0001")
    return done, service


def test_an_accepted_message_is_one_line_with_the_time_and_the_entry(tmp_path: Path) -> None:
    done, service = _send(tmp_path, {"message.send": SENT, "message.wait": ACCEPTED})

    assert done.out == "RPN 2f1e4b60 to VN-MPS-IMM, number 3: accepted 6 ms, entry 4\n"
    assert (done.code, done.err) == (0, "")
    assert service.members("message.send") == {"document": {"type": "RPN"}, "to": "", "officer": "P-0001"}
    assert service.members("message.wait") == {"link": SENT["link"], "seq": 3, "timeout_s": 10}


@pytest.mark.parametrize(
    ("verdict", "code", "line", "error"),
    [
        (
            {"state": "rejected", "code": "state_conflict"},
            4,
            "rejected (state_conflict), entry 4",
            "did not take",
        ),
        ({"state": "stopped", "code": "refused"}, 4, "refused (refused)", "did not take the message"),
        ({"state": "queued"}, 5, "queued", "has not acknowledged the message yet"),
        ({"state": "held"}, 5, "held", "has not acknowledged the message yet"),
        ({"state": "voided", "code": "withdrawn"}, 2, "voided", "the message was given up (withdrawn)"),
    ],
)
def test_what_the_partner_did_is_an_exit_code(
    tmp_path: Path, verdict: dict[str, str], code: int, line: str, error: str
) -> None:
    done, _ = _send(tmp_path, {"message.send": SENT, "message.wait": ACCEPTED | verdict})

    assert done.code == code
    assert done.out.endswith(f"number 3: {line}\n")
    assert done.err.startswith("error: ")
    assert error in done.err
    assert "\nhint: " in done.err or verdict["state"] == "voided"


@pytest.mark.parametrize(
    ("fate", "line", "hint"),
    [
        ("needs_second", "kept for a second person", "exchange message release 2f1e4b60"),
        ("waiting", "waits until the start gate opens", "it is sent by itself"),
    ],
)
def test_a_kept_message_is_not_delivered_and_nobody_waits_for_a_verdict(
    tmp_path: Path, fate: str, line: str, hint: str
) -> None:
    done, service = _send(tmp_path, {"message.send": SENT | {"fate": fate, "reason": "rpn_child", "seq": 0}})

    assert (done.code, service.names()) == (5, ["message.send"])
    assert line in done.out
    assert hint in done.err


def test_without_waiting_a_released_message_is_done(tmp_path: Path) -> None:
    done, service = _send(tmp_path, {"message.send": SENT}, "--no-wait")

    assert (done.code, service.names()) == (0, ["message.send"])
    assert done.out == "RPN 2f1e4b60 to VN-MPS-IMM, number 3: released\n"


def test_json_holds_the_answer_and_its_verdict_and_keeps_the_exit_code(tmp_path: Path) -> None:
    rejected = ACCEPTED | {"state": "rejected", "code": "state_conflict"}

    done, _ = _send(tmp_path, {"message.send": SENT, "message.wait": rejected}, "--json")

    assert done.code == 4
    assert json.loads(done.out) == SENT | {"verdict": rejected}


def test_a_wrong_file_is_said_as_in_the_tutorial(tmp_path: Path) -> None:
    """first minutes, section 4"""
    error = InputError(
        "the message is not complete", faults=(NO_CONSENT,), hint="nothing was sent, nothing was stored"
    )

    done, _ = _send(tmp_path, {"message.send": error})

    assert (done.code, done.out) == (3, "")
    assert done.err == (
        "error: /persons/0/consents has no consent to return; found: none; "
        'expected: scope "return", state "given"\n'
        'hint: ask the person, then add {"scope": "return", "state": "given", "giver": "person", '
        '"on": "<date>"}\n'
        "hint: nothing was sent, nothing was stored\n"
    )


def test_with_json_a_wrong_file_is_json_on_stdout(tmp_path: Path) -> None:
    done, _ = _send(tmp_path, {"message.send": InputError("wrong", faults=(NO_CONSENT,))}, "--json")

    problem = json.loads(done.out)["error"]
    assert (done.code, done.err) == (3, "")
    assert (problem["reason"], problem["exit"]) == ("input", 3)
    assert problem["faults"][0]["code"] == "consent_missing"


def test_a_file_that_is_not_json_is_refused_before_anybody_is_asked(tmp_path: Path) -> None:
    path = _file(tmp_path, '{"type": "RPN",\n "full": NGUYEN}')

    done = run("message", "send", path, "--data", tmp_path / "nothing", OFFICER="P-0001")

    assert done.code == 3
    assert "line 2, column 10" in done.err
    assert "NGUYEN" not in done.err
    assert "hint: nothing was sent, nothing was stored" in done.err


def test_who_acts_must_be_said(tmp_path: Path) -> None:
    done = run("message", "send", _file(tmp_path), "--data", tmp_path)

    assert done.code == 2
    assert "hint: say --officer P-0001" in done.err


def test_validate_says_that_nothing_is_wrong(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"message.validate": {"partner": "VN-MPS-IMM", "faults": []}}):
        done = run("message", "validate", _file(tmp_path), "--data", tmp_path, OFFICER="P-0001")

    assert (done.code, done.err) == (0, "")
    assert done.out.endswith("no faults; it can be sent to VN-MPS-IMM\n")


def test_validate_names_every_fault(tmp_path: Path) -> None:
    faults = [vars(NO_CONSENT), {**vars(NO_CONSENT), "pointer": "/persons/1/consents"}]

    with LocalService(tmp_path, {"message.validate": {"partner": "VN-MPS-IMM", "faults": faults}}):
        done = run("message", "validate", _file(tmp_path), "--data", tmp_path, OFFICER="P-0001")

    assert (done.code, done.out) == (3, "")
    assert [line.split()[1] for line in done.err.splitlines() if line.startswith("error")] == [
        "/persons/0/consents",
        "/persons/1/consents",
    ]


def test_fill_prints_the_message_alone_on_stdout_and_the_sources_beside_it(tmp_path: Path) -> None:
    answer = {
        "partner": "VN-MPS-IMM",
        "document": {"header": {"type": "RPN"}},
        "added": [{"pointer": "/header/urgency", "value": "routine", "source": "form"}],
    }

    with LocalService(tmp_path, {"message.fill": answer}):
        done = run("message", "fill", _file(tmp_path), "--data", tmp_path, OFFICER="P-0001")

    assert json.loads(done.out) == answer["document"]
    assert done.err == '/header/urgency  "routine"  (form)\n'


def test_release_sends_the_digest_that_was_shown(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"message.release": SENT, "message.wait": ACCEPTED}) as service:
        done = run("message", "release", "4b60", "--digest", "abc", "--data", tmp_path, OFFICER="P-0002")

    assert done.code == 0
    assert service.members("message.release") == {"id": "4b60", "officer": "P-0002", "digest": "abc"}


@pytest.mark.parametrize(
    "words",
    [
        ("--valid-until", "2027-12-20"),
        ("--accept", "--refuse"),
        ("--accept", "--defer"),
        ("--refuse", "--answers", "answers.json"),
    ],
)
def test_an_answer_says_one_outcome(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run("message", "answer", "4b60", *words, "--data", tmp_path, OFFICER="P-0001")

    assert done.code == 2
    assert "say one of --accept, --refuse, --defer or --answers" in done.err


def test_an_answer_for_all_persons_carries_what_was_typed(tmp_path: Path) -> None:
    with LocalService(
        tmp_path, {"message.answer": SENT | {"type": "RPD"}, "message.wait": ACCEPTED}
    ) as service:
        done = run(
            "message", "answer", "4b60", "--accept", "--valid-until", "2027-12-20",
            "--data", tmp_path, OFFICER="P-0001",
        )  # fmt: skip

    assert done.code == 0
    assert service.members("message.answer") == {
        "id": "4b60",
        "officer": "P-0001",
        "outcome": "accepted",
        "valid_until": "2027-12-20",
    }


def test_an_answer_for_each_person_comes_from_a_file(tmp_path: Path) -> None:
    persons = [{"case_code": "7KQ2-M9XD-4TBE", "outcome": "refused"}]
    path = _file(tmp_path, json.dumps({"persons": persons}))

    with LocalService(tmp_path, {"message.answer": SENT, "message.wait": ACCEPTED}) as service:
        run("message", "answer", "4b60", "--answers", path, "--data", tmp_path, OFFICER="P-0001")

    assert service.members("message.answer")["persons"] == persons
    assert service.members("message.answer")["as"] == "RPD"


def test_answers_without_a_list_of_persons_are_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, '{"outcome": "accepted"}')

    done = run("message", "answer", "4b60", "--answers", path, "--data", tmp_path, OFFICER="P-0001")

    assert done.code == 3
    assert "has no list of persons" in done.err


def _listed(**changes: Any) -> dict[str, Any]:
    row = {
        "id": ID, "link": "x", "partner": "VN-MPS-IMM", "direction": "in", "seq": 1, "type": "RPN",
        "state": "accepted", "code": "", "created": None, "expires": None,
        "logged": "2027-10-04T09:12:04.129Z", "verdict": None, "in_reply_to": None,
        "officer": None, "released_by": None, "bytes": 1,
    }  # fmt: skip
    return row | changes


def test_a_list_shows_the_end_of_each_number_and_no_content(tmp_path: Path) -> None:
    with LocalService(
        tmp_path, {"message.list": {"messages": [_listed()], "next": "", "drafts": []}}
    ) as service:
        done = run("message", "list", "--in", "--data", tmp_path)

    assert "2f1e4b60  RPN   from  VN-MPS-IMM" in done.out
    assert service.members("message.list")["direction"] == "in"


def test_a_full_page_says_how_to_see_the_next_one(tmp_path: Path) -> None:
    answer = {"messages": [_listed()], "next": ID, "drafts": []}
    with LocalService(tmp_path, {"message.list": answer}) as service:
        done = run("message", "list", "--after", "4b60", "--limit", 1, "--data", tmp_path)

    assert done.err == "older ones: exchange message list --after 2f1e4b60\n"
    assert service.members("message.list") == {"partner": "", "limit": 1, "after": "4b60"}


def test_drafts_say_what_they_wait_for(tmp_path: Path) -> None:
    draft = {
        "id": ID,
        "type": "RPN",
        "prepared_by": "P-0001",
        "created": None,
        "waiting": False,
        "digest": "",
    }
    waiting = {**draft, "waiting": True}

    with LocalService(tmp_path, {"message.list": {"messages": [], "next": "", "drafts": [draft, waiting]}}):
        done = run("message", "list", "--drafts", "--data", tmp_path)

    assert "waits for a second person" in done.out
    assert "waits for the gate" in done.out


def test_an_empty_list_says_how_to_begin(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"message.list": {"messages": [], "next": "", "drafts": []}}):
        done = run("message", "list", "--data", tmp_path)

    assert done.out == "no message yet: exchange message new RPN\n"


def test_show_says_once_that_it_was_recorded(tmp_path: Path) -> None:
    answer = {
        "message": _listed(),
        "document": {"header": {}},
        "entries": {"own": 4, "partner": 4},
        "opened": "this records that you opened it",
    }

    with LocalService(tmp_path, {"message.show": answer}):
        done = run("message", "show", "4b60", "--data", tmp_path, OFFICER="P-0001")

    assert "our entry 5" in done.out
    assert done.err == "hint: this records that you opened it\n"


def test_a_draft_asks_what_only_a_person_can_see(tmp_path: Path) -> None:
    draft = {"id": ID, "type": "RPN", "prepared_by": "P-0001", "digest": "abc"}
    questions = [{"code": "over_disclosure", "pointer": "/header/remark", "text": "does it say only that"}]

    with LocalService(tmp_path, {"message.show": {"draft": draft, "document": {}, "questions": questions}}):
        done = run("message", "show", "4b60", "--data", tmp_path, OFFICER="P-0002")

    assert "  look at /header/remark: does it say only that?\n" in done.out


def test_members_of_a_newer_version_are_shown_as_not_understood(tmp_path: Path) -> None:
    answer = {
        "message": _listed(),
        "document": {"persons": [{"mood": "calm"}]},
        "not_understood": ["/persons/0/mood"],
        "entries": {"own": 4, "partner": 4},
    }

    with LocalService(tmp_path, {"message.show": answer}):
        done = run("message", "show", "4b60", "--data", tmp_path, OFFICER="P-0001")

    assert '"mood": "calm"' in done.out
    assert "/persons/0/mood: of a newer version of the form" in done.out


def test_a_draft_is_shown_with_the_digest_to_approve(tmp_path: Path) -> None:
    draft = {"id": ID, "type": "RPN", "prepared_by": "P-0001", "digest": "abc"}

    with LocalService(tmp_path, {"message.show": {"draft": draft, "document": {}}}):
        done = run("message", "show", "4b60", "--data", tmp_path, OFFICER="P-0002")

    assert "prepared by P-0001" in done.out
    assert "digest abc" in done.out


BACK = {"by": "P-0002", "at": "2027-10-04T09:12:04.129Z", "is_sent_back": True, "reason": "wrong year"}


def test_a_draft_says_who_sent_it_back_and_what_changed(tmp_path: Path) -> None:
    draft = {"id": ID, "type": "RPN", "prepared_by": "P-0001", "digest": "d", "returned": None}
    changes = [{"pointer": "/persons/0/sex", "before": "F", "after": None}]
    answer = {"draft": draft | {"sent_back": BACK}, "document": {}, "changes": changes}
    with LocalService(tmp_path, {"message.show": answer}):
        done = run("message", "show", "4b60", "--data", tmp_path, OFFICER="P-0002")

    assert "  sent back by P-0002, 2027-10-04T09:12: wrong year\n" in done.out
    assert '  changed since you looked: /persons/0/sex: "F" -> null\n' in done.out


@pytest.mark.parametrize(
    ("words", "command", "answer", "line"),
    [
        (
            ("send-back", "4b60", "--reason", "wrong year", "--digest", "abc"),
            "message.send_back",
            {"id": ID, "type": "RPN", "prepared_by": "P-0001"},
            "RPN 2f1e4b60: sent back to P-0001, not sent\n",
        ),
        (
            ("discard", "4b60"),
            "message.discard",
            {"id": ID, "type": "RPN"},
            "RPN 2f1e4b60: discarded, not sent\n",
        ),
    ],
)
def test_a_draft_is_sent_back_or_discarded(
    tmp_path: Path, words: tuple[str, ...], command: str, answer: dict[str, Any], line: str
) -> None:
    with LocalService(tmp_path, {command: answer}) as service:
        done = run("message", *words, "--data", tmp_path, OFFICER="P-0002")

    assert (done.code, done.out) == (0, line)
    assert service.members(command)["officer"] == "P-0002"


def test_sending_back_without_a_reason_is_wrong_usage(tmp_path: Path) -> None:
    with LocalService(tmp_path, {}) as service:
        done = run("message", "send-back", "4b60", "--data", tmp_path, OFFICER="P-0002")

    assert (done.code, service.asked) == (2, [])


def test_taking_back_prints_the_message_alone_on_stdout(tmp_path: Path) -> None:
    answer = {"draft": {"id": ID}, "document": {"header": {"type": "RPN"}}}
    with LocalService(tmp_path, {"message.take_back": answer}):
        done = run("message", "take-back", "4b60", "--data", tmp_path, OFFICER="P-0001")

    assert json.loads(done.out) == answer["document"]
    assert "exchange message change 2f1e4b60 FILE" in done.err


def test_a_changed_draft_waits_for_a_second_person(tmp_path: Path) -> None:
    kept = SENT | {"fate": "needs_second", "seq": 0}
    with LocalService(tmp_path / "data", {"message.change": kept}) as service:
        place = ("--data", tmp_path / "data")
        done = run("message", "change", "4b60", _file(tmp_path), *place, OFFICER="P-0001")

    assert done.out == "RPN 2f1e4b60 to VN-MPS-IMM: kept for a second person\n"
    assert service.members("message.change")["document"] == {"type": "RPN"}


def test_void_says_what_was_given_up(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"message.void": {"id": ID, "seq": 3}}) as service:
        done = run("message", "void", "4b60", "--code", "superseded", "--data", tmp_path, OFFICER="P-0001")

    assert done.out == "message 2f1e4b60, number 3: given up (superseded)\n"
    assert service.members("message.void")["code"] == "superseded"


def test_an_unknown_number_is_wrong_usage(tmp_path: Path) -> None:
    error = UsageError("0 messages have the number 4b60", hint="type more of it: exchange message list")

    with LocalService(tmp_path, {"message.show": error}):
        done = run("message", "show", "4b60", "--data", tmp_path, OFFICER="P-0001")

    assert done.code == 2
    assert done.err.splitlines() == [
        "error: 0 messages have the number 4b60",
        "hint: type more of it: exchange message list",
    ]


def test_an_emergency_is_asked_for_and_never_assumed(tmp_path: Path) -> None:
    _, service = _send(tmp_path, {"message.send": SENT, "message.wait": ACCEPTED}, "--emergency")

    assert service.members("message.send")["emergency"] is True


@pytest.mark.parametrize(
    ("words", "objects", "said"),
    [((), False, "agrees"), (("--object",), True, "objects")],
    ids=["agrees", "objects"],
)
def test_the_second_person_says_what_is_thought_of_it(
    tmp_path: Path, words: tuple[str, ...], objects: bool, said: str
) -> None:
    answer = {"id": ID, "type": "RPN", "act": "rpn_child", "agrees": not objects}
    with LocalService(tmp_path, {"message.review": answer}) as service:
        done = run("message", "review", "2f1e4b60", "--data", tmp_path, *words, OFFICER="P-0002")

    assert done.out.splitlines()[0] == f"RPN 2f1e4b60: recorded that P-0002 {said}"
    assert ("stops nothing by itself" in done.out) is objects
    assert service.members("message.review")["objects"] is objects
