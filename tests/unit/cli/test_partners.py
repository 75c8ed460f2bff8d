# SPDX-License-Identifier: Apache-2.0
"""`exchange partner …`: what is typed and asked around the enrolment."""

from pathlib import Path
from typing import Any

import pytest
from exchange.interfaces.cli import partners
from exchange.interfaces.cli.spoken import spoken_words
from tests.support.command_line import Outcome, run
from tests.support.identity import DIRECTORY, KH, agency
from tests.support.local_service import LocalService

WORDS = ["river", "lamp", "seven", "oval", "paper", "north", "clay", "mirror"]
ROW: dict[str, Any] = {
    "partner": "KH-MOSVY-DAHT", "link": "x", "state": "joined", "reason": "words", "words": WORDS,
}  # fmt: skip


def _confirm(
    tmp_path: Path, *words: object, stdin: str = "", row: dict[str, Any] = ROW
) -> tuple[Outcome, LocalService]:
    replies = {"partner.list": {"partners": [row]}, "partner.confirm_words": {}}
    with LocalService(tmp_path, replies) as service:
        done = run(
            "partner", "confirm", "KH-MOSVY-DAHT", *words, "--data", tmp_path,
            stdin=stdin, OFFICER="P-0001", SECOND="P-0002",
        )  # fmt: skip
    return done, service


def test_the_joiner_reads_its_last_four_words_and_types_the_first_four_it_hears(tmp_path: Path) -> None:
    done, service = _confirm(tmp_path, stdin="river lamp seven oval\n")

    assert done.code == 0
    assert "read aloud the last four words: paper-north-clay-mirror" in done.err
    assert "river" not in done.err
    assert "enrolled: river-lamp-seven-oval / paper-north-clay-mirror" in done.out
    assert service.members("partner.confirm_words") == {
        "partner": "KH-MOSVY-DAHT",
        "words": WORDS,
        "officer": "P-0001",
        "second": "P-0002",
    }


@pytest.mark.parametrize(
    "typed", ["river-lamp-seven-oval", "river, lamp, seven, oval", "  river  lamp seven oval "]
)
def test_words_are_typed_with_spaces_commas_or_dashes(tmp_path: Path, typed: str) -> None:
    _, service = _confirm(tmp_path, stdin=f"{typed}\n")

    assert service.members("partner.confirm_words")["words"] == WORDS


@pytest.mark.parametrize("typed", ["foo bar baz qux", "river lamp seven", "river lamp seven oval oval", ""])
def test_a_word_that_is_in_no_list_is_asked_again_and_is_no_alarm(tmp_path: Path, typed: str) -> None:
    done, service = _confirm(tmp_path, stdin=f"{typed or '-'}\nriver lamp seven oval\n")

    assert done.code == 0
    assert "security officer" not in done.err
    assert service.members("partner.confirm_words")["words"] == WORDS


def test_words_are_asked_three_times_and_then_nothing_is_compared(tmp_path: Path) -> None:
    done, service = _confirm(tmp_path, stdin="foo bar baz qux\n" * 3 + "river lamp seven oval\n")

    assert done.code == 2
    assert "nothing was compared yet" in done.err
    assert service.names() == ["partner.list"]


@pytest.mark.parametrize("words", ["river lamp", "river-lamp-seven-oval / paper-north-clay-foo"])
def test_given_words_that_cannot_be_right_are_no_alarm(tmp_path: Path, words: str) -> None:
    done, service = _confirm(tmp_path, "--words", words)

    assert done.code == 2
    assert "security officer" not in done.err
    assert service.names() == ["partner.list"]


def test_an_invitation_that_is_out_stands_in_the_list(tmp_path: Path) -> None:
    out = {"partner": "VN-MPS-IMM", "created": "2027-10-04T09:12:04.123Z"}

    with LocalService(tmp_path, {"partner.list": {"partners": [], "invitations": [out]}}):
        done = run("partner", "list", "--data", tmp_path)

    assert "VN-MPS-IMM  invited  since 2027-10-04T09:12:04.123Z" in done.out
    assert "no partner yet" not in done.out


def test_words_that_were_compared_are_given_at_once(tmp_path: Path) -> None:
    done, service = _confirm(tmp_path, "--words", "river-lamp-seven-oval / paper-north-clay-mirror")

    assert done.err == ""
    assert service.members("partner.confirm_words")["words"] == WORDS


def test_the_inviter_reads_the_first_four_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert spoken_words(" ".join(WORDS), WORDS, reads_first=True) == tuple(WORDS)


def test_without_anything_to_confirm_nothing_is_asked(tmp_path: Path) -> None:
    done, service = _confirm(tmp_path, row={**ROW, "reason": "", "state": "open"})

    assert done.code == 2
    assert "there is nothing to confirm" in done.err
    assert "hint: who invited names the answer file in place of the code" in done.err
    assert service.names() == ["partner.list"]


@pytest.mark.parametrize(
    "words",
    [
        ("join", "inv.txt", "-o", "out.txt"),
        ("confirm", "VN-MPS-IMM"),
        ("resume", "VN-MPS-IMM"),
        ("renew", "VN-MPS-IMM", "--reason", "both_restored"),
    ],
)
@pytest.mark.parametrize(
    ("officers", "error"),
    [
        ({"OFFICER": "P-1"}, "needs two officers and only one is named"),
        ({"SECOND": "P-1"}, "who acts is not said"),
        ({"OFFICER": "P-1", "SECOND": "P-1"}, "needs two different officers"),
        ({"OFFICER": "P-1", "SECOND": "p 2"}, "officer number"),
    ],
)
def test_acts_of_two_officers_need_two(
    tmp_path: Path, words: tuple[str, ...], officers: dict[str, str], error: str
) -> None:
    done = run("partner", *words, "--data", tmp_path, **officers)

    assert done.code == 2
    assert error in done.err


