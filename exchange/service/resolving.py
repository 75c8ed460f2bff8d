# SPDX-License-Identifier: Apache-2.0
"""What people do about a difference.

    explain    DRS with an explanation; the difference stays open
    correct    DRS that names the message or entry which corrects it; settled on our side
    accept     two persons of this side accept it as it is; settled once the other side has explained it, too
    escalate   the heads of department have it; nothing is written to the partner

What the partner says of one, and what ends it: `hearing`. Two persons who accept it one after the other:
`accepted_differences`.
"""

from dataclasses import asdict, replace
from enum import StrEnum
from hashlib import sha256

from exchange.errors import StaleFormError, UsageError
from exchange.ids import AgencyCode, Digest, LinkId, MessageId, OfficerNumber, b64url
from exchange.messages.document import content_of, text_at
from exchange.protocol.strictjson import JsonValue
from exchange.service.differences import CHANGED, resolve, tell
from exchange.service.meaning import document_of, message_by_id
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.release import demand_officer
from exchange.service.rows import (
    AuditRow,
    DifferenceState,
    NamedDifference,
)


class How(StrEnum):
    """What people do about a difference."""

    EXPLAIN = "explain"
    CORRECT = "correct"
    ACCEPT = "accept"
    ESCALATE = "escalate"


async def settle(
    node: Node,
    link: LinkId,
    no: int,
    how: How,
    *,
    text: str,
    officer: OfficerNumber,
    second: OfficerNumber | None = None,
    correction: dict[str, JsonValue] | None = None,
    seen: Digest | None = None,
) -> NamedDifference:
    """Do one of `How` about a difference, and tell the partner; the notice goes first if there is none.

    `seen` is the digest of what the officer was shown, if it was shown.

    Raises:
        UsageError: no such difference, it is closed, or what this needs is missing.
        StaleFormError: it has changed since it was shown, or while this was done.
        InputError: the partner would refuse the message; nothing was stored.
    """
    row = await node.store.read(lambda uow: demand_live(uow, link, no, seen))
    _demand_what_it_needs(how, text, officer, second, correction)
    await node.store.read(lambda uow: _demand_officers(uow, node, officer, second))
    await node.store.read(lambda uow: _demand_entry(uow, link, correction))
    if how is How.ESCALATE:
        return await node.store.write(lambda uow: _escalate(uow, node, row, officer))
    if row.notice is None:
        row = await tell(node, row, officer=officer)
    small: dict[str, JsonValue] = {"explanation": text, "settled": False}
    match how:
        case How.EXPLAIN:
            state = DifferenceState.EXPLAINED
            return await resolve(node, row, small, state=state, settled=False, officer=officer)
        case How.CORRECT:
            state = DifferenceState.CORRECTED
            small |= {"settled": True, "correction": correction}
            return await resolve(node, row, small, state=state, settled=True, officer=officer)
        case How.ACCEPT:
            return await _accept(node, row, small, officer, second)


async def _accept(
    node: Node,
    row: NamedDifference,
    small: dict[str, JsonValue],
    officer: OfficerNumber,
    second: OfficerNumber | None,
) -> NamedDifference:
    """Accept as it is; settled if the other side has said its part already."""
    told = row.theirs is not None
    return await resolve(
        node,
        row,
        small | {"settled": told},
        state=DifferenceState.ACCEPTED,
        settled=told,
        officer=officer,
        accepted_by=(officer, str(second)),
        refers_to=(row.theirs,) if row.theirs else (),
    )


def shown_digest(row: NamedDifference) -> Digest:
    """Return the digest of a difference as it is shown; any change of it gives another one."""
    return Digest(b64url(sha256(repr(asdict(row)).encode()).digest()))


def explanation_of(uow: UnitOfWork, link: LinkId, resolution: MessageId | None) -> str:
    """Return what a resolution of either side explains, "" if there is none or its content is not here."""
    message = message_by_id(uow, link, resolution) if resolution else None
    document = document_of(uow, message) if message else None
    return text_at(content_of(document), "explanation") if document else ""


def demand_live(uow: UnitOfWork, link: LinkId, no: int, seen: Digest | None) -> NamedDifference:
    """Return a difference that is not closed and, if `seen` is not None, as it was shown.

    Raises:
        UsageError: there is none, or it is closed.
        StaleFormError: it is not what was shown.
    """
    row = uow.differences.get(link, no)
    if row is None or row.state is DifferenceState.CLOSED:
        state = "closed" if row else "not named"
        raise UsageError(f"difference {no} is {state}", hint="list them: exchange difference list")
    if seen not in (None, shown_digest(row)):
        raise StaleFormError(CHANGED.format(no=no), hint="look at it again")
    return row


def demand_text(text: str) -> None:
    """Return if there is an explanation.

    Raises:
        UsageError: there is none.
    """
    if not text.strip():
        raise UsageError("a resolution needs an explanation", hint="say it with --because")


def _demand_what_it_needs(
    how: How,
    text: str,
    officer: OfficerNumber,
    second: OfficerNumber | None,
    correction: dict[str, JsonValue] | None,
) -> None:
    if how is not How.ESCALATE:
        demand_text(text)
    if how is How.ACCEPT and (second is None or second == officer):
        raise UsageError(
            "to accept a difference as it is needs two persons of this side",
            hint="name the second officer with --second",
        )
    if (how is How.CORRECT) is not (correction is not None):
        raise UsageError(
            "a correction names the message or the entry that corrects, and nothing else does",
            hint="say it with --by-message or --by-entry",
        )


def _demand_entry(uow: UnitOfWork, link: LinkId, correction: dict[str, JsonValue] | None) -> None:
    """Return if the entry that corrects, if one is named, is there."""
    entry = (correction or {}).get("leaf")
    if not isinstance(entry, dict):
        return
    log, index = AgencyCode(str(entry["log"])), int(str(entry["index"]))
    size = uow.logs.position(link, log).size
    if not 0 <= index < size:
        raise UsageError(f"the ledger of {log} has {size} entries, and none is entry {index + 1}")


def _demand_officers(
    uow: UnitOfWork, node: Node, officer: OfficerNumber, second: OfficerNumber | None
) -> None:
    for number in (officer, *([second] if second else [])):
        demand_officer(uow, number, node.clock.now())


def _escalate(uow: UnitOfWork, node: Node, row: NamedDifference, officer: OfficerNumber) -> NamedDifference:
    now = node.clock.now()
    row = demand_live(uow, row.link, row.no, shown_digest(row))
    row = replace(row, state=DifferenceState.ESCALATED, changed_at=now, offered_by="", offered_text="")
    uow.differences.change(row)
    uow.audit.record(AuditRow(now, officer, "difference_escalated", str(row.no), result=row.found.kind.value))
    return row
