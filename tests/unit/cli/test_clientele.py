# SPDX-License-Identifier: Apache-2.0
"""`exchange client`: the token is printed once, by `add`."""

from pathlib import Path

from tests.support.command_line import run
from tests.support.local_service import LocalService

ROW = {
    "name": "files", "officer": "P-0001", "roles": ["officer"], "from": "2027-10-04", "until": "2028-10-03",
    "active": True,
}  # fmt: skip


def test_a_new_client_is_entered_for_the_officer_who_answers_for_it(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"client.add": {**ROW, "token": "files.secret"}}) as service:
        done = run("client", "add", "files", "--role", "officer", "--data", tmp_path, OFFICER="P-0001")

    assert service.members("client.add") == {
        "name": "files",
        "roles": ["officer"],
        "days": 365,
        "officer": "P-0001",
    }
    assert done.out.splitlines()[-1] == "files.secret"


def test_a_client_without_a_role_is_not_asked_for(tmp_path: Path) -> None:
    with LocalService(tmp_path, {}) as service:
        done = run("client", "add", "files", "--data", tmp_path, OFFICER="P-0001")

    assert (done.code, service.asked) == (2, [])
    assert "--role" in done.err


def test_a_client_without_an_officer_is_not_asked_for(tmp_path: Path) -> None:
    with LocalService(tmp_path, {}) as service:
        done = run("client", "add", "files", "--role", "officer", "--data", tmp_path)

    assert (done.code, service.asked) == (2, [])


def test_the_list_has_no_token(tmp_path: Path) -> None:
    ended = {**ROW, "name": "old", "active": False}

    with LocalService(tmp_path, {"client.list": {"clients": [ROW, ended]}}):
        done = run("client", "list", "--data", tmp_path)

    lines = done.out.splitlines()
    assert (lines[1].split()[0], lines[1].split()[-1]) == ("files", "active")
    assert (lines[2].split()[0], lines[2].split()[-1]) == ("old", "ended")


def test_ending_a_client_says_that_the_name_is_used_up(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"client.end": ROW}):
        done = run("client", "end", "files", "--data", tmp_path)

    assert done.out == "files ended at 2028-10-03; the name is never used again\n"
