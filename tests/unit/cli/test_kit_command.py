# SPDX-License-Identifier: Apache-2.0
"""`exchange kit`: whom the kit answers, what it refuses to play, and how it reports."""

import json
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from exchange.clock import SystemClock
from exchange.errors import UsageError
from exchange.ids import AgencyCode
from exchange.interfaces.cli import kit
from exchange.kit.agency import card_fields, card_of, kit_key, member
from exchange.kit.enrolling import enrolled, join
from exchange.kit.rules import RULES, Finding
from exchange.protocol import enrolment
from exchange.protocol.cards import Card
from exchange.protocol.enrolment import (
    Here,
    read_invitation,
    read_joining,
    words,
    write_invitation,
    write_joining,
)
from exchange.protocol.profiles import load_profile
from exchange.protocol.suites import KeyUse
from tests.support import identity
from tests.support.command_line import run
from tests.support.keys import seeded_random

NODE, KIT = AgencyCode("KH-MOSVY-DAHT"), AgencyCode("VN-MPS-IMM")
NOW = SystemClock().now()


def _card(*, training: bool = True) -> Card:
    fields = card_fields(NODE, born_at=NOW, addresses=("https://127.0.0.1:1",))
    return card_of(replace(fields, training=training))


def _invitation(profile: str = "kh-vn", *, training: bool = True) -> bytes:
    return write_invitation(
        _card(training=training),
        profile=profile,
        answer_to="",
        created_at=NOW,
        random=seeded_random("invitation"),
        key=kit_key(NODE, KeyUse.RECOVERY),
    )


@cache
def _joining() -> bytes:
    """Return the kit's answer; the words behind it are slow on purpose."""
    return join(_invitation(), code="", now=NOW).file


@pytest.fixture
def invitation(tmp_path: Path) -> Path:
    path = tmp_path / "invitation.txt"
    path.write_bytes(_invitation())
    return path


def test_the_kit_answers_as_the_other_side_of_the_profile(invitation: Path, tmp_path: Path) -> None:
    done = run("kit", "join", invitation, "-o", tmp_path / "joining.txt", "--json")

    told = json.loads(done.out)
    joining = read_joining((tmp_path / "joining.txt").read_bytes())
    assert (told["agency"], told["partner"]) == (KIT, NODE)
    assert joining.card.training
    assert tuple(told["words"]) == words(joining.agreement.raw, joining.agreement.link_id)


def test_a_profile_for_everybody_needs_a_name() -> None:
    with pytest.raises(UsageError, match="not for one pair"):
        join(_invitation("neutral"), code="", now=NOW)

    assert join(_invitation("neutral"), code="TH-MSDHS-DATIP", now=NOW).own == "TH-MSDHS-DATIP"


def test_the_kit_meets_no_real_node() -> None:
    with pytest.raises(UsageError, match="no training node"):
        join(_invitation(training=False), code="", now=NOW)


def test_an_answer_is_not_written_over(invitation: Path, tmp_path: Path) -> None:
    out = tmp_path / "joining.txt"
    out.write_text("mine")

    done = run("kit", "join", invitation, "-o", out)

    assert done.code == 2
    assert out.read_text() == "mine"


def test_cards_of_two_days_have_the_same_keys() -> None:
    first, second = (member(KIT, born_at=NOW + timedelta(days=days)).card for days in (0, 1))

    assert {key.kid for key in first.keys} == {key.kid for key in second.keys}


def test_both_files_are_all_that_a_run_needs() -> None:
    both = enrolled(_invitation(), _joining())

    assert (both.own.code, both.partner.agency) == (KIT, NODE)
    assert both.agreement.link_id


def test_a_joining_file_that_answers_another_invitation_is_refused() -> None:
    file = _joining()

    with pytest.raises(UsageError, match="another invitation"):
        enrolled(_invitation("neutral"), file)


def _invitation_of_a_node(*, training: bool = True) -> bytes:
    node = identity.agency(NODE, born=NOW).but(training=training, addresses=("https://127.0.0.1:1",))
    return write_invitation(
        node.card,
        profile="kh-vn",
        answer_to="",
        created_at=NOW,
        random=seeded_random("invitation"),
        key=node.recovery,
    )


def test_a_joining_file_of_somebody_else_is_refused() -> None:
    """Only the kit's own keys are known here; nobody else can be played."""
    invited = _invitation_of_a_node()

    with pytest.raises(UsageError, match="neither file was written by the kit"):
        enrolled(invited, _joining_of_a_node(invited))


