# SPDX-License-Identifier: Apache-2.0
"""The order of leaves, rule by rule of `ledger.judge`."""

import json
from collections.abc import Callable

import pytest
from exchange.ledger.entries import agrx, beat, opened
from exchange.ledger.judge import LogFault, LogJudge
from exchange.ledger.numbers import MAX_AHEAD
from hypothesis import given
from hypothesis import strategies as st
from tests.support.logs import LONG_AGO, ORIGIN, TwoLogs, digest

Act = Callable[[TwoLogs], object]


def faults(*acts: Act) -> list[LogFault]:
    """The faults of the host's log after some acts; the origin's messages are recorded by the host."""
    logs = TwoLogs()
    for act in acts:
        act(logs)
    judge = LogJudge()
    judge.take(logs.own.leaves)
    return [*judge.faults, *judge.id_faults()]


def rewrite_last(logs: TwoLogs, **members: object) -> None:
    value = json.loads(logs.own.leaves[-1]) | members
    logs.own.leaves[-1] = json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def sends(number: int, label: str = "") -> Act:
    return lambda logs: logs.send(number, label=label)


def gives_up(number: int, label: str = "") -> Act:
    return lambda logs: logs.give_up(number, label=label)


def records(number: int, k: str = "accepted", label: str = "") -> Act:
    return lambda logs: logs.record(number, k, by=ORIGIN, label=label)


def decides(number: int, code: str = "", label: str = "") -> Act:
    return lambda logs: logs.decide(number, code, by=ORIGIN, label=label)


def opens(logs: TwoLogs) -> None:
    logs.own.write(opened(n=1, ad=digest("agreement"), crd=digest("card")))


def switches(n: int, begin: int) -> Act:
    return lambda logs: logs.own.write(agrx(n=n, ad=digest("agreement"), fs=begin))


def beats(logs: TwoLogs) -> None:
    logs.own.write(beat())


@pytest.mark.parametrize(
    "acts",
    [
        pytest.param((), id="nothing"),
        pytest.param((opens, sends(1), sends(2), beats), id="numbers in their order"),
        pytest.param((sends(1), gives_up(1), sends(2)), id="a number given up"),
        pytest.param(
            (records(1), records(2, "rejected"), records(3, "held"), decides(3)), id="held, then accepted"
        ),
        pytest.param((records(2, "held"), records(1), decides(2, "internal")), id="held, then rejected"),
        pytest.param((decides(1, "voided"), records(2)), id="a number closed that never came"),
        pytest.param((records(2, "held"), decides(2, "voided")), id="held, then given up by the sender"),
        pytest.param((sends(1, "one id"), records(1, label="one id")), id="one id in both directions"),
        pytest.param((opens, switches(1, 1), sends(1), switches(2, 2), sends(2)), id="a new version"),
        pytest.param((switches(1, 1), switches(2, 5), sends(1)), id="a version from a later number on"),
        pytest.param((opens, switches(4, 1), switches(5, 1)), id="a log that begins with a later version"),
    ],
)
def test_log_that_keeps_the_rules_has_no_fault(acts: tuple[Act, ...]) -> None:
    assert faults(*acts) == []


