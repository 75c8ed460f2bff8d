# SPDX-License-Identifier: Apache-2.0
"""`exchange notice test` says who took the test."""

from pathlib import Path

from tests.support.command_line import run
from tests.support.local_service import LocalService


def test_a_test_of_notices_says_who_took_it_and_fails_if_somebody_did_not(tmp_path: Path) -> None:
    channels = [{"channel": "mail", "reason": ""}, {"channel": "webhook:1", "reason": "webhook_refused"}]

    with LocalService(tmp_path, {"notice.test": {"channels": channels}}):
        done = run("notice", "test", "--data", tmp_path)

    assert done.code == 6
    assert [line.split() for line in done.out.splitlines()[1:]] == [
        ["mail", "taken"], ["webhook:1", "webhook_refused"],
    ]  # fmt: skip
    assert done.err.startswith("error: 1 of 2 channels did not take the test")


def test_a_test_without_any_channel_says_where_to_configure_one(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"notice.test": {"channels": []}}):
        done = run("notice", "test", "--data", tmp_path)

    assert (done.code, done.out) == (0, "nothing is configured: see docs/guides/notices.md\n")