def _joining_of_a_node(invited: bytes) -> bytes:
    node = identity.agency(KIT, born=NOW).but(training=True, addresses=("https://127.0.0.1:2",))
    invitation = read_invitation(invited)
    here = Here(card=node.card, known_keys=(), known_agencies=[NODE], now=NOW)
    signed = enrolment.join(invitation, here=here, profile=load_profile("kh-vn"), key=node.recovery)
    return write_joining(
        node.card,
        signed.agreement,
        signature=signed.signature,
        invitation=invitation.digest,
        created_at=NOW,
        key=node.recovery,
    )


def _invited(tmp_path: Path) -> Path:
    path = tmp_path / "invited.txt"
    done = run("kit", "invite", "--as", NODE, "--profile", "kh-vn", "-o", path)
    assert done.code == 0, done.err
    return path


def test_an_invitation_of_the_kit_is_answered_by_a_node_and_both_files_are_enough(tmp_path: Path) -> None:
    invited = _invited(tmp_path)
    joining = tmp_path / "joining.txt"
    joining.write_bytes(_joining_of_a_node(invited.read_bytes()))

    told = json.loads(run("kit", "words", invited, joining, "--json").out)

    both = enrolled(invited.read_bytes(), joining.read_bytes())
    assert (told["agency"], told["partner"]) == (both.own.code, both.partner.agency) == (NODE, KIT)
    assert tuple(told["words"]) == words(both.agreement.raw, both.agreement.link_id)


@pytest.mark.parametrize("wrong", [("--as", "ZZ-NOBODY"), ("--as", NODE, "--profile", "kh-xx"), ()])
def test_an_invitation_of_nobody_or_under_no_profile_is_not_written(
    wrong: tuple[str, ...], tmp_path: Path
) -> None:
    done = run("kit", "invite", *wrong, "-o", tmp_path / "invited.txt")

    assert done.code == 2
    assert not (tmp_path / "invited.txt").exists()


def test_an_answer_to_another_invitation_has_no_words(tmp_path: Path) -> None:
    joining = tmp_path / "joining.txt"
    joining.write_bytes(_joining_of_a_node(_invitation_of_a_node()))

    done = run("kit", "words", _invited(tmp_path), joining, "--json")

    assert json.loads(done.out)["error"]["reason"] == "agreement_invalid"


def test_the_kit_shows_no_words_for_somebody_elses_invitation(tmp_path: Path) -> None:
    theirs, joining = tmp_path / "theirs.txt", tmp_path / "joining.txt"
    theirs.write_bytes(_invitation_of_a_node())
    joining.write_bytes(_joining_of_a_node(theirs.read_bytes()))

    assert run("kit", "words", theirs, joining).code == 2


@pytest.mark.parametrize("words_typed", [("run",), ("run", "a"), ("join",), ("join", "a")])
def test_missing_files_are_wrong_usage(words_typed: tuple[str, ...]) -> None:
    assert run("kit", *words_typed).code == 2


def test_a_file_that_is_no_invitation_is_a_wrong_file(tmp_path: Path) -> None:
    path = tmp_path / "invitation.txt"
    path.write_text("x")

    assert run("kit", "join", path, "-o", tmp_path / "out").code == 3


def test_a_node_that_does_not_answer_is_one_finding(invitation: Path, tmp_path: Path) -> None:
    joining = tmp_path / "joining.txt"
    run("kit", "join", invitation, "-o", joining)

    done = run("kit", "run", invitation, joining, "--against", "https://127.0.0.1:1", "--json")

    report = json.loads(done.out)
    assert (done.code, report["holds"]) == (1, False)
    assert [row["rule"] for row in report["rules"]] == ["gate.prefix"]
    assert "no_answer" in report["rules"][0]["cases"][0]["found"]


def _finding(name: str, found: str, rule: str = "line.signature") -> Finding:
    return Finding(rule, name, f"Case {name}.", "refused", found)


def test_a_report_names_each_rule_once_and_each_failing_case(capsys: pytest.CaptureFixture[str]) -> None:
    kit._say_report(
        [_finding("a", "refused"), _finding("b", "logged accepted"), _finding("c", "refused", "line.form")]
    )

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines if line[:4].strip()][:2] == [
        ["pass", "line.form", "1"],
        ["FAIL", "line.signature", "2"],
    ]
    assert [line.strip() for line in lines if line.startswith("    ")] == [
        "b: Case b.",
        "expected  refused",
        "found     logged accepted",
    ]
    assert lines[-1] == "1 of 2 rules do not hold"


def test_the_table_of_rules_is_shown() -> None:
    done = run("kit", "rules", "--json")

    assert [row["id"] for row in json.loads(done.out)["rules"]] == list(RULES)


def test_a_folder_without_vectors_is_a_wrong_file(tmp_path: Path) -> None:
    assert run("kit", "check", tmp_path).code == 3
