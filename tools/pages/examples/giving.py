# SPDX-License-Identifier: Apache-2.0
"""How the inviter of the story gets back what it lost, a day later, from the joiner, which it cannot call.

word 4   inviter -> joiner   the answer to a second question, which asks for the leaves behind its backup
word 5   joiner -> inviter   gives them
word 6   inviter -> joiner   asks for what may follow
"""

from dataclasses import replace
from functools import cache

from exchange.clock import instant_text
from exchange.protocol.gatewords import GateWord, new_nonce, sign_gate_word
from exchange.protocol.strictjson import JsonValue
from exchange.protocol.suites import KeyUse

from tools.pages.examples.parties import INVITER, JOINER, at, example_random, keys_for
from tools.pages.examples.story import report_of, story

DAY = 86_400.0
LOST = 2
"""Leaves of the inviter that came after its backup."""


@cache
def giving() -> dict[str, bytes]:
    """Return the words, each signed."""
    random, own, copy = example_random("giving"), story().logs[INVITER], story().logs[JOINER]
    kept, size = len(own.leaves) - LOST, len(own.leaves)
    told: dict[str, JsonValue] = {
        "seen": {"ep": 1, "size": len(copy.leaves), "note": copy.head},
        "copy": {"ep": 1, "size": len(copy.leaves)},
        "numbers": 1,
        "restored": instant_text(at(DAY - 60)),
    }
    behind = replace(own, leaves=own.leaves[:kept])
    answer = report_of(behind, random=random, to=new_nonce(random), seconds=DAY, **told)
    answer = replace(answer, asks=_wish(kept))
    given = _word(answer, nonce=new_nonce(random), seconds=0.5)
    leaves: list[JsonValue] = [leaf.decode("ascii") for leaf in own.leaves[kept:]]
    given = replace(given, gives={"from": kept, "leaves": leaves, "note": own.head})
    done = replace(_word(given, nonce=new_nonce(random), seconds=1), asks=_wish(size))
    words = {"4": answer, "5": given, "6": done}
    return {n: sign_gate_word(word, keys_for(word.sender)(KeyUse.DOOR)) for n, word in words.items()}


def _word(to: GateWord, *, nonce: str, seconds: float) -> GateWord:
    """Return an empty word of the other side about leaves that names the last one."""
    return replace(
        to,
        sender=to.recipient,
        recipient=to.sender,
        at=at(DAY + seconds),
        nonce=nonce,
        to_nonce=to.nonce,
        op="leaves",
        asks={},
        gives={},
    )


def _wish(start: int) -> dict[str, JsonValue]:
    return {"op": "leaves", "of": INVITER, "ep": 1, "from": start}
