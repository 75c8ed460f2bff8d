# SPDX-License-Identifier: Apache-2.0
"""Remembers how far the clock of a partner is from ours, so that people are told which trouble it is.

Two clocks more than 300 s apart refuse each other's requests, and that looks like a partner that does not
answer. What each side knows:

1. The called side: the time in the signature of a request that is good but for its time.
2. The calling side: the time at which an answer "not found" says that it was made. The connection was opened
   with a TLS key of the partner's card, so it is the partner's clock.
3. Both: the time of a signed word of the gate.

It is told to people and used for nothing else: no request is taken because of it. It is forgotten as soon as
a word of the gate, or a frame, is in time.
"""

from datetime import timedelta

from exchange.errors import ExchangeError, TransportError
from exchange.ids import LinkId
from exchange.service.node import Node


def note_apart(node: Node, link: LinkId, apart_s: int) -> None:
    """Remember that the partner's clock is so many seconds ahead of ours (negative: behind)."""
    presence = node.presence.of(link)
    if not presence.apart_s:
        node.journal.note("clock_doubted", link=link, duration_ms=apart_s * 1_000)
        node.counters.count("clock_doubted")
    presence.apart_s = apart_s


def note_failed_call(node: Node, link: LinkId, error: ExchangeError) -> None:
    """Remember what a failed call told about the partner's clock, if it told anything (2)."""
    if isinstance(error, TransportError) and error.apart_s:
        note_apart(node, link, error.apart_s)


def note_word(node: Node, link: LinkId, apart: timedelta) -> None:
    """Remember, or forget, by the time of a verified word of the gate (3)."""
    if abs(apart) > node.limits.skew:
        note_apart(node, link, round(apart.total_seconds()))
    else:
        note_in_time(node, link)


def note_in_time(node: Node, link: LinkId) -> None:
    """Forget it: the partner was heard in time."""
    node.presence.of(link).apart_s = 0
