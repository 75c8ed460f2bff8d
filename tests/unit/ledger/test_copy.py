# SPDX-License-Identifier: Apache-2.0
"""What a cosigner checks, number by number of `ledger.copy`."""

import json
from dataclasses import replace

import pytest
from exchange.errors import TailInvalidError
from exchange.ids import AgencyCode, LinkId
from exchange.ledger.copy import CopyState, TakenTail, is_held, judge_tail
from exchange.ledger.entries import beat, encode_leaf
from exchange.ledger.merkle import EMPTY_ROOT, CompactRange, leaf_hash, root_of
from exchange.ledger.notes import Head, sign_head
from exchange.protocol.frames import MAX_TAIL_BYTES, MAX_TAIL_LEAVES, FrameTail
from exchange.protocol.suites import Algorithm, KeyUse, PublicKey
from hypothesis import given
from hypothesis import strategies as st
from tests.support.keys import test_key
from tests.support.logs import LINK, ORIGIN, WrittenLog, head_key

KEYS = (head_key(ORIGIN).public,)


def a_log(size: int, *, first: str = "2027-10-04T09:00:00.000Z") -> WrittenLog:
    log = WrittenLog(ORIGIN)
    for i in range(size):
        t = first if i == 0 else "2027-10-04T09:00:00.000Z"
        log.append(encode_leaf(beat(), link=log.link, by=log.by, ep=log.ep, i=i, t=t))
    return log


def take(state: CopyState, tail: FrameTail, keys: tuple[PublicKey, ...] = KEYS) -> TakenTail:
    return judge_tail(state, tail, head_keys=keys)


def refusal(state: CopyState, tail: FrameTail, keys: tuple[PublicKey, ...] = KEYS) -> TailInvalidError:
    with pytest.raises(TailInvalidError) as caught:
        judge_tail(state, tail, head_keys=keys)
    return caught.value


def signed_over(leaves: list[bytes], *, start: int = 0, before: list[bytes] | None = None) -> FrameTail:
    """A tail whose head is rightly signed over whatever the leaves are."""
    whole = [*(before or []), *leaves]
    root = root_of([leaf_hash(raw) for raw in whole])
    note = sign_head(Head(LINK, ORIGIN, 1, len(whole), root), head_key(ORIGIN), by=ORIGIN)
    return FrameTail(ORIGIN, 1, start, tuple(leaves), note)


@given(st.integers(0, 20), st.data())
def test_new_leaves_are_taken_whatever_the_overlap(size: int, data: st.DataObject) -> None:
    log = a_log(size)
    held = data.draw(st.integers(0, size))
    start = data.draw(st.integers(0, held))

    taken = take(log.copied(held), log.tail(start))

    assert list(taken.raw_leaves) == log.leaves[held:]
    assert [leaf.i for leaf in taken.new_leaves] == list(range(held, size))
    assert taken.range == CompactRange().extend([leaf_hash(raw) for raw in log.leaves])
    assert (taken.head.size, taken.head.root) == (size, taken.range.root())


def test_tail_without_anything_new_takes_nothing() -> None:
    log = a_log(5)

    assert take(log.copied(5), log.tail(5)).new_leaves == ()


def test_empty_log_has_the_empty_root() -> None:
    log = a_log(0)

    assert take(log.copied(0), log.tail(0)).head.root == EMPTY_ROOT


def test_long_log_is_caught_up_in_steps_of_heads() -> None:
    log = a_log(9)

    assert take(log.copied(0), log.tail(0, 4)).head.size == 4
    assert take(log.copied(4), log.tail(4, 9)).head.size == 9


@pytest.mark.parametrize("change", [{"by": AgencyCode("KH-MOSVY-DAHT")}, {"ep": 2}])
def test_1_tail_of_another_log_is_refused(change: dict[str, object]) -> None:
    log = a_log(3)

    error = refusal(log.copied(1), replace(log.tail(1), **change))  # type: ignore[arg-type]

    assert error.difference == ""


