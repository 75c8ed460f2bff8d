# SPDX-License-Identifier: Apache-2.0
"""Joins both logs message by message, and says of each what is proved.

A message is *proved* when all of this holds:

1. the sender's log has a leaf `sent` for the number, and the recipient signed a head over it;
2. the recipient's log has a leaf for the number with the same id, envelope hash and body digest, and its
   verdict, and the sender signed a head over it;
3. the envelope in the pack has that hash, is signed by an envelope key of the sender that counts at the leaf
   `sent`, and says the same number, id, link, body digest and commitment.

What is missing is named; nothing that was not checked is called proved.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from exchange.verifier.ed25519 import verify_signature
from exchange.verifier.forms import WrongFormError, read_json, read_jws, sha256_text
from exchange.verifier.keys import Keys
from exchange.verifier.logs import Log, Sent, Verdict

ENVELOPE: Final = "exchange-envelope+jws"


@dataclass(frozen=True)
class Difference:
    """Something that does not fit between the two logs, or inside one; `number` 0 if of none."""

    kind: str
    sender: str
    number: int
    words: str


@dataclass
class Direction:
    """All messages of one sender."""

    sender: str
    recipient: str
    verdicts: Counter[str] = field(default_factory=Counter)
    proved: int = 0
    lacking: Counter[str] = field(default_factory=Counter)
    """What the messages that are not proved lack, and how many."""
    differences: list[Difference] = field(default_factory=list)


class Envelopes:
    """Judges the envelopes of a pack; remembers which numbers have a right one."""

    def __init__(self, *, link: str, logs: dict[str, Log], keys: dict[str, Keys]) -> None:
        self._link, self._logs, self._keys = link, logs, keys
        self.right: dict[str, set[int]] = {agency: set() for agency in logs}
        self.differences: list[Difference] = []

    def take(self, raw: bytes) -> None:
        """Judge one envelope (rule 3)."""
        jws = read_jws(raw, ENVELOPE)
        said = read_json(jws.payload, what="an envelope")
        sender, number = said.get("from"), said.get("seq")
        log = self._logs.get(sender) if isinstance(sender, str) else None
        if log is None or not isinstance(number, int):
            raise WrongFormError("an envelope in the pack is of no agency of this link")
        fault = self._fault(said, raw, log.sent.get(number))
        key = self._keys[sender].find("envelope", jws.kid)
        if not fault and (key is None or not key.counts_at(log.sent[number].index)):
            fault = "signed by a key that does not count at its entry"
        if not fault and key and not verify_signature(key.raw, jws.signed, jws.signature):
            fault = "its signature does not verify"
        if fault:
            self.differences.append(Difference("envelope_invalid", sender, number, fault))
        else:
            self.right[sender].add(number)

    def _fault(self, said: dict[str, Any], raw: bytes, sent: Sent | None) -> str:
        if sent is None:
            return "no entry of its sender names it"
        if sha256_text(raw) != sent.eh:
            return "other bytes than its entry names"
        here = (said["link"], said["id"], said["body"]["sha256"], said["pc"])
        return "" if here == (self._link, sent.id, sent.cd, sent.pc) else "says other things than its entry"


def join(sender: Log, recipient: Log, right: set[int]) -> Direction:
    """Return what both logs say of one direction; `right` are the numbers with a right envelope."""
    found = Direction(sender.by, recipient.by)
    for number, sent in sender.sent.items():
        verdict = recipient.verdicts.get(number)
        if verdict is None:
            _without_verdict(found, sender, number)
        elif verdict.code != "voided" and (verdict.id, verdict.eh, verdict.cd) != (sent.id, sent.eh, sent.cd):
            words = "both logs name other bytes for it"
            found.differences.append(Difference("hash_mismatch", sender.by, number, words))
        else:
            found.verdicts[_word(verdict)] += 1
            _prove(found, sender, recipient, sent, verdict, has_envelope=number in right)
    for number in recipient.verdicts.keys() & sender.carried:
        found.verdicts[f"{_word(recipient.verdicts[number])}, of an epoch before"] += 1
    for number in recipient.verdicts.keys() - sender.sent.keys() - sender.carried:
        words = f"{recipient.by} recorded it, {sender.by} never sent it"
        found.differences.append(Difference("unexpected_message", sender.by, number, words))
    return found


def _without_verdict(found: Direction, sender: Log, number: int) -> None:
    if number in sender.given_up:
        found.verdicts[f"given up ({sender.given_up[number]})"] += 1
        return
    found.verdicts["no answer in this pack"] += 1


def _word(verdict: Verdict) -> str:
    return f"{verdict.kind} ({verdict.code})" if verdict.code else verdict.kind


def _prove(
    found: Direction, sender: Log, recipient: Log, sent: Sent, verdict: Verdict, *, has_envelope: bool
) -> None:
    lacking = []
    if sent.index >= sender.cosigned:
        lacking.append(f"the signature of {recipient.by} over the entry of {sender.by}")
    if verdict.index >= recipient.cosigned:
        lacking.append(f"the signature of {sender.by} over the entry of {recipient.by}")
    if not has_envelope and verdict.code != "voided":
        lacking.append("a right envelope in the pack")
    found.lacking.update(lacking)
    found.proved += not lacking
