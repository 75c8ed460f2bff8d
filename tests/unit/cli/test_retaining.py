# SPDX-License-Identifier: Apache-2.0
"""`exchange retention list` and `exchange case erase | hold | unhold`: what is shown, asked and sent."""

import json
from pathlib import Path
from typing import Any

import pytest
from exchange.errors import InputError, UsageError
from tests.support.command_line import Outcome, run
from tests.support.local_service import LocalService

MESSAGE = "0192f0c1-7a3e-7d10-8c3b-5a9d2f1e4b60"
TOLD: dict[str, Any] = {"message": MESSAGE, "direction": "in", "seq": 4, "type": "RPN", "shared": True}
SHOWN: dict[str, Any] = {
    "act": "erase", "reason": "person_asked", "partner": "VN-MPS-IMM", "case": "7KQ2-M9XD-4TBE",
    "state": "closed", "closed_on": "2027-10-04", "kept_until": "2029-10-04", "for_a_child": False,
    "messages": [TOLD, TOLD | {"seq": 5, "shared": False}], "drafts": [MESSAGE], "forms": 0, "register": 1,
    "movements": 2, "waits": [], "digest": "D" * 43,
}  # fmt: skip
PROPOSED = SHOWN | {"proposed_by": "P-0001", "proposed": "2029-10-05T02:00:00.000Z"}
CONFIRMED = {"act": "erase", "messages": 2, "proposed_by": "P-0001", "confirmed_by": "P-0002"}
NOTHING: dict[str, Any] = {
    "now": "t", "due": [], "owed": [], "proposals": [], "holds": [], "complete": True, "again": 0,
}  # fmt: skip


def erase(tmp_path: Path, *words: str, stdin: str = "", **replies: Any) -> tuple[Outcome, LocalService]:
    usual = {"propose": SHOWN, "look": PROPOSED, "confirm": CONFIRMED} | replies
    with LocalService(tmp_path, {f"erasure.{name}": reply for name, reply in usual.items()}) as service:
        done = run("case", *words, "--data", tmp_path, OFFICER="P-0002", stdin=stdin)
    return done, service


def test_proposal_shows_what_would_go_and_what_stays(tmp_path: Path) -> None:
    done, service = erase(tmp_path, "erase", "7KQ2", "--reason", "person_asked")

    lines = done.out.splitlines()
    assert lines[0] == (
        "erase case 7KQ2-M9XD-4TBE with VN-MPS-IMM: closed on 2027-10-04, kept until 2029-10-04"
    )
    assert lines[1] == "  content of 2 messages; 1 are about others as well, who stay"
    assert lines[2] == "  1 drafts, 0 open forms, 1 entries of the register, 2 movements"
    assert lines[3].startswith("  kept: envelopes")
    assert lines[-1] == "proposed; nothing is done until a second officer says the same with --confirm"
    assert service.members("erasure.propose") == {
        "code": "7KQ2", "person": 0, "act": "erase", "officer": "P-0002", "reason": "person_asked",
    }  # fmt: skip


def test_person_of_a_message_is_named_by_the_place_in_it(tmp_path: Path) -> None:
    _, service = erase(tmp_path, "erase", "2f1e4b60", "--person", "2", "--reason", "person_asked")

    assert service.members("erasure.propose")["person"] == 2


def test_second_officer_is_asked_and_confirms_what_was_shown(tmp_path: Path) -> None:
    done, service = erase(tmp_path, "erase", "7KQ2", "--confirm", stdin="y\n")

    assert done.code == 0
    assert done.out.splitlines()[-1] == "erased, as P-0001 proposed and P-0002 confirmed"
    assert service.members("erasure.confirm") == {
        "code": "7KQ2", "person": 0, "act": "erase", "officer": "P-0002", "digest": "D" * 43,
    }  # fmt: skip


def test_second_officer_who_does_not_say_yes_changes_nothing(tmp_path: Path) -> None:
    done, service = erase(tmp_path, "erase", "7KQ2", "--confirm", stdin="n\n")

    assert done.code == 130
    assert service.names() == ["erasure.look"]


