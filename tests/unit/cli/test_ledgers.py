# SPDX-License-Identifier: Apache-2.0
"""`exchange reconcile` and `exchange ledger …`: exit 1 says that something differs."""

from pathlib import Path
from typing import Any

import pytest
from tests.support.command_line import run
from tests.support.local_service import LocalService

COUNTS = {"sent": 2, "received": 2, "accepted": 2}
SAME: dict[str, Any] = {
    "partner": "VN-MPS-IMM", "link": "x", "at": "2027-10-04T09:12:04.123Z", "sent": 2, "received": 2,
    "reached": True, "matched": 4, "in_transit": 0, "outgoing": COUNTS, "incoming": COUNTS,
    "entries": {"own": 18, "partner": 18}, "cosigned": {"own": 18, "partner": 18},
    "faults": [], "differences": [], "light": "green", "counted": {"unanswered": 0}, "period": None,
}  # fmt: skip
MISSING: dict[str, Any] = {
    "class": "missing_message",
    "words": "sent by one side and not recorded by the other within the agreed time",
    "number": 2,
    "last_number": 2,
    "sender": "KH-MOSVY-DAHT",
    "acts_first": "KH-MOSVY-DAHT",
    "reason": "",
    "entries": [{"log": "KH-MOSVY-DAHT", "index": 16, "digest": "d"}],
    "no": 3,
    "state": "resent",
}
WHOLE = {"partner": "", "month": "", "since": "", "until": "", "flush": True}


def test_equal_ledgers_are_exit_0(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"reconcile": SAME}) as service:
        done = run("reconcile", "VN-MPS-IMM", "--data", tmp_path)

    assert done.code == 0
    assert "matched 4, in transit 0, differences 0" in done.out
    assert service.members("reconcile") == WHOLE | {"partner": "VN-MPS-IMM"}


def test_equal_ledgers_without_the_partner_are_amber_and_exit_5(tmp_path: Path) -> None:
    found = SAME | {"light": "amber", "reached": False, "unreached": True}

    with LocalService(tmp_path, {"reconcile": found}):
        done = run("reconcile", "--data", tmp_path)

    assert done.code == 5
    assert done.out.splitlines()[0] == (
        "VN-MPS-IMM  amber: what is here of both ledgers agrees, but the partner was not reached"
    )


@pytest.mark.parametrize("light", ["amber", "red"])
def test_a_difference_outweighs_that_the_partner_was_not_reached(tmp_path: Path, light: str) -> None:
    found = SAME | {"light": light, "reached": False, "unreached": False, "differences": [MISSING]}

    with LocalService(tmp_path, {"reconcile": found}):
        assert run("reconcile", "--data", tmp_path).code == 1


def test_persons_that_do_not_add_up_outweigh_that_the_partner_was_not_reached(tmp_path: Path) -> None:
    found = SAME | {"light": "amber", "reached": False, "unreached": True}
    balance = {"holds": False, "equations": []}

    with LocalService(tmp_path, {"reconcile": found, "persons.balance": balance}):
        assert run("reconcile", "--persons", "--data", tmp_path).code == 1


def test_a_difference_is_exit_1_and_says_who_acts_first(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"reconcile": SAME | {"differences": [MISSING], "light": "amber"}}):
        done = run("reconcile", "--data", tmp_path)

    assert done.code == 1
    assert "differences 1: differs" in done.out
    assert "difference missing_message 2 of KH-MOSVY-DAHT: sent by one side" in done.out
    assert "entry 17 of KH-MOSVY-DAHT" in done.out
    assert "acts first: KH-MOSVY-DAHT" in done.out


def test_closed_differences_are_counted_apart_and_nothing_differs(tmp_path: Path) -> None:
    closed = [MISSING | {"state": "closed", "no": no} for no in (3, 4)]

    with LocalService(tmp_path, {"reconcile": SAME | {"differences": closed}}):
        done = run("reconcile", "--data", tmp_path)

    assert done.code == 0
    assert "VN-MPS-IMM  green: both ledgers agree" in done.out
    assert "  matched 4, in transit 0, differences 0, and 2 closed\n" in done.out
    assert "differs" not in done.out


