# SPDX-License-Identifier: Apache-2.0
"""The packed table of numbers."""

import pytest
from exchange.ledger.numbers import LISTED, MAX_AHEAD, Numbers, packed_digest, packed_id
from hypothesis import given
from hypothesis import strategies as st
from tests.support.logs import digest, message_id


def table_of(labels: dict[int, str]) -> Numbers:
    table = Numbers()
    for number, label in labels.items():
        eh, cd = digest(f"envelope {label}").encode(), digest(f"body {label}").encode()
        id = packed_id(message_id(label).encode())
        table.put(number, LISTED, place=10 * number, id=id, digest=packed_digest(eh, cd))
    return table


@given(st.dictionaries(st.integers(1, 50), st.sampled_from("abcdef")))
def test_each_number_has_what_was_entered_and_the_others_nothing(labels: dict[int, str]) -> None:
    table = table_of(labels)

    assert table.highest == max(labels, default=0)
    for number in range(1, 52):
        assert bool(table.mark(number)) is (number in labels)
    for number, label in labels.items():
        assert table.places[number - 1] == 10 * number
        assert table.id_of(number) == packed_id(message_id(label).encode())


@given(st.dictionaries(st.integers(1, 50), st.sampled_from("abcdef")))
def test_second_use_of_an_id_is_found_with_the_first(labels: dict[int, str]) -> None:
    first: dict[str, int] = {}
    expected = [
        (number, first[label])
        for number, label in sorted(labels.items())
        if first.setdefault(label, number) != number
    ]

    assert table_of(labels).doubled() == expected


def test_ids_that_are_alike_in_their_first_half_are_not_the_same() -> None:
    table = Numbers()
    for number in (1, 2):
        table.put(number, LISTED, place=0, id=bytes(15) + bytes([number]), digest=bytes(16))
    table.put(3, LISTED, place=0, id=b"x" * 15 + b"1", digest=bytes(16))
    table.put(4, LISTED, place=0, id=b"x" * 15 + b"2", digest=bytes(16))

    assert table.doubled() == []


@pytest.mark.parametrize("number", [-1, 0, 3, 2**53])
def test_number_outside_of_the_table_has_no_mark(number: int) -> None:
    assert table_of({1: "a", 2: "b"}).mark(number) == 0


def test_room_grows_only_with_what_is_kept() -> None:
    table = table_of({1: "a"})

    assert not table.is_too_far(MAX_AHEAD + 1)
    assert table.is_too_far(MAX_AHEAD + 2)


def test_hashes_are_not_mixed_up_where_they_meet() -> None:
    one, other = digest("one").encode(), digest("other").encode()

    assert packed_digest(one, other) != packed_digest(other, one)