def test_an_existing_file_is_kept_and_nothing_is_signed(tmp_path: Path) -> None:
    out = tmp_path / "invitation.txt"
    out.write_text("old")

    with LocalService(tmp_path, {}) as service:
        done = run("partner", "invite", "VN-MPS-IMM", "-o", out, "--data", tmp_path, OFFICER="P-0001")

    assert done.code == 2
    assert f"{out} exists" in done.err
    assert (out.read_text(), service.names()) == ("old", [])


def test_an_invitation_with_a_profile_of_other_countries_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "invitation.txt"
    own = agency(KH)
    here = {"card": own.card.raw.decode(), "known_keys": [], "known_agencies": list(DIRECTORY)}
    monkeypatch.setattr(partners, "open_recovery_key", lambda *_: own.recovery)

    with LocalService(tmp_path, {"partner.here": here}) as service:
        done = run(
            "partner", "invite", "VN-MPS-IMM", "--profile", "kh-th", "-o", out, "--data", tmp_path,
            OFFICER="P-0001",
        )  # fmt: skip

    assert done.code == 2
    assert "error: profile kh-th is not for KH-MOSVY-DAHT and VN-MPS-IMM" in done.err
    assert "hint: profiles for both: kh-vn, neutral" in done.err
    assert (out.exists(), service.names()) == (False, ["partner.here"])


def test_an_invitation_that_is_not_there_is_a_wrong_file(tmp_path: Path) -> None:
    done = run(
        "partner", "join", tmp_path / "none", "-o", tmp_path / "out", "--data", tmp_path,
        OFFICER="P-1", SECOND="P-2",
    )  # fmt: skip

    assert done.code == 3
    assert "cannot be read" in done.err


def test_a_missing_recovery_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o700)

    done = run(
        "partner", "invite", "VN-MPS-IMM", "-o", tmp_path / "out", "--data", tmp_path,
        OFFICER="P-1", PASSPHRASE="correct horse battery",
    )  # fmt: skip

    assert done.code == 6
    assert "recovery.key cannot be read" in done.err
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_no_joining_is_refused(tmp_path: Path) -> None:
    (tmp_path / "joining.txt").write_text("hello")

    with LocalService(tmp_path, {}):
        done = run(
            "partner", "confirm", tmp_path / "joining.txt", "--data", tmp_path, OFFICER="P-1", SECOND="P-2"
        )

    assert done.code == 3
    assert "this is no joining" in done.err


def test_partners_are_listed_with_what_they_wait_for(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"partner.list": {"partners": [ROW]}}):
        done = run("partner", "list", "--data", tmp_path)

    assert "KH-MOSVY-DAHT  joined  words  x" in done.out


def test_without_a_partner_the_list_says_how_to_begin(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"partner.list": {"partners": []}}):
        done = run("partner", "list", "--data", tmp_path)

    assert done.out == "no partner yet: exchange partner invite\n"


def test_a_partner_is_shown_with_its_agreement_and_both_ledgers(tmp_path: Path) -> None:
    answer = {
        "partner": "VN-MPS-IMM", "link": "x", "state": "frozen", "reason": "log_forked", "agreement": 1,
        "profile": "kh-vn", "suite": 2, "card_serial": 1, "unknown_uses": ["later-use"], "address": "",
        "entries": {"own": 18, "partner": 17}, "signed_by_partner": 16,
    }  # fmt: skip

    with LocalService(tmp_path, {"partner.show": answer}):
        done = run("partner", "show", "VN-MPS-IMM", "--data", tmp_path)

    assert "VN-MPS-IMM  frozen (log_forked)" in done.out
    assert "agreement  kh-vn version 1, suite 2" in done.out
    assert "none: it calls us" in done.out
    assert "ours 18, of which it signed 16" in done.out
    assert "uses that this version does not know: later-use" in done.out


def _withdraw(tmp_path: Path, *words: object, **who: str) -> tuple[Outcome, LocalService]:
    with LocalService(tmp_path, {"partner.withdraw": {"partner": str(KH), "link": "x"}}) as service:
        done = run("partner", "withdraw", *words, "--data", tmp_path, **who)
    return done, service


def test_two_officers_take_an_enrolment_back_and_read_what_comes_next(tmp_path: Path) -> None:
    done, service = _withdraw(tmp_path, KH, OFFICER="P-0001", SECOND="P-0002")

    assert done.code == 0
    assert "the enrolment is taken back" in done.out
    assert "tell the partner to do the same" in done.out
    assert service.members("partner.withdraw") == {
        "partner": KH, "officer": "P-0001", "second": "P-0002",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ({"OFFICER": "P-0001", "SECOND": "P-0001"}, "two different officers"),
        ({"OFFICER": "P-0001"}, "--second"),
        ({}, "--officer"),
        ({"OFFICER": "P-0001", "SECOND": "nobody"}, "not an officer number"),
    ],
)
def test_who_is_not_two_officers_takes_nothing_back(tmp_path: Path, who: dict[str, str], said: str) -> None:
    done, service = _withdraw(tmp_path, KH, **who)

    assert done.code == 2
    assert said in done.err
    assert service.names() == []
