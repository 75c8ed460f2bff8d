# SPDX-License-Identifier: Apache-2.0
"""Two real nodes change their agreement by command, while messages are under way."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.command_line import Outcome, run
from tests.support.notices import real_notice
from tests.support.pair import FIRST, KH, SECOND, VN, RealNode, RealPair

MOST = 250
"""Messages of one side; sending ends before, once two versions have come into force."""
ASKED_S = 180.0
"""A node asks its partner once a minute about a version that is on its way."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPair]:
    with RealPair(tmp_path_factory.mktemp("agreement")) as running:
        yield running


def command(node: RealNode, *words: object, stdin: str = "") -> Outcome:
    return run(
        "agreement", *words, "--data", node.folder,
        stdin=stdin, OFFICER=FIRST, SECOND=SECOND, PASSPHRASE=node.passphrase,
    )  # fmt: skip


def shown(node: RealNode, version: int = 0) -> dict[str, Any]:
    return dict(json.loads(command(node, "show", "--json", "--version", version).out))


def is_in_force(pair: RealPair, n: int) -> bool:
    return all(set(shown(node)["in_force"].values()) == {n} for node in pair.nodes)


def send_until(node: RealNode, country: str, over: threading.Event) -> None:
    for _ in range(MOST):
        if over.is_set():
            return
        node.send(real_notice(country))


