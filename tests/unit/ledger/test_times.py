# SPDX-License-Identifier: Apache-2.0
"""What the comparison says of times: late, and clocks that do not agree. Time never makes a leaf illegal."""

import json
from datetime import timedelta

from exchange.ledger.compare import TOLERANCES
from exchange.ledger.entries import beat
from tests.support.logs import HOST, LONG_AGO, NOW, ORIGIN, TwoLogs, only, places, two_logs


def paced(*, sent_at: object, recorded_at: object, k: str = "accepted") -> TwoLogs:
    logs = TwoLogs()
    logs.send(1, at=sent_at)  # type: ignore[arg-type]
    logs.record(1, k, at=recorded_at)  # type: ignore[arg-type]
    return logs


LATEST = LONG_AGO + TOLERANCES.late_after
MILLISECOND = timedelta(milliseconds=1)


def test_message_recorded_at_the_last_moment_is_not_late() -> None:
    assert paced(sent_at=LONG_AGO, recorded_at=LATEST).compare().agrees


def test_message_recorded_after_the_agreed_time_is_late_and_matched() -> None:
    result = paced(sent_at=LONG_AGO, recorded_at=LATEST + MILLISECOND).compare()
    found = only(result.differences)

    assert (found.kind, found.number, found.sender, found.acts_first) == ("late", 1, HOST, "both")
    assert places(found) == [(HOST, 0), (ORIGIN, 0)]
    assert result.outgoing.matched == 1


def test_verdict_after_the_agreed_time_is_late_and_names_its_entry() -> None:
    logs = paced(sent_at=LONG_AGO, recorded_at=LONG_AGO, k="held")
    logs.decide(1, at=LATEST + MILLISECOND)

    found = only(logs.compare().differences)

    assert (found.kind, found.reason, places(found)) == ("late", "decided_late", [(HOST, 0), (ORIGIN, 1)])


def test_late_numbers_beside_each_other_are_one_difference() -> None:
    logs = TwoLogs()
    for number in range(1, 8):
        logs.send(number)
    for number in range(1, 8):
        logs.record(number, at=LONG_AGO if number == 4 else LATEST + MILLISECOND)
    logs.copy.leaves.sort(key=lambda raw: json.loads(raw)["t"])

    late = [(one.number, one.last_number) for one in logs.compare().differences if one.kind == "late"]

    assert late == [(1, 3), (5, 7)]


def test_number_that_was_given_up_is_not_late() -> None:
    logs = TwoLogs()
    logs.send(1)
    logs.give_up(1)
    logs.record(1, "rejected", code="voided", at=NOW)

    assert logs.compare().agrees


def test_times_apart_by_the_allowed_skew_are_no_difference() -> None:
    assert paced(sent_at=LONG_AGO, recorded_at=LONG_AGO - TOLERANCES.skew).compare().agrees


def test_message_recorded_before_it_was_sent_is_a_mismatch_of_times() -> None:
    found = only(
        paced(sent_at=LONG_AGO, recorded_at=LONG_AGO - TOLERANCES.skew - MILLISECOND).compare().differences
    )

    assert (found.kind, found.reason, found.number, found.acts_first) == ("time_mismatch", "", 1, "both")


def test_time_that_runs_backwards_in_one_log_names_its_writer_and_both_entries() -> None:
    logs = two_logs(1)
    logs.copy.write(beat(), at=NOW)
    logs.copy.write(beat(), at=NOW - TOLERANCES.skew - MILLISECOND)

    found = only(logs.compare().differences)

    assert (found.kind, found.reason, found.acts_first) == ("time_mismatch", "runs_backwards", ORIGIN)
    assert places(found) == [(ORIGIN, 3), (ORIGIN, 4)]


def test_late_number_in_a_large_matching_block_is_found() -> None:
    logs = TwoLogs()
    for number in range(1, 3_000):
        logs.send(number)
        logs.record(number, at=LATEST + MILLISECOND if number == 1_700 else LONG_AGO)

    named = [(one.kind, one.number) for one in logs.compare().differences if one.number]

    assert named == [("late", 1_700)]
