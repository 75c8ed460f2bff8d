# SPDX-License-Identifier: Apache-2.0
"""Commands about differences: list, show, settle, accept. They name numbers and entries, never content.

People see a light: green when both ledgers agree, amber while a difference waits for somebody, red when a
difference is grave, a ledger does not verify, or this store is known to hold less than was written.
"""

from collections.abc import Iterable
from functools import partial
from typing import Protocol

from exchange.errors import UsageError
from exchange.ids import Digest, LinkId, OfficerNumber, parse_message_id
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, message_of, when
from exchange.ledger.differences import CLASSES, Difference, Repair
from exchange.protocol.strictjson import JsonValue
from exchange.service import accepted_differences
from exchange.service.differences import sweep
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.resolving import How, explanation_of, settle, shown_digest
from exchange.service.rows import DifferenceState, LinkRow, NamedDifference
from exchange.service.shortfall import Shortfall, shortfall

MAX_LISTED = 1_000
MAX_OFFERED = 100
"""Proposals of one link that are shown at once."""
GREEN, AMBER, RED = "green", "amber", "red"


class OnShown(Protocol):
    """An act about a difference that is refused if it is not any more what was shown."""

    async def __call__(
        self, node: Node, link: LinkId, no: int, /, *, officer: OfficerNumber, seen: Digest
    ) -> NamedDifference: ...


async def list_differences(desk: Desk, ask: Ask) -> Answer:
    """Return the named differences of a link; with `compare` both ledgers are compared before."""
    row = await desk.link(ask.text("partner", ""))
    if ask.flag("compare"):
        await sweep(desk.node, row.link)
    every = ask.flag("all")

    def unit(uow: UnitOfWork) -> list[NamedDifference]:
        if every:
            return uow.differences.list(row.link, limit=MAX_LISTED)[::-1]
        return uow.differences.live(row.link, limit=MAX_LISTED)

    found = await desk.node.store.read(unit)
    lacks = await desk.node.store.read(lambda uow: shortfall(uow, desk.node, row.link))
    return {
        "partner": row.partner,
        "light": light(found, faults=lacks is not None),
        "behind": behind_answer(lacks),
        "differences": [named_answer(one) for one in found],
    }


async def show_difference(desk: Desk, ask: Ask) -> Answer:
    row, no = await desk.link(ask.text("partner", "")), ask.number("no")
    found = await desk.node.store.read(lambda uow: uow.differences.get(row.link, no))
    if found is None:
        raise UsageError(f"there is no difference {no}", hint="list them: exchange difference list")
    said = await desk.node.store.read(
        lambda uow: [explanation_of(uow, row.link, each) for each in (found.ours, found.theirs)]
    )
    return _one_answer(row, found) | {"our_words": said[0], "their_words": said[1]}


async def settle_difference(desk: Desk, ask: Ask) -> Answer:
    """Explain, correct, accept or escalate a difference; the partner is told."""
    row = await desk.link(ask.text("partner", ""))
    done = await settle(
        desk.node,
        row.link,
        ask.number("no"),
        _how(ask.text("how")),
        text=ask.text("because", ""),
        officer=ask.officer(),
        second=ask.officer("second") if ask.text("second", "") else None,
        correction=await _correction(desk, ask, row),
        seen=Digest(ask.text("digest")) if ask.text("digest", "") else None,
    )
    return _one_answer(row, done)


async def waiting_differences(desk: Desk, ask: Ask) -> Answer:
    """Return what somebody of this side proposed to accept as it is, of every partner."""
    links = await desk.links()

    def unit(uow: UnitOfWork) -> list[tuple[LinkRow, NamedDifference]]:
        return [(row, one) for row in links for one in uow.differences.offered(row.link, limit=MAX_OFFERED)]

    found = await desk.node.store.read(unit)
    return {"differences": [{"partner": row.partner, **named_answer(one)} for row, one in found]}