def test_one_open_difference_among_closed_ones_differs(tmp_path: Path) -> None:
    rows = [MISSING | {"state": "closed"}, MISSING | {"no": 4, "number": 3}]

    with LocalService(tmp_path, {"reconcile": SAME | {"differences": rows, "light": "amber"}}):
        done = run("reconcile", "--data", tmp_path)

    assert "differences 1, and 1 closed: differs" in done.out


@pytest.mark.parametrize(
    ("lacks", "said", "todo"),
    [
        (
            {"held": 16, "seen": 17, "reason": "refill_by_calls"},
            "our ledger has 16 entries here, the partner has seen 17;",
            "to do (refill_by_calls): wait: what is missing comes with the partner's next calls",
        ),
        (
            {"held": 16, "seen": 0, "reason": "strange"},
            "our ledger has 16 entries here, more were written;",
            "to do (strange): the partner gives them back when it answers",
        ),
    ],
)
def test_a_store_that_lacks_entries_is_red_and_says_what_to_do(
    tmp_path: Path, lacks: dict[str, Any], said: str, todo: str
) -> None:
    with LocalService(tmp_path, {"reconcile": SAME | {"behind": lacks, "light": "red"}}):
        done = run("reconcile", "--data", tmp_path)

    assert done.code == 1
    assert done.out.startswith("VN-MPS-IMM  red: entries of our own ledger are missing here")
    assert said in done.out
    assert todo in done.out
    assert "differences 0: differs" in done.out


PERSONS: dict[str, Any] = {
    "holds": True,
    "equations": [
        {
            "total": {"name": "on lists", "persons": 3, "rule": "persons of final lists"},
            "parts": [
                {"name": "handed over", "persons": 2, "rule": "outcome of the record"},
                {"name": "not presented", "persons": 1, "rule": "outcome of the same record"},
            ],
            "holds": True,
        }
    ],
}


def test_persons_are_counted_with_the_rule_under_each_figure(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"reconcile": SAME, "persons.balance": PERSONS}) as service:
        done = run("reconcile", "--persons", "--since", "2027-06-01", "--data", tmp_path)

    assert done.code == 0
    assert done.out.splitlines()[-4:] == [
        "persons on lists 3 = handed over 2 + not presented 1",
        "    on lists 3: persons of final lists",
        "    handed over 2: outcome of the record",
        "    not presented 1: outcome of the same record",
    ]
    assert service.members("persons.balance") == {"partner": "", "since": "2027-06-01", "until": ""}


def test_persons_that_do_not_balance_are_exit_1(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"reconcile": SAME, "persons.balance": PERSONS | {"holds": False}}):
        done = run("reconcile", "--persons", "--data", tmp_path)

    assert done.code == 1


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"last_number": 5}, "missing_message 2 to 5 of KH-MOSVY-DAHT:"),
        ({"number": 0, "class": "log_forked"}, "difference log_forked: "),
    ],
)
def test_a_difference_names_its_numbers(tmp_path: Path, change: dict[str, Any], text: str) -> None:
    with LocalService(tmp_path, {"reconcile": SAME | {"differences": [MISSING | change]}}):
        done = run("reconcile", "--data", tmp_path)

    assert text in done.out


def test_a_ledger_that_does_not_verify_is_exit_1_without_a_difference(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"reconcile": SAME | {"faults": ["root"], "light": "red"}}):
        done = run("reconcile", "--data", tmp_path, "--json")

    assert done.code == 1


def test_offline_asks_nobody(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"reconcile": SAME}) as service:
        run("reconcile", "--offline", "--data", tmp_path)

    assert service.members("reconcile")["flush"] is False