def changes(folder: Path, text: str, name: str = "changes.toml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_the_agreement_changes_while_messages_are_under_way(pair: RealPair, tmp_path: Path) -> None:
    """Suite 2 to suite 1 and back, a deadline and a type, while both sides send."""
    over = threading.Event()
    senders = [
        threading.Thread(target=send_until, args=(node, country, over))
        for node, country in ((pair.kh, "VN"), (pair.vn, "KH"))
    ]
    for sender in senders:
        sender.start()
    file = changes(tmp_path, "suite = 1\nremove = ['/types/TRA']\n[deadlines.DL-RPD]\namount = 7\n")
    proposal = tmp_path / "version-2.json"
    made = command(pair.kh, "change", file, "-o", proposal, stdin="y\n")
    signed = command(pair.vn, "sign", proposal, "--yes")
    pair.until(lambda: is_in_force(pair, 2), limit_s=ASKED_S)
    second = command(
        pair.vn, "change", changes(tmp_path, '{"suite": 2}', "b.json"), "-o", tmp_path / "3", "--yes"
    )
    command(pair.kh, "sign", tmp_path / "3", "--yes")
    pair.until(lambda: is_in_force(pair, 3), limit_s=ASKED_S)
    over.set()
    for sender in senders:
        sender.join()
    pair.until(pair.is_quiet, limit_s=180)

    assert (made.code, signed.code, second.code) == (0, 0, 0), (made, signed, second)
    assert "version 2 differs from version 1" in made.out
    assert "7 working days" in made.out
    for node in pair.nodes:
        for side in ("out", "in"):
            states = [row["state"] for row in node.messages(side)]
            assert states == ["accepted"] * len(states)
            assert len(states) > 1
        begin = [row["from"]["own"] for row in shown(node)["versions"]]
        assert begin == sorted(begin)
        assert begin[0] == 1
        assert begin[-1] > 2
    for found in pair.reconcile():
        assert not found["differences"], found["differences"]
        assert not found["faults"]
    assert shown(pair.kh, 2)["suite"] == 1
    assert shown(pair.kh, 2)["from"]["own"] == shown(pair.vn, 2)["from"]["partner"]


def test_the_terms_are_shown_with_who_signed(pair: RealPair) -> None:
    done = command(pair.kh, "show")

    assert f"{VN}  profile kh-vn, version" in done.out
    assert f"signed   by us and {VN}" in done.out
    assert "DL-VRS-VN-LOCAL" in done.out


def test_the_shown_terms_with_one_change_are_a_file_of_changes(pair: RealPair, tmp_path: Path) -> None:
    whole = shown(pair.kh)
    whole["terms"]["expires_days"] = 12
    file = changes(tmp_path, json.dumps(whole), "whole.json")
    n = whole["n"] + 1

    done = command(pair.kh, "change", file, "-o", tmp_path / "next.json", "--yes", "--json")
    signed = command(pair.vn, "sign", tmp_path / "next.json", "--yes", "-o", tmp_path / "both.json")
    back = command(pair.kh, "sign", tmp_path / "both.json")
    # a comparison exchanges frames now; a link without messages does it within a minute
    pair.until(lambda: bool(pair.reconcile()) and is_in_force(pair, n))

    assert [c["pointer"] for c in json.loads(done.out)["changes"]] == ["/expires_days"]
    assert (signed.code, back.code) == (0, 0), (signed, back)


def test_a_proposal_is_given_up(pair: RealPair, tmp_path: Path) -> None:
    file = changes(tmp_path, "expires_days = 5\n")
    command(pair.kh, "change", file, "-o", tmp_path / "one.json", "--yes")

    again = command(pair.kh, "change", file, "-o", tmp_path / "two.json", "--yes")
    done = command(pair.kh, "withdraw")
    nothing = command(pair.kh, "withdraw")

    assert again.code == 2
    assert "is on its way already" in again.err
    assert not (tmp_path / "two.json").exists()
    assert done.code == 0
    assert nothing.code == 2


def test_wrong_changes_name_their_places_and_sign_nothing(pair: RealPair, tmp_path: Path) -> None:
    file = changes(tmp_path, "[deadlines.DL-RPD]\nunit = 'week'\n[retention]\nforever = 1\n")

    done = command(pair.kh, "change", file, "-o", tmp_path / "wrong.json", "--yes")

    assert done.code == 3
    assert "error: /deadlines/DL-RPD/unit" in done.err
    assert "error: /retention/forever is not a member of this form" in done.err
    assert not (tmp_path / "wrong.json").exists()


@pytest.mark.parametrize("text", ["suite = ", "a = 1979-05-27", "a = nan"])
def test_toml_that_cannot_be_read_is_refused(pair: RealPair, tmp_path: Path, text: str) -> None:
    done = command(pair.kh, "change", changes(tmp_path, text), "-o", tmp_path / "x", "--yes")

    assert done.code == 3
    assert "not TOML that can be read" in done.err


def test_one_officer_is_not_enough(pair: RealPair, tmp_path: Path) -> None:
    file = changes(tmp_path, "expires_days = 5\n")

    done = run(
        "agreement", "change", file, "-o", tmp_path / "x", "--yes", "--data", pair.kh.folder,
        OFFICER=FIRST, SECOND=FIRST, PASSPHRASE=pair.kh.passphrase,
    )  # fmt: skip

    assert done.code == 2
    assert "two different officers" in done.err


def test_who_says_no_signs_nothing(pair: RealPair, tmp_path: Path) -> None:
    file = changes(tmp_path, "expires_days = 5\n")

    done = command(pair.kh, "change", file, "-o", tmp_path / "x", stdin="n\n")

    assert done.code == 2
    assert "nothing was signed" in done.err


def test_what_is_no_version_is_refused_by_name(pair: RealPair, tmp_path: Path) -> None:
    done = command(pair.vn, "sign", changes(tmp_path, "{}"), "--yes")

    assert done.code == 3
    assert "version file" in done.err


def test_the_annex_is_written_once(pair: RealPair, tmp_path: Path) -> None:
    out = tmp_path / "annex.html"

    done = command(pair.kh, "print", VN, "-o", out, "--language", "km")
    again = command(pair.kh, "print", VN, "-o", out)

    assert done.code == 0
    page = out.read_text("utf-8")
    assert shown(pair.kh)["digest"] in page
    assert KH in page
    assert again.code == 2
