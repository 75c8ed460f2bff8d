# SPDX-License-Identifier: Apache-2.0
"""A log begins with `open`, `agrx`, in a later epoch `epch`, and its keys."""

import pytest
from exchange.ids import Digest, KeyId, LinkId
from exchange.ledger import entries
from exchange.ledger.beginning import wrong_beginning
from exchange.ledger.entries import Entry, Leaf, decode_leaf, encode_leaf
from exchange.protocol.suites import KeyUse
from tests.support.identity import VN

LINK, DIGEST = LinkId("A" * 22), Digest("A" * 43)
OPEN = entries.opened(n=1, ad=DIGEST, crd=DIGEST)
AGRX = entries.agrx(n=1, ad=DIGEST, fs=1)
EPCH = entries.epch(pe=1, sz=9, rt=DIGEST, csz=9, crt=DIGEST, why="entries_lost")
ADD, RETIRE = (
    entries.keyx(op=op, use=KeyUse.HEAD, kid=KeyId("0" * 16), cs=1, crd=DIGEST) for op in ("add", "retire")
)
BEAT = entries.beat()


def first(*listed: Entry, ep: int = 1) -> list[Leaf]:
    t = "2027-10-04T09:00:00.000Z"
    raw = [encode_leaf(entry, link=LINK, by=VN, ep=ep, i=i, t=t) for i, entry in enumerate(listed)]
    return [decode_leaf(one) for one in raw]


@pytest.mark.parametrize(
    ("ep", "listed"),
    [
        pytest.param(1, (OPEN, AGRX, ADD, ADD), id="a new log"),
        pytest.param(2, (OPEN, AGRX, EPCH, ADD), id="a later epoch"),
        pytest.param(2, (OPEN, AGRX, ADD, ADD), id="a later epoch that binds no end"),
        pytest.param(1, (), id="an empty log"),
        pytest.param(1, (OPEN,), id="one leaf"),
        pytest.param(1, (OPEN, AGRX), id="two leaves"),
        pytest.param(2, (OPEN, AGRX, EPCH), id="three leaves of a later epoch"),
    ],
)
def test_a_right_beginning_is_no_fault(ep: int, listed: tuple[Entry, ...]) -> None:
    assert wrong_beginning(first(*listed, ep=ep)) is None


@pytest.mark.parametrize(
    ("ep", "listed", "index", "reason"),
    [
        pytest.param(1, (BEAT,), 0, "open_missing", id="no open"),
        pytest.param(1, (AGRX, ADD), 0, "open_missing", id="only agrx and keys"),
        pytest.param(1, (OPEN, ADD, AGRX), 1, "agrx_missing", id="no agrx where it must be"),
        pytest.param(1, (OPEN, AGRX, BEAT), 2, "keyx_missing", id="no key"),
        pytest.param(1, (OPEN, AGRX, RETIRE), 2, "keyx_missing", id="a key that ends"),
        pytest.param(1, (OPEN, AGRX, EPCH, ADD), 2, "keyx_missing", id="an epoch before the first one"),
        pytest.param(2, (OPEN, AGRX, EPCH, BEAT), 3, "keyx_missing", id="no key in a later epoch"),
    ],
)
def test_a_leaf_that_stands_where_another_should_is_named(
    ep: int, listed: tuple[Entry, ...], index: int, reason: str
) -> None:
    found = wrong_beginning(first(*listed, ep=ep))

    assert found is not None
    assert (found.leaf.i, found.reason) == (index, reason)
