# SPDX-License-Identifier: Apache-2.0
"""Proposals, legal holds and erasures in SQL; no code in clear, see `service.erasures`."""

from datetime import datetime

from exchange.adapters.storage.cases import CaseFile, CaseFiles
from exchange.adapters.storage.columns import from_digest, from_instant, to_digest, to_instant
from exchange.adapters.storage.database import Database, Row
from exchange.adapters.storage.links import LinkNumbers
from exchange.errors import StoreError
from exchange.ids import CaseCode, LinkId, OfficerNumber
from exchange.service.erasures import ErasedRow, HeardErasure, HoldRow, ProposalRow, ProposedAct

Two = tuple[OfficerNumber, OfficerNumber]


class SqlErasures:
    """Implements `exchange.service.erasures.Erasures`."""

    def __init__(self, database: Database, numbers: LinkNumbers, files: CaseFiles) -> None:
        self._database = database
        self._numbers = numbers
        self._files = files

    def propose(self, row: ProposalRow) -> None:
        file = self._files.find(row.link, row.case)
        if file is None:
            raise StoreError(f"the case is not in the store of link {row.link}")
        values = {
            "case_file": file.no,
            "act": row.act.value,
            "reason": row.reason,
            "digest": from_digest(row.digest),
            "proposed_by": row.proposed_by,
            "proposed_at": from_instant(row.proposed_at),
        }
        self._database.run("proposal_put", values)

    def proposal(self, link: LinkId, code: CaseCode, act: ProposedAct) -> ProposalRow | None:
        file = self._files.find(link, code)
        row = self._database.one("proposal_get", _place(file, act)) if file else None
        return None if row is None else self._proposal(row)

    def proposals(self) -> list[ProposalRow]:
        found = (self._proposal(row) for row in self._database.all("proposal_list"))
        return [row for row in found if row is not None]

    def drop_proposal(self, link: LinkId, code: CaseCode, act: ProposedAct) -> None:
        file = self._files.find(link, code)
        if file is not None:
            self._database.run("proposal_drop", _place(file, act))

    def hold(self, link: LinkId, code: CaseCode, reason: str, *, by: Two, at: datetime) -> None:
        placed = {"placed_by": by[0], "placed_with": by[1], "placed_at": from_instant(at)}
        self._database.add("legal_hold_add", self._token(link, code) | placed | {"reason": reason})

    def lift(self, link: LinkId, code: CaseCode, *, by: Two, at: datetime) -> None:
        lifted = {"lifted_by": by[0], "lifted_with": by[1], "lifted_at": from_instant(at)}
        if not self._database.run("legal_hold_lift", self._token(link, code) | lifted):
            raise StoreError(f"no hold is on this case of link {link}")

    def held(self, link: LinkId, code: CaseCode) -> HoldRow | None:
        row = self._database.one("legal_hold_of", self._token(link, code))
        return None if row is None else _hold(link, code, row)

    def holds(self) -> list[HoldRow]:
        found = []
        for link, no, key, sealed, *rest in self._database.all("legal_hold_list"):
            code = None if no is None else self._files.code(no, key, sealed)
            found.append(_hold(LinkId(link), code, tuple(rest)))
        return found

    def record(self, row: ErasedRow) -> None:
        values: dict[str, object] = {
            "link": self._numbers.of(row.link),
            "reason": row.reason,
            "is_shared": row.mark is not None,
            "mark": row.mark,
            "erased_by": row.erased_by[0],
            "erased_with": row.erased_by[1],
            "erased_at": from_instant(row.erased_at),
        }
        self._database.add("erasure_add", values)

    def unsaid(self, link: LinkId, *, before: datetime) -> list[bytes]:
        values = {"link": self._numbers.find(link), "before": from_instant(before)}
        return [row[0] for row in self._database.all("erasure_unsaid", values)]

    def said(self, link: LinkId, *, before: datetime, index: int) -> None:
        values = {"link": self._numbers.of(link), "before": from_instant(before), "said_index": index}
        self._database.run("erasure_said", values)

    def count(self, link: LinkId) -> int:
        row = self._database.one("erasure_count", {"link": self._numbers.find(link)})
        return int(row[0]) if row else 0

    def hear(self, row: HeardErasure) -> None:
        values = {
            "link": self._numbers.of(row.link),
            "leaf_index": row.index,
            "n": row.n,
            "dg": from_digest(row.dg),
            "at": from_instant(row.at),
        }
        self._database.run("heard_erasure_add", values)

    def heard(self, link: LinkId) -> list[HeardErasure]:
        rows = self._database.all("heard_erasure_list", {"link": self._numbers.find(link)})
        return [HeardErasure(link, index, n, to_digest(dg), to_instant(at)) for index, n, dg, at in rows]

    def _token(self, link: LinkId, code: CaseCode) -> dict[str, object]:
        return {"token": self._files.token(code), "link": self._numbers.find(link)}

    def _proposal(self, row: Row) -> ProposalRow | None:
        link, no, key, sealed, act, reason, digest, by, at = row
        code = self._files.code(no, key, sealed)
        if code is None:
            return None
        return ProposalRow(
            link=LinkId(link),
            case=code,
            act=ProposedAct(act),
            reason=reason,
            digest=to_digest(digest),
            proposed_by=OfficerNumber(by),
            proposed_at=to_instant(at),
        )


def _place(file: CaseFile, act: ProposedAct) -> dict[str, object]:
    return {"case_file": file.no, "act": act.value}


def _hold(link: LinkId, code: CaseCode | None, row: Row) -> HoldRow:
    reason, placed_by, placed_with, placed_at = row
    officers = OfficerNumber(placed_by), OfficerNumber(placed_with)
    return HoldRow(link, code, reason, officers, to_instant(placed_at))