def test_people_count_entries_from_one(tmp_path: Path) -> None:
    entry = {"index": 14, "at": "t", "event": "sent", "seq": 1, "id": "0192-5a9d2f1e4b60", "eh": "HASH"}
    answer = {"log": "KH-MOSVY-DAHT", "size": 18, "entries": [entry]}

    with LocalService(tmp_path, {"ledger.list": answer}) as service:
        done = run("ledger", "list", "--start", "15", "--data", tmp_path)

    assert service.members("ledger.list")["start"] == 14
    assert "15     t   sent   number 1, message 2f1e4b60" in done.out
    assert "HASH" not in done.out


def test_an_entry_is_shown_as_it_was_hashed(tmp_path: Path) -> None:
    answer = {
        "log": "KH-MOSVY-DAHT",
        "entry": {},
        "bytes": '{"by":"x"}',
        "signed": True,
        "signed_by_other_side": False,
    }

    with LocalService(tmp_path, {"ledger.show": answer}) as service:
        done = run("ledger", "show", "15", "--data", tmp_path)

    assert service.members("ledger.show")["index"] == 14
    assert '\n{"by":"x"}\n' in done.out
    assert "signed by its writer: yes" in done.out
    assert "by the other side: not yet" in done.out


@pytest.mark.parametrize(("faults", "code", "word"), [([], 0, "holds"), (["head"], 1, "differs")])
def test_verify_says_of_each_ledger_whether_it_holds(
    tmp_path: Path, faults: list[str], code: int, word: str
) -> None:
    row = {"log": "KH", "entries": 3, "root": "r", "signed": 3, "signed_by_other_side": 3, "faults": faults}
    answer = {"partner": "VN", "logs": [row], "holds": not faults}

    with LocalService(tmp_path, {"ledger.verify": answer}):
        done = run("ledger", "verify", "--data", tmp_path)

    assert done.code == code
    assert f"KH  {word}, 3 entries" in done.out


@pytest.mark.parametrize("entry", ["0", "-1", "first"])
def test_there_is_no_entry_before_the_first(tmp_path: Path, entry: str) -> None:
    assert run("ledger", "show", entry, "--data", tmp_path).code == 2


def test_reconcile_says_the_light_and_how_many_entries_both_hold(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"reconcile": SAME}):
        done = run("reconcile", "--data", tmp_path)

    assert done.out.splitlines()[0] == "VN-MPS-IMM  green: both ledgers agree"
    assert "both sides hold 36 entries and have signed all of them" in done.out


def test_reconcile_of_a_month_asks_for_it(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"reconcile": SAME}) as service:
        run("reconcile", "--month", "2027-10", "--offline", "--data", tmp_path)

    assert service.members("reconcile") == WHOLE | {"month": "2027-10", "flush": False}


def test_differences_go_into_a_sheet(tmp_path: Path) -> None:
    with LocalService(tmp_path, {"reconcile": SAME | {"differences": [MISSING], "light": "amber"}}):
        done = run("reconcile", "--csv", "--data", tmp_path)

    assert done.code == 1
    assert done.out.splitlines() == [
        "difference,state,class,sender,number,last_number,entries,acts_first",
        "3,resent,missing_message,KH-MOSVY-DAHT,2,2,KH-MOSVY-DAHT:17,KH-MOSVY-DAHT",
    ]


def test_difference_that_is_closed_is_shown_and_exit_0(tmp_path: Path) -> None:
    closed = MISSING | {"state": "closed"}
    with LocalService(tmp_path, {"reconcile": SAME | {"differences": [closed]}}):
        done = run("reconcile", "--data", tmp_path)

    assert done.code == 0
    assert "closed, difference 3; acts first: KH-MOSVY-DAHT" in done.out


def test_what_is_counted_in_content_is_said_without_a_name(tmp_path: Path) -> None:
    counted = {"unanswered": 2, "signature_missing": 0}
    with LocalService(tmp_path, {"reconcile": SAME | {"counted": counted}}):
        done = run("reconcile", "--data", tmp_path)

    assert [line for line in done.out.splitlines() if line.startswith("counted")] == ["counted unanswered: 2"]
