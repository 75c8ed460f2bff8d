# SPDX-License-Identifier: Apache-2.0
"""The digest that an entry `eras` holds: the same on both sides, and nothing that could be guessed."""

from dataclasses import replace

import pytest
from exchange.ids import LinkId
from exchange.ledger.erasure import MARK_BYTES, PersonPart, case_mark, erasure_digest
from tests.support.store_rows import message_id

LINK = LinkId("A" * 22)
ONE = PersonPart(message_id(1), 2, b'{"salt":"first"}')
TWO = PersonPart(message_id(2), 3, b'{"salt":"second"}')


def test_mark_does_not_depend_on_the_order_in_which_parts_were_read() -> None:
    mark = case_mark(LINK, [ONE, TWO])

    assert mark == case_mark(LINK, [TWO, ONE])
    assert mark is not None
    assert len(mark) == MARK_BYTES


def test_case_without_parts_has_no_mark() -> None:
    assert case_mark(LINK, []) is None


@pytest.mark.parametrize(
    "other",
    [
        [ONE],
        [ONE, replace(TWO, number=4)],
        [ONE, replace(TWO, message=message_id(3))],
        [ONE, replace(TWO, raw=TWO.raw + b" ")],
        [ONE, TWO, replace(TWO, number=4)],
    ],
    ids=["a part less", "another number", "another message", "another byte", "a part more"],
)
def test_anything_else_is_another_mark(other: list[PersonPart]) -> None:
    assert case_mark(LINK, other) != case_mark(LINK, [ONE, TWO])


def test_mark_belongs_to_its_link() -> None:
    assert case_mark(LINK, [ONE]) != case_mark(LinkId("B" * 22), [ONE])


def test_digest_of_a_day_does_not_depend_on_the_order_of_its_cases() -> None:
    assert erasure_digest([b"1" * 32, b"2" * 32]) == erasure_digest([b"2" * 32, b"1" * 32])
    assert erasure_digest([b"1" * 32]) != erasure_digest([b"1" * 32, b"2" * 32])
