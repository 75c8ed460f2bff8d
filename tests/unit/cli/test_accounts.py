# SPDX-License-Identifier: Apache-2.0
"""`exchange officer account`, and the accounts that the demo prints."""

from pathlib import Path
from typing import Any

import pytest
from exchange.ids import AgencyCode
from exchange.interfaces.cli.demo_nodes import Site
from exchange.interfaces.cli.demo_pages import ACCOUNTS, prepare, say_accounts
from tests.support.command_line import run
from tests.support.local_service import LocalService

ACCOUNT: dict[str, Any] = {
    "number": "P-0006", "roles": ["administrator"], "language": "en", "device": False, "must_change": True,
    "closed": None,
}  # fmt: skip
FIRST = "abcd-efgh-jkmn-pqrs"


def test_an_account_is_opened_with_its_roles_and_the_password_is_said_once(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"account.open": {**ACCOUNT, "first_password": FIRST}}) as service:
        done = run("officer", "account", "P-0006", "--role", "administrator", "--data", tmp_path)

    assert service.members("account.open") == {"number": "P-0006", "roles": ["administrator"]}
    assert done.out.count(FIRST) == 1
    assert "has to be replaced at the first sign-in" in done.out


@pytest.mark.parametrize(
    ("option", "command"),
    [
        ("--reset", "account.reset"),
        ("--close", "account.close"),
        ("--forget-device", "account.forget_device"),
    ],
)
def test_an_account_is_reset_or_closed(tmp_path: Path, option: str, command: str) -> None:
    with LocalService(tmp_path, {command: {**ACCOUNT, "closed": "t"}}) as service:
        done = run("officer", "account", "P-0006", option, "--data", tmp_path)

    assert service.asked == [(command, {"number": "P-0006"})]
    assert done.code == 0


@pytest.mark.parametrize(
    "options",
    [
        ("--reset", "--close"),
        ("--reset", "--role", "officer"),
        ("--close", "--role", "officer"),
        ("--forget-device", "--roles", "officer"),
        ("--roles", "officer", "--role", "handover"),
        ("--reset", "--language", "km"),
    ],
)
def test_an_account_is_changed_in_one_way_at_a_time(tmp_path: Path, options: tuple[str, ...]) -> None:
    with LocalService(tmp_path, {}) as service:
        done = run("officer", "account", "P-0006", *options, "--data", tmp_path)

    assert (done.code, done.out, service.asked) == (2, "", [])
    assert options[0] in done.err


def test_a_reset_with_roles_says_how_roles_are_changed(tmp_path: Path) -> None:
    done = run("officer", "account", "P-0006", "--reset", "--role", "officer", "--data", tmp_path)

    assert "--roles officer,handover" in done.err


@pytest.mark.parametrize("typed", ["officer,handover", "officer handover", " officer, handover, "])
def test_an_account_is_given_other_roles(tmp_path: Path, typed: str) -> None:
    with LocalService(tmp_path, {"account.roles": {**ACCOUNT, "roles": ["officer", "handover"]}}) as service:
        done = run("officer", "account", "P-0006", "--roles", typed, "--data", tmp_path)

    assert service.members("account.roles") == {"number": "P-0006", "roles": ["officer", "handover"]}
    assert done.out == "P-0006 account: officer, handover\n"


def test_the_demo_prints_an_address_and_an_account_for_each_role(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = Site(AgencyCode("KH-MOSVY-DAHT"), "MoSVY", tmp_path, 1, "UTC", "x", ("A", "B"), "x", "y")
    prepare((site,))

    with LocalService(tmp_path, {"officer.add": {}, "account.open": {"first_password": FIRST}}) as service:
        say_accounts((site,))

    opened = [members for name, members in service.asked if name == "account.open"]
    assert [one["number"] for one in opened] == list(ACCOUNTS)
    assert all(one["password_stays"] for one in opened)
    printed = capsys.readouterr().out
    assert f"http://127.0.0.1:{site.pages}" in printed
    assert {role for roles in ACCOUNTS.values() for role in roles} == {
        "officer", "releaser", "handover", "auditor", "administrator",
    }  # fmt: skip
    assert printed.count(FIRST) == len(ACCOUNTS)