def test_2_more_leaves_than_a_frame_may_carry_are_refused() -> None:
    log = a_log(1)
    tail = replace(log.tail(0), leaves=(log.leaves[0],) * (MAX_TAIL_LEAVES + 1))

    assert refusal(log.copied(0), tail).difference == ""


def test_2_more_bytes_than_a_frame_may_carry_are_refused() -> None:
    tail = replace(a_log(1).tail(0), leaves=(b"x" * (MAX_TAIL_BYTES + 1),))

    assert "limit" in str(refusal(a_log(0).copied(0), tail))


def test_3_head_under_a_key_that_is_not_pinned_is_refused() -> None:
    log = a_log(3)
    other = test_key(KeyUse.HEAD, Algorithm.ED25519, "somebody's head").public

    error = refusal(log.copied(1), log.tail(1), (other,))

    assert (error.difference, "not signed as pinned" in str(error)) == ("", True)


def test_3_nothing_is_taken_while_no_key_is_pinned() -> None:
    log = a_log(3)

    assert refusal(log.copied(1), log.tail(1), ()).difference == ""


def test_3_any_of_the_pinned_keys_may_have_signed() -> None:
    log = a_log(3)
    old = test_key(KeyUse.HEAD, Algorithm.ED25519, "an older head key").public

    assert len(take(log.copied(1), log.tail(1), (old, *KEYS)).new_leaves) == 2


def test_3_damaged_note_is_refused() -> None:
    log = a_log(3)

    assert refusal(log.copied(1), replace(log.tail(1), head=log.head() + "\n")).difference == ""


@pytest.mark.parametrize(("link", "ep"), [(LinkId("B" * 22), 1), (LINK, 2)])
def test_3_head_of_another_link_or_epoch_is_refused(link: LinkId, ep: int) -> None:
    log = a_log(3)
    note = sign_head(Head(link, ORIGIN, ep, 3, CompactRange().root()), head_key(ORIGIN), by=ORIGIN)

    assert refusal(log.copied(1), replace(log.tail(1), head=note)).difference == ""


@pytest.mark.parametrize(("start", "size"), [(0, 0), (0, 4), (3, 4), (5, 5)])
def test_tail_that_says_only_what_the_copy_says_is_held(start: int, size: int) -> None:
    log = a_log(5)

    assert is_held(log.copied(5), log.tail(start, size), newest=log.head())


def test_tail_of_the_same_size_under_another_head_is_judged() -> None:
    log = a_log(5)

    assert not is_held(log.copied(5), log.tail(3), newest="another")


def test_tail_with_another_leaf_than_the_copy_is_judged() -> None:
    log, other = a_log(5), a_log(5, first="2027-10-04T08:00:00.000Z")

    assert not is_held(log.copied(5), other.tail(0, 4), newest="")


@pytest.mark.parametrize("change", [{"by": AgencyCode("KH-MOSVY-DAHT")}, {"ep": 2}, {"start": -1}])
def test_tail_of_another_log_or_place_is_judged(change: dict[str, object]) -> None:
    log = a_log(5)

    tail = replace(log.tail(0, 4), **change)  # type: ignore[arg-type]

    assert not is_held(log.copied(5), tail, newest="")


@pytest.mark.parametrize("size", [0, 1, 4])
def test_4_smaller_head_is_evidence_of_a_log_that_shrank(size: int) -> None:
    log = a_log(5)

    assert refusal(log.copied(5), log.tail(0, size)).difference == "log_shrunk"


def test_5_tail_beyond_our_copy_asks_for_earlier_leaves() -> None:
    log = a_log(8)

    error = refusal(log.copied(3), log.tail(5))

    assert error.difference == ""
    assert error.hint == "ask the partner for the leaves from 3"


