# SPDX-License-Identifier: Apache-2.0
"""The comparison of two logs: each class by its predicate, and nothing invented."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from exchange.ids import b64url
from exchange.ledger.compare import Comparison
from exchange.ledger.differences import CLASSES, DifferenceKind
from exchange.ledger.entries import beat
from exchange.ledger.join import Movement
from exchange.ledger.merkle import leaf_hash
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.logs import (
    GRACE,
    HOST,
    JUST_NOW,
    LONG_AGO,
    NOW,
    ORIGIN,
    TwoLogs,
    only,
    places,
    two_logs,
)

EDGE = NOW - GRACE
"""A leaf of this time is just not old."""


def test_equal_logs_have_no_difference() -> None:
    result = two_logs(3).compare()

    assert result.agrees
    assert result.matched == 6
    assert result.outgoing == Movement(HOST, ORIGIN, sent=3, received=3, matched=3, accepted=3)
    assert result.incoming == Movement(ORIGIN, HOST, sent=3, received=3, matched=3, accepted=3)
    assert (result.own_size, result.copy_size, result.at) == (7, 7, NOW)


def test_empty_logs_have_no_difference() -> None:
    assert TwoLogs().compare().agrees


def test_rejected_message_is_matched_and_no_difference() -> None:
    logs = two_logs(1)
    logs.exchange(2, "rejected")

    result = logs.compare()

    assert result.agrees
    assert (result.outgoing.matched, result.outgoing.rejected, result.outgoing.open) == (2, 1, 0)


@pytest.mark.parametrize("at", [JUST_NOW, EDGE])
def test_young_message_is_in_transit_and_shown_apart(at: object) -> None:
    logs = two_logs(1)
    logs.send(2, at=at)  # type: ignore[arg-type]

    result = logs.compare()

    assert result.agrees
    assert (result.in_transit, result.outgoing.in_transit, result.outgoing.open) == (1, 1, 1)


@pytest.mark.parametrize("by", [HOST, ORIGIN])
def test_message_older_than_the_agreed_time_is_missing(by: str) -> None:
    logs = two_logs(1)
    logs.send(2, by=by, at=EDGE - timedelta(milliseconds=1))  # type: ignore[arg-type]

    found = only(logs.compare().differences)

    assert (found.kind, found.number, found.sender, found.acts_first) == ("missing_message", 2, by, by)
    assert places(found) == [(by, 3)]


def test_recorded_message_that_was_not_sent_is_unexpected() -> None:
    logs = two_logs(1)
    logs.record(2)

    found = only(logs.compare().differences)

    assert (found.kind, found.number, found.acts_first) == ("unexpected_message", 2, HOST)
    assert places(found) == [(ORIGIN, 3)]


def test_unexpected_message_is_named_at_once_however_young() -> None:
    logs = two_logs(1)
    logs.record(2, at=NOW)

    assert only(logs.compare().differences).kind == "unexpected_message"


def test_gap_is_named_once_for_a_run_of_numbers() -> None:
    logs = two_logs(1)
    logs.exchange(5)

    found = only(logs.compare().differences)

    assert (found.kind, found.number, found.last_number, found.acts_first) == ("sequence_gap", 2, 4, HOST)
    assert places(found) == [(HOST, 1), (HOST, 3)]


def test_gaps_on_both_sides_of_a_large_matching_block_are_two() -> None:
    logs = TwoLogs()
    for number in [*range(1, 1_024), *range(1_025, 3_000), *range(3_001, 3_100)]:
        logs.exchange(number)

    gaps = [(one.kind, one.number, one.last_number) for one in logs.compare().differences]

    assert gaps == [("sequence_gap", 1_024, 1_024), ("sequence_gap", 3_000, 3_000)]


def test_missing_first_number_is_a_gap() -> None:
    logs = TwoLogs()
    logs.exchange(2)

    found = only(logs.compare().differences)

    assert (found.kind, found.number, places(found)) == ("sequence_gap", 1, [(HOST, 0)])


def test_message_held_too_long_behind_one_in_transit_is_a_gap() -> None:
    logs = two_logs(1)
    logs.send(2, at=EDGE)
    logs.send(3, at=EDGE)
    logs.record(3, "held", at=EDGE - timedelta(milliseconds=1))

    found = only(logs.compare().differences)

    assert (found.kind, found.number, found.reason) == ("sequence_gap", 2, "held_behind")
    assert places(found) == [(HOST, 3), (ORIGIN, 3)]


def test_message_held_behind_a_missing_one_gives_one_difference() -> None:
    logs = two_logs(1)
    logs.send(2)
    logs.exchange(3, "held")

    result = logs.compare()

    assert only(result.differences).kind == "missing_message"
    assert (result.outgoing.held, result.outgoing.missing, result.outgoing.open) == (1, 1, 2)


def test_young_held_message_is_no_difference() -> None:
    logs = two_logs(1)
    logs.send(2, at=JUST_NOW)
    logs.send(3, at=JUST_NOW)
    logs.record(3, "held", at=JUST_NOW)

    assert logs.compare().agrees


@pytest.mark.parametrize("k", ["accepted", "rejected", "held"])
def test_number_recorded_with_other_bytes_is_a_mismatch(k: str) -> None:
    logs = two_logs(1)
    logs.send(2)
    logs.record(2, k, label="other bytes")

    result = logs.compare()
    found = only(result.differences)

    assert (found.kind, found.number, found.acts_first) == ("hash_mismatch", 2, "both")
    assert places(found) == [(HOST, 3), (ORIGIN, 3)]
    assert (result.outgoing.mismatched, result.outgoing.matched) == (1, 1)


@pytest.mark.parametrize("member", ["eh", "cd", "id"])
def test_mismatch_of_each_recorded_value_is_found(member: str) -> None:
    logs = two_logs(1)
    logs.send(2)
    logs.record(2)
    logs.record(3, label="source of a value")
    values = [json.loads(raw) for raw in logs.copy.leaves[-2:]]
    logs.copy.leaves.pop()
    logs.copy.leaves[-1] = logs.copy.leaves[-1].replace(
        f'"{member}":"{values[0][member]}"'.encode(), f'"{member}":"{values[1][member]}"'.encode()
    )

    assert only(logs.compare().differences).kind == "hash_mismatch"


def test_number_recorded_twice_is_a_duplicate_of_the_recipient() -> None:
    logs = two_logs(1)
    logs.exchange(2)
    logs.record(2)

    result = logs.compare()
    found = only(result.differences)

    assert (found.kind, found.number, found.sender, found.acts_first) == ("duplicate", 2, HOST, ORIGIN)
    assert places(found) == [(ORIGIN, 3), (ORIGIN, 4)]
    assert result.outgoing.matched == 2


def test_verdict_that_the_sender_has_not_cosigned_in_time_is_named() -> None:
    logs = two_logs(2)

    theirs = only(logs.compare(own_cosigned=len(logs.own.leaves) - 1).differences)
    ours = only(logs.compare(copy_cosigned=len(logs.copy.leaves) - 2).differences)

    assert (theirs.kind, theirs.number, theirs.acts_first) == ("receipt_missing", 2, ORIGIN)
    assert (ours.kind, ours.number, ours.acts_first) == ("receipt_missing", 2, HOST)
    assert places(theirs) == [(ORIGIN, 4), (HOST, 4)]


def test_young_verdict_needs_no_cosignature_yet() -> None:
    logs = two_logs(1)
    logs.send(2, at=EDGE)
    logs.record(2, at=JUST_NOW)

    assert logs.compare(copy_cosigned=3).agrees


def test_verdict_on_a_held_message_is_the_one_that_must_be_cosigned() -> None:
    logs = two_logs(1)
    logs.send(2)
    logs.record(2, "held")
    logs.decide(2)

    found = only(logs.compare(copy_cosigned=4).differences)

    assert (found.kind, places(found)) == ("receipt_missing", [(HOST, 3), (ORIGIN, 4)])


@pytest.mark.parametrize("answer", ["rcvd", "rejc", "none"])
def test_number_given_up_is_never_missing(answer: str) -> None:
    logs = two_logs(1)
    logs.send(2)
    logs.give_up(2)
    if answer == "rcvd":
        logs.record(2, "rejected", code="voided")
    if answer == "rejc":
        logs.decide(2, "voided")

    result = logs.compare()

    assert result.agrees
    assert result.outgoing.voided == 1
    assert (result.outgoing.rejected, result.outgoing.open) == (0, 1 if answer == "none" else 0)


def test_acceptance_stands_though_the_number_was_given_up() -> None:
    logs = two_logs(1)
    logs.exchange(2)
    logs.give_up(2)

    result = logs.compare()

    assert result.agrees
    assert (result.outgoing.accepted, result.outgoing.voided) == (2, 0)


def test_number_closed_under_another_id_is_a_mismatch() -> None:
    logs = two_logs(1)
    logs.send(2)
    logs.give_up(2)
    logs.decide(2, "voided", label="another message")

    assert only(logs.compare().differences).kind == "hash_mismatch"


def test_leaf_that_breaks_a_rule_is_named_with_its_reason() -> None:
    logs = two_logs(1)
    logs.send(1, by=ORIGIN, label="a second message")

    found = only(logs.compare().differences)

    assert (found.kind, found.reason, found.acts_first) == ("log_invalid", "number_again", ORIGIN)
    assert places(found) == [(ORIGIN, 2), (ORIGIN, 3)]


def test_verdict_of_a_faulty_leaf_has_no_effect() -> None:
    logs = two_logs(1)
    logs.send(2)
    logs.decide(2)

    kinds = [one.kind for one in logs.compare().differences]

    assert kinds == ["missing_message", "log_invalid"]


def test_gap_that_was_filled_later_is_a_fault_of_order_only() -> None:
    logs = two_logs(1)
    logs.exchange(3)
    logs.exchange(2)

    found = only(logs.compare().differences)

    assert (found.kind, found.reason, found.number) == ("log_invalid", "number_backwards", 2)


@pytest.mark.parametrize(("age_h", "stale"), [(11, False), (12, False), (13, True)])
def test_head_older_than_agreed_is_stale(age_h: int, stale: bool) -> None:
    logs = two_logs(1)

    result = logs.compare(copy_head_at=NOW - timedelta(hours=age_h), stale_after=timedelta(hours=12))

    assert [(one.kind, one.acts_first, places(one)) for one in result.differences] == (
        [("head_stale", ORIGIN, [(ORIGIN, 2)])] if stale else []
    )


def test_no_head_is_stale_when_nothing_was_agreed() -> None:
    assert two_logs(1).compare(copy_head_at=LONG_AGO.replace(year=2020)).agrees


def test_difference_names_the_merkle_hash_of_each_leaf() -> None:
    logs = two_logs(1)
    logs.send(2)
    raw = logs.own.leaves[-1]

    found = only(logs.compare().differences)

    assert found.leaves[0].digest == b64url(leaf_hash(raw))


def test_words_name_number_sender_and_entries() -> None:
    logs = two_logs(1)
    logs.exchange(5)

    assert only(logs.compare().differences).words == (
        "numbers 2 to 4 of KH-MOSVY-DAHT: a number is missing below a higher one, or a later message waits "
        "for it; see entry 1 of KH-MOSVY-DAHT, entry 3 of KH-MOSVY-DAHT"
    )


def test_each_class_has_words_and_a_first_actor() -> None:
    assert CLASSES.keys() == set(DifferenceKind)


def test_comparison_of_a_part_of_a_log_is_refused() -> None:
    logs = two_logs(2)
    comparison = Comparison(logs.own.view(), logs.copy.view(), now=NOW, grace=GRACE)
    comparison.take(HOST, logs.own.leaves)
    comparison.take(ORIGIN, logs.copy.leaves[:-1])

    with pytest.raises(ValueError, match="4 of 5 leaves of TH-MSDHS-DATIP"):
        comparison.finish(lambda by, index: logs.of(by).leaves[index])


def test_log_is_not_compared_with_itself() -> None:
    log = two_logs(1).own

    with pytest.raises(ValueError, match="not with itself"):
        Comparison(log.view(), log.view(), now=NOW, grace=GRACE)


def test_only_the_leaves_of_differences_are_read_again() -> None:
    logs = two_logs(40)
    logs.send(41)
    comparison = Comparison(logs.own.view(), logs.copy.view(), now=NOW, grace=GRACE)
    comparison.take(HOST, logs.own.leaves)
    comparison.take(ORIGIN, logs.copy.leaves)
    asked: list[tuple[str, int]] = []

    def leaf(by: str, index: int) -> bytes:
        asked.append((by, index))
        return logs.of(by).leaves[index]  # type: ignore[arg-type]

    comparison.finish(leaf)

    assert asked == [(HOST, 81)]


def drops_record(logs: TwoLogs, number: int) -> str:
    logs.send(number)
    return "missing_message"


def skips(logs: TwoLogs, number: int) -> str:
    return "sequence_gap"


def records_other_bytes(logs: TwoLogs, number: int) -> str:
    logs.send(number)
    logs.record(number, label=f"other {number}")
    return "hash_mismatch"


def records_twice(logs: TwoLogs, number: int) -> str:
    logs.exchange(number)
    logs.record(number)
    return "duplicate"


def sends_twice(logs: TwoLogs, number: int) -> str:
    logs.exchange(number)
    logs.send(number, label=f"again {number}")
    return "log_invalid"


def matches(logs: TwoLogs, number: int) -> str:
    logs.exchange(number)
    return ""


PLANTS = [drops_record, skips, records_other_bytes, records_twice, sends_twice]
healthy_more_often = st.sampled_from([*([matches] * 15), *PLANTS])


@settings(max_examples=60, deadline=None)
@given(st.lists(healthy_more_often, min_size=1, max_size=300))
def test_each_planted_difference_is_named_and_none_is_invented(
    plants: list[Callable[[TwoLogs, int], str]],
) -> None:
    logs = TwoLogs()
    logs.begin()
    planted = {(plant(logs, number), number) for number, plant in enumerate(plants, 1)} - {
        ("", number) for number in range(len(plants) + 1)
    }
    logs.exchange(len(plants) + 1)

    result = logs.compare()

    named = {
        (one.kind.value, number)
        for one in result.differences
        for number in range(one.number, one.last_number + 1)
    }
    assert named == planted
    assert_closes(result.outgoing)


acts = st.lists(
    st.tuples(
        st.sampled_from(["send", "record", "hold", "reject", "accept", "close", "give up", "beat"]),
        st.integers(1, 6),
        st.sampled_from([HOST, ORIGIN]),
        st.sampled_from([JUST_NOW, LONG_AGO]),
    ),
    max_size=40,
)


@settings(max_examples=200, deadline=None)
@given(acts, st.integers(0, 40), st.integers(1, 9))
def test_whatever_both_write_the_counts_close_and_both_sides_see_the_same(
    acts: list[tuple[str, int, str, object]], cosigned: int, page: int
) -> None:
    logs = TwoLogs()
    for act in acts:
        perform(logs, *act)
    own = replace(logs.own.view(), cosigned=min(cosigned, len(logs.own.leaves)))
    copy = replace(logs.copy.view(), cosigned=min(cosigned, len(logs.copy.leaves)))

    here = Comparison(own, copy, now=NOW, grace=GRACE)
    there = Comparison(copy, own, now=NOW, grace=GRACE)
    for comparison in (here, there):
        for log in (logs.own, logs.copy):
            for start in range(0, len(log.leaves), page):
                comparison.take(log.by, log.leaves[start : start + page])
    ours, theirs = (one.finish(lambda by, index: logs.of(by).leaves[index]) for one in (here, there))

    assert_closes(ours.outgoing)
    assert_closes(ours.incoming)
    assert (ours.outgoing, ours.incoming) == (theirs.incoming, theirs.outgoing)
    assert set(ours.differences) == set(theirs.differences)


def perform(logs: TwoLogs, act: str, number: int, by: str, at: object) -> None:
    kinds: dict[str, Callable[..., object]] = {
        "send": lambda **more: logs.send(number, **more),
        "record": lambda **more: logs.record(number, **more),
        "hold": lambda **more: logs.record(number, "held", **more),
        "reject": lambda **more: logs.decide(number, "internal", **more),
        "accept": lambda **more: logs.decide(number, **more),
        "close": lambda **more: logs.decide(number, "voided", **more),
        "give up": lambda **more: logs.give_up(number, **more),
        "beat": lambda **more: logs.of(more["by"]).write(beat(), at=more["at"]),
    }
    kinds[act](by=by, at=at)


def assert_closes(one: Movement) -> None:
    """The equations of `Movement`."""
    unanswered = one.open - one.held - one.in_transit - one.missing
    assert one.sent == one.matched + one.mismatched + one.missing + one.in_transit + unanswered
    assert one.matched == one.accepted + one.rejected + one.held + (one.voided - unanswered)
    assert one.received >= one.matched + one.mismatched
    assert unanswered >= 0


# --- identity


def test_a_run_that_grows_stays_the_same_difference() -> None:
    logs = two_logs(1)
    logs.exchange(4)
    before = only(logs.compare().differences)

    logs.exchange(9)
    after = logs.compare().differences

    assert before.key in {one.key for one in after}


def test_every_class_has_words_and_an_actor() -> None:
    assert set(CLASSES) == set(DifferenceKind)
