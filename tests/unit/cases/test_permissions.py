# SPDX-License-Identifier: Apache-2.0
"""Roles and acts: deny by default, and the two combinations that are never allowed."""

from datetime import UTC, datetime, timedelta

import pytest
from exchange.cases.permissions import (
    ALLOWED,
    SHOWN_AS,
    Act,
    Role,
    Showing,
    allows,
    checked_roles,
    demand,
    sees_movement,
    showing,
)
from exchange.errors import NotAllowedError, UsageError
from exchange.messages.codelists import codelist
from exchange.messages.form_tree import Sensitivity

NOW = datetime(2027, 9, 24, 3, 0, tzinfo=UTC)


def test_roles_are_those_of_the_code_list() -> None:
    assert set(Role) == set(codelist("staff-roles").codes)


def test_who_checks_does_not_act() -> None:
    """Rule 29: auditors read proofs, not content. What they write is about the ledger, never about a case."""
    assert {act for act, roles in ALLOWED.items() if Role.AUDITOR in roles} == {
        Act.OWN_ACCOUNT, Act.SEE_PARTNERS, Act.RECONCILE, Act.READ_ACTS,
        Act.SEE_DIFFERENCE, Act.SETTLE_DIFFERENCE, Act.CONFIRM_ACCEPTANCE, Act.ANSWER_STATEMENT,
    }  # fmt: skip


def test_nobody_but_an_auditor_settles_what_ledgers_show() -> None:
    """A releaser is the second person, and sees nothing else of the ledgers."""
    assert {ALLOWED[act] for act in (Act.SETTLE_DIFFERENCE, Act.ANSWER_STATEMENT, Act.RECONCILE)} == {
        frozenset({Role.AUDITOR})
    }
    assert not allows([Role.OFFICER, Role.HANDOVER, Role.KEY_OFFICER, Role.ADMINISTRATOR], Act.SEE_DIFFERENCE)


def test_who_runs_the_machine_reads_no_person() -> None:
    personal = {Act.OPEN_CASE, Act.OPEN_MESSAGE, Act.SEARCH, Act.OPEN_SHEET, Act.WRITE, Act.RELEASE}

    assert not any(allows([Role.ADMINISTRATOR, Role.KEY_OFFICER], act) for act in personal)


def test_no_role_allows_nothing() -> None:
    assert not any(allows([], act) for act in Act)


def test_an_act_outside_the_table_is_not_allowed() -> None:
    assert not allows(list(Role), "erase_everything")  # type: ignore[arg-type]


def test_a_refusal_names_the_roles_that_would_do() -> None:
    with pytest.raises(NotAllowedError, match=r"release \(needed: releaser\)") as raised:
        demand([Role.OFFICER], Act.RELEASE)

    assert raised.value.reason == "not_allowed"


@pytest.mark.parametrize(
    "codes",
    [[], ["auditor", "officer"], ["auditor", "administrator"], ["director"], ["officer", "OFFICER"], [""]],
)
def test_roles_that_may_not_be_held_are_refused(codes: list[str]) -> None:
    with pytest.raises(UsageError):
        checked_roles(codes)


def test_roles_come_in_a_fixed_order() -> None:
    assert checked_roles(["handover", "officer", "officer"]) == (Role.OFFICER, Role.HANDOVER)


@pytest.mark.parametrize(
    ("before", "seen"),
    [
        (timedelta(hours=24, minutes=1), False),
        (timedelta(hours=24), True),
        (timedelta(), True),
        (timedelta(hours=-50), True),
        (timedelta(hours=-50, minutes=-1), False),
    ],
    ids=["a day and a minute before", "a day before", "at its begin", "two days after its end", "later"],
)
def test_a_handover_officer_sees_a_movement_around_its_window(before: timedelta, seen: bool) -> None:
    opens, closes = NOW + before, NOW + before + timedelta(hours=2)

    assert sees_movement([Role.HANDOVER], opens_at=opens, closes_at=closes, now=NOW) is seen


def test_a_movement_without_a_window_is_not_shown_at_the_crossing() -> None:
    assert not sees_movement([Role.HANDOVER], opens_at=None, closes_at=None, now=NOW)
    assert sees_movement([Role.OFFICER], opens_at=None, closes_at=None, now=NOW)
    assert not sees_movement([Role.AUDITOR], opens_at=NOW, closes_at=NOW, now=NOW)


READS, MASKED, NOTHING = Showing.SHOWN, Showing.MASKED, Showing.ABSENT


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        (Role.OFFICER, (READS, READS, READS, READS, MASKED)),
        (Role.RELEASER, (READS, READS, READS, READS, MASKED)),
        (Role.HANDOVER, (READS, READS, READS, READS, MASKED)),
        (Role.AUDITOR, (READS, READS, NOTHING, NOTHING, NOTHING)),
        (Role.KEY_OFFICER, (READS, READS, NOTHING, NOTHING, NOTHING)),
        (Role.ADMINISTRATOR, (READS, READS, NOTHING, NOTHING, NOTHING)),
    ],
)
def test_each_role_is_shown_each_class_as_the_table_says(role: Role, expected: tuple[Showing, ...]) -> None:
    assert tuple(showing([role], each) for each in Sensitivity) == expected


def test_every_role_and_class_stands_in_the_table() -> None:
    assert {role: set(row) for role, row in SHOWN_AS.items()} == {role: set(Sensitivity) for role in Role}


def test_a_named_reader_is_shown_class_s4() -> None:
    assert showing([Role.OFFICER], Sensitivity.S4, named=True) is Showing.SHOWN


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.KEY_OFFICER, Role.ADMINISTRATOR])
def test_to_be_named_gives_nothing_to_who_reads_no_content(role: Role) -> None:
    assert showing([role], Sensitivity.S4, named=True) is Showing.ABSENT


def test_without_a_role_nothing_is_shown() -> None:
    assert {showing([], each, named=True) for each in Sensitivity} == {Showing.ABSENT}


def test_of_two_roles_the_one_that_reads_more_counts() -> None:
    assert showing([Role.ADMINISTRATOR, Role.OFFICER], Sensitivity.S3) is Showing.SHOWN
