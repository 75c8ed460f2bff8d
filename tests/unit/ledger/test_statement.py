# SPDX-License-Identifier: Apache-2.0
"""The figures of a statement: they close, both sides compute the same, and one change is seen."""

from datetime import timedelta

import pytest
from exchange.ids import AgencyCode
from exchange.ledger.compare import Comparison
from exchange.ledger.join import Movement
from exchange.ledger.merkle import EMPTY_ROOT, leaf_hash, root_of
from exchange.ledger.moments import milliseconds
from exchange.ledger.numbers import Numbers, packed_digest, packed_id
from exchange.ledger.statement import Balance, OpenRun, Roots, balance_of, open_runs
from tests.support.logs import GRACE, HOST, JUST_NOW, LONG_AGO, NOW, ORIGIN, TwoLogs, digest, message_id


def taken(logs: TwoLogs) -> Comparison:
    own, copy = logs.own.view(), logs.copy.view()
    comparison = Comparison(own, copy, now=NOW, grace=GRACE)
    for log in (logs.own, logs.copy):
        comparison.take(log.by, log.leaves)
    return comparison


def tables(logs: TwoLogs, sender: AgencyCode) -> tuple[Numbers, Numbers]:
    comparison = taken(logs)
    recipient = ORIGIN if sender == HOST else HOST
    return comparison.judge_of(sender).outgoing, comparison.judge_of(recipient).incoming


def roots(logs: TwoLogs, sender: AgencyCode = HOST) -> tuple[str, str]:
    made = Roots(*tables(logs, sender))
    for _ in made.steps():
        pass
    return made.delivery, made.verdict


def open_items(logs: TwoLogs) -> list[OpenRun]:
    return list(open_runs(HOST, *tables(logs, HOST), at_ms=milliseconds(NOW)))


def of_every_kind() -> TwoLogs:
    """Ten numbers of the host: each way in which a number can stand."""
    logs = TwoLogs()
    logs.begin()
    logs.exchange(1)
    logs.exchange(2, "rejected")
    logs.send(3)
    logs.record(3, "held")
    logs.send(4)
    logs.send(5, at=JUST_NOW)
    logs.send(6)
    logs.give_up(6)
    logs.send(7)
    logs.give_up(7)
    logs.record(7, "rejected", code="voided")
    logs.send(8)
    logs.record(8, label="other bytes")
    logs.exchange(9)
    logs.give_up(9)
    logs.send(10)
    logs.give_up(10)
    logs.decide(10, "voided")
    return logs


def test_numbers_used_are_those_that_ended_and_those_that_are_open() -> None:
    logs = of_every_kind()
    found = balance_of(logs.compare().outgoing, opening=4, closing=len(logs.own.leaves))

    assert found == Balance(HOST, 4, 11, 15, used=10, accepted=2, rejected=1, voided=2, open=5)
    assert found.used == found.accepted + found.rejected + found.voided + found.open
    assert found.closing == found.opening + found.movements


def test_log_that_became_smaller_has_no_balance() -> None:
    with pytest.raises(ValueError, match="had 5 entries and has 4"):
        balance_of(Movement(HOST, ORIGIN), opening=5, closing=4)


def test_open_numbers_are_those_of_the_balance() -> None:
    logs = of_every_kind()
    listed = [number for run in open_items(logs) for number in range(run.first, run.last + 1)]

    assert listed == [3, 4, 5, 6, 8]


def test_open_numbers_of_one_age_are_one_run() -> None:
    logs = TwoLogs()
    for number, hours in ((1, 49), (2, 48), (3, 47), (4, 24), (5, 1)):
        logs.send(number, at=NOW - timedelta(hours=hours))

    assert open_items(logs) == [
        OpenRun(HOST, 1, 2, 2),
        OpenRun(HOST, 3, 4, 1),
        OpenRun(HOST, 5, 5, 0),
    ]


def test_number_of_a_clock_that_runs_ahead_is_of_today() -> None:
    logs = TwoLogs()
    logs.send(1, at=NOW + timedelta(days=3))

    assert open_items(logs) == [OpenRun(HOST, 1, 1, 0)]


def test_roots_are_those_of_the_page_about_statements() -> None:
    """The bytes of docs/protocol/statements.md, made here by hand."""
    logs = TwoLogs()
    logs.exchange(1)
    logs.send(3)
    logs.record(3, "held")

    lines, ends = [], []
    for number, verdict in ((1, 2), (2, 0), (3, 1)):
        label, named = f"{HOST} {number}", number.to_bytes(8, "big")
        id = packed_id(message_id(label).encode())
        eh, cd = digest(f"envelope {label}").encode(), digest(f"body {label}").encode()
        lines.append(named if number == 2 else named + id + packed_digest(eh, cd))
        ends.append(named + (bytes(16) if number == 2 else id) + bytes((verdict,)))
    delivery, verdict_root = (root_of(map(leaf_hash, items)) for items in (lines, ends))
    made = Roots(*tables(logs, HOST))
    list(made.steps())
    assert (made._delivery.root(), made._verdict.root()) == (delivery, verdict_root)


def test_no_number_gives_the_root_of_nothing() -> None:
    made = Roots(Numbers(), Numbers())
    list(made.steps())

    assert made._delivery.root() == EMPTY_ROOT


def test_both_sides_compute_the_same_roots() -> None:
    logs = of_every_kind()
    mirrored = TwoLogs(own=logs.copy, copy=logs.own)

    for sender in (HOST, ORIGIN):
        assert roots(logs, sender) == roots(mirrored, sender)


def test_other_bytes_change_the_delivery_root_alone() -> None:
    one, other = TwoLogs(), TwoLogs()
    one.exchange(1)
    other.send(1, label="another message")
    other.record(1, label=f"{HOST} 1")

    assert roots(one)[0] != roots(other)[0]
    assert roots(one)[1] == roots(other)[1]


@pytest.mark.parametrize("k", ["rejected", "held"])
def test_another_verdict_changes_the_verdict_root_alone(k: str) -> None:
    one, other = TwoLogs(), TwoLogs()
    one.exchange(1)
    other.exchange(1, k)

    assert roots(one)[0] == roots(other)[0]
    assert roots(one)[1] != roots(other)[1]


def test_figures_do_not_depend_on_the_hour_of_the_comparison() -> None:
    logs = of_every_kind()
    comparison = Comparison(logs.own.view(), logs.copy.view(), now=LONG_AGO, grace=GRACE)
    for log in (logs.own, logs.copy):
        comparison.take(log.by, log.leaves)
    early = comparison.finish(lambda by, index: logs.of(by).leaves[index])

    closing = len(logs.own.leaves)
    assert balance_of(early.outgoing, opening=0, closing=closing) == balance_of(
        logs.compare().outgoing, opening=0, closing=closing
    )
