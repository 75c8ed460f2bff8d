# SPDX-License-Identifier: Apache-2.0
"""Erasing a case, and holding one back: one officer proposes, a second one confirms (rule 28).

    dry_run   what would happen (`erasable.preview`); nothing is kept
    propose   the first officer sees the same; its digest is kept
    look      the second officer sees the same, as it stands now
    confirm   another officer than the first, with the digest of what was shown; then it is done at once
    give_up   the proposal goes

The act is one transaction: drafts and forms about the case, kept answers of client systems that name it, the
case itself with every part, the record, the acts of both officers. Its keys are destroyed right after the
commit; a kill in between is made good at the next start (`storage.transactions`). In an emergency nobody
erases alone.

What stays: numbers, envelopes, entries and states, which name nobody; of each part the hash that its message
commits to, which confirms no guess because its salt is gone; the record of acts with the code; and in the
header of a message about several persons the random code of the erased one, until the last one goes.
"""

from dataclasses import dataclass

from exchange.errors import InputError, UsageError
from exchange.ids import CaseCode, Digest, LinkId, OfficerNumber
from exchange.protocol.parts import part_hash
from exchange.service.erasable import Preview, Wait, demand_reason, preview
from exchange.service.erasures import ErasedRow, ProposalRow, ProposedAct
from exchange.service.exporting import one_case
from exchange.service.node import Node
from exchange.service.ports import UnitOfWork
from exchange.service.release import demand_officer
from exchange.service.retention import mark_of, not_followed
from exchange.service.rows import AuditRow, CaseRow

HINTS = {
    Wait.LEGAL_HOLD: "lift the hold first: exchange case unhold",
    Wait.UNSETTLED: "wait until each message about it has its answer, or give it up: exchange message void",
    Wait.DRAFT_WAITS: "a released message about it waits for the start gate: exchange message list --drafts",
    Wait.TRAVELLING: "wait until the movement has arrived or is cancelled",
    Wait.NOT_DUE: "see what is due: exchange retention list",
    Wait.NO_HOLD: "see the holds: exchange retention list",
}


@dataclass(frozen=True)
class Done:
    """What was done, by which two officers."""

    shown: Preview
    proposed_by: OfficerNumber
    confirmed_by: OfficerNumber


async def dry_run(node: Node, prefix: str, act: ProposedAct, reason: str) -> Preview:
    """Return what an act about a case would do now, and what it has to wait for; nothing is changed.

    Raises:
        UsageError: no such case, or a reason that is none.
    """

    def unit(uow: UnitOfWork) -> Preview:
        case = one_case(uow, prefix)
        demand_reason(act, reason)
        return _shown(uow, node, case, act, reason)

    return await node.store.read(unit)


async def propose(
    node: Node,
    prefix: str,
    act: ProposedAct,
    reason: str,
    officer: OfficerNumber,
    *,
    digest: Digest | None = None,
) -> Preview:
    """Propose an act about a case; nothing is done yet.

    `digest` is that of a dry run which the officer has seen, if there was one.

    Raises:
        UsageError: no such case, a reason that is none, or it is not possible now; the hint says why.
        InputError: it is not what the officer has seen.
        NodeError: the officer is not in the directory.
    """

    def unit(uow: UnitOfWork) -> Preview:
        demand_officer(uow, officer, node.clock.now())
        case = one_case(uow, prefix)
        demand_reason(act, reason)
        shown = _shown(uow, node, case, act, reason)
        _demand_possible(shown)
        if digest not in (None, shown.digest):
            raise _changed()
        now = node.clock.now()
        uow.erasures.propose(ProposalRow(case.link, case.code, act, reason, shown.digest, officer, now))
        _record(uow, node, officer, f"{act.value}_proposed", shown)
        return shown

    return await node.store.write(unit)


async def look(node: Node, prefix: str, act: ProposedAct) -> tuple[ProposalRow, Preview]:
    """Return a proposal and what it would do as things stand now.

    Raises:
        UsageError: no such case, or nobody proposed it.
    """

    def unit(uow: UnitOfWork) -> tuple[ProposalRow, Preview]:
        case = one_case(uow, prefix)
        row = _proposal(uow, case.link, case.code, act)
        return row, _shown(uow, node, case, act, row.reason)

    return await node.store.read(unit)


