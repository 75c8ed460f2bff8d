# SPDX-License-Identifier: Apache-2.0
"""Stops a link at once, and lets it go on again: the brake of the people of one side.

1. One officer pauses, with a reason for the own side. It is a stop, so it needs one (rule 28). Ending it
   needs two different ones.
2. The pause stands in the store: in the state of the link, and with its reason in the audit record. So it
   outlives the process and a backup that was made meanwhile. `recall` reads it at the start, and without
   that the gate stays closed all the same (`gate.demand_agreed`).
3. The process knows of it before the store does. From that moment no unit writes anything for the link or
   takes anything from the partner (`Node.presence.demand_unpaused`), and our calls are cut off. Units that
   ran before are committed with the pause or earlier. So nothing is written any more once it is answered.
4. For the partner the gate is closed: its frames get "not now", a report at the gate is answered with the
   state `closed`, and nothing of it is taken. Leaves, lines and versions are given back to nobody: who
   asks may hold stolen keys.
5. Ending it ends nothing else. The start gate asks anew; what kept it closed before keeps it closed again,
   with its own reason. A store that was put back is not confirmed by it (rules 16 and 26).

A link whose words people have not compared is not paused: nothing goes on it anyway.
Source: docs/adr/0095-one-officer-stops-a-link-two-let-it-go-on.md.
"""

import asyncio
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from exchange.clock import instant_text
from exchange.errors import BusyError, ExchangeError, NodeError, UsageError
from exchange.ids import LinkId, OfficerNumber
from exchange.service.node import NOT_ASKED, Held, Node
from exchange.service.own_officers import demand_officer
from exchange.service.partners import COUNTERSIGNATURE, WORDS
from exchange.service.pauses import Pause, forget_pause, keep_pause, pause_of
from exchange.service.ports import UnitOfWork
from exchange.service.rows import AuditRow, LinkRow, LinkState

T = TypeVar("T")

