# SPDX-License-Identifier: Apache-2.0
"""Differences in ledgers of many messages; the long form is `make differences ARGS="--messages 1000000"`."""

from exchange.ids import AgencyCode
from exchange.ledger.compare import Comparison
from exchange.ledger.entries import decode_leaf, legal
from tests.support.logs import GRACE, HOST, ORIGIN
from tests.support.million import Ledgers


def test_exactly_the_planted_differences_are_named_in_ledgers_of_many_messages() -> None:
    ledgers = Ledgers.planted(4_000, 40)
    views = [ledgers.view(by) for by in (HOST, ORIGIN)]
    comparison = Comparison(*views, now=ledgers.now, grace=GRACE)
    for view in views:
        comparison.take(view.by, ledgers.page(view.by, 0, ledgers.messages))

    found = comparison.finish(_reader(ledgers))

    assert {one.key for one in found.differences} == ledgers.expected()
    assert len(ledgers.expected()) == 50


def _reader(ledgers: Ledgers):  # type: ignore[no-untyped-def]
    def leaf(by: AgencyCode, index: int) -> bytes:
        return ledgers.page(by, index, index + 1)[0]

    return leaf


def test_entries_of_many_messages_are_leaves_as_the_product_writes_them() -> None:
    ledgers = Ledgers.planted(200, 8)

    for by in (HOST, ORIGIN):
        for raw in ledgers.page(by, 0, 200):
            assert legal(decode_leaf(raw)) == ""
