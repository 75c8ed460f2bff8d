# SPDX-License-Identifier: Apache-2.0
"""The client of the local socket: answers, errors, and a service that is not there."""

import json
import socket
from pathlib import Path

import pytest
from exchange.errors import (
    DeclinedError,
    ExchangeError,
    Fault,
    GateClosedError,
    InputError,
    NodeError,
    NoServiceError,
    ParcelInvalidError,
    UsageError,
    WaitingError,
)
from exchange.interfaces.cli.client import Service, error_of
from tests.support.command_line import run
from tests.support.local_service import LocalService

FAULT = Fault("count_invalid", "/content/persons_count", "count.persons", "1", "2", "count again")


def test_an_answer_comes_back_and_members_that_are_none_stay_here(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"status": {"agency": "KH-MOSVY-DAHT"}}) as service:
        answer = Service(tmp_path).ask("status", a=1, b=None, c="", d=False)

    assert answer == {"agency": "KH-MOSVY-DAHT"}
    assert service.asked == [("status", {"a": 1, "c": "", "d": False})]


@pytest.mark.parametrize(
    "error",
    [
        UsageError("typed wrongly", hint="type it rightly"),
        InputError("wrong file", faults=(FAULT,), hint="correct it"),
        DeclinedError("refused"),
        WaitingError("not yet"),
        NodeError("unwell"),
        GateClosedError("closed", hint="wait"),
    ],
)
def test_an_error_of_the_service_is_the_same_error_here(tmp_path: Path, error: ExchangeError) -> None:
    with LocalService(tmp_path, {"status": error}), pytest.raises(ExchangeError) as raised:
        Service(tmp_path).ask("status")

    found = raised.value
    assert isinstance(error, type(found))
    assert (str(found), found.reason, found.exit_code) == (str(error), error.reason, error.exit_code)
    assert (found.hint or None) == error.hint
    assert getattr(found, "faults", ()) == getattr(error, "faults", ())


@pytest.mark.parametrize("reason", ["parcel_cut", "not_a_parcel", "parcel_foreign"])
def test_a_file_that_the_service_refused_keeps_its_own_reason(tmp_path: Path, reason: str) -> None:
    with LocalService(tmp_path, {"parcel.preview": ParcelInvalidError("broken", reason=reason)}):
        done = run("parcel", "read", tmp_path / "x", "--yes", "--data", tmp_path, "--json", OFFICER="P-0001")

    assert json.loads(done.out)["error"]["reason"] == reason
    assert done.code == InputError.exit_code


def test_a_problem_of_an_unknown_kind_is_an_unwell_node() -> None:
    error = error_of({"message": "x", "exit": 99})

    assert (type(error), error.exit_code) == (NodeError, 6)


@pytest.mark.parametrize("body", [b"", b"500: Internal Server Error", b"[]", b'{"error": "text"}', b"\xff"])
def test_an_answer_that_is_none_says_which_log_to_read(tmp_path: Path, body: bytes) -> None:
    with LocalService(tmp_path, {"status": body}), pytest.raises(NodeError) as raised:
        Service(tmp_path).ask("status")

    assert "exchange.log" in str(raised.value.hint)


def test_an_unknown_command_is_no_answer(tmp_path: Path) -> None:
    with LocalService(tmp_path, {}), pytest.raises(NodeError, match="status 404"):
        Service(tmp_path).ask("status")


def test_without_a_data_folder_the_hint_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(NoServiceError, match="there is no data folder") as raised:
        Service(tmp_path / "none").ask("status")

    assert "--data" in str(raised.value.hint)


def test_without_a_service_the_hint_says_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(NoServiceError, match="no service runs") as raised:
        Service(tmp_path).ask("status")

    assert raised.value.hint == f"run: exchange serve --data {tmp_path}"
    assert not Service(tmp_path).is_running()


def test_a_socket_file_that_a_crash_left_is_no_service(tmp_path: Path) -> None:
    with LocalService(tmp_path, {}):
        assert Service(tmp_path).is_running()

    assert (tmp_path / "run" / "control.sock").exists()
    assert not Service(tmp_path).is_running()
    with pytest.raises(NoServiceError):
        Service(tmp_path).ask("status")


def test_a_path_too_long_for_a_socket_is_reached_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / ("long-" * 30)

    with LocalService(folder, {"status": {}}):
        assert Service(folder).ask("status") == {}


def test_a_service_that_ends_while_it_is_asked_is_unwell(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"status": _hang_up}), pytest.raises(NodeError, match="ended while"):
        Service(tmp_path).ask("status")


def _hang_up(_: dict[str, object]) -> dict[str, object]:
    raise ConnectionAbortedError(socket.error)