async def propose_acceptance(desk: Desk, ask: Ask) -> Answer:
    """Propose to accept a difference as it is; nothing is told before a second person confirms."""
    return await _on_shown(desk, ask, partial(accepted_differences.propose, text=ask.text("because", "")))


async def confirm_acceptance(desk: Desk, ask: Ask) -> Answer:
    """Accept what was proposed, as the second person; the partner is told."""
    return await _on_shown(desk, ask, accepted_differences.confirm)


async def give_up_acceptance(desk: Desk, ask: Ask) -> Answer:
    """Let a proposal to accept go."""
    return await _on_shown(desk, ask, accepted_differences.give_up)


async def _on_shown(desk: Desk, ask: Ask, act: OnShown) -> Answer:
    """Do something about a difference as the officer was shown it."""
    row, no = await desk.link(ask.text("partner", "")), ask.number("no")
    done = await act(desk.node, row.link, no, officer=ask.officer(), seen=Digest(ask.text("digest")))
    return _one_answer(row, done)


def _how(text: str) -> How:
    if text not in {how.value for how in How}:
        raise UsageError("how is explain, correct, accept or escalate")
    return How(text)


async def _correction(desk: Desk, ask: Ask, row: LinkRow) -> dict[str, JsonValue] | None:
    """Return the message or entry that corrects; `entry` is an index, of our ledger or the partner's."""
    if message := ask.text("by_message", ""):
        return {"message": parse_message_id((await message_of(desk, message)).id)}
    entry = ask.number("by_entry", -1)
    if entry < 0:
        return None
    log = row.partner if ask.text("log", "own") == "partner" else desk.node.agency
    return {"leaf": {"log": log, "index": entry}}


def light(found: Iterable[NamedDifference], *, faults: bool = False) -> str:
    """Return what an auditor sees first."""
    live = [row for row in found if row.state is not DifferenceState.CLOSED]
    if faults or any(CLASSES[row.found.kind].is_grave for row in live):
        return RED
    return AMBER if live else GREEN


def behind_answer(lacks: Shortfall | None) -> Answer | None:
    """Return what this store is known to lack of our own ledger; `seen` is 0 where nobody knows how much."""
    return {"held": lacks.held, "seen": lacks.seen, "reason": lacks.reason} if lacks else None


def difference_answer(found: Difference) -> Answer:
    """Return a difference as a comparison finds it."""
    return {
        "class": found.kind.value,
        "words": CLASSES[found.kind].words,
        "number": found.number,
        "last_number": found.last_number,
        "sender": found.sender,
        "acts_first": found.acts_first,
        "reason": found.reason,
        "entries": [{"log": leaf.by, "index": leaf.index, "digest": leaf.digest} for leaf in found.leaves],
    }


def _one_answer(link: LinkRow, row: NamedDifference) -> Answer:
    """Return one difference with the digest that an act about it needs."""
    return {"partner": link.partner, **named_answer(row), "digest": shown_digest(row)}


def named_answer(row: NamedDifference) -> Answer:
    """Return a difference with its life."""
    return difference_answer(row.found) | {
        "no": row.no,
        "state": row.state.value,
        "grave": CLASSES[row.found.kind].is_grave,
        "repair": repair.value if (repair := CLASSES[row.found.kind].repair) is not Repair.NONE else "",
        "found": when(row.found_at),
        "changed": when(row.changed_at),
        "told": row.told,
        "heard": row.heard,
        "our_resolution": row.ours,
        "their_resolution": row.theirs,
        "accepted_by": list(row.accepted_by),
        "offered_by": row.offered_by,
        "offered_text": row.offered_text,
        "settled_by_us": row.we_settled,
        "settled_by_them": row.they_settled,
    }


COMMANDS: dict[str, Command] = {
    "difference.list": list_differences,
    "difference.show": show_difference,
    "difference.settle": settle_difference,
    "difference.waiting": waiting_differences,
    "difference.propose": propose_acceptance,
    "difference.confirm": confirm_acceptance,
    "difference.give_up": give_up_acceptance,
}
