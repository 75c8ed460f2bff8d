# SPDX-License-Identifier: Apache-2.0
"""How the ledger of the story is begun anew a day later: both stores were put back from backups.

word 1   joiner -> inviter   a question; its people decided that epoch 2 begins
word 2   inviter -> joiner   the answer; its people decided the same, so the joiner begins
word 3   joiner -> inviter   a second question, which names the answer, so the inviter begins
"""

from dataclasses import dataclass
from functools import cache

from exchange.clock import instant_text
from exchange.ids import AgencyCode, Digest, b64url
from exchange.ledger.entries import Entry, agrx, epch, keyx, opened
from exchange.protocol.gatewords import GateWord, sign_gate_word
from exchange.protocol.strictjson import JsonValue
from exchange.protocol.suites import KeyUse

from tools.pages.examples.parties import INVITER, JOINER, at, card_of, enrolment, example_random, keys_for
from tools.pages.examples.story import Log, report_of, story

DAY = 86_400.0
FIRST = 1_001
"""The next thousand and one above number 1, which both sides know."""


@dataclass(frozen=True)
class NewEpoch:
    """The words that were exchanged, and both new logs."""

    words: dict[str, bytes]
    logs: dict[str, Log]


@cache
def new_epoch() -> NewEpoch:
    """Return how epoch 2 begins."""
    random, joiner, inviter = example_random("new epoch"), Log(JOINER, ep=2), Log(INVITER, ep=2)
    old = story().logs

    def word(by: AgencyCode, to: str, seconds: float, **more: JsonValue) -> GateWord:
        told = {**_told(by), "state": "closed", **more}
        return report_of(old[by], random=random, to=to, seconds=DAY + seconds, **told)

    first = word(JOINER, "", 0)
    second = word(INVITER, first.nonce, 0.5)
    joiner.write(*_first_leaves(JOINER), seconds=DAY + 0.75)
    begun: JsonValue = {"ep": 2, "size": len(joiner.leaves), "root": b64url(joiner.root)}
    third = word(JOINER, second.nonce, 1, own=begun, seen=_nothing(), copy={"ep": 2, "size": 0},
                 next=FIRST, state="open")  # fmt: skip
    inviter.write(*_first_leaves(INVITER), seconds=DAY + 1.25)
    words = {str(n): word for n, word in enumerate((first, second, third), 1)}
    signed = {n: sign_gate_word(word, keys_for(word.sender)(KeyUse.DOOR)) for n, word in words.items()}
    return NewEpoch(signed, {JOINER: joiner, INVITER: inviter})


def _other(by: AgencyCode) -> Log:
    return story().logs[JOINER if by == INVITER else INVITER]


def _told(by: AgencyCode) -> dict[str, JsonValue]:
    """Return what a side tells that holds the whole log of the other, and of which people decided."""
    other = _other(by)
    size = len(other.leaves)
    return {
        "seen": {"ep": 1, "size": size, "note": other.head},
        "numbers": 1,
        "copy": {"ep": 1, "size": size},
        "next": 2,
        "restored": instant_text(at(DAY - 60)),
        "renew": {"ep": 2, "why": "both_restored"},
    }


def _nothing() -> JsonValue:
    return {"ep": 2, "size": 0, "note": ""}


def _first_leaves(by: AgencyCode) -> tuple[Entry, ...]:
    own, copy, card, agreement = story().logs[by], _other(by), card_of(by), enrolment().agreement
    keys = [key for key in card.keys if key.use is not KeyUse.TLS]
    ended = epch(
        pe=1,
        sz=len(own.leaves),
        rt=Digest(b64url(own.root)),
        csz=len(copy.leaves),
        crt=Digest(b64url(copy.root)),
        why="both_restored",
    )
    return (
        opened(n=1, ad=agreement.digest, crd=card.digest),
        agrx(n=1, ad=agreement.digest, fs=FIRST),
        ended,
        *(keyx(op="add", use=key.use, kid=key.kid, cs=card.serial, crd=card.digest) for key in keys),
    )
