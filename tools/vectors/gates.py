# SPDX-License-Identifier: Apache-2.0
"""The vectors of the start gate: answers to the recipient's question, and how its gate stands after each.

The recipient asks with the nonce of the context. Before each answer of a vector it starts again; its log has
begun when the first answer has opened the gate.
"""

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from exchange.clock import instant_text
from exchange.ids import AgencyCode, LinkId, b64url
from exchange.kit.agency import kit_key
from exchange.kit.contexts import Contexts
from exchange.kit.envelopes import OTHER_LINK, STRANGER
from exchange.kit.scribe import Scribe
from exchange.kit.vectors import scribe_in, seeded
from exchange.ledger.entries import encode_leaf, opened
from exchange.ledger.merkle import CompactRange, leaf_hash
from exchange.ledger.notes import Head, sign_head
from exchange.protocol.agreement import sign_agreement
from exchange.protocol.gatewords import GATE_TYP, GateWord, read_gate_word, sign_gate_word
from exchange.protocol.jws import sign_compact
from exchange.protocol.strictjson import JsonValue, encode, parse_object
from exchange.protocol.suites import KeyUse

Row = dict[str, Any]
OPEN, CLOSED, FROZEN = "open", "closed", "frozen"
OLD = timedelta(seconds=301)


class Answers:
    """Makes the sender's answers to the recipient."""

    def __init__(self, contexts: Contexts) -> None:
        self._scribe: Scribe = scribe_in(contexts, contexts.usual, "gates")
        self._contexts = contexts

    def word(self, **gives: JsonValue) -> GateWord:
        """Return the right answer; `gives` replaces what it tells."""
        scribe = self._scribe
        return GateWord(
            link=scribe.link,
            sender=scribe.own.code,
            recipient=scribe.partner.agency,
            at=scribe.now(),
            nonce=b64url(seeded("answer")(16)),
            to_nonce=self._contexts.nonce,
            op="report",
            asks={},
            gives=self._report() | gives,
        )

    def signed(self, word: GateWord) -> str:
        return sign_gate_word(word, self._scribe.own.key(KeyUse.DOOR)).decode("ascii")

    def members(self, change: Callable[[Row], Row], *, typ: str = GATE_TYP, use: KeyUse = KeyUse.DOOR) -> str:
        """Return the right answer with other members."""
        right = parse_object(read_gate_word(self.signed(self.word()).encode()).payload)
        return sign_compact(encode(change(right)), typ=typ, key=self._scribe.own.key(use)).decode("ascii")

    def _report(self) -> dict[str, JsonValue]:
        scribe = self._scribe
        size, agreement = len(scribe.leaves), scribe.agreement
        signature = sign_agreement(agreement.raw, scribe.own.recovery)
        return {
            "seen": self.seen(0),
            "numbers": 0,
            "own": {"ep": 1, "size": size, "root": b64url(scribe.root(size))},
            "copy": {"ep": 1, "size": 0},
            "next": 1,
            "state": CLOSED,
            "restored": "",
            "agreement": {"n": 1, "ad": agreement.digest, "sig": signature},
            "card": "",
        }

    def seen(self, size: int, *, root: bytes | None = None, by: AgencyCode | None = None,
    told: int | None = None
             ) -> JsonValue:  # fmt: skip
        """Return that a head of the recipient was seen; of size 1 it is over its first leaf."""
        scribe, code = self._scribe, self._scribe.partner.agency
        note = ""
        if size:
            right = CompactRange().extend([leaf_hash(self._first())]).root()
            head = Head(scribe.link, code, 1, size, right if root is None else root)
            note = sign_head(head, kit_key(by or code, KeyUse.HEAD), by=code)
        return {"ep": 1, "size": size if told is None else told, "note": note}

    def _first(self) -> bytes:
        """Return the first leaf of the recipient's log, as it begins at the instant of the context."""
        scribe, card = self._scribe, self._scribe.partner
        entry = opened(n=1, ad=scribe.agreement.digest, crd=card.digest)
        at = instant_text(scribe.now())
        return encode_leaf(entry, link=scribe.link, by=card.agency, ep=1, i=0, t=at)


def rows(contexts: Contexts) -> list[Row]:
    """Return vectors of answers at the gate."""
    made = Answers(contexts)
    right = made.signed(made.word())
    return [
        *(_row(name, rule, words, [answer], [expect]) for name, rule, words, expect, answer in _first(made)),
        *(_row(name, "gate.prefix", words, [right, made.signed(made.word(seen=seen))], [OPEN, expect])
          for name, words, expect, seen in _after(made)),
        *(_row(name, "gate.epoch", words, [right, answer], [OPEN, expect]) | {"decided": 1}
          for name, words, expect, answer in _anew(made)),
    ]  # fmt: skip


