# SPDX-License-Identifier: Apache-2.0
"""How a log of a later epoch is judged and joined: its numbers begin where its second leaf says."""

from datetime import UTC, datetime, timedelta

import pytest
from exchange.ids import Digest, LinkId, MessageId
from exchange.ledger import entries
from exchange.ledger.compare import LogView, compare
from exchange.ledger.differences import DifferenceKind
from exchange.ledger.entries import Entry, encode_leaf
from exchange.ledger.judge import LogJudge
from tests.support.identity import KH, VN

LINK, DIGEST = LinkId("A" * 22), Digest("A" * 43)
T = "2027-10-04T09:00:00.000Z"
FIRST = 1_001


def id_of(number: int) -> MessageId:
    return MessageId(f"{number % 2**32:08x}-0000-7000-8000-000000000000")


def sent(number: int) -> Entry:
    return entries.sent(seq=number, id=id_of(number), eh=DIGEST, cd=DIGEST, pc=DIGEST, sz=1_024)


def void(number: int) -> Entry:
    return entries.void(seq=number, id=id_of(number), code="lost")


def rcvd(number: int, code: str = "") -> Entry:
    verdict = "rejected" if code else "accepted"
    return entries.rcvd(seq=number, id=id_of(number), eh=DIGEST, cd=DIGEST, k=verdict, code=code or None)


EPCH = entries.epch(pe=1, sz=9, rt=DIGEST, csz=0, crt=DIGEST, why="two_histories")


def begun(first: int = FIRST) -> list[Entry]:
    return [entries.opened(n=1, ad=DIGEST, crd=DIGEST), entries.agrx(n=1, ad=DIGEST, fs=first), EPCH]


def raw(listed: list[Entry], *, by: str = KH, ep: int = 2) -> list[bytes]:
    return [encode_leaf(entry, link=LINK, by=by, ep=ep, i=i, t=T) for i, entry in enumerate(listed)]  # type: ignore[arg-type]


def reasons(listed: list[Entry], *, ep: int = 2) -> list[str]:
    judge = LogJudge()
    judge.take(raw(listed, ep=ep))
    return [fault.reason for fault in judge.faults]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ([sent(FIRST), sent(FIRST + 1)], []),
        ([void(3), void(7), sent(FIRST)], []),
        ([sent(FIRST), void(3)], []),
        ([rcvd(2), rcvd(40, "voided")], []),
        ([entries.rejc(seq=5, id=id_of(5), code="voided")], []),
        ([sent(FIRST + 1)], ["number_skipped"]),
        ([sent(1)], ["number_backwards"]),
        ([void(1), void(2), sent(3)], ["number_backwards"]),
        ([void(3), void(3)], ["void_again"]),
        ([void(FIRST)], ["void_unsent"]),
        ([rcvd(2), rcvd(2)], ["received_again"]),
        ([EPCH], ["epoch_not_third"]),
        ([sent(FIRST), sent(FIRST)], ["number_again"]),
    ],
)
def test_a_later_epoch_goes_on_with_its_first_number(more: list[Entry], expected: list[str]) -> None:
    assert reasons([*begun(), *more]) == expected


def test_the_first_epoch_begins_with_number_one_whatever_its_second_leaf_says() -> None:
    assert reasons([*begun()[:2], sent(FIRST)], ep=1) == ["number_skipped"]


def test_an_epoch_that_follows_another_than_the_one_before_is_a_fault() -> None:
    assert reasons(begun(), ep=3) == ["epoch_not_third"]


def test_a_first_number_that_nobody_can_have_come_to_fills_no_memory() -> None:
    judge = LogJudge()
    judge.take(raw([*begun(first=2**52), sent(2**52)]))

    assert [fault.reason for fault in judge.faults] == ["number_far"]
    assert judge.outgoing.highest == 0


def view(by: str, listed: list[Entry], *, known: tuple[int, int] = (0, 0)) -> LogView:
    leaves = raw(listed, by=by)
    return LogView(by, len(leaves), lambda start, end: leaves[start:end], len(leaves), None, *known)  # type: ignore[arg-type]


def compared(ours: list[Entry], theirs: list[Entry]) -> list[tuple[DifferenceKind, int]]:
    found = compare(
        view(KH, [*begun(), *ours]),
        view(VN, [*begun(), *theirs]),
        now=datetime(2027, 10, 4, 10, tzinfo=UTC),
        grace=timedelta(minutes=5),
    )
    return [(one.kind, one.number) for one in found.differences]


def test_what_was_carried_over_is_no_gap_and_its_answer_fits() -> None:
    ours = [void(3), void(5), void(9), sent(FIRST)]
    theirs = [rcvd(3), rcvd(5, "voided"), entries.rejc(seq=9, id=id_of(9), code="voided"), rcvd(FIRST)]

    assert compared(ours, theirs) == []


def test_a_number_that_is_missing_in_the_new_epoch_is_still_named() -> None:
    assert compared([sent(FIRST), sent(FIRST + 1)], [rcvd(FIRST)]) == [
        (DifferenceKind.MISSING_MESSAGE, FIRST + 1)
    ]


def test_a_verdict_on_an_old_number_that_nobody_carried_over_is_unexpected() -> None:
    assert compared([sent(FIRST)], [rcvd(4), rcvd(FIRST)]) == [(DifferenceKind.UNEXPECTED_MESSAGE, 4)]


def ended(*, ours: tuple[int, int], theirs: tuple[int, int]) -> list[tuple[DifferenceKind, str, str]]:
    """Compare two logs whose `epch` bind these ends: of the own log, and of the copy of the other one."""
    logs = []
    for own, copy in (ours, theirs):
        bound = entries.epch(pe=1, sz=own, rt=DIGEST, csz=copy, crt=DIGEST, why="entries_lost")
        logs.append([*begun()[:2], bound])
    now, grace = datetime(2027, 10, 4, 10, tzinfo=UTC), timedelta(minutes=5)
    found = compare(view(KH, logs[0]), view(VN, logs[1]), now=now, grace=grace).differences
    mirrored = compare(view(VN, logs[1]), view(KH, logs[0]), now=now, grace=grace).differences
    assert {one.key for one in found} == {one.key for one in mirrored}
    return [(one.kind, one.acts_first, one.reason) for one in found]


SHRUNK = (DifferenceKind.LOG_SHRUNK, "entries_lost")


@pytest.mark.parametrize(
    ("ours", "theirs", "losers"),
    [
        pytest.param((16, 20), (20, 16), [], id="both held the same"),
        pytest.param((16, 20), (20, 15), [], id="an entry was still on its way"),
        pytest.param((16, 20), (20, 17), [KH], id="we lost one"),
        pytest.param((16, 21), (20, 16), [VN], id="they lost one"),
        pytest.param((16, 21), (20, 17), [KH, VN], id="both lost one"),
    ],
)
def test_entries_that_an_epoch_lost_are_named_by_both_sides(
    ours: tuple[int, int], theirs: tuple[int, int], losers: list[str]
) -> None:
    assert ended(ours=ours, theirs=theirs) == [(SHRUNK[0], loser, SHRUNK[1]) for loser in losers]
