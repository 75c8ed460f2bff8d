# SPDX-License-Identifier: Apache-2.0
"""Checks of what a log may never become, and of keys that end; played at the end of a run.

Forks and shorter logs: the kit shows a history that contradicts the one it told before. The node must not
cosign it, keeps it for people, and takes the right history when it comes. Keys: each check makes a card with
a key of its own, whose number is the time, so that the next run finds nothing used up. What a card says
counts by its place beside the log (docs/protocol/log.md, where a key counts).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from exchange.clock import instant_text
from exchange.kit.agency import KEY_LIFE, Member, card_of, kit_key
from exchange.kit.breaking import Wrong
from exchange.kit.cases import ACCEPTED, REFUSED
from exchange.kit.dialogues import Check, Live
from exchange.kit.scribe import Scribe, Written
from exchange.kit.talk import Talk
from exchange.ledger.entries import Entry, beat, encode_leaf, keyx
from exchange.ledger.merkle import CompactRange, leaf_hash
from exchange.ledger.notes import Head, sign_head
from exchange.protocol.cardform import CardFields, CardKey, Revocation
from exchange.protocol.frames import FrameTail, encode_frame
from exchange.protocol.suites import KeyUse, PrivateKey

NOT_COSIGNED: Final = "not cosigned, then the right history is cosigned"

# Another history


@dataclass(frozen=True)
class _Past:
    """A history that was never ours: what is kept of the log, what follows, and what of it is sent."""

    kept: int
    """Leaves from the end of our log that it does not have."""
    new: int
    """Leaves that it has instead, and beyond."""
    sent: int
    """So many of its last leaves go into the tail."""


def _told(name: str, description: str, past: _Past) -> Check:
    """Return the check of another history: not cosigned, and the right one is afterwards."""

    async def play(live: Live) -> str:
        talk = live.talk
        talk.scribe.log(beat(), beat(), beat())
        await talk.say()
        before = talk.cosigned
        frame = replace(talk.frame_of(), tail=_other_tail(talk.scribe, past))
        talk.hear(await live.way.frame(encode_frame(frame)))
        first = "cosigned" if talk.cosigned > before else "not cosigned"
        talk.scribe.log(beat())
        await talk.say()
        goes_on = talk.cosigned == len(talk.scribe.leaves)
        return f"{first}, then the right history is {'cosigned' if goes_on else 'not cosigned'}"

    return Check(f"history-{name}", "tail.growth", description, NOT_COSIGNED, play)


def _other_tail(scribe: Scribe, past: _Past) -> FrameTail:
    kept = scribe.leaves[: len(scribe.leaves) - past.kept]
    at = instant_text(scribe.now() + timedelta(seconds=1))
    code, link = scribe.own.code, scribe.link
    told = [
        *kept,
        *(encode_leaf(beat(), link=link, by=code, ep=1, i=len(kept) + n, t=at) for n in range(past.new)),
    ]
    root = CompactRange().extend([leaf_hash(raw) for raw in told]).root()
    note = sign_head(Head(link, code, 1, len(told), root), scribe.own.key(KeyUse.HEAD), by=code)
    start = len(told) - past.sent
    return FrameTail(code, 1, start, tuple(told[start:]), note)


PASTS: Final = (
    _told("other-root", "A head of the size that is held has another root.", _Past(kept=1, new=1, sent=0)),
    _told("changed-leaf", "A leaf that is held comes again with other bytes.", _Past(kept=1, new=1, sent=1)),
    _told("changed-leaf-and-more", "A leaf that is held is changed in a longer log.",
          _Past(kept=2, new=3, sent=3)),
    _told("grown-from-elsewhere", "New leaves follow a log of which the held part is another one.",
          _Past(kept=1, new=3, sent=2)),
    _told("shrunk", "The log has become shorter, and its last leaf is another one.",
          _Past(kept=2, new=1, sent=2)),
)  # fmt: skip


# Keys that begin and end


@dataclass(frozen=True)
class _Key:
    """A key of this check alone, and the entries about it."""

    private: PrivateKey
    scribe: Scribe

    def entry(self, op: str) -> Entry:
        card = self.scribe.own.card
        kid = self.private.public.kid
        return keyx(op=op, use=KeyUse.ENVELOPE, kid=kid, cs=card.serial, crd=card.digest)

    def line(self) -> Written:
        """Return the next right line, signed by this key."""
        return self.scribe.write(Wrong(key=self.private))


def _new_key(scribe: Scribe) -> _Key:
    """Make a key and a card that names it."""
    number = int(scribe.now().timestamp() * 1_000_000)
    private = kit_key(scribe.own.code, KeyUse.ENVELOPE, number)
    public, start = private.public, scribe.now() - timedelta(days=1)
    row = CardKey(public.use, public.kid, public.algorithm, public.raw, start, start + KEY_LIFE)
    _next_card(scribe, (*scribe.own.card.keys, row))
    return _Key(private, scribe)


def _call_compromised(key: _Key) -> None:
    kid, card = key.private.public.kid, key.scribe.own.card
    rows = [replace(row, revoked=Revocation.COMPROMISED) if row.kid == kid else row for row in card.keys]
    _next_card(key.scribe, rows)


def _next_card(scribe: Scribe, keys: Sequence[CardKey]) -> None:
    """Give the kit its next card; its serial is above that of every earlier run."""
    card = scribe.own.card
    fields = CardFields(**{name: getattr(card, name) for name in CardFields.__dataclass_fields__})
    serial = max(card.serial + 1, int(scribe.now().timestamp() * 1_000))
    made = card_of(replace(fields, keys=tuple(keys), serial=serial, issued_at=scribe.now()))
    scribe.own = Member(scribe.own.code, made)


def _shown(scribe: Scribe) -> str:
    return scribe.own.card.raw.decode("ascii")


Steps = Callable[[Talk, _Key], Awaitable[list[str]]]


def _key(name: str, description: str, expected: tuple[str, ...], steps: Steps) -> Check:
    """Return the check of a key that a new card names, from its card to its end."""

    async def play(live: Live) -> str:
        return ", ".join(await steps(live.talk, _new_key(live.talk.scribe)))

    return Check(f"key-{name}", "keys.history", description, ", ".join(expected), play)


async def _say(talk: Talk, entries: Sequence[Entry], *lines: Written) -> list[str]:
    """Send entries and lines with our card; return the verdicts on the lines."""
    said = await talk.say([one.line for one in lines], entries, card=_shown(talk.scribe))
    return list(said.verdicts)


async def _added(talk: Talk, key: _Key) -> list[str]:
    line = key.line()
    return await _say(talk, (key.entry("add"), line.entry), line)


async def _added_too_late(talk: Talk, key: _Key) -> list[str]:
    line = key.line()
    return await _say(talk, (line.entry, key.entry("add")), line)


async def _retired(talk: Talk, key: _Key) -> list[str]:
    before, after = key.line(), key.line()
    entries = (key.entry("add"), before.entry, key.entry("retire"), after.entry)
    return await _say(talk, entries, before, after)


async def _revoked(talk: Talk, key: _Key) -> list[str]:
    held, unheld = key.line(), key.line()
    await _say(talk, (key.entry("add"), held.entry))
    return await _say(talk, (unheld.entry, key.entry("revoke")), held, unheld)


async def _compromised(talk: Talk, key: _Key) -> list[str]:
    held = key.line()
    await _say(talk, (key.entry("add"), held.entry))
    _call_compromised(key)
    after = key.line()
    return await _say(talk, (after.entry,), held, after)


async def _of_no_card(talk: Talk, key: _Key) -> list[str]:
    number = int(talk.scribe.now().timestamp() * 1_000_000) + 1
    stranger = _Key(kit_key(talk.scribe.own.code, KeyUse.ENVELOPE, number), talk.scribe)
    line = stranger.line()
    return await _say(talk, (line.entry,), line)


KEYS: Final = (
    _key("new-by-card", "A new card names a key, and a line follows its keyx add.", (ACCEPTED,), _added),
    _key("added-too-late-live", "The sent leaf lies before the keyx add of its key.", (REFUSED,),
         _added_too_late),
    _key("retired-live", "A line before and a line after keyx retire.", (ACCEPTED, REFUSED), _retired),
    _key("revoked-live", "A key is revoked by a leaf; one sent leaf was held before, one was not.",
         (ACCEPTED, REFUSED), _revoked),
    _key("compromised-live", "A card calls a key compromised; one sent leaf was held before, one was not.",
         (ACCEPTED, REFUSED), _compromised),
    _key("of-no-card", "The key of a line stands in no card, and a card is shown.", (REFUSED,), _of_no_card),
)  # fmt: skip

HISTORIES: Final = (*PASTS, *KEYS)
