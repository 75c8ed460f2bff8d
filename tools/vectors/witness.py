# SPDX-License-Identifier: Apache-2.0
"""The vectors of a witness: requests with right, wrong and cut proofs, and what is held afterwards."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from exchange.clock import instant_text
from exchange.ids import LinkId
from exchange.kit.contexts import Contexts
from exchange.kit.envelopes import OTHER_LINK
from exchange.kit.scribe import Scribe
from exchange.kit.vectors import scribe_in
from exchange.ledger.entries import beat, encode_leaf
from exchange.ledger.merkle import HASH_BYTES, leaf_hash
from exchange.ledger.notes import Head, cosign, sign_head
from exchange.ledger.proofs import MAX_PROOF_HASHES, ProofMaker
from exchange.ledger.witnessing import MAX_SIGNATURE_LINES, write_request
from exchange.protocol.suites import KeyUse

Row = dict[str, Any]
Proof = tuple[bytes, ...]
FIRST, SECOND, THIRD = 7, 12, 23
"""Sizes of heads: no power of two, so that every proof has its first hash."""
FORM, LOG, SIGNED, GROWTH = "witness.form", "witness.log", "witness.signature", "witness.growth"
HELD = f"200 holds {FIRST}"


@dataclass(frozen=True)
class _Log:
    """The log of the sender, of which a witness is shown heads."""

    scribe: Scribe
    hashes: tuple[bytes, ...]

    def head(self, size: int) -> Head:
        return Head(self.scribe.link, self.scribe.own.code, 1, size, ProofMaker(self.hashes[:size]).root())

    def note(self, size: int, key: int = 1) -> str:
        return self.signed(self.head(size), key)

    def signed(self, head: Head, key: int = 1) -> str:
        return sign_head(head, self.scribe.own.key(KeyUse.HEAD, key), by=self.scribe.own.code)

    def proof(self, old: int, size: int) -> Proof:
        return tuple(ProofMaker(self.hashes[:size]).consistency(old)) if 0 < old < size else ()

    def request(self, size: int, old: int, change: Callable[[Proof], Proof] = lambda proof: proof) -> str:
        return _text(self.note(size), old, change(self.proof(old, size)))


def rows(contexts: Contexts) -> list[Row]:
    """Return vectors of what a witness is shown; each begins with a witness that holds nothing."""
    log = _log(contexts)
    return [
        {"name": f"witness-{name}", "rule": rule, "description": words, "requests": list(requests),
         "expect": due}
        for name, rule, words, requests, due in (
            *_grown(log), *_unproved(log), *_sizes(log), *_strange(log), *_forms(log)
        )
    ]  # fmt: skip


Told = tuple[str, str, str, Sequence[str], str]


def _grown(log: _Log) -> list[Told]:
    first = log.request(FIRST, 0)
    return [
        ("first", GROWTH, "A first head without a proof.", [first], HELD),
        ("grown", GROWTH, "A head with the right proof, twice.",
         [first, log.request(SECOND, FIRST), log.request(THIRD, SECOND)],
         f"{HELD}, 200 holds {SECOND}, 200 holds {THIRD}"),
        ("same-again", GROWTH, "The same head again.", [first, log.request(FIRST, FIRST)], f"{HELD}, {HELD}"),
        ("from-eight", GROWTH, "The old size is a power of two, so the proof does not begin with its root.",
         [log.request(8, 0), log.request(THIRD, 8)], f"200 holds 8, 200 holds {THIRD}"),
        ("first-with-proof", GROWTH, "A first head comes with a hash.",
         [log.request(FIRST, 0, lambda _: (bytes(HASH_BYTES),))], "422 holds 0"),
        ("empty-log", GROWTH, "A head over no entries.", [log.request(0, 0)], "422 holds 0"),
    ]  # fmt: skip


def _unproved(log: _Log) -> list[Told]:
    """Return heads that a proof does not join to the one that is held; it stays."""
    changes: tuple[tuple[str, str, Callable[[Proof], Proof]], ...] = (
        ("no-proof", "The proof is missing.", lambda _: ()),
        ("one-bit", "One bit of the proof is changed.",
         lambda proof: (bytes([proof[0][0] ^ 1]) + proof[0][1:], *proof[1:])),
        ("cut", "The last hash of the proof is missing.", lambda proof: proof[:-1]),
        ("without-first", "The first hash of the proof is missing.", lambda proof: proof[1:]),
        ("too-long", "The proof has one hash too many.", lambda proof: (*proof, bytes(HASH_BYTES))),
        ("turned", "The hashes of the proof are in the reverse order.", lambda proof: proof[::-1]),
        ("of-other-sizes", "The proof is that between two other heads.",
         lambda _: log.proof(FIRST, SECOND)),
    )  # fmt: skip
    refused = f"{HELD}, 422 holds {FIRST}, 200 holds {THIRD}"
    told: list[Told] = [
        (name, GROWTH, words,
         [log.request(FIRST, 0), log.request(THIRD, FIRST, change), log.request(THIRD, FIRST)], refused)
        for name, words, change in changes
    ]  # fmt: skip
    fork = _other_history(log)
    return [
        *told,
        ("other-history", GROWTH, "A larger head of another history, with its own right proof.",
         [log.request(FIRST, 0), fork.request(THIRD, FIRST)], f"{HELD}, 422 holds {FIRST}"),
        ("other-root", GROWTH, "Another root at the size that is held.",
         [log.request(FIRST, 0), fork.request(FIRST, FIRST)], f"{HELD}, 409 {FIRST} holds {FIRST}"),
    ]  # fmt: skip


def _sizes(log: _Log) -> list[Told]:
    second = [log.request(SECOND, 0)]
    held = f"200 holds {SECOND}"
    conflict = f"{held}, 409 {SECOND} holds {SECOND}"
    return [
        ("shrunk", GROWTH, "A smaller head, from the size that is held.",
         [*second, _text(log.note(FIRST), SECOND, ())], f"{held}, 400 holds {SECOND}"),
        ("shrunk-as-new", GROWTH, "A smaller head, as if nothing was held.",
         [*second, log.request(FIRST, 0)], conflict),
        ("shrunk-to-itself", GROWTH, "A smaller head, from its own size.",
         [*second, log.request(FIRST, FIRST)], conflict),
        ("old-size-behind", GROWTH, "An old size below the held one, with the right proof from there.",
         [*second, log.request(THIRD, FIRST)], conflict),
        ("old-size-ahead", GROWTH, "An old size above the held one, with the right proof from there.",
         [log.request(FIRST, 0), log.request(THIRD, SECOND)], f"{HELD}, 409 {FIRST} holds {FIRST}"),
        ("old-size-of-nothing", GROWTH, "An old size where nothing is held.",
         [log.request(THIRD, SECOND)], "409 0 holds 0"),
        ("asked-again", GROWTH, "After a conflict the log asks from the size that it was told.",
         [*second, log.request(THIRD, FIRST), log.request(THIRD, SECOND)],
         f"{conflict}, 200 holds {THIRD}"),
    ]  # fmt: skip


def _strange(log: _Log) -> list[Told]:
    head, own = log.head(FIRST), log.scribe.own.code
    strange = Head(LinkId(OTHER_LINK), own, 1, head.size, head.root)
    text, _, line = log.note(FIRST).partition("\n\n")
    cosigned = cosign(log.note(FIRST), log.scribe.own.key(KeyUse.COSIGN), by=own, at=log.scribe.now())
    wrong = log.note(SECOND).partition("\n\n")[2]
    other_key = log.note(FIRST, key=2).partition("\n\n")[2]
    return [
        ("other-log", LOG, "A head of another link.", [_text(log.signed(strange), 0, ())], "404 holds 0"),
        ("other-epoch", LOG, "A head of an epoch that the witness does not know.",
         [_text(log.signed(Head(head.link, own, 2, head.size, head.root)), 0, ())], "404 holds 0"),
        ("other-key", SIGNED, "A head key that the witness does not know signed.",
         [_text(log.note(FIRST, key=2), 0, ())], "403 holds 0"),
        ("signature-of-other-head", SIGNED, "The signature is that of another head.",
         [_text(f"{text}\n\n{wrong}", 0, ())], "403 holds 0"),
        ("further-lines", SIGNED, "Lines of unknown keys stand before and behind that of the log.",
         [_text(f"{text}\n\n{other_key}{line}{cosigned}", 0, ())], HELD),
        ("further-wrong-line", SIGNED, "Behind the right line stands a wrong one of the same key.",
         [_text(f"{text}\n\n{line}{wrong}", 0, ())], "403 holds 0"),
    ]  # fmt: skip


def _forms(log: _Log) -> list[Told]:
    right = log.request(SECOND, FIRST)
    text, _, line = log.note(FIRST).partition("\n\n")
    requests = (
        ("nothing", "The request is empty.", ""),
        ("old-zeros", "The old size has a zero before it.", right.replace("old 7", "old 07", 1)),
        ("no-empty-line", "The empty line before the head is missing.", right.replace("\n\n", "\n", 1)),
        ("cut-request", "The last line feed is missing.", right[:-1]),
        ("short-hash", "A hash of the proof has 31 bytes.",
         right.replace(right.split("\n")[1], base64.b64encode(bytes(HASH_BYTES - 1)).decode(), 1)),
        ("64-hashes", "The proof has 64 hashes.",
         _text(log.note(THIRD), FIRST, (bytes(HASH_BYTES),) * (MAX_PROOF_HASHES + 1))),
        ("17-lines", "Under the head stand 17 signature lines.",
         _text(f"{text}\n\n{line * (MAX_SIGNATURE_LINES + 1)}", 0, ())),
        ("no-line", "Under the head stands no signature line.", _text(f"{text}\n\n", 0, ())),
    )  # fmt: skip
    return [
        (name, FORM, words, [log.request(FIRST, 0), request], f"{HELD}, 400 holds {FIRST}")
        for name, words, request in requests
    ]


def _log(contexts: Contexts) -> _Log:
    scribe = scribe_in(contexts, contexts.usual, "witness")
    scribe.log(*[beat()] * (THIRD - len(scribe.leaves)))
    return _Log(scribe, tuple(leaf_hash(raw) for raw in scribe.leaves))


def _other_history(log: _Log) -> _Log:
    """Return the same log with another entry in the first head."""
    scribe, place = log.scribe, FIRST - 1
    at = instant_text(scribe.now())
    raw = encode_leaf(beat(), link=scribe.link, by=scribe.own.code, ep=1, i=place, t=at)
    return _Log(scribe, (*log.hashes[:place], leaf_hash(raw), *log.hashes[place + 1 :]))


def _text(note: str, old: int, proof: Proof) -> str:
    return write_request(note, old_size=old, proof=proof).decode("utf-8")