MOST_REASON: Final = 200
"""Characters of a reason: a sentence or two, as they fit into a line of `doctor` and of a page."""
_WAITS_S: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Between tries while the store has too much to do, 6 s in all; it works off hundreds of units in one."""
_UNSEEN: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Categories of Unicode that are no letters of a line: control, halves of characters, other line ends."""
_DIRECTION: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the order of a line around."""
_HINT: Final = "one line that says to colleagues why; it stays here. Name no person"


async def pause(node: Node, link: LinkId, *, reason: str, officer: OfficerNumber) -> Pause:
    """Stop a link; when this returns nothing is written or taken on it any more.

    Raises:
        UsageError: it is paused already, its words were not compared, or the reason is none.
        NodeError: the officer is not in the directory, or the entry was ended.
    """
    why, at = checked_reason(reason), node.clock.now()
    row = await _insist(lambda: node.store.read(lambda uow: _demand_pausable(uow, node, link, officer)))
    presence = node.presence.of(link)
    if presence.pause is not None:
        raise _paused_already(row, presence.pause)
    presence.pause = Held(row.partner, at, officer)
    try:
        _halt(node, link)
        async with presence.giving:  # a parcel that is getting its name just now has got it
            pass
        await _insist(lambda: node.store.write(lambda uow: _keep(uow, node, link, Pause(at, officer, why))))
    except ExchangeError:  # anything else ends the process: until then nothing goes
        presence.pause = None
        raise
    node.journal.note("link_paused", link=link)
    node.counters.count("link_paused")
    node.presence.announce_change(link)
    return Pause(at, officer, why)


async def end_pause(node: Node, link: LinkId, *, actors: tuple[OfficerNumber, OfficerNumber]) -> Pause:
    """Let a link go on, and return the pause that ended; its start gate asks the partner anew.

    Raises:
        UsageError: it is not paused, or the two officers are one.
        NodeError: an officer is not in the directory, or the entry was ended.
    """
    if actors[0] == actors[1]:
        raise UsageError("ending a pause needs two different officers", hint="say the second with --second")
    ended = await node.store.write(lambda uow: _end(uow, node, link, actors))
    presence = node.presence.of(link)
    if presence.start_gate is not LinkState.FROZEN:
        presence.start_gate, presence.start_reason = LinkState.CLOSED, NOT_ASKED
    presence.pause, presence.gate_nonce, presence.failures, presence.failure = None, "", 0, ""
    node.journal.note("link_resumed", link=link)
    node.presence.wake(link)
    node.presence.announce_change(link)
    return ended


async def recall(node: Node) -> None:
    """Take over from the store which links are paused; done at the start, before any door opens."""
    for row, found in await node.store.read(_all):
        node.presence.of(row.link).pause = Held(row.partner, found.at, found.by) if found else None


def checked_reason(text: str) -> str:
    """Return a reason in one line, without what cannot be seen in it.

    Raises:
        UsageError: it is empty, longer than `MOST_REASON`, or has characters that cannot be seen.
    """
    reason = text.strip()
    if not reason:
        raise UsageError("a pause needs a reason", hint=_HINT)
    if len(reason) > MOST_REASON:
        raise UsageError(f"the reason has {len(reason)} characters", hint=f"at most {MOST_REASON}; {_HINT}")
    if any(letter in _DIRECTION or unicodedata.category(letter) in _UNSEEN for letter in reason):
        raise UsageError("the reason has line ends or characters that cannot be seen", hint=_HINT)
    return reason


async def _insist(act: Callable[[], Awaitable[T]]) -> T:
    """Do something as soon as the store has room: a brake has to work above all when much is under way."""
    for wait_s in _WAITS_S:
        try:
            return await act()
        except BusyError:
            await asyncio.sleep(wait_s)
    return await act()


def _halt(node: Node, link: LinkId) -> None:
    """Cut off our calls, and let who waits for something see that the link is paused."""
    presence = node.presence.of(link)
    presence.cut_calls()
    presence.wishes.end()
    presence.gate_nonce = ""
    node.presence.wake(link)


def _row(uow: UnitOfWork, link: LinkId) -> LinkRow:
    row = uow.links.get(link)
    if row is None:
        raise NodeError(f"link {link} is not in the store")
    return row


def _demand_pausable(uow: UnitOfWork, node: Node, link: LinkId, officer: OfficerNumber) -> LinkRow:
    row = _row(uow, link)
    demand_officer(uow, officer, node.clock.now())
    held = pause_of(uow, row)
    if held is not None:
        raise _paused_already(row, held)
    if row.state is LinkState.JOINED and row.reason == WORDS:
        raise UsageError(
            f"the words were not compared with {row.partner}: nothing goes and nothing is taken yet",
            hint="do not confirm them; then it stays like this",
        )
    return row


def _paused_already(row: LinkRow, held: Pause | Held) -> UsageError:
    return UsageError(
        f"{row.partner} is paused already, by {held.by} since {instant_text(held.at)}",
        hint=f"look at it: exchange partner show {row.partner}",
    )


def _keep(uow: UnitOfWork, node: Node, link: LinkId, held: Pause) -> None:
    row = _demand_pausable(uow, node, link, held.by)
    keep_pause(uow, row, held)
    uow.links.update(replace(row, state=LinkState.PAUSED))


def _end(uow: UnitOfWork, node: Node, link: LinkId, actors: Sequence[OfficerNumber]) -> Pause:
    row, now = _row(uow, link), node.clock.now()
    for actor in actors:
        demand_officer(uow, actor, now)
    held = pause_of(uow, row)
    if held is None:
        raise UsageError(
            f"{row.partner} is not paused", hint=f"how it stands: exchange partner show {row.partner}"
        )
    state = LinkState.JOINED if row.reason == COUNTERSIGNATURE else LinkState.CLOSED
    uow.links.update(replace(row, state=state))
    forget_pause(uow, link)
    for actor in actors:
        uow.audit.record(AuditRow(now, actor, "partner_pause_ended", row.partner))
    return held


def _all(uow: UnitOfWork) -> list[tuple[LinkRow, Pause | None]]:
    return [(row, pause_of(uow, row)) for row in uow.links.all()]