async def confirm(
    node: Node, prefix: str, act: ProposedAct, second: OfficerNumber, *, digest: Digest
) -> Done:
    """Do what was proposed; requires the digest of what was shown to the second officer.

    Raises:
        UsageError: nobody proposed it, it is one's own proposal, or it is not possible now.
        InputError: it is not what was shown to both officers.
        NodeError: the second officer is not in the directory.
    """

    def unit(uow: UnitOfWork) -> Done:
        case = one_case(uow, prefix)
        row = _proposal(uow, case.link, case.code, act)
        if row.proposed_by == second:
            raise UsageError(
                "the second person must be another officer than the one who proposed it",
                hint=f"proposed by {row.proposed_by}; ask a colleague",
            )
        demand_officer(uow, second, node.clock.now())
        shown = _shown(uow, node, case, act, row.reason)
        _demand_possible(shown)
        if not shown.digest == row.digest == digest:
            raise _changed()
        _act(uow, node, shown, (row.proposed_by, second))
        return Done(shown, row.proposed_by, second)

    return await node.store.write(unit)


async def give_up(node: Node, prefix: str, act: ProposedAct, officer: OfficerNumber) -> ProposalRow:
    """Let a proposal go; any officer may.

    Raises:
        UsageError: no such case, or nobody proposed it.
    """

    def unit(uow: UnitOfWork) -> ProposalRow:
        demand_officer(uow, officer, node.clock.now())
        case = one_case(uow, prefix)
        row = _proposal(uow, case.link, case.code, act)
        uow.erasures.drop_proposal(case.link, case.code, act)
        now = node.clock.now()
        uow.audit.record(AuditRow(now, officer, f"{act.value}_given_up", case.code, row.reason))
        return row

    return await node.store.write(unit)


def _shown(uow: UnitOfWork, node: Node, case: CaseRow, act: ProposedAct, reason: str) -> Preview:
    link = uow.links.get(case.link)
    owed = sum(one.n for one in not_followed(uow, link)) if link else 0
    return preview(uow, node, case, act, reason, owed=owed)


def _demand_possible(shown: Preview) -> None:
    if shown.waits:
        why = ", ".join(wait.value for wait in shown.waits)
        raise UsageError(
            f"case {shown.case} cannot be changed like this now ({why})", hint=HINTS[shown.waits[0]]
        )


def _changed() -> InputError:
    return InputError(
        "something about the case changed since it was shown", hint="propose it again, and look at it"
    )


def _proposal(uow: UnitOfWork, link: LinkId, code: CaseCode, act: ProposedAct) -> ProposalRow:
    row = uow.erasures.proposal(link, code, act)
    if row is None:
        raise UsageError(
            f"nobody proposed to {act.value} case {code}", hint="see what waits: exchange retention list"
        )
    return row


def _act(uow: UnitOfWork, node: Node, shown: Preview, by: tuple[OfficerNumber, OfficerNumber]) -> None:
    link, code, now = shown.link, shown.case, node.clock.now()
    uow.erasures.drop_proposal(link, code, shown.act)
    match shown.act:
        case ProposedAct.HOLD:
            uow.erasures.hold(link, code, shown.reason, by=by, at=now)
        case ProposedAct.UNHOLD:
            uow.erasures.lift(link, code, by=by, at=now)
        case ProposedAct.ERASE:
            uow.erasures.record(ErasedRow(link, shown.reason, mark_of(uow, link, code), by, now))
            _erase(uow, shown)
    _record(uow, node, by[1], f"{shown.act.value}_confirmed", shown)


def _erase(uow: UnitOfWork, shown: Preview) -> None:
    """Let everything of the person go."""
    for draft in shown.drafts:
        uow.drafts.delete(draft)
    for form in shown.forms:
        uow.staff.forms.delete(form)
    about = [one.message for one in shown.messages]
    uow.clients.blank_answers((shown.case, *about, *shown.drafts, *shown.forms))
    _leave_hashes(uow, shown.link, shown.case)
    uow.cases.erase(shown.link, shown.case)


def _leave_hashes(uow: UnitOfWork, link: LinkId, code: CaseCode) -> None:
    """Keep by which hash each message commits to a part that goes; others of it can be proved with that."""
    for row in uow.cases.messages(link, code):
        for part in uow.contents.parts(link, row.direction, row.seq):
            if part.case == code:
                hash = part_hash(row.id, part.number, part.raw)
                uow.contents.leave(link, row.direction, row.seq, part.number, hash)


def _record(uow: UnitOfWork, node: Node, officer: OfficerNumber, act: str, shown: Preview) -> None:
    uow.audit.record(AuditRow(node.clock.now(), officer, act, shown.case, shown.reason))
