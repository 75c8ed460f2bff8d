# SPDX-License-Identifier: Apache-2.0
"""Shows one result to a node that has offered a line, and says what the node does with its line.

1. The node has one message; its `sent` leaf and its line are in its frame, its gate is open.
2. We answer with the one result of the vector and with no verdict leaf.
3. A minute later we ask again: is the same line offered again, and did the node show its card?

Only a leaf ends a message (docs/protocol/results.md), so a result can do no more than this.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from exchange.ids import OfficerNumber, RandomSource
from exchange.kit.drafts import notice_drafts
from exchange.kit.rehearsal import MovingClock, Rehearsal
from exchange.kit.scribe import Scribe
from exchange.kit.talk import Talk
from exchange.protocol.envelope import read_envelope, split_line
from exchange.protocol.frames import Frame, Outcome, Result, decode_frame, encode_frame

A_MINUTE: Final = timedelta(seconds=60)
"""Longer than a line counts as on its way, and than the first wait before a repetition."""
OFFICER: Final = OfficerNumber("P-0001")


async def what_follows(
    node: Rehearsal, scribe: Scribe, clock: MovingClock, *, random: RandomSource, result: Mapping[str, Any]
) -> str:
    """Return what a node does with its line after a result; the node was just made."""
    talk = Talk(scribe, node)
    await talk.begin()
    parties = scribe.partner.agency, scribe.own.code, scribe.agreement.terms
    await node.release(notice_drafts(*parties, clock.now)(random), officer=OFFICER)
    offered = await _heard(talk, node, talk.frame_of())
    claimed = read_envelope(split_line(offered.lines[0])[0]).claimed
    told = Result(claimed.seq, claimed.id, Outcome(result["r"]), result.get("code", ""))
    at_once = await _heard(talk, node, replace(talk.frame_of(), results=(told,)))
    clock.move(A_MINUTE)
    later = await _heard(talk, node, talk.frame_of())
    again = offered.lines[0] in (*at_once.lines, *later.lines)
    shown = bool(at_once.card or later.card)
    return f"{'offered again' if again else 'stopped'}{', card shown' if shown else ''}"


async def _heard(talk: Talk, node: Rehearsal, frame: Frame) -> Frame:
    """Send a frame and return the answer, of which the tail is taken."""
    raw = await node.frame(encode_frame(frame))
    talk.told = len(talk.scribe.leaves)
    talk.hear(raw)
    return decode_frame(raw)