@pytest.mark.parametrize("change", ["too few", "too many", "before the log"])
def test_5_leaves_that_do_not_reach_the_head_are_refused(change: str) -> None:
    log = a_log(5)
    tail = log.tail(2)
    changed = {
        "too few": replace(tail, leaves=tail.leaves[:-1]),
        "too many": replace(tail, leaves=(*tail.leaves, log.leaves[0])),
        "before the log": replace(tail, start=-1, leaves=(log.leaves[0], *log.leaves)),
    }[change]

    assert refusal(log.copied(2), changed).difference == ""


def test_6_other_bytes_where_we_hold_leaves_are_a_fork() -> None:
    ours, theirs = a_log(4), a_log(6, first="2027-10-04T09:00:01.000Z")

    error = refusal(ours.copied(4), theirs.tail(0))

    assert error.difference == "log_forked"
    assert "leaf 0" in str(error)


def test_7_other_root_of_the_size_we_hold_is_a_fork() -> None:
    ours, theirs = a_log(4), a_log(4, first="2027-10-04T09:00:01.000Z")

    assert refusal(ours.copied(4), theirs.tail(4)).difference == "log_forked"


def test_7_other_root_of_a_larger_log_proves_nothing_and_asks_for_the_overlap() -> None:
    ours, theirs = a_log(4), a_log(6, first="2027-10-04T09:00:01.000Z")

    error = refusal(ours.copied(4), theirs.tail(4))

    assert (error.difference, "further back" in (error.hint or "")) == ("", True)


@given(st.integers(0, 5), st.data())
def test_7_changed_byte_of_a_new_leaf_is_never_taken(at: int, data: st.DataObject) -> None:
    log = a_log(6)
    tail = log.tail(0)
    raw = bytearray(tail.leaves[at])
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    leaves = (*tail.leaves[:at], bytes(raw), *tail.leaves[at + 1 :])

    assert refusal(log.copied(0), replace(tail, leaves=leaves)).difference == ""


def canonical(raw: bytes, **members: object) -> bytes:
    return json.dumps(json.loads(raw) | members, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("name", "value"), [("link", "B" * 22), ("by", "KH-MOSVY-DAHT"), ("ep", 2), ("i", 0), ("i", 3), ("v", 2)]
)
def test_8_leaf_that_names_another_place_is_evidence_against_its_writer(name: str, value: object) -> None:
    log = a_log(2)
    wrong = canonical(log.leaves[1], **{name: value})

    error = refusal(log.copied(1), signed_over([wrong], start=1, before=log.leaves[:1]))

    assert error.difference == "log_invalid"


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw + b" ",
        lambda raw: raw.replace(b":", b": ", 1),
        lambda raw: b"",
        lambda raw: b"\xff",
        lambda raw: canonical(raw, note="x" * 2_048),
    ],
)
def test_8_leaf_that_is_not_canonical_is_evidence_against_its_writer(change: object) -> None:
    log = a_log(2)
    wrong = change(log.leaves[1])  # type: ignore[operator]

    error = refusal(log.copied(1), signed_over([wrong], start=1, before=log.leaves[:1]))

    assert error.difference == "log_invalid"


@pytest.mark.parametrize("members", [{"ev": "wave"}, {"height": 3}, {"t": "1970-01-01T00:00:00.000Z"}])
def test_leaf_with_a_fault_that_is_judged_later_is_taken(members: dict[str, object]) -> None:
    """Design, section 5: not cosigning would throw the best evidence away."""
    log = a_log(2)
    odd = canonical(log.leaves[1], **members)

    taken = take(log.copied(1), signed_over([odd], start=1, before=log.leaves[:1]))

    assert taken.raw_leaves == (odd,)


def test_known_leaves_are_read_only_where_the_tail_overlaps() -> None:
    log = a_log(9)
    asked: list[tuple[int, int]] = []
    copied = log.copied(6)

    def known(start: int, end: int) -> list[bytes]:
        asked.append((start, end))
        return log.leaves[start:end]

    take(replace(copied, known=known), log.tail(6))
    take(replace(copied, known=known), log.tail(4))

    assert asked == [(4, 6)]
