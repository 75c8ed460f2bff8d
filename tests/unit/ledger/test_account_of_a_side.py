# SPDX-License-Identifier: Apache-2.0
"""Statements, erasures and versions of two logs: what fits is no difference, what does not is named."""

from datetime import datetime, timedelta

import pytest
from exchange.ids import AgencyCode
from exchange.ledger.differences import Difference
from exchange.ledger.entries import Entry, agrx, eras, stag, stmt
from tests.support.logs import HOST, LONG_AGO, NOW, ORIGIN, TwoLogs, digest, only

MONTH_AGO = NOW - timedelta(days=30)
"""An entry of this time is just in time."""
OLD = MONTH_AGO - timedelta(milliseconds=1)


def told(*entries: tuple[AgencyCode, Entry], at: datetime = LONG_AGO) -> tuple[Difference, ...]:
    """Compare two logs that hold these entries; both sides must name the same."""
    logs = TwoLogs()
    for by, entry in entries:
        logs.of(by).write(entry, at=at)
    here = logs.compare().differences
    there = TwoLogs(own=logs.copy, copy=logs.own).compare().differences
    assert sorted(one.key for one in here) == sorted(one.key for one in there)
    assert {(one.key, one.acts_first) for one in here} == {(one.key, one.acts_first) for one in there}
    return here


def statement(no: int = 1, label: str = "statement") -> Entry:
    return stmt(no=no, per="2027-10-01", dg=digest(f"{label} {no}"))


def answer(no: int = 1, k: str = "agreed", label: str = "statement") -> Entry:
    return stag(by_no=no, k=k, dg=digest(f"{label} {no}"))


def test_statement_that_was_agreed_is_no_difference() -> None:
    assert not told((HOST, statement()), (ORIGIN, answer()), (ORIGIN, statement()), (HOST, answer()))


def test_statement_without_an_answer_is_no_difference_of_the_logs() -> None:
    assert not told((HOST, statement()), at=OLD)


@pytest.mark.parametrize("maker", [HOST, ORIGIN])
def test_statement_that_differs_is_named_with_both_entries(maker: AgencyCode) -> None:
    other = ORIGIN if maker == HOST else HOST

    found = only(told((maker, statement()), (other, answer(k="differs"))))

    assert (found.kind, found.reason, found.acts_first) == ("statement_mismatch", "differs", "both")
    assert [(leaf.by, leaf.index) for leaf in found.leaves] == [(maker, 0), (other, 0)]


def test_last_answer_to_a_statement_counts() -> None:
    assert not told((HOST, statement()), (ORIGIN, answer(k="differs")), (ORIGIN, answer()))


def test_agreement_to_other_bytes_is_no_agreement() -> None:
    found = only(told((HOST, statement()), (ORIGIN, answer(label="another"))))

    assert (found.kind, found.reason) == ("statement_mismatch", "other_digest")


@pytest.mark.parametrize(
    ("numbers", "reason", "index"),
    [
        ((2,), "statement_skipped", 0),
        ((1, 3), "statement_skipped", 1),
        ((1, 1), "statement_again", 1),
        ((1, 2, 1), "statement_again", 2),
    ],
)
def test_missing_or_repeated_number_of_a_statement_is_named(
    numbers: tuple[int, ...], reason: str, index: int
) -> None:
    found = only(told(*((HOST, statement(no, f"copy {at}")) for at, no in enumerate(numbers))))

    assert (found.kind, found.reason, found.acts_first) == ("statement_mismatch", reason, HOST)
    assert [leaf.index for leaf in found.leaves] == [index]


def test_answer_to_a_statement_that_nobody_made_is_named() -> None:
    found = only(told((ORIGIN, answer(7))))

    assert (found.reason, found.acts_first) == ("statement_unknown", ORIGIN)


def erased(label: str, n: int = 2) -> Entry:
    return eras(dg=digest(label), n=n)


def test_erasure_by_both_sides_is_no_difference() -> None:
    assert not told((HOST, erased("list")), (ORIGIN, erased("list")), at=OLD)


def test_same_number_erased_in_other_portions_is_no_difference() -> None:
    entries = [(HOST, erased("both", 3)), (ORIGIN, erased("one", 1)), (ORIGIN, erased("two", 2))]

    assert not told(*entries, at=OLD)


def test_young_erasure_of_one_side_is_no_difference() -> None:
    assert not told((HOST, erased("list")), at=MONTH_AGO)


@pytest.mark.parametrize("by", [HOST, ORIGIN])
def test_erasure_by_one_side_only_is_named_and_the_other_acts(by: AgencyCode) -> None:
    other = ORIGIN if by == HOST else HOST

    found = only(told((by, erased("list")), at=OLD))

    assert (found.kind, found.acts_first) == ("erasure_mismatch", other)
    assert [(leaf.by, leaf.index) for leaf in found.leaves] == [(by, 0)]


def test_erasure_of_more_than_the_other_side_names_the_rest() -> None:
    found = only(told((HOST, erased("one", 1)), (HOST, erased("two", 2)), (ORIGIN, erased("x", 1)), at=OLD))

    assert [leaf.index for leaf in found.leaves] == [1]


def switched(n: int) -> Entry:
    return agrx(n=n, ad=digest(f"agreement {n}"), fs=1)


def test_both_sides_that_switched_are_no_difference() -> None:
    assert not told((HOST, switched(1)), (ORIGIN, switched(1)), at=OLD)


def test_side_that_has_not_switched_in_time_is_named() -> None:
    entries = [(HOST, switched(1)), (ORIGIN, switched(1)), (HOST, switched(2))]

    found = only(told(*entries, at=OLD))

    assert (found.kind, found.reason, found.acts_first) == ("agreement_overdue", "version_2", ORIGIN)
    assert not told(*entries, at=MONTH_AGO)
