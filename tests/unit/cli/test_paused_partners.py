# SPDX-License-Identifier: Apache-2.0
"""A paused partner at the command line: what is asked of the service, and what people are told."""

import json
from pathlib import Path
from typing import Any

import pytest
from exchange.errors import UsageError
from exchange.interfaces.cli.pausing import due_line, end_command, paused_line
from tests.support.command_line import run
from tests.support.local_service import LocalService

VN, WHY, SINCE = "VN-MPS-IMM", "their node may be in the wrong hands", "2027-10-04T02:00:00.000Z"
PAUSE = {"since": SINCE, "by": "P-0001", "reason": WHY}
DONE: dict[str, Any] = {"partner": VN, "pause": PAUSE, "waiting": 0, "drafts": 0, "by_files": False}
ENDED = {"partner": VN, "pause": PAUSE, "state": "closed", "reason": "not_asked_yet"}
WAITS: dict[str, Any] = {
    "fate": "waiting", "partner": VN, "link": "x", "id": "0192f0c1-0000-7000-8000-00000000abcd",
    "type": "RPN", "seq": 0, "digest": "d", "reason": "paused",
}  # fmt: skip
DUE: dict[str, Any] = {
    "stops": [], "second_looks": [], "withdrawals": [], "erasures": {"proposals": [], "owed": []},
    "emergency_openings": [], "reading_stops": [], "handovers": [], "receptions": [], "arrived": [],
    "stops_unopened": 0, "unopened": 0, "to_answer": 0, "answers_on_their_way": 0, "waiting": [], "tasks": [],
}  # fmt: skip


def pause(folder: Path, *more: str, **environment: str) -> Any:
    return run("partner", "pause", VN, *more, "--data", folder, **environment)


def test_a_pause_says_what_waits_that_one_telephones_and_how_it_ends(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"partner.pause": DONE}) as service:
        done = pause(tmp_path, "--reason", WHY, OFFICER="P-0001")

    assert service.members("partner.pause") == {"partner": VN, "reason": WHY, "officer": "P-0001"}
    assert done.code == 0
    assert "a stop as well: telephone VN-MPS-IMM" in done.out
    assert "deadlines go on counting" in done.out
    assert done.out.endswith(f"two officers end it: {end_command(VN)}\n")
    assert "waiting now" not in done.out
    assert "parcel" not in done.out


def test_what_waits_and_a_parcel_on_its_way_are_named(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"partner.pause": {**DONE, "waiting": 3, "drafts": 2, "by_files": True}}):
        done = pause(tmp_path, "--reason", WHY, OFFICER="P-0001")

    assert "3 sent without a receipt, 2 released" in done.out
    assert "a parcel that was written before still holds what it holds" in done.out


@pytest.mark.parametrize(
    ("words", "environment", "told"),
    [
        ((), {"OFFICER": "P-0001"}, "--reason"),
        (("--reason", WHY), {}, "officer"),
        (("--reason", WHY), {"OFFICER": "nobody"}, "officer"),
        (("--reason", WHY, "--second", "P-0002"), {"OFFICER": "P-0001"}, "--second"),
    ],
)
def test_a_pause_that_is_typed_wrongly_asks_nothing(
    tmp_path: Path, words: tuple[str, ...], environment: dict[str, str], told: str
) -> None:
    with LocalService(tmp_path, {"partner.pause": DONE}) as service:
        done = pause(tmp_path, *words, **environment)

    assert done.code != 0
    assert told in done.err
    assert service.asked == []


def test_a_refusal_is_an_error_with_a_hint(tmp_path: Path) -> None:
    refused = UsageError(f"{VN} is paused already", hint="look at it")
    with LocalService(tmp_path, {"partner.pause": refused}):
        done = pause(tmp_path, "--reason", WHY, OFFICER="P-0001")

    assert (done.code, done.err) == (2, f"error: {VN} is paused already\nhint: look at it\n")


def test_the_help_warns_of_names(tmp_path: Path) -> None:
    shown = run("partner", "pause", "--help")

    assert "name no person" in " ".join(shown.out.split())


def test_the_end_of_a_pause_is_another_question_than_the_confirmation_of_a_store(tmp_path: Path) -> None:
    two = {"OFFICER": "P-0001", "SECOND": "P-0002"}
    replies = {"partner.end_pause": ENDED, "partner.resume": {"entries": 5}}
    with LocalService(tmp_path, replies) as service:
        ended = run("partner", "resume", VN, "--end-pause", "--data", tmp_path, **two)
        confirmed = run("partner", "resume", VN, "--data", tmp_path, **two)

    assert [name for name, _ in service.asked] == ["partner.end_pause", "partner.resume"]
    assert "ended the pause; the gate is closed (not_asked_yet)" in ended.out
    assert "confirmed this store" in confirmed.out


@pytest.mark.parametrize("second", ["", "P-0001", "nobody"])
def test_one_officer_does_not_ask_for_the_end(tmp_path: Path, second: str) -> None:
    with LocalService(tmp_path, {"partner.end_pause": ENDED}) as service:
        done = run(
            "partner", "resume", VN, "--end-pause", "--data", tmp_path, OFFICER="P-0001", SECOND=second
        )

    assert done.code != 0
    assert service.asked == []


def test_programs_get_json(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"partner.pause": DONE, "partner.end_pause": ENDED}):
        begun = pause(tmp_path, "--reason", WHY, "--json", OFFICER="P-0001")
        two = {"OFFICER": "P-0001", "SECOND": "P-0002"}
        ended = run("partner", "resume", VN, "--end-pause", "--json", "--data", tmp_path, **two)

    assert (json.loads(begun.out), json.loads(ended.out)) == (DONE, ENDED)


def test_a_message_that_waits_for_the_end_of_a_pause_says_so_and_names_the_telephone(tmp_path: Path) -> None:
    file = tmp_path / "notice.json"
    file.write_text('{"type": "RPN"}')
    with LocalService(tmp_path, {"message.send": WAITS}):
        done = run("message", "send", file, "--data", tmp_path, OFFICER="P-0001")

    assert done.code == 5
    assert "waits until two officers end the pause" in done.out
    assert f"your side stopped everything with {VN}" in done.err
    assert f"telephone {VN} if it cannot wait" in done.err


def test_the_work_of_the_day_begins_with_what_is_paused(tmp_path: Path) -> None:
    row = {"partner": VN, "since": SINCE, "waiting": 4, "drafts": 1}
    with LocalService(tmp_path, {"due": {**DUE, "paused": [row]}}):
        done = run("due", "--data", tmp_path)

    assert done.out.splitlines()[0] == due_line(row)
    assert "4 sent and 1 released messages wait" in done.out
    assert f"telephone {VN}" in done.out


@pytest.mark.parametrize("row", [{}, {"pause": None}])
def test_a_partner_that_is_not_paused_has_no_such_line(row: dict[str, Any]) -> None:
    assert paused_line(row) == ""