@pytest.mark.parametrize(
    ("acts", "found"),
    [
        pytest.param((beats, opens), [(1, "open_not_first", "log_invalid", 0, -1)], id="1 opened late"),
        pytest.param((opens, opens), [(1, "open_not_first", "log_invalid", 0, -1)], id="1 opened twice"),
        pytest.param((sends(2),), [(0, "number_skipped", "sequence_gap", 2, -1)], id="2 begins at 2"),
        pytest.param(
            (sends(1), sends(4), sends(5)), [(1, "number_skipped", "sequence_gap", 4, -1)], id="2 two skipped"
        ),
        pytest.param(
            (sends(1), sends(3), sends(2)),
            [(1, "number_skipped", "sequence_gap", 3, -1), (2, "number_backwards", "log_invalid", 2, -1)],
            id="2 filled later",
        ),
        pytest.param(
            (sends(1), sends(1, "other")),
            [(1, "number_again", "log_invalid", 1, 0)],
            id="2 number used twice",
        ),
        pytest.param((sends(1), sends(1)), [(1, "number_again", "log_invalid", 1, 0)], id="2 sent twice"),
        pytest.param(
            (sends(1, "x"), sends(2, "x")),
            [(1, "id_again", "log_invalid", 2, 0)],
            id="2 message id used twice",
        ),
        pytest.param(
            (switches(1, 1), switches(3, 1)), [(1, "version_skipped", "log_invalid", 0, -1)], id="6 skipped"
        ),
        pytest.param(
            (switches(2, 1), switches(1, 1)), [(1, "version_skipped", "log_invalid", 0, -1)], id="6 lower"
        ),
        pytest.param(
            (switches(1, 1), switches(1, 1)), [(1, "version_skipped", "log_invalid", 0, -1)], id="6 again"
        ),
        pytest.param(
            (switches(1, 1), sends(1), switches(2, 1)),
            [(2, "version_from_used", "log_invalid", 0, -1)],
            id="6 from a used number on",
        ),
        pytest.param(
            (switches(1, 1), switches(3, 1), switches(2, 1)),
            [(1, "version_skipped", "log_invalid", 0, -1)],
            id="6 a wrong one does not count",
        ),
        pytest.param((gives_up(1),), [(0, "void_unsent", "log_invalid", 1, -1)], id="3 never sent"),
        pytest.param(
            (sends(1), gives_up(2)), [(1, "void_unsent", "log_invalid", 2, -1)], id="3 other number"
        ),
        pytest.param(
            (sends(1), gives_up(1), gives_up(1)),
            [(2, "void_again", "log_invalid", 1, 1)],
            id="3 given up twice",
        ),
        pytest.param(
            (sends(1), gives_up(1, "other")), [(1, "void_other_id", "log_invalid", 1, 0)], id="3 other id"
        ),
        pytest.param(
            (records(1), records(1)), [(1, "received_again", "duplicate", 1, 0)], id="4 recorded twice"
        ),
        pytest.param(
            (records(1), records(1, label="x")),
            [(1, "received_again", "duplicate", 1, 0)],
            id="4 with other bytes",
        ),
        pytest.param(
            (records(1, "held"), records(1)),
            [(1, "received_again", "duplicate", 1, 0)],
            id="4 held, then recorded",
        ),
        pytest.param(
            (records(1, label="x"), records(2, label="x")),
            [(1, "id_again", "duplicate", 2, 0)],
            id="4 id twice",
        ),
        pytest.param(
            (decides(1),), [(0, "verdict_unheld", "log_invalid", 1, -1)], id="5 accepted, never came"
        ),
        pytest.param(
            (decides(1, "internal"),),
            [(0, "verdict_unheld", "log_invalid", 1, -1)],
            id="5 rejected, never came",
        ),
        pytest.param(
            (records(1), decides(1)),
            [(1, "verdict_unheld", "log_invalid", 1, 0)],
            id="5 accepted a second time",
        ),
        pytest.param(
            (records(1), decides(1, "voided")),
            [(1, "verdict_unheld", "log_invalid", 1, 0)],
            id="5 closed after verdict",
        ),
        pytest.param(
            (records(1, "held"), decides(1), decides(1, "internal")),
            [(2, "verdict_unheld", "log_invalid", 1, 0)],
            id="5 decided twice",
        ),
        pytest.param(
            (records(1, "held"), decides(1, label="x")),
            [(1, "verdict_other_id", "log_invalid", 1, 0)],
            id="5 other id",
        ),
        pytest.param(
            (beats, lambda logs: rewrite_last(logs, ev="wave")),
            [(0, "event_unknown", "log_invalid", 0, -1)],
            id="7 unknown event",
        ),
        pytest.param(
            (sends(1), lambda logs: rewrite_last(logs, type="RPN")),
            [(0, "member_unknown", "log_invalid", 0, -1)],
            id="7 unknown member",
        ),
        pytest.param(
            (records(1), lambda logs: rewrite_last(logs, code="expired")),
            [(0, "member_unknown", "log_invalid", 1, -1)],
            id="7 code with an acceptance",
        ),
    ],
)
def test_leaf_that_breaks_a_rule_is_named(acts: tuple[Act, ...], found: list[tuple[object, ...]]) -> None:
    named = [(one.index, one.reason, one.difference, one.number, one.earlier) for one in faults(*acts)]

    assert named == found


def test_fault_says_whose_number_it_is() -> None:
    found = faults(sends(1), sends(1), records(1), records(1), decides(2), gives_up(3))

    assert [(one.reason, one.is_of_partner) for one in found] == [
        ("number_again", False),
        ("received_again", True),
        ("verdict_unheld", True),
        ("void_unsent", False),
    ]


def test_faulty_leaf_has_no_effect_on_what_follows() -> None:
    assert [one.index for one in faults(sends(1), sends(1, "other"), gives_up(1), sends(2))] == [1]


@pytest.mark.parametrize(
    "act", [sends(MAX_AHEAD + 2), records(MAX_AHEAD + 2), sends(2**53 - 1), records(2**53 - 1)]
)
def test_number_that_no_honest_log_can_reach_is_named_and_takes_no_memory(act: Act) -> None:
    logs = TwoLogs()
    logs.exchange(1)
    logs.exchange(1, by=ORIGIN)
    act(logs)
    judge = LogJudge()

    judge.take(logs.own.leaves)

    assert [one.reason for one in judge.faults] == ["number_far"]
    assert (judge.outgoing.highest, judge.incoming.highest) == (1, 1)


def test_many_jumps_do_not_add_up_to_a_large_table() -> None:
    logs = TwoLogs()
    for n in range(1, 40):
        logs.send(n * (MAX_AHEAD - 1))
    judge = LogJudge()

    judge.take(logs.own.leaves)

    assert judge.outgoing.highest < 2 * MAX_AHEAD


def test_claimed_time_is_never_a_fault() -> None:
    logs = TwoLogs()
    logs.send(1, at=LONG_AGO)
    logs.send(2, at=LONG_AGO.replace(year=1990))
    logs.send(3, at=LONG_AGO.replace(year=2090))
    judge = LogJudge()

    judge.take(logs.own.leaves)

    assert judge.faults == []


@given(
    st.lists(st.tuples(st.sampled_from(["send", "void", "rcvd", "held", "accp", "rejc"]), st.integers(1, 4))),
    st.data(),
)
def test_judging_in_pieces_finds_the_same_as_in_one(acts: list[tuple[str, int]], data: st.DataObject) -> None:
    made = {
        "send": sends, "void": gives_up, "rcvd": records, "accp": decides,
        "held": lambda number: records(number, "held"), "rejc": lambda number: decides(number, "voided"),
    }  # fmt: skip
    logs = TwoLogs()
    for name, number in acts:
        made[name](number)(logs)
    cut = data.draw(st.integers(0, len(acts)))
    whole, pieces = LogJudge(), LogJudge()

    whole.take(logs.own.leaves)
    pieces.take(logs.own.leaves[:cut])
    pieces.take(logs.own.leaves[cut:])

    assert pieces.faults == whole.faults
    assert (pieces.outgoing, pieces.incoming) == (whole.outgoing, whole.incoming)
