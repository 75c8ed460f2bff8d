# SPDX-License-Identifier: Apache-2.0
"""What a cosigner checks before it stores and cosigns a tail of the partner's log.

In this order; the numbers stand beside the code.

1. The tail is of the log and epoch of which we keep the copy.
2. It has at most 2,000 leaves and 1 MiB, unless it was gathered page by page at the start gate.
3. Its head has the exact form, is of this link, writer and epoch, and is signed by a pinned head key.
4. The head is not smaller than our copy, else `log_shrunk`.
5. The leaves reach exactly up to the head, and begin in or right after our copy. Beyond it, earlier leaves
   are asked for; that proves nothing.
6. Leaves that we hold already are the same bytes, else `log_forked`.
7. The root of our copy with the new leaves is the signed one. Another root at our own size is `log_forked`.
   Another root of a larger log proves nothing yet: leaves have no signature of their own, so the overlap is
   asked for, and 6 decides.
8. Each new leaf is in its canonical form, with right link, writer, epoch and index, else `log_invalid`.

A tail that says only what our copy says (`is_held`) is no fault, though its head may be smaller: it came
twice, or was overtaken. The checks do not see it, for the key of its head may have been retired since.

Then the caller stores leaves and head in one transaction and cosigns: *I hold these bytes.* Events, own
members, numbers and times are judged only after that (`entries.legal`, `judge.LogJudge`): refusing to store
would throw the best evidence away.
"""

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from exchange.errors import LeafInvalidError, NoteInvalidError, SignatureInvalidError, TailInvalidError
from exchange.ids import AgencyCode, LinkId
from exchange.ledger.differences import DifferenceKind
from exchange.ledger.entries import Leaf, decode_leaf
from exchange.ledger.merkle import CompactRange, leaf_hash
from exchange.ledger.notes import Head, verify_head
from exchange.protocol.frames import MAX_TAIL_BYTES, MAX_TAIL_LEAVES, FrameTail
from exchange.protocol.suites import PublicKey


@dataclass(frozen=True)
class CopyState:
    """Our copy of the partner's log as it stands in the store.

    `known(start, end)` gives the stored bytes of leaves start <= i < end.
    """

    link: LinkId
    by: AgencyCode
    ep: int
    size: int
    range: CompactRange
    known: Callable[[int, int], list[bytes]]


@dataclass(frozen=True)
class TakenTail:
    """What is to be stored: the leaves that are new, the range after them, the head that we cosign."""

    new_leaves: tuple[Leaf, ...]
    raw_leaves: tuple[bytes, ...]
    range: CompactRange
    head: Head


def is_held(state: CopyState, tail: FrameTail, *, newest: str) -> bool:
    """Return True for a tail that says only what our copy says; `newest` is the note of its last head."""
    if (tail.by, tail.ep) != (state.by, state.ep) or tail.start < 0:
        return False
    end = tail.start + len(tail.leaves)
    is_inside = end < state.size or (end == state.size and tail.head == newest)
    return is_inside and tuple(state.known(tail.start, end)) == tail.leaves


def judge_tail(
    state: CopyState, tail: FrameTail, *, head_keys: Iterable[PublicKey], gathered: bool = False
) -> TakenTail:
    """Return what of the tail is new, after the checks 1 to 8 of this module.

    Raises:
        TailInvalidError: a check failed; `rule` names it, `difference` the class that it proves, or "".
    """
    if (tail.by, tail.ep) != (state.by, state.ep):  # 1
        raise TailInvalidError(f"tail of log {tail.by}/{tail.ep}; expected {state.by}/{state.ep}", rule="log")
    too_many = len(tail.leaves) > MAX_TAIL_LEAVES or sum(map(len, tail.leaves)) > MAX_TAIL_BYTES
    if too_many and not gathered:  # 2
        raise TailInvalidError(
            f"tail of {len(tail.leaves)} leaves or its bytes are over the limit", rule="limit"
        )
    head = _verified_head(state, tail.head, head_keys)  # 3
    if head.size < state.size:  # 4
        raise _proof(
            "growth", DifferenceKind.LOG_SHRUNK, f"head of size {head.size}; we hold {state.size} leaves"
        )
    new = _after_overlap(state, tail, head)  # 5, 6
    grown = state.range.extend([leaf_hash(raw) for raw in new])
    if not hmac.compare_digest(grown.root(), head.root):  # 7
        raise _other_root(state, head)
    leaves = tuple(_placed(state, raw, state.size + n) for n, raw in enumerate(new))  # 8
    return TakenTail(leaves, new, grown, head)


def _verified_head(state: CopyState, note: str, keys: Iterable[PublicKey]) -> Head:
    failure: Exception = NoteInvalidError("no head key of the partner is pinned")
    for key in keys:
        try:
            head = verify_head(note, key, by=state.by)
        except (NoteInvalidError, SignatureInvalidError) as error:
            failure = error
            continue
        if (head.link, head.ep) != (state.link, state.ep):
            raise TailInvalidError(
                f"head of log {head.link}/{head.ep}; expected {state.link}/{state.ep}", rule="head"
            )
        return head
    raise TailInvalidError(
        f"the head of {state.by} is not signed as pinned: {failure}", rule="head"
    ) from failure


def _after_overlap(state: CopyState, tail: FrameTail, head: Head) -> tuple[bytes, ...]:
    end = tail.start + len(tail.leaves)
    if tail.start < 0 or end != head.size:  # 5
        raise TailInvalidError(
            f"leaves {tail.start} to {end} do not reach the head of size {head.size}", rule="reach"
        )
    if tail.start > state.size:
        raise TailInvalidError(
            f"tail begins at {tail.start}, our copy ends at {state.size}",
            rule="gap",
            hint=f"ask the partner for the leaves from {state.size}",
        )
    held = state.size - tail.start
    known = state.known(tail.start, state.size) if held else []
    for n, (ours, theirs) in enumerate(zip(known, tail.leaves[:held], strict=True)):  # 6
        if ours != theirs:
            raise _proof(
                "overlap", DifferenceKind.LOG_FORKED, f"leaf {tail.start + n} is not the one we hold"
            )
    return tail.leaves[held:]


def _other_root(state: CopyState, head: Head) -> TailInvalidError:
    if head.size == state.size:
        return _proof(
            "root", DifferenceKind.LOG_FORKED, f"head of size {head.size} has another root than our copy"
        )
    return TailInvalidError(
        f"our copy with the new leaves does not give the root of size {head.size}",
        rule="root",
        hint="ask the partner for leaves from further back, to see where the logs part",
    )


def _placed(state: CopyState, raw: bytes, index: int) -> Leaf:
    try:
        leaf = decode_leaf(raw)
    except LeafInvalidError as error:
        raise _proof("leaf", DifferenceKind.LOG_INVALID, f"leaf {index}: {error}") from error
    if (leaf.link, leaf.by, leaf.ep, leaf.i) != (state.link, state.by, state.ep, index):
        raise _proof("leaf", DifferenceKind.LOG_INVALID, f"leaf {index} names another place than its own")
    return leaf


def _proof(rule: str, kind: DifferenceKind, words: str) -> TailInvalidError:
    hint = "keep the tail; people of both sides decide"
    return TailInvalidError(words, rule=rule, difference=kind.value, hint=hint)
