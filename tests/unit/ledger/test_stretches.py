# SPDX-License-Identifier: Apache-2.0
"""A page that is read as columns is judged as leaf by leaf, whatever stands in it."""

from dataclasses import asdict
from random import Random

import pytest
from exchange.ids import b64url
from exchange.ledger.entries import Event, stored_form
from exchange.ledger.judge import LogJudge
from exchange.ledger.stretches import SHORTEST, Stretch, pieces
from tests.support.logs import HOST, ORIGIN
from tests.support.million import Ledgers

OLD = "2027-01-01T00:20:00.000Z"


def judged(leaves: list[bytes], size: int) -> LogJudge:
    """Return what comes of leaves that are taken in pages of one size."""
    judge = LogJudge(old_before=OLD, cosigned=len(leaves) // 2, skew_ms=300_000, decide_ms=1)
    for start in range(0, len(leaves), size):
        judge.take(leaves[start : start + size])
    return judge


def told(judge: LogJudge) -> dict[str, object]:
    tables = {"out": asdict(judge.outgoing), "in": asdict(judge.incoming)}
    return tables | {"faults": judge.faults, "back": judge.backwards, "size": judge.size}


def damaged(leaves: list[bytes], seed: int) -> list[bytes]:
    """Return leaves with some exchanged, doubled, or changed inside, each still as a stored leaf can be."""
    dice, changed = Random(seed), list(leaves)
    for _ in range(dice.randrange(1, 12)):
        at = dice.randrange(len(changed))
        old, new = dice.choice((
            (b'"seq":', b'"seq":1'),
            (b'"k":"accepted"', b'"k":"held"'),
            (b'"k":"accepted"', b'"k":"lost"'),
            (b'"cd":"', b'"cd":"#'),
            (b'"id":"0192', b'"id":"Z192'),
            (b'"id":"0192f0c1-7a3e-7', b'"id":"0192f0c1-7a3e-4'),
            (b'"ev":"sent"', b'"ev":"seen"'),
            (b'T00:', b'T09:'),
            (b'"sz":2048', b'"sz":0'),
            (b',"eh":"', b',"code":"x","eh":"'),
        ))  # fmt: skip
        changed[at] = changed[at].replace(old, new)
        other = dice.randrange(len(changed))
        if dice.random() < 0.3:
            changed[at] = changed[other]
    return changed


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("by", [HOST, ORIGIN])
def test_columns_are_judged_as_leaf_by_leaf(by: str, seed: int) -> None:
    ledgers = Ledgers.planted(1_200, 30, seed=seed)
    leaves = damaged(ledgers.page(HOST if by == HOST else ORIGIN, 0, 1_200), seed)

    assert told(judged(leaves, 400)) == told(judged(leaves, SHORTEST - 1))


def test_ordinary_leaves_are_one_stretch() -> None:
    leaves = Ledgers(400).page(HOST, 0, 400)

    (found,) = pieces(leaves, 0)

    assert isinstance(found, Stretch)
    assert found.sent.numbers == found.received.numbers == tuple(range(1, 201))


def test_another_leaf_ends_a_stretch() -> None:
    leaves = Ledgers(100, {50: "unexpected_message"}).page(HOST, 0, 100)

    kinds = [isinstance(piece, Stretch) for piece in pieces(leaves, 0)]

    assert kinds == [True, False, True]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"seq":1', b'"seq":01'),
        (b'"sz":2048', b'"sz":"2048"'),
        (b'"k":"accepted"', b'"k":"Accepted"'),
        (b'"v":1', b'"v":2'),
        (b'"ep":1,', b'"ep":1,"er":1,'),
        (b"Z", b"z"),
    ],
)
def test_no_stretch_holds_a_leaf_that_is_not_as_demanded(old: bytes, new: bytes) -> None:
    leaves = [raw.replace(old, new) for raw in Ledgers(SHORTEST * 2).page(HOST, 0, SHORTEST * 2)]
    forms = (stored_form(Event.SENT), stored_form(Event.RCVD))

    for piece in pieces(leaves, 0):
        if isinstance(piece, Stretch):
            numbers = {*piece.sent.places, *piece.received.places}
            assert all(any(form.fullmatch(leaves[at]) for form in forms) for at in numbers)


def test_a_digest_whose_last_character_no_digest_has_is_left_to_the_judge_of_leaves() -> None:
    leaves = Ledgers(20).page(HOST, 0, 20)
    digest = b64url(b"x" * 32)
    before, _, behind = leaves[3].partition(b'"cd":"')
    leaves[3] = before + b'"cd":"' + digest[:-1].encode() + b"B" + behind[43:]

    assert not any(isinstance(piece, Stretch) for piece in pieces(leaves, 0))