def _first(made: Answers) -> list[tuple[str, str, str, str, str]]:
    """Return answers to a node whose log has not begun."""
    word = made.word()
    turned = base64.urlsafe_b64encode(bytes(16)).rstrip(b"=").decode()
    words = (
        ("right", "gate.prefix", "A right answer: nothing of our log was seen.", OPEN, word),
        ("other-nonce", "gate.nonce", "The answer is to another question.",
        CLOSED, replace(word, to_nonce=turned)),
        ("no-nonce", "gate.nonce", "The answer is to no question.", CLOSED, replace(word, to_nonce="")),
        ("old", "gate.clock", "The clock of the partner is 301 s behind.",
        CLOSED, replace(word, at=word.at - OLD)),
        ("early", "gate.clock", "The clock of the partner is 301 s ahead.",
        CLOSED, replace(word, at=word.at + OLD)),
        ("a-little-old", "gate.clock", "The clock of the partner is 299 s behind.", OPEN,
         replace(word, at=word.at - OLD + timedelta(seconds=2))),
        ("other-link", "gate.statement", "The answer is of another link.", CLOSED,
         replace(word, link=LinkId(OTHER_LINK))),
        ("other-sender", "gate.statement", "The answer is from another agency.", CLOSED,
         replace(word, sender=STRANGER)),
        ("other-recipient", "gate.statement", "The answer is for another agency.", CLOSED,
         replace(word, recipient=STRANGER)),
        ("other-op", "gate.nonce", "The answer is to a question for leaves.",
        CLOSED, replace(word, op="leaves")),
        ("says-nothing", "gate.statement", "The answer tells nothing.", CLOSED, replace(word, gives={})),
        ("seen-too-much", "gate.prefix", "More of our log was seen than there is, and nobody gives it back.",
         CLOSED, made.word(seen=made.seen(1))),
        ("other-card", "gate.statement", "The card in the answer is no card; the rest counts.", OPEN,
         made.word(card="x")),
    )  # fmt: skip
    texts = (
        ("head-key", "The answer is signed by the head key.", made.members(dict, use=KeyUse.HEAD)),
        ("other-type", "The answer has the type of a card.", made.members(dict, typ="exchange-card+jws")),
        ("one-more-member", "The answer has one more member.", made.members(lambda right: right | {"x": 1})),
        ("version-2", "The version is 2.", made.members(lambda right: right | {"v": 2})),
        ("payload-changed", "The answer is changed after its signature.", _changed(made.signed(word))),
        ("nothing", "The answer is empty.", ""),
    )
    rows = [(name, rule, text, expect, made.signed(each)) for name, rule, text, expect, each in words]
    return rows + [(name, "gate.statement", text, CLOSED, answer) for name, text, answer in texts]


def _after(made: Answers) -> list[tuple[str, str, str, JsonValue]]:
    """Return what was seen of a log that has begun."""
    return [
        ("seen-prefix", "The first leaf of our log was seen.", OPEN, made.seen(1)),
        ("seen-nothing", "Nothing of our log was seen, which has begun.", OPEN, made.seen(0)),
        ("seen-other-root", "Another first leaf of our log was seen, under our own signature.", FROZEN,
         made.seen(1, root=bytes(32))),
        ("seen-not-ours", "A head was seen that we did not sign.", CLOSED,
         made.seen(1, by=made.word().sender)),
        ("seen-other-size", "The head that is shown is of another size.", CLOSED, made.seen(1, told=2)),
        ("seen-further", "A head beyond our log was seen, and nobody gives the leaves back.", CLOSED,
         made.seen(9_999)),
    ]  # fmt: skip


def _anew(made: Answers) -> list[tuple[str, str, str, str]]:
    """Return answers to a node whose people have decided in the meantime that epoch 2 begins."""
    renew: Row = {"ep": 2, "why": "two_histories"}
    begun = made.seen(1)
    assert isinstance(begun, dict)
    rows: tuple[tuple[str, str, str, dict[str, JsonValue]], ...] = (
        ("renew-both", "The people of the other side decided the same.", OPEN, {"renew": renew}),
        ("renew-other-reason", "The other side names another reason, which is its own affair.", OPEN,
         {"renew": renew | {"why": "entries_lost"}}),
        ("renew-nobody", "The other side has decided nothing.", CLOSED, {}),
        ("renew-later-epoch", "The other side names a later epoch.", CLOSED, {"renew": renew | {"ep": 3}}),
        ("renew-first-epoch", "The other side names the first epoch.", CLOSED, {"renew": renew | {"ep": 1}}),
        ("renew-no-reason", "The other side gives no reason.", CLOSED, {"renew": {"ep": 2}}),
        ("renew-reason-in-words", "The reason is no code.", CLOSED, {"renew": renew | {"why": "Two logs"}}),
        ("renew-begun-before", "The other side has seen our log of that epoch.", CLOSED,
         {"renew": renew, "seen": begun | {"ep": 2}}),
    )  # fmt: skip
    return [(name, words, expect, made.signed(made.word(**gives))) for name, words, expect, gives in rows]


def _changed(answer: str) -> str:
    header, payload, signature = answer.split(".")
    return ".".join((header, payload[:-6] + ("AAAAAA" if payload[-6:] != "AAAAAA" else "BBBBBB"), signature))


def _row(name: str, rule: str, words: str, answers: list[str], expect: list[str]) -> Row:
    return {"name": f"gate-{name}", "rule": rule, "description": words, "answers": answers, "expect": expect}
