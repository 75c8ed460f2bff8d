# SPDX-License-Identifier: Apache-2.0
"""A deadline counts from the entry with the verdict, unless that is another one or its time cannot be."""

from datetime import UTC, datetime, timedelta

import pytest
from exchange.clock import instant_text
from exchange.ids import MessageId, claimed_ms
from exchange.ledger.entries import Entry, accp, encode_leaf, rcvd, void
from exchange.service.deadlines import told_at
from tests.support.store_rows import LINK, PARTNER, digest, message_id

KNOWN_AT = datetime(2027, 10, 4, 9, 12, 4, 123000, tzinfo=UTC)
SKEW = timedelta(minutes=5)
EARLIER = KNOWN_AT - timedelta(hours=3)
A_MILLISECOND = timedelta(milliseconds=1)
BEGUN_AT = datetime(1970, 1, 1, tzinfo=UTC) + claimed_ms(message_id(7)) * A_MILLISECOND


def received(seq: int = 7, id: MessageId | None = None) -> Entry:
    return rcvd(seq=seq, id=id or message_id(7), eh=digest("e"), cd=digest("b"), k="accepted")


def leaf(entry: Entry, at: datetime = EARLIER) -> bytes:
    return encode_leaf(entry, link=LINK, by=PARTNER, ep=1, i=3, t=instant_text(at))


def told(raw: bytes) -> datetime:
    return told_at(raw, (7, message_id(7)), known_at=KNOWN_AT, skew=SKEW)


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(received(), id="accepted on arrival"),
        pytest.param(accp(seq=7, id=message_id(7)), id="accepted after it was held"),
    ],
)
def test_instant_of_the_entry_counts(entry: Entry) -> None:
    assert told(leaf(entry)) == EARLIER


def test_instant_at_the_limit_of_the_skew_counts() -> None:
    assert told(leaf(received(), KNOWN_AT + SKEW)) == KNOWN_AT + SKEW
    assert told(leaf(received(), BEGUN_AT - SKEW)) == BEGUN_AT - SKEW


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="no entry"),
        pytest.param(b"{}", id="no leaf"),
        pytest.param(leaf(received(seq=8)), id="another number"),
        pytest.param(leaf(received(id=message_id(8))), id="another id"),
        pytest.param(leaf(void(seq=7, id=message_id(7), code="withdrawn")), id="no verdict"),
        pytest.param(leaf(received(), KNOWN_AT + SKEW + A_MILLISECOND), id="ahead of our clock"),
        pytest.param(leaf(received(), BEGUN_AT - SKEW - A_MILLISECOND), id="before the message was begun"),
        pytest.param(leaf(received(), datetime.min.replace(tzinfo=UTC)), id="the first moment of all"),
        pytest.param(leaf(received()).replace(b"2027-10-04T06", b"2027-13-04T06"), id="no such moment"),
    ],
)
def test_anything_else_leaves_the_instant_at_which_it_was_known_here(raw: bytes) -> None:
    assert told(raw) == KNOWN_AT
