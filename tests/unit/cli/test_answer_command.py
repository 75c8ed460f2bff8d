# SPDX-License-Identifier: Apache-2.0
"""`exchange message answer` and `remind`: what fits is shown, one answer is sent, several are refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from exchange.errors import UsageError
from exchange.interfaces.cli.answering import how, one_value
from tests.support.command_line import Outcome, run
from tests.support.local_service import LocalService, Reply
from tests.unit.cli.test_messages import ACCEPTED, ID, SENT

MESSAGE = {"id": ID, "type": "RPN", "direction": "in", "partner": "VN-MPS-IMM"}


def answer(
    tmp_path: Path, reply: Reply, *words: str, command: str = "answer"
) -> tuple[Outcome, LocalService]:
    replies = {f"message.{command}": reply, "message.wait": ACCEPTED, "message.offer": reply}
    with LocalService(tmp_path / "data", replies) as service:
        done = run("message", command, "4b60", *words, "--data", tmp_path / "data", OFFICER="P-0031")
    return done, service


def offered(type_code: str, *, answers: bool, countersigns: str | None = None) -> dict[str, Any]:
    return {"type": type_code, "label": "Label", "answers": answers, "countersigns": countersigns}


def test_without_a_choice_it_shows_what_fits(tmp_path: Path) -> None:
    found = {"message": MESSAGE, "answers": [offered("RPD", answers=True), offered("CLO", answers=False)]}

    done, service = answer(tmp_path, found)

    assert (done.code, service.names()) == (0, ["message.offer"])
    assert "RPD   label  answers it     exchange message answer 2f1e4b60 --accept" in done.out
    assert "CLO   label  may come next  exchange message answer 2f1e4b60 --as CLO --file FILE" in done.out


def test_nothing_that_fits_is_said(tmp_path: Path) -> None:
    done, _ = answer(tmp_path, {"message": MESSAGE, "answers": []})

    assert done.out.endswith("nothing of ours fits now; the partner is next\n")


@pytest.mark.parametrize(
    ("type_code", "countersigns", "command"),
    [
        ("HRP", None, "--confirm"),
        ("HRC", ID, "--agree"),
        ("HRC", None, "exchange handover sign"),
        ("TDS", None, "--set NAME=VALUE"),
    ],
)
def test_each_answer_says_how_it_is_written(type_code: str, countersigns: str | None, command: str) -> None:
    assert command in how("4b60", offered(type_code, answers=True, countersigns=countersigns))


@pytest.mark.parametrize(
    ("words", "as_type", "document"),
    [
        (("--confirm",), "HRP", {"response": "confirm"}),
        (("--decline", "--reasons", "no bus"), "HRP", {"response": "decline", "reasons": "no bus"}),
        (("--agree",), "HRC", {"agreed": True}),
        (("--reservation", "no"), "HRC", {"agreed": False, "reservations": "no"}),
        (("--as", "TDS", "--set", "status=issued"), "TDS", {"status": "issued"}),
        (("--as", "RCV", "--set", "arrived=true"), "RCV", {"arrived": True}),
    ],
)
def test_an_option_becomes_the_document_of_its_type(
    tmp_path: Path, words: tuple[str, ...], as_type: str, document: dict[str, Any]
) -> None:
    done, service = answer(tmp_path, SENT, *words)

    asked = service.members("message.answer")
    assert (done.code, asked["as"], asked["document"]) == (0, as_type, document)


def test_a_file_needs_no_type_when_only_one_answers(tmp_path: Path) -> None:
    path = tmp_path / "lines.json"
    path.write_text('{"result": "national"}', encoding="utf-8")

    _, service = answer(tmp_path, SENT, "--file", str(path), "--set", "proof=register")

    asked = service.members("message.answer")
    assert asked["document"] == {"result": "national", "proof": "register"}
    assert "as" not in asked


def test_print_sends_nothing(tmp_path: Path) -> None:
    done, service = answer(tmp_path, {"partner": "x", "document": {"header": {}}}, "--confirm", "--print")

    assert json.loads(done.out) == {"header": {}}
    assert service.names() == ["message.answer"]
    assert service.members("message.answer")["send"] is False
    assert "nothing was sent" in done.err


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--accept", "--confirm"), "belong to different answers"),
        (("--agree", "--as", "TDS"), "belong to different answers"),
        (("--agree", "--reservation", "no"), "either agrees or has a reservation"),
        (("--confirm", "--decline"), "say one of --confirm, --counter or --decline"),
        (("--decline",), "needs to know why"),
        (("--reasons", "because"), "say one of --accept"),
        (("--set", "result"), "is not NAME=VALUE"),
        (("--set", "=national"), "is not NAME=VALUE"),
    ],
)
def test_what_does_not_belong_together_is_wrong_usage(
    tmp_path: Path, words: tuple[str, ...], error: str
) -> None:
    done, service = answer(tmp_path, SENT, *words)

    assert (done.code, service.names()) == (2, [])
    assert error in done.err


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("result=national", "national"),
        ("arrived=true", True),
        ("number=3", 3),
        ('services=["health"]', ["health"]),
        ("on=2027-10-04", "2027-10-04"),
        ("weight=1.5", "1.5"),
        ("note=a=b", "a=b"),
    ],
)
def test_a_value_is_read_as_json_where_it_is_json(text: str, value: object) -> None:
    assert one_value(text)[1] == value


def test_a_reminder_names_the_message_and_leaves_the_level_to_the_service(tmp_path: Path) -> None:
    done, service = answer(tmp_path, SENT | {"type": "RMD"}, command="remind")

    assert done.out.startswith("RMD 2f1e4b60 to VN-MPS-IMM, number 3: accepted")
    assert service.members("message.remind") == {"id": "4b60", "officer": "P-0031"}


def test_a_message_that_is_not_late_is_not_reminded_of(tmp_path: Path) -> None:
    done, _ = answer(tmp_path, UsageError("there is nothing to remind of"), command="remind")

    assert (done.code, done.err) == (2, "error: there is nothing to remind of\n")
