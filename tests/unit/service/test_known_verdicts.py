# SPDX-License-Identifier: Apache-2.0
"""Which leaf of the partner lets a message of ours come back as accepted while a store is rebuilt."""

import pytest
from exchange.ids import sha256
from exchange.ledger.entries import Entry, Event, accp, decode_leaf, encode_leaf, rcvd
from exchange.service.tail import accepts
from tests.support.store_rows import LINK, PARTNER, message_row

ROW = message_row()
SAID = {"seq": ROW.seq, "id": ROW.id, "eh": ROW.envelope_hash, "cd": ROW.body_hash}


def written(entry: Entry) -> bytes:
    return encode_leaf(entry, link=LINK, by=PARTNER, ep=1, i=7, t="2027-10-04T02:00:00.000Z")


def test_acceptance_of_these_bytes_counts() -> None:
    assert accepts(decode_leaf(written(rcvd(**SAID, k="accepted"))), ROW)


@pytest.mark.parametrize(
    ("why", "entry"),
    [
        ("another message", rcvd(**(SAID | {"id": message_row(2).id}), k="accepted")),
        ("another envelope", rcvd(**(SAID | {"eh": sha256(b"other")}), k="accepted")),
        ("another body", rcvd(**(SAID | {"cd": sha256(b"other")}), k="accepted")),
        ("a rejection", rcvd(**SAID, k="rejected", code="state_conflict")),
        ("held for now", rcvd(**SAID, k="held")),
        ("a later decision", accp(seq=ROW.seq, id=ROW.id)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_accept_these_bytes_waits(why: str, entry: Entry) -> None:
    assert not accepts(decode_leaf(written(entry)), ROW), why


def test_a_faulty_leaf_waits() -> None:
    """A member that the event does not have is a difference, not a verdict."""
    raw = written(Entry(Event.RCVD, {**SAID, "k": "accepted"})).replace(b'"v":1', b'"v":1,"x":1')

    assert not accepts(decode_leaf(raw), ROW)
