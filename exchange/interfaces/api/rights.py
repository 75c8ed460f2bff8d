# SPDX-License-Identifier: Apache-2.0
"""Command about the rights of a person: who got which data of the person of a case."""

from exchange.errors import UsageError
from exchange.interfaces.api.desk import Answer, Ask, Command, Desk, when
from exchange.service.ports import UnitOfWork
from exchange.service.recipients import Given, recipients_of
from exchange.service.rows import AuditRow, CaseRow


async def list_recipients(desk: Desk, ask: Ask) -> Answer:
    """Return every message that told a partner something of a person; recorded as opening the case."""
    code, officer = ask.text("code").upper(), ask.officer()
    purpose = ask.text("purpose", "data_subject_request")

    def opened(uow: UnitOfWork) -> CaseRow:
        found = uow.cases.find(code)
        if len(found) != 1:
            raise UsageError(f"{len(found)} cases have the code {code}", hint="list them: exchange case list")
        uow.audit.record(AuditRow(desk.node.clock.now(), officer, "case_opened", found[0].code, purpose))
        return found[0]

    case = await desk.node.store.write(opened)
    found = await recipients_of(desk.node, case.link, case.code)
    return {
        "case": case.code,
        "cases": [{"link": link, "case": other} for link, other in found.cases],
        "partners": list(found.partners),
        "complete": found.complete,
        "given": [_given(each) for each in found.given],
    }


def _given(each: Given) -> Answer:
    return {
        "partner": each.partner,
        "case": each.case,
        "message": each.message,
        "seq": each.seq,
        "type": each.type,
        "sent": when(each.sent_at),
        "state": each.state.value,
        "arrived": each.has_arrived,
        "categories": list(each.categories),
    }


COMMANDS: dict[str, Command] = {"case.recipients": list_recipients}