@pytest.mark.parametrize(
    ("error", "code"),
    [(UsageError("nobody proposed to erase case X"), 2), (InputError("it changed since it was shown"), 3)],
)
def test_refusal_of_the_service_is_told(tmp_path: Path, error: Any, code: int) -> None:
    done, _ = erase(tmp_path, "erase", "7KQ2", "--confirm", "--yes", confirm=error)

    assert done.code == code
    assert done.err.splitlines()[0] == f"error: {error}"


def test_why_it_is_not_possible_now_is_said_in_words(tmp_path: Path) -> None:
    done, _ = erase(
        tmp_path, "erase", "7KQ2", "--confirm", stdin="n\n", look=PROPOSED | {"waits": ["unsettled"]}
    )

    assert "  not now: a message about it has no final answer yet" in done.out.splitlines()


def test_proposal_is_given_up(tmp_path: Path) -> None:
    gone = {"act": "erase", "reason": "person_asked", "proposed_by": "P-0001"}
    done, service = erase(tmp_path, "erase", "7KQ2", "--give-up", give_up=gone)

    assert done.out == "the proposal of P-0001 is gone; nothing was done\n"
    assert service.names() == ["erasure.give_up"]


@pytest.mark.parametrize(("word", "reason"), [("hold", ("--reason", "court")), ("unhold", ())])
def test_hold_is_placed_and_lifted_in_the_same_way(
    tmp_path: Path, word: str, reason: tuple[str, ...]
) -> None:
    shown = SHOWN | {"act": word, "reason": "court"}
    done, service = erase(tmp_path, word, "7KQ2", *reason, propose=shown)

    assert done.out.splitlines()[0].startswith(f"{word} case 7KQ2-M9XD-4TBE")
    assert service.members("erasure.propose")["act"] == word


def test_officer_who_acts_has_to_be_said(tmp_path: Path) -> None:
    done = run("case", "erase", "7KQ2", "--reason", "person_asked", "--data", tmp_path)

    assert done.code == 2
    assert done.err.startswith("error: who acts is not said")


def listed(tmp_path: Path, *words: str, **more: Any) -> Outcome:
    with LocalService(tmp_path, {"retention.list": NOTHING | more}):
        return run("retention", "list", "--data", tmp_path, *words)


def test_list_says_what_is_due_owed_proposed_and_held(tmp_path: Path) -> None:
    owed = {
        "partner": "VN-MPS-IMM", "entry": 16, "count": 2, "erased": "2029-10-05T02:00:00.000Z",
        "until": "2029-11-04T02:00:00.000Z", "cases": [],
    }  # fmt: skip
    proposal = {"partner": "VN-MPS-IMM", "case": "7KQ2-M9XD-4TBE", "act": "erase", "reason": "person_asked",
                "proposed_by": "P-0001", "proposed": "t", "digest": "d"}  # fmt: skip
    hold = {"partner": "VN-MPS-IMM", "case": "9KQ2-M9XD-4TBE", "reason": "court",
            "placed_by": ["P-0001", "P-0002"], "placed": "2028-01-02T02:00:00.000Z"}  # fmt: skip
    done = listed(tmp_path, due=[SHOWN], owed=[owed], proposals=[proposal], holds=[hold], again=3)

    table, *rest = done.out.split("\nVN-MPS-IMM erased")
    assert table.splitlines()[1].endswith("can be erased")
    assert ("VN-MPS-IMM erased" + rest[0]).splitlines() == [
        "VN-MPS-IMM erased 2 on 2029-10-05 that we still hold, entry 17 of its ledger; erase until"
        " 2029-11-04: ask the partner which",
        "3 cases were erased before the store was restored and are here again; erase them again",
        "P-0001 proposed to erase case 7KQ2-M9XD-4TBE (person_asked): a second officer looks: "
        "exchange case erase 7KQ2-M9XD-4TBE --confirm",
        "case 9KQ2-M9XD-4TBE is held back (court) since 2028-01-02 by P-0001 and P-0002",
    ]


def test_nothing_due_is_one_sentence_and_json_for_programs(tmp_path: Path) -> None:
    assert listed(tmp_path / "one").out == "no case is due\n"
    assert json.loads(listed(tmp_path / "two", "--json").out) == NOTHING
